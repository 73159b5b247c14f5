"""Reads about allocations: working one out, what staff see of it, whom it is told to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.utils.translation import ngettext

from courses.models import Meeting, Membership, Paper
from presentations import rules
from presentations.models import Allocation, PreferenceChoice, PreferenceRound
from presentations.queries.explanations import sentences, trace_of, unplaced_words
from presentations.queries.rounds import inputs_of, papers_of_round
from seminar.lib.canonical import canonical_bytes, canonical_hash


@dataclass(frozen=True)
class Row:
    """One student in an outcome, with the objects a page shows. ``paper`` None: unplaced.

    ``titles`` names the papers of the round by key.
    """

    membership: Membership
    number: int | None
    paper: Paper | None
    choice: int | None
    reason: str
    trace: Mapping[str, Any]
    titles: Mapping[str, str]

    @property
    def reasons(self) -> tuple[str, ...]:
        """What this student reads about how it came about."""
        return sentences(trace_of(self.trace), self.titles)

    @property
    def words(self) -> str:
        """Why this student got no paper, for staff; only for rows without one."""
        return unplaced_words(self.reason)


@dataclass(frozen=True)
class Demand:
    """How often a paper was ranked at all, first, and in each place."""

    paper: Paper
    listed: int
    first: int
    ranks: Mapping[int, int]


@dataclass(frozen=True)
class MeetingBudget:
    """A meeting with the talk time that everything on offer in it would take."""

    meeting: Meeting
    time: rules.Budget

    @property
    def words(self) -> str:
        """Why not everything fits, with the sum; only for meetings that are short."""
        time = self.time
        facts = {
            "meeting": self.meeting,
            "talks": time.talks,
            "each": time.each,
            "fit": time.fit,
            "needed": time.needed,
            "minutes": time.minutes,
            "used": time.used_minutes,
            "free": time.free,
            "sum": f"{time.talks} \N{MULTIPLICATION SIGN} {time.each} = {time.needed}",
        }
        if time.used_minutes:
            words = ngettext(
                "%(meeting)s: %(talks)s talk does not fit into the %(free)s minutes left of "
                "%(minutes)s: %(sum)s. %(fit)s can be given.",
                "%(meeting)s: %(talks)s talks do not fit into the %(free)s minutes left of "
                "%(minutes)s: %(sum)s. %(fit)s can be given.",
                time.talks,
            )
        else:
            words = ngettext(
                "%(meeting)s: %(talks)s talk does not fit into %(minutes)s minutes: "
                "%(sum)s. %(fit)s can be given.",
                "%(meeting)s: %(talks)s talks do not fit into %(minutes)s minutes: "
                "%(sum)s. %(fit)s can be given.",
                time.talks,
            )
        return words % facts


@dataclass(frozen=True)
class Room:
    """Whether a round's meetings have time for its papers and places for its students.

    ``places`` can still be given, ``students`` are those who do not present in class yet.
    """

    meetings: tuple[MeetingBudget, ...]
    places: int
    students: int

    @property
    def short(self) -> tuple[MeetingBudget, ...]:
        """The meetings in which not everything on offer fits."""
        return tuple(meeting for meeting in self.meetings if meeting.time.is_short)

    @property
    def missing(self) -> int:
        """How many students get no place however they rank."""
        return max(self.students - self.places, 0)


@dataclass(frozen=True)
class Board:
    """What staff see of a round: how many answered, what is wanted, where time is short.

    ``listed`` are the codes of those with a list, submitted or only prepared.
    """

    students: int
    submitted: int
    prepared: int
    demand: tuple[Demand, ...]
    room: Room
    listed: frozenset[str]


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
    room: Room
    rows: tuple[Row, ...]

    @property
    def told(self) -> int:
        """How many people get a mail when it is published."""
        return self.told_placed + self.told_unplaced


def compute_outcome(round_: PreferenceRound) -> tuple[rules.AllocationInputs, rules.Allocation]:
    """Work out the allocation of a round from what stands in the database. Five queries.

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
    titles = {paper.key: paper.title for paper in papers.values()}
    traces = {trace["student"]: trace for trace in outcome["traces"]}
    return [
        Row(
            membership=people[entry["student"]],
            number=entry["number"],
            paper=papers.get(entry.get("paper", "")),
            choice=entry.get("choice"),
            reason=entry["reason"],
            trace=traces[entry["student"]],
            titles=titles,
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
        room=room_of(offered, rules.AllocationInputs.from_json(canonical_bytes(run.inputs))),
        rows=tuple(rows),
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
    """Return what staff see of a round before and after a run. Seven queries at any size.

    Demand counts submitted lists only; it is for staff. Source: PRODUCT 3.3.3.
    """
    papers, inputs = papers_of_round(round_), inputs_of(round_)
    wanted = PreferenceChoice.objects.filter(list__round=round_, list__number__isnull=False)
    ranks: dict[int, Counter[int]] = {paper.pk: Counter() for paper in papers}
    for paper_id, position in wanted.values_list("paper_id", "position"):
        ranks.setdefault(paper_id, Counter())[position] += 1
    lists = dict(round_.lists.values_list("membership__code", "number"))
    submitted = sum(number is not None for number in lists.values())
    return Board(
        students=len(inputs.lists) + len(inputs.non_respondents),
        submitted=submitted,
        prepared=len(lists) - submitted,
        demand=tuple(
            Demand(paper, ranks[paper.pk].total(), ranks[paper.pk][1], ranks[paper.pk])
            for paper in papers
        ),
        room=room_of(papers, inputs),
        listed=frozenset(lists),
    )


def room_of(papers: Sequence[Paper], inputs: rules.AllocationInputs) -> Room:
    """Return whether everything on offer fits, by the date of the meetings. No query.

    ``papers`` are ``papers_of_round``, ``inputs`` what an allocation reads: of now, or of a run.
    """
    meetings = {paper.meeting.key: paper.meeting for paper in papers if paper.meeting}
    found = [
        MeetingBudget(meetings[time.meeting], time)
        for time in rules.budgets(inputs)
        if time.meeting in meetings
    ]
    return Room(
        meetings=tuple(sorted(found, key=lambda each: (each.meeting.starts_at, each.meeting.pk))),
        places=sum(each.time.places for each in found),
        students=rules.students_asking(inputs),
    )


@dataclass(frozen=True)
class Replayed:
    """What computing a stored run again came to. ``recomputed`` is None where it could not be."""

    input_hash: str
    stored: str
    recomputed: str | None

    @property
    def same(self) -> bool:
        """Tell whether the same bytes came out."""
        return self.stored == self.recomputed


def replay(run: Allocation) -> Replayed:
    """Allocate a run's stored inputs again and compare the bytes by their SHA-256. No query.

    Not the same either where the inputs do not have the hash they were stored with.
    """
    stored = sha256(canonical_bytes(run.outcome)).hexdigest()
    try:
        recomputed: str | None = sha256(replay_bytes(run)).hexdigest()
    except (KeyError, TypeError, ValueError, AssertionError):
        recomputed = None  # inputs that nothing can be made of
    if canonical_hash(run.inputs) != run.input_hash:
        recomputed = None
    return Replayed(run.input_hash, stored, recomputed)


def run_log(run: Allocation) -> dict[str, Any]:
    """Return a run with all it rests on, as plain data for whoever checks it. Three queries.

    Students by the code of their membership: inputs, outcome and trace, the queue's events, every
    pin with its reason. For staff.
    """
    pins = run.round.pins.select_related("membership", "paper")
    return {
        "round": run.round.key,
        "run": run.run,
        "code": run.code,
        "run_at": run.run_at.isoformat(),
        "published_at": run.published_at.isoformat() if run.published_at else None,
        "rule_version": run.rule_version,
        "input_hash": run.input_hash,
        "outcome_hash": sha256(canonical_bytes(run.outcome)).hexdigest(),
        "inputs": run.inputs,
        "outcome": run.outcome,
        "queue": [
            {
                "seq": event.seq,
                "kind": event.kind,
                "number": event.number,
                "student": event.membership.code,
                "papers": event.papers,
                "wishes": event.wishes,
                "imported": event.imported,
                "at": event.at.isoformat(),
            }
            for event in run.round.events.select_related("membership")
        ],
        "pins": [
            {
                "student": pin.membership.code,
                "paper": pin.paper.key,
                "reason": pin.reason,
                "set_at": pin.set_at.isoformat(),
                "lifted_at": pin.lifted_at.isoformat() if pin.lifted_at else None,
                "lifted_reason": pin.lifted_reason,
            }
            for pin in pins
        ],
    }
