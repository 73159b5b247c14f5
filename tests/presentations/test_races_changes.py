"""Offers, swaps, places given back and capacities, all at once; and what a missing lock would do.

Real threads with connections of their own, on whichever database the run has. Whatever the order
was, what always holds has to hold afterwards: one talk each, one person for each seat, no place
offered that somebody has, and nobody who is told that it worked without it being so.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import Count

from courses.models import Course, Membership, Paper
from presentations.actions import (
    accept_offer,
    accept_swap,
    change_capacity,
    decline_offer,
    locks,
    offer_free_places,
    propose_swap,
    withdraw_from_talk,
)
from presentations.models import PlaceOffer, Presenter, Swap
from seminar.lib.errors import Refused
from tests.factories.courses import make_course, make_member
from tests.presentations.scenes import LATER, Scene
from tests.presentations.test_races import Op, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def a_scene(*lists: str) -> Scene:
    course = make_course()
    return Scene(course, make_member(course, "instructor").user, *lists)


def codes(history: list[Op]) -> list[str]:
    """What each was told: "done", the code of a refusal, or what broke."""
    return [
        "done"
        if isinstance(op.answer, dict)
        else op.answer.code
        if isinstance(op.answer, Refused)
        else type(op.answer).__name__
        for op in history
    ]


def faults() -> set[str]:
    """Return every promise that the places break; empty for a sound state."""
    live = Presenter.objects.live()
    seats = live.values("presentation", "seat").annotate(n=Count("id")).filter(n__gt=1)
    people = live.values("membership", "kind").annotate(n=Count("id")).filter(n__gt=1)
    taken = set(live.values_list("presentation__paper", "seat"))
    offered = list(PlaceOffer.objects.filter(state="open").values_list("paper", "seat"))
    capacities = dict(Paper.objects.values_list("id", "capacity"))
    used = live.values_list("presentation__paper").annotate(n=Count("id"))
    broken = {
        "a seat for two": seats.exists(),
        "somebody with two talks": people.exists(),
        "a taken seat on offer": bool(taken & set(offered)),
        "a seat on offer beyond the capacity": any(s >= capacities[p] for p, s in offered),
        "more people than places": any(n > capacities[p] for p, n in used),
    }
    return {fault for fault, is_broken in broken.items() if is_broken}


def talk_of(member: Membership) -> str | None:
    found = Presenter.objects.live().filter(membership=member)
    key: str | None = found.values_list("presentation__paper__key", flat=True).first()
    return key


def test_accept_offer_of_two_students_at_once_moves_both() -> None:
    here = a_scene("a", "b", "ac", "bc")
    here.leave(0)
    here.leave(1)
    offers = list(PlaceOffer.objects.filter(state="open").select_related("membership"))
    assert len(offers) == 2
    history = at_once(
        [lambda offer=offer: accept_offer(offer.pk, offer.membership, LATER) for offer in offers]
    )
    assert codes(history) == ["done", "done"]
    assert faults() == set()
    assert {talk_of(offer.membership) for offer in offers} == {"a", "b"}


def test_accept_offer_of_two_offers_by_one_student_leaves_one_talk() -> None:
    here = a_scene("a", "b", "abc")
    here.leave(1)
    here.leave(0)
    who = here.people[2]
    offers = list(PlaceOffer.objects.filter(state="open").order_by("paper__key"))
    history = at_once([lambda offer=offer: accept_offer(offer.pk, who, LATER) for offer in offers])
    told = codes(history)
    assert told[0] == "done"
    assert told[1] in {"done", "offer_withdrawn"}
    assert (talk_of(who), faults()) == ("a", set())


def test_accept_offer_racing_the_end_of_it_happens_or_is_refused() -> None:
    here = a_scene("a", "ab", "ac")
    here.leave(0)
    offer = here.offer()
    ends, who = offer.expires_at, offer.membership
    just = ends - timedelta(microseconds=1)
    history = at_once(
        [
            lambda: accept_offer(offer.pk, who, just),
            lambda: offer_free_places(here.course.pk, ends),
        ]
    )
    told = codes(history)[0]
    offer.refresh_from_db()
    assert (told, offer.state, talk_of(who)) in {
        ("done", "accepted", "a"),
        ("offer_expired", "expired", "b"),
    }
    assert faults() == set()


def test_offer_free_places_by_two_jobs_offers_once() -> None:
    here = a_scene("a", "ab", "ac")
    place = here.place(0)
    Presenter.objects.filter(pk=place.pk).update(ended_at=LATER, ended_reason="Ill")
    history = at_once([lambda: offer_free_places(here.course.pk, LATER)] * 4)
    assert [bool(op.answer) for op in history].count(True) == 1
    assert here.offers() == [(1, "a", "open")]


def test_accept_swap_racing_a_withdrawal_is_whole() -> None:
    here = a_scene("a", "b")
    one, two = here.place(0), here.place(1)
    code = propose_swap(one.pk, two.pk, "", here.people[0], LATER)["swap"]
    swap = Swap.objects.get(code=code)
    history = at_once(
        [
            lambda: accept_swap(swap.pk, here.people[1], LATER),
            lambda: withdraw_from_talk(one.pk, "Ill", here.people[0].user, LATER),
        ]
    )
    told, held = codes(history), here.held()
    assert (told, held) in [
        (["done", "not_presenting"], ["b", "a"]),
        (["swap_withdrawn", "done"], [None, "b"]),
    ]
    assert faults() == set()


def test_accept_swap_twice_at_once_happens_once() -> None:
    here = a_scene("a", "b")
    one, two = here.place(0), here.place(1)
    code = propose_swap(one.pk, two.pk, "", here.people[0], LATER)["swap"]
    swap = Swap.objects.get(code=code)
    history = at_once([lambda: accept_swap(swap.pk, here.people[1], LATER)] * 2)
    assert sorted(codes(history)) == ["done", "swap_accepted"]
    assert (here.held(), faults()) == (["b", "a"], set())


def shrink(here: Scene) -> Any:
    return change_capacity(
        here.papers["a"].pk, 0, {}, reason="Room", by=here.staff, at=LATER, nonce=""
    )


def test_change_capacity_down_racing_an_acceptance_is_whole() -> None:
    here = a_scene("a", "ab")
    here.leave(0)
    offer = here.offer()
    who = offer.membership
    history = at_once([lambda: accept_offer(offer.pk, who, LATER), lambda: shrink(here)])
    capacity = Paper.objects.get(pk=here.papers["a"].pk).capacity
    assert (codes(history), talk_of(who), capacity) in [
        (["done", "capacity_below_use"], "a", 1),
        (["offer_withdrawn", "done"], "b", 0),
    ]
    assert faults() == set()


def test_accept_offer_racing_decline_offer_is_answered_once() -> None:
    here = a_scene("a", "ab", "ac")
    here.leave(0)
    offer = here.offer()
    who = offer.membership
    history = at_once(
        [
            lambda: accept_offer(offer.pk, who, LATER),
            lambda: decline_offer(offer.pk, who, LATER),
        ]
    )
    assert sorted(codes(history)) in [
        ["done", "offer_accepted"],
        ["done", "offer_declined"],
    ]
    assert faults() == set()


# --- negative controls: the same, with the lock taken away ---------------------------------------


def unlocked(course_id: int) -> Course:
    found = Course.objects.get(pk=course_id)
    time.sleep(0.05)
    return found


def begin_deferred() -> None:
    # On SQLite the lock is the way a transaction begins: in turn, and at once as a writer.
    mine = connections["default"]
    mine._start_transaction_under_autocommit = lambda: mine.cursor().execute("BEGIN")


def without_lock(
    monkeypatch: pytest.MonkeyPatch, asks: list[Callable[[], Any]]
) -> tuple[list[str], set[str]]:
    monkeypatch.setattr(locks, "locked_talks", unlocked)
    history = at_once(asks, begin_deferred if connection.vendor == "sqlite" else None)
    return codes(history), faults()


BROKEN = {"OperationalError", "IntegrityError"}


def slow(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Let everybody have read before anybody writes: what a lock is there to forbid."""
    module, _, name = where.rpartition(".")
    read = getattr(import_module(module), name)

    def read_and_wait(*args: Any, **named: Any) -> Any:
        answer = read(*args, **named)
        time.sleep(0.2)
        return answer

    monkeypatch.setattr(where, read_and_wait)


