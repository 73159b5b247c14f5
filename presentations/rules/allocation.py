"""First come, first served: who presents what. Pure; no clock, no randomness.

Pins go first. Then, by rising queue number, each student gets the highest-ranked paper with a free
place that breaks no hard constraint. Nobody gets an unlisted paper unless the round fills: then
respondents by number, then the others by enrolment, and never a paper somebody said they do not
want. Because a later number can never take away
what an earlier one was given, an honest list is always a student's best list.
Source: PRODUCT 3.3.4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from presentations.rules.inputs import (
    RULE_VERSION,
    AllocationInputs,
    ImpossibleInputs,
    PaperFact,
    input_problems,
)
from seminar.lib.canonical import canonical_bytes


@dataclass(frozen=True)
class Placement:
    """One student's paper.

    ``choice`` is the paper's place on the student's list from 1, or None if it is not on it.
    ``reason``: ``pinned first_choice choice filled filled_no_list``.
    """

    student: str
    number: int | None
    paper: str
    meeting: str
    choice: int | None
    reason: str


@dataclass(frozen=True)
class Unplaced:
    """One student without a paper.

    ``reason``: ``already_presents``; for a list ``all_full all_unavailable meetings_full
    none_possible`` (a mixture); ``no_list``; ``no_place_left`` after filling.
    """

    student: str
    number: int | None
    reason: str


@dataclass(frozen=True)
class Step:
    """One paper looked at for one student.

    ``outcome``: ``placed pinned filled not_offered unavailable unwanted full meeting_full``.
    ``taken`` is how many present the paper at that moment; ``minutes_left`` the talk time left in
    its meeting.
    """

    paper: str
    choice: int | None
    outcome: str
    taken: int
    minutes_left: int


@dataclass(frozen=True)
class Trace:
    """Every step for one student, in order, and how it ended (a reason of the outcome)."""

    student: str
    number: int | None
    steps: tuple[Step, ...]
    end: str


@dataclass(frozen=True)
class Allocation:
    """The outcome: pins first, then in the order of service."""

    input_hash: str
    placements: tuple[Placement, ...]
    unplaced: tuple[Unplaced, ...]
    traces: tuple[Trace, ...]
    rule_version: int = RULE_VERSION

    def to_json(self) -> bytes:
        """Return the one spelling of this outcome; equal inputs give equal bytes."""
        return canonical_bytes(self.data())

    def data(self) -> dict[str, Any]:
        """Return this outcome as plain JSON data."""
        return asdict(self)


@dataclass(frozen=True)
class Provisional:
    """One student's outcome if the round closed now: a placement, or why there is none."""

    number: int
    placement: Placement | None
    unplaced: Unplaced | None
    trace: Trace


def allocate(inputs: AllocationInputs) -> Allocation:
    """Allocate the round.

    Raises ImpossibleInputs with every problem where keys contradict each other or pins alone break
    a capacity or a meeting's talk time.
    """
    problems = input_problems(inputs)
    if problems:
        raise ImpossibleInputs(problems)
    run = _Run(inputs.normal())
    run.serve()
    return Allocation(
        inputs.hash(),
        tuple(run.placements),
        tuple(run.unplaced),
        tuple(run.traces.values()),
        inputs.rule_version,
    )


def replay(inputs_json: bytes | str) -> bytes:
    """Allocate stored inputs again and return the outcome's bytes.

    Raises what ``AllocationInputs.from_json`` and ``allocate`` raise.
    """
    return allocate(AllocationInputs.from_json(inputs_json)).to_json()


def provisional(inputs: AllocationInputs, student: str) -> Provisional | None:
    """Return one student's outcome if the round closed now; None without a submitted list."""
    number = next((r.number for r in inputs.lists if r.student == student), None)
    if number is None:
        return None
    outcome = allocate(inputs)
    return Provisional(
        number,
        next((p for p in outcome.placements if p.student == student), None),
        next((u for u in outcome.unplaced if u.student == student), None),
        next(t for t in outcome.traces if t.student == student),
    )


