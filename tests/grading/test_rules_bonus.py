"""What comes on top: added to its component, never part of its sum, never beyond its weight."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from grading.rules import (
    Clause,
    Component,
    Item,
    ItemKind,
    ItemState,
    ItemValue,
    Scheme,
    excused_value,
    item_value,
    need_to_pass,
    scheme_refusals,
    standing,
)


def item(key: str, weight: str, *, bonus: bool = False) -> Item:
    return Item(key, ItemKind.ASSIGNMENT, Decimal(weight), Decimal(10), bonus=bonus)


WORK = Component(
    "work", "Work", Decimal(40), (item("a", "20"), item("b", "20"), item("extra", "4", bonus=True))
)
REST = Component("rest", "Rest", Decimal(60), (item("talk", "60"),))
SCHEME = Scheme((WORK, REST))
OPEN = item_value(ItemState.NOT_DUE)


def sure(share: Fraction | str | int) -> ItemValue:
    exact = Fraction(share)
    return ItemValue(ItemState.GRADED, exact, exact, exact)


def work(**given_: ItemValue) -> tuple[Fraction, Fraction | None, Fraction]:
    values = {"a": OPEN, "b": OPEN, "extra": OPEN, "talk": OPEN} | given_
    part = standing(SCHEME, values).part("work")
    return part.floor, part.running, part.ceiling


def test_bonus_is_no_part_of_the_sum() -> None:
    assert scheme_refusals(SCHEME) == ()
    only = replace(WORK, items=(item("extra", "40", bonus=True),))
    assert [(p.code, p.key) for p in scheme_refusals(Scheme((only, REST)))] == [("empty", "work")]


def test_bonus_adds_its_points_of_the_whole() -> None:
    # (1/2 + 1/4)/2 = 37.5 % of the part; 3/4 of 4 points on 40 are 7.5 % of it.
    assert work(a=sure("1/2"), b=sure("1/4"), extra=sure("3/4")) == (45, 45, 45)


def test_bonus_never_lifts_a_part_above_its_weight() -> None:
    assert work(a=sure(1), b=sure("19/20"), extra=sure(1)) == (100, 100, 100)


def test_bonus_that_is_open_is_possible_and_not_sure() -> None:
    assert work(a=sure("1/2"), b=sure("1/2")) == (50, 50, 60)


def test_bonus_that_is_missing_or_excused_takes_nothing_away() -> None:
    for value in (item_value(ItemState.MISSING), excused_value()):
        assert work(a=sure("1/2"), b=sure("1/2"), extra=value) == (50, 50, 50)


def test_bonus_is_no_result_where_nothing_else_counts() -> None:
    now = standing(
        SCHEME, {"a": excused_value(), "b": excused_value(), "extra": sure(1), "talk": sure(1)}
    ).part("work")

    assert (now.floor, now.running, now.ceiling, now.needs_decision) == (0, None, 100, True)


def test_bonus_is_never_dropped() -> None:
    dropping = Scheme((replace(WORK, drop_lowest=1), REST))
    assert scheme_refusals(dropping) == ()
    values = {"a": sure("1/2"), "b": sure("3/10"), "extra": sure(0), "talk": OPEN}

    part = standing(dropping, values).part("work")

    assert (part.floor, part.dropped) == (50, ("b",))


def test_need_to_pass_counts_on_the_bonus() -> None:
    # a = 1/2 is sure; b and the bonus are open: (1/2 + s)/2 + s/10 = 0.55 for s = 1/2.
    values = {"a": sure("1/2"), "b": OPEN, "extra": OPEN, "talk": OPEN}

    need = need_to_pass(SCHEME, values, Clause("work", Decimal(55)))

    assert (need.percent, need.share) == (30, Fraction(1, 2))


SHARES = st.fractions(0, 1, max_denominator=20)


@given(SHARES, SHARES, SHARES, SHARES)
def test_bonus_helps_or_does_nothing(
    first: Fraction, second: Fraction, extra: Fraction, more: Fraction
) -> None:
    low, high = sorted((extra, more))

    (less, *_), (better, *_) = (
        work(a=sure(first), b=sure(second), extra=sure(share)) for share in (low, high)
    )

    assert 50 * (first + second) <= less <= better <= 100
