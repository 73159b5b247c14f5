"""When things happened: wall times of the true term, moved by whole weeks. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from courses.rules import local_instant

WEEK = timedelta(weeks=1)
LATER = 1  # of two equal wall times, as clocks go back


@dataclass(frozen=True)
class Term:
    """A course's zone, and by how many weeks its true dates are moved."""

    zone: str
    weeks: int

    def at(self, wall: datetime) -> datetime:
        """Return the aware UTC instant at which something happens that the file dates ``wall``."""
        moved = wall + self.weeks * WEEK
        return local_instant(moved.date(), moved.time(), self.zone, LATER)


def whole_weeks(since: datetime, at: datetime, zone: str) -> int:
    """Return by how many weeks ``since``, a wall time in ``zone``, moves to lie just before ``at``.

    "Just before": less than a week, by the wall clock.
    """
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return (local - since) // WEEK
