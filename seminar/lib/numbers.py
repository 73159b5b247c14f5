"""Numbers of grades: read by one grammar, kept exact, rounded only to be shown.

Source: PRODUCT 3.5.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from math import ceil

from django.utils.translation import gettext_noop as _

from seminar.lib.words import Words

SCORE = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,2})?")
WEIGHT = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,3})?")
WHOLE = 100


class NumberError(ValueError):
    """A text that is not the number asked for. ``words`` names the text and the rule."""

    def __init__(self, words: Words) -> None:
        self.words = words
        super().__init__(words.plain())


def parse_score(text: str) -> Decimal:
    """Read points: up to four digits, then at most two after a point or a comma.

    ASCII only; no sign, blank, exponent or digit grouping. Raises NumberError.
    """
    if not SCORE.fullmatch(text):
        words = _("“%(text)s” is not a score. Write up to 4 digits, with at most 2 decimals: 7.5")
        raise NumberError(Words(words, {"text": text}))
    return Decimal(text.replace(",", "."))


def parse_weight(text: str) -> Decimal:
    """Read a percentage from 0 to 100 with at most three decimals. Raises NumberError."""
    if not WEIGHT.fullmatch(text) or Decimal(text.replace(",", ".")) > WHOLE:
        words = _("“%(text)s” is not a weight. Write a number from 0 to 100, such as 12.5")
        raise NumberError(Words(words, {"text": text}))
    return Decimal(text.replace(",", "."))


def shown(value: Fraction, places: int = 2, threshold: Fraction | Decimal | None = None) -> str:
    """Return ``value`` rounded half up (away from zero) to ``places`` decimals.

    A value below ``threshold`` that rounding would lift to it is rounded down instead, so that
    nobody reads 50.00 and fails at 50: 149.99/3 with threshold 50 shows 49.99.
    """
    unit = 10**places
    above, below = value.numerator, value.denominator
    units = (2 * abs(above) * unit + below) // (2 * below)
    units = units if above >= 0 else -units
    if threshold is not None and value < threshold <= Fraction(units, unit):
        units = above * unit // below
    return _spelt(units, places)


def shown_up(value: Fraction, places: int = 1) -> str:
    """Return ``value`` rounded up, for what somebody still needs: never too little."""
    return _spelt(ceil(value * 10**places), places)


def plain(value: Decimal) -> str:
    """Return stored points without needless zeros: 7.50 is "7.5", 10.00 is "10"."""
    return f"{value.normalize():f}"


def exact(value: Fraction) -> str:
    """Return the lowest terms, "14999/300"; a whole number stands alone, "50"."""
    return str(value)


def _spelt(units: int, places: int) -> str:
    sign = "-" if units < 0 else ""
    whole, part = divmod(abs(units), 10**places)
    return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"
