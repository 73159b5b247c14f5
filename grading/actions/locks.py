"""What every write about grades does first: locks whom it concerns, refuses what is frozen."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from courses.models import Course, Membership
from grading.models import ResultRun
from seminar.lib.errors import Refused

LONGEST = 20_000


def lock_students(ids: Iterable[int]) -> None:
    """Lock the memberships whose grades are about to change, always in order of their id.

    Every write of this app starts here, so two graders of one student are served in turn, and a
    freeze, which locks all students of the course, never sees half of a change. The lock lets rows
    that refer to the membership (drafts, submissions) be written meanwhile.
    """
    rows = Membership.objects.select_for_update(no_key=True).filter(pk__in=list(ids))
    list(rows.order_by("pk").values_list("pk"))


def lock_course_students(course: Course) -> None:
    """Lock every student of the course, in order of id: for what needs one state of all facts."""
    students = Membership.objects.filter(course=course).students()
    rows = students.select_for_update(no_key=True)
    list(rows.order_by("pk").values_list("pk"))


def is_frozen(course: Course) -> bool:
    """Say whether the course has a frozen result. One query; ask after locking."""
    return ResultRun.objects.filter(course=course, frozen_at__isnull=False).exists()


def refuse_frozen(course: Course) -> None:
    """Raise Refused("frozen", 409) once results are frozen: marks can only be overridden then."""
    if is_frozen(course):
        raise Refused(
            "frozen",
            _(
                "The results are frozen, so this can no longer be changed here. Override the "
                "student's item with a reason, then freeze a new version."
            ),
        )


def refuse_texts(**texts: str) -> None:
    """Raise Refused("text_refused", 422) naming a text that is too long or holds NUL."""
    for name, text in texts.items():
        if len(text) > LONGEST or "\0" in text:
            raise Refused(
                "text_refused",
                _("A text can have at most 20,000 characters. Nothing was saved."),
                status=422,
                problems=[
                    {
                        "field": name,
                        "value": str(len(text)),
                        "rule": _("At most 20,000 characters."),
                    }
                ],
            )


def required_reason(reason: str) -> str:
    """Return the reason without blanks around it.

    Raises Refused("reason_missing", 422), or ("text_refused", 422) for one that is too long.
    """
    refuse_texts(reason=reason)
    text = reason.strip()
    if not text:
        raise Refused(
            "reason_missing",
            _("Write a reason. It is kept in the history of the grade."),
            status=422,
            problems=[{"field": "reason", "value": "", "rule": _("A reason is required.")}],
        )
    return text
