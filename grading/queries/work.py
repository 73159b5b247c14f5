"""What waits for graders, who can be released, and the pages of one item."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from assignments.models import Submission
from assignments.rules import GRACE
from courses.models import Course, Meeting, Membership
from grading import rules
from grading.models import GradeEntry, GradeItem, RubricRow
from grading.queries.rows import ItemRow
from grading.queries.standings import (
    COMPUTED,
    Facts,
    Judged,
    deadline_of,
    facts_of,
    staff_standings,
)
from grading.rules import ItemState
from presentations.models import Presenter
from seminar.lib.numbers import plain

DECIDED = {ItemState.GRADED, ItemState.OVERRIDDEN, ItemState.EXCUSED}


class Waiting(NamedTuple):
    """One student at one item, for a grader."""

    member: Membership
    state: ItemState
    released: bool
    score: rules.Folded
    due: datetime | None
    ready: bool

    @property
    def status(self) -> str:
        """The status word: a grade nobody sees yet says so."""
        if self.state in {ItemState.GRADED, ItemState.OVERRIDDEN}:
            if self.released:
                return "released"
            return "graded_not_released"
        if self.state is ItemState.AWAITING:
            return "being_graded" if self.ready else "submitted"
        return self.state.value


class QueueRow(NamedTuple):
    """One item with how much of it is done."""

    item: ItemRow
    waiting: int
    graded: int
    released: int
    open: int
    students: int


def item_by_key(course: Course, key: str) -> GradeItem | None:
    """Return an item of the course with its assignment, or None. One query."""
    found = GradeItem.objects.filter(course=course, key=key).select_related("assignment").first()
    if found is not None:
        found.course = course
    return found


def student_by_code(course: Course, code: str) -> Membership | None:
    """Return a student of the course by public code, or None. One query."""
    found = Membership.objects.filter(course=course, code=code).students().active()
    member = found.select_related("user").first()
    if member is not None:
        member.course = course
    return member


def meeting_by_key(course: Course, key: str) -> Meeting | None:
    """Return a meeting of the course by key, or None. One query."""
    meeting = Meeting.objects.filter(course=course, key=key).first()
    if meeting is not None:
        meeting.course = course
    return meeting


def waiting_of(
    facts: Facts, judged: Sequence[Judged], item: ItemRow, *, at: datetime
) -> list[Waiting]:
    """Return every student's state at one item. No query."""
    rows = []
    for student in judged:
        fact = student.facts[item.key]
        state = student.states[item.key]
        due = due_of(facts, item, student.member)
        ready = state is ItemState.AWAITING and (due is None or at >= due)
        rows.append(Waiting(student.member, state, fact.released, fact.folded, due, ready))
    return rows


def due_of(facts: Facts, item: ItemRow, member: Membership) -> datetime | None:
    """Return from when on work can be graded: it cannot change any more. None for a talk held."""
    if item.kind != GradeItem.Kind.ASSIGNMENT:
        return None
    return deadline_of(facts, item, member) + GRACE


def queue_of(course: Course, *, at: datetime) -> list[QueueRow]:
    """Return the items that are scored by people, with counts. Seven queries at any size."""
    facts = facts_of(course)
    return queue_in(facts, staff_standings(facts, at=at), at=at)


def queue_in(facts: Facts, judged: Sequence[Judged], *, at: datetime) -> list[QueueRow]:
    """Return the same from facts that are already read. No query."""
    return [
        queue_row(item, waiting_of(facts, judged, item, at=at))
        for item in facts.rows.items.values()
        if item.kind not in COMPUTED
    ]


def queue_row(item: ItemRow, rows: Sequence[Waiting]) -> QueueRow:
    """Count one item's students."""
    decided = [row for row in rows if row.state in DECIDED]
    return QueueRow(
        item=item,
        waiting=sum(row.ready for row in rows),
        graded=len(decided),
        released=sum(row.released for row in decided),
        open=sum(row.state is ItemState.NOT_DUE for row in rows),
        students=len(rows),
    )


