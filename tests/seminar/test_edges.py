"""What strangers' requests meet: NUL, wrong methods, odd addresses, crowds behind one address."""

from importlib import import_module

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

from courses.models import Course, Membership
from seminar.notifications.models import Message

CROWD = 60


@pytest.mark.parametrize("field", ["code", "a\0b"])
def test_a_nul_in_a_form_is_refused(client: Client, db: None, field: str) -> None:
    answer = client.post("/demo/sign-in", {field: "X\0Y"})

    assert answer.status_code == 400
    assert b"contains a NUL character" in answer.content


def test_a_nul_in_a_form_of_the_staff_is_refused(client: Client, instructor: Membership) -> None:
    client.force_login(instructor.user)

    for path in ("people/accept", "manage/release", "manage/pass-rule"):
        answer = client.post(f"/c/{instructor.course.slug}/{path}", {"code": "\0", "item": "\0"})
        assert answer.status_code in (400, 404), path


def test_a_wrong_method_gets_a_page_that_helps(
    client: Client, course: Course, instructor: Membership
) -> None:
    client.force_login(instructor.user)

    answer = client.get(f"/c/{course.slug}/announcements/new")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Go back and press the button" in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/mailbox?whose=all", "/mailbox?whose=all"),
        ("account_login", "/"),
        ("//evil.example.org", "/"),
        ("https://evil.example.org/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_set_theme_leads_back_on_this_site_only(
    client: Client, db: None, asked: str, led_to: str
) -> None:
    answer = client.post("/me/theme", {"theme": "dark", "next": asked})

    assert (answer.status_code, answer["Location"]) == (302, led_to)


def test_account_mails_link_to_the_address_people_type(
    client: Client, student: Membership, settings: LazySettings
) -> None:
    settings.SITE_URL = "https://seminar.example.org"

    client.post("/account/password/reset/", {"email": student.user.email})

    message = Message.objects.get()
    assert "https://seminar.example.org/account/password/reset/key/" in message.text
    assert "testserver" not in message.text


def test_a_lecture_hall_signs_up_behind_one_address(
    client: Client, db: None, settings: LazySettings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = import_module("seminar.settings.base").ACCOUNT_RATE_LIMITS
    cache.clear()

    answers = [
        Client().post(
            "/account/signup/",
            {
                "name": f"Person {number}",
                "email": f"person.{number}@example.org",
                "password1": "correct horse battery",
            },
        )
        for number in range(CROWD)
    ]

    assert [answer.status_code for answer in answers] == [302] * CROWD
    cache.clear()
