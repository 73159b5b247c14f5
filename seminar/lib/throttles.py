"""How often somebody may ask the API: counted in windows of a minute, in the cache all processes share.

A person counts by themselves, with the session and all tokens together: more tokens are not a
higher rate. Everybody else counts by address, also who sent a token that does not work (the base of
the API's views sees to it): an address is a lecture hall of 500, so its rate is theirs together. A cache that is down limits nobody: the limits
keep a runaway script in bounds, nothing rests on them.
"""

import logging
from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from seminar.lib import clock
from seminar.lib.scopes import SAFE_METHODS

WINDOW = 60
logger = logging.getLogger(__name__)


class PerMinute(BaseThrottle):
    """Refuses whoever asked more often in this minute than settings.API_RATES allows."""

    retry_after: int

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count this request and say whether it is still within the rate."""
        kind, who = reader_of(request)
        most = settings.API_RATES[kind]
        if most is None:
            return True
        at = clock.now()
        self.retry_after = seconds_left(at)
        return counted(f"api:{kind}:{who}:{int(at.timestamp()) // WINDOW}") <= most

    def wait(self) -> float:
        """Return the seconds until the next window begins."""
        return self.retry_after


def seconds_left(at: datetime) -> int:
    """Return the whole seconds until the window of this instant ends: 1 to 60."""
    return WINDOW - int(at.timestamp()) % WINDOW


def reader_of(request: Request) -> tuple[str, str]:
    """Return under which rate a request falls, and by whom it is counted."""
    if request.user.is_authenticated:
        return verb(request), f"user:{request.user.pk}"
    return "anonymous", get_adapter().get_client_ip(request)


def verb(request: Request) -> str:
    """Return "read" or "write"."""
    return "read" if request.method in SAFE_METHODS else "write"


def counted(key: str) -> int:
    """Count one more under this key and return how many there were; 0 if nobody counts."""
    try:
        cache.add(key, 0, timeout=2 * WINDOW)
        return int(cache.incr(key))
    except ValueError:  # the key was evicted between the two
        return 1
    except RedisError:
        logger.warning("the cache is down: the API is not limited")
        return 0
