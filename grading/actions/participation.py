"""Points for taking part in class, line by line."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from courses.models import Meeting, Membership
from grading.actions.attendance import refuse_meeting
from grading.actions.locks import lock_students, refuse_frozen
from grading.models import GradeItem, ParticipationPoint
from seminar.accounts.actions import audit, once
from seminar.lib.errors import Refused
from seminar.lib.numbers import plain


@transaction.atomic
def give_participation(  # noqa: PLR0913 - the facts of one line, by whom, when, which request
    item: GradeItem,
    meeting: Meeting,
    membership: Membership,
    points: Decimal,
    *,
    by: Membership,
    at: datetime,
    nonce: str = "",
) -> Decimal:
    """Give a student points for one meeting, or take some back with a negative number.

    Lines are only added: taking back is a line of its own. Returns the student's sum in this
    meeting, which stays between 0 and the item's cap per meeting. A request that is repeated with
    its ``nonce`` (a double click) adds nothing and is answered as the first one was.

    Locks the membership. Queues nothing. Raises Refused: "cancelled", "too_early", "frozen" (409),
    "above_cap", "nothing_to_undo" (422), and what ``once`` raises.
    """
    assert item.kind == GradeItem.Kind.PARTICIPATION, "points are given in participation items"
    assert item.course_id == meeting.course_id == membership.course_id, "one course"
    lock_students([membership.pk])

    def give() -> dict[str, str]:
        total = add_line(item, meeting, membership, points, by=by, at=at)
        return {"total": str(total)}

    body = [item.pk, meeting.pk, membership.pk, plain(points)]
    answer = once(nonce, user=by.user, verb="give_participation", body=body, at=at, do=give)
    return Decimal(answer["total"])


def add_line(
    item: GradeItem,
    meeting: Meeting,
    membership: Membership,
    points: Decimal,
    *,
    by: Membership,
    at: datetime,
) -> Decimal:
    """Check and insert one line, and return the new sum. Call with the membership locked."""
    refuse_meeting(meeting, at)
    refuse_frozen(meeting.course)
    lines = ParticipationPoint.objects.filter(item=item, meeting=meeting, membership=membership)
    had = lines.aggregate(sum=Sum("points"))["sum"] or Decimal(0)
    total = had + points
    refuse_total(item, membership, points, total)
    ParticipationPoint.objects.create(
        item=item, meeting=meeting, membership=membership, points=points, at=at, by=by
    )
    audit(
        "give_participation",
        at=at,
        actor=by.user,
        subject=f"{item.key} meeting {meeting.key} member {membership.code}",
        course_slug=meeting.course.slug,
        before=str(had),
        after=str(total),
    )
    return total


def refuse_total(item: GradeItem, membership: Membership, points: Decimal, total: Decimal) -> None:
    """Raise Refused (422) for a sum below 0 or above the cap of one meeting."""
    if total > item.meeting_cap:
        raise Refused(
            "above_cap",
            _("%(student)s already has the %(cap)s points that one meeting can give.")
            % {"student": membership, "cap": plain(item.meeting_cap)},
            status=422,
            problems=[{"field": item.key, "value": str(points), "rule": _("Above the cap.")}],
        )
    if total < 0:
        raise Refused(
            "nothing_to_undo",
            _("%(student)s has no points in this meeting to take back.") % {"student": membership},
            status=422,
            problems=[{"field": item.key, "value": str(points), "rule": _("Below 0.")}],
        )
