"""Standings and verdicts: the one place where rows become the values that the rules judge.

Page, API, job and command all come through ``staff_standings`` or ``student_standing``.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TypeAlias

from assignments.rules import GRACE, effective_deadline
from assignments.rules import days_late as started_days
from courses.models import Course, Meeting, Membership
from grading import rules
from grading.models import GradeItem
from grading.queries.rows import ComponentRow, EntryRow, ItemRow, Rows, rows_of
from grading.rules import ItemFacts, ItemState, ItemValue
from presentations.models import Presentation

TALK_MEETINGS = {
    Presentation.Kind.IN_CLASS.value: Meeting.Kind.IN_CLASS.value,
    Presentation.Kind.FINAL.value: Meeting.Kind.FINAL.value,
}
PRESENTATION = GradeItem.Kind.PRESENTATION.value
GRADED = ItemState.GRADED
ATTENDANCE = GradeItem.Kind.ATTENDANCE.value
PARTICIPATION = GradeItem.Kind.PARTICIPATION.value
UNGRADED: Sequence[EntryRow] = ()
NOT_TAKEN = rules.Mark.NOT_TAKEN
COMPUTED = {ATTENDANCE, PARTICIPATION}


Circumstances: TypeAlias = tuple[bool, bool, int]


@dataclass(frozen=True)
class View:
    """Who looks at the grades of a course, and when; with the values of items found so far.

    ``ahead`` are the meetings at which class participation may still be earned.
    """

    at: datetime
    staff: bool
    ahead: tuple[int, ...]
    found: dict[int, dict[Circumstances, ItemValue]] = field(
        default_factory=lambda: defaultdict(dict), compare=False
    )


@dataclass(frozen=True)
class Facts:
    """The rows of a course with what the rules make of its scheme; read once, judged often."""

    rows: Rows
    scheme: rules.Scheme
    clauses: tuple[rules.Clause, ...]
    meetings: Mapping[int, Meeting]
    ends: Mapping[int, datetime]
    last_talks: Mapping[str, datetime]
    views: dict[tuple[datetime, bool], View] = field(default_factory=dict, compare=False)

    @property
    def course(self) -> Course:
        """The course all this is about."""
        return self.rows.course

    @cached_property
    def plan(self) -> rules.Plan:
        """The scheme, ready for judging many students."""
        return rules.plan_of(self.scheme)

    @cached_property
    def unmarked(self) -> dict[int, rules.Mark]:
        """The mark of somebody without any, at each meeting by date."""
        return {
            meeting.pk: NOT_TAKEN if meeting.cancelled_at is None else rules.Mark.CANCELLED
            for meeting in self.rows.meetings
        }

    def view(self, at: datetime, *, staff: bool) -> View:
        """Return the view of staff or of students at an instant; the same one each time."""
        if (at, staff) not in self.views:
            open_ = [pk for pk, mark in self.unmarked.items() if mark is NOT_TAKEN]
            ahead = tuple(pk for pk in open_ if self.ends[pk] > at)
            self.views[at, staff] = View(at, staff, ahead)
        return self.views[at, staff]

    @cached_property
    def last_end(self) -> datetime | None:
        """When the last meeting ends."""
        return max(self.ends.values(), default=None)


@dataclass(frozen=True)
class Judged:
    """One student: facts, value and state of each item by its key; standing and verdict."""

    course_facts: Facts
    member: Membership
    values: Mapping[str, ItemValue]
    standing: rules.Standing
    outcome: rules.Outcome

    @cached_property
    def facts(self) -> Mapping[str, ItemFacts]:
        """What each state follows from. Pages show it; results do not need it."""
        items = self.course_facts.rows.items.values()
        return {item.key: item_facts(self.course_facts, item, self.member) for item in items}

    @cached_property
    def states(self) -> Mapping[str, ItemState]:
        """The state of each item."""
        return {key: value.state for key, value in self.values.items()}


def facts_of(course: Course, *, only: Membership | None = None) -> Facts:
    """Read all facts of a course, or of one student. Seven queries at any size."""
    rows = rows_of(course, only=only)
    ends = {meeting.pk: meeting.ends_at for meeting in rows.meetings}
    last: dict[str, datetime] = {}
    for meeting in rows.meetings:
        if meeting.cancelled_at is None:
            last[meeting.kind] = max(ends[meeting.pk], last.get(meeting.kind, ends[meeting.pk]))
    keys = {component.id: component.key for component in rows.components.values()}
    clauses = tuple(
        rules.Clause(None if clause.component is None else keys[clause.component], clause.at_least)
        for clause in rows.clauses
    )
    return Facts(
        rows=rows,
        scheme=scheme_of(rows),
        clauses=clauses,
        meetings={meeting.pk: meeting for meeting in rows.meetings},
        ends=ends,
        last_talks={
            talk: last[meetings] for talk, meetings in TALK_MEETINGS.items() if meetings in last
        },
    )


@dataclass(frozen=True)
class Guards:
    """The thresholds that the display of parts must not cross; see ``guard_of``."""

    own: Mapping[str | None, Fraction]
    shared: Fraction | None

    def of(self, key: str | None) -> Fraction | None:
        """Return the threshold of a component, of the total for None."""
        return self.own.get(key, self.shared)


@lru_cache(maxsize=1024)
def guards_of(clauses: tuple[rules.Clause, ...]) -> Guards:
    """Return the thresholds of a rule; worked out once for all students."""
    own = {clause.component: Fraction(clause.at_least) for clause in reversed(clauses)}
    shared = {Fraction(clause.at_least) for clause in clauses}
    return Guards(own, shared.pop() if len(shared) == 1 else None)


def guard_of(clauses: Sequence[rules.Clause], key: str | None) -> Fraction | None:
    """Return the threshold that the display of a part must not cross: its own clause's.

    A part without a clause of its own is shown by the percentage that all clauses share, so that
    no page says 49.99 and 50.00 of the same thing.
    """
    return guards_of(tuple(clauses)).of(key)


def scheme_of(rows: Rows) -> rules.Scheme:
    """Return components and items as the rules know them."""
    items: dict[int, list[rules.Item]] = {}
    for item in rows.items.values():
        kind = rules.ItemKind(item.kind)
        part = rules.Item(
            item.key, kind, item.weight, item.max_points, item.title, bonus=item.bonus
        )
        items.setdefault(item.component, []).append(part)

    def component(row: ComponentRow) -> rules.Component:
        return rules.Component(
            key=row.key,
            title=row.title,
            weight=row.weight,
            items=tuple(items.get(row.id, ())),
            children=tuple(
                component(child) for child in rows.components.values() if child.parent == row.id
            ),
            drop_lowest=row.drop_lowest,
        )

    tops = (component(row) for row in rows.components.values() if row.parent is None)
    return rules.Scheme(tuple(tops))


def staff_standings(facts: Facts, *, at: datetime) -> list[Judged]:
    """Judge every student by all facts, released or not. No query."""
    return judge_all(facts, facts.rows.students, at=at, staff=True)


def student_standing(facts: Facts, member: Membership, *, at: datetime) -> Judged:
    """Judge one student by what this student may know: released scores only. No query."""
    return judge(facts, member, at=at, staff=False)


def judge(facts: Facts, member: Membership, *, at: datetime, staff: bool) -> Judged:
    """Judge one student by the rule in force. No query."""
    [judged] = judge_all(facts, [member], at=at, staff=staff)
    return judged


def judge_all(
    facts: Facts, members: Sequence[Membership], *, at: datetime, staff: bool
) -> list[Judged]:
    """Judge students by the rule in force, in their order; item by item. No query."""
    view = facts.view(at, staff=staff)
    items = facts.rows.items.values()
    keys = [item.key for item in items]
    columns = [worth(facts, item, members, view) for item in items]
    found = []
    for index, member in enumerate(members):
        values = dict(zip(keys, [column[index] for column in columns], strict=True))
        now = rules.standing_by(facts.plan, values)
        found.append(Judged(facts, member, values, now, rules.outcome(facts.clauses, now)))
    return found


def worth(
    facts: Facts, item: ItemRow, members: Sequence[Membership], view: View
) -> list[ItemValue]:
    """Return what an item is worth to each of them, by ``value_of``.

    A class has few circumstances and many students in each: ``value_of`` is asked once per
    circumstance. Where it is a plain score, the next one differs by its points alone.
    """
    if item.kind in COMPUTED:
        return [computed_worth(facts, item, member, view) for member in members]
    histories, special = facts.rows.entries[item.id], facts.rows.special[item.id]
    like_of = circumstances(facts.rows, item)
    known = view.found[item.id]
    found = []
    for member in members:
        lines = histories.get(member.id, UNGRADED)
        like = None if member.id in special else like_of(member.id, lines)
        value = known.get(like) if like else None
        if value is None:
            value = value_of(facts, item, member, item_facts(facts, item, member), view)
            if like:
                known[like] = value
        elif value.state is GRADED:
            value = rules.scored_value(lines[-1].points, item.max_points)
        found.append(value)
    return found


def circumstances(
    rows: Rows, item: ItemRow
) -> Callable[[int, Sequence[EntryRow]], Circumstances | None]:
    """Return what tells all but points by which an item's value differs between students.

    It is asked with a membership's id and the lines of its history, nothing but scores. It answers
    None where they are intricate and each student is judged alone: extensions, late work, a score
    of an earlier version.
    """
    released = rows.released[item.id]
    work, closes_at, kind = item.assignment, item.closes_at, item.talk_kind
    latest = rows.submissions[work or 0]

    def talk(member: int, lines: Sequence[EntryRow]) -> Circumstances | None:
        return bool(lines), member in released, rows.talks.get((kind, member), 0)

    def handed_in(member: int, lines: Sequence[EntryRow]) -> Circumstances | None:
        if closes_at is None or (work, member) in rows.extensions:
            return None
        version = latest.get(member)
        if version is None:
            return bool(lines), member in released, 0
        replaced = bool(lines) and lines[-1].submission not in (None, version.id)
        if replaced or version.late_at is not None:
            return None
        return bool(lines), member in released, 1

    return talk if item.kind == PRESENTATION else handed_in


def computed_worth(facts: Facts, item: ItemRow, member: Membership, view: View) -> ItemValue:
    """Return what attendance or class participation is worth, with what may lie over it."""
    if facts.rows.entries[item.id].get(member.id):
        return value_of(facts, item, member, item_facts(facts, item, member), view)
    return computed_value(facts, item, member, view)


def item_facts(facts: Facts, item: ItemRow, member: Membership) -> ItemFacts:
    """Return what the state of one item of one student follows from."""
    rows = facts.rows
    lines = rows.entries[item.id].get(member.id)
    folded = rules.current(lines) if lines else rules.NO_LINES
    released = member.id in rows.released[item.id]
    if item.kind == GradeItem.Kind.ASSIGNMENT:
        latest = rows.submissions[item.assignment or 0].get(member.id)
        return ItemFacts(
            deadline_of(facts, item, member) + GRACE,
            done=latest is not None,
            folded=folded,
            released=released,
            newest=latest.id if latest else None,
        )
    if item.kind == GradeItem.Kind.PRESENTATION:
        held = talk_ends(facts, item, member)
        due = facts.last_talks.get(item.talk_kind)
        return ItemFacts(due, held is not None, folded, released, talk=True)
    return ItemFacts(facts.last_end, done=False, folded=folded, released=released)


def deadline_of(facts: Facts, item: ItemRow, member: Membership) -> datetime:
    """Return the later of an assignment's deadline and the student's extension."""
    assert item.assignment is not None, "work is handed in"
    assert item.closes_at is not None, "its assignment has a deadline"
    until = facts.rows.extensions.get((item.assignment, member.pk))
    return effective_deadline(item.closes_at, until)


def talk_ends(facts: Facts, item: ItemRow, member: Membership) -> datetime | None:
    """Return when the meeting of a student's talk ends; None without talk, or if cancelled."""
    meeting = facts.meetings.get(facts.rows.talks.get((item.talk_kind, member.pk), 0))
    if meeting is None or meeting.cancelled_at is not None:
        return None
    return facts.ends[meeting.pk]


