"""Everything the grades of a course follow from, read in seven queries at any size."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    CharField,
    DecimalField,
    F,
    IntegerField,
    OuterRef,
    Subquery,
    Value,
    When,
)

from assignments.models import Extension, Submission
from courses.models import Course, CoursePolicy, Meeting, Membership
from grading.models import (
    AttendanceMark,
    Component,
    GradeEntry,
    ParticipationPoint,
    PassClause,
    PassRule,
    Release,
)
from grading.rules import EntryKind, Mark
from presentations.models import Presenter
from seminar.lib.aggregates import Ids

KINDS = {kind.value: kind for kind in EntryKind}
SCORE = EntryKind.SCORE.value
MARKS = {mark.value: mark for mark in Mark}
NO_POINTS = Value(None, output_field=DecimalField(max_digits=12, decimal_places=2))


class ComponentRow(NamedTuple):
    """A part of the grade. ``parent`` is a component's id."""

    id: int
    key: str
    title: str
    parent: int | None
    weight: Decimal
    drop_lowest: int


class ItemRow(NamedTuple):
    """What is scored. ``opens_at`` and ``closes_at`` are those of its assignment."""

    id: int
    key: str
    title: str
    kind: str
    component: int
    weight: Decimal
    max_points: Decimal
    meeting_cap: Decimal
    assignment: int | None
    assignment_key: str
    talk_kind: str
    opens_at: datetime | None
    closes_at: datetime | None
    bonus: bool = False


class ClauseRow(NamedTuple):
    """One condition of the rule in force; ``component`` None means the total."""

    component: int | None
    at_least: Decimal


class PolicyRow(NamedTuple):
    """The switches of the course that change grades."""

    late_days: int
    late_percent_per_day: Decimal
    late_attendance_factor: Decimal


class EntryRow(NamedTuple):
    """One line of a grade's history."""

    seq: int
    kind: EntryKind
    points: Decimal | None
    submission: int | None


class SubmissionRow(NamedTuple):
    """The version that counts: the latest. ``late_at`` is when it came, if after the deadline.

    That is the assignment's own deadline; an extension may make it on time all the same.
    """

    id: int
    late_at: datetime | None
    number: int


