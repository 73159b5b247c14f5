"""What the database itself promises, generated from the models where they say it."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor

from assignments.models import Assignment, Submission
from courses.models import Course
from courses.queries import schedule_facts
from courses.rules import Resolved, RuleTextError, Schedule, parse_rule, resolve
from grading.models import AttendanceMark, GradeEntry, ParticipationPoint, Release, ResultRun
from presentations.models import Allocation, PreferenceList, PreferenceRound, Presenter, QueueEvent
from seminar.accounts.models import AuditEntry
from seminar.desk.queries.invariants.reading import filled_tables, quoted, rows
from seminar.desk.queries.invariants.registry import FULL, Severity, Violation, invariant
from seminar.lib.append_only import AppendOnly

OURS = ("accounts", "notifications", "courses", "presentations", "assignments", "grading")
SKEW = timedelta(minutes=2)
HAPPENED: tuple[tuple[type[models.Model], str], ...] = (
    (AuditEntry, "at"),
    (QueueEvent, "at"),
    (PreferenceList, "submitted_at"),
    (Allocation, "run_at"),
    (Allocation, "published_at"),
    (Presenter, "since"),
    (Submission, "received_at"),
    (GradeEntry, "at"),
    (Release, "at"),
    (AttendanceMark, "at"),
    (ParticipationPoint, "at"),
    (ResultRun, "frozen_at"),
)
"""Columns that say when something happened; openings, deadlines and due times are not among them."""


def our_models(*, through: bool = False) -> list[type[models.Model]]:
    """Return the project's own models; ``through`` adds the tables of many-to-many relations."""
    found = apps.get_models(include_auto_created=through)
    return [model for model in found if model._meta.app_label in OURS]


# --- courses are kept apart -------------------------------------------------------------------


class Path(NamedTuple):
    """A foreign key, and the columns that lead from its target to a course's id."""

    field: models.ForeignKey[Any, Any]
    onward: tuple[models.ForeignKey[Any, Any], ...]


def foreign_keys(model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """Return the foreign keys of a model. No query."""
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


@lru_cache
def to_course(model: type[models.Model]) -> tuple[models.ForeignKey[Any, Any], ...] | None:
    """Return the shortest way by foreign keys from a row of ``model`` to its course.

    None for what belongs to no course, such as people; () for the course itself.
    """
    ways: dict[type[models.Model], tuple[models.ForeignKey[Any, Any], ...]] = {model: ()}
    queue = [model]
    while queue:
        here = queue.pop(0)
        if here is Course:
            return ways[here]
        for field in foreign_keys(here):
            target = field.related_model
            if target not in ways:
                ways[target] = (*ways[here], field)
                queue.append(target)
    return None


@lru_cache
def bound_paths(model: type[models.Model]) -> tuple[Path, ...]:
    """Return the foreign keys of a model that lead to a course, each with its shortest way."""
    found = ((field, to_course(field.related_model)) for field in foreign_keys(model))
    return tuple(Path(field, way) for field, way in found if way is not None)


@lru_cache
def same_course_sql(model: type[models.Model]) -> str:
    """Return SQL for the rows of a model of which two foreign keys lead to different courses."""
    first, *others = bound_paths(model)
    joins: list[str] = []
    one = _course_column(first, "first", joins)
    parts = []
    for number, path in enumerate(others):
        own_joins = list(joins)
        other = _course_column(path, f"other{number}", own_joins)
        label = f"{model._meta.label}.{path.field.name}"
        table, key = quoted(model._meta.db_table), quoted(model._meta.pk.column)
        parts.append(
            f"SELECT '{label}', row.{key} FROM {table} row {' '.join(own_joins)} "  # noqa: S608
            f"WHERE {one} <> {other}"
        )
    return " UNION ALL ".join(parts)


def _course_column(path: Path, name: str, joins: list[str]) -> str:
    """Add the joins of a path to ``joins`` and return the column that holds the course's id."""
    column = f"row.{quoted(path.field.column)}"
    for step, field in enumerate(path.onward):
        table, alias = field.model._meta.db_table, f"{name}_{step}"
        pk = quoted(field.model._meta.pk.column)
        joins.append(f"JOIN {quoted(table)} {alias} ON {alias}.{pk} = {column}")
        column = f"{alias}.{quoted(field.column)}"
    return column


@invariant("I-07", severity=Severity.CRITICAL, reads=(Course,))
def one_course(at: datetime) -> Iterator[Violation]:
    """Rows of one course refer to rows of that course only."""
    bound = [model for model in our_models(through=True) if len(bound_paths(model)) > 1]
    filled = filled_tables(bound)
    parts = [same_course_sql(model) for model in bound if model._meta.db_table in filled]
    for label, pk in rows(" UNION ALL ".join(parts)) if parts else ():
        yield Violation(f"{label} of row {pk}", "a row of another course", "the same course")


# --- values -----------------------------------------------------------------------------------


@invariant("I-50", severity=Severity.CRITICAL, reads=(Course,))
def decimals(at: datetime) -> Iterator[Violation]:
    """Every decimal number in the database is a number, with no more digits than its column has."""
    fields = [
        field
        for model in our_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.DecimalField)
    ]
    filled = filled_tables(field.model for field in fields)
    parts = [_poison_sql(field) for field in fields if field.model._meta.db_table in filled]
    for label, pk in rows(" UNION ALL ".join(parts)) if parts else ():
        yield Violation(f"{label} of row {pk}", "not a number, or too long", "a decimal number")


