"""Writing down who was at a meeting."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Meeting, Membership
from grading.actions.locks import lock_students, refuse_frozen
from grading.models import AttendanceMark
from seminar.accounts.actions import audit
from seminar.lib.errors import Refused

EARLY = timedelta(hours=1)


class Mark(NamedTuple):
    """What one person is marked as; "" takes the mark back. ``base`` is the version it replaces.

    Version 0 is "not taken yet".
    """

    status: str
    base: int


@transaction.atomic
def take_attendance(
    meeting: Meeting, marks: Mapping[str, Mark], *, by: Membership, at: datetime
) -> dict[str, int]:
    """Save the marks of some students of a meeting; return their new versions.

    ``marks`` is keyed by membership code. Either all marks are saved or none. A mark that already
    says the same is left as it is.

    Locks the memberships. Queues nothing. Raises Refused: "cancelled", "too_early" (409),
    "frozen" (409), "unknown_student", "unknown_status" (422), "stale" (409) when somebody else
    changed a mark meanwhile; ``problems`` then names each person and what they are marked as.
    """
    refuse_meeting(meeting, at)
    students = graded_students(meeting, marks)
    lock_students(student.pk for student in students.values())
    refuse_frozen(meeting.course)
    stored = {
        mark.membership_id: mark
        for mark in AttendanceMark.objects.filter(meeting=meeting, membership__in=students.values())
    }
    refuse_stale_marks(students, marks, stored)
    before = {code: status_in(stored, student) for code, student in students.items()}
    versions = {
        code: save_mark(meeting, student, marks[code], stored=stored, by=by, at=at)
        for code, student in students.items()
    }
    after = {code: marks[code].status for code in students}
    if before != after:
        audit(
            "take_attendance",
            at=at,
            actor=by.user,
            subject=f"meeting {meeting.key}",
            course_slug=meeting.course.slug,
            before=before,
            after=after,
        )
    return versions


def refuse_meeting(meeting: Meeting, at: datetime) -> None:
    """Raise Refused for a meeting that was cancelled or is more than an hour ahead."""
    if meeting.cancelled_at is not None:
        raise Refused("cancelled", _("This meeting was cancelled. It does not count."))
    if at < meeting.starts_at - EARLY:
        raise Refused(
            "too_early", _("This meeting has not started. You can mark people from 1 hour before.")
        )


def graded_students(meeting: Meeting, marks: Mapping[str, Mark]) -> dict[str, Membership]:
    """Return the active students named by code. Raises Refused (422) naming code or status."""
    found = Membership.objects.filter(course=meeting.course_id, code__in=list(marks))
    students = {member.code: member for member in found.students().active().select_related("user")}
    problems = [
        {"field": code, "value": code, "rule": _("This is no active student of the course.")}
        for code in marks
        if code not in students
    ]
    if problems:
        raise Refused(
            "unknown_student",
            _("Someone on the list is not an active student of this course. Nothing was saved."),
            status=422,
            problems=problems,
        )
    known = {"", *AttendanceMark.Status.values}
    wrong = {code: mark.status for code, mark in marks.items() if mark.status not in known}
    if wrong:
        raise Refused(
            "unknown_status",
            _("A mark is in room, online, late, excused or absent. Nothing was saved."),
            status=422,
            problems=[
                {"field": str(students[code]), "value": value, "rule": _("Unknown mark.")}
                for code, value in wrong.items()
            ],
        )
    return students


def refuse_stale_marks(
    students: Mapping[str, Membership],
    marks: Mapping[str, Mark],
    stored: Mapping[int, AttendanceMark],
) -> None:
    """Raise Refused("stale", 409) if a mark changed since the page was loaded, to something else."""
    problems = []
    for code, student in students.items():
        mark = stored.get(student.pk)
        version = mark.version if mark else 0
        if version != marks[code].base and status_in(stored, student) != marks[code].status:
            shown = mark.get_status_display() if mark and mark.status else _("Not taken")
            problems.append(
                {
                    "field": str(student),
                    "value": marks[code].status,
                    "rule": _("Someone else set: %(status)s") % {"status": shown},
                }
            )
    if problems:
        raise Refused(
            "stale",
            _("Someone else changed these marks meanwhile. Look at them and save again."),
            problems=problems,
        )


def status_in(stored: Mapping[int, AttendanceMark], student: Membership) -> str:
    """Return what a student is marked as now, "" for not taken."""
    mark = stored.get(student.pk)
    return mark.status if mark else ""


def save_mark(
    meeting: Meeting,
    student: Membership,
    mark: Mark,
    *,
    stored: Mapping[int, AttendanceMark],
    by: Membership,
    at: datetime,
) -> int:
    """Write one mark and return its version, which rises even when the mark is taken back."""
    row = stored.get(student.pk)
    if status_in(stored, student) == mark.status:
        return row.version if row else 0
    if row is None:
        row = AttendanceMark(meeting=meeting, membership=student, version=0)
    row.status, row.version, row.at, row.by = mark.status, row.version + 1, at, by
    row.save()
    return row.version
