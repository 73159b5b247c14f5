"""Where a student stands: floor, running, ceiling; and whether that passes. Exact throughout.

A component is worth the weighted mean of its counted items: excused items leave numerator and
denominator, so their weight moves to the others of the same component and never beyond it. Where
nothing of a component counts there is no mean: it needs a decision, and until then it counts as
open, worth nothing in the floor and everything in the ceiling. A bonus item adds its share of its
own weight to the component it is in, which is worth its full weight at most. Source: PRODUCT 3.5.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil, gcd, lcm
from typing import NamedTuple

from grading.rules.entries import ItemState
from grading.rules.scheme import Component, Scheme
from grading.rules.values import NOTHING, ItemValue, Ratio

PERCENT = Fraction(100)
NEED_STEPS = 1000
TOTAL = None
ZERO: Ratio = (0, 1)
ONE: Ratio = (1, 1)

Values = Mapping[str, ItemValue]
Shares = Mapping[str, Ratio | None]
Weighted = tuple[Ratio, int]


class Part(NamedTuple):
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


class Standing(NamedTuple):
    """The total, each component (parents first), and the items that are still open."""

    total: Part
    parts: tuple[Part, ...]
    open_items: tuple[str, ...]

    def part(self, key: str | None) -> Part:
        """Return a component's standing by its key, the total for None."""
        return next(part for part in (self.total, *self.parts) if part.key == key)


def standing(scheme: Scheme, values: Values) -> Standing:
    """Return one student's standing. ``values`` has every item of the scheme by its key.

    Who judges many students by one scheme keeps its plan: ``plan_of``, ``standing_by``.
    """
    return standing_by(plan_of(scheme), values)


class Node(NamedTuple):
    """A component made ready for sums: ``share`` is its weight among its siblings.

    That and the weights of its ``parts`` are whole numbers that stand to each other as the weights
    do. ``extras`` are its bonus items with what each adds to the component, as a ratio of weights.
    """

    key: str
    weight: Fraction
    share: int
    parts: tuple[tuple[str, int], ...]
    extras: tuple[tuple[str, Ratio], ...]
    items: tuple[str, ...]
    drop_lowest: int
    children: tuple[Node, ...]


class Plan(NamedTuple):
    """A scheme made ready for judging many students: weights as whole numbers, worked out once."""

    top: tuple[Node, ...]
    nodes: tuple[Node, ...]
    items: tuple[str, ...]


def plan_of(scheme: Scheme) -> Plan:
    """Return the plan of a scheme: the same weights, as the sums want them."""
    top = _nodes(scheme.components)
    nodes = tuple(node for parent in top for node in _walk(parent))
    return Plan(top, nodes, tuple(item.key for item in scheme.items()))


def _nodes(components: Sequence[Component]) -> tuple[Node, ...]:
    shares = _whole([component.weight for component in components])
    return tuple(_node(one, share) for one, share in zip(components, shares, strict=True))