@lru_cache
def _poison_sql(field: "models.DecimalField[Any, Any]") -> str:
    column, table = quoted(field.column), quoted(field.model._meta.db_table)
    label = f"{field.model._meta.label}.{field.name}"
    most = 10 ** (field.max_digits - field.decimal_places)
    if connection.vendor == "sqlite":
        wrong = (
            f"typeof({column}) NOT IN ('integer', 'real', 'null') OR abs({column}) >= {most} "
            f"OR round({column}, {field.decimal_places}) <> {column}"
        )
    else:
        wrong = f"{column} = 'NaN' OR abs({column}) >= {most}"
    return f"SELECT '{label}', id FROM {table} WHERE {wrong}"  # noqa: S608 - names of our tables


@invariant("I-16", level=FULL, reads=tuple({model for model, _name in HAPPENED}))
def no_future(at: datetime) -> Iterator[Violation]:
    """Nothing happened in the future."""
    for model, name in HAPPENED:
        ahead = model._base_manager.filter(**{f"{name}__gt": at + SKEW})
        for pk, when in ahead.values_list("pk", name)[:20]:
            where = f"{model._meta.label}.{name} of row {pk}"
            yield Violation(where, when.isoformat(), f"at most {at.isoformat()}")


BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@invariant("I-36", level=FULL)
def texts(at: datetime) -> Iterator[Violation]:
    """Texts hold no NUL and are no longer than declared; texts of one line (names, titles, keys) are in Unicode form NFC and hold no direction marks."""
    for model in our_models():
        fields = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField)
        ]
        names = [field.attname for field in fields]
        if not names:
            continue
        for pk, *values in model._base_manager.values_list("pk", *names).iterator():
            for field, value in zip(fields, values, strict=True):
                problem = _text_problem(field, value or "")
                if problem:
                    yield Violation(f"{field} of row {pk}", problem, "plain text")


def _text_problem(field: "models.Field[Any, Any]", value: str) -> str | None:
    if "\0" in value:
        return "a NUL"
    if field.max_length is not None and len(value) > field.max_length:
        return f"{len(value)} characters of {field.max_length}"
    if value.isascii() or not isinstance(field, models.CharField):
        return None
    if BIDI.search(value):
        return "a direction mark"
    return None if unicodedata.is_normalized("NFC", value) else "not in form NFC"


# --- the database keeps its promises -----------------------------------------------------------


@invariant("I-37", level=FULL, severity=Severity.CRITICAL)
def references(at: datetime) -> Iterator[Violation]:
    """Every foreign key leads to a row that exists."""
    if connection.vendor == "sqlite":
        for table, rowid, parent, _number in rows("PRAGMA foreign_key_check"):
            yield Violation(f"{table} row {rowid}", f"refers to no row of {parent}", "a row")
        return
    for model in apps.get_models(include_auto_created=True):
        for field in foreign_keys(model):
            child, parent = model._meta.db_table, field.related_model._meta.db_table
            found = rows(
                f"""
                SELECT child.{quoted(model._meta.pk.column)} FROM {quoted(child)} child
                LEFT JOIN {quoted(parent)} parent
                  ON parent.{quoted(field.target_field.column)} = child.{quoted(field.column)}
                WHERE child.{quoted(field.column)} IS NOT NULL
                  AND parent.{quoted(field.target_field.column)} IS NULL
                """  # noqa: S608 - names of our tables
            )
            for (pk,) in found:
                yield Violation(f"{child} row {pk}", f"refers to no row of {parent}", "a row")


