"""Pages for changing places with another presenter."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from courses.access import INSTRUCTOR, STUDENT, CourseRequest, course_page
from presentations import actions
from presentations.models import Presenter, Swap
from presentations.queries import changes
from presentations.views.talks import place_of
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STUDENT)
def propose_swap(request: CourseRequest, code: str) -> HttpResponse:
    """Choose with whom, see both talks, then ask."""
    place = place_of(request, code, request.membership.code)
    if request.method != "POST":
        return render_partners(request, place, clock.now())
    return proposed(request, place, clock.now())


def proposed(request: CourseRequest, place: Presenter, at: datetime) -> HttpResponse:
    """Ask through the action; where it cannot be done, say why and let choose again."""
    sent = request.POST
    try:
        theirs = chosen(request, place, sent.get("with", ""))
        answer = actions.propose_swap(
            place.pk,
            theirs.pk,
            sent.get("message", ""),
            request.membership,
            at,
            nonce=sent.get("nonce", ""),
        )
    except Refused as refusal:
        return render_partners(request, place, at, refusal)
    messages.success(request, _("You asked. Nothing changes unless the other one accepts."))
    return redirect("presentations:swap", request.course.slug, answer["swap"])


def chosen(request: CourseRequest, place: Presenter, code: str) -> Presenter:
    """Return the place of the person who was chosen. Raises Refused."""
    rows = changes.presenters_of(request.course).filter(membership__code=code, kind=place.kind)
    found = rows.exclude(membership=place.membership_id).order_by("-since", "-pk").first()
    if found is None:
        raise Refused("unknown", _("Choose one of these people."), status=422)
    return found


def render_partners(
    request: CourseRequest, place: Presenter, at: datetime, refusal: Refused | None = None
) -> HttpResponse:
    """Answer with everybody with whom this place could be swapped."""
    own = place.membership_id == request.membership.pk
    context = {
        "place": place,
        "talk": place.presentation,
        "own": own,
        "partners": changes.partners_for_swap(place, at, by_staff=not own),
        "problems": [{"text": str(refusal), "href": "#with"}] if refusal else [],
        "sent": request.POST,
        "nonce": new_code(),
        "nav_active": "presentations",
    }
    status = refusal.status if refusal else 200
    return render(request, "presentations/propose_swap.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def swap_presenters(request: CourseRequest, code: str, member: str) -> HttpResponse:
    """Let an instructor swap two presenters, with a reason."""
    place, at, sent = place_of(request, code, member), clock.now(), request.POST
    if request.method != "POST":
        return render_partners(request, place, at)
    try:
        other = chosen(request, place, sent.get("with", ""))
        reason, nonce = sent.get("reason", ""), sent.get("nonce", "")
        actions.swap_presenters(place.pk, other.pk, reason, request.user, at, nonce=nonce)
    except Refused as refusal:
        return render_partners(request, place, at, refusal)
    messages.success(request, _("Both places have changed hands. Everybody concerned is told."))
    return redirect("presentations:presentation", request.course.slug, code)


@require_safe
@course_page(STUDENT)
def swap(request: CourseRequest, code: str) -> HttpResponse:
    """Show a swap to the two it is between."""
    return render_swap(request, own_swap(request, code), clock.now())


@require_POST
@course_page(STUDENT)
def accept_swap(request: CourseRequest, code: str) -> HttpResponse:
    """Give the second consent."""
    words = _("You have changed places.")
    return answered(request, code, actions.accept_swap, words)


@require_POST
@course_page(STUDENT)
def decline_swap(request: CourseRequest, code: str) -> HttpResponse:
    """Keep the own talk."""
    words = _("You declined. Both talks stay as they are.")
    return answered(request, code, actions.decline_swap, words)


@require_POST
@course_page(STUDENT)
def withdraw_swap(request: CourseRequest, code: str) -> HttpResponse:
    """Take the own proposal back."""
    words = _("Your proposal is withdrawn. Both talks stay as they are.")
    return answered(request, code, actions.withdraw_swap, words)


def own_swap(request: CourseRequest, code: str) -> Swap:
    """Return a swap of which the own place is part. Raises Http404."""
    who = request.membership
    own = Q(mine__membership=who) | Q(theirs__membership=who)
    return get_object_or_404(changes.swaps_of(request.course).filter(own), code=code)


def answered(
    request: CourseRequest,
    code: str,
    action: Callable[..., dict[str, Any]],
    words: str,
) -> HttpResponse:
    """Answer through the action, or say why it cannot be answered."""
    found, at = own_swap(request, code), clock.now()
    try:
        action(found.pk, request.membership, at, request.POST.get("nonce", ""))
    except Refused as refusal:
        return render_swap(request, own_swap(request, code), at, refusal)
    messages.success(request, words)
    return redirect("presentations:swap", request.course.slug, code)


def render_swap(
    request: CourseRequest, found: Swap, at: datetime, refusal: Refused | None = None
) -> HttpResponse:
    """Answer with the swap as it stands."""
    context = {
        "swap": found,
        "asked": found.theirs.membership_id == request.membership.pk,
        "over": changes.swap_answer_refusal(found, at),
        "clashes": changes.clashes(found.mine, found.theirs),
        "refusal": refusal,
        "nonce": new_code(),
        "now": at,
        "nav_active": "presentations",
    }
    status = refusal.status if refusal else 200
    return render(request, "presentations/swap.html", context, status=status)
