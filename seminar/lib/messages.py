"""Where "Your account is changed." waits for the next page, in production."""

from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookie(CookieStorage):
    """The signed cookie under a name that no other host can set."""

    cookie_name = "__Host-messages"


class HostMessages(FallbackStorage):
    """In the cookie while they are short, else in the session."""

    storage_classes = (HostCookie, SessionStorage)
