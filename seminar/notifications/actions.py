"""Writing messages into the outbox, and delivering them.

Delivery leases rows, sends each one outside any transaction, and writes down each end on its own.
A worker killed at any point leaves leases that run out; what it had not written down is sent again
with the same Message-ID. So: nothing is lost, and at most one message per crash arrives twice.
"""

import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.template import Context, Engine
from django.utils.translation import override

from seminar.accounts.models import User
from seminar.lib.codes import new_code
from seminar.notifications.models import Message

LEASE = timedelta(minutes=5)
BATCH = 10  # ten times the mail time-out stays below the lease
BACK_OFF = timedelta(minutes=1)  # doubled with each attempt: 1, 2, 4, ... minutes
LONGEST_WAIT = timedelta(hours=1)
ATTEMPTS = 30  # together just over a day: longer than a mail server is usually down
PERMANENT = 500  # SMTP: from here on, the same mail will never be taken


def enqueue(  # noqa: PLR0913 - the facts of one message
    kind: str,
    *,
    key: str,
    to: User,
    at: datetime,
    context: dict[str, Any],
    course_slug: str = "",
    stream: str = Message.Stream.REQUIRED,
    due_at: datetime | None = None,
) -> bool:
    """Write one message to one person; call inside the transaction that causes it.

    Renders ``<kind>.txt``, whose first line is the subject, with ``context`` plus ``to``, ``site``
    (the absolute address without a slash at the end) and ``course_slug``; ``kind`` is like
    ``presentations/mail/list_received``. ``key`` makes it happen once: a second call with the same
    key writes nothing and returns False. ``due_at`` (default ``at``) is when it may leave.

    Locks nothing. Raises TemplateDoesNotExist for an unknown kind.
    """
    if Message.objects.filter(key=key).exists():
        return False
    subject, text = rendered(kind, to, context | {"course_slug": course_slug})
    return write(
        key=key,
        to=to,
        address=to.email,
        kind=kind,
        subject=subject,
        text=text,
        at=at,
        due_at=due_at or at,
        course_slug=course_slug,
        stream=stream,
    )


def enqueue_all(  # noqa: PLR0913 - the facts of one message
    kind: str,
    *,
    key: str,
    to: Iterable[User],
    at: datetime,
    context: dict[str, Any],
    course_slug: str = "",
    stream: str = Message.Stream.REQUIRED,
) -> int:
    """Write the same message to many people; return how many are new. Two queries at any number.

    Like ``enqueue``, with one key for each person: ``key``, a colon, the person's code.
    """
    people = {f"{key}:{person.code}": person for person in to}
    known = set(Message.objects.filter(key__in=people).values_list("key", flat=True))
    rows = []
    for own_key, person in people.items():
        if own_key in known:
            continue
        subject, text = rendered(kind, person, context | {"course_slug": course_slug})
        fields = {"to": person, "address": person.email, "course_slug": course_slug}
        fields |= {"kind": kind, "text": text, "stream": stream}
        rows.append(new_message(key=own_key, subject=subject, at=at, **fields))
    Message.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return len(rows)


def rendered(kind: str, to: User, context: dict[str, Any]) -> tuple[str, str]:
    """Return subject and text of ``<kind>.txt`` in the language of the person it is for.

    Plain text: nothing is escaped for HTML.
    """
    values = Context(context | {"to": to, "site": settings.SITE_URL}, autoescape=False)
    with override(to.language):
        mail: str = Engine.get_default().get_template(f"{kind}.txt").render(values)
    subject, _, text = mail.strip().partition("\n")
    return subject, text.strip() + "\n"


def write(*, key: str, subject: str, at: datetime, **fields: Any) -> bool:
    """Insert one message unless its key exists; return whether it was new.

    Two writers of one key are kept apart by the unique constraint: the second inserts nothing.
    """
    row = new_message(key=key, subject=subject, at=at, **fields)
    Message.objects.bulk_create([row], ignore_conflicts=True)
    return Message.objects.filter(key=key, message_id=row.message_id).exists()


def new_message(*, key: str, subject: str, at: datetime, **fields: Any) -> Message:
    """Build a row that is not stored yet. Its Message-ID stays with it for good."""
    return Message(
        key=key,
        subject=" ".join(subject.split())[:200],
        message_id=f"<{new_code()}.{new_code()}@{mail_domain()}>",
        queued_at=at,
        **{"due_at": at} | fields,
    )


