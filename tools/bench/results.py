"""`results`: totals and full standings of one course beside one SQL aggregate; then many courses.

The term is over and everything is graded: eight assignments, two talks, attendance over sixteen
meetings and class participation, with corrections in the history of every tenth score.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import median

from django.db import connection

from assignments.models import Submission
from courses.models import Course, Meeting, Membership
from grading.actions import request_results
from grading.models import (
    AttendanceMark,
    GradeEntry,
    GradeItem,
    ParticipationPoint,
    Release,
    ResultRun,
)
from grading.queries import content_hash, content_of, facts_of, staff_standings
from grading.tasks import compute_results as compute_results_task
from presentations.models import Presenter
from tests.factories.courses import make_course, make_meeting, make_member
from tests.factories.grading import make_component, make_item, make_pass_rule, make_talk
from tools.bench.lines import say
from tools.bench.people import enrol
from tools.bench.servers import commands, free_port, running

START = date(2025, 10, 20)
OVER = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PER_COURSE = 300
REPEATS = 7
SIZES, FULL_SIZES = (300, 3_000), (300, 3_000, 30_000, 100_000)
PATIENCE_SECONDS = 7200
STATUSES = ("in_room", "online", "late", "absent", "excused")

# The plain best way to the totals of a term in which everything is graded: one statement.
AGGREGATE = """
WITH newest AS (
    SELECT DISTINCT ON (entry.item_id, entry.membership_id)
           entry.item_id, entry.membership_id, entry.points
    FROM grading_gradeentry entry JOIN grading_gradeitem item ON item.id = entry.item_id
    WHERE item.course_id = %(course)s
    ORDER BY entry.item_id, entry.membership_id, entry.seq DESC
), scored AS (
    SELECT newest.membership_id, SUM(LEAST(newest.points / item.max_points, 1) * item.weight) AS sum
    FROM newest JOIN grading_gradeitem item ON item.id = newest.item_id
    GROUP BY newest.membership_id
), attended AS (
    SELECT mark.membership_id,
           COUNT(*) FILTER (WHERE mark.status IN ('in_room', 'online'))
           + 0.5 * COUNT(*) FILTER (WHERE mark.status = 'late') AS earned,
           COUNT(*) FILTER (WHERE mark.status <> 'excused') AS held
    FROM grading_attendancemark mark JOIN courses_meeting meeting ON meeting.id = mark.meeting_id
    WHERE meeting.course_id = %(course)s
    GROUP BY mark.membership_id
), joined AS (
    SELECT point.membership_id,
           LEAST(SUM(point.points), MAX(item.max_points)) / MAX(item.max_points) * MAX(item.weight)
           AS sum
    FROM grading_participationpoint point JOIN grading_gradeitem item ON item.id = point.item_id
    WHERE item.course_id = %(course)s
    GROUP BY point.membership_id
)
SELECT membership.id, scored.sum + attended.earned / attended.held * item.weight + joined.sum
FROM courses_membership membership
JOIN scored ON scored.membership_id = membership.id
JOIN attended ON attended.membership_id = membership.id
JOIN joined ON joined.membership_id = membership.id
JOIN grading_gradeitem item
     ON item.course_id = membership.course_id AND item.kind = 'attendance'
