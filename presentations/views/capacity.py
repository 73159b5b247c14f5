"""Page of instructors for changing how many people present a paper."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from courses.access import INSTRUCTOR, CourseRequest, course_page
from courses.models import Paper
from presentations import actions
from presentations.forms import CapacityRequest, read_capacity
from presentations.queries import capacity as queries
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def change_capacity(request: CourseRequest, key: str) -> HttpResponse:
    """Choose a number and who moves, see who is affected, then change it."""
    paper = get_object_or_404(request.course.papers.select_related("meeting"), key=key)
    paper.course, at = request.course, clock.now()
    if request.method != "POST":
        return render_capacity(request, paper, at)
    try:
        asked = read_capacity(request.POST)
        if not asked.apply:
            seen = queries.capacity_preview(paper, asked.capacity, asked.moves, asked.reason, at)
            return render_capacity(request, paper, at, asked=asked, change=seen)
        answer = do(request, paper, asked, at)
    except Refused as refusal:
        return render_capacity(request, paper, at, refusal)
    words = ngettext(
        "The places are changed. A mail to %(told)s person is on its way.",
        "The places are changed. Mails to %(told)s people are on their way.",
        answer["told"],
    )
    messages.success(request, words % answer)
    return redirect("presentations:change_capacity", request.course.slug, key)


def do(request: CourseRequest, paper: Paper, asked: CapacityRequest, at: datetime) -> Any:
    """Do it through the action. Raises what the action raises."""
    return actions.change_capacity(
        paper.pk,
        asked.capacity,
        asked.moves,
        reason=asked.reason,
        by=request.user,
        at=at,
        nonce=request.POST.get("nonce", ""),
    )


def render_capacity(
    request: CourseRequest,
    paper: Paper,
    at: datetime,
    refusal: Refused | None = None,
    **more: Any,
) -> HttpResponse:
    """Answer with who presents now and the form as it was sent."""
    page = queries.capacity_page(paper, at)
    context = {
        "paper": paper,
        "page": page,
        "rows": [
            (place, page.places[place.membership.code], sent_move(request, place.membership.code))
            for place in page.presenters
        ],
        "capacity": request.POST.get("capacity", paper.capacity),
        "reason": request.POST.get("reason", ""),
        "problems": [{"text": str(refusal), "href": "#capacity"}] if refusal else [],
        "nonce": new_code(),
        "now": at,
        "nav_active": "allocation",
    }
    status = refusal.status if refusal else 200
    return render(request, "presentations/change_capacity.html", context | more, status=status)


def sent_move(request: CourseRequest, code: str) -> str:
    """Return what was chosen for somebody: "stay", "none", or a paper by key."""
    return request.POST.get(f"move-{code}", "stay")
