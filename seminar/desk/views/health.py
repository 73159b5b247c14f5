"""Liveness and readiness, for supervisors and load balancers."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from seminar.lib.access import public


@require_safe
@public
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"ok": True})


@require_safe
@public
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers too; otherwise 503 with the cause."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return JsonResponse({"ok": False, "database": type(error).__name__}, status=503)
    return JsonResponse({"ok": True, "database": "ok"})
