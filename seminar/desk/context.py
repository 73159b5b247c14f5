"""What the sign-in page knows in the demo."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from seminar.desk.queries.demo import demo_accounts


def demo(request: HttpRequest) -> dict[str, Any]:
    """Offer the demo's people; the query runs only on a page that shows them."""
    return {"demo_accounts": SimpleLazyObject(demo_accounts)} if settings.DEMO else {}
