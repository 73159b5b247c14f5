"""Wall time, DST and late days."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.rules import WallTimeError, day_start, late_days, local_instant

BERLIN = "Europe/Berlin"
START = datetime(2024, 1, 1, tzinfo=UTC)
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "UTC",
]


def test_first_two_meetings_are_169_hours_apart():
    first = local_instant(date(2025, 10, 20), time(16), BERLIN)
    second = local_instant(date(2025, 10, 27), time(16), BERLIN)

    assert first == datetime(2025, 10, 20, 14, tzinfo=UTC)
    assert second == datetime(2025, 10, 27, 15, tzinfo=UTC)
    assert second - first == timedelta(hours=169)


def test_local_instant_refuses_a_time_in_the_gap():
    with pytest.raises(
        WallTimeError, match=r"2026-03-29 02:30 does not exist in Europe/Berlin"
    ) as e:
        local_instant(date(2026, 3, 29), time(2, 30), BERLIN, 0)

    assert e.value.code == "gap"


def test_local_instant_refuses_an_ambiguous_time_without_a_choice():
    with pytest.raises(
        WallTimeError, match=r"2025-10-26 02:30 happens twice in Europe/Berlin"
    ) as e:
        local_instant(date(2025, 10, 26), time(2, 30), BERLIN)

    assert e.value.code == "fold"


@pytest.mark.parametrize(("fold", "hour"), [(0, 0), (1, 1)])
def test_local_instant_takes_the_chosen_one_of_two(fold, hour):
    instant = local_instant(date(2025, 10, 26), time(2, 30), BERLIN, fold)

    assert instant == datetime(2025, 10, 26, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize("year", [1999, 2101, 9999, 1])
def test_local_instant_refuses_far_years(year):
    with pytest.raises(WallTimeError, match="outside the years 2000 to 2100") as e:
        local_instant(date(year, 1, 1), time(12), BERLIN)

    assert e.value.code == "year"


@given(
    st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    st.times(),
    st.sampled_from(ZONES),
    st.sampled_from([0, 1]),
)
def test_local_instant_round_trips_or_refuses(day, at, zone, fold):
    wall = datetime.combine(day, at, ZoneInfo(zone))
    exists = wall.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall.replace(
        tzinfo=None
    )

    if exists:
        instant = local_instant(day, at, zone, fold)
        local = instant.astimezone(ZoneInfo(zone))
        assert (local.date(), local.time().replace(fold=0)) == (day, at)
        assert instant.tzinfo is UTC
    else:
        with pytest.raises(WallTimeError):
            local_instant(day, at, zone, fold)


def test_day_start_is_local_midnight():
    assert day_start(date(2025, 11, 10), BERLIN) == datetime(2025, 11, 9, 23, tzinfo=UTC)


def test_day_start_skips_a_midnight_that_does_not_exist():
    assert day_start(date(2018, 11, 4), "America/Sao_Paulo") == datetime(2018, 11, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (timedelta(microseconds=-1), 0),
        (timedelta(0), 1),
        (timedelta(hours=24), 1),  # the night of the change lasts 25 hours
        (timedelta(hours=25, microseconds=-1), 1),
        (timedelta(hours=25), 2),
        (timedelta(hours=49, microseconds=-1), 2),
        (timedelta(hours=49), 3),
    ],
)
def test_late_days_follow_the_wall_clock(after, days):
    deadline = local_instant(date(2025, 10, 25), time(18), BERLIN)

    assert late_days(deadline + after, deadline, BERLIN) == days


@given(
    st.integers(0, 3 * 365 * 24 * 60).map(lambda m: START + timedelta(minutes=m)),
    st.timedeltas(timedelta(0), timedelta(days=20)),
    st.timedeltas(timedelta(0), timedelta(days=5)),
    st.sampled_from(ZONES),
)
def test_late_days_rise_with_time_and_stay_near_elapsed_days(deadline, late, more, zone):
    days = late_days(deadline + late, deadline, zone)

    assert 1 <= days <= late_days(deadline + late + more, deadline, zone)
    assert abs(days * timedelta(days=1) - late) <= timedelta(days=1, hours=1)
