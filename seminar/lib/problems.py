"""Errors of the API as problem details (RFC 9457)."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from seminar.lib.errors import Refused


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a refusal like any other error: a status, a stable code, words, the list of problems."""
    if isinstance(exc, Refused):
        body = {
            "type": f"about:blank#{exc.code}",
            "title": exc.code,
            "status": exc.status,
            "detail": str(exc),
            "problems": exc.problems,
        }
        return Response(body, status=exc.status, content_type="application/problem+json")
    return drf_exception_handler(exc, context)
