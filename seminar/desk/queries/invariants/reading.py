"""How checks read: one state of the data, plain SQL where it is quicker, no write possible."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.db import connection, models, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """Let everything read inside see one state of the database, and let nothing be written.

    Otherwise a list submitted between two reads of one check would look like a breach. Writers are
    not held up: PostgreSQL reads REPEATABLE READ, SQLite a deferred transaction of its WAL. Inside
    a transaction already, that one is used.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        execute("PRAGMA query_only = ON")
        execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            execute("ROLLBACK")
            execute("PRAGMA query_only = OFF")


def survivable() -> AbstractContextManager[None]:
    """Keep a failing statement from spoiling the reads after it. Only PostgreSQL needs that."""
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        return transaction.atomic()
    return nullcontext()


def execute(statement: str) -> None:
    """Run a statement that sets how to read and returns nothing of use."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def rows(sql: str) -> list[tuple[Any, ...]]:
    """Return what one statement without parameters finds. One query."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def filled_tables(of: Iterable[type[models.Model]]) -> set[str]:
    """Return the tables of these models that have a row. One query."""
    names = sorted({model._meta.db_table for model in of})
    if not names:
        return set()
    probes = (
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quoted(name)})"  # noqa: S608 - our names
        for name in names
    )
    return {str(name) for (name,) in rows(" UNION ALL ".join(probes))}


def quoted(name: str | None) -> str:
    """Return a table or column name as SQL spells it. Every field looked at has a column."""
    assert name is not None
    return connection.ops.quote_name(name)
