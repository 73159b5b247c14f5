"""Pages of instructors for final talks: scheduling one, and cancelling one."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from courses.access import INSTRUCTOR, CourseRequest, course_page
from presentations import actions, queries
from presentations.forms import FinalTalkForm
from presentations.models import Presentation
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def finals(request: CourseRequest) -> HttpResponse:
    """Show the running order of each final meeting, and schedule one more talk."""
    at = clock.now()
    page = queries.finals_page(request.course, at)
    sent = request.POST if request.method == "POST" else None
    form = FinalTalkForm(sent, page=page, zone=request.course.zone)
    if sent is None:
        return render_finals(request, page, form, at)
    if not form.is_valid():
        return render_finals(request, page, form, at, status=422)
    try:
        answer = schedule(request, form.cleaned_data, at)
    except Refused as refusal:
        form.refuse(refusal)
        return render_finals(request, page, form, at, status=refusal.status)
    words = ngettext(
        "The talk is scheduled. A mail to %(told)s person is on its way.",
        "The talk is scheduled. Mails to %(told)s people are on their way.",
        answer["told"],
    )
    messages.success(request, words % answer)
    return redirect("presentations:finals", request.course.slug)


def schedule(request: CourseRequest, facts: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Do it through the action. Raises what the action raises."""
    return actions.schedule_final_talk(
        request.course.meetings.get(key=facts["meeting"]),
        facts["title"],
        facts["mode"],
        list(request.course.memberships.filter(code__in=facts["members"])),
        by=request.user,
        at=at,
        nonce=request.POST.get("nonce", ""),
    )


def render_finals(
    request: CourseRequest,
    page: queries.FinalsPage,
    form: FinalTalkForm,
    at: datetime,
    status: int = 200,
) -> HttpResponse:
    """Answer with the meetings as they stand and the form as it was sent."""
    context = {
        "page": page,
        "form": form,
        "nonce": new_code(),
        "now": at,
        "nav_active": "allocation",
    }
    return render(request, "presentations/finals.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def cancel_final_talk(request: CourseRequest, code: str) -> HttpResponse:
    """Say what cancelling a final talk does and who is told; then do it."""
    at, refusal = clock.now(), None
    talks = request.course.presentations.filter(kind=Presentation.Kind.FINAL)
    talk = get_object_or_404(talks.select_related("meeting"), code=code)
    talk.meeting.course = request.course
    if request.method == "POST":
        reason, nonce = request.POST.get("reason", ""), request.POST.get("nonce", "")
        try:
            answer = actions.cancel_final_talk(talk.pk, reason, request.user, at, nonce)
        except Refused as refused:
            refusal = refused
        else:
            words = ngettext(
                "The talk is cancelled. A mail to %(told)s person is on its way.",
                "The talk is cancelled. Mails to %(told)s people are on their way.",
                answer["told"],
            )
            messages.success(request, words % answer)
            return redirect("presentations:finals", request.course.slug)
    return render_cancel(request, talk, at, refusal)


def render_cancel(
    request: CourseRequest, talk: Presentation, at: datetime, refusal: Refused | None
) -> HttpResponse:
    """Answer with the consequences; where it cannot be cancelled, only with why not."""
    impossible = queries.cancel_final_refusal(talk, at)
    status = next((found.status for found in (impossible, refusal) if found), 200)
    context = {
        "talk": talk,
        "change": None if impossible else queries.cancel_final_preview(talk, at),
        "impossible": impossible,
        "problems": [{"text": str(refusal), "href": "#reason"}] if refusal else [],
        "reason": request.POST.get("reason", ""),
        "nonce": new_code(),
        "nav_active": "allocation",
    }
    return render(request, "presentations/cancel_final_talk.html", context, status=status)
