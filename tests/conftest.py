"""What every test may use."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from seminar.lib import clock
from tests.factories.courses import NOON

pytest_plugins = ["tests.people"]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Let a test say what time it is: ``set_clock(instant)``; noon of 27 Oct 2025 until then."""

    def stop_at(instant: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: instant)

    stop_at(NOON)
    return stop_at
