"""Making grades visible. Nothing else does, and nothing takes it back."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Membership
from grading.actions.locks import lock_course_students
from grading.models import GradeItem, Release
from grading.queries import facts_of, releasable
from seminar.accounts.actions import audit
from seminar.lib.errors import Refused
from seminar.notifications.actions import enqueue


@transaction.atomic
def release_item(
    item: GradeItem,
    *,
    by: Membership,
    at: datetime,
    memberships: Iterable[Membership] | None = None,
) -> list[Membership]:
    """Show an item's grades to all students whose grade is decided, or to those of them named.

    Somebody named whose grade was taken back meanwhile is left out. Returns those who see it from now on; releasing again adds nobody and sends nothing. Later
    changes of a released grade are visible at once and need a reason.

    Locks all students of the course. Queues "grading/mail/released" to each, without numbers.
    Raises Refused("not_graded", 409) if nobody named has anything to release.
    """
    course = item.course
    lock_course_students(course)
    ready = {member.pk: member for member in releasable(facts_of(course), item, at=at)}
    shown = set(Release.objects.filter(item=item).values_list("membership_id", flat=True))
    chosen = list(ready.values()) if memberships is None else list(memberships)
    waiting = [member for member in chosen if member.pk not in ready and member.pk not in shown]
    if waiting and len(waiting) == len(chosen):
        raise Refused(
            "not_graded",
            _("There is no grade to release yet for: %(names)s. Nothing was released.")
            % {"names": ", ".join(str(member) for member in waiting)},
        )
    new = [member for member in chosen if member.pk in ready and member.pk not in shown]
    write_releases([(item, member) for member in new], by=by, at=at)
    for member in new:
        enqueue(
            "grading/mail/released",
            key=f"released:{item.pk}:{member.pk}",
            to=member.user,
            at=at,
            context={"course": course, "item": item},
            course_slug=course.slug,
        )
    if new:
        audit(
            "release_item",
            at=at,
            actor=by.user,
            subject=f"item {item.key}",
            course_slug=course.slug,
            after=[member.code for member in new],
        )
    return new


def write_releases(
    pairs: Iterable[tuple[GradeItem, Membership]], *, by: Membership, at: datetime
) -> None:
    """Insert releases that are not there yet. Call with the students locked."""
    rows = [Release(item=item, membership=member, at=at, by=by) for item, member in pairs]
    Release.objects.bulk_create(rows)


def release_everything(course: Course, *, by: Membership, at: datetime) -> None:
    """Release all items to all active students: what a published result rests on. No mail.

    Call with the students locked.
    """
    shown = set(Release.objects.filter(item__course=course).values_list("item_id", "membership_id"))
    students = list(Membership.objects.filter(course=course).students().active())
    items = list(GradeItem.objects.filter(course=course))
    write_releases(
        [
            (item, member)
            for item in items
            for member in students
            if (item.pk, member.pk) not in shown
        ],
        by=by,
        at=at,
    )
