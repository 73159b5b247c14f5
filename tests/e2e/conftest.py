"""Browser tests: real Chromium, real server threads, the example seminar from its file."""

import pytest

from tests.e2e.browser import desk
from tests.e2e.world import world

__all__ = ["desk", "world"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser, and waits longer."""
    for item in items:
        if "/e2e/" in str(item.path):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(900))
