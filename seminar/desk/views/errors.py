"""Error pages that say what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from seminar.lib.access import public


@public
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: says which role may open the page, and who the reader is signed in as."""
    return render(request, "403.html", {"reason": str(exception or "")}, status=403)


@public
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 after a form without a valid token: mostly a page that stayed open for long."""
    words = _("This page was open for too long. Go back, reload it and send it again.")
    return render(request, "403.html", {"reason": words}, status=403)
