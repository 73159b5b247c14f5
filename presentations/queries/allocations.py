"""Reads about allocations: working one out, what staff see of it, whom it is told to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from courses.models import Meeting, Membership, Paper
from presentations import rules
from presentations.models import Allocation, PreferenceChoice, PreferenceRound
from presentations.queries.explanations import unplaced_words
from presentations.queries.rounds import inputs_of, papers_of_round
from seminar.lib.canonical import canonical_bytes


@dataclass(frozen=True)
class Row:
    """One student in an outcome, with the objects a page shows. ``paper`` None: unplaced."""

    membership: Membership
    number: int | None
    paper: Paper | None
    choice: int | None
    reason: str
    trace: Mapping[str, Any]

    @property
    def words(self) -> str:
        """Why this student got no paper, for staff; only for rows without one."""
        return unplaced_words(self.reason)


@dataclass(frozen=True)
class Demand:
    """How often a paper was ranked at all, and first."""

    paper: Paper
    listed: int
    first: int


@dataclass(frozen=True)
class Crowd:
    """A meeting whose papers cannot all be presented: ``offered`` talks, of which ``fit`` fit."""

    meeting: Meeting
    offered: int
    fit: int


@dataclass(frozen=True)
class Board:
    """What staff see of a round: how many answered, what is wanted, where time is short."""

    students: int
    submitted: int
    prepared: int
    demand: tuple[Demand, ...]
    crowded: tuple[Crowd, ...]


@dataclass(frozen=True)
class RunMeeting:
    """What a run puts into one meeting: papers in running order, each with who gets it."""

    meeting: Meeting
    papers: tuple[tuple[Paper, tuple[Row, ...]], ...]
    minutes: int
    used: int


@dataclass(frozen=True)
class RunView:
    """A run as staff look at it before publishing."""

    meetings: tuple[RunMeeting, ...]
    unplaced: tuple[Row, ...]
    unpresented: tuple[Paper, ...]
    told_placed: int
    told_unplaced: int
    is_newest: bool
    is_current: bool

    @property
    def told(self) -> int:
        """How many people get a mail when it is published."""
        return self.told_placed + self.told_unplaced


def compute_outcome(round_: PreferenceRound) -> tuple[rules.AllocationInputs, rules.Allocation]:
    """Work out the allocation of a round from what stands in the database. Six queries.

    The page, the command and the action all come here. Raises rules.ImpossibleInputs.
    """
    inputs = inputs_of(round_)
    return inputs, rules.allocate(inputs)


def replay_bytes(allocation: Allocation) -> bytes:
    """Allocate a run's stored inputs again and return the outcome's canonical bytes. No query.

    Equal to ``canonical_bytes(allocation.outcome)``, or something is wrong with the program or
    with the stored row. Raises ValueError for a run under another rule version.
    """
    return rules.replay(canonical_bytes(allocation.inputs))


def newest_run(round_: PreferenceRound) -> Allocation | None:
    """Return the last run of a round, or None. One query."""
    return round_.allocations.order_by("-run").first()


def published_of(round_: PreferenceRound) -> Allocation | None:
    """Return the run that was published, with its ``round`` set, or None. One query."""
    found = round_.allocations.filter(published_at__isnull=False).first()
    if found is not None:
        found.round = round_
    return found


def rows_of(round_: PreferenceRound, outcome: Mapping[str, Any]) -> list[Row]:
    """Return everybody in an outcome: placed first, in the order of service. Two queries."""
    people = {
        member.code: member
        for member in Membership.objects.filter(course=round_.course_id).select_related("user")
    }
    papers = {paper.key: paper for paper in papers_of_round(round_)}
    traces = {trace["student"]: trace for trace in outcome["traces"]}
    return [
        Row(
            membership=people[entry["student"]],
            number=entry["number"],
            paper=papers.get(entry.get("paper", "")),
            choice=entry.get("choice"),
            reason=entry["reason"],
            trace=traces[entry["student"]],
        )
        for entry in [*outcome["placements"], *outcome["unplaced"]]
    ]


def notices_of(round_: PreferenceRound, outcome: Mapping[str, Any]) -> list[Row]:
    """Return who is told when this outcome is published: everybody in the round. Two queries.

    Who presents already and submitted no list has no part in the round and hears nothing. The
    preview and the publishing itself both ask ``is_told``.
    """
    return [row for row in rows_of(round_, outcome) if is_told(row)]


def is_told(row: Row) -> bool:
    """Tell whether publishing sends this student a mail."""
    bystander = row.number is None and row.reason == "already_presents"
    return row.membership.user.is_active and not bystander


def outcome_json(round_: PreferenceRound, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Return an outcome as the ``allocate`` command prints it: students by e-mail. Two queries."""
    rows = rows_of(round_, outcome)
    return {
        "input_hash": outcome["input_hash"],
        "placements": [
            {
                "student": row.membership.user.email,
                "number": row.number,
                "paper": row.paper.key,
                "meeting": row.paper.meeting.key if row.paper.meeting else None,
                "choice": row.choice,
                "reason": row.reason,
            }
            for row in rows
            if row.paper is not None
        ],
        "unplaced": [
            {"student": row.membership.user.email, "number": row.number, "reason": row.reason}
            for row in rows
            if row.paper is None
        ],
    }


