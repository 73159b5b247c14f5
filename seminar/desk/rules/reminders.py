"""When a deadline is worth a reminder. Pure. Source: PRODUCT 3.6."""

from datetime import datetime, timedelta

OFFSETS = (timedelta(days=7), timedelta(days=2), timedelta(hours=6))
# A reminder that could not leave in time, because the worker was down, is still of use for a day.
USEFUL_FOR = timedelta(days=1)
HORIZON = max(OFFSETS)


def due_offset(*, deadline: datetime, opens_at: datetime, at: datetime) -> timedelta | None:
    """Return which reminder is due at ``at``, as its distance to the deadline; None if none is.

    At most one is due at any time: the latest whose moment has come. Those before it are never
    caught up, so that a moved deadline or a long pause brings one mail and not a burst. A moment
    before the opening does not count: what was hidden then is not reminded of later.
    """
    for offset in sorted(OFFSETS):
        moment = deadline - offset
        if moment <= at:
            useful = at < min(deadline, moment + USEFUL_FOR)
            return offset if useful and moment >= opens_at else None
    return None


def reminder_key(assignment: int, membership: int, *, deadline: datetime, offset: timedelta) -> str:
    """Return what makes a reminder unique: a moved deadline makes a new key, a rerun does not."""
    hours = int(offset.total_seconds() // 3600)
    return f"reminder:{assignment}:{membership}:{deadline:%Y%m%dT%H%M%S}:{hours}h"
