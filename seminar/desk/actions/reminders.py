"""Writing the reminders that are due."""

import logging
from datetime import datetime

from django.db import transaction

from seminar.desk.queries.reminders import DueReminder, due_reminders
from seminar.notifications import actions as outbox
from seminar.notifications.models import Message

log = logging.getLogger(__name__)


def plan_reminders(*, at: datetime) -> int:
    """Write every reminder that is due at ``at``; return how many were new.

    One transaction per reminder: a sweep that is killed leaves the rest to the next one, and what
    fails for one is logged and leaves the others alone. All are read before the first is written,
    because SQLite takes no lock for writing while rows are still being read. Two sweeps at once
    write each reminder once, by the message's key. A moved deadline changes the key, so what was
    planned for the old one is not sent again and the new one is reminded of. Locks nothing.
    """
    written = 0
    for due in list(due_reminders(at=at)):
        try:
            written += write_reminder(due, at=at)
        except Exception:  # one broken reminder must not keep the others from being sent
            log.exception("reminder %s was not written", due.key)
    return written


@transaction.atomic
def write_reminder(due: DueReminder, *, at: datetime) -> bool:
    """Put one reminder into the outbox; False if another sweep was faster."""
    return outbox.enqueue(
        "desk/mail/reminder",
        key=due.key,
        to=due.membership.user,
        at=at,
        course_slug=due.assignment.course.slug,
        stream=Message.Stream.OPTIONAL,
        context={
            "course": due.assignment.course,
            "assignment": due.assignment,
            "deadline": due.deadline,
            "has_draft": due.has_draft,
        },
    )
