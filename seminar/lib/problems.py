"""Errors of the API as problem details (RFC 9457): one shape for whatever went wrong.

Statuses: 400 what cannot be read, 401 nobody signed in, 403 the wrong role or a failed CSRF check,
404 what does not exist for the reader, 405, 406, 409 a refusal by the state of things, 412 what
``If-Match`` names is there no more, 413, 415,
422 a refusal by what was sent, 429.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from seminar.lib.errors import Refused

MEDIA_TYPE = "application/problem+json"
UNREADABLE = (BadRequest, MultiPartParserError, SuspiciousOperation)


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error with a status, a stable code, words, and the list of what is wrong.

    None for a programmer's mistake: it stays an error 500. Named in settings.REST_FRAMEWORK.
    """
    refusal = refusal_of(exc)
    if refusal is None:
        return None
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait))  # type: ignore[attr-defined]
    return Response(
        body_of(refusal), status=refusal.status, headers=headers, content_type=MEDIA_TYPE
    )


def problem(refusal: Refused) -> HttpResponse:
    """Answer with a refusal where no view of the API does it: middleware, unknown addresses."""
    return JsonResponse(body_of(refusal), status=refusal.status, content_type=MEDIA_TYPE)


def body_of(refusal: Refused) -> dict[str, Any]:
    """Return a refusal as problem details. ``type`` is for programs, ``detail`` for people."""
    return {
        "type": f"urn:seminar:problem:{refusal.code}",
        "title": refusal.code.replace("_", " ").capitalize(),
        "status": refusal.status,
        "detail": str(refusal),
        "problems": [dict(problem) for problem in refusal.problems],
    }


def refusal_of(exc: Exception) -> Refused | None:
    """Return any error that a request can cause as a refusal; None for one that it cannot."""
    if isinstance(exc, Refused):
        return exc
    if isinstance(exc, exceptions.APIException):
        return refusal_of_api(exc)
    known = {
        Http404: ("not_found", _("This does not exist."), 404),
        PermissionDenied: ("forbidden", str(exc) or _("You may not do this."), 403),
        RequestDataTooBig: ("too_big", _("The request is too big."), 413),
    } | dict.fromkeys(UNREADABLE, ("malformed", _("The request cannot be read."), 400))
    for kind, (code, words, status) in known.items():
        if isinstance(exc, kind):
            return Refused(code, words, status=status)
    return None


def refusal_of_api(exc: exceptions.APIException) -> Refused:
    """Return an error of REST framework as a refusal."""
    if isinstance(exc, exceptions.ValidationError):
        words = _("Something that was sent cannot be used. Nothing was changed.")
        return Refused("invalid", words, status=422, problems=list(problems_in(exc.detail)))
    code = exc.get_codes()
    known = code if isinstance(code, str) else exc.default_code
    title = known if exc.status_code != HTTPStatus.FORBIDDEN else "forbidden"
    return Refused(title, str(exc.detail), status=exc.status_code)


def problems_in(detail: Any, field: str = "") -> Iterator[dict[str, Any]]:
    """Yield one problem for each thing a serializer found; nested fields are joined by dots."""
    if isinstance(detail, Mapping):
        for name, part in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from problems_in(part, ".".join(filter(None, (field, own))))
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for index, part in enumerate(detail):
            nested = isinstance(part, Mapping) and part
            yield from problems_in(part, f"{field}.{index}" if nested else field)
    else:
        yield {"field": field, "rule": str(detail), "code": getattr(detail, "code", "invalid")}