def mail_domain() -> str:
    """Return the host part of the sender's address, for Message-IDs."""
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"


def deliver(*, now: Callable[[], datetime]) -> int:
    """Send what is due, until nothing is; return how many were handed over.

    ``now`` is asked anew for each message, because sending takes time. Any number of workers may
    run this at once: a row belongs to whoever leased it.
    """
    sent = 0
    connection = get_connection()
    while batch := lease_batch(at=now()):
        try:
            for message in batch:
                sent += deliver_one(message, connection=connection, at=now())
        finally:
            hang_up(connection)
    return sent


@transaction.atomic
def lease_batch(*, at: datetime) -> list[Message]:
    """Take up to ten due messages for five minutes and return them, oldest first.

    Locks the rows it takes and skips rows that another worker is taking. A row whose lease ran out
    was in the hands of a worker that died; it is marked uncertain, as it may have left already.
    """
    due = Message.objects.filter(state=Message.State.QUEUED, due_at__lte=at)
    free = due.filter(leased_until__isnull=True) | due.filter(leased_until__lte=at)
    locked = free.select_related("to").select_for_update(skip_locked=True, of=("self",))
    rows = list(locked.order_by("due_at", "id")[:BATCH])
    lease = secrets.token_hex(8)
    for row in rows:
        row.uncertain = row.uncertain or bool(row.lease)
        row.lease, row.leased_until = lease, at + LEASE
        row.attempts += 1
    Message.objects.bulk_update(rows, ["lease", "leased_until", "attempts", "uncertain"])
    return rows


def deliver_one(message: Message, *, connection: Any, at: datetime) -> bool:
    """Hand one leased message to the mail server and write down how it ended.

    What the server refuses for good ends it; any other failure returns it to the queue, later each
    time, until the attempts are used up. One bad recipient never stops the others: the connection
    is opened again for the next message where this one broke it.
    """
    if message.to and not message.to.is_active:
        end(message, state=Message.State.SKIPPED, at=at, error="account is closed")
        return False
    try:
        connection.open()
        as_mail(message, connection).send()
    except (OSError, ValueError) as error:  # network, every SMTPException; what is no mail at all
        hang_up(connection)
        if is_permanent(error):
            end(message, state=Message.State.DEAD, at=at, error=repr(error))
        else:
            try_later(message, at=at, error=repr(error))
        return False
    end(message, state=Message.State.SENT, at=at, error="")
    return True


def is_permanent(error: Exception) -> bool:
    """Tell whether sending this message again can only fail again.

    A refused sender or login concerns every message and is mended by the operator, so it is not.
    """
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in error.recipients.values())
    if isinstance(error, SMTPDataError):
        return error.smtp_code >= PERMANENT
    return isinstance(error, ValueError)


def hang_up(connection: Any) -> None:
    """Close the connection to the mail server; that it is gone already is no error."""
    with suppress(OSError):
        connection.close()


def as_mail(message: Message, connection: Any) -> EmailMultiAlternatives:
    """Build the mail: plain text first and complete, headers that say it is automatic."""
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=[message.address],
        connection=connection,
        headers={
            "Message-ID": message.message_id,
            "Auto-Submitted": "auto-generated",
            "List-Id": f"<{message.course_slug or 'seminar'}.{mail_domain()}>",
        },
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail


def end(message: Message, *, state: str, at: datetime, error: str) -> None:
    """Write down that a leased message is done with. Nothing happens if the lease was lost."""
    Message.objects.filter(pk=message.pk, lease=message.lease).update(
        state=state, ended_at=at, lease="", leased_until=None, last_error=error[:2000]
    )


def try_later(message: Message, *, at: datetime, error: str) -> None:
    """Put a leased message back with growing distance, or give it up after the last attempt."""
    if message.attempts >= ATTEMPTS:
        end(message, state=Message.State.DEAD, at=at, error=error)
        return
    Message.objects.filter(pk=message.pk, lease=message.lease).update(
        due_at=at + min(BACK_OFF * 2 ** (message.attempts - 1), LONGEST_WAIT),
        lease="",
        leased_until=None,
        last_error=error[:2000],
    )
