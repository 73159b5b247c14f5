"""People who sit in front of a real browser."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, Page, expect

from seminar.accounts.models import User

DESKTOP, PHONE = (1280, 900), (390, 844)
# A busy machine is not a failing test; what is there at once is not waited for.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)
BACKEND = "django.contrib.auth.backends.ModelBackend"


class Desk:
    """Opens browser windows for people and remembers what went wrong in them."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.contexts: list[BrowserContext] = []
        self.wrongs: list[str] = []

    def seat(
        self,
        user: User | None = None,
        *,
        size: tuple[int, int] = DESKTOP,
        javascript: bool = True,
        audited: bool = False,
    ) -> Page:
        """Return a window in which ``user`` is signed in; None is a stranger.

        ``audited`` lets axe put its script into the page, which our policy rightly refuses.
        """
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=javascript,
            bypass_csp=audited,
            locale="en-GB",
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        if user is not None:
            context.add_cookies(
                [{"name": "sessionid", "value": session_of(user), "url": self.address}]
            )
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrongs.append(f"script: {error}"))
        page.on("console", self.note_console)
        page.on("response", self.note_response)
        page.on("request", self.note_request)
        return page

    def note_console(self, message: object) -> None:
        """Nothing may be complained about, but a refused or lost request, which tests provoke."""
        text = getattr(message, "text", "")
        is_error = getattr(message, "type", "") == "error"
        if is_error and not text.startswith("Failed to load resource"):
            self.wrongs.append(f"console: {text}")

    def note_response(self, response: object) -> None:
        if getattr(response, "status", 0) >= 500:
            self.wrongs.append(f"{response.status} {response.url}")  # type: ignore[attr-defined]

    def note_request(self, request: object) -> None:
        """Nothing may be fetched from another origin."""
        url = getattr(request, "url", "")
        if re.match(r"https?://", url) and not url.startswith(self.address):
            self.wrongs.append(f"elsewhere: {url}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def session_of(user: User) -> str:
    """Return a session key with which ``user`` is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    # allauth asks for the password again before it shows what guards an account.
    fresh = {"method": "password", "at": time.time(), "reauthenticated": True}
    session["account_authentication_methods"] = [fresh]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    assert session.session_key
    assert settings.SESSION_COOKIE_NAME == "sessionid"
    return session.session_key


@pytest.fixture
def desk(browser: Browser, live_server: object) -> Iterator[Desk]:
    """Windows on the test's own server; fails if anything went wrong behind the scenes."""
    place = Desk(browser, str(live_server))
    yield place
    for number, page in enumerate(page for context in place.contexts for page in context.pages):
        picture(page, f"last-{number}")
    place.close()
    assert place.wrongs == []


def picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page in the folder PICTURES, if one was asked for."""
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)
