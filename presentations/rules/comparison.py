"""What a rank-optimal assignment would have given. For information; never applied. Pure.

As many people as possible get a paper of their list, and among those assignments the sum of the
choice ranks is smallest. The same capacities, talk times, pins and wishes hold. Among the best,
the one that differs least from the run is taken. It is not strategy-proof: who ranks only popular
papers gains by it, which is why the queue decides and this does not.
Source: HiGHS, a branch-and-cut solver for mixed-integer programs (highs.dev).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import highspy

from presentations.rules.inputs import AllocationInputs, ImpossibleInputs, input_problems

SECONDS = 5.0
"""How long the solver may look before the comparison is given up."""


@dataclass(frozen=True)
class RankOptimal:
    """Who would get which choice: the code of each student with a list, and paper and rank."""

    choices: Mapping[str, tuple[str, int]]

    @property
    def total(self) -> int:
        """The sum of the ranks."""
        return sum(rank for _, rank in self.choices.values())


def rank_optimal(inputs: AllocationInputs, given: Mapping[str, str]) -> RankOptimal | None:
    """Return the rank-optimal assignment of those with a list; None if none was found in time.

    ``given`` is what the run gave, by student. Pins stay; nobody is filled. Raises ImpossibleInputs
    as ``allocate`` does.
    """
    problems = input_problems(inputs)
    if problems:
        raise ImpossibleInputs(problems)
    return _Model(inputs.normal(), given).solve()


class _Model:
    """One yes-or-no variable per student and possible paper, and one per talk that is held."""

    def __init__(self, inputs: AllocationInputs, given: Mapping[str, str]) -> None:
        self.inputs, self.given = inputs, given
        self.papers = {paper.key: paper for paper in inputs.papers}
        self.pinned = {pin.student: pin.paper for pin in inputs.pins}
        self.solver = highspy.Highs()  # type: ignore[no-untyped-call]
        self.solver.silent()
        for option, value in (("threads", 1), ("time_limit", SECONDS), ("mip_rel_gap", 0.0)):
            self.solver.setOptionValue(option, value)
        self.people = [
            ranked
            for ranked in inputs.lists
            if ranked.student not in inputs.holding and ranked.student not in self.pinned
        ]
        self.takes = self._choices()
        self.held = {key: self.solver.addBinary() for key in self.papers}
        self._constrain()

    def _choices(self) -> dict[tuple[str, str], tuple[highspy.highs_var, int]]:
        """Return a variable for each paper a student listed and could present, with its rank."""
        away = {entry.student: entry.meetings for entry in self.inputs.unavailable}
        refused = {entry.student: entry.papers for entry in self.inputs.unwanted}
        return {
            (ranked.student, key): (self.solver.addBinary(), rank)
            for ranked in self.people
            for rank, key in enumerate(ranked.papers, start=1)
            if key in self.papers
            and self.papers[key].meeting not in away.get(ranked.student, ())
            and key not in refused.get(ranked.student, ())
        }

    def _constrain(self) -> None:
        for ranked in self.people:
            mine = [var for (who, _), (var, _) in self.takes.items() if who == ranked.student]
            if mine:
                self.solver.addConstr(self.solver.qsum(mine) <= 1)
        pins = list(self.pinned.values())
        for key, paper in self.papers.items():
            asked = [var for (_, what), (var, _) in self.takes.items() if what == key]
            free = max(paper.capacity - paper.taken - pins.count(key), 0)
            if asked:
                self.solver.addConstr(self.solver.qsum(asked) <= free * self.held[key])
        for meeting in self.inputs.meetings:
            new = [
                paper.minutes * self.held[key]
                for key, paper in self.papers.items()
                if paper.meeting == meeting.key and not self._stands(key)
            ]
            used = meeting.used_minutes + sum(
                paper.minutes
                for key, paper in self.papers.items()
                if paper.meeting == meeting.key
                and key in pins
                and not self._stands(key, pins=False)
            )
            if new:
                room = max(meeting.minutes - used, 0)
                self.solver.addConstr(self.solver.qsum(new) <= room)

    def _stands(self, key: str, *, pins: bool = True) -> bool:
        paper = self.papers[key]
        return bool(paper.taken or paper.has_slot or (pins and key in self.pinned.values()))

    def solve(self) -> RankOptimal | None:
        """Minimise: who gets nothing, then the ranks, then the differences to the run."""
        people = len(self.people) + 1
        longest = max((rank for _, rank in self.takes.values()), default=1)
        placed = people * (longest + 1) * people  # more than all ranks and differences together
        gain = [
            (rank * people + (self.given.get(who) != key) - placed) * var
            for (who, key), (var, rank) in self.takes.items()
        ]
        found = dict(self._pins())
        if gain:
            self.solver.minimize(self.solver.qsum(gain))
            if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                return None
            values = self.solver.getSolution().col_value
            found |= {
                who: (key, rank)
                for (who, key), (var, rank) in self.takes.items()
                if values[var.index] > 0.5
            }
        return RankOptimal(found)

    def _pins(self) -> dict[str, tuple[str, int]]:
        lists = {ranked.student: ranked.papers for ranked in self.inputs.lists}
        return {
            student: (key, lists[student].index(key) + 1)
            for student, key in self.pinned.items()
            if key in lists.get(student, ())
        }
