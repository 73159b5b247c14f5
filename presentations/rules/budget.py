"""Whether the talks on offer fit into their meetings, told before anybody is placed. Pure.

Source: PRODUCT 3.3.4.
"""

from __future__ import annotations

from dataclasses import dataclass

from presentations.rules.inputs import AllocationInputs, PaperFact


@dataclass(frozen=True)
class Budget:
    """The talk time of one meeting if everything on offer were presented in it.

    ``talks`` are those on offer that have no slot yet, each taking ``each`` minutes with its
    changeover; ``used_minutes`` belong to talks that stand already. ``places`` are the people who
    can still be placed here: those on talks that stand, and on as many new ones as fit, the papers
    for most people first.
    """

    meeting: str
    talks: int
    each: int
    minutes: int
    used_minutes: int
    places: int

    @property
    def needed(self) -> int:
        """Minutes that all talks on offer take, without those that stand."""
        return self.talks * self.each

    @property
    def free(self) -> int:
        """Minutes that new talks can use."""
        return max(self.minutes - self.used_minutes, 0)

    @property
    def fit(self) -> int:
        """How many of the talks on offer fit."""
        return min(self.talks, self.free // self.each) if self.each else 0

    @property
    def is_short(self) -> bool:
        """Tell whether not all talks on offer fit."""
        return self.fit < self.talks


def budgets(inputs: AllocationInputs) -> tuple[Budget, ...]:
    """Return the talk time of each meeting, by key; all talks of a meeting are of one length."""
    return tuple(
        _budget(inputs, meeting.key, meeting.minutes, meeting.used_minutes)
        for meeting in sorted(inputs.meetings, key=lambda meeting: meeting.key)
    )


def _budget(inputs: AllocationInputs, key: str, minutes: int, used: int) -> Budget:
    papers = [paper for paper in inputs.papers if paper.meeting == key]
    new = [paper for paper in papers if not paper.taken and not paper.has_slot]
    each = max((paper.minutes for paper in new), default=0)
    found = Budget(key, len(new), each, minutes, used, 0)
    standing = [_free(paper) for paper in papers if paper not in new]
    largest = sorted((_free(paper) for paper in new), reverse=True)[: found.fit]
    return Budget(key, len(new), each, minutes, used, sum(standing) + sum(largest))


def _free(paper: PaperFact) -> int:
    return max(paper.capacity - paper.taken, 0)


def students_asking(inputs: AllocationInputs) -> int:
    """Return how many students this round could place: all who do not present in class already."""
    everybody = {
        *(ranked.student for ranked in inputs.lists),
        *inputs.non_respondents,
        *(pin.student for pin in inputs.pins),
    }
    return len(everybody - set(inputs.holding))
