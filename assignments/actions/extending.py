"""More time for one student."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from assignments.actions.settling import settle
from assignments.models import Assignment, Draft, Extension
from assignments.queries import deadline_of, extension_of
from courses.models import Membership
from seminar.accounts.actions import audit, once
from seminar.lib.errors import Refused
from seminar.lib.templatetags.seminar_format import deadline
from seminar.notifications.actions import enqueue


@transaction.atomic
def grant_extension(  # noqa: PLR0913 - the facts of one extension
    assignment: Assignment,
    membership: Membership,
    *,
    until: datetime,
    reason: str,
    by: Membership,
    at: datetime,
    nonce: str = "",
) -> Extension:
    """Give one student a later deadline; return the extension. Also after the deadline.

    What was due before is settled first, as the job would have done. A second extension replaces
    the first, and is never earlier. Locks the student's membership, then the draft. Queues one mail
    to the student.

    Raises Refused: "not_a_student" (409); "not_later", "past", "no_reason" (422); what ``once``
    raises.
    """
    locked = Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)
    membership.state, membership.role = locked.state, locked.role

    def do() -> dict[str, Any]:
        before = deadline_of(assignment, membership)
        _refuse_extension(assignment, membership, until=until, reason=reason, at=at)
        draft = (
            Draft.objects.select_for_update()
            .filter(assignment=assignment, membership=membership)
            .first()
        )
        if draft is not None:
            draft.assignment, draft.membership = assignment, membership
            settle(draft, at=at)
        extension, _new = Extension.objects.update_or_create(
            assignment=assignment,
            membership=membership,
            defaults={
                "until": until,
                "reason": reason.strip(),
                "granted_by": by,
                "granted_at": at,
            },
        )
        audit(
            "grant_extension",
            at=at,
            actor=by.user,
            subject=f"extension {assignment.key} {membership.code}",
            course_slug=assignment.course.slug,
            before={"until": before},
            after={"until": until},
            reason=reason.strip(),
        )
        enqueue(
            "assignments/mail/extension",
            key=f"extension:{assignment.pk}:{membership.pk}:{until.isoformat()}",
            to=membership.user,
            at=at,
            context={
                "course": assignment.course,
                "assignment": assignment,
                "until": until,
                "by": by.user,
            },
            course_slug=assignment.course.slug,
        )
        return {"extension": extension.pk}

    body = [assignment.course.slug, assignment.key, membership.code, until, reason]
    once(nonce, user=by.user, verb="grant_extension", body=body, at=at, do=do)
    extension = extension_of(assignment, membership)
    assert extension is not None
    return extension


def _refuse_extension(
    assignment: Assignment, membership: Membership, *, until: datetime, reason: str, at: datetime
) -> None:
    if not membership.is_student or membership.course_id != assignment.course_id:
        raise Refused("not_a_student", _("Only active students of this course get extensions."))
    if not reason.strip():
        raise Refused("no_reason", _("Say why. The reason is kept with the extension."), status=422)
    if until <= at:
        raise Refused("past", _("Choose a time in the future."), status=422)
    now_until = deadline_of(assignment, membership)
    if until <= now_until:
        message = _("The deadline is %(time)s already. An extension can only be later.")
        words = message % {"time": deadline(now_until, assignment.course.zone)}
        raise Refused("not_later", words, status=422)