@pytest.mark.plants_violation("I-60", "I-61", "I-62", "I-01", reason="the lock is taken away")
def test_accept_offer_and_shrinking_without_the_lock_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = a_scene("a", "ab")
    here.leave(0)
    offer = here.offer()
    who = offer.membership
    slow(monkeypatch, "presentations.actions.offers.own_talk")
    slow(monkeypatch, "presentations.actions.capacity.capacity_refusal")
    told, broken = without_lock(
        monkeypatch,
        [lambda: accept_offer(offer.pk, who, LATER), lambda: shrink(here)],
    )
    assert broken or BROKEN & set(told) or told == ["done", "done"]


@pytest.mark.plants_violation("I-60", "I-61", "I-62", reason="the lock is taken away")
def test_accept_swap_and_withdrawal_without_the_lock_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = a_scene("a", "b")
    one, two = here.place(0), here.place(1)
    code = propose_swap(one.pk, two.pk, "", here.people[0], LATER)["swap"]
    swap = Swap.objects.get(code=code)
    slow(monkeypatch, "presentations.actions.swaps.swap_answer_refusal")
    slow(monkeypatch, "presentations.actions.leaving.leave_refusal")
    told, broken = without_lock(
        monkeypatch,
        [
            lambda: accept_swap(swap.pk, here.people[1], LATER),
            lambda: withdraw_from_talk(one.pk, "Ill", here.people[0].user, LATER),
        ],
    )
    assert broken or BROKEN & set(told) or told == ["done", "done"]


@pytest.mark.plants_violation("I-60", "I-61", "I-62", reason="the lock is taken away")
def test_accept_offer_and_its_end_without_the_lock_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = a_scene("a", "ab", "ac")
    here.leave(0)
    offer = here.offer()
    ends, who = offer.expires_at, offer.membership
    just = ends - timedelta(microseconds=1)
    slow(monkeypatch, "presentations.actions.offers.own_talk")
    slow(monkeypatch, "presentations.actions.changes.due_changes")
    told, broken = without_lock(
        monkeypatch,
        [
            lambda: accept_offer(offer.pk, who, just),
            lambda: offer_free_places(here.course.pk, ends),
        ],
    )
    offer.refresh_from_db()
    lost = (told[0] == "done") != (offer.state == "accepted")
    assert broken or BROKEN & set(told) or lost
