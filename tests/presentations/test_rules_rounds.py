"""The window of a round and what a list must be."""

from datetime import UTC, datetime, timedelta

import pytest

from presentations.rules import (
    ListRefusal,
    Preferences,
    RoundState,
    WishRefusal,
    allocate_refusal,
    change_effect,
    list_refusals,
    round_state,
    submit_refusal,
    wish_refusals,
)

OPENS = datetime(2025, 10, 20, 16, tzinfo=UTC)
CLOSES = datetime(2025, 10, 24, 16, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MINUTE = timedelta(seconds=60)


@pytest.mark.parametrize(
    ("at", "state", "refusal", "allocation"),
    [
        (OPENS - TICK, RoundState.UPCOMING, "not_open_yet", "too_early"),
        (OPENS, RoundState.OPEN, None, "too_early"),
        (CLOSES - TICK, RoundState.OPEN, None, "too_early"),
        (CLOSES, RoundState.CLOSING, "closed", "too_early"),
        (CLOSES + MINUTE - TICK, RoundState.CLOSING, "closed", "too_early"),
        (CLOSES + MINUTE, RoundState.CLOSED, "closed", None),
    ],
)
def test_round_window_is_half_open(at, state, refusal, allocation):
    assert round_state(at, OPENS, CLOSES, None) is state
    assert submit_refusal(at, OPENS, CLOSES, None) == refusal
    assert allocate_refusal(at, CLOSES, None) == allocation


@pytest.mark.parametrize("at", [OPENS - TICK, OPENS, CLOSES])
def test_an_allocation_closes_the_round_for_good(at):
    assert round_state(at, OPENS, CLOSES, CLOSES) is RoundState.CLOSED
    assert submit_refusal(at, OPENS, CLOSES, CLOSES) == "closed"


def test_round_without_instants():
    assert round_state(CLOSES, None, None, None) is RoundState.UPCOMING
    assert round_state(CLOSES, OPENS, None, None) is RoundState.OPEN
    assert allocate_refusal(CLOSES, None, None) == "no_closing"


def test_allocate_refusal_after_publishing():
    assert allocate_refusal(CLOSES + MINUTE, CLOSES, CLOSES) == "published"


@pytest.mark.parametrize(
    ("ranked", "found"),
    [
        (["a", "b"], ()),
        (["c", "b", "a"], ()),
        ([], (ListRefusal("too_short", limit=2),)),
        (["a"], (ListRefusal("too_short", limit=2),)),
        (["a", "a"], (ListRefusal("repeated", "a"), ListRefusal("too_short", limit=2))),
        (["a", "x", "b"], (ListRefusal("unknown", "x"),)),
        (["a", "x"], (ListRefusal("unknown", "x"), ListRefusal("too_short", limit=2))),
        (
            ["x", "a", "x", "a", "y"],
            (
                ListRefusal("unknown", "x"),
                ListRefusal("repeated", "x"),
                ListRefusal("repeated", "a"),
                ListRefusal("unknown", "y"),
                ListRefusal("too_short", limit=2),
                ListRefusal("too_long", limit=3),
            ),
        ),
    ],
)
def test_list_refusals_names_everything_at_once(ranked, found):
    assert list_refusals(ranked, ["a", "b", "c", "d"], 2, 3) == found


def test_list_refusals_never_asks_for_more_than_is_offered():
    assert list_refusals(["a"], ["a"], 3, 5) == ()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Preferences(("a",), ("b", "c"), ("m1", "m2")), ()),
        (Preferences(("a",), ("ghost",)), (WishRefusal("unwanted", "unknown", "ghost"),)),
        (Preferences(("a",), ("a",)), (WishRefusal("unwanted", "ranked", "a"),)),
        (Preferences(("a",), ("b", "b")), (WishRefusal("unwanted", "repeated", "b"),)),
        (
            Preferences(("a",), ("b", "c", "d")),
            (WishRefusal("unwanted", "too_many", limit=2),),
        ),
        (Preferences((), (), ("m9",)), (WishRefusal("unavailable", "unknown", "m9"),)),
        (Preferences((), (), ("m1", "m1")), (WishRefusal("unavailable", "repeated", "m1"),)),
        (
            Preferences(("a",), ("ghost", "ghost", "a"), ("m9", "m9")),
            (
                WishRefusal("unwanted", "unknown", "ghost"),
                WishRefusal("unwanted", "repeated", "ghost"),
                WishRefusal("unwanted", "ranked", "a"),
                WishRefusal("unwanted", "too_many", limit=2),
                WishRefusal("unavailable", "unknown", "m9"),
                WishRefusal("unavailable", "repeated", "m9"),
            ),
        ),
    ],
)
def test_wish_refusals_names_everything_at_once(wanted, found):
    assert wish_refusals(wanted, ["a", "b", "c", "d"], ["m1", "m2"], 2) == found


BEFORE = Preferences(("a", "b"), ("c", "d"), ("m1", "m2"))


@pytest.mark.parametrize(
    ("after", "keeps", "effect"),
    [
        (BEFORE, True, "unchanged"),
        (BEFORE, False, "unchanged"),
        (Preferences(("a", "b"), ("d", "c"), ("m2", "m1")), False, "unchanged"),
        (Preferences(("b", "a"), ("c", "d"), ("m1", "m2")), True, "keeps"),
        (Preferences(("b", "a"), ("c", "d"), ("m1", "m2")), False, "loses"),
        (Preferences(("a", "b"), ("c",), ("m1", "m2")), False, "loses"),
        (Preferences(("a", "b"), ("c", "d"), ("m1",)), False, "loses"),
    ],
)
def test_change_effect_follows_the_policy(after, keeps, effect):
    assert change_effect(BEFORE, after, keeps_number=keeps) == effect
