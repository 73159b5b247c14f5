"""What every test may use."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.conf import LazySettings
from hypothesis import settings as hypothesis_settings

from seminar.lib import clock
from tests.database import uses_database
from tests.factories.courses import NOON

pytest_plugins = ["tests.chromium", "tests.invariants", "tests.people"]

# A loaded machine is not a failing test: examples are bounded in number, not in time.
hypothesis_settings.register_profile("seminar", deadline=None)
hypothesis_settings.load_profile("seminar")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as ``once`` what asks for no database: a second database has nothing to say to it."""
    for item in items:
        fixtures = getattr(item, "fixturenames", [])
        # Something that is built in the database for a whole module asks for its set-up alone.
        asks = uses_database(item, fixtures) or "django_db_setup" in fixtures
        if not asks and item.get_closest_marker("services") is None:
            item.add_marker(pytest.mark.once)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Let a test say what time it is: ``set_clock(instant)``; noon of 27 Oct 2025 until then."""

    def stop_at(instant: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: instant)

    stop_at(NOON)
    return stop_at


@pytest.fixture(autouse=True)
def _clock_runs_true(settings: LazySettings) -> Iterator[None]:
    """Put the demo's clock back after a test that moved it: the file outlives the test."""
    yield
    if settings.CLOCK_OFFSET_FILE:
        settings.CLOCK_OFFSET_FILE.unlink(missing_ok=True)
