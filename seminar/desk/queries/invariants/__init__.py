"""What always holds in the data, and whether it does. Source: docs/invariants.md."""

from seminar.desk.queries.invariants import (
    grades,
    mail,
    people,
    pins,
    places,
    platform,
    queue,
    tokens,
    work,
)
from seminar.desk.queries.invariants.reading import one_moment
from seminar.desk.queries.invariants.registry import (
    FAST,
    FILES,
    FULL,
    Finding,
    Invariant,
    Severity,
    UnknownInvariant,
    Violation,
    all_invariants,
    chosen,
    run,
)

__all__ = [
    "FAST",
    "FILES",
    "FULL",
    "Finding",
    "Invariant",
    "Severity",
    "UnknownInvariant",
    "Violation",
    "all_invariants",
    "chosen",
    "grades",
    "mail",
    "one_moment",
    "people",
    "pins",
    "places",
    "platform",
    "queue",
    "run",
    "tokens",
    "work",
]
