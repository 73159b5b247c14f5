"""Offers, swaps, places given back and capacities through the API: done, refused, repeated."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from courses.models import Course, Membership
from presentations.models import PlaceOffer, Presenter, Swap
from seminar.accounts.models import AuditEntry
from tests.api.calls import call, fields_of, get, refused, results, sent
from tests.presentations.scenes import LATER, Scene

KEY = "only-once-1"


@pytest.fixture
def here(course: Course, instructor: Membership, set_clock: Callable[[Any], None]) -> Scene:
    """Student 0 presents a, 1 presents b and wanted a, 2 has nothing and wanted b."""
    set_clock(LATER)
    return Scene(course, instructor.user, "a", "ab", "b")


def write(who: Membership, path: str, body: Any = None, key: str = KEY) -> HttpResponse:
    return call(who, "POST", who.course, path, body or {}, key=key)


def instructor_of(here: Scene) -> Membership:
    return here.course.memberships.get(role="instructor")


def talk(here: Scene, number: int) -> str:
    return here.place(number).presentation.code


def partner(here: Scene, number: int) -> dict[str, str]:
    return {"talk": talk(here, number), "member": here.people[number].code}


def propose(here: Scene) -> Swap:
    """Student 0 asks student 1."""
    sent(write(here.people[0], f"presentations/{talk(here, 0)}/swaps", partner(here, 1)), 201)
    return Swap.objects.get()


# --- offers ------------------------------------------------------------------------------------


def test_offers_are_listed_and_read_by_whom_they_are_for(here: Scene) -> None:
    here.leave(0)
    offer, who = here.offer(), here.people[1]

    (row,) = results(who, here.course, "offers")

    assert row == get(who, here.course, f"offers/{offer.code}")
    assert (row["paper"], row["choice"], row["state"], row["refusal"]) == ("a", 1, "open", None)
    assert results(here.people[2], here.course, "offers") == []
    foreign = call(here.people[2], "GET", here.course, f"offers/{offer.code}")
    assert refused(foreign) == (404, "not_found")


def test_accept_offer_twice_with_one_key_then_with_another(here: Scene) -> None:
    here.leave(0)
    path, who = f"offers/{here.offer().code}", here.people[1]

    first, again = [sent(write(who, f"{path}/acceptance")) for _ in range(2)]
    other = write(who, f"{path}/acceptance", key="only-once-2")

    assert first == again
    assert first["talk"] == talk(here, 1)
    assert here.held() == [None, "a", None]
    assert refused(other) == (409, "offer_accepted")
    assert get(who, here.course, path)["refusal"] == "offer_accepted"
    assert [row["paper"] for row in results(here.people[2], here.course, "offers")] == ["b"]


def test_accept_offer_of_somebody_else_is_not_found(here: Scene) -> None:
    here.leave(0)
    path = f"offers/{here.offer().code}"

    found = [refused(write(here.people[2], f"{path}/{verb}")) for verb in ("acceptance", "refusal")]

    assert found == [(404, "not_found")] * 2
    assert here.offers() == [(1, "a", "open")]


def test_decline_offer_until_it_has_expired(here: Scene, set_clock: Callable[[Any], None]) -> None:
    here.leave(0)
    offer, who = here.offer(), here.people[1]
    set_clock(offer.expires_at)
    late = write(who, f"offers/{offer.code}/refusal", key="only-once-2")
    listed = results(who, here.course, "offers")
    set_clock(LATER)

    first, again = [sent(write(who, f"offers/{offer.code}/refusal")) for _ in range(2)]

    assert (refused(late), listed) == ((409, "offer_expired"), [])
    assert first == again
    assert (first["state"], first["refusal"]) == ("declined", "offer_declined")
    assert PlaceOffer.objects.get().state == "declined"


# --- the own place -----------------------------------------------------------------------------


def test_confirm_presence_until_the_meeting_begins(
    here: Scene, set_clock: Callable[[Any], None]
) -> None:
    who, code = here.people[0], talk(here, 0)
    path = f"presentations/{code}/confirmation"

    first, again = [sent(write(who, path)) for _ in range(2)]
    stranger = write(here.people[1], path)
    set_clock(here.meeting.starts_at)
    late = write(who, path, key="only-once-2")

    assert first == again == {"talk": code}
    assert here.place(0).confirmed_at == LATER
    assert AuditEntry.objects.filter(verb="confirm_presence").count() == 1
    assert (refused(stranger), refused(late)) == ((404, "not_found"), (409, "talk_begun"))


def test_withdraw_from_talk_once(here: Scene) -> None:
    who, code = here.people[0], talk(here, 0)
    path = f"presentations/{code}/withdrawal"
    unsaid = write(who, path, {"reason": " "})

    first, again = [sent(write(who, path, {"reason": "Ill"})) for _ in range(2)]
    other = write(who, path, {"reason": "Ill"}, key="only-once-2")

    assert fields_of(unsaid) == ["reason"]
    assert first == again
    assert first["talk"] == code
    assert here.held() == [None, "b", None]
    assert refused(other) == (409, "not_presenting")
    assert here.offers() == [(1, "a", "open")]


def test_withdraw_presenter_is_for_instructors(here: Scene) -> None:
    path = f"presentations/{talk(here, 0)}/presenters/{here.people[0].code}/withdrawal"

    own = write(here.people[0], path, {"reason": "Ill"})
    first, again = [sent(write(instructor_of(here), path, {"reason": "Ill"})) for _ in range(2)]

    assert refused(own) == (403, "forbidden")
    assert first == again
    assert here.held() == [None, "b", None]


# --- swaps -------------------------------------------------------------------------------------


def test_propose_swap_then_accept_swap(here: Scene) -> None:
    one, two, nobody = here.people
    mine, theirs = talk(here, 0), talk(here, 1)
    body = partner(here, 1) | {"message": "Please?"}

    first, again = [sent(write(one, f"presentations/{mine}/swaps", body), 201) for _ in range(2)]
    path = f"swaps/{first['code']}"
    twice = write(one, f"presentations/{mine}/swaps", body, key="only-once-2")
    own = write(one, f"{path}/acceptance", key="only-once-3")
    foreign = write(nobody, f"{path}/acceptance")
    listed = [results(who, here.course, "swaps") for who in here.people]
    done = [sent(write(two, f"{path}/acceptance")) for _ in range(2)]

    assert first == again
    assert (first["mine"]["talk"], first["theirs"]["talk"]) == (mine, theirs)
    assert (first["message"], first["state"]) == ("Please?", "open")
    assert refused(twice) == (409, "swap_open")
    assert refused(own) == (403, "not_yours")
    assert refused(foreign) == (404, "not_found")
    assert listed == [[first], [first], []]
    assert done[0] == done[1]
    assert done[0]["talk"] == mine
    assert here.held() == ["b", "a", None]
    assert get(one, here.course, path)["refusal"] == "swap_accepted"


def test_propose_swap_names_a_place_that_there_is(here: Scene) -> None:
    path = f"presentations/{talk(here, 0)}/swaps"
    odd = {"talk": talk(here, 1), "member": here.people[2].code}

    unknown = write(here.people[0], path, odd)
    not_mine = write(here.people[2], path, partner(here, 1))

    assert (refused(unknown), fields_of(unknown)) == ((422, "unknown"), ["member"])
    assert refused(not_mine) == (404, "not_found")
    assert Swap.objects.count() == 0


@pytest.mark.parametrize(
    ("verb", "who", "state"), [("refusal", 1, "declined"), ("withdrawal", 0, "withdrawn")]
)
def test_decline_swap_and_withdraw_swap(verb: str, who: int, state: str, here: Scene) -> None:
    swap = propose(here)
    path = f"swaps/{swap.code}/{verb}"

    other = write(here.people[1 - who], path, key="only-once-2")
    first, again = [sent(write(here.people[who], path, key="only-once-3")) for _ in range(2)]
    late = write(here.people[who], path, key="only-once-4")

    assert refused(other) == (403, "not_yours")
    assert first == again
    assert first["state"] == state
    assert refused(late) == (409, f"swap_{state}")
    assert here.held() == ["a", "b", None]


def test_swap_presenters_once_though_both_have_moved(here: Scene) -> None:
    by = instructor_of(here)
    path = f"presentations/{talk(here, 0)}/presenters/{here.people[0].code}/swap"
    body = partner(here, 1) | {"reason": "Both asked"}

    own = write(here.people[0], path, body)
    first, again = [sent(write(by, path, body)) for _ in range(2)]
    other = write(by, path, body, key="only-once-2")

    assert refused(own) == (403, "forbidden")
    assert first == again
    assert here.held() == ["b", "a", None]
    assert refused(other) == (409, "not_presenting")


# --- capacity ----------------------------------------------------------------------------------


def test_change_capacity_after_a_look(here: Scene) -> None:
    by, who = instructor_of(here), here.people[1]
    body = {"capacity": 2, "reason": "A big paper"}

    seen = sent(write(by, "papers/a/capacity/preview", body))
    assert here.offers() == []
    first, again = [sent(write(by, "papers/a/capacity", body)) for _ in range(2)]

    assert seen == {
        "paper": "a",
        "capacity": 2,
        "movers": [],
        "withdrawn": [],
        "offered": [{"code": who.code, "name": "Student 1"}],
    }
    assert first == again
    assert (first["paper"], here.offers()) == ("a", [(1, "a", "open")])
    fewer = sent(write(by, "papers/a/capacity/preview", body | {"capacity": 1}))
    assert fewer["withdrawn"] == [{"code": who.code, "name": "Student 1"}]


def test_change_capacity_moves_whom_it_names(here: Scene) -> None:
    by, who = instructor_of(here), here.people[0]
    move = {"member": who.code, "paper": "c"}
    body = {"capacity": 0, "moves": [move], "reason": "Cut"}

    seen = sent(write(by, "papers/a/capacity/preview", body))
    crowded = write(by, "papers/a/capacity", body | {"moves": []}, key="only-once-2")
    blind = write(by, "papers/a/capacity/preview", body | {"moves": []})
    doubled = write(by, "papers/a/capacity", body | {"moves": [move, move]}, key="only-once-3")
    too_many = write(by, "papers/a/capacity", body | {"capacity": 101}, key="only-once-4")
    student = write(who, "papers/a/capacity", body)
    before = here.held()
    sent(write(by, "papers/a/capacity", body))

    assert seen["movers"] == [{"code": who.code, "name": "Student 0", "paper": "c"}]
    assert refused(crowded) == refused(blind) == (409, "capacity_below_use")
    assert (refused(doubled), fields_of(doubled)) == ((422, "invalid"), ["moves"])
    assert (refused(too_many), fields_of(too_many)) == ((422, "invalid"), ["capacity"])
    assert refused(student) == (403, "forbidden")
    assert before == ["a", "b", None]
    assert here.held() == ["c", "b", None]
    assert (
        Presenter.objects.get(membership=who, ended_at__isnull=False).presentation.paper.key == "a"
    )
