"""Pages of a student who is offered a place."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from courses.access import STUDENT, CourseRequest, course_page
from presentations import actions, queries
from presentations.models import PlaceOffer
from presentations.queries import changes
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


@require_safe
@course_page(STUDENT)
def offer(request: CourseRequest, code: str) -> HttpResponse:
    """Show an offer: the place, what one has now, what each answer leads to, until when."""
    return render_offer(request, own_offer(request, code), clock.now())


@require_POST
@course_page(STUDENT)
def accept_offer(request: CourseRequest, code: str) -> HttpResponse:
    """Take the place."""
    return answered(request, code, actions.accept_offer, _("The place is yours."))


@require_POST
@course_page(STUDENT)
def decline_offer(request: CourseRequest, code: str) -> HttpResponse:
    """Leave the place to the next person."""
    words = _("You declined. The place goes to the next person.")
    return answered(request, code, actions.decline_offer, words)


def own_offer(request: CourseRequest, code: str) -> PlaceOffer:
    """Return one's own offer. Raises Http404."""
    return get_object_or_404(
        changes.offers_of(request.membership), code=code, paper__course=request.course
    )


def answered(
    request: CourseRequest, code: str, action: Callable[..., dict[str, Any]], words: str
) -> HttpResponse:
    """Answer an offer through the action and go to the talk, or say why it cannot be answered."""
    found, at = own_offer(request, code), clock.now()
    try:
        answer = action(found.pk, request.membership, at, request.POST.get("nonce", ""))
    except Refused as refusal:
        return render_offer(request, own_offer(request, code), at, refusal)
    messages.success(request, words)
    if "talk" in answer:
        return redirect("presentations:presentation", request.course.slug, answer["talk"])
    return redirect("presentations:presentations", request.course.slug)


def render_offer(
    request: CourseRequest, found: PlaceOffer, at: datetime, refusal: Refused | None = None
) -> HttpResponse:
    """Answer with the offer as it stands."""
    context = {
        "offer": found,
        "held": queries.own_talk(request.membership),
        "over": changes.offer_refusal(found, at),
        "refusal": refusal,
        "nonce": new_code(),
        "now": at,
        "nav_active": "presentations",
    }
    status = refusal.status if refusal else 200
    return render(request, "presentations/offer.html", context, status=status)
