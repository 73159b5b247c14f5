"""Leaving a course, with all that hangs on it."""

from datetime import datetime

from django.db import transaction

from courses import actions as courses
from courses.models import Membership
from presentations.actions import leave_talks
from seminar.accounts.models import User


@transaction.atomic
def change_state(
    membership: Membership, *, state: str, reason: str, by: User, at: datetime
) -> Membership:
    """Suspend a member, end a membership, or let somebody in again; staff only, with a reason.

    Who is not in the course any more gives up every talk to come; places in class are offered to
    the next person at once. Lists, drafts and what was handed in stay. Letting somebody in again
    gives no talk back.

    Locks the course, as ``courses.actions.change_state`` does, and with it the talks. Queues one
    mail to the person and ``presentations/mail/news`` to whom it concerns. Raises what
    ``courses.actions.change_state`` raises. Source: PRODUCT 3.3.6.
    """
    changed = courses.change_state(membership, state=state, reason=reason, by=by, at=at)
    if not changed.is_student:
        leave_talks(changed, reason.strip(), by, at)
    return changed
