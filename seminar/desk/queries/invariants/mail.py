"""Messages: each exactly once, none stuck, none that tells a grade."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat

from assignments.models import Assignment, Submission
from seminar.desk.queries.invariants.reading import rows
from seminar.desk.queries.invariants.registry import FULL, Severity, Violation, invariant
from seminar.desk.queries.reminders import due_reminders
from seminar.notifications.actions import ATTEMPTS
from seminar.notifications.models import Message

SWEEP = timedelta(minutes=10)
STUCK = timedelta(hours=1)
ADDRESS = re.compile(r"https?://\S+")
NUMBER_OF_POINTS = re.compile(r"\d\s*(?:%|percent\b|points?\b)|\b\d+(?:[.,]\d+)?\s*/\s*\d+", re.I)


@invariant("I-26", level=FULL, reads=(Assignment,))
def reminders(at: datetime) -> Iterator[Violation]:
    """Whoever is to be reminded of a deadline has the reminder ten minutes later."""
    before = at - SWEEP
    still = {due.key for due in due_reminders(at=at)}
    for due in due_reminders(at=before):
        joined = due.membership.joined_at
        if due.key in still and joined is not None and joined <= before:
            where = f"assignment {due.assignment.key} member {due.membership.code}"
            yield Violation(where, "no reminder", f"one {due.offset} before the deadline")


@invariant("I-27", reads=(Message,))
def sent_once(at: datetime) -> Iterator[Violation]:
    """No message is in the outbox twice: its key and its Message-ID are its own."""
    for column in ("key", "message_id"):
        found = rows(
            f"""
            SELECT {column}, COUNT(*) FROM notifications_message
            GROUP BY {column} HAVING COUNT(*) > 1
            """  # noqa: S608 - two fixed names
        )
        for key, count in found:
            yield Violation(f"message {key}", f"{count} with this {column}", "one")


@invariant("I-28", severity=Severity.MINOR, reads=(Message,))
def closed_accounts(at: datetime) -> Iterator[Violation]:
    """Nothing waits for more than an hour to be sent to a closed account."""
    waiting = Message.objects.filter(
        state=Message.State.QUEUED, to__is_active=False, due_at__lt=at - STUCK
    )
    for code in waiting.values_list("code", flat=True):
        yield Violation(f"message {code}", "queued for a closed account", "skipped")


@invariant("I-29", reads=(Message,))
def attempts(at: datetime) -> Iterator[Violation]:
    """A message is tried a bounded number of times, and nobody holds one that is done with."""
    found = rows(
        f"""
        SELECT code, attempts, state FROM notifications_message
        WHERE attempts > {ATTEMPTS} OR (state <> 'queued' AND lease <> '')
        """  # noqa: S608 - a fixed number
    )
    for code, tried, state in found:
        words = f"{state} after {tried} attempts"
        if tried <= ATTEMPTS:
            words = f"{state} and still leased"
        yield Violation(f"message {code}", words, f"at most {ATTEMPTS} attempts, then let go")


@invariant("I-30", level=FULL, severity=Severity.CRITICAL, reads=(Message,))
def no_numbers(at: datetime) -> Iterator[Violation]:
    """No mail about grades holds a number of points or a percentage."""
    about = Message.objects.filter(kind__startswith="grading/")
    for code, *texts in about.values_list("code", "subject", "text", "html").iterator():
        if any(NUMBER_OF_POINTS.search(ADDRESS.sub("", text)) for text in texts):
            yield Violation(f"message {code}", "a number that may be a grade", "no number")


@invariant("I-54", level=FULL, severity=Severity.CRITICAL, reads=(Submission,))
def receipts_were_written(at: datetime) -> Iterator[Violation]:
    """Every version handed in has its receipt in the outbox."""
    receipt = Message.objects.filter(key=Concat(Value("receipt:"), OuterRef("code")))
    for code in Submission.objects.filter(~Exists(receipt)).values_list("code", flat=True):
        yield Violation(f"submission {code}", "no receipt", "a receipt")


@invariant("I-55", level=FULL, reads=(Message,))
def moving(at: datetime) -> Iterator[Violation]:
    """Messages leave: none is due for more than an hour and was neither sent nor put off."""
    stuck = Message.objects.filter(state=Message.State.QUEUED, due_at__lt=at - STUCK).exclude(
        to__is_active=False
    )
    count = stuck.count()
    if count:
        oldest = stuck.order_by("due_at").values_list("code", flat=True)[0]
        yield Violation(f"message {oldest}", f"{count} messages are stuck, this one longest", "0")
