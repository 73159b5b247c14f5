"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from seminar.lib import clock

THEMES = ("light", "dark")


def page(request: HttpRequest) -> dict[str, Any]:
    """Return the course and membership a course view found, the theme, the demo's clock."""
    theme = request.COOKIES.get("theme", "")
    return {
        "course": getattr(request, "course", None),
        "membership": getattr(request, "membership", None),
        "theme": theme if theme in THEMES else "",
        "now": clock.now(),
        "demo": settings.DEMO,
    }
