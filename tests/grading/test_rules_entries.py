"""The fold of a history and the state of an item."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.rules import (
    Entry,
    EntryKind,
    Folded,
    ItemFacts,
    ItemState,
    current,
    staff_state,
    student_state,
)

SCORE, EXCUSE, OVERRIDE, CLEAR = EntryKind
DUE = datetime(2025, 11, 9, 23, 5, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def history(*lines):
    return [
        Entry(seq, kind, None if points is None else Decimal(points))
        for seq, (kind, points) in enumerate(lines, start=1)
    ]


S7, S8, O5, O6 = (SCORE, 7), (SCORE, 8), (OVERRIDE, 5), (OVERRIDE, 6)
E, C = (EXCUSE, None), (CLEAR, None)


@pytest.mark.parametrize(
    ("lines", "score", "excused", "override"),
    [
        ([], None, False, None),
        ([S7], 7, False, None),
        ([S7, S8], 8, False, None),
        ([S7, E], None, True, None),
        ([E, S7], 7, False, None),
        ([S7, C], None, False, None),
        ([E, C], None, False, None),
        ([C], None, False, None),
        ([S7, O5], 7, False, 5),
        ([S7, O5, O6], 7, False, 6),
        ([S7, O5, S8], 8, False, 5),
        ([S7, O5, S8, C], 8, False, None),
        ([S7, O5, C, C], None, False, None),
        ([E, O5], None, True, 5),
        ([O5, C], None, False, None),
    ],
)
def test_current_folds_a_history(lines, score, excused, override):
    folded = current(history(*lines))

    assert folded == Folded(
        None if score is None else Decimal(score),
        excused,
        None if override is None else Decimal(override),
        len(lines),
    )


@given(
    st.lists(st.sampled_from([S7, S8, O5, O6, E, C]), max_size=8),
    st.randoms(use_true_random=False),
)
def test_current_depends_on_sequence_only(lines, random):
    entries = history(*lines)
    mixed = list(entries)
    random.shuffle(mixed)

    assert current(mixed) == current(entries)
    assert current(entries).score is None or not current(entries).excused


@pytest.mark.parametrize(
    ("facts", "at", "staff"),
    [
        (ItemFacts(None, done=False), DUE, ItemState.NOT_DUE),
        (ItemFacts(DUE, done=False), DUE - TICK, ItemState.NOT_DUE),
        (ItemFacts(DUE, done=False), DUE, ItemState.MISSING),
        (ItemFacts(DUE, done=False, talk=True), DUE - TICK, ItemState.NOT_DUE),
        (ItemFacts(DUE, done=False, talk=True), DUE, ItemState.NEEDS_DECISION),
        (ItemFacts(DUE, done=True), DUE, ItemState.AWAITING),
        (ItemFacts(DUE, done=True, folded=Folded(Decimal(0))), DUE, ItemState.GRADED),
        (ItemFacts(DUE, done=False, folded=Folded(excused=True)), DUE, ItemState.EXCUSED),
        (
            ItemFacts(DUE, done=True, folded=Folded(Decimal(3), override=Decimal(0))),
            DUE,
            ItemState.OVERRIDDEN,
        ),
        (ItemFacts(DUE, True, Folded(Decimal(3), submission=1), newest=1), DUE, ItemState.GRADED),
        (ItemFacts(DUE, True, Folded(Decimal(3), submission=1), newest=2), DUE, ItemState.AWAITING),
        (ItemFacts(DUE, True, Folded(Decimal(3)), newest=2), DUE, ItemState.GRADED),
        (
            ItemFacts(DUE, True, Folded(Decimal(3), False, Decimal(4), submission=1), newest=2),
            DUE,
            ItemState.OVERRIDDEN,
        ),
    ],
)
def test_staff_state_follows_the_facts(facts, at, staff):
    released = replace(facts, released=True)

    assert staff_state(facts, at) is staff
    assert student_state(released, at) is staff


def test_current_knows_which_version_was_scored():
    first = Entry(1, SCORE, Decimal(7), submission=1)
    second = Entry(2, SCORE, Decimal(8), submission=2)

    assert current([first, second]).submission == 2
    assert current([first, Entry(2, OVERRIDE, Decimal(5))]).submission == 1
    assert current([first, Entry(2, CLEAR)]).submission is None


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("talk", [True, False])
@pytest.mark.parametrize("at", [DUE - TICK, DUE])
@pytest.mark.parametrize("excused", [True, False])
def test_student_state_is_the_same_whatever_was_entered_and_not_released(done, talk, at, excused):
    folds = [
        Folded(None if excused else score, excused, override, seq)
        for seq, score in enumerate([None, Decimal(0), Decimal(9)])
        for override in (None, Decimal(0), Decimal(9))
    ]

    states = {student_state(ItemFacts(DUE, done, fold, talk=talk), at) for fold in folds}

    assert len(states) == 1
    assert not states & {ItemState.GRADED, ItemState.OVERRIDDEN, ItemState.AWAITING}
    assert (states == {ItemState.EXCUSED}) is excused