@invariant("I-57", level=FULL, severity=Severity.CRITICAL)
def guards(at: datetime) -> Iterator[Violation]:
    """The database holds every constraint that the models name, and a trigger for each table whose rows are written once."""
    present = _names_in_database()
    for model in our_models():
        expected = [constraint.name for constraint in model._meta.constraints]
        if issubclass(model, AppendOnly):
            expected.append(f"{model._meta.db_table}_append_only")
        for name in expected:
            if name not in present:
                yield Violation(f"table {model._meta.db_table}", f"no {name}", "as in the models")


def _names_in_database() -> set[str]:
    """Return the names of constraints, unique indexes and enabled triggers. One query."""
    if connection.vendor == "sqlite":
        found = rows("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        inside = {name for _, sql in found for name in re.findall(r'CONSTRAINT "(\w+)"', sql)}
        return inside | {name for name, _ in found}
    found = rows(
        """
        SELECT conname FROM pg_constraint WHERE convalidated
        UNION ALL SELECT indexname FROM pg_indexes
        UNION ALL SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'
        """
    )
    return {name for (name,) in found}


@invariant("I-38", level=FULL, reads=(PreferenceRound, Assignment))
def instants(at: datetime) -> Iterator[Violation]:
    """Openings and deadlines are what their rules make of the schedule and of today's time zones."""
    for course in Course.objects.all():
        schedule = schedule_facts(course)
        followed: list[PreferenceRound | Assignment] = [
            *course.rounds.all(),
            *course.assignments.all(),
        ]
        for row in followed:
            for name in ("opens", "closes"):
                stored: datetime = getattr(row, f"{name}_at")
                where = f"{row._meta.model_name} {course.slug}/{row.key} {name}"
                yield from _instant(where, getattr(row, f"{name}_rule"), stored, schedule)


def _instant(where: str, rule: str, stored: datetime, schedule: Schedule) -> Iterator[Violation]:
    """Resolve a rule anew. The instant of a cancelled meeting stands, so nothing is said there."""
    planned = replace(
        schedule, meetings=tuple(replace(m, cancelled=False) for m in schedule.meetings)
    )
    try:
        found = resolve(parse_rule(rule), planned)
    except RuleTextError:
        yield Violation(where, f"“{rule}” is no rule", "a rule")
        return
    if not isinstance(found, Resolved):
        yield Violation(where, f"“{rule}” has no instant ({found.code})", "an instant")
    elif found.anchor and schedule.by_key[found.anchor].cancelled:
        return
    elif found.instant != stored:
        yield Violation(where, stored.isoformat(), f"{found.instant.isoformat()} by “{rule}”")


@invariant("I-39", level=FULL, severity=Severity.CRITICAL)
def engine(at: datetime) -> Iterator[Violation]:
    """The database has the tables of this program, and is set to keep what it acknowledged."""
    executor = MigrationExecutor(connection)
    for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield Violation(f"migration {migration}", "not applied", "applied")
    expected = SQLITE if connection.vendor == "sqlite" else POSTGRES
    for name, allowed in expected.items():
        query = f"PRAGMA {name}" if connection.vendor == "sqlite" else f"SHOW {name}"
        value = str(rows(query)[0][0])
        if value not in allowed:
            yield Violation(f"setting {name}", value, " or ".join(allowed))
    if connection.vendor == "sqlite":
        mode = settings.DATABASES["default"]["OPTIONS"].get("transaction_mode")
        if mode != "IMMEDIATE":
            yield Violation("setting transaction_mode", str(mode), "IMMEDIATE")


SQLITE = {"journal_mode": ("wal",), "synchronous": ("2", "3"), "foreign_keys": ("1",)}
POSTGRES = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_write", "remote_apply"),
    "default_transaction_isolation": ("read committed",),
    "server_encoding": ("UTF8",),
}
