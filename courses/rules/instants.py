"""Wall clock to instant, and days between instants. Pure; no clock is read here.

A meeting is a date and a wall time in the course's zone; everything compared or subtracted is an
aware UTC instant. Source: PRODUCT 3.1 (time), 3.2 (late days).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_noop as _

from seminar.lib.words import Words

FIRST_YEAR = 2000
LAST_YEAR = 2100
FIRST = 0
SECOND = 1


class WallTimeError(ValueError):
    """A wall time that names no instant, or two. ``code`` is ``gap``, ``fold`` or ``year``."""

    def __init__(self, code: str, words: Words) -> None:
        self.code = code
        self.words = words
        super().__init__(words.plain())


def local_instant(day: date, at: time, zone: str, fold: int | None = None) -> datetime:
    """Return the UTC instant of a wall time in ``zone``.

    ``fold`` chooses between the two instants of a time that happens twice: 0 the first, 1 the
    second; it is ignored for every other time.

    Raises WallTimeError("gap") where clocks skip the time, ("fold") where it happens twice and no
    choice is given, ("year") outside 2000-2100.
    """
    params = {"day": day.isoformat(), "time": at.isoformat("minutes"), "zone": zone}
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        words = _("%(day)s is outside the years %(first)s to %(last)s.")
        raise WallTimeError("year", Words(words, params | _years()))
    first, second = (_as_utc(day, at, zone, choice) for choice in (FIRST, SECOND))
    if first == second:
        return first
    if first > second:
        words = _("%(day)s %(time)s does not exist in %(zone)s: clocks go forward over it.")
        raise WallTimeError("gap", Words(words, params))
    if fold is None:
        words = _(
            "%(day)s %(time)s happens twice in %(zone)s: clocks go back over it. "
            "Add “first” or “second”."
        )
        raise WallTimeError("fold", Words(words, params))
    return second if fold else first


def day_start(day: date, zone: str) -> datetime:
    """Return the first instant of a local date: 00:00, or the end of the gap that swallows it."""
    return _as_utc(day, time(0), zone, FIRST)


def late_days(at: datetime, deadline: datetime, zone: str) -> int:
    """Return how many days after the deadline have started at ``at``; 0 before the deadline.

    Days are wall-clock days: one ends at the wall time of the deadline on the next date, be it 23,
    24 or 25 hours later. The deadline is exclusive: at that very instant the first day starts.
    Grace is not this function's business. Source: PRODUCT 3.2.
    """
    if at < deadline:
        return 0
    local = deadline.astimezone(ZoneInfo(zone))
    days = max(1, (at.astimezone(ZoneInfo(zone)).date() - local.date()).days)
    wall = local.time().replace(fold=0)
    ends = _as_utc(local.date() + timedelta(days=days), wall, zone, local.fold)
    return days if at < ends else days + 1


def _as_utc(day: date, at: time, zone: str, fold: int) -> datetime:
    return datetime.combine(day, at.replace(fold=fold), ZoneInfo(zone)).astimezone(UTC)


def _years() -> dict[str, str]:
    return {"first": str(FIRST_YEAR), "last": str(LAST_YEAR)}
