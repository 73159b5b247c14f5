"""Standing and verdict: worked fixtures and properties."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.rules import (
    Clause,
    ItemState,
    ItemValue,
    Scheme,
    Verdict,
    excused_value,
    item_value,
    need_to_pass,
    outcome,
    scheme_refusals,
    standing,
)
from seminar.lib.numbers import exact, shown
from tests.grading.test_rules_scheme import EXAMPLE, component, item

FIFTY = Decimal(50)
PER_COMPONENT = [Clause(c.key, FIFTY) for c in EXAMPLE.components]
IN_TOTAL = [Clause(None, FIFTY)]
OPEN = item_value(ItemState.NOT_DUE)


def sure(percent):
    share = Fraction(str(percent)) / 100
    return ItemValue(ItemState.GRADED, share, share, share)


def values(**given_):
    found = dict.fromkeys((i.key for i in EXAMPLE.items()), OPEN)
    return found | {key.replace("_", "-"): value for key, value in given_.items()}


WORKED = values(
    report_1=sure("63.5"),
    report_2=sure("63.5"),
    report_3=sure("63.5"),
    mini_1=sure("63.5"),
    mini_2=sure("63.5"),
    talk=sure(71),
    final_talk=sure(40),
    attendance=sure("22.25"),
) | {"class": sure("22.25")}


def test_worked_example_passes_in_total_and_fails_per_component():
    now = standing(EXAMPLE, WORKED)

    assert now.total.floor == now.total.ceiling == now.total.running == Fraction("52.85")
    assert [part.floor for part in now.parts] == [
        Fraction("63.5"),
        Fraction("55.5"),
        71,
        40,
        Fraction("22.25"),
    ]
    assert now.open_items == ()
    assert outcome(IN_TOTAL, now).passed is True
    judged = outcome(PER_COMPONENT, now)
    assert [found.holds for found in judged.clauses] == [True, True, False]
    assert (judged.verdict, judged.passed) == (Verdict.UNREACHABLE, False)


def test_threshold_fixture_is_below_fifty_and_shown_so():
    thirds = Scheme((component("a", 100, [item(k, w, 3) for k, w in (("i", 50), ("j", 50))]),))
    share = Fraction("149.99") / 3 / 100
    value = ItemValue(ItemState.GRADED, share, share, share)

    now = standing(thirds, {"i": value, "j": value})

    assert exact(now.total.floor) == "14999/300"
    assert shown(now.total.floor, threshold=FIFTY) == "49.99"
    assert outcome(IN_TOTAL, now).passed is False


def test_exactly_fifty_passes():
    now = standing(EXAMPLE, dict.fromkeys(WORKED, sure(50)))

    assert outcome(PER_COMPONENT, now).passed is True


def test_an_early_term_is_open():
    now = standing(EXAMPLE, values(report_1=item_value(ItemState.GRADED, Decimal(8), Decimal(10))))

    assert (now.total.floor, now.total.ceiling, now.total.running) == (8, 98, 80)
    work = now.part("work")
    assert (work.floor, work.ceiling, work.running) == (16, 96, 80)
    assert now.part("final").running is None
    assert outcome(PER_COMPONENT, now).verdict is Verdict.OPEN
    assert outcome(PER_COMPONENT, now).passed is None
    assert len(now.open_items) == 8


def test_missing_work_that_may_still_come_late():
    late = item_value(ItemState.MISSING, reachable=Fraction(4, 5))

    part = standing(EXAMPLE, values(report_1=late)).part("work")

    assert (part.floor, part.ceiling, part.running) == (0, 96, 0)


def test_excused_items_leave_both_sums_of_their_component():
    part = standing(EXAMPLE, values(report_1=excused_value(), report_2=sure(80))).part("work")

    assert (part.floor, part.ceiling, part.running) == (20, 95, 80)


def test_a_component_with_nothing_left_needs_a_decision_and_stays_open():
    now = standing(EXAMPLE, WORKED | {"talk": excused_value()})

    talk = now.part("in-class")
    assert (talk.floor, talk.ceiling, talk.running, talk.needs_decision) == (0, 100, None, True)
    both = now.part("presentations")
    assert (both.floor, both.ceiling, both.running, both.needs_decision) == (20, 70, 40, True)
    assert now.total.needs_decision
    assert outcome([Clause("presentations", FIFTY)], now).passed is None


def test_a_talk_never_held_needs_a_decision():
    now = standing(EXAMPLE, WORKED | {"talk": item_value(ItemState.NEEDS_DECISION)})

    assert now.part("in-class").needs_decision
    assert now.open_items == ("talk",)


def test_awaiting_work_worth_nothing_any_more_is_still_undecided():
    late = item_value(ItemState.AWAITING, reachable=Fraction(0))

    assert standing(EXAMPLE, WORKED | {"talk": late}).open_items == ("talk",)


def test_drop_lowest_applies_to_the_vector_evaluated():
    first = replace(EXAMPLE.components[0], drop_lowest=2)
    scheme = Scheme((first, *EXAMPLE.components[1:]))
    part = standing(scheme, values(report_1=sure(20), report_2=sure(80), report_3=sure(20))).part(
        "work"
    )

    assert part.floor == Fraction(120, 3)  # 80, 20, 20 stay; both open items are dropped
    assert part.ceiling == Fraction(280, 3)  # both 20 are dropped
    assert part.running == 80
    assert part.dropped == ("report-1", "report-3")


def test_drop_lowest_keeps_one():
    scheme = Scheme((component("a", 100, [item("i", 50), item("j", 50)], drop=1),))

    now = standing(scheme, {"i": excused_value(), "j": sure(30)})

    assert now.total.floor == 30
    assert now.part("a").dropped == ()


def test_need_to_pass_says_how_much_of_what_is_open():
    given_ = values(report_1=sure(20), report_2=sure(30))

    need = need_to_pass(EXAMPLE, given_, PER_COMPONENT[0])

    assert (need.percent, need.share) == (40, Fraction(667, 1000))
    assert need_to_pass(EXAMPLE, WORKED, PER_COMPONENT[0]).share == 0
    assert need_to_pass(EXAMPLE, WORKED, PER_COMPONENT[0]).percent == 0
    assert need_to_pass(EXAMPLE, WORKED, PER_COMPONENT[2]).share is None
    assert need_to_pass(EXAMPLE, values(), IN_TOTAL[0]).share == Fraction(1, 2)


def test_need_to_pass_with_drop_lowest_follows_the_broken_line():
    scheme = Scheme((component("a", 100, [item("i", 50), item("j", 50)], drop=1),))

    need = need_to_pass(scheme, {"i": sure(20), "j": OPEN}, Clause("a", Decimal(50)))

    assert (need.percent, need.share) == (30, Fraction(1, 2))


FEWER = settings(max_examples=40)  # each example draws a whole scheme

# --- Properties -----------------------------------------------------------------------------------

POINTS = st.builds(lambda n: Fraction(n, 8), st.integers(0, 8))


@st.composite
def item_values(draw):
    kind = draw(st.sampled_from(["sure", "open", "part", "missing", "excused"]))
    if kind == "sure":
        share = draw(POINTS)
        return ItemValue(ItemState.GRADED, share, share, share)
    if kind == "part":
        low, high = sorted((draw(POINTS), draw(POINTS)))
        return ItemValue(ItemState.NOT_DUE, low, high, low)
    return {
        "open": OPEN,
        "missing": item_value(ItemState.MISSING, reachable=Fraction(1, 2)),
        "excused": excused_value(),
    }[kind]


@st.composite
def leaf(draw, key):
    weights = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    drop = draw(st.integers(0, len(weights) - 1)) if len(set(weights)) == 1 else 0
    items = (item(f"{key}{number}", weight) for number, weight in enumerate(weights))
    return component(key, sum(weights), items, drop=drop)


@st.composite
def students(draw):
    inner = [draw(leaf("c")), draw(leaf("d"))]
    parts = [
        draw(leaf("a")),
        draw(leaf("b")),
        component("p", sum(c.weight for c in inner), children=inner),
    ]
    rest = 100 - sum(part.weight for part in parts)
    scheme = Scheme((*parts, component("r", rest, [item("r0", rest)])))
    assert scheme_refusals(scheme) == ()
    return scheme, {i.key: draw(item_values()) for i in scheme.items()}


def completed(draw, found):
    """Close every open item somewhere between low and high."""
    closed = {}
    for key, value in found.items():
        if value.counted:
            share = value.low + draw(POINTS) * (value.high - value.low)
            closed[key] = ItemValue(ItemState.GRADED, share, share, share)
        else:
            closed[key] = value
    return closed


RULES = st.lists(
    st.builds(
        Clause,
        st.sampled_from(["a", "b", "p", "c", "r", None]),
        st.sampled_from([Decimal(30), FIFTY, Decimal("66.667")]),
    ),
    min_size=1,
    max_size=3,
)


@FEWER
@given(students(), st.data())
def test_every_completion_lies_between_floor_and_ceiling(student, data):
    scheme, found = student
    now = standing(scheme, found)

    after = standing(scheme, completed(data.draw, found))

    for before, end in zip((now.total, *now.parts), (after.total, *after.parts), strict=True):
        assert 0 <= before.floor <= before.ceiling <= 100
        assert before.floor <= end.floor <= end.ceiling <= before.ceiling
        assert before.running is None or before.running >= before.floor


@FEWER
@given(students(), RULES, st.data())
def test_a_verdict_holds_for_every_completion(student, rule, data):
    scheme, found = student
    verdict = outcome(rule, standing(scheme, found)).verdict

    after = outcome(rule, standing(scheme, completed(data.draw, found)))

    if verdict is not Verdict.OPEN:
        assert after.verdict is verdict
    lowest = {k: replace(v, high=v.low) if v.counted else v for k, v in found.items()}
    highest = {k: replace(v, low=v.high) if v.counted else v for k, v in found.items()}
    if verdict is Verdict.SECURED:
        assert outcome(rule, standing(scheme, lowest)).passed is True
    if verdict is Verdict.UNREACHABLE:
        assert outcome(rule, standing(scheme, highest)).passed is False


@FEWER
@given(students(), st.data())
def test_more_points_never_lower_anything(student, data):
    scheme, found = student
    key = data.draw(st.sampled_from(sorted(found)))
    if not found[key].counted:
        return
    low, high = sorted((data.draw(POINTS), data.draw(POINTS)))
    less, more = (
        standing(scheme, found | {key: ItemValue(ItemState.GRADED, share, share, share)})
        for share in (low, high)
    )

    for before, after in zip((less.total, *less.parts), (more.total, *more.parts), strict=True):
        assert before.floor <= after.floor
        assert before.ceiling <= after.ceiling
        assert (before.running is None) == (after.running is None)
        assert before.running is None or before.running <= after.running


@FEWER
@given(students())
def test_total_is_the_weighted_sum_of_its_components(student):
    scheme, found = student
    now = standing(scheme, found)

    top = [now.part(c.key) for c in scheme.components]
    assert now.total.floor == sum(part.weight * part.floor for part in top) / 100
    assert now.total.ceiling == sum(part.weight * part.ceiling for part in top) / 100


@FEWER
@given(students(), st.randoms(use_true_random=False))
def test_order_of_items_and_components_does_not_matter(student, random):
    scheme, found = student

    def shuffled(values_):
        mixed = list(values_)
        random.shuffle(mixed)
        return tuple(mixed)

    def mix(c):
        return replace(c, items=shuffled(c.items), children=shuffled(mix(k) for k in c.children))

    now = standing(scheme, found)
    mixed = standing(Scheme(shuffled(mix(c) for c in scheme.components)), found)

    assert mixed.total == now.total
    for part in now.parts:
        assert mixed.part(part.key)._replace(dropped=()) == part._replace(dropped=())
        assert len(mixed.part(part.key).dropped) == len(part.dropped)


@FEWER
@given(students(), RULES)
def test_need_to_pass_is_enough_and_not_too_much(student, rule):
    scheme, found = student

    for clause in rule:
        need = need_to_pass(scheme, found, clause)
        if need.share is None:
            assert standing(scheme, found).part(clause.component).ceiling < clause.at_least
            continue
        if standing(scheme, found).total.needs_decision:
            continue
        for share, enough in ((need.share, True), (need.share - Fraction(1, 1000), False)):
            if share >= 0:
                filled = {
                    k: replace(v, low=v.low + share * (v.high - v.low)) for k, v in found.items()
                }
                reached = standing(scheme, filled).part(clause.component).floor
                assert (reached >= clause.at_least) is enough


@pytest.mark.parametrize("key", ["nowhere", ""])
def test_part_of_an_unknown_component_is_a_mistake(key):
    with pytest.raises(StopIteration):
        standing(EXAMPLE, WORKED).part(key)
