"""The one place that reads the clock.

Read once at the edge (view, command, task) and passed down as ``at``. In demo mode an offset, kept
in one small file that web and worker share, lets a whole term be walked in an afternoon.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings


def now() -> datetime:
    """Return the present instant, aware, in UTC, with the demo's offset added."""
    return datetime.now(UTC) + offset()


def offset() -> timedelta:
    """Return how far the demo's clock is ahead; zero wherever no offset file is configured."""
    path: Path | None = settings.CLOCK_OFFSET_FILE
    if path is None:
        return timedelta(0)
    try:
        return timedelta(microseconds=int(path.read_text()))
    except FileNotFoundError:
        return timedelta(0)


def set_offset(ahead: timedelta) -> None:
    """Move the demo's clock; web and worker see it at their next reading.

    Written to a neighbour and renamed, so that no reader ever sees half a number.
    """
    path: Path | None = settings.CLOCK_OFFSET_FILE
    assert path is not None, "only the demo may move the clock"
    beside = path.with_suffix(".new")
    beside.write_text(str(ahead // timedelta(microseconds=1)))
    beside.replace(path)
