"""``If-Match`` on writes: nothing is written over what the sender has not seen (RFC 9110, 13.1.1).

The check reads what GET would answer now, as the same person, and compares tags. It alone would
leave a gap between reading and writing; the gap is closed by the action, which compares the body's
``version`` or ``base_seq`` under its lock. Both together: what was checked is what is written over.
The body's number stays the primary guard, ``If-Match`` also covers what it does not count (a name
that changed, a line that was added).

- ``*`` matches whatever exists; where GET answers 404 nothing matches, not even ``*``.
- Tags are compared strongly: a weak one (``W/"..."``) never matches.
- A write that belongs to nothing one can GET has no tag: any ``If-Match`` is refused, since its
  sender wanted a guarantee that cannot be given.
- A write that was done before under its ``Idempotency-Key`` is a repetition: its first answer comes
  again, although the write itself has changed the tag; with another body it is refused. A key that
  was used for something else, or where keys mean nothing, does not stand in for the tag.
"""

import hashlib
from collections.abc import Callable
from inspect import signature
from typing import Any, Protocol

from django.http import Http404
from django.utils.http import parse_etags, quote_etag
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from seminar.lib.errors import Refused


class Reader(Protocol):
    """A view that can answer GET."""

    request: Request
    kwargs: dict[str, Any]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer what is there."""


def etag_of(content: bytes) -> str:
    """Return the strong tag of an answer: what Django's conditional GET computes."""
    return quote_etag(hashlib.md5(content, usedforsecurity=False).hexdigest())


def named(method: Callable[..., Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return those values that a method takes.

    Where a part has only an address for writing, the view of the whole is what one reads: its
    address has fewer parts.
    """
    taken = signature(method).parameters
    return {name: value for name, value in values.items() if name in taken}


def current_etag(reader: Reader) -> str | None:
    """Return the tag of what a view would answer now; None where nothing is there."""
    try:
        found = reader.get(reader.request, **named(reader.get, reader.kwargs))
    except Http404:
        return None
    renderer: Any = reader.request.accepted_renderer
    media_type = reader.request.accepted_media_type
    content: bytes = renderer.render(found.data, media_type, {})
    return etag_of(content)


def refuse_if_match(header: str, reader: Reader | None) -> None:
    """Compare an ``If-Match`` with what is there now. Raises Refused("changed", status 412)."""
    current = current_etag(reader) if reader is not None else None
    wanted = parse_etags(header)
    if current is None or (wanted != ["*"] and current not in wanted):
        raise changed(current or "")


def changed(tag: str = "") -> Refused:
    """Return the refusal of a request whose condition does not hold; ``tag`` is the one that would."""
    words = _("This is not what you read before. Nothing was written; read it again.")
    problem = {"field": "If-Match", "rule": words, "value": tag}
    return Refused("changed", words, status=412, problems=[problem])