def allocation_refusal(round_: PreferenceRound, at: datetime) -> str | None:
    """Return why no allocation may run at ``at``, as a code, or None if it may. One query."""
    published = published_of(round_)
    return rules.allocate_refusal(
        at, round_.closes_at, published.published_at if published else None
    )


def run_view(round_: PreferenceRound, run: Allocation) -> RunView:
    """Return a run as staff look at it: by meeting, with names, and whom publishing tells.

    At most nine queries at any size. ``is_current`` tells whether its facts still hold.
    """
    rows = rows_of(round_, run.outcome)
    by_paper: dict[Paper, list[Row]] = {}
    for row in rows:
        if row.paper is not None:
            by_paper.setdefault(row.paper, []).append(row)
    offered = [paper for paper in papers_of_round(round_) if paper.meeting]
    newest = newest_run(round_)
    told = [row for row in rows if is_told(row)]
    taken = {paper["key"]: paper["taken"] for paper in run.inputs["papers"]}
    return RunView(
        meetings=_run_meetings(by_paper, run.inputs),
        unplaced=tuple(row for row in rows if row.paper is None),
        unpresented=tuple(
            paper for paper in offered if paper not in by_paper and not taken.get(paper.key)
        ),
        told_placed=sum(row.paper is not None for row in told),
        told_unplaced=sum(row.paper is None for row in told),
        is_newest=newest is not None and newest.pk == run.pk,
        is_current=run.published_at is not None or inputs_of(round_).hash() == run.input_hash,
    )


def _run_meetings(
    by_paper: Mapping[Paper, list[Row]], inputs: Mapping[str, Any]
) -> tuple[RunMeeting, ...]:
    """Group placements by meeting; the time used counts what published talks used already."""
    before = {meeting["key"]: meeting["used_minutes"] for meeting in inputs["meetings"]}
    taken = {paper["key"]: paper["taken"] for paper in inputs["papers"]}
    grouped: dict[Meeting, list[Paper]] = {}
    for paper in sorted(by_paper, key=lambda paper: (paper.position, paper.pk)):
        if paper.meeting is not None:
            grouped.setdefault(paper.meeting, []).append(paper)
    return tuple(
        RunMeeting(
            meeting,
            tuple((paper, tuple(by_paper[paper])) for paper in papers),
            meeting.minutes,
            before[meeting.key]
            + sum(
                meeting.talk_minutes + meeting.changeover_minutes
                for paper in papers
                if not taken[paper.key]
            ),
        )
        for meeting, papers in sorted(grouped.items(), key=lambda item: item[0].starts_at)
    )


def board(round_: PreferenceRound) -> Board:
    """Return what staff see of a round before and after a run. Four queries at any size.

    Demand counts submitted lists only; it is for staff. Source: PRODUCT 3.3.3.
    """
    papers = papers_of_round(round_)
    wanted = PreferenceChoice.objects.filter(list__round=round_, list__number__isnull=False)
    listed: Counter[int] = Counter()
    first: Counter[int] = Counter()
    for paper_id, position in wanted.values_list("paper_id", "position"):
        listed[paper_id] += 1
        first[paper_id] += position == 1
    numbered = list(round_.lists.values_list("number", flat=True))
    submitted = sum(number is not None for number in numbered)
    return Board(
        students=Membership.objects.active().students().filter(course=round_.course_id).count(),
        submitted=submitted,
        prepared=len(numbered) - submitted,
        demand=tuple(Demand(paper, listed[paper.pk], first[paper.pk]) for paper in papers),
        crowded=_crowded(papers),
    )


def _crowded(papers: list[Paper]) -> tuple[Crowd, ...]:
    offered = Counter(paper.meeting for paper in papers if paper.meeting)
    crowds = (
        Crowd(
            meeting,
            count,
            rules.talks_that_fit(
                meeting.minutes, rules.TalkTime(meeting.talk_minutes, meeting.changeover_minutes)
            ),
        )
        for meeting, count in offered.items()
    )
    return tuple(crowd for crowd in crowds if crowd.offered > crowd.fit)