@dataclass
class Rows:
    """The rows of one course.

    ``entries``, ``released`` and ``submissions`` are by item or assignment, then by membership.
    ``special`` are the memberships, by item, whose history has more than scores.
    Keys of two are (item or assignment or kind of talk, membership).
    """

    course: Course
    components: dict[int, ComponentRow]
    items: dict[int, ItemRow]
    policy: PolicyRow
    rule_version: int
    clauses: list[ClauseRow]
    students: list[Membership]
    meetings: list[Meeting]
    entries: dict[int, dict[int, list[EntryRow]]] = field(default_factory=lambda: defaultdict(dict))
    special: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    released: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    submissions: dict[int, dict[int, SubmissionRow]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    extensions: dict[tuple[int, int], datetime] = field(default_factory=dict)
    talks: dict[tuple[str, int], int] = field(default_factory=dict)
    marks: dict[int, dict[int, Mark]] = field(default_factory=lambda: defaultdict(dict))
    points: dict[tuple[int, int], dict[int, Decimal]] = field(
        default_factory=lambda: defaultdict(dict)
    )


def rows_of(course: Course, *, only: Membership | None = None) -> Rows:
    """Read the facts of all active students of a course, or of ``only`` one. Seven queries.

    Students come by name. Nothing is judged here: unreleased lines are among them.
    """
    components, items, policy = parts_of(course)
    version, clauses = clauses_of(course)
    rows = Rows(
        course=course,
        components=components,
        items=items,
        policy=policy,
        rule_version=version,
        clauses=clauses,
        students=students_of(course, only),
        meetings=meetings_of(course),
    )
    who = {} if only is None else {"membership": only}
    read_entries(rows, who)
    read_work(rows, who)
    read_groups(rows, who)
    return rows


def parts_of(
    course: Course,
) -> tuple[dict[int, ComponentRow], dict[int, ItemRow], PolicyRow]:
    """Read components, their items and the policy in force. One query."""
    newest = CoursePolicy.objects.filter(course=course).order_by("-version")
    joined = Component.objects.filter(
        course=course, course__policies=Subquery(newest.values("pk")[:1])
    )
    components: dict[int, ComponentRow] = {}
    items: dict[int, ItemRow] = {}
    policy = PolicyRow(0, Decimal(0), Decimal(1))
    columns = (
        *("id", "key", "title", "parent_id", "weight", "drop_lowest"),
        *("items__id", "items__key", "items__title", "items__kind", "items__weight"),
        *("items__max_points", "items__meeting_cap", "items__assignment_id"),
        *("items__assignment__key", "items__assignment__opens_at"),
        *("items__assignment__closes_at", "items__talk_kind", "items__bonus"),
        *("course__policies__late_days", "course__policies__late_percent_per_day"),
        "course__policies__late_attendance_factor",
    )
    order = ("position", "id", "items__position", "items__id")
    for row in joined.order_by(*order).values(*columns):
        components[row["id"]] = component_row(row)
        if row["items__id"] is not None:
            items[row["items__id"]] = item_row(row)
        policy = PolicyRow(
            row["course__policies__late_days"],
            row["course__policies__late_percent_per_day"],
            row["course__policies__late_attendance_factor"],
        )
    return components, items, policy


def component_row(row: dict[str, Any]) -> ComponentRow:
    """Pick the component out of a joined row."""
    return ComponentRow(
        id=row["id"],
        key=row["key"],
        title=row["title"],
        parent=row["parent_id"],
        weight=row["weight"],
        drop_lowest=row["drop_lowest"],
    )


def item_row(row: dict[str, Any]) -> ItemRow:
    """Pick the item and its assignment's times out of a joined row."""
    return ItemRow(
        id=row["items__id"],
        key=row["items__key"],
        title=row["items__title"],
        kind=row["items__kind"],
        component=row["id"],
        weight=row["items__weight"],
        max_points=row["items__max_points"],
        meeting_cap=row["items__meeting_cap"],
        assignment=row["items__assignment_id"],
        assignment_key=row["items__assignment__key"] or "",
        talk_kind=row["items__talk_kind"],
        opens_at=row["items__assignment__opens_at"],
        closes_at=row["items__assignment__closes_at"],
        bonus=row["items__bonus"],
    )


def clauses_of(course: Course) -> tuple[int, list[ClauseRow]]:
    """Read the version and the clauses of the pass rule in force. One query."""
    newest = PassRule.objects.filter(course=OuterRef("rule__course")).order_by("-version")
    found = PassClause.objects.filter(
        rule__course=course, rule=Subquery(newest.values("pk")[:1])
    ).order_by("position", "id")
    rows = list(found.values_list("rule__version", "component_id", "at_least"))
    version = rows[0][0] if rows else 0
    return version, [ClauseRow(component, at_least) for _, component, at_least in rows]


def students_of(course: Course, only: Membership | None) -> list[Membership]:
    """Read the active students by name, with their accounts. One query; none for one."""
    if only is not None:
        return [only]
    found = Membership.objects.filter(course=course).students().active()
    return list(found.select_related("user").order_by("user__name", "id"))


def meetings_of(course: Course) -> list[Meeting]:
    """Read the meetings by date; each one's course is the one given. One query."""
    meetings = list(Meeting.objects.filter(course=course).order_by("date", "starts", "id"))
    for meeting in meetings:
        meeting.course = course
    return meetings


def read_entries(rows: Rows, who: dict[str, Membership]) -> None:
    """Read histories in one query."""
    lines = GradeEntry.objects.filter(item__course=rows.course, **who).order_by()
    columns = ("item_id", "membership_id", "seq", "kind", "points", "submission_id")
    several = []
    for item, member, seq, kind, points, submission in lines.values_list(*columns):
        line = EntryRow(seq, KINDS[kind], points, submission)
        if kind != SCORE:
            rows.special[item].add(member)
        histories = rows.entries[item]
        if member in histories:
            histories[member].append(line)
            several.append(histories[member])
        else:
            histories[member] = [line]
    for history in several:
        history.sort()


def read_work(rows: Rows, who: dict[str, Membership]) -> None:
    """Read what was handed in, extensions and talks in one query."""
    course = rows.course
    columns = ("what", "membership_id", "ref", "when")
    text, number = CharField(), IntegerField()
    latest = (
        Submission.objects.filter(assignment__course=course, **who)
        .order_by()
        .annotate(
            what=Value("submission", output_field=text),
            ref=F("assignment_id"),
            when=Case(When(received_at__gte=F("assignment__closes_at"), then=F("received_at"))),
        )
        .values_list(*columns, "number", "id")
    )
    extensions = (
        Extension.objects.filter(assignment__course=course, **who)
        .order_by()
        .annotate(
            what=Value("extension", output_field=text),
            ref=F("assignment_id"),
            when=F("until"),
            number=Value(0, output_field=number),
        )
        .values_list(*columns, "number", "id")
    )
    talks = (
        Presenter.objects.live()
        .filter(presentation__course=course, presentation__cancelled_at__isnull=True, **who)
        .order_by()
        .annotate(
            what=F("kind"),
            ref=F("presentation__meeting_id"),
            when=F("since"),
            number=Value(0, output_field=number),
        )
        .values_list(*columns, "number", "id")
    )
    for what, member, ref, when, count, pk in latest.union(extensions, talks, all=True):
        if what == "submission":
            versions = rows.submissions[ref]
            if member not in versions or versions[member].number < count:
                versions[member] = SubmissionRow(pk, when, count)
        elif what == "extension":
            rows.extensions[ref, member] = when
        else:
            rows.talks[what, member] = ref


def read_groups(rows: Rows, who: dict[str, Membership]) -> None:
    """Read attendance, class participation and releases in one query.

    Many students share a mark, a number of points, a release: one row names all of them.
    """
    text, zero = CharField(), Value(0, output_field=IntegerField())
    points = (
        ParticipationPoint.objects.filter(item__course=rows.course, **who)
        .order_by()
        .values("item_id", "meeting_id", "points")
        .annotate(what=Value("points", output_field=text), members=Ids("membership_id"))
        .values_list("what", "item_id", "meeting_id", "points", "members")
    )
    marks = (
        AttendanceMark.objects.filter(meeting__course=rows.course, **who)
        .exclude(status="")
        .order_by()
        .values("status", "meeting_id")
        .annotate(item=zero, sum=NO_POINTS, members=Ids("membership_id"))
        .values_list("status", "item", "meeting_id", "sum", "members")
    )
    releases = (
        Release.objects.filter(item__course=rows.course, **who)
        .order_by()
        .values("item_id")
        .annotate(
            what=Value("release", output_field=text),
            meeting=zero,
            sum=NO_POINTS,
            members=Ids("membership_id"),
        )
        .values_list("what", "item_id", "meeting", "sum", "members")
    )
    for what, item, meeting, more, found in points.union(marks, releases, all=True):
        members = map(int, found.split(","))
        if what == "points":
            for member in members:
                sums = rows.points[item, member]
                sums[meeting] = sums.get(meeting, 0) + more
        elif what == "release":
            rows.released[item].update(members)
        else:
            mark = MARKS[what]
            for member in members:
                rows.marks[member][meeting] = mark
