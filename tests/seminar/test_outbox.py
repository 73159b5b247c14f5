"""The outbox against a real mail server: once, late, refused, uncertain, by several workers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.mail import get_connection
from django.db import connection, transaction

from courses.models import Course
from seminar.accounts.models import User
from seminar.notifications import tasks
from seminar.notifications.actions import (
    ATTEMPTS,
    LEASE,
    as_mail,
    deliver,
    deliver_one,
    enqueue,
    enqueue_all,
    lease_batch,
    write,
)
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_announcement, make_user
from tests.seminar.mail_server import MailServer, running

State = Message.State


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    """A mail server that the settings point to."""
    server = MailServer()
    with running(server) as port:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_TIMEOUT = 5
        yield server


def queue(address: str = "ada@example.org", at: datetime = NOON, **fields: Any) -> Message:
    key = fields.pop("key", f"test:{address}:{Message.objects.count()}")
    write(
        **{"key": key, "to": None, "address": address, "kind": "test", "subject": "News"}
        | {"text": "Grüße\n", "at": at}
        | fields
    )
    return Message.objects.get(key=key)


def deliver_at(at: datetime) -> int:
    return deliver(now=lambda: at)


# --- enqueuing ---------------------------------------------------------------------------------


def test_enqueue_writes_one_message_per_key(course: Course) -> None:
    user = make_user("Ada <& Co>")
    facts = {
        "key": "news:1",
        "to": user,
        "at": NOON,
        "context": {"course": course, "news": make_announcement(course), "author": user},
        "course_slug": course.slug,
    }

    assert enqueue("courses/mail/announcement", **facts) is True
    assert enqueue("courses/mail/announcement", **facts) is False

    message = Message.objects.get()
    assert (message.key, message.to, message.address) == ("news:1", user, user.email)
    assert (message.state, message.due_at, message.course_slug) == ("queued", NOON, course.slug)
    assert message.subject == "[ELLM] Room changed"
    assert message.text.startswith('Ada <& Co> announces in "Efficient Training":')


def test_enqueue_all_leaves_out_who_has_the_message(course: Course) -> None:
    people = [make_user() for _ in range(3)]
    context = {"course": course, "news": make_announcement(course), "author": people[0]}

    def tell(to: list[User]) -> int:
        return enqueue_all(
            "courses/mail/announcement", key="news:1", to=to, at=NOON, context=context
        )

    assert (tell(people[:2]), tell(people), tell(people)) == (2, 1, 0)
    assert Message.objects.count() == 3


def test_write_takes_line_breaks_out_of_the_subject(db: None) -> None:
    message = queue(subject="Hello\r\nBcc: everybody@example.org")

    assert message.subject == "Hello Bcc: everybody@example.org"


@pytest.mark.django_db(transaction=True)
def test_write_of_one_key_by_two_at_once_is_one_message() -> None:
    start, new = Barrier(4), []

    def run() -> None:
        start.wait(10)
        try:
            new.append(
                write(key="same", to=None, address="a@example.org", kind="test",
                      subject="s", text="t", at=NOON)
            )  # fmt: skip
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(new) == [False, False, False, True]
    assert Message.objects.count() == 1


def test_what_is_rolled_back_is_not_sent(db: None, server: MailServer) -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)

    assert deliver_at(NOON) == 0
    assert server.mails == []


# --- delivering --------------------------------------------------------------------------------


def test_deliver_sends_what_is_due_oldest_first(db: None, server: MailServer) -> None:
    queue("late@example.org", due_at=NOON - timedelta(minutes=1))
    queue("first@example.org", due_at=NOON - timedelta(hours=1))
    future = queue("future@example.org", due_at=NOON + timedelta(minutes=1))

    assert deliver_at(NOON) == 2

    assert server.recipients() == ["first@example.org", "late@example.org"]
    future.refresh_from_db()
    assert future.state == State.QUEUED
    assert deliver_at(NOON) == 0


def test_deliver_says_that_the_mail_is_automatic(course: Course, server: MailServer) -> None:
    message = queue(course_slug=course.slug)

    deliver_at(NOON)

    (mail,) = server.mails
    assert mail["Message-ID"] == message.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == f"<{course.slug}.localhost>"
    assert mail.get_payload(decode=True).decode().split() == ["Grüße"]
    message.refresh_from_db()
    assert (message.state, message.ended_at, message.attempts) == (State.SENT, NOON, 1)
    assert (message.lease, message.leased_until, message.uncertain) == ("", None, False)


@pytest.mark.parametrize("answer", ["550 no such user", "553 mailbox name not allowed"])
def test_deliver_gives_up_a_refused_recipient_and_sends_the_others(
    db: None, server: MailServer, answer: str
) -> None:
    server.answers["bad@example.org"] = answer
    for number in range(12):
        queue("bad@example.org" if number == 3 else f"p{number}@example.org")

    assert deliver_at(NOON) == 11
    assert deliver_at(NOON + timedelta(days=1)) == 0

    bad = Message.objects.get(address="bad@example.org")
    assert (bad.state, bad.attempts, bad.ended_at) == (State.DEAD, 1, NOON)
    assert answer[:3] in bad.last_error
    assert len(server.mails) == 11
    assert server.asked["bad@example.org"] == 1


def test_deliver_tries_a_busy_mailbox_again_later_each_time(db: None, server: MailServer) -> None:
    server.answers["busy@example.org"] = "450 try again"
    message, at = queue("busy@example.org"), NOON
    waits = []

    for _ in range(8):
        deliver_at(at)
        message.refresh_from_db()
        waits.append(message.due_at - at)
        at = message.due_at

    assert [wait // timedelta(minutes=1) for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60]
    del server.answers["busy@example.org"]
    assert deliver_at(at) == 1
    assert server.message_ids() == {message.message_id: 1}


def test_deliver_gives_up_after_the_last_attempt(db: None, server: MailServer) -> None:
    server.answers["busy@example.org"] = "450 try again"
    message = queue("busy@example.org")
    Message.objects.update(attempts=ATTEMPTS - 1)

    deliver_at(NOON)

    message.refresh_from_db()
    assert (message.state, message.attempts, message.ended_at) == (State.DEAD, ATTEMPTS, NOON)


def test_deliver_outlasts_a_mail_server_that_is_down(
    db: None, server: MailServer, settings: Any
) -> None:
    messages = [queue(f"p{number}@example.org") for number in range(3)]
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1  # nobody listens there

    assert deliver_at(NOON) == 0

    for message in messages:
        message.refresh_from_db()
        assert (message.state, message.attempts, message.lease) == (State.QUEUED, 1, "")
        assert "ConnectionRefusedError" in message.last_error

    settings.EMAIL_PORT = port
    assert deliver_at(NOON + timedelta(minutes=1)) == 3


def test_deliver_goes_on_after_the_server_hung_up(db: None, server: MailServer) -> None:
    server.answers["cut@example.org"] = "421 closing the channel"
    for name in ("a", "cut", "b"):
        queue(f"{name}@example.org")

    assert deliver_at(NOON) == 2
    assert server.recipients() == ["a@example.org", "b@example.org"]
    assert Message.objects.get(address="cut@example.org").state == State.QUEUED


def test_deliver_skips_closed_accounts(db: None, server: MailServer) -> None:
    closed = make_user(is_active=False)
    message = queue(closed.email, to=closed)

    assert deliver_at(NOON) == 0

    message.refresh_from_db()
    assert (message.state, message.last_error) == (State.SKIPPED, "account is closed")
    assert server.mails == []


def test_deliver_ends_what_is_no_mail(db: None, server: MailServer) -> None:
    broken = queue("two words@example.org\nX: y")
    queue("fine@example.org")

    assert deliver_at(NOON) == 1

    broken.refresh_from_db()
    assert broken.state == State.DEAD


# --- leases ------------------------------------------------------------------------------------


def test_lease_batch_keeps_others_away_until_it_ends(db: None) -> None:
    queue()

    assert len(lease_batch(at=NOON)) == 1
    assert lease_batch(at=NOON + LEASE - timedelta(seconds=1)) == []
    assert len(lease_batch(at=NOON + LEASE)) == 1


def test_deliver_sends_again_what_a_dead_worker_held(db: None, server: MailServer) -> None:
    message = queue()
    (leased,) = lease_batch(at=NOON)
    # The worker hands it over and dies before it writes that down.
    get_connection().send_messages([as_mail(leased, get_connection())])

    assert deliver_at(NOON + LEASE - timedelta(seconds=1)) == 0
    assert deliver_at(NOON + LEASE) == 1

    message.refresh_from_db()
    assert (message.state, message.uncertain, message.attempts) == (State.SENT, True, 2)
    assert server.message_ids() == {message.message_id: 2}


def test_a_worker_that_lost_its_lease_writes_nothing(db: None, server: MailServer) -> None:
    message = queue()
    lost = lease_batch(at=NOON)
    lease_batch(at=NOON + LEASE)

    slow = get_connection()
    deliver_one(lost[0], connection=slow, at=NOON + LEASE)
    slow.close()

    message.refresh_from_db()
    assert (message.state, message.uncertain) == (State.QUEUED, True)


def test_deliver_job_sends_one_mail_at_a_time_in_a_process(
    db: None, server: MailServer, set_clock: Any
) -> None:
    """A second tick leaves it to the one under way: a crash doubles one mail at most."""
    message = queue()
    nested: list[str] = []

    def tick_again(_count: int) -> None:
        tasks.deliver()  # on the server's thread, while the first one waits for its answer
        nested.append(message.message_id)

    server.on_mail = tick_again
    tasks.deliver()

    message.refresh_from_db()
    assert (nested, message.state, message.attempts) == ([message.message_id], "sent", 1)


@pytest.mark.django_db(transaction=True)
def test_deliver_by_several_workers_sends_each_message_once(server: MailServer) -> None:
    for number in range(60):
        queue(f"p{number}@example.org")
    start, sent = Barrier(3), []

    def work() -> None:
        start.wait(10)
        try:
            sent.append(deliver_at(NOON))
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(sent) == 60
    assert len(sent) == 3
    assert set(server.message_ids().values()) == {1}
    assert Message.objects.filter(state=State.SENT, attempts=1, uncertain=False).count() == 60
