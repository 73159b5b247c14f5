"""Items, attendance, participation, penalties."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.rules import (
    ItemState,
    ItemValue,
    Mark,
    after_penalty,
    attendance_value,
    excused_value,
    item_value,
    late_reach,
    participation_value,
    presenter_score,
)

HALF = Decimal("0.5")


@pytest.mark.parametrize(
    ("state", "points", "reachable", "value"),
    [
        (ItemState.NOT_DUE, None, None, (0, 1, None)),
        (ItemState.AWAITING, None, None, (0, 1, None)),
        (ItemState.AWAITING, None, Fraction(3, 4), (0, Fraction(3, 4), None)),
        (ItemState.AWAITING, None, Fraction(0), (0, 0, None)),
        (ItemState.UNRELEASED, Decimal(9), None, (0, 1, None)),
        (ItemState.NEEDS_DECISION, None, None, (0, 1, None)),
        (ItemState.MISSING, None, None, (0, 0, 0)),
        (ItemState.MISSING, None, Fraction(4, 5), (0, Fraction(4, 5), 0)),
        (ItemState.GRADED, Decimal(7), None, (Fraction(7, 10), Fraction(7, 10), Fraction(7, 10))),
        (ItemState.GRADED, Fraction(10, 3), None, (Fraction(1, 3), Fraction(1, 3), Fraction(1, 3))),
        (ItemState.OVERRIDDEN, Decimal(11), None, (1, 1, 1)),
        (ItemState.GRADED, Decimal(-1), None, (0, 0, 0)),
    ],
)
def test_item_value_per_state(state, points, reachable, value):
    found = item_value(state, points, Decimal(10), reachable=reachable)

    assert (found.low, found.high, found.decided) == value
    assert found.counted
    assert found.open == (value[0] != value[1])


def test_item_value_excused_does_not_count():
    assert item_value(ItemState.EXCUSED) == excused_value()
    assert not excused_value().counted
    assert not excused_value().open


@pytest.mark.parametrize("state", [ItemState.GRADED, ItemState.OVERRIDDEN])
def test_item_value_asks_for_points(state):
    with pytest.raises(ValueError, match=state):
        item_value(state)


R, O, L, A, E, N, C = Mark  # noqa: E741 - the marks' initials


@pytest.mark.parametrize(
    ("marks", "value"),
    [
        ([R, O, L, A], (ItemState.GRADED, Fraction(5, 8), Fraction(5, 8), Fraction(5, 8))),
        ([R, O, E, C], (ItemState.GRADED, 1, 1, 1)),
        ([R, A, N, N], (ItemState.NOT_DUE, Fraction(1, 4), Fraction(3, 4), Fraction(1, 2))),
        ([N, N], (ItemState.NOT_DUE, 0, 1, None)),
        ([A], (ItemState.GRADED, 0, 0, 0)),
    ],
)
def test_attendance_value(marks, value):
    assert attendance_value(marks, HALF) == ItemValue(*value)


@pytest.mark.parametrize("marks", [[], [E], [C, E, C]])
def test_attendance_value_without_meetings_that_count(marks):
    assert attendance_value(marks, HALF) == excused_value()


@given(st.lists(st.sampled_from(Mark)), st.sampled_from([Decimal(0), HALF, Decimal(1)]))
def test_attendance_value_is_bounded_by_what_is_open(marks, factor):
    value = attendance_value(marks, factor)

    assert 0 <= value.low <= value.high <= 1
    assert value.decided is None or value.low <= value.decided <= value.high
    for answer in (R, O, L, A):
        taken = attendance_value([answer if m is N else m for m in marks], factor)
        assert value.low <= taken.low <= value.high


@pytest.mark.parametrize(
    ("points", "caps", "value"),
    [
        ([], [], (ItemState.GRADED, 0, 0, 0)),
        (["1", "1.5"], [], (ItemState.GRADED, Fraction(1, 4), Fraction(1, 4), Fraction(1, 4))),
        (["1"], ["1", "1"], (ItemState.NOT_DUE, Fraction(1, 10), Fraction(3, 10), None)),
        (["6"], ["3", "3"], (ItemState.NOT_DUE, Fraction(3, 5), 1, None)),
        (["12"], ["1"], (ItemState.GRADED, 1, 1, 1)),
    ],
)
def test_participation_value(points, caps, value):
    found = participation_value(map(Decimal, points), Decimal(10), map(Decimal, caps))

    assert found == ItemValue(*value)


@pytest.mark.parametrize(
    ("shared", "adjustment", "score"), [("12", "1.5", "13.5"), ("14", "3", "15"), ("1", "-2", "0")]
)
def test_presenter_score_is_cut_to_the_item(shared, adjustment, score):
    assert presenter_score(Decimal(shared), Decimal(adjustment), Decimal(15)) == Decimal(score)


@pytest.mark.parametrize(
    ("points", "days", "left"), [("8", 0, "8"), ("8", 1, "6.5"), ("8", 5, "0.5"), ("8", 6, "0")]
)
def test_after_penalty_takes_percent_of_the_maximum_per_day(points, days, left):
    assert after_penalty(Decimal(points), Decimal(10), Decimal(15), days) == Fraction(left)


def test_late_reach_is_what_full_marks_would_leave():
    assert [late_reach(Decimal(30), days) for days in (0, 1, 3, 4)] == [
        1,
        Fraction(7, 10),
        Fraction(1, 10),
        0,
    ]