@dataclass
class _Run:
    """The state of one allocation while it is worked out."""

    inputs: AllocationInputs
    placements: list[Placement] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)
    traces: dict[str, Trace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.placed: dict[str, str] = {}
        self.papers = {paper.key: paper for paper in self.inputs.papers}
        self.taken = Counter({paper.key: paper.taken for paper in self.inputs.papers})
        self.left = {m.key: m.minutes - m.used_minutes for m in self.inputs.meetings}
        self.away = {entry.student: entry.meetings for entry in self.inputs.unavailable}
        self.unwanted = {entry.student: entry.papers for entry in self.inputs.unwanted}
        self.lists = {ranked.student: ranked for ranked in self.inputs.lists}
        self.standing = {paper.key for paper in self.inputs.papers if paper.has_slot}

    def serve(self) -> None:
        """Serve everybody in the order of the rule."""
        for pin in self.inputs.pins:
            self.consider(pin.student, [pin.paper], "pinned")
        front = set(self.inputs.front)
        waiting: list[str] = []
        for ranked in sorted(self.inputs.lists, key=lambda r: (r.student not in front, r.number)):
            if self._may_be_placed(ranked.student):
                self.consider(ranked.student, ranked.papers, "placed")
                if ranked.student not in self.placed:
                    waiting.append(ranked.student)
        waiting += filter(self._may_be_placed, self.inputs.non_respondents)
        for student in waiting:
            if self.inputs.fill:
                self.consider(student, self._by_need(student), "filled")
            self._finish(student)

    def consider(self, student: str, papers: Iterable[str], outcome: str) -> None:
        """Look at papers in order and give the student the first that is possible."""
        steps = []
        for key in papers:
            refusal = None if outcome == "pinned" else self._refusal(student, key)
            steps.append(self._step(student, key, refusal or outcome))
            if refusal is None:
                self._place(student, self.papers[key], outcome)
                break
        self._record(student, tuple(steps), self.placed.get(student, ""))

    def _may_be_placed(self, student: str) -> bool:
        if student in self.placed:
            return False
        if student in self.inputs.holding:
            self._record(student, (), "already_presents")
            self.unplaced.append(Unplaced(student, self._number(student), "already_presents"))
            return False
        return True

    def _refusal(self, student: str, key: str) -> str | None:
        paper = self.papers.get(key)
        if paper is None:
            return "not_offered"
        if paper.meeting in self.away.get(student, ()):
            return "unavailable"
        if key in self.unwanted.get(student, ()):
            return "unwanted"
        if self.taken[key] >= paper.capacity:
            return "full"
        if self._is_new(key) and paper.minutes > self.left[paper.meeting]:
            return "meeting_full"
        return None

    def _is_new(self, key: str) -> bool:
        """Tell whether giving this paper makes a talk that was not there."""
        return not self.taken[key] and key not in self.standing

    def _place(self, student: str, paper: PaperFact, outcome: str) -> None:
        if self._is_new(paper.key):
            self.left[paper.meeting] -= paper.minutes
        self.taken[paper.key] += 1
        choice = self._choice(student, paper.key)
        if outcome == "placed":
            reason = "first_choice" if choice == 1 else "choice"
        elif outcome == "filled" and student not in self.lists:
            reason = "filled_no_list"
        else:
            reason = outcome
        self.placed[student] = reason
        number = self._number(student)
        self.placements.append(Placement(student, number, paper.key, paper.meeting, choice, reason))

    def _finish(self, student: str) -> None:
        if student in self.placed:
            return
        trace = self.traces.get(student)
        reason = "no_place_left" if self.inputs.fill else _list_reason(trace)
        self._record(student, (), reason)
        self.unplaced.append(Unplaced(student, self._number(student), reason))

    def _by_need(self, student: str) -> list[str]:
        """Return the papers the student did not list, those with fewest presenters first."""
        listed = self.lists[student].papers if student in self.lists else ()
        unlisted = (key for key in self.papers if key not in listed)
        return sorted(unlisted, key=lambda key: (self.taken[key], key))

    def _step(self, student: str, key: str, outcome: str) -> Step:
        paper = self.papers.get(key)
        left = self.left[paper.meeting] if paper else 0
        return Step(key, self._choice(student, key), outcome, self.taken[key], left)

    def _record(self, student: str, steps: tuple[Step, ...], end: str) -> None:
        before = self.traces[student].steps if student in self.traces else ()
        self.traces[student] = Trace(student, self._number(student), before + steps, end)

    def _number(self, student: str) -> int | None:
        return self.lists[student].number if student in self.lists else None

    def _choice(self, student: str, key: str) -> int | None:
        listed = self.lists[student].papers if student in self.lists else ()
        return listed.index(key) + 1 if key in listed else None


def _list_reason(trace: Trace | None) -> str:
    if trace is None:
        return "no_list"
    outcomes = {step.outcome for step in trace.steps}
    alone = {
        "full": "all_full",
        "unavailable": "all_unavailable",
        "meeting_full": "meetings_full",
    }
    return alone.get(outcomes.pop(), "none_possible") if len(outcomes) == 1 else "none_possible"