def value_of(
    facts: Facts, item: ItemRow, member: Membership, fact: ItemFacts, view: View
) -> ItemValue:
    """Return what an item is worth, to staff or as its student may know it."""
    at = view.at
    fact = as_of(facts, item, member, fact, at)
    state = rules.staff_state(fact, at) if view.staff else rules.student_state(fact, at)
    if state is ItemState.EXCUSED:
        return rules.excused_value()
    if state is ItemState.OVERRIDDEN:
        return rules.item_value(state, fact.folded.override, item.max_points)
    if item.kind in COMPUTED:
        return computed_value(facts, item, member, view)
    if state is ItemState.GRADED:
        assert fact.folded.score is not None, "graded means scored"
        return rules.item_value(state, less_penalty(facts, item, member, fact), item.max_points)
    return rules.item_value(state, reachable=reach(facts, item, member, state, at))


def computed_value(facts: Facts, item: ItemRow, member: Membership, view: View) -> ItemValue:
    """Return what attendance or class participation is worth by what was noted so far."""
    if item.kind == ATTENDANCE:
        return attendance_value(facts, member)
    return participation_value(facts, item, member, view)


def as_of(
    facts: Facts, item: ItemRow, member: Membership, fact: ItemFacts, at: datetime
) -> ItemFacts:
    """Return the facts with a talk that is still ahead taken as not held."""
    ends = talk_ends(facts, item, member) if fact.talk else None
    if ends is None or ends <= at:
        return fact
    due = None if fact.due is None else max(fact.due, ends)
    return ItemFacts(due, done=False, folded=fact.folded, released=fact.released, talk=True)


