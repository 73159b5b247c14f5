"""Where a student stands: floor, running, ceiling; and whether that passes. Exact throughout.

A component is worth the weighted mean of its counted items: excused items leave numerator and
denominator, so their weight moves to the others of the same component and never beyond it. Where
nothing of a component counts there is no mean: it needs a decision, and until then it counts as
open, worth nothing in the floor and everything in the ceiling. A bonus item adds its share of its
own weight to the component it is in, which is worth its full weight at most. Source: PRODUCT 3.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import ceil, lcm

from grading.rules.entries import ItemState
from grading.rules.scheme import Component, Scheme
from grading.rules.values import ALL, NOTHING, ItemValue

PERCENT = Fraction(100)
NEED_STEPS = 1000
TOTAL = None

Values = Mapping[str, ItemValue]
Evaluate = Callable[[ItemValue], Fraction | None]


@dataclass(frozen=True)
class Part:
    """The standing in one component, or in total (``key`` None). All numbers are percent of it.

    ``running`` is None while nothing is decided. ``dropped`` are the items left out of the running
    value. ``needs_decision``: all of it was excused, or a talk was never held.
    """

    key: str | None
    weight: Fraction
    floor: Fraction
    ceiling: Fraction
    running: Fraction | None
    dropped: tuple[str, ...] = ()
    needs_decision: bool = False


@dataclass(frozen=True)
class Standing:
    """The total, each component (parents first), and the items that are still open."""

    total: Part
    parts: tuple[Part, ...]
    open_items: tuple[str, ...]

    def part(self, key: str | None) -> Part:
        """Return a component's standing by its key, the total for None."""
        return next(part for part in (self.total, *self.parts) if part.key == key)


def standing(scheme: Scheme, values: Values) -> Standing:
    """Return one student's standing. ``values`` has every item of the scheme by its key."""
    running = _means(scheme, values, _decided, None)
    if _settled(values) and None not in running.values():  # then all three are the same
        floors = ceilings = running
    else:
        floors = _means(scheme, values, lambda value: value.low, NOTHING)
        ceilings = _means(scheme, values, lambda value: value.high, ALL)

    def part(key: str | None, weight: Fraction, dropped: tuple[str, ...], *, needs: bool) -> Part:
        floor = _percent(floors[key] or NOTHING)
        if floors is ceilings:
            return Part(key, weight, floor, floor, floor, dropped, needs)
        ceiling, now = _percent(ceilings[key] or NOTHING), running[key]
        return Part(
            key, weight, floor, ceiling, None if now is None else _percent(now), dropped, needs
        )

    parts = tuple(
        part(c.key, _exactly(c.weight), _dropped(c, values), needs=_needs_decision(c, values))
        for c in scheme.walk()
    )
    total = part(TOTAL, PERCENT, (), needs=any(found.needs_decision for found in parts))
    undecided = (item.key for item in scheme.items() if _undecided(values[item.key]))
    return Standing(total, parts, tuple(undecided))


def _settled(values: Values) -> bool:
    """Tell whether everything that counts is decided for good."""
    return all(
        value.low is value.high is value.decided or not value.counted for value in values.values()
    )


def _undecided(value: ItemValue) -> bool:
    return value.open or value.state in {
        ItemState.AWAITING,
        ItemState.UNRELEASED,
        ItemState.NEEDS_DECISION,
    }


def _needs_decision(component: Component, values: Values) -> bool:
    found = [values[item.key] for item in component.items]
    parts = [values[item.key] for item in component.parts]
    return (
        any(_needs_decision(child, values) for child in component.children)
        or any(value.state is ItemState.NEEDS_DECISION for value in found)
        or (bool(parts) and not any(value.counted for value in parts))
    )


def _decided(value: ItemValue) -> Fraction | None:
    return value.decided


def _means(
    scheme: Scheme, values: Values, evaluate: Evaluate, empty: Fraction | None
) -> dict[str | None, Fraction | None]:
    """Return the mean of every component by key, and of the whole under None, each worked out once.

    ``empty`` is the mean of a component of which nothing counts.
    """
    means: dict[str | None, Fraction | None] = {}

    def mean(component: Component) -> Fraction | None:
        if component.children:
            shares = [(_exactly(child.weight), mean(child)) for child in component.children]
            kept = [(weight, share) for weight, share in shares if share is not None]
        else:
            vector = _vector(component, values, evaluate)
            lost = _lowest(component, vector)
            kept = [(weight, share) for key, weight, share in vector if key not in lost]
        found = _weighted(kept, empty)
        if kept and found is not None and component.bonus:
            found = min(ALL, found + _extra(component, values, evaluate))
        means[component.key] = found
        return found

    top = [(_exactly(component.weight), mean(component)) for component in scheme.components]
    means[TOTAL] = _weighted([(w, share) for w, share in top if share is not None], empty)
    return means


