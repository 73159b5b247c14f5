"""How to join online is for members: the public schedule says only that one can."""

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Course, Membership
from tests.factories.courses import make_meeting

NOTE = "CANARY-passcode-4711"


@pytest.fixture
def page(course: Course) -> str:
    make_meeting(course, online_note=NOTE)
    return reverse("desk:schedule", args=[course.slug])


@pytest.mark.usefixtures("set_clock")
def test_schedule_keeps_the_note_on_joining_from_the_public(page: str, client: Client) -> None:
    body = client.get(page).content.decode()

    assert NOTE not in body
    assert "and online" in body


@pytest.mark.usefixtures("set_clock")
def test_schedule_shows_members_the_note_on_joining(
    page: str, client: Client, auditor: Membership
) -> None:
    client.force_login(auditor.user)

    assert NOTE in client.get(page).content.decode()