def days_late(facts: Facts, item: ItemRow, member: Membership) -> int:
    """Return how many days late the version that counts is, by the deadline in force now."""
    submission = facts.rows.submissions[item.assignment or 0].get(member.id)
    if submission is None or submission.late_at is None:
        return 0
    deadline = deadline_of(facts, item, member)
    return started_days(submission.late_at, deadline, facts.course.zone)


def less_penalty(
    facts: Facts, item: ItemRow, member: Membership, fact: ItemFacts
) -> Decimal | Fraction:
    """Return a score with the deduction for late days taken off."""
    percent = facts.rows.policy.late_percent_per_day
    days = days_late(facts, item, member)
    assert fact.folded.score is not None, "only scores are cut"
    if not days:
        return fact.folded.score
    return rules.after_penalty(fact.folded.score, item.max_points, percent, days)


def reach(
    facts: Facts, item: ItemRow, member: Membership, state: ItemState, at: datetime
) -> Fraction | None:
    """Return the share that late work can still earn; None for the rule's own default."""
    if item.kind != GradeItem.Kind.ASSIGNMENT:
        return None
    policy = facts.rows.policy
    if state is not ItemState.MISSING:
        return rules.late_reach(policy.late_percent_per_day, days_late(facts, item, member))
    days = started_days(at, deadline_of(facts, item, member), facts.course.zone)
    if days > policy.late_days:
        return None
    return rules.late_reach(policy.late_percent_per_day, days)


def attendance_value(facts: Facts, member: Membership) -> ItemValue:
    """Return what attendance is worth by the marks taken so far; students know their marks."""
    return rules.attendance_value(
        marks_of(facts, member).values(), facts.rows.policy.late_attendance_factor
    )


def marks_of(facts: Facts, member: Membership) -> dict[int, rules.Mark]:
    """Return a student's mark at each meeting, by meeting id, in order of date."""
    marks = facts.unmarked.copy()
    for meeting, mark in facts.rows.marks.get(member.id, {}).items():
        if marks.get(meeting) is NOT_TAKEN:
            marks[meeting] = mark
    return marks


def participation_value(facts: Facts, item: ItemRow, member: Membership, view: View) -> ItemValue:
    """Return what class participation is worth; of points not released nothing shows."""
    if not view.staff and member.id not in facts.rows.released[item.id]:
        return rules.item_value(ItemState.NOT_DUE if view.ahead else ItemState.UNRELEASED)
    points = facts.rows.points.get((item.id, member.id), {})
    caps = [max(Decimal(0), item.meeting_cap - points.get(pk, Decimal(0))) for pk in view.ahead]
    return rules.participation_value(points.values(), item.max_points, caps)
