"""Who may open which page: the own role by name, everything else as if it did not exist."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Course, Meeting
from presentations.models import Presentation, Presenter
from tests.factories.courses import NOON, make_course, make_meeting, make_member
from tests.factories.presentations import make_round, make_talk


def status(client: Client, url: str, who: str, request: pytest.FixtureRequest) -> int:
    if who != "nobody":
        client.force_login(request.getfixturevalue(who).user)
    return client.get(url).status_code


EVERYBODY = {
    "student": 200,
    "auditor": 200,
    "ta": 200,
    "instructor": 200,
    "applicant": 404,
    "withdrawn": 404,
    "outsider": 404,
    "other_ta": 404,
    "nobody": 302,
}
STUDENTS = EVERYBODY | {"auditor": 403, "ta": 403, "instructor": 403}
INSTRUCTORS = EVERYBODY | {"student": 403, "auditor": 403, "ta": 403, "instructor": 302}


@pytest.mark.parametrize(("who", "expected"), STUDENTS.items())
def test_preferences_are_for_students(
    client: Client, course: Course, who: str, expected: int, request: pytest.FixtureRequest
) -> None:
    url = reverse("presentations:preferences", args=[course.slug, make_round(course).key])
    assert status(client, url, who, request) == expected


@pytest.mark.parametrize(("who", "expected"), EVERYBODY.items())
def test_talks_are_for_members(
    client: Client, course: Course, who: str, expected: int, request: pytest.FixtureRequest
) -> None:
    url = reverse("presentations:presentations", args=[course.slug])
    talk = make_talk(course, make_member(course))
    own = reverse("presentations:presentation", args=[course.slug, talk.code])
    assert status(client, url, who, request) == expected
    assert client.get(own).status_code == expected


@pytest.mark.parametrize(("who", "expected"), INSTRUCTORS.items())
def test_allocation_is_for_instructors(
    client: Client, course: Course, who: str, expected: int, request: pytest.FixtureRequest
) -> None:
    url = reverse("presentations:allocation", args=[course.slug])
    assert status(client, url, who, request) == expected


@pytest.mark.parametrize(("who", "expected"), (INSTRUCTORS | {"instructor": 200}).items())
def test_final_talks_are_for_instructors(
    client: Client, course: Course, who: str, expected: int, request: pytest.FixtureRequest
) -> None:
    meeting = make_meeting(course, on=date(2099, 1, 26), kind=Meeting.Kind.FINAL)
    member = make_member(course)
    talk = Presentation.objects.create(
        course=course, kind="final", title="Talk", meeting=meeting, position=1, minutes=10
    )
    Presenter.objects.create(
        presentation=talk, membership=member, kind="final", seat=0, reason="scheduled", since=NOON
    )
    cancel = reverse("presentations:cancel_final_talk", args=[course.slug, talk.code])
    finals = reverse("presentations:finals", args=[course.slug])
    assert status(client, finals, who, request) == expected
    assert client.get(cancel).status_code == expected
    if expected != 200:
        assert client.post(finals, {}).status_code == expected
        assert client.post(cancel, {"reason": "Mine"}).status_code == expected
    assert Presenter.objects.live().count() == 1


def test_presentation_of_another_course_is_not_found(
    client: Client, course: Course, request: pytest.FixtureRequest
) -> None:
    other = make_course()
    talk = make_talk(other, make_member(other))
    url = reverse("presentations:presentation", args=[course.slug, talk.code])
    assert status(client, url, "student", request) == 404


def test_preferences_of_another_course_are_not_found(
    client: Client, course: Course, request: pytest.FixtureRequest
) -> None:
    round_ = make_round(make_course())
    url = reverse("presentations:preferences", args=[course.slug, round_.key])
    assert status(client, url, "student", request) == 404
