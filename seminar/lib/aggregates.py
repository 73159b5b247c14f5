"""Aggregates that Django has for one database only."""

from typing import Any

from django.db.models import Aggregate, TextField


class Ids(Aggregate):
    """The ids of a group of rows, as one text with commas between; None for an empty group."""

    function = "STRING_AGG"
    template = "%(function)s(%(distinct)s(%(expressions)s)::text, ',')"
    output_field = TextField()
    allow_distinct = True

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite has another name for it."""
        return self.as_sql(
            compiler,
            connection,
            function="GROUP_CONCAT",
            template="%(function)s(%(distinct)s%(expressions)s)",
            **context,
        )


def ids_of(text: str | None) -> set[int]:
    """Return the ids that ``Ids`` wrote."""
    return set(map(int, text.split(","))) if text else set()
