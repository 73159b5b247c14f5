"""The tables of pages: one student's items, the gradebook."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from courses.models import Course, Membership
from grading import rules
from grading.models import GradeEntry, GradeItem, RubricRow
from grading.queries.rows import ItemRow
from grading.queries.standings import (
    COMPUTED,
    Facts,
    Judged,
    days_late,
    deadline_of,
    facts_of,
    guard_of,
    marks_of,
    student_standing,
)
from grading.rules import ItemState
from seminar.lib.numbers import plain

VERDICT_STATUS = {
    rules.Verdict.SECURED: "passed",
    rules.Verdict.OPEN: "open",
    rules.Verdict.UNREACHABLE: "not_passed",
}
SCORED = {ItemState.GRADED, ItemState.OVERRIDDEN}


class Cell(NamedTuple):
    """One item of one student, as far as the reader may know it."""

    item: ItemRow
    state: ItemState
    status: str
    value: rules.ItemValue
    points: Fraction | None
    raw: rules.Folded | None
    late_days: int
    due: datetime | None
    present: int
    taken: int

    @property
    def share(self) -> Fraction | None:
        """What is known of it, as a share of its maximum."""
        return self.value.decided

    @property
    def so_far(self) -> Fraction | None:
        """The points of class participation that the reader may count on; None for other items."""
        if self.item.kind != GradeItem.Kind.PARTICIPATION or not self.value.low:
            return None
        return self.value.low * Fraction(self.item.max_points)


class Group(NamedTuple):
    """A component with its cells, and what they come to."""

    component: rules.Component
    part: rules.Part
    at_least: Fraction | None
    guard: Fraction | None
    cells: list[Cell]
    depth: int


def groups_of(facts: Facts, judged: Judged, *, at: datetime, staff: bool) -> list[Group]:
    """Return a student's components, parents first, each with its own items. No query."""
    marks = {clause.component: Fraction(clause.at_least) for clause in facts.clauses}
    rows = {item.key: item for item in facts.rows.items.values()}
    tops = {component.key for component in facts.scheme.components}
    return [
        Group(
            component=component,
            part=judged.standing.part(component.key),
            at_least=marks.get(component.key),
            guard=guard_of(facts.clauses, component.key),
            cells=[
                cell_of(facts, judged, rows[item.key], at=at, staff=staff)
                for item in component.items
            ],
            depth=0 if component.key in tops else 1,
        )
        for component in facts.scheme.walk()
    ]


def cell_of(facts: Facts, judged: Judged, item: ItemRow, *, at: datetime, staff: bool) -> Cell:
    """Return one cell. What a student may not know is not in it. No query."""
    value = judged.values[item.key]
    fact = judged.facts[item.key]
    known = value.state in SCORED and value.decided is not None
    attendance = item.kind == GradeItem.Kind.ATTENDANCE
    marks = list(marks_of(facts, judged.member).values()) if attendance else []
    missed = {rules.Mark.NOT_TAKEN, rules.Mark.CANCELLED, rules.Mark.EXCUSED}
    work = item.kind == GradeItem.Kind.ASSIGNMENT
    return Cell(
        item=item,
        state=value.state,
        status=status_of(item, value.state, fact, at=at, staff=staff),
        value=value,
        points=value.decided * Fraction(item.max_points)
        if known and value.decided is not None
        else None,
        raw=fact.folded if staff or fact.released else None,
        late_days=days_late(facts, item, judged.member) if work else 0,
        due=deadline_of(facts, item, judged.member) if work else None,
        present=sum(
            mark in {rules.Mark.IN_ROOM, rules.Mark.ONLINE, rules.Mark.LATE} for mark in marks
        ),
        taken=sum(mark not in missed for mark in marks),
    )


