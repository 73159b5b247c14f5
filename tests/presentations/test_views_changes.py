"""Pages for places that change hands: what they say before, do, and refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from courses.models import Course, Membership
from presentations.models import PlaceOffer, Presenter, Swap
from tests.factories.courses import make_member
from tests.presentations.scenes import LATER, Scene


@pytest.fixture
def here(course: Course, instructor: Membership, set_clock: Callable[[Any], None]) -> Scene:
    """Student 0 presents a, 1 presents b and wanted a, 2 has nothing and wanted b."""
    set_clock(LATER)
    return Scene(course, instructor.user, "a", "ab", "b")


def as_(who: Membership) -> Client:
    client = Client()
    client.force_login(who.user)
    return client


def page(here: Scene, rest: str) -> str:
    return f"/c/{here.course.slug}/{rest}"


def get(here: Scene, who: Membership, rest: str, status: int = 200) -> str:
    answer = as_(who).get(page(here, rest))
    assert answer.status_code == status
    return answer.content.decode()


def post(here: Scene, who: Membership, rest: str, status: int = 302, **sent: str) -> str:
    answer = as_(who).post(page(here, rest), sent)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def talk(here: Scene, number: int) -> str:
    return f"presentations/{here.place(number).presentation.code}"


def instructor_of(here: Scene) -> Membership:
    return here.course.memberships.get(role="instructor")


def test_withdraw_from_talk_says_the_consequence_then_does_it(here: Scene) -> None:
    who, mine = here.people[0], talk(here, 0)
    assert "Give the place back" in get(here, who, mine)
    before = get(here, who, f"{mine}/withdrawal")
    assert "Your place is offered to the next person, and you have no talk then." in before
    refused = post(here, who, f"{mine}/withdrawal", 422, reason="")
    assert "Say why" in refused
    post(here, who, f"{mine}/withdrawal", reason="Ill", nonce="nonce-0001")
    post(here, who, f"{mine}/withdrawal", reason="Ill", nonce="nonce-0001")
    assert here.held() == [None, "b", None]
    assert "This place is not taken any more." in get(here, who, f"{mine}/withdrawal", 409)


def test_withdraw_presenter_is_for_instructors(here: Scene) -> None:
    mine = f"{talk(here, 0)}/presenters/{here.people[0].code}/withdrawal"
    get(here, here.people[0], mine, 403)
    assert "Give back the place of Student 0?" in get(here, instructor_of(here), mine)
    post(here, instructor_of(here), mine, reason="Ill")
    assert here.held() == [None, "b", None]


def test_confirm_presence_shows_to_both(here: Scene) -> None:
    mine = talk(here, 0)
    assert "Confirm that I present" in get(here, here.people[0], mine)
    post(here, here.people[0], f"{mine}/confirmation")
    assert "Confirm that I present" not in get(here, here.people[0], mine)
    assert "Confirmed" in get(here, instructor_of(here), mine)


def test_offer_page_accepts(here: Scene) -> None:
    here.leave(0)
    offer, who = f"offers/{here.offer().code}", here.people[1]
    shown = get(here, who, offer)
    assert "Choice 1; you are number 2" in shown
    assert "your present place goes to the next person" in shown
    post(here, who, f"{offer}/acceptance", nonce="nonce-0001")
    assert here.held() == [None, "a", None]
    assert "You have accepted this offer already." in get(here, who, offer)
    assert "already" in post(here, who, f"{offer}/refusal", 409)
    assert "You accepted it" in get(here, who, talk(here, 1))


def test_offer_page_declines_and_belongs_to_one(here: Scene) -> None:
    here.leave(0)
    offer, who = f"offers/{here.offer().code}", here.people[1]
    get(here, here.people[2], offer, 404)
    get(here, instructor_of(here), offer, 403)
    post(here, who, f"{offer}/refusal", nonce="nonce-0001")
    assert PlaceOffer.objects.get().state == "declined"
    assert "It does not come back." in get(here, who, offer)


def test_swap_pages_from_asking_to_agreeing(here: Scene) -> None:
    one, two = here.people[:2]
    ask = f"{talk(here, 0)}/swaps"
    assert "Student 1: Paper b" in get(here, one, ask)
    assert "Choose one of these people." in post(here, one, ask, 422)
    post(here, one, ask, message="Exam", nonce="nonce-0001", **{"with": two.code})
    swap = f"swaps/{Swap.objects.get().code}"
    assert "Withdraw my proposal" in get(here, one, swap)
    assert "Student 0 asks to change places" in get(here, two, swap)
    assert "Student 0 asks you to change places" in get(here, two, talk(here, 1))
    get(here, here.people[2], swap, 404)
    assert "other one who can do this" in post(here, one, f"{swap}/acceptance", 403)
    post(here, two, f"{swap}/acceptance", nonce="nonce-0002")
    assert here.held() == ["b", "a", None]
    assert "This swap is done already." in get(here, one, swap)
    assert "You changed places with somebody" in get(here, one, talk(here, 0))


@pytest.mark.parametrize(("verb", "who"), [("refusal", 1), ("withdrawal", 0)])
def test_swap_pages_leave_things_as_they_are(here: Scene, verb: str, who: int) -> None:
    ask = {"with": here.people[1].code}
    post(here, here.people[0], f"{talk(here, 0)}/swaps", **ask)
    post(here, here.people[who], f"swaps/{Swap.objects.get().code}/{verb}")
    assert here.held() == ["a", "b", None]


def test_swap_presenters_by_an_instructor(here: Scene) -> None:
    lead, rest = instructor_of(here), f"{talk(here, 0)}/presenters/{here.people[0].code}/swap"
    other = {"with": here.people[1].code}
    assert "Swap Student 0 with somebody" in get(here, lead, rest)
    assert "Say why" in post(here, lead, rest, 422, **other)
    post(here, lead, rest, reason="Both asked", **other)
    assert here.held() == ["b", "a", None]


def test_change_capacity_shows_who_is_affected_first(here: Scene) -> None:
    lead, rest = instructor_of(here), "manage/papers/a/capacity"
    assert "How many present this paper?" in get(here, lead, rest)
    seen = post(here, lead, rest, 200, capacity="2", reason="Room", do="preview")
    assert "is offered a place" in seen
    assert PlaceOffer.objects.count() == 0
    assert "Write a number" in post(here, lead, rest, 422, capacity="many", reason="Room")
    assert "Say who moves" in post(here, lead, rest, 409, capacity="0", reason="R", do="apply")
    move = {f"move-{here.people[0].code}": "c"}
    post(here, lead, rest, capacity="0", reason="Room", do="apply", **move)
    assert here.held() == ["c", "b", None]
    get(here, here.people[0], rest, 403)


def test_presentation_shows_instructors_its_history_and_offers(here: Scene) -> None:
    mine = talk(here, 0)
    here.leave(0)
    lead = instructor_of(here)
    shown = get(here, lead, mine)
    assert "Offered to <strong>Student 1</strong>" in shown
    assert "Student 1 → Paper a; Student 2 → Paper b" in shown
    assert "Too much" in shown
    assert "History of this talk" not in get(here, here.people[2], mine)
    assert "Too much" not in get(here, make_member(here.course, "ta"), mine)
    assert Presenter.objects.live().count() == 1
