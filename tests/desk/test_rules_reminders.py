"""Which reminder is due when."""

from datetime import UTC, datetime, timedelta

import pytest

from seminar.desk.rules.reminders import due_offset, reminder_key

DEADLINE = datetime(2025, 11, 9, 23, 0, tzinfo=UTC)
OPENS = DEADLINE - timedelta(days=30)
WEEK, TWO_DAYS, SIX_HOURS = timedelta(days=7), timedelta(days=2), timedelta(hours=6)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (WEEK + SECOND, None),
        (WEEK, WEEK),
        (WEEK - timedelta(hours=23, minutes=59), WEEK),
        (WEEK - timedelta(days=1), None),
        (TWO_DAYS, TWO_DAYS),
        (SIX_HOURS + SECOND, None),
        (SIX_HOURS, SIX_HOURS),
        (SECOND, SIX_HOURS),
        (timedelta(0), None),
        (-SECOND, None),
    ],
)
def test_due_offset_is_the_latest_whose_moment_came(
    before: timedelta, expected: timedelta | None
) -> None:
    assert due_offset(deadline=DEADLINE, opens_at=OPENS, at=DEADLINE - before) == expected


def test_due_offset_skips_moments_before_the_opening() -> None:
    opens = DEADLINE - timedelta(days=6, hours=12)

    assert due_offset(deadline=DEADLINE, opens_at=opens, at=opens) is None
    assert due_offset(deadline=DEADLINE, opens_at=opens, at=DEADLINE - TWO_DAYS) == TWO_DAYS


def test_reminder_key_follows_a_moved_deadline() -> None:
    first = reminder_key(1, 2, deadline=DEADLINE, offset=WEEK)

    assert first == reminder_key(1, 2, deadline=DEADLINE, offset=WEEK)
    assert first == "reminder:1:2:20251109T230000:168h"
    assert first != reminder_key(1, 2, deadline=DEADLINE + SECOND, offset=WEEK)
