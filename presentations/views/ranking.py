"""Pages on which students rank papers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from courses.access import STUDENT, CourseRequest, course_page
from presentations import actions, queries, rules
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


@dataclass
class Turn:
    """One request to the ranking page: what was asked, and what came of it.

    ``arranged`` is the list to show in place of the stored one.
    """

    round: PreferenceRound
    at: datetime
    asked: RankingRequest | None = None
    words: str = ""
    arranged: rules.Preferences | None = None
    refusal: Refused | None = None
    page: Any = field(init=False, default=None)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STUDENT)
def preferences(request: CourseRequest, key: str) -> HttpResponse:
    """Rank papers: every button sends the whole list and what to do with it."""
    at = clock.now()
    round_ = queries.round_by_key(request.course, key)
    if round_ is None:
        raise Http404
    turn = Turn(round_, at)
    if request.method != "POST":
        return shown(request, turn)
    try:
        turn.asked = read_ranking(request.POST)
        turn.words = take(request, turn, turn.asked)
    except Refused as refusal:
        turn.refusal = refusal
    if turn.refusal or turn.arranged or request.headers.get("HX-Request"):
        return shown(request, turn)
    return sent_back(request, turn)


def take(request: CourseRequest, turn: Turn, asked: RankingRequest) -> str:
    """Do what the page asked for; return what to say about it. Raises what the actions raise."""
    who, nonce, round_ = request.membership, asked.nonce, turn.round
    if asked.verb == "submit":
        answer = actions.submit_list(round_.pk, who, asked.wanted, nonce, turn.at)
        return _("Your list is submitted. You are number %(number)s.") % answer
    if asked.verb == "withdraw":
        answer = actions.withdraw_list(round_.pk, who, nonce, turn.at)
        return _("Your list is withdrawn. Number %(burned)s is gone.") % answer
    number, collects = queries.saving_of(round_, who)
    if collects and asked.verb == "arrange":
        actions.check_list(round_, who, asked.wanted, asked.version, turn.at)
        turn.arranged = asked.wanted
        return ""
    save = actions.prepare_list if number is None else actions.change_list
    answer = save(round_.pk, who, asked.wanted, asked.version, nonce, turn.at)
    if number is not None and answer["number"] != number:
        return _("Your list is saved. You are number %(number)s now.") % answer
    return ""


def shown(request: CourseRequest, turn: Turn) -> HttpResponse:
    """Answer with the page, or with the part that htmx asks for; a refusal shows in place."""
    turn.page = page_of(request, turn)
    context = {
        "round": turn.round,
        "page": turn.page,
        "said": "" if turn.refusal else said(turn),
        "moved": turn.asked.moved if turn.asked and not turn.refusal else "",
        "focus_status": bool(turn.words),
        "again": again(turn),
        "problems": problems_of(turn.refusal),
        "nonce": new_code(),
        "now": turn.at,
        "nav_active": "preferences",
    }
    part = "_preferences" if request.headers.get("HX-Request") else "preferences"
    status = turn.refusal.status if turn.refusal else 200
    response = render(request, f"presentations/{part}.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def sent_back(request: CourseRequest, turn: Turn) -> HttpResponse:
    """Send a plain browser back to the row it moved, with the words that htmx would read out."""
    assert turn.asked is not None, "only what was asked for is answered"
    if not turn.words and turn.asked.moved:
        turn.page = page_of(request, turn)
    if words := said(turn):
        messages.success(request, words)
    anchor = f"#paper-{turn.asked.moved}" if turn.asked.moved else ""
    page = reverse("presentations:preferences", args=[request.course.slug, turn.round.key])
    return redirect(f"{page}{anchor}")


def page_of(request: CourseRequest, turn: Turn) -> queries.PreferencesPage:
    """Return the page with the list that counts.

    After a refusal the stored list is shown, but nothing that was sent by an explicit button, or
    collected before a move that was refused, is lost by that.
    """
    page = queries.preferences_page(turn.round, request.membership, turn.at, turn.arranged)
    if turn.refusal is None or turn.asked is None or turn.refusal.code != "bad_list":
        return page
    if turn.asked.verb == "submit" or page.collects:
        kept = turn.asked.sent if turn.asked.verb == "arrange" else turn.asked.wanted
        return queries.preferences_page(turn.round, request.membership, turn.at, kept)
    return page


def said(turn: Turn) -> str:
    """Return what is said about the request: the action's words, or where the moved paper is."""
    moved = turn.asked.moved if turn.asked else ""
    if turn.words or turn.page is None or not moved:
        return turn.words
    return queries.place_words(turn.page, moved)


def again(turn: Turn) -> rules.Preferences | None:
    """Return the list to offer once more after another window had changed it.

    That is the list as it is now with the last move, where it is still possible; or, with all that
    was collected, the whole list that was sent.
    """
    if turn.refusal is None or turn.asked is None or turn.refusal.code != "stale_list":
        return None
    now = turn.page.preferences
    try:
        wanted = turn.asked.wanted if turn.page.collects else turn.asked.over(now)
    except ValueError:
        return None
    return wanted if wanted != now else None


def problems_of(refusal: Refused | None) -> list[dict[str, str]]:
    """Return a refusal as the error summary wants it: one line for each thing that is wrong."""
    if refusal is None:
        return []
    lines = [str(problem["rule"]) for problem in refusal.problems] or [str(refusal)]
    return [{"text": line, "href": "#ranking"} for line in lines]
