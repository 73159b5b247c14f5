"""Leaving a course frees the talks; the page says so before."""

from datetime import timedelta

from django.test import Client

from courses.models import Course, Membership
from presentations.models import Presenter
from tests.factories.courses import NOON
from tests.presentations.scenes import LATER, Scene


def test_change_state_frees_the_talk_and_offers_it(
    course: Course, instructor: Membership, client: Client, set_clock: object
) -> None:
    here = Scene(course, instructor.user, "a", "ab")
    set_clock(LATER)  # type: ignore[operator]
    client.force_login(instructor.user)
    page = f"/c/{course.slug}/people/{here.people[0].code}/state"
    assert "Student 0 presents “Paper a” on Mon 1 Dec 2025" in client.get(page).content.decode()
    answer = client.post(page, {"state": "withdrawn", "reason": "Moved away."})
    assert answer.status_code == 302
    assert here.held() == [None, "b"]
    assert here.offers() == [(1, "a", "open")]
    ended = Presenter.objects.get(membership=here.people[0])
    assert (ended.ended_at, ended.ended_reason) == (LATER, "Moved away.")


def test_change_state_back_gives_no_talk_back(
    course: Course, instructor: Membership, client: Client, set_clock: object
) -> None:
    here = Scene(course, instructor.user, "a")
    client.force_login(instructor.user)
    page = f"/c/{course.slug}/people/{here.people[0].code}/state"
    for state in ("suspended", "active"):
        set_clock(NOON + timedelta(hours=1))  # type: ignore[operator]
        client.post(page, {"state": state, "reason": "A break."})
    assert here.held() == [None]
    assert here.offers() == []
