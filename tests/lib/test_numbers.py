"""Scores and weights: what is read, what is shown."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seminar.lib.numbers import (
    NumberError,
    exact,
    parse_score,
    parse_weight,
    plain,
    shown,
    shown_up,
)

FRACTIONS = st.fractions(-1000, 1000, max_denominator=10_000)


@pytest.mark.parametrize(
    ("text", "score"),
    [("0", "0"), ("7.5", "7.5"), ("7,5", "7.5"), ("9999.99", "9999.99"), ("007", "7")],
)
def test_parse_score_reads_the_grammar(text, score):
    assert parse_score(text) == Decimal(score)


BAD = [
    *(
        [
            "NaN",
            "sNaN",
            "Infinity",
            "-0",
            "-5",
            "+7",
            "1e400",
            "1e-400",
            "0x10",
            "1_000",
            "7.555",
            "12345",
            ".",
            ".5",
            "5.",
            "1.2.3",
            "7,5,",
        ]
    ),
    *("", " 7 ", "7\n", "\uff11\uff12", "\u0663", "7\u00b75", "1 000", "\x00", "7.5 %"),
]


@pytest.mark.parametrize("text", BAD)
def test_parse_score_refuses_naming_text_and_rule(text):
    with pytest.raises(NumberError) as refusal:
        parse_score(text)

    assert str(refusal.value).startswith(f"“{text}” is not a score.")


@given(st.integers(0, 999_999))
def test_parse_score_keeps_every_hundredth(hundredths):
    score = Decimal(hundredths).scaleb(-2)

    assert parse_score(f"{score:.2f}") == score


@pytest.mark.parametrize(("text", "weight"), [("100", 100), ("0", 0), ("33,333", "33.333")])
def test_parse_weight_reads_percent(text, weight):
    assert parse_weight(text) == Decimal(weight)


@pytest.mark.parametrize("text", ["100.001", "101", "-1", "1.2345", "1000", "NaN", "", "50 %"])
def test_parse_weight_refuses_the_rest(text):
    with pytest.raises(NumberError, match="is not a weight"):
        parse_weight(text)


@pytest.mark.parametrize(
    ("value", "threshold", "text"),
    [
        (Fraction("149.99") / 3, Fraction(50), "49.99"),
        (Fraction("149.99") / 3, None, "50.00"),
        (Fraction(50), Fraction(50), "50.00"),
        (Fraction("50.004"), Fraction(50), "50.00"),
        (Fraction("49.994"), Fraction(50), "49.99"),
        (Fraction("52.85"), Decimal(50), "52.85"),
        (Fraction("0.005"), None, "0.01"),
        (Fraction("-0.005"), None, "-0.01"),
        (Fraction("-0.004"), None, "0.00"),
        (Fraction(2, 3), Fraction("0.66667"), "0.66"),
    ],
)
def test_shown_rounds_half_up_but_never_across_a_threshold(value, threshold, text):
    assert shown(value, threshold=threshold) == text


@given(FRACTIONS, FRACTIONS, st.integers(0, 4))
def test_shown_never_reaches_a_threshold_that_was_not_reached(value, threshold, places):
    text = shown(value, places, threshold)

    if value < threshold:
        assert Fraction(text) < threshold
    assert abs(Fraction(text) - value) < Fraction(1, 10**places)


@given(FRACTIONS, st.integers(0, 4))
def test_shown_is_the_nearest(value, places):
    text = shown(value, places)

    assert abs(Fraction(text) - value) <= Fraction(1, 2 * 10**places)
    assert text.partition(".")[2].isdigit() == bool(places)


@given(FRACTIONS, st.integers(0, 4))
def test_shown_up_is_never_too_little(value, places):
    assert 0 <= Fraction(shown_up(value, places)) - value < Fraction(1, 10**places)


@given(FRACTIONS)
def test_exact_can_be_read_back(value):
    assert Fraction(exact(value)) == value


def test_exact_is_in_lowest_terms():
    assert exact(Fraction("149.99") / 3) == "14999/300"
    assert exact(Fraction(50)) == "50"


@pytest.mark.parametrize(
    ("value", "text"), [("7.50", "7.5"), ("10.00", "10"), ("100.00", "100"), ("0.00", "0")]
)
def test_plain_drops_needless_zeros(value, text):
    assert plain(Decimal(value)) == text