def next_waiting(course: Course, *, at: datetime, item_key: str = "") -> tuple[str, str] | None:
    """Return (item key, membership code) of what should be graded next, or None.

    Oldest deadline first; inside one item in an order that looks random, so that nobody always
    comes first, and is the same for every grader and at every call.
    """
    facts = facts_of(course)
    judged = staff_standings(facts, at=at)
    ready = [
        (row.due or facts.last_talks.get(item.talk_kind) or at, item.key, row.member.code)
        for item in facts.rows.items.values()
        if item.kind not in COMPUTED and item_key in {"", item.key}
        for row in waiting_of(facts, judged, item, at=at)
        if row.ready
    ]
    if not ready:
        return None
    _, key, code = min(ready, key=lambda r: (r[0], r[1], shuffled(r[1], r[2])))
    return key, code


def shuffled(*parts: str) -> str:
    """Return a sort key without pattern that is always the same for the same parts."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def gradable_from(item: GradeItem, membership: Membership) -> datetime | None:
    """Return from when on a student's work can be scored; None if there is none.

    Work handed in: once it cannot be replaced any more. A talk: from the start of its meeting.
    """
    if item.assignment is not None:
        facts = facts_of(item.course, only=membership)
        row = facts.rows.items[item.pk]
        if membership.pk not in facts.rows.submissions[item.assignment.pk]:
            return None
        return deadline_of(facts, row, membership) + GRACE
    talk = talk_of(item, membership)
    if talk is None or talk.presentation.meeting.cancelled_at is not None:
        return None
    talk.presentation.meeting.course = item.course
    return talk.presentation.meeting.starts_at


def talk_of(item: GradeItem, membership: Membership) -> Presenter | None:
    """Return a student's place in a talk of the item's kind, with talk, paper and meeting."""
    found = Presenter.objects.live().filter(
        membership=membership,
        kind=item.talk_kind,
        presentation__cancelled_at__isnull=True,
    )
    return found.select_related("presentation__meeting", "presentation__paper").first()


def submission_of(item: GradeItem, membership: Membership) -> Submission | None:
    """Return the version that counts, with its file; None if nothing was handed in."""
    if item.assignment_id is None:
        return None
    found = Submission.objects.filter(assignment=item.assignment_id, membership=membership)
    return found.select_related("file").order_by("-number").first()


def history_of(item: GradeItem, membership: Membership) -> list[GradeEntry]:
    """Return the lines of one grade, oldest first, with who wrote them. One query."""
    found = GradeEntry.objects.filter(item=item, membership=membership)
    return list(found.select_related("by__user", "submission").order_by("seq"))


def histories_of(membership: Membership) -> list[GradeEntry]:
    """Return all lines about one student, newest first. One query."""
    found = GradeEntry.objects.filter(membership=membership)
    return list(found.select_related("by__user", "item").order_by("-at", "-seq"))


MOST_LEVELS = 10


class Level(NamedTuple):
    """One choice of a rubric row: points as they are sent, words, and the digit that picks it."""

    value: str
    text: str
    digit: str


class Row(NamedTuple):
    """One rubric row. Without levels of its own it offers whole points, and any others typed."""

    row: RubricRow
    levels: list[Level]
    free: bool

    @property
    def values(self) -> set[str]:
        """The points that have a choice of their own."""
        return {level.value for level in self.levels}


def rubric_of(item: GradeItem) -> list[Row]:
    """Return the rubric's rows with their levels. Two queries."""
    return [rubric_row(row) for row in item.rubric.prefetch_related("levels")]


def rubric_row(row: RubricRow) -> Row:
    """Return one row with its levels, or with whole points from the maximum down to 0."""
    levels = [Level(plain(level.points), level.text, "") for level in row.levels.all()]
    if levels:
        return Row(row, levels, free=False)
    most = int(row.max_points)
    if most > MOST_LEVELS:
        return Row(row, [], free=True)
    whole = [str(points) for points in range(most, -1, -1)]
    return Row(row, [Level(points, "", points) for points in whole], free=True)
