"""Attendance and class participation as their pages show them."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet, Sum

from courses.models import Course, Meeting, Membership
from grading.models import AttendanceMark, GradeItem, ParticipationPoint


class AttendanceRow(NamedTuple):
    """One meeting with how many of its students are marked."""

    meeting: Meeting
    marked: int
    present: int
    students: int
    state: str


def attendance_rows(course: Course, *, at: datetime) -> list[AttendanceRow]:
    """Return the meetings by date with their counts. Three queries."""
    students = set(students_of(course).values_list("pk", flat=True))
    marked: Counter[int] = Counter()
    present: Counter[int] = Counter()
    found = AttendanceMark.objects.filter(meeting__course=course).exclude(status="")
    for held, member, status in found.values_list("meeting_id", "membership_id", "status"):
        if member in students:
            marked[held] += 1
            present[held] += status in {"in_room", "online", "late"}
    rows = []
    for meeting in Meeting.objects.filter(course=course).order_by("date", "starts", "id"):
        meeting.course = course
        rows.append(
            AttendanceRow(
                meeting=meeting,
                marked=marked[meeting.pk],
                present=present[meeting.pk],
                students=len(students),
                state=meeting_state(meeting, marked[meeting.pk], len(students), at),
            )
        )
    return rows


def meeting_state(meeting: Meeting, marked: int, students: int, at: datetime) -> str:
    """Return the status code of a meeting's attendance."""
    if meeting.cancelled_at is not None:
        return "cancelled"
    if marked >= students and marked:
        return "done"
    if at < meeting.starts_at:
        return "planned"
    return "today" if at < meeting.ends_at else "not_taken"


def students_of(course: Course) -> QuerySet[Membership]:
    """Return the active students by name."""
    found = Membership.objects.filter(course=course).students().active()
    return found.select_related("user").order_by("user__name", "id")


def students_by_code(course: Course, codes: Iterable[str]) -> list[Membership]:
    """Return the active students with these public codes, by name; unknown codes are left out."""
    return list(students_of(course).filter(code__in=list(codes)))


class Tile(NamedTuple):
    """One person at one meeting: what they are marked as, and the version of that."""

    member: Membership
    status: str
    version: int


def attendance_tiles(meeting: Meeting) -> list[Tile]:
    """Return everybody who can be marked, by name. Two queries."""
    marks = {mark.membership_id: mark for mark in AttendanceMark.objects.filter(meeting=meeting)}
    tiles = []
    for member in students_of(meeting.course):
        mark = marks.get(member.pk)
        tiles.append(Tile(member, mark.status if mark else "", mark.version if mark else 0))
    return tiles


class Given(NamedTuple):
    """One person's points in one meeting."""

    member: Membership
    points: Decimal
    full: bool


class Grid(NamedTuple):
    """One item of class participation in one meeting."""

    item: GradeItem
    given: list[Given]

    @property
    def step(self) -> Decimal:
        """The points that one tap gives or takes back."""
        return step_of(self.item)


def step_of(item: GradeItem) -> Decimal:
    """Return the points of one tap: 1, or all that one meeting can give where that is less."""
    return min(Decimal(1), item.meeting_cap)


def participation_grids(meeting: Meeting) -> list[Grid]:
    """Return the items of class participation with everybody's points. Three queries."""
    kind = GradeItem.Kind.PARTICIPATION
    items = list(GradeItem.objects.filter(course=meeting.course_id, kind=kind))
    members = list(students_of(meeting.course))
    sums = ParticipationPoint.objects.filter(meeting=meeting).values_list(
        "item_id", "membership_id"
    )
    points = {(item, who): total for item, who, total in sums.annotate(total=Sum("points"))}
    return [
        Grid(item, [given_to(item, m, points.get((item.pk, m.pk), Decimal(0))) for m in members])
        for item in items
    ]


def given_to(item: GradeItem, member: Membership, points: Decimal) -> Given:
    """Return one person's points, and whether the meeting can give no more."""
    return Given(member, points, full=points >= item.meeting_cap)
