"""Reads about rounds: state, papers on offer, lists, and the facts an allocation reads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Q, QuerySet

from courses.models import Course, Meeting, Membership, Paper
from presentations import rules
from presentations.models import (
    PreferenceChoice,
    PreferenceList,
    PreferenceRound,
    Presentation,
    Presenter,
)


def rounds_of(course: Course) -> QuerySet[PreferenceRound]:
    """Return the rounds of a course by opening. One query."""
    return course.rounds.all()


def round_by_key(course: Course, key: str) -> PreferenceRound | None:
    """Return one round of the course with ``course`` set, or None. One query."""
    found = course.rounds.filter(key=key).first()
    if found is not None:
        found.course = course
    return found


def state_of(round_: PreferenceRound, at: datetime) -> rules.RoundState:
    """Return where the round stands at ``at``. No query."""
    return rules.round_state(at, round_.opens_at, round_.closes_at, round_.closed_at)


def papers_of_round(round_: PreferenceRound) -> list[Paper]:
    """Return the round's papers by date of their meeting, then by position. One query.

    Each has its meeting, whose ``course`` is the round's. Papers without a meeting, or whose
    meeting is cancelled, come last: nobody can be placed on them.
    """
    papers = list(round_.papers.select_related("meeting"))
    for paper in papers:
        if paper.meeting is not None:
            paper.meeting.course = round_.course
    return sorted(papers, key=_running)


def _running(paper: Paper) -> tuple[bool, str, str, int, int]:
    meeting = paper.meeting
    if meeting is None:
        return (True, "", "", paper.position, paper.pk)
    day = f"{meeting.date} {meeting.starts}"
    return (meeting.cancelled_at is not None, day, meeting.key, paper.position, paper.pk)


def list_of(round_: PreferenceRound, membership: Membership) -> PreferenceList | None:
    """Return somebody's list in the round, prepared or submitted, or None. One query."""
    return PreferenceList.objects.filter(round=round_, membership=membership).first()


def ranking_of(list_: PreferenceList | None) -> tuple[str, ...]:
    """Return the papers of a list by key, best first. One query, none without a list."""
    if list_ is None:
        return ()
    return tuple(list_.choices.order_by("position").values_list("paper__key", flat=True))


def inputs_of(round_: PreferenceRound) -> rules.AllocationInputs:
    """Return the facts an allocation of this round depends on. Four queries at any size.

    Exact only for a caller that holds the round's lock (and, for talks, the course's): otherwise
    it is what stands in the database at this moment. Source: PRODUCT 3.3.4.
    """
    facts = inputs_for_respondents(round_, papers_of_round(round_))
    respondents = {ranked.student for ranked in facts.lists}
    return replace(facts, non_respondents=_non_respondents(round_, respondents))


def inputs_for_respondents(
    round_: PreferenceRound, papers: Sequence[Paper]
) -> rules.AllocationInputs:
    """Return ``inputs_of`` without those who submitted no list. Two queries.

    Enough to work out what somebody with a list gets: everybody with a list is served before
    anybody without one. ``papers`` are ``papers_of_round``.
    """
    offered = [paper for paper in papers if _can_be_given(paper)]
    holding, front, taken, used = _talks(round_)
    return rules.AllocationInputs(
        round=round_.key,
        papers=tuple(_paper_fact(paper, taken[paper.key]) for paper in offered),
        meetings=tuple(
            rules.MeetingTime(meeting.key, meeting.minutes, used[meeting.key])
            for meeting in _meetings_of(offered)
        ),
        lists=_lists(round_),
        holding=holding,
        front=front,
        fill=round_.fill,
    ).normal()


def _can_be_given(paper: Paper) -> bool:
    return paper.meeting is not None and paper.meeting.cancelled_at is None


def _paper_fact(paper: Paper, taken: int) -> rules.PaperFact:
    meeting = paper.meeting
    assert meeting is not None, "only papers with a meeting can be given"
    return rules.PaperFact(
        key=paper.key,
        meeting=meeting.key,
        capacity=paper.capacity,
        length_minutes=meeting.talk_minutes,
        changeover_minutes=meeting.changeover_minutes,
        taken=taken,
    )


def _meetings_of(papers: list[Paper]) -> list[Meeting]:
    return list({paper.meeting.key: paper.meeting for paper in papers if paper.meeting}.values())


def _talks(
    round_: PreferenceRound,
) -> tuple[tuple[str, ...], tuple[str, ...], Counter[str], Counter[str]]:
    """Return what the course's talks mean for a round. One query.

    Who presents in class; who lost such a talk with a cancelled meeting and has no other; how many
    present each paper; how many minutes of each meeting talks with a presenter use.
    """
    live = Q(ended_at__isnull=True, presentation__cancelled_at__isnull=True)
    rows = (
        Presenter.objects.filter(presentation__course=round_.course_id)
        .filter(live | Q(presentation__meeting__cancelled_at__isnull=False))
        .select_related("membership", "presentation__paper", "presentation__meeting")
        .order_by("id")
    )
    holding: set[str] = set()
    lost: set[str] = set()
    taken: Counter[str] = Counter()
    talks: dict[int, Presentation] = {}
    for row in rows:
        talk, in_class = row.presentation, row.kind == Presentation.Kind.IN_CLASS
        if row.ended_at is not None or talk.cancelled_at is not None:
            lost |= {row.membership.code} if in_class else set()
            continue
        talks[talk.pk] = talk
        if in_class and talk.paper is not None:
            holding.add(row.membership.code)
            taken[talk.paper.key] += 1
    used: Counter[str] = Counter()
    for talk in talks.values():
        used[talk.meeting.key] += talk.minutes + talk.changeover_minutes
    return tuple(sorted(holding)), tuple(sorted(lost - holding)), taken, used


def _lists(round_: PreferenceRound) -> tuple[rules.RankedList, ...]:
    rows = (
        PreferenceChoice.objects.filter(
            list__round=round_,
            list__number__isnull=False,
            list__membership__state=Membership.State.ACTIVE,
            list__membership__role=Membership.Role.STUDENT,
        )
        .order_by("list__number", "position")
        .values_list("list__membership__code", "list__number", "paper__key")
    )
    ranked: dict[tuple[str, int], list[str]] = {}
    for student, number, paper in rows:
        ranked.setdefault((student, number or 0), []).append(paper)
    return tuple(
        rules.RankedList(student, number, tuple(papers))
        for (student, number), papers in ranked.items()
    )


def _non_respondents(round_: PreferenceRound, respondents: set[str]) -> tuple[str, ...]:
    students = Membership.objects.active().students().filter(course=round_.course_id)
    codes = students.order_by("joined_at", "id").values_list("code", flat=True)
    return tuple(code for code in codes if code not in respondents)
