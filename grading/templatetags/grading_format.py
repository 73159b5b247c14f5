"""How points, shares and fractions of grades are written."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from django import template

from seminar.lib.numbers import exact, plain, shown

register = template.Library()


@register.filter
def points(value: Decimal | Fraction | None) -> str:
    """Points with at most two decimals and no idle zeros; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    text = shown(value)
    return text.rstrip("0").rstrip(".")


@register.filter
def fraction(value: Fraction | None) -> str:
    """The exact value in lowest terms; a dash for None."""
    return "\N{EN DASH}" if value is None else exact(Fraction(value))


@register.filter
def below(value: Fraction | None, threshold: Fraction | None) -> str:
    """A percentage with two decimals that never shows a threshold it does not reach."""
    return "\N{EN DASH}" if value is None else shown(value, threshold=threshold)


@register.filter
def of_whole(percent: Fraction, weight: Fraction) -> Fraction:
    """Percent of a component as points of the whole."""
    return percent * weight / 100


@register.filter
def get(values: Mapping[str, str], key: str) -> str:
    """The value of a key, or nothing."""
    return values.get(key, "")
