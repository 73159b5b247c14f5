"""Schemes that may be used and schemes that may not."""

from dataclasses import replace
from decimal import Decimal

import pytest

from grading.rules import (
    Clause,
    Component,
    Item,
    ItemKind,
    Scheme,
    SchemeProblem,
    pass_rule_refusals,
    scheme_refusals,
)


def item(key, weight, maximum=10, kind=ItemKind.ASSIGNMENT):
    return Item(key, kind, Decimal(str(weight)), Decimal(str(maximum)))


def component(key, weight, items=(), children=(), drop=0):
    return Component(key, key.title(), Decimal(str(weight)), tuple(items), tuple(children), drop)


EXAMPLE = Scheme(
    (
        component(
            "work",
            50,
            [item(k, 10) for k in ("report-1", "report-2", "report-3", "mini-1", "mini-2")],
        ),
        component(
            "presentations",
            30,
            children=[
                component("in-class", 15, [item("talk", 15, kind=ItemKind.PRESENTATION)]),
                component("final", 15, [item("final-talk", 15, kind=ItemKind.PRESENTATION)]),
            ],
        ),
        component(
            "participation",
            20,
            [
                item("attendance", 10, kind=ItemKind.ATTENDANCE),
                item("class", 10, kind=ItemKind.PARTICIPATION),
            ],
        ),
    )
)


def problem(code, key, found=None, expected=None):
    def number(value):
        return None if value is None else Decimal(str(value))

    return SchemeProblem(code, key, number(found), number(expected))


def test_the_example_may_be_used():
    assert scheme_refusals(EXAMPLE) == ()
    assert [c.key for c in EXAMPLE.walk()] == [
        "work",
        "presentations",
        "in-class",
        "final",
        "participation",
    ]


@pytest.mark.parametrize(
    ("components", "problems"),
    [
        ([], [problem("top_not_100", "", 0, 100)]),
        (
            [component("a", "99.99", [item("i", "99.99")])],
            [problem("top_not_100", "", "99.99", 100)],
        ),
        (
            [component("a", 100, [item("i", "33.333"), item("j", "33.333"), item("k", "33.333")])],
            [problem("parts_differ", "a", "99.999", 100)],
        ),
        ([component("a", 100)], [problem("empty", "a")]),
        (
            [component("a", 100, [item("i", 50)], [component("b", 50, [item("j", 50)])])],
            [problem("mixed", "a")],
        ),
        (
            [
                component(
                    "a",
                    100,
                    children=[
                        component("b", 100, children=[component("c", 100, [item("i", 100)])])
                    ],
                )
            ],
            [problem("too_deep", "c")],
        ),
        (
            [component("a", 100, [item("i", 100, 0)])],
            [problem("max_not_positive", "i", 0)],
        ),
        (
            [component("a", 100, [item("i", 110), item("j", -10)])],
            [problem("weight_not_positive", "j", -10)],
        ),
        (
            [component("a", 100, [item("i", 100)]), component("b", 0, [item("j", 0)])],
            [problem("weight_not_positive", "b", 0), problem("weight_not_positive", "j", 0)],
        ),
        (
            [component("a", 100, [item("i", 60), item("j", 40)], drop=1)],
            [problem("drop_unequal", "a")],
        ),
        (
            [component("a", 100, [item("i", 50), item("j", 50)], drop=2)],
            [problem("drop_leaves_none", "a", 2, 2)],
        ),
        (
            [component("a", 50, [item("i", 50)]), component("a", 50, [item("i", 50)])],
            [problem("repeated_key", "a"), problem("repeated_item", "i")],
        ),
        (
            [component("a", 60, [item("i", 50, -1)]), component("b", 30)],
            [
                problem("top_not_100", "", 90, 100),
                problem("parts_differ", "a", 50, 60),
                problem("max_not_positive", "i", -1),
                problem("empty", "b"),
            ],
        ),
    ],
)
def test_scheme_refusals_names_everything_at_once(components, problems):
    assert scheme_refusals(Scheme(tuple(components))) == tuple(problems)


def test_drop_lowest_of_equal_weights_may_be_used():
    first = replace(EXAMPLE.components[0], drop_lowest=4)

    assert scheme_refusals(Scheme((first, *EXAMPLE.components[1:]))) == ()


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ([Clause("work", Decimal(50)), Clause(None, Decimal(50))], ()),
        ([Clause("in-class", Decimal(0)), Clause("final", Decimal(100))], ()),
        ([], (("no_clause", ""),)),
        ([Clause("nowhere", Decimal(50))], (("unknown_component", "nowhere"),)),
        ([Clause(None, Decimal(50))] * 2, (("repeated_clause", ""),)),
        ([Clause("work", Decimal("100.01"))], (("percent_out_of_range", "work"),)),
    ],
)
def test_pass_rule_refusals(rule, found):
    assert pass_rule_refusals(rule, EXAMPLE) == found
