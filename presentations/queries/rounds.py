"""Reads about rounds: state, papers on offer, lists, and the facts an allocation reads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import CharField, Q, QuerySet, Value

from courses.models import Course, Meeting, Membership, Paper
from presentations import rules
from presentations.models import (
    Pin,
    PlaceOffer,
    PreferenceChoice,
    PreferenceList,
    PreferenceRound,
    Presentation,
    UnavailableMeeting,
    UnwantedPaper,
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
    """Return the facts an allocation of this round depends on. Five queries at any size.

    Exact only for a caller that holds the round's lock (and, for talks, the course's): otherwise
    it is what stands in the database at this moment. Source: PRODUCT 3.3.4.
    """
    facts = inputs_for_respondents(round_, papers_of_round(round_))
    respondents = {ranked.student for ranked in facts.lists}
    return replace(facts, non_respondents=_non_respondents(round_, respondents))


def inputs_for_respondents(
    round_: PreferenceRound, papers: Sequence[Paper]
) -> rules.AllocationInputs:
    """Return ``inputs_of`` without those who submitted no list. Three queries.

    Enough to work out what somebody with a list gets: everybody with a list is served before
    anybody without one. ``papers`` are ``papers_of_round``.
    """
    offered = [paper for paper in papers if _can_be_given(paper)]
    wishes = _wishes(round_)
    talks = _talks(round_, [(key, _talk_of(offered, key)) for _, key in wishes["offer"]])
    return rules.AllocationInputs(
        round=round_.key,
        papers=tuple(_paper_fact(paper, talks) for paper in offered),
        meetings=tuple(
            rules.MeetingTime(meeting.key, meeting.minutes, talks.used[meeting.key])
            for meeting in _meetings_of(offered)
        ),
        lists=_lists(round_),
        pins=tuple(rules.Pin(student, paper) for student, paper in wishes["pin"]),
        unavailable=tuple(rules.Unavailability(who, (key,)) for who, key in wishes["unavailable"]),
        unwanted=tuple(rules.Unwanted(who, (key,)) for who, key in wishes["unwanted"]),
        holding=tuple(talks.holding),
        front=tuple(talks.lost - talks.holding),
        fill=round_.fill,
    ).normal()


def _can_be_given(paper: Paper) -> bool:
    return paper.meeting is not None and paper.meeting.cancelled_at is None


def _talk_of(papers: Sequence[Paper], key: str) -> tuple[str, int] | None:
    """Return the meeting and the minutes of a talk on a paper that is on offer, or None."""
    meeting = next((paper.meeting for paper in papers if paper.key == key), None)
    return (meeting.key, meeting.talk_minutes + meeting.changeover_minutes) if meeting else None


def _paper_fact(paper: Paper, talks: "_Talks") -> rules.PaperFact:
    meeting = paper.meeting
    assert meeting is not None, "only papers with a meeting can be given"
    return rules.PaperFact(
        key=paper.key,
        meeting=meeting.key,
        capacity=paper.capacity,
        length_minutes=meeting.talk_minutes,
        changeover_minutes=meeting.changeover_minutes,
        taken=talks.taken[paper.key],
        has_slot=paper.key in talks.standing,
    )


def _meetings_of(papers: list[Paper]) -> list[Meeting]:
    return list({paper.meeting.key: paper.meeting for paper in papers if paper.meeting}.values())


@dataclass
class _Talks:
    """What the course's talks mean for a round; students by code, papers and meetings by key.

    ``holding`` present in class, ``lost`` lost such a talk with a cancelled meeting; ``taken``
    places of each paper; ``standing`` papers whose talk has its slot; ``used`` minutes.
    """

    holding: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    standing: set[str] = field(default_factory=set)
    taken: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)


def _talks(round_: PreferenceRound, offers: Sequence[tuple[str, tuple[str, int] | None]]) -> _Talks:
    """Return what the course's talks and open offers of places mean for a round. One query.

    A talk keeps its slot while nobody is in it. An open offer holds a place, and a slot where the
    paper has none yet.
    """
    found = _Talks()
    seen: set[int] = set()
    rows = (
        Presentation.objects.filter(course=round_.course_id)
        .filter(Q(cancelled_at__isnull=True) | Q(meeting__cancelled_at__isnull=False))
        .order_by("id", "presenters__id")
        .values_list(
            *("id", "kind", "paper__key", "meeting__key", "minutes", "changeover_minutes"),
            *("cancelled_at", "meeting__cancelled_at"),
            *("presenters__membership__code", "presenters__ended_at"),
        )
    )
    for pk, kind, paper, meeting, minutes, changeover, cancelled, moved, who, ended in rows:
        in_class = kind == Presentation.Kind.IN_CLASS and paper is not None
        if cancelled is None and pk not in seen:
            found.used[meeting] += minutes + changeover
            found.standing |= {paper} if in_class else set()
        seen.add(pk)
        if who is None or not in_class:
            continue
        if ended is None and cancelled is None:
            found.holding.add(who)
            found.taken[paper] += 1
        elif moved is not None:
            found.lost.add(who)
    for paper, slot in offers:
        found.taken[paper] += 1
        if slot is not None and paper not in found.standing:
            found.standing.add(paper)
            found.used[slot[0]] += slot[1]
    return found


def _wishes(round_: PreferenceRound) -> dict[str, list[tuple[str, str]]]:
    """Return pins, unwanted papers, unavailable meetings and open offers, by kind. One query.

    Each as the code of a student and the key of a paper or meeting. What somebody said counts
    whether or not they submitted a list: it holds where the round fills, too. Offers are those of
    every round of the course.
    """
    who = {
        "membership__state": Membership.State.ACTIVE,
        "membership__role": Membership.Role.STUDENT,
    }
    of_list = {f"list__{name}": value for name, value in who.items()} | {"list__round": round_}
    sources = {
        "pin": (Pin.objects.filter(round=round_, lifted_at__isnull=True, **who), ""),
        "unwanted": (UnwantedPaper.objects.filter(**of_list), "list__"),
        "unavailable": (UnavailableMeeting.objects.filter(**of_list), "list__"),
        "offer": (
            PlaceOffer.objects.filter(round__course=round_.course_id, state=PlaceOffer.State.OPEN),
            "",
        ),
    }
    rows = [
        source.order_by().values_list(
            Value(kind, CharField()),
            f"{path}membership__code",
            "meeting__key" if kind == "unavailable" else "paper__key",
        )
        for kind, (source, path) in sources.items()
    ]
    found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in sources}
    for kind, student, key in rows[0].union(*rows[1:], all=True):
        found[kind].append((student, key))
    return found


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
