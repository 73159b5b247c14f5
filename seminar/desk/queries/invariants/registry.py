"""What always holds in the data: how a check is declared, and how all of them are run.

A check is a function that reads and yields a ``Violation`` for each breach it finds. It never
writes, and it never puts a grade, a text of a person or a secret into what it yields: its report
may be mailed, pasted and kept.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import models

from seminar.desk.queries.invariants import reading

FAST = 0
"""A few aggregates in SQL. Asserted after every test that uses the database."""
FULL = 1
"""Computes anew what is stored, by the pure functions that made it."""
FILES = 2
"""Reads every kept file."""


class Severity(StrEnum):
    """What a breach costs: a right or a grade, a service, or tidiness."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True)
class Violation:
    """One breach: the object (by code or key), what is, and what should be."""

    where: str
    found: str
    expected: str


Check = Callable[[datetime], Iterator[Violation]]
Models = tuple[type[models.Model], ...]


@dataclass(frozen=True)
class Invariant:
    """One truth with its check.

    ``reads``: while all of these tables are empty there is nothing to check. None: always run.
    """

    id: str
    level: int
    severity: Severity
    explain: str
    reads: Models
    check: Check


@dataclass(frozen=True)
class Finding:
    """What one check came to. ``error`` says why it could not run; nothing is known then."""

    invariant: Invariant
    violations: tuple[Violation, ...] = ()
    error: str = ""


class UnknownInvariant(ValueError):
    """An id that no check has."""


_REGISTRY: dict[str, Invariant] = {}


def invariant(
    id_: str,
    *,
    level: int = FAST,
    severity: Severity = Severity.MAJOR,
    reads: Models = (),
) -> Callable[[Check], Check]:
    """Register a check under its id. Its docstring is the one sentence that says what holds."""

    def register(check: Check) -> Check:
        assert id_ not in _REGISTRY, f"{id_} is taken"
        explain = check.__doc__ or ""
        assert re.fullmatch(r"[^\n]+\.", explain), f"{id_}: the docstring is one sentence"
        _REGISTRY[id_] = Invariant(id_, level, severity, explain, reads, check)
        return check

    return register


def all_invariants() -> tuple[Invariant, ...]:
    """Return every registered invariant in order of its id. No query."""
    return tuple(_REGISTRY[id_] for id_ in sorted(_REGISTRY))


def chosen(*, level: int, only: Collection[str] = ()) -> tuple[Invariant, ...]:
    """Return the invariants up to a level, or exactly those named, whatever their level. No query.

    Raises UnknownInvariant naming every id that is none.
    """
    unknown = sorted(set(only) - set(_REGISTRY))
    if unknown:
        raise UnknownInvariant(", ".join(unknown))
    if only:
        return tuple(found for found in all_invariants() if found.id in only)
    return tuple(found for found in all_invariants() if found.level <= level)


def run(*, at: datetime, level: int = FAST, only: Collection[str] = ()) -> Iterator[Finding]:
    """Check, one invariant after the other, and yield what each came to.

    A check whose tables are empty is clean without a query; one probe finds that out for all. A
    check that raises is reported with its error, and the others still run. ``at`` is now, aware.
    """
    selected = chosen(level=level, only=only)
    filled = reading.filled_tables(model for found in selected for model in found.reads)
    for found in selected:
        tables = {model._meta.db_table for model in found.reads}
        yield _finding(found, at) if not tables or tables & filled else Finding(found)


def _finding(found: Invariant, at: datetime) -> Finding:
    try:
        with reading.survivable():
            return Finding(found, tuple(found.check(at)))
    except Exception as error:
        return Finding(found, error=f"{type(error).__name__}: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    """Return the first line of an error: what follows may quote the data of a row."""
    return str(error).partition("\n")[0][:200]