WHERE membership.course_id = %(course)s
"""


@dataclass(frozen=True)
class Scheme:
    """What a course grades, and where."""

    work: list[GradeItem]
    talks: list[GradeItem]
    joining: GradeItem
    meetings: list[Meeting]
    talk_meetings: list[Meeting]


def make_scheme(course: Course) -> Scheme:
    work = make_component(course, "work", 60)
    talks = make_component(course, "talks", 20)
    joining = make_component(course, "joining", 20)
    make_pass_rule(course, [(work, "50"), (talks, "50"), (joining, "50")])
    kinds = {"in_class": Meeting.Kind.IN_CLASS, "final": Meeting.Kind.FINAL}
    lectures = [
        make_meeting(course, START + timedelta(weeks=n), kind=Meeting.Kind.LECTURE)
        for n in range(14)
    ]
    talk_meetings = [
        make_meeting(course, START + timedelta(weeks=14 + n), kind=kind)
        for n, kind in enumerate(kinds.values())
    ]
    make_item(joining, kind=GradeItem.Kind.ATTENDANCE, weight=Decimal(10))
    return Scheme(
        work=[make_item(work, weight=Decimal("7.5")) for _ in range(8)],
        talks=[
            make_item(talks, kind=GradeItem.Kind.PRESENTATION, talk_kind=kind, weight=Decimal(10))
            for kind in kinds
        ],
        joining=make_item(joining, kind=GradeItem.Kind.PARTICIPATION, weight=Decimal(10)),
        meetings=[*lectures, *talk_meetings],
        talk_meetings=talk_meetings,
    )


def build(students: int) -> Course:
    """Make a course whose term is over, with everything graded and released."""
    course = make_course(capacity=students)
    scheme = make_scheme(course)
    staff = make_member(course, "instructor")
    at = datetime(2025, 10, 20, tzinfo=UTC)
    members = enrol(course, students, at=at)
    hand_in_and_present(scheme, members, at)
    grade(scheme, members, staff, at)
    attend(scheme, members, staff, at)
    return course


def hand_in_and_present(scheme: Scheme, members: Sequence[Membership], at: datetime) -> None:
    Submission.objects.bulk_create(
        (
            Submission(
                assignment=item.assignment,
                membership=member,
                number=1,
                received_at=at,
                content={},
                content_hash="0" * 64,
            )
            for item in scheme.work
            for member in members
        ),
        batch_size=2000,
    )
    rows = []
    for item, meeting in zip(scheme.talks, scheme.talk_meetings, strict=True):
        for first in range(0, len(members), 100):  # a talk has at most a hundred seats
            talk = make_talk(meeting)
            rows += [
                Presenter(
                    presentation=talk,
                    membership=member,
                    kind=item.talk_kind,
                    seat=seat,
                    reason="pinned",
                    since=at,
                )
                for seat, member in enumerate(members[first : first + 100])
            ]
    Presenter.objects.bulk_create(rows, batch_size=2000)


def grade(scheme: Scheme, members: Sequence[Membership], staff: Membership, at: datetime) -> None:
    items = [*scheme.work, *scheme.talks]
    pairs = [(item, member) for item in items for member in members]
    handed_in = {
        (row.assignment_id, row.membership_id): row.pk
        for row in Submission.objects.filter(assignment__course=staff.course)
    }

    def line(index: int, seq: int) -> GradeEntry:
        item, member = pairs[index]
        return GradeEntry(
            item=item,
            membership=member,
            seq=seq,
            kind=GradeEntry.Kind.SCORE,
            points=Decimal((index * 7919 + seq) % 1001) / 100,
            submission_id=handed_in.get((item.assignment_id, member.pk)),
            at=at,
            by=staff,
        )

    lines = [line(index, 1) for index in range(len(pairs))]
    lines += [line(index, 2) for index in range(0, len(pairs), 10)]
    GradeEntry.objects.bulk_create(lines, batch_size=2000)
    Release.objects.bulk_create(
        (Release(item=item, membership=member, at=at, by=staff) for item, member in pairs),
        batch_size=2000,
    )


def attend(scheme: Scheme, members: Sequence[Membership], staff: Membership, at: datetime) -> None:
    AttendanceMark.objects.bulk_create(
        (
            AttendanceMark(
                meeting=meeting,
                membership=member,
                status=STATUSES[(number * 31 + index * 7) % 17 % 5],
                at=at,
                by=staff,
            )
            for index, meeting in enumerate(scheme.meetings)
            for number, member in enumerate(members)
        ),
        batch_size=2000,
    )
    ParticipationPoint.objects.bulk_create(
        (
            ParticipationPoint(
                item=scheme.joining,
                meeting=scheme.meetings[part],
                membership=member,
                points=Decimal(number % 6 + part),
                at=at,
                by=staff,
            )
            for part in range(2)
            for number, member in enumerate(members)
        ),
        batch_size=2000,
    )


def aggregate(course: Course) -> dict[int, Decimal]:
    """Return the totals by one statement over the same rows."""
    with connection.cursor() as cursor:
        cursor.execute(AGGREGATE, {"course": course.pk})
        return dict(cursor.fetchall())


def totals(course: Course) -> dict[int, Fraction]:
    """Return every student's total with all that it rests on: what the gradebook reads."""
    judged = staff_standings(facts_of(course), at=OVER)
    return {student.member.pk: student.standing.total.floor for student in judged}


