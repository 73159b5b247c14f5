"""A real Chromium, one for the whole run: Playwright bears no second one in the same process."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium that tools/find_chromium.py found; a missing one fails the test."""
    binary = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    assert Path(binary).exists(), f"no Chromium at {binary}; run the tests with make test"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield chromium
        chromium.close()
