"""What one item is worth to one student: what is sure, what is possible, what is decided.

Every value is an exact share of the item's maximum, from 0 to 1. Source: PRODUCT 3.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from grading.rules.entries import ItemState

NOTHING = Fraction(0)
ALL = Fraction(1)

Ratio: TypeAlias = tuple[int, int]
Ratios: TypeAlias = tuple[Ratio | None, Ratio | None, Ratio | None]
UNDECIDED = {ItemState.AWAITING, ItemState.UNRELEASED, ItemState.NEEDS_DECISION}


@dataclass(frozen=True, slots=True)
class ItemValue:
    """Shares of the maximum: ``low`` is sure, ``high`` still possible, ``decided`` known so far.

    ``decided`` is None while nothing is. An excused item has ``counted`` false and is out of both
    sums. The rest follows, and is worked out once because a class has many of each value:
    ``undecided``, open or waiting for somebody's decision; ``settled``, nothing is left to come;
    ``ratios``, low, high and decided as pairs of whole numbers, all None if not counted.
    """

    state: ItemState
    low: Fraction = NOTHING
    high: Fraction = ALL
    decided: Fraction | None = None
    counted: bool = True
    undecided: bool = field(init=False, repr=False, compare=False)
    settled: bool = field(init=False, repr=False, compare=False)
    ratios: Ratios = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what follows."""
        undecided = self.open or self.state in UNDECIDED
        final = not self.counted or self.low == self.high == self.decided
        object.__setattr__(self, "undecided", undecided)
        object.__setattr__(self, "settled", final and not undecided)
        object.__setattr__(self, "ratios", self._ratios() if self.counted else (None, None, None))

    @property
    def open(self) -> bool:
        """Tell whether the value may still change by what is to come."""
        return self.counted and self.low != self.high

    def _ratios(self) -> Ratios:
        low = self.low.as_integer_ratio()
        if self.low is self.high is self.decided:
            return low, low, low
        decided = None if self.decided is None else self.decided.as_integer_ratio()
        return low, self.high.as_integer_ratio(), decided


def item_value(
    state: ItemState,
    points: Decimal | Fraction | None = None,
    maximum: Decimal = Decimal(1),
    *,
    reachable: Fraction | None = None,
) -> ItemValue:
    """Return the value of an item that is scored as a whole.

    ``points`` are given for graded and overridden items, penalty already taken off; they are cut
    to 0..maximum. ``reachable`` is the share that work still possible or already handed in late
    can earn: by default nothing for a missing item, everything for the other open ones.

    Raises ValueError for a graded or overridden item without points.
    """
    if state is ItemState.GRADED or state is ItemState.OVERRIDDEN:
        if points is None:
            raise ValueError(state)
        return scored_value(points, maximum, state)
    if state is ItemState.EXCUSED:
        return excused_value()
    if state is ItemState.MISSING:
        return ItemValue(state, NOTHING, reachable or NOTHING, NOTHING)
    return ItemValue(state, NOTHING, ALL if reachable is None else reachable)


@lru_cache(maxsize=16384)  # a course has few different scores, and many of each
def scored_value(
    points: Decimal | Fraction, maximum: Decimal, state: ItemState = ItemState.GRADED
) -> ItemValue:
    """Return the value of an item by its points, cut to 0..maximum; worked out once."""
    share = min(max(Fraction(points) / Fraction(maximum), NOTHING), ALL)
    return ItemValue(state, share, share, share)


def excused_value() -> ItemValue:
    """Return the value of an item that does not count."""
    return ItemValue(ItemState.EXCUSED, NOTHING, NOTHING, None, counted=False)


class Mark(StrEnum):
    """How a student attended one meeting; ``cancelled`` is the meeting's own fate."""

    IN_ROOM = "in_room"
    ONLINE = "online"
    LATE = "late"
    ABSENT = "absent"
    EXCUSED = "excused"
    NOT_TAKEN = "not_taken"
    CANCELLED = "cancelled"


def attendance_value(marks: Iterable[Mark], late_factor: Decimal) -> ItemValue:
    """Return the value of attendance over the meetings of a course.

    In room and online count 1, late counts ``late_factor``, absent 0; excused and cancelled
    meetings are out; those not taken yet are open. With no meeting left to count it is excused.
    """
    found = list(marks)
    present = found.count(Mark.IN_ROOM) + found.count(Mark.ONLINE)
    late, absent, open_ = map(found.count, (Mark.LATE, Mark.ABSENT, Mark.NOT_TAKEN))
    return _attended(present, late, absent, open_, late_factor)


@lru_cache(maxsize=4096)
def _attended(present: int, late: int, absent: int, open_: int, late_factor: Decimal) -> ItemValue:
    earned = present + late * Fraction(late_factor)
    taken = present + late + absent
    held = taken + open_
    if not held:
        return excused_value()
    if not open_:
        share = earned / held
        return ItemValue(ItemState.GRADED, share, share, share)
    decided = earned / taken if taken else None
    return ItemValue(ItemState.NOT_DUE, earned / held, (earned + open_) / held, decided)


def participation_value(
    points: Iterable[Decimal], maximum: Decimal, caps: Iterable[Decimal] = ()
) -> ItemValue:
    """Return the value of class participation: min(points, maximum) / maximum.

    ``points`` are those awarded so far; ``caps`` what each meeting not yet held can add at most.
    It is decided once no meeting is left, or once the maximum is reached.
    """
    return _took_part(tuple(points), maximum, tuple(caps))


@lru_cache(maxsize=4096)
def _took_part(
    points: tuple[Decimal, ...], maximum: Decimal, caps: tuple[Decimal, ...]
) -> ItemValue:
    most = Fraction(maximum)
    earned = sum((Fraction(p) for p in points), NOTHING)
    ahead = sum((Fraction(c) for c in caps), NOTHING)
    low, high = min(earned, most) / most, min(earned + ahead, most) / most
    if low == high:
        return ItemValue(ItemState.GRADED, low, low, low)
    return ItemValue(ItemState.NOT_DUE, low, high)


def presenter_score(shared: Decimal, adjustment: Decimal, maximum: Decimal) -> Decimal:
    """Return one presenter's points: what the talk got, adjusted, cut to 0..maximum."""
    return min(max(shared + adjustment, Decimal(0)), maximum)


@lru_cache(maxsize=16384)
def after_penalty(
    points: Decimal, maximum: Decimal, percent_per_day: Decimal, days: int
) -> Fraction:
    """Return points less ``percent_per_day`` of the maximum per started late day, not below 0.

    ``days`` comes from ``courses.rules.late_days``. An override is final: it is not put through
    here.
    """
    if not days:
        return Fraction(points)
    penalty = Fraction(maximum) * Fraction(percent_per_day) / 100 * days
    return max(Fraction(points) - penalty, NOTHING)


def late_reach(percent_per_day: Decimal, days: int) -> Fraction:
    """Return the share of the maximum that work handed in ``days`` late can still earn."""
    return after_penalty(Decimal(1), Decimal(1), percent_per_day, days)
