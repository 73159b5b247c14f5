"""Who is to be reminded of what, now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from assignments.models import Assignment, Draft, Extension, Submission
from assignments.rules import effective_deadline
from courses.models import Course, Membership
from seminar.desk.rules.reminders import HORIZON, due_offset, reminder_key
from seminar.notifications.models import Message


@dataclass(frozen=True)
class DueReminder:
    """One reminder to write: to whom, about what, and the key that makes it happen once."""

    key: str
    membership: Membership
    assignment: Assignment
    deadline: datetime
    offset: timedelta
    has_draft: bool


def due_reminders(*, at: datetime) -> Iterator[DueReminder]:
    """Yield what is due at ``at`` and not yet written. Five queries per assignment in question.

    Left out: who has submitted, who is not an active student, what has not opened, courses that
    are not active. Deadlines are each person's own, extensions included.
    """
    for assignment in assignments_in_question(at=at):
        yield from due_for(assignment, at=at)


def assignments_in_question(*, at: datetime) -> QuerySet[Assignment]:
    """Return the open assignments of which somebody's deadline is at most a week away. One query."""
    soon = {"gt": at, "lte": at + HORIZON}
    closes_soon = Q(**{f"closes_at__{test}": value for test, value in soon.items()})
    extended = Extension.objects.filter(
        assignment=OuterRef("pk"), **{f"until__{test}": value for test, value in soon.items()}
    )
    return (
        Assignment.objects.filter(course__state=Course.State.ACTIVE, opens_at__lte=at)
        .filter(closes_soon | Exists(extended))
        .select_related("course")
    )


def due_for(assignment: Assignment, *, at: datetime) -> Iterator[DueReminder]:
    """Yield the reminders of one assignment. Five queries; rows are streamed."""
    extensions = dict(assignment.extensions.values_list("membership_id", "until"))
    written = set(
        Message.objects.filter(key__startswith=f"reminder:{assignment.pk}:").values_list(
            "key", flat=True
        )
    )
    drafting = set(
        Draft.objects.filter(assignment=assignment).values_list("membership_id", flat=True)
    )
    handed_in = Submission.objects.filter(assignment=assignment, membership=OuterRef("pk"))
    students = (
        Membership.objects.active()
        .students()
        .filter(~Exists(handed_in), course=assignment.course)
        .select_related("user")
    )
    for membership in students.iterator():
        deadline = effective_deadline(assignment.closes_at, extensions.get(membership.pk))
        offset = due_offset(deadline=deadline, opens_at=assignment.opens_at, at=at)
        if offset is None:
            continue
        key = reminder_key(assignment.pk, membership.pk, deadline=deadline, offset=offset)
        if key not in written:
            yield DueReminder(
                key, membership, assignment, deadline, offset, membership.pk in drafting
            )