def _weighted(
    shares: Sequence[tuple[Fraction, Fraction]], empty: Fraction | None
) -> Fraction | None:
    if not shares:
        return empty
    # Sums of whole numbers over one denominator, put into lowest terms once: the same number, and
    # many times as quick as adding fractions one by one.
    first = shares[0][0]
    even = all(weight is first for weight, _ in shares)
    weights = [1] * len(shares) if even else _whole([weight for weight, _ in shares])
    parts = [(share.numerator, share.denominator) for _, share in shares]
    common = lcm(*[below for _, below in parts])
    top = sum(
        weight * above * (common // below)
        for weight, (above, below) in zip(weights, parts, strict=True)
    )
    return Fraction(top, common * sum(weights))


def _whole(weights: Sequence[Fraction]) -> list[int]:
    """Return whole numbers that stand to each other as the weights do."""
    common = lcm(*[weight.denominator for weight in weights])
    return [weight.numerator * (common // weight.denominator) for weight in weights]


def _extra(component: Component, values: Values, evaluate: Evaluate) -> Fraction:
    """Return what bonus adds, as a share of the component: 5 % on top of 50 % add a tenth."""
    found = ((item.weight, values[item.key]) for item in component.bonus)
    shares = ((weight, evaluate(value)) for weight, value in found if value.counted)
    earned = sum((_exactly(weight) * (share or NOTHING) for weight, share in shares), NOTHING)
    return earned / _exactly(component.weight)


@lru_cache(maxsize=4096)
def _exactly(weight: Decimal) -> Fraction:
    return Fraction(weight)


def _vector(
    component: Component, values: Values, evaluate: Evaluate
) -> list[tuple[str, Fraction, Fraction]]:
    found = [(item, values[item.key]) for item in component.items if not item.bonus]
    shares = [(item, evaluate(value)) for item, value in found if value.counted]
    return [(i.key, _exactly(i.weight), share) for i, share in shares if share is not None]


def _lowest(component: Component, vector: Sequence[tuple[str, Fraction, Fraction]]) -> set[str]:
    """Return the keys of the items to leave out: the lowest, the first of equals, one stays."""
    drops = max(0, min(component.drop_lowest, len(vector) - 1))
    if not drops:
        return set()
    return {key for key, _, _ in sorted(vector, key=lambda entry: entry[2])[:drops]}


def _dropped(component: Component, values: Values) -> tuple[str, ...]:
    if not component.drop_lowest:
        return ()
    lost = _lowest(component, _vector(component, values, _decided))
    return tuple(item.key for item in component.items if item.key in lost)


def _percent(share: Fraction) -> Fraction:
    return Fraction(100 * share.numerator, share.denominator)


class Verdict(StrEnum):
    """Whether a student passes whatever comes, may still, or cannot any more."""

    SECURED = "secured"
    OPEN = "open"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Clause:
    """One condition: at least so many percent of a component, of the total for None."""

    component: str | None
    at_least: Decimal


@dataclass(frozen=True)
class ClauseOutcome:
    """A clause and whether it holds: None while that is open."""

    clause: Clause
    holds: bool | None


@dataclass(frozen=True)
class Outcome:
    """Every clause, and what they come to. ``passed`` is None while open."""

    clauses: tuple[ClauseOutcome, ...]
    verdict: Verdict

    @property
    def passed(self) -> bool | None:
        """Tell whether the rule is met: True, False, or None while open."""
        return {Verdict.SECURED: True, Verdict.UNREACHABLE: False}.get(self.verdict)


def pass_rule_refusals(rule: Sequence[Clause], scheme: Scheme) -> tuple[tuple[str, str], ...]:
    """Return (code, component key or "") for all that is wrong with a rule; empty if it may be used.

    Codes: ``no_clause unknown_component repeated_clause percent_out_of_range``.
    """
    known = {component.key for component in scheme.walk()}
    found = [] if rule else [("no_clause", "")]
    for index, clause in enumerate(rule):
        key = clause.component or ""
        if clause.component is not None and clause.component not in known:
            found.append(("unknown_component", key))
        if clause.component in {earlier.component for earlier in rule[:index]}:
            found.append(("repeated_clause", key))
        if not 0 <= clause.at_least <= 100:
            found.append(("percent_out_of_range", key))
    return tuple(found)


def outcome(rule: Sequence[Clause], now: Standing) -> Outcome:
    """Judge a standing by the pass rule; all clauses must hold. Exact, unrounded; equal passes."""
    clauses = tuple(ClauseOutcome(clause, _holds(clause, now)) for clause in rule)
    holds = {found.holds for found in clauses}
    if False in holds:
        verdict = Verdict.UNREACHABLE
    else:
        verdict = Verdict.OPEN if None in holds else Verdict.SECURED
    return Outcome(clauses, verdict)


def _holds(clause: Clause, now: Standing) -> bool | None:
    part = now.part(clause.component)
    goal = _exactly(clause.at_least)
    if part.floor >= goal:
        return True
    return False if part.ceiling < goal else None


@dataclass(frozen=True)
class Need:
    """What a clause still asks for.

    ``percent`` is the gap between floor and threshold, in percent of the component. ``share`` is
    the smallest thousandth of all that is open in it that, earned everywhere, closes the gap: "on
    average 62.4 % of what is still open"; None if not even all of it does.
    """

    percent: Fraction
    share: Fraction | None


def need_to_pass(scheme: Scheme, values: Values, clause: Clause) -> Need:
    """Return what is still needed for one clause, rounded up so that it is never too little.

    The value is a straight line in the share. With drop-lowest or bonus it is a broken one, but it
    never falls, so halving finds the smallest share exactly.
    """
    goal = Fraction(clause.at_least)
    scope = Scheme(tuple(c for c in scheme.walk() if c.key == clause.component))
    scope = scope if scope.components else scheme

    def percent(step: int) -> Fraction:
        share = Fraction(step, NEED_STEPS)

        def evaluate(value: ItemValue) -> Fraction:
            return value.low + share * (value.high - value.low)

        return PERCENT * (_means(scope, values, evaluate, share)[clause.component] or NOTHING)

    def reached(step: int) -> bool:
        return percent(step) >= goal

    gap = max(NOTHING, goal - percent(0))
    if not reached(NEED_STEPS):
        return Need(gap, None)
    if not any(component.drop_lowest or component.bonus for component in scope.walk()):
        most = percent(NEED_STEPS) - percent(0)
        return Need(gap, Fraction(ceil(NEED_STEPS * gap / most) if gap else 0, NEED_STEPS))
    low, high = 0, NEED_STEPS
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle + 1, high)
    return Need(gap, Fraction(low, NEED_STEPS))
