"""What a person is shown before a file is applied, and how the showing is bound to the applying."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assignments.models import Extension
from courses.models import Course, Membership
from grading.queries import VERDICT_STATUS, facts_of, staff_standings
from seminar.desk.queries.course_file import export_course
from seminar.desk.rules.course_file import CourseFile, course_file_text


@dataclass(frozen=True)
class MovedDeadline:
    """An assignment that closes at another time: for how many students, and who is not concerned.

    ``keep`` of them have an extension that ends later than both.
    """

    key: str
    title: str
    before: datetime
    after: datetime
    students: int
    keep: int


@dataclass(frozen=True)
class MovedVerdict:
    """A student whose verdict, by all facts, becomes another one: two words of the vocabulary."""

    name: str
    email: str
    before: str
    after: str


@dataclass(frozen=True)
class Snapshot:
    """A course at one moment: as a file, its deadlines by key, its students' verdicts by id."""

    text: str
    closes: Mapping[str, datetime]
    verdicts: Mapping[int, str]


def snapshot(course: Course, *, at: datetime) -> Snapshot:
    """Read what a file may change, by all facts. About 30 queries at any size."""
    judged = staff_standings(facts_of(course), at=at)
    return Snapshot(
        text=export_course(course),
        closes=dict(course.assignments.values_list("key", "closes_at")),
        verdicts={one.member.pk: VERDICT_STATUS[one.outcome.verdict] for one in judged},
    )


def fingerprint(
    file: CourseFile, before: Snapshot | None, shown: Sequence[Sequence[object]]
) -> str:
    """Return a name for one preview: what is in the file, in the course, and all that is shown."""
    lists = [[repr(line) for line in lines] for lines in shown]
    said = [course_file_text(file), before.text if before else "", lists]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def moved_deadlines(
    course: Course, before: Mapping[str, datetime], after: Mapping[str, datetime]
) -> tuple[MovedDeadline, ...]:
    """Return the assignments of both times whose end moved, in order of the new end. Four queries."""
    moved = {key for key in before.keys() & after.keys() if before[key] != after[key]}
    if not moved:
        return ()
    students = course.memberships.active().students()
    count = students.count()
    extended: dict[str, list[datetime]] = {key: [] for key in moved}
    rows = Extension.objects.filter(
        assignment__course=course, assignment__key__in=moved, membership__in=students
    )
    for key, until in rows.values_list("assignment__key", "until"):
        extended[key].append(until)
    titles = dict(course.assignments.filter(key__in=moved).values_list("key", "title"))
    found = (
        MovedDeadline(
            key=key,
            title=titles[key],
            before=before[key],
            after=after[key],
            students=count,
            keep=sum(until >= max(before[key], after[key]) for until in extended[key]),
        )
        for key in moved
    )
    return tuple(sorted(found, key=lambda row: (row.after, row.key)))


def moved_verdicts(
    course: Course, before: Mapping[int, str], after: Mapping[int, str]
) -> tuple[MovedVerdict, ...]:
    """Return the students whose verdict is another one, by name. One query."""
    moved = [pk for pk, verdict in after.items() if before.get(pk, verdict) != verdict]
    people = Membership.objects.filter(course=course, pk__in=moved).select_related("user")
    found = (
        MovedVerdict(row.user.name, row.user.email, before[row.pk], after[row.pk]) for row in people
    )
    return tuple(sorted(found, key=lambda row: (row.name.casefold(), row.email)))
