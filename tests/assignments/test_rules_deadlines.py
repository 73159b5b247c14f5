"""In time, late, too late, handed in by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.rules import (
    GRACE,
    DraftFacts,
    LatePolicy,
    auto_submit_cut,
    days_late,
    due_for_auto_submit,
    effective_deadline,
    submit_refusal,
)

BERLIN = "Europe/Berlin"
OPENS = datetime(2025, 11, 3, 17, tzinfo=UTC)
DEADLINE = datetime(2025, 11, 9, 23, tzinfo=UTC)  # before Mon 10 Nov, Berlin
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("extension", "deadline"),
    [(None, DEADLINE), (DEADLINE - DAY, DEADLINE), (DEADLINE + DAY, DEADLINE + DAY)],
)
def test_effective_deadline_is_never_shortened(extension, deadline):
    assert effective_deadline(DEADLINE, extension) == deadline


@pytest.mark.parametrize(
    ("at", "days", "strict", "two_days"),
    [
        (OPENS - TICK, 0, "not_open_yet", "not_open_yet"),
        (OPENS, 0, None, None),
        (DEADLINE - TICK, 0, None, None),
        (DEADLINE, 0, None, None),
        (DEADLINE + GRACE - TICK, 0, None, None),
        (DEADLINE + GRACE, 1, "closed", None),
        (DEADLINE + DAY - TICK, 1, "closed", None),
        (DEADLINE + DAY, 2, "closed", None),
        (DEADLINE + 2 * DAY - TICK, 2, "closed", None),
        (DEADLINE + 2 * DAY, 3, "closed", "closed"),
    ],
)
def test_submit_refusal_knows_grace_and_late_days(at, days, strict, two_days):
    assert days_late(at, DEADLINE, BERLIN) == days
    assert submit_refusal(at, OPENS, DEADLINE, LatePolicy(), BERLIN) == strict
    assert submit_refusal(at, OPENS, DEADLINE, LatePolicy(2), BERLIN) == two_days


READY = DraftFacts(complete=True, saved_at=DEADLINE - DAY, has_submission=False)


@pytest.mark.parametrize(
    ("draft", "at", "enabled", "due"),
    [
        (READY, DEADLINE, True, False),
        (READY, DEADLINE + GRACE - TICK, True, False),
        (READY, DEADLINE + GRACE, True, True),
        (READY, DEADLINE + 30 * DAY, True, True),
        (READY, DEADLINE + GRACE, False, False),
        (replace(READY, complete=False), DEADLINE + GRACE, True, False),
        (replace(READY, has_submission=True), DEADLINE + GRACE, True, False),
        (replace(READY, saved_at=None), DEADLINE + GRACE, True, False),
        (replace(READY, saved_at=DEADLINE + GRACE - TICK), DEADLINE + GRACE, True, True),
        (replace(READY, saved_at=DEADLINE + GRACE), DEADLINE + GRACE, True, False),
    ],
)
def test_due_for_auto_submit(draft, at, enabled, due):
    assert due_for_auto_submit(at, DEADLINE, draft, enabled=enabled) is due


@given(st.booleans(), st.booleans(), st.timedeltas(timedelta(0), 40 * DAY))
def test_a_late_sweep_decides_as_one_on_time(complete, has_submission, late):
    draft = DraftFacts(complete, DEADLINE - TICK, has_submission)
    cut = auto_submit_cut(DEADLINE)

    assert due_for_auto_submit(cut + late, DEADLINE, draft, enabled=True) is due_for_auto_submit(
        cut, DEADLINE, draft, enabled=True
    )


def test_a_later_extension_reopens():
    extended = effective_deadline(DEADLINE, DEADLINE + 3 * DAY)

    assert submit_refusal(DEADLINE + DAY, OPENS, extended, LatePolicy(), BERLIN) is None
    assert not due_for_auto_submit(DEADLINE + DAY, extended, READY, enabled=True)
