"""Putting into the database what it would refuse, and taking it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

from seminar.desk.queries.invariants import all_invariants
from seminar.lib.append_only import AppendOnly

IS_SQLITE = connection.vendor == "sqlite"


@contextmanager
def broken_database() -> Iterator[None]:
    """Let a test break things inside; afterwards all is as it was, guards included.

    Both databases take back what is done to tables, triggers and constraints with the savepoint.
    """
    if IS_SQLITE:
        execute("PRAGMA ignore_check_constraints = ON")
    try:
        with transaction.atomic():
            if not IS_SQLITE:  # a table cannot be altered while checks of it are put off
                execute("SET CONSTRAINTS ALL IMMEDIATE")
            yield
            transaction.set_rollback(True)
    finally:
        if IS_SQLITE:
            execute("PRAGMA ignore_check_constraints = OFF")


def promised() -> set[str]:
    """Return the ids of all that holds in a test; its PostgreSQL forgets on purpose, to be quick."""
    ids = {found.id for found in all_invariants()}
    return ids if IS_SQLITE else ids - {"I-39"}


def execute(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def update(model: type[models.Model], pk: int, **values: Any) -> None:
    """Change columns of one row past every rule, constraint and trigger."""
    disarm(model)
    models.QuerySet(model).filter(pk=pk).update(**values)


def delete(rows: models.QuerySet[Any]) -> None:
    """Delete rows as a thief would: past the models."""
    disarm(rows.model)
    ids = list(rows.values_list("pk", flat=True))
    assert ids, "nothing to delete"
    marks = ", ".join(["%s"] * len(ids))
    table = rows.model._meta.db_table
    execute(f"DELETE FROM {table} WHERE id IN ({marks})", *ids)  # noqa: S608


def disarm(model: type[models.Model]) -> None:
    """Take the append-only trigger from a table and, on PostgreSQL, its check constraints.

    On SQLite they are switched off as a whole by ``broken_database``.
    """
    if not IS_SQLITE:  # a table cannot be altered while checks of it are put off
        execute("SET CONSTRAINTS ALL IMMEDIATE")
    table = model._meta.db_table
    on = "" if IS_SQLITE else f" ON {table}"
    if issubclass(model, AppendOnly):
        execute(f"DROP TRIGGER IF EXISTS {table}_append_only{on}")
    if not IS_SQLITE:
        drop_constraints(table, "c")


def unbind(model: type[models.Model]) -> None:
    """Take everything unique from a table as well."""
    disarm(model)
    table = model._meta.db_table
    if IS_SQLITE:
        execute(f"ALTER TABLE {table} RENAME TO {table}_bound")
        execute(f"CREATE TABLE {table} AS SELECT * FROM {table}_bound")  # noqa: S608
        return
    drop_constraints(table, "up")
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", [table])
        indexes = [name for (name,) in cursor.fetchall()]
    for name in indexes:
        execute(f'DROP INDEX "{name}"')


def drop_constraints(table: str, kinds: str) -> None:
    """Drop constraints of PostgreSQL: c(heck), u(nique), p(rimary key) with what hangs on it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass "
            "AND contype::text = ANY(%s)",
            [table, list(kinds)],
        )
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')
