"""Excusing what was due before somebody joined."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Membership
from grading.actions.entries import Change, excuse_item
from grading.actions.locks import lock_students
from grading.models import GradeEntry, GradeItem
from grading.queries import due_before_joining, facts_of, staff_standings


@transaction.atomic
def excuse_items_before_joining(
    membership: Membership, *, by: Membership, at: datetime
) -> list[GradeEntry]:
    """Excuse exactly the items that were due before a student joined and are missing.

    The reason is filled in. Doing it again finds nothing and writes nothing. Returns the new lines.

    Locks the membership. Queues nothing. Source: PRODUCT 3.5.
    """
    lock_students([membership.pk])
    facts = facts_of(membership.course, only=membership)
    [student] = staff_standings(facts, at=at)
    rows = {row.id: row for row in due_before_joining(facts, student)}
    items = GradeItem.objects.filter(pk__in=rows).select_related("course")
    return [
        excuse_item(
            item,
            membership,
            Change(_("Due before joining"), student.facts[item.key].folded.seq),
            by=by,
            at=at,
        )
        for item in items
    ]
