"""Database constraints in the few shapes that models repeat."""

from collections.abc import Sequence

from django.db.models import CheckConstraint, Q


def one_of(field: str, values: Sequence[str], *, name: str) -> CheckConstraint:
    """Let ``field`` hold nothing but ``values``; both databases refuse the rest."""
    return CheckConstraint(condition=Q(**{f"{field}__in": list(values)}), name=name)


def between(field: str, low: object, high: object, *, name: str) -> CheckConstraint:
    """Let ``field`` hold nothing outside [low, high].

    SQLite would store an oversized decimal and then fail on every read of the table.
    """
    return CheckConstraint(
        condition=Q(**{f"{field}__gte": low}) & Q(**{f"{field}__lte": high}), name=name
    )


def together(first: str, second: str, *, name: str) -> CheckConstraint:
    """Let both fields be null or neither."""
    return CheckConstraint(
        condition=Q(**{f"{first}__isnull": True, f"{second}__isnull": True})
        | Q(**{f"{first}__isnull": False, f"{second}__isnull": False}),
        name=name,
    )