def standings(course: Course) -> str:
    """Return the hash over every student's outcome in full: what a run of results stores."""
    judged = staff_standings(facts_of(course), at=OVER)
    return content_hash([(each.member.code, content_of(each)) for each in judged])


def seconds_of(*works: Callable[[], object]) -> list[float]:
    """Return the median time of each piece of work; they take turns, so that all meet the same noise."""
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(REPEATS):
        for work, found in zip(works, times, strict=True):
            gc.collect()
            start = time.perf_counter()
            work()
            found.append(time.perf_counter() - start)
    return [median(found) for found in times]


def one_course(name: str, n: int) -> bool:
    """Print totals and standings beside the aggregate; tell whether all agree on every total."""
    course = build(n)
    analyse()
    ours, theirs = totals(course), aggregate(course)
    alike = ours.keys() == theirs.keys() and all(
        abs(ours[pk] - Fraction(theirs[pk])) < Fraction(1, 10**9) for pk in ours
    )
    limit, total, full = seconds_of(
        lambda: aggregate(course), lambda: totals(course), lambda: standings(course)
    )
    words = "one SQL aggregate of the totals"
    for what, seconds in (("totals", total), ("standings", full)):
        say(
            f"{name}_{what}",
            n,
            items=12,
            seconds=seconds,
            us_per_student=1e6 * seconds / n,
            same_totals=alike,
            limit=words,
            limit_seconds=limit,
            times_limit=seconds / limit,
        )
    return alike


def compute(courses: Sequence[Course]) -> float:
    """Ask for results, tell the worker, and return how long it takes until all are there."""
    for course in courses:
        request_results(course, by=None, at=OVER)
    waiting = ResultRun.objects.filter(computed_at__isnull=True)
    start = time.perf_counter()
    compute_results_task.delay()
    while waiting.exists():
        if time.perf_counter() - start > PATIENCE_SECONDS:
            raise SystemExit(f"{waiting.count()} runs were not computed")
        time.sleep(0.05)
    return time.perf_counter() - start


def through_celery(name: str, n: int) -> None:
    """Print how long the job takes for so many students over courses, by a real worker."""
    missing = n // PER_COURSE - Course.objects.count()
    for _ in range(missing):
        build(PER_COURSE)
    analyse()
    courses = list(Course.objects.all()[: n // PER_COURSE])
    seconds = compute(courses)
    start = time.perf_counter()
    for course in courses:
        aggregate(course)
    limit = time.perf_counter() - start
    say(
        f"{name}_celery",
        n,
        courses=len(courses),
        seconds=seconds,
        us_per_student=1e6 * seconds / n,
        limit="the same aggregate, course by course",
        limit_seconds=limit,
        times_limit=seconds / limit,
    )


def analyse() -> None:
    """Let the database know its rows, as autovacuum would within minutes."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def main(name: str, n: int, options: Sequence[str]) -> int:
    alike = one_course(name, n)
    if n < PER_COURSE:
        return 0 if alike else 1
    with running(commands(free_port(), postgres=True)["worker"]):
        compute([Course.objects.get()])  # the worker's own start is not timed
        for size in FULL_SIZES if "--full" in options else SIZES:
            through_celery(name, size)
    return 0 if alike else 1