def status_of(
    item: ItemRow, state: ItemState, fact: rules.ItemFacts, *, at: datetime, staff: bool
) -> str:
    """Return the code of the status word.

    Work that can still be replaced is "submitted"; what is computed meeting by meeting is "open"
    until the last one.
    """
    if state is ItemState.NOT_DUE and item.kind in COMPUTED:
        return "open"
    waits = state in {ItemState.AWAITING, ItemState.UNRELEASED}
    if waits and fact.due is not None and at < fact.due and not fact.talk:
        return "submitted"
    if waits:
        return "being_graded"
    if state is ItemState.GRADED:
        if fact.released:
            return "released"
        return "graded_not_released" if staff and fact.folded.seq else "graded"
    return state.value


class Line(NamedTuple):
    """One row of the gradebook."""

    member: Membership
    cells: list[Cell]
    parts: list[rules.Part]
    judged: Judged
    guards: dict[str | None, Fraction | None]

    @property
    def parts_with_marks(self) -> list[tuple[rules.Part, Fraction | None]]:
        """Each top component with its pass mark, which its display never crosses."""
        return [(part, self.guards[part.key]) for part in self.parts]

    @property
    def total_mark(self) -> Fraction | None:
        """What the display of the total must not cross."""
        return self.guards[None]

    @property
    def status(self) -> str:
        """The status code of the verdict."""
        return VERDICT_STATUS[self.judged.outcome.verdict]


def gradebook_of(facts: Facts, judged: Sequence[Judged], *, at: datetime) -> list[Line]:
    """Return all students with all items and top components, by all facts. No query."""
    tops = [component.key for component in facts.scheme.components]
    items = list(facts.rows.items.values())
    guards = {key: guard_of(facts.clauses, key) for key in (*tops, None)}
    return [
        Line(
            member=student.member,
            cells=[cell_of(facts, student, item, at=at, staff=True) for item in items],
            parts=[student.standing.part(key) for key in tops],
            judged=student,
            guards=guards,
        )
        for student in judged
    ]


class Feedback(NamedTuple):
    """What a student reads about one item: nothing of it before the release."""

    cell: Cell
    entry: GradeEntry | None
    picks: list[tuple[str, str, str, str]]

    @property
    def has_words(self) -> bool:
        """Whether any picked level says what it stands for."""
        return any(text for *_, text in self.picks)


def feedback_of(course: Course, member: Membership, key: str, *, at: datetime) -> Feedback | None:
    """Return the feedback on an assignment, or on another item by its own key; None if unknown.

    ``entry`` and ``picks`` (row, points, maximum, level) are there only after the release, and only
    while what they are about holds: a cleared grade takes its comment and its picks along.
    """
    facts = facts_of(course, only=member)
    items = facts.rows.items.values()
    item = next((i for i in items if i.assignment and i.assignment_key == key), None) or next(
        (i for i in items if not i.assignment and i.key == key), None
    )
    if item is None:
        return None
    judged = student_standing(facts, member, at=at)
    cell = cell_of(facts, judged, item, at=at, staff=False)
    if not judged.facts[item.key].released:
        return Feedback(cell, None, [])
    folded = judged.facts[item.key].folded
    if folded.score is None and folded.override is None and not folded.excused:
        return Feedback(cell, None, [])
    lines = list(GradeEntry.objects.filter(item=item.id, membership=member).order_by("-seq"))
    scored = next((line for line in lines if line.kind == GradeEntry.Kind.SCORE), None)
    stands = scored if folded.score is not None else None
    picks = picks_of(item.id, stands.rubric) if stands and stands.rubric else []
    return Feedback(cell, lines[0], picks)


def picks_of(item: int, rubric: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """Return the rubric as it was filled in: row, points, maximum, words of the level. One query."""
    joined = RubricRow.objects.filter(item=item).order_by("position", "id")
    picks: dict[str, tuple[str, str, str, str]] = {}
    for key, title, most, points, text in joined.values_list(
        "key", "title", "max_points", "levels__points", "levels__text"
    ):
        if key not in rubric:
            continue
        chosen = points is not None and plain(points) == rubric[key]
        if chosen or key not in picks:
            picks[key] = (title, rubric[key], plain(most), text if chosen else "")
    return list(picks.values())
