"""Pages of members: ranking papers, who presents what; the way to the allocation board."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from courses.access import INSTRUCTOR, MEMBER, STUDENT, CourseRequest, course_page
from presentations import actions, queries
from presentations.forms import RankingRequest, read_ranking
from presentations.models import PreferenceRound
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


@require_safe
@course_page(STUDENT)
def rounds(request: CourseRequest) -> HttpResponse:
    """List the rounds; where there is just one, go to it."""
    lines = queries.round_lines(request.membership, clock.now())
    if len(lines) == 1:
        return redirect("presentations:preferences", request.course.slug, lines[0].round.key)
    return render(
        request, "presentations/rounds.html", {"lines": lines, "nav_active": "preferences"}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STUDENT)
def preferences(request: CourseRequest, key: str) -> HttpResponse:
    """Rank papers: every button sends the whole list and what to do with it."""
    at = clock.now()
    round_ = queries.round_by_key(request.course, key)
    if round_ is None:
        raise Http404
    if request.method != "POST":
        return render_preferences(request, round_, at)
    try:
        asked = read_ranking(request.POST)
        words = save_ranking(request, round_, asked, at)
    except Refused as refusal:
        return render_preferences(request, round_, at, refusal)
    if words:
        messages.success(request, words)
    anchor = f"#paper-{asked.moved}" if asked.moved else ""
    page = reverse("presentations:preferences", args=[request.course.slug, key])
    return redirect(f"{page}{anchor}")


def save_ranking(
    request: CourseRequest, round_: PreferenceRound, asked: RankingRequest, at: datetime
) -> str:
    """Do what the page asked for; return what to say about it. Raises what the actions raise."""
    who, nonce = request.membership, asked.nonce
    if asked.verb == "submit":
        answer = actions.submit_list(round_.pk, who, asked.ranked, nonce, at)
        return _("Your list is submitted. You are number %(number)s.") % answer
    if asked.verb == "withdraw":
        answer = actions.withdraw_list(round_.pk, who, nonce, at)
        return _("Your list is withdrawn. Number %(burned)s is gone.") % answer
    list_ = queries.list_of(round_, who)
    submitted = list_ is not None and list_.number is not None
    save = actions.change_list if submitted else actions.prepare_list
    save(round_.pk, who, asked.ranked, asked.version, nonce, at)
    return ""


def render_preferences(
    request: CourseRequest, round_: PreferenceRound, at: datetime, refusal: Refused | None = None
) -> HttpResponse:
    """Answer with the list as it stands, and with what was refused, if anything was."""
    context: dict[str, Any] = {
        "round": round_,
        "page": queries.preferences_page(round_, request.membership, at),
        "problems": problems_of(refusal),
        "nonce": new_code(),
        "now": at,
        "nav_active": "preferences",
    }
    status = refusal.status if refusal else 200
    return render(request, "presentations/preferences.html", context, status=status)


def problems_of(refusal: Refused | None) -> list[dict[str, str]]:
    """Return a refusal as the error summary wants it: one line for each thing that is wrong."""
    if refusal is None:
        return []
    lines = [str(problem["rule"]) for problem in refusal.problems] or [str(refusal)]
    return [{"text": line, "href": "#ranking"} for line in lines]


@require_safe
@course_page(MEMBER)
def presentations(request: CourseRequest) -> HttpResponse:
    """Show who presents what and when, meeting by meeting."""
    context = {
        "meetings": queries.talks_by_meeting(request.course),
        "nav_active": "presentations",
    }
    return render(request, "presentations/presentations.html", context)


@require_safe
@course_page(INSTRUCTOR)
def allocation(request: CourseRequest) -> HttpResponse:
    """Lead to the allocation board in the admin."""
    found = list(queries.rounds_of(request.course)[:2])
    if len(found) == 1:
        return redirect("admin:presentations_preferenceround_change", found[0].pk)
    page = reverse("admin:presentations_preferenceround_changelist")
    return redirect(f"{page}?course={request.course.slug}")
