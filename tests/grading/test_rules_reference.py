"""The standing beside a slow, plain reading of PRODUCT 3.5: fractions, added one by one."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from grading.rules import (
    Clause,
    Component,
    Item,
    ItemKind,
    ItemState,
    ItemValue,
    Scheme,
    Verdict,
    excused_value,
    outcome,
    plan_of,
    scheme_refusals,
    standing,
    standing_by,
)

FLOOR, CEILING, RUNNING = "low", "high", "decided"
WITHOUT = {FLOOR: Fraction(0), CEILING: Fraction(1), RUNNING: None}


def mean_of(component, values, view):
    """Return what a component is worth from 0 to 1; for the running value None if undecided."""
    if component.children:
        parts = [(c.weight, mean_of(c, values, view)) for c in component.children]
        return weighted([(w, share) for w, share in parts if share is not None], view)
    counted = [i for i in component.items if values[i.key].counted]
    shares = [(i.weight, getattr(values[i.key], view)) for i in counted if not i.bonus]
    shares = [(weight, share) for weight, share in shares if share is not None]
    for _ in range(component.drop_lowest):
        if len(shares) > 1:
            shares.remove(min(shares, key=lambda part: part[1]))
    mean = weighted(shares, view)
    if not shares:
        return mean
    for item in counted:
        if item.bonus:
            share = getattr(values[item.key], view) or 0
            mean += share * Fraction(item.weight) / Fraction(component.weight)
    return min(mean, Fraction(1))


def weighted(shares, view):
    if not shares:
        return WITHOUT[view]
    whole = sum(Fraction(weight) for weight, _ in shares)
    return sum(Fraction(weight) * share for weight, share in shares) / whole


def percent_of(scheme, values, key, view):
    """Return floor, ceiling or running value of a component, of the total for None."""
    whole = Component("", "", Decimal(100), children=scheme.components)
    component = next((c for c in scheme.walk() if c.key == key), whole)
    share = mean_of(component, values, view)
    return None if share is None else 100 * share


def verdict_of(scheme, values, clauses):
    def all_reach(view):
        return all(percent_of(scheme, values, c.component, view) >= c.at_least for c in clauses)

    if all_reach(FLOOR):
        return Verdict.SECURED
    return Verdict.OPEN if all_reach(CEILING) else Verdict.UNREACHABLE


shares = st.one_of(
    st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1)]),  # ties for the lowest
    st.integers(0, 1000).map(lambda n: Fraction(n, 1000)),
    st.fractions(0, 1, max_denominator=97),
)
scored = shares.map(lambda share: ItemValue(ItemState.GRADED, share, share, share))
missing = shares.map(lambda high: ItemValue(ItemState.MISSING, Fraction(0), high, Fraction(0)))
still_open = st.sampled_from(
    [
        ItemValue(state)
        for state in (ItemState.NOT_DUE, ItemState.AWAITING, ItemState.NEEDS_DECISION)
    ]
)
under_way = st.lists(shares, min_size=3, max_size=3).map(
    lambda found: ItemValue(ItemState.NOT_DUE, *sorted(found)[::2], sorted(found)[1])
)
excused = st.just(excused_value())


@st.composite
def leaves(draw, key, weight):
    """A component of items: of equal weight if the lowest are dropped, with or without bonus."""
    drops = draw(st.integers(0, 2))
    cuts = [1] * draw(st.sampled_from([2, 4, 5])) if drops else draw(parts)
    items = [item(f"{key}-{n}", weight * cut / sum(cuts)) for n, cut in enumerate(cuts)]
    bonus = [
        replace(item(f"{key}-on-top-{n}", extra), bonus=True)
        for n, extra in enumerate(draw(st.lists(bonuses, max_size=2)))
    ]
    at = draw(st.integers(0, len(items)))
    return Component(
        key,
        key,
        weight,
        items=(*items[:at], *bonus, *items[at:]),
        drop_lowest=min(drops, len(items) - 1),
    )


parts = st.sampled_from([[1], [1, 1], [3, 1], [1, 2, 5], [1, 4, 2, 1], [1] * 8])
bonuses = st.sampled_from([Decimal("0.5"), Decimal(3), Decimal("7.125")])
tops = st.sampled_from([[100], [50, 30, 20], [25, 75], ["12.5", "62.5", 25]])


def item(key, weight):
    return Item(key, ItemKind.ASSIGNMENT, weight, Decimal(10))


@st.composite
def schemes(draw):
    components = []
    for n, weight in enumerate(Decimal(weight) for weight in draw(tops)):
        key = f"part-{n}"
        if draw(st.booleans()):
            components.append(draw(leaves(key, weight)))
        else:
            cuts = draw(st.sampled_from([[1], [1, 1], [1, 4], [1, 1, 2]]))
            children = [
                draw(leaves(f"{key}-{m}", weight * cut / sum(cuts))) for m, cut in enumerate(cuts)
            ]
            components.append(Component(key, key, weight, children=tuple(children)))
    return Scheme(tuple(components))


@st.composite
def judged(draw):
    """A scheme and one student's values: a term under way, or one that is over."""
    scheme = draw(schemes())
    kinds = draw(
        st.sampled_from(
            [
                scored,
                scored | excused,
                scored | missing | still_open | under_way | excused,
            ]
        )
    )
    return scheme, {found.key: draw(kinds) for found in scheme.items()}


@settings(max_examples=80, deadline=None)
@given(judged())
def test_every_number_is_the_one_of_the_plain_reading(drawn):
    scheme, values = drawn
    assert scheme_refusals(scheme) == ()

    now = standing(scheme, values)

    for key in (None, *(component.key for component in scheme.walk())):
        part = now.part(key)
        assert (part.floor, part.ceiling, part.running) == (
            percent_of(scheme, values, key, FLOOR),
            percent_of(scheme, values, key, CEILING),
            percent_of(scheme, values, key, RUNNING),
        )


@settings(max_examples=40, deadline=None)
@given(judged(), st.data())
def test_every_verdict_is_the_one_of_the_plain_reading(drawn, data):
    scheme, values = drawn
    keys = [None, *(component.key for component in scheme.walk())]
    clauses = [
        Clause(key, data.draw(st.sampled_from([Decimal(0), Decimal(50), Decimal("62.5")])))
        for key in data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))
    ]

    found = outcome(clauses, standing(scheme, values))

    assert found.verdict is verdict_of(scheme, values, clauses)


@settings(max_examples=20, deadline=None)
@given(judged(), st.data())
def test_one_plan_serves_every_student(drawn, data):
    scheme, values = drawn
    plan = plan_of(scheme)
    keys = list(values)
    others = dict(zip(keys, data.draw(st.permutations(list(values.values()))), strict=True))

    assert standing_by(plan, others) == standing(scheme, others)
    assert standing_by(plan, values) == standing(scheme, values)
