"""Pages of one talk: what it is, giving one's place back, saying that one comes."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from courses.access import INSTRUCTOR, MEMBER, STUDENT, CourseRequest, course_page
from presentations import actions, queries
from presentations.models import Presenter
from presentations.queries import changes
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


@require_safe
@course_page(MEMBER)
def presentation(request: CourseRequest, code: str) -> HttpResponse:
    """Show one talk: slot, paper, people, what it has to cover; to presenters also why."""
    at = clock.now()
    talk = queries.talk_by_code(request.course, code)
    if talk is None:
        raise Http404
    mine = [row for row in talk.presenters if row.membership_id == request.membership.pk]
    context = {
        "talk": talk,
        "mine": mine[0] if mine else None,
        "why": queries.why_of(mine[0]) if mine else None,
        "change": changes.own_change(mine[0], request.course, at) if mine else None,
        "staff": changes.staff_view(talk.presentation, request.course, at)
        if request.membership.is_instructor
        else None,
        "nonce": new_code(),
        "now": at,
        "nav_active": "presentations",
    }
    return render(request, "presentations/presentation.html", context)


def place_of(request: CourseRequest, code: str, member: str) -> Presenter:
    """Return somebody's place in a talk, the newest if it has ended. Raises Http404."""
    rows = changes.presenters_of(request.course)
    found = rows.filter(presentation__code=code, membership__code=member)
    place = found.order_by("-since", "-pk").first()
    if place is None:
        raise Http404
    return place


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STUDENT)
def withdraw_from_talk(request: CourseRequest, code: str) -> HttpResponse:
    """Say what giving the own place back means; then do it."""
    return withdraw(request, place_of(request, code, request.membership.code))


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def withdraw_presenter(request: CourseRequest, code: str, member: str) -> HttpResponse:
    """The same for somebody else, by an instructor."""
    return withdraw(request, place_of(request, code, member))


def withdraw(request: CourseRequest, place: Presenter) -> HttpResponse:
    """Show the consequence, or do it through the action."""
    at, refusal = clock.now(), None
    if request.method == "POST":
        reason, nonce = request.POST.get("reason", ""), request.POST.get("nonce", "")
        try:
            answer = actions.withdraw_from_talk(place.pk, reason, request.user, at, nonce)
        except Refused as refused:
            refusal = refused
        else:
            words = ngettext(
                "The place is given back. A mail to %(told)s person is on its way.",
                "The place is given back. Mails to %(told)s people are on their way.",
                answer["told"],
            )
            messages.success(request, words % answer)
            return redirect("presentations:presentation", request.course.slug, answer["talk"])
    return render_withdraw(request, place, at, refusal)


def render_withdraw(
    request: CourseRequest, place: Presenter, at: datetime, refusal: Refused | None
) -> HttpResponse:
    """Answer with the consequence; where the place cannot be given back, only with why not."""
    impossible = changes.leave_refusal(place, at)
    status = next((found.status for found in (impossible, refusal) if found), 200)
    context = {
        "place": place,
        "talk": place.presentation,
        "own": place.membership_id == request.membership.pk,
        "frozen": changes.is_frozen(place, at),
        "impossible": impossible,
        "problems": [{"text": str(refusal), "href": "#reason"}] if refusal else [],
        "reason": request.POST.get("reason", ""),
        "nonce": new_code(),
        "nav_active": "presentations",
    }
    return render(request, "presentations/withdraw_from_talk.html", context, status=status)


@require_POST
@course_page(STUDENT)
def confirm_presence(request: CourseRequest, code: str) -> HttpResponse:
    """Say that one comes and presents."""
    place = place_of(request, code, request.membership.code)
    try:
        actions.confirm_presence(place.pk, request.membership, clock.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Confirmed: you give this talk."))
    return redirect("presentations:presentation", request.course.slug, code)
