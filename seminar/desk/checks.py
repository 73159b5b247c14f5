"""A page that forgot to say who may open it stops ``manage.py check``, and so lint and start."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error
from django.urls import URLPattern, URLResolver, get_resolver

from seminar.lib.access import policy_of

# Third-party pages guard themselves: allauth (own rules), the admin (its site's has_permission).
GUARDED_ELSEWHERE = ("allauth.", "django.contrib.admin.", "functools")


def every_view_declares_its_policy(**kwargs: Any) -> list[CheckMessage]:
    """Return one error for each URL of ours whose view declares no access policy."""
    return [
        Error(
            f"{route} leads to {view.__module__}.{view.__qualname__}, which declares no policy.",
            hint="Decorate it with a policy of courses.access or seminar.accounts.access.",
            id="desk.E001",
        )
        for route, view in our_views(get_resolver().url_patterns)
        if policy_of(view) is None
    ]


def our_views(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walk the URLs and yield (route, view) for each view that is ours to guard."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from our_views(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and not pattern.callback.__module__.startswith(
            GUARDED_ELSEWHERE
        ):
            yield route, pattern.callback
