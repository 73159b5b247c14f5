"""The demo's pages: being somebody with one click, the clock, the mailbox."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.test import Client

from courses.models import Course, Membership
from seminar.accounts.models import AuditEntry, User
from seminar.lib import clock
from seminar.notifications.actions import write
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_user


def test_demo_sign_in_enters_an_account_of_the_demo(client: Client, db: None) -> None:
    ada = make_user("Ada Okafor", email="ada.okafor@students.example.org")

    answer = client.post("/demo/sign-in", {"code": ada.code})

    assert (answer.status_code, answer.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(ada.pk)


def test_demo_sign_in_enters_nobody_elses_account(client: Client, db: None) -> None:
    stranger = make_user("Somebody Real")

    assert client.post("/demo/sign-in", {"code": stranger.code}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_demo_pages_do_not_exist_elsewhere(
    client: Client, db: None, settings: LazySettings
) -> None:
    settings.DEMO = False

    assert client.get("/demo/clock").status_code == 404
    assert client.post("/demo/sign-in", {"code": "X"}).status_code == 404


@pytest.mark.parametrize(
    ("demo", "address", "status"),
    [(True, "192.0.2.7", 200), (False, "127.0.0.1", 200), (False, "192.0.2.7", 404)],
)
def test_mailbox_outside_the_demo_is_for_who_sits_at_the_machine(
    client: Client, db: None, settings: LazySettings, demo: bool, address: str, status: int
) -> None:
    settings.DEMO = demo

    assert client.get("/mailbox", REMOTE_ADDR=address).status_code == status


def test_set_clock_moves_the_time_of_every_rule(
    client: Client, course: Course, instructor: Membership
) -> None:
    client.force_login(instructor.user)

    answer = client.post("/demo/clock", {"date": "2030-03-04", "time": "16:00"})

    assert (answer.status_code, answer.url) == (302, "/demo/clock")
    ahead = clock.now() - datetime(2030, 3, 4, 15, 0, tzinfo=UTC)
    assert timedelta(0) <= ahead < timedelta(seconds=30)
    assert AuditEntry.objects.get().verb == "set_clock"


def test_set_clock_refuses_a_student(client: Client, student: Membership) -> None:
    client.force_login(student.user)

    answer = client.post("/demo/clock", {"date": "2030-03-04", "time": "16:00"})

    assert answer.status_code == 403
    assert clock.offset() == timedelta(0)


@pytest.mark.parametrize(
    ("date", "time"),
    [("2026-03-29", "02:30"), ("9999-01-01", "10:00"), ("soon", "10:00"), ("2026-01-01", "")],
)
def test_set_clock_refuses_times_that_do_not_exist(
    client: Client, instructor: Membership, date: str, time: str
) -> None:
    client.force_login(instructor.user)

    answer = client.post("/demo/clock", {"date": date, "time": time})

    assert answer.status_code == 422
    assert clock.offset() == timedelta(0)
    assert not AuditEntry.objects.exists()


def queue(to: User, subject: str) -> Message:
    write(
        key=subject, to=to, address=to.email, kind="test", subject=subject, text="Body\n", at=NOON
    )
    return Message.objects.get(key=subject)


def test_mailbox_shows_ones_own_mail_first(
    client: Client, student: Membership, other_student: Membership
) -> None:
    mine = queue(student.user, "For Ada")
    other = queue(other_student.user, "For Ben")
    client.force_login(student.user)

    assert [mail.pk for mail in client.get("/mailbox").context["page_obj"]] == [mine.pk]
    everybody = client.get("/mailbox?whose=all").context["page_obj"]
    assert [mail.pk for mail in everybody] == [other.pk, mine.pk]
    assert client.get(f"/mailbox/{mine.code}").context["mail"] == mine


def test_mailbox_is_absent_where_mail_is_really_sent(
    client: Client, db: None, settings: LazySettings
) -> None:
    settings.MAILBOX = False

    assert client.get("/mailbox").status_code == 404
