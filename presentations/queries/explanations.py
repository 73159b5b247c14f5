"""What one student is told: the outcome now or for good, and why, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from courses.models import Membership, Paper
from presentations import rules
from presentations.models import Allocation, PreferenceRound
from presentations.queries.rounds import inputs_for_respondents


@dataclass(frozen=True)
class Outcome:
    """What a student gets, or would get, and every reason for it as a sentence.

    ``starts_at`` is the slot the paper has in its meeting if every paper before it is presented:
    it says nothing about what others chose. None where that slot lies beyond the meeting's end.
    """

    number: int | None
    paper: Paper | None
    choice: int | None
    starts_at: datetime | None
    reasons: tuple[str, ...]


def provisional_outcome(
    round_: PreferenceRound, membership: Membership, papers: Sequence[Paper]
) -> Outcome | None:
    """Return what ``membership`` would get if the round closed now. Two queries.

    None without a submitted list. Worked out by the same function as the real allocation. Holds
    nothing of others: no names, no lists, no counts. ``papers`` are ``papers_of_round``.
    Source: PRODUCT 3.3.3.
    """
    try:
        found = rules.provisional(inputs_for_respondents(round_, papers), membership.code)
    except rules.ImpossibleInputs:
        return None
    if found is None:
        return None
    placement = found.placement
    key = placement.paper if placement else None
    choice = placement.choice if placement else None
    return _outcome(found.trace, papers, key, choice)


def final_outcome(
    allocation: Allocation, membership: Membership, papers: Sequence[Paper]
) -> Outcome | None:
    """Return what a stored allocation gave ``membership``; None if not part of it. No query.

    Later changes by staff are not in it: it is what the rule decided then.
    """
    trace = _stored(allocation, "traces", membership.code)
    if trace is None:
        return None
    placement = _stored(allocation, "placements", membership.code) or {}
    return _outcome(trace_of(trace), papers, placement.get("paper"), placement.get("choice"))


def _outcome(
    trace: rules.Trace, papers: Sequence[Paper], key: str | None, choice: int | None
) -> Outcome:
    return Outcome(
        number=trace.number,
        paper=_paper(papers, key),
        choice=choice,
        starts_at=slot_of(papers, key),
        reasons=sentences(trace, {paper.key: paper.title for paper in papers}),
    )


def trace_of(stored: Mapping[str, Any]) -> rules.Trace:
    """Return the trace that an allocation stored as JSON."""
    return rules.Trace(
        stored["student"],
        stored["number"],
        tuple(rules.Step(**step) for step in stored["steps"]),
        stored["end"],
    )


def sentences(trace: rules.Trace, titles: Mapping[str, str]) -> tuple[str, ...]:
    """Return the explanation of a trace in the language that is active now.

    ``titles`` names papers by key; a paper that is gone keeps its key.
    """
    return tuple(_words(sentence, titles) for sentence in rules.explain(trace))


def slot_of(papers: Sequence[Paper], key: str | None) -> datetime | None:
    """Return when a paper's talk begins if all papers of its meeting before it are presented."""
    paper = _paper(papers, key)
    if paper is None or paper.meeting is None:
        return None
    meeting = paper.meeting
    before = [other for other in papers if other.meeting_id == meeting.pk].index(paper)
    length = rules.TalkTime(meeting.talk_minutes, meeting.changeover_minutes)
    if before >= rules.talks_that_fit(meeting.minutes, length):
        return None
    return meeting.starts_at + timedelta(minutes=before * length.total)


def _paper(papers: Iterable[Paper], key: str | None) -> Paper | None:
    return next((paper for paper in papers if paper.key == key), None)


def _stored(allocation: Allocation, part: str, student: str) -> dict[str, Any] | None:
    return next((row for row in allocation.outcome[part] if row["student"] == student), None)


def _words(sentence: rules.Sentence, titles: Mapping[str, str]) -> str:
    params = dict(sentence.params)
    if "paper" in params:
        params["paper"] = titles.get(str(params["paper"]), str(params["paper"]))
    return _template(sentence) % params


def _template(sentence: rules.Sentence) -> str:
    if sentence.params.get("choice") == 1 and sentence.code in _FIRST:
        return _FIRST[sentence.code]()
    return _OTHERS[sentence.code]()


# Functions, so that each is translated when it is said and found by makemessages.
_FIRST = {
    "placed": lambda: _("You get your first choice: %(paper)s."),
    "went_before": lambda: _("Your first choice, %(paper)s, went to someone before you."),
}
_OTHERS = {
    "your_number": lambda: _("You are number %(number)s."),
    "no_list": lambda: _("You submitted no list."),
    "went_before": lambda: _("Your choice %(choice)s, %(paper)s, went to someone before you."),
    "meeting_full": lambda: _(
        "Choice %(choice)s, %(paper)s: its meeting has no time left for another talk."
    ),
    "unavailable": lambda: _("Choice %(choice)s, %(paper)s: you said you cannot be there."),
    "unwanted": lambda: _("Choice %(choice)s, %(paper)s: you said you do not want it."),
    "not_offered": lambda: _("Choice %(choice)s, %(paper)s: it is no longer on offer."),
    "placed": lambda: _("You get your choice %(choice)s: %(paper)s."),
    "kept_off": lambda: _("The papers you said you do not want were left out."),
    "pinned": lambda: _("Staff gave you %(paper)s."),
    "filled": lambda: _(
        "You get %(paper)s, which you did not rank: this round gives free places to everyone."
    ),
    "already_presents": lambda: _("You already present in class, and each person presents once."),
    "unplaced": lambda: _("No paper on your list was possible."),
    "no_place_left": lambda: _("No place was left."),
}


def unplaced_words(reason: str) -> str:
    """Return for staff why somebody got no paper."""
    return _UNPLACED[reason]()


_UNPLACED = {
    "already_presents": lambda: _("presents in class already"),
    "all_full": lambda: _("every ranked paper went to people before"),
    "all_unavailable": lambda: _("cannot be there when the ranked papers are presented"),
    "meetings_full": lambda: _("the meetings of the ranked papers have no time left"),
    "none_possible": lambda: _("no ranked paper was possible"),
    "no_list": lambda: _("submitted no list"),
    "no_place_left": lambda: _("no place was left"),
}