def _node(component: Component, share: int) -> Node:
    weight, parts = Fraction(component.weight), component.parts
    weights = _whole([part.weight for part in parts])
    return Node(
        key=component.key,
        weight=weight,
        share=share,
        parts=tuple(zip([part.key for part in parts], weights, strict=True)),
        extras=tuple(
            (item.key, (Fraction(item.weight) / weight).as_integer_ratio())
            for item in component.bonus
        ),
        items=tuple(item.key for item in component.items),
        drop_lowest=component.drop_lowest,
        children=_nodes(component.children),
    )


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _whole(weights: Sequence[Decimal]) -> list[int]:
    """Return the smallest whole numbers that stand to each other as the weights do."""
    ratios = [weight.as_integer_ratio() for weight in weights]
    common = lcm(*[below for _, below in ratios])
    whole = [above * (common // below) for above, below in ratios]
    least = gcd(*whole) or 1
    return [one // least for one in whole]


def standing_by(plan: Plan, values: Values) -> Standing:
    """Return one student's standing by a plan; see ``standing``."""
    found = [values[key] for key in plan.items]
    decided = {key: value.ratios[2] for key, value in zip(plan.items, found, strict=True)}
    running = _means(plan, decided, None)
    settled = all(value.settled for value in found) and None not in running.values()
    if settled:  # all three are the same
        floors = ceilings = running
    else:
        floors = _means(plan, {key: values[key].ratios[0] for key in plan.items}, ZERO)
        ceilings = _means(plan, {key: values[key].ratios[1] for key in plan.items}, ONE)
    parts: list[Part] = []
    for node in plan.nodes:
        numbers = _numbers(floors[node.key], ceilings[node.key], running[node.key])
        needs = not settled and _needs_decision(node, values)
        lost = _dropped(node, decided) if node.drop_lowest else ()
        parts.append(Part(node.key, node.weight, *numbers, lost, needs))
    numbers = _numbers(floors[TOTAL], ceilings[TOTAL], running[TOTAL])
    needs = any(part.needs_decision for part in parts)
    undecided = () if settled else tuple([key for key in plan.items if values[key].undecided])
    return Standing(Part(TOTAL, PERCENT, *numbers, (), needs), tuple(parts), undecided)


def _numbers(
    floor: Ratio | None, ceiling: Ratio | None, now: Ratio | None
) -> tuple[Fraction, Fraction, Fraction | None]:
    """Return floor, ceiling and running value in percent; one object where they are one number."""
    low = _percent(floor or ZERO)
    if floor is ceiling is now:
        return low, low, low
    return low, _percent(ceiling or ZERO), None if now is None else _percent(now)


def _needs_decision(node: Node, values: Values) -> bool:
    if node.children:
        return any(_needs_decision(child, values) for child in node.children)
    if any(values[key].state is ItemState.NEEDS_DECISION for key in node.items):
        return True
    return bool(node.parts) and not any(values[key].counted for key, _ in node.parts)


def _means(plan: Plan, shares: Shares, empty: Ratio | None) -> dict[str | None, Ratio | None]:
    """Return the mean of every component by key, and of the whole under None, each worked out once.

    ``shares`` has a ratio for each item that has one in this view. ``empty`` is the mean of a
    component of which nothing counts. Means are ratios of whole numbers, not always in lowest
    terms: they are put there once, where they are shown.
    """
    means: dict[str | None, Ratio | None] = {}
    means[TOTAL] = _joint(plan.top, shares, empty, means)
    return means


def _joint(
    nodes: Sequence[Node],
    shares: Shares,
    empty: Ratio | None,
    means: dict[str | None, Ratio | None],
) -> Ratio | None:
    """Return the mean of components, and put each one's own among the ``means``."""
    parts: list[Weighted] = []
    for node in nodes:
        if node.children:
            mean = _joint(node.children, shares, empty, means)
        else:
            mean = _mean(node, shares, empty)
        means[node.key] = mean
        if mean is not None:
            parts.append((mean, node.share))
    return _weighted(parts, empty)


def _mean(node: Node, shares: Shares, empty: Ratio | None) -> Ratio | None:
    """Return the mean of a component's items, less the lowest, with bonus."""
    if node.drop_lowest:
        shares = {**shares, **dict.fromkeys(_lowest(node, shares))}
    parts = [(share, weight) for key, weight in node.parts if (share := shares[key]) is not None]
    found = _weighted(parts, empty)
    if parts and found is not None and node.extras:
        return _with_extras(found, node, shares)
    return found


def _weighted(parts: Sequence[Weighted], empty: Ratio | None) -> Ratio | None:
    """Return the weighted mean: sums of whole numbers over one denominator."""
    if not parts:
        return empty
    common = lcm(*[below for (_, below), _ in parts])
    top = whole = 0
    for (above, below), weight in parts:
        top += weight * above * (common // below)
        whole += weight
    if not whole:  # what weighs nothing counts alike
        return _weighted([(share, 1) for share, _ in parts], empty)
    return top, common * whole


def _with_extras(found: Ratio, node: Node, shares: Shares) -> Ratio:
    """Return a mean with bonus added: 5 % on top of 50 % add a tenth; never more than all."""
    above, below = found
    for key, (more, of) in node.extras:
        share = shares[key]
        if share is not None:
            above, below = above * of * share[1] + more * share[0] * below, below * of * share[1]
    return ONE if above >= below else (above, below)


def _lowest(node: Node, shares: Shares) -> Collection[str]:
    """Return the keys of the items to leave out: the lowest, the first of equals, one stays."""
    known = [(key, share) for key, _ in node.parts if (share := shares[key]) is not None]
    drops = min(node.drop_lowest, len(known) - 1)
    if drops <= 0:
        return ()
    common = lcm(*[below for _, (_, below) in known])
    ordered = sorted(known, key=lambda entry: entry[1][0] * (common // entry[1][1]))
    return {key for key, _ in ordered[:drops]}


def _dropped(node: Node, decided: Shares) -> tuple[str, ...]:
    lost = _lowest(node, decided)
    return tuple(key for key in node.items if key in lost)


def _percent(share: Ratio) -> Fraction:
    return Fraction(100 * share[0], share[1])


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


class ClauseOutcome(NamedTuple):
    """A clause and whether it holds: None while that is open."""

    clause: Clause
    holds: bool | None


class Outcome(NamedTuple):
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
    parts = {part.key: part for part in (now.total, *now.parts)}
    clauses = tuple([ClauseOutcome(clause, _holds(clause, parts)) for clause in rule])
    holds = [found.holds for found in clauses]
    if False in holds:
        verdict = Verdict.UNREACHABLE
    else:
        verdict = Verdict.OPEN if None in holds else Verdict.SECURED
    return Outcome(clauses, verdict)


def _holds(clause: Clause, parts: Mapping[str | None, Part]) -> bool | None:
    part = parts[clause.component]
    above, below = clause.at_least.as_integer_ratio()
    if _reaches(part.floor, above, below):
        return True
    return None if _reaches(part.ceiling, above, below) else False


def _reaches(value: Fraction, above: int, below: int) -> bool:
    return value.numerator * below >= above * value.denominator


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
    plan = plan_of(scope)

    def percent(step: int) -> Fraction:
        share = Fraction(step, NEED_STEPS)

        earned = {
            key: (value.low + share * (value.high - value.low)).as_integer_ratio()
            if value.counted
            else None
            for key, value in values.items()
        }
        means = _means(plan, earned, share.as_integer_ratio())
        return _percent(means[clause.component] or ZERO)

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
