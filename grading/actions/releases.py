"""Making grades visible. Nothing else does, and nothing takes it back."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Membership
from grading.actions.locks import lock_course_students
from grading.models import GradeItem, Release
from grading.queries import facts_of, releasable
from seminar.accounts.actions import audit, once
from seminar.lib.errors import Refused
from seminar.notifications.actions import enqueue


@transaction.atomic
def release_item(
    item: GradeItem,
    *,
    by: Membership,
    at: datetime,
    memberships: Iterable[Membership] | None = None,
    nonce: str = "",
) -> list[Membership]:
    """Show an item's grades to all students whose grade is decided, or to those of them named.

    Somebody named whose grade was taken back meanwhile is left out. Returns those who see it from now on; releasing again adds nobody and sends nothing. Later
    changes of a released grade are visible at once and need a reason.

    Locks all students of the course. Queues "grading/mail/released" to each, without numbers.
    Raises Refused("not_graded", 409) if nobody named has anything to release, and what ``once``
    raises: a request that is repeated with its nonce releases nothing that was graded since.
    """
    lock_course_students(item.course)
    chosen = None if memberships is None else list(memberships)
    if not nonce:
        return show_to(item, chosen, by=by, at=at)
    codes = None if chosen is None else [member.code for member in chosen]
    done = once(
        nonce,
        user=by.user,
        verb="release_item",
        body=[item.course.slug, item.key, codes],
        at=at,
        do=lambda: {"codes": [member.code for member in show_to(item, chosen, by=by, at=at)]},
    )
    students = Membership.objects.select_related("user").filter(course=item.course)
    return list(students.filter(code__in=done["codes"]).order_by("user__name"))


def show_to(
    item: GradeItem, named: list[Membership] | None, *, by: Membership, at: datetime
) -> list[Membership]:
    """Release with the students locked: write, mail, audit. Raises as ``release_item`` does."""
    course = item.course
    ready = {member.pk: member for member in releasable(facts_of(course), item, at=at)}
    shown = set(Release.objects.filter(item=item).values_list("membership_id", flat=True))
    chosen = list(ready.values()) if named is None else named
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
