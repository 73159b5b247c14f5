"""What every part of the API builds on: views that declare who may use them, bodies read strictly.

Who is asking comes from a personal token or from the session cookie; writes of a session need the
CSRF token in ``X-CSRFToken``. Nobody is answered 401 with ``WWW-Authenticate``.
``Idempotency-Key`` makes a write happen at most once: sent again with the same body it gets the
first answer again, with another body it is refused. Answers to GET carry an ETag and honour
``If-None-Match``; writes that two people may make at once name the ``version`` or ``base_seq`` they
were made over, and may name the ETag in ``If-Match``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.exceptions import (
    APIException,
    NotAuthenticated,
    ParseError,
    UnsupportedMediaType,
)
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from seminar.lib.access import PUBLIC, Policy, declare, public
from seminar.lib.errors import Refused
from seminar.lib.form_fields import FIRST_YEAR, LAST_YEAR, validated_line, validated_name
from seminar.lib.numbers import exact, plain, shown
from seminar.lib.preconditions import changed, refuse_if_match
from seminar.lib.problems import MEDIA_TYPE, problem
from seminar.lib.scopes import SAFE_METHODS, scope_of
from seminar.lib.throttles import PerMinute

Method = TypeVar("Method", bound=Callable[..., Any])
View = TypeVar("View", bound=Callable[..., Any])

MOST = 200
USUAL = 100
BIGGEST = 999_999_999
LONGEST = 20_000
HALF = re.compile("[\ud800-\udfff]")
LOST = "\N{REPLACEMENT CHARACTER}"
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]"
    r"(?::[0-5][0-9](?:\.[0-9]{1,6})?)?(?:[Zz]|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?"
)
WIDEST_OFFSET = timedelta(hours=14)
IDEMPOTENCY = "Idempotency-Key"


class StrictJSON(BaseParser):
    """JSON as it is meant: UTF-8, no key twice, no NaN, of bearable size and depth."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise RequestDataTooBig
        try:
            found = json.loads(
                raw.decode(), object_pairs_hook=_each_key_once, parse_constant=_no_constant
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not JSON: %(why)s") % {"why": error}) from None
        refuse_unwritable(found)
        return found


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(_("a key stands twice"))
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def refuse_unwritable(body: Any) -> None:
    """Refuse a key or text that no database and no answer can hold: with a NUL or half a character.

    Raises ValidationError naming the topmost field. Walks without recursion: a body may be deep.
    """
    parts = [("", body)]
    while parts:
        field, part = parts.pop()
        if isinstance(part, str) and ("\0" in part or HALF.search(part)):
            name = HALF.sub(LOST, field.replace("\0", LOST))[:60]
            rule = _("A NUL or half a character (a lone surrogate) stands here.")
            raise serializers.ValidationError({name: [rule]})
        if isinstance(part, list):
            parts += [(field, each) for each in part]
        elif isinstance(part, dict):
            parts += [(field or key, each) for key, value in part.items() for each in (key, value)]


# --- What is sent ----------------------------------------------------------------------------


class Text(serializers.CharField):
    """A text, and nothing that could be made into one. No NUL, no lone surrogate."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Line(Text):
    """A title or another text of one line, as ``seminar.lib.plaintext`` has it."""

    def to_internal_value(self, data: Any) -> str:
        return validated_line(super().to_internal_value(data))


class Name(Text):
    """A person's name, as ``seminar.lib.addresses`` has it."""

    def to_internal_value(self, data: Any) -> str:
        return validated_name(super().to_internal_value(data))


class Whole(serializers.IntegerField):
    """A whole number from 0 that fits every database."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": BIGGEST} | kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class Digits(serializers.IntegerField):
    """A whole number in an address: ASCII digits and nothing else."""

    def to_internal_value(self, data: Any) -> int:
        if not (isinstance(data, str) and data.isascii() and data.isdigit()):
            self.fail("invalid")
        return super().to_internal_value(data)


class Instant(serializers.DateTimeField):
    """An instant with its offset from UTC; a wall time without one is refused."""

    default_error_messages = {
        "naive": "Write the offset from UTC too: 2025-11-10T00:00:00+01:00",
        "year": "Write an instant of the years 2000 to 2100.",
    }

    def to_internal_value(self, value: Any) -> Any:
        """Read RFC 3339 and nothing else: no week dates, no compact form, no other digits."""
        if not (isinstance(value, str) and INSTANT.fullmatch(value)):
            self.fail("invalid", format="YYYY-MM-DDThh:mm[:ss]±hh:mm")
        return super().to_internal_value(value.upper())

    def enforce_timezone(self, value: Any) -> Any:
        if value.tzinfo is None:
            self.fail("naive")
        if abs(value.utcoffset()) > WIDEST_OFFSET:
            self.fail("invalid", format="YYYY-MM-DDThh:mm[:ss]±hh:mm")
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            self.fail("year")
        return super().enforce_timezone(value)


class Body(serializers.Serializer[Any]):
    """What a request may hold. A field it does not know is refused, never ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                rule = _("There is no such field.")
                raise serializers.ValidationError({name: [rule] for name in unknown})
        return super().to_internal_value(data)


class Nothing(Body):
    """The body of a verb that needs no facts."""


class Window(Body):
    """Which part of a list is asked for."""

    limit = Digits(min_value=1, max_value=MOST, default=USUAL)
    offset = Digits(min_value=0, max_value=BIGGEST, default=0)


# --- What is answered ------------------------------------------------------------------------


class Problem(serializers.Serializer[Any]):
    """One thing that is wrong. Where two people wrote, ``mine`` and ``theirs`` are both there."""

    field = serializers.CharField()
    rule = serializers.CharField(required=False)
    code = serializers.CharField(required=False)
    value = serializers.CharField(required=False)
    mine = serializers.CharField(required=False)
    theirs = serializers.CharField(required=False)
    line = serializers.IntegerField(required=False, help_text="of a file, from 1")
    column = serializers.CharField(required=False, help_text="of a file, by name")
    version = serializers.IntegerField(required=False)


class ProblemDetails(serializers.Serializer[Any]):
    """RFC 9457: why nothing was done."""

    type = serializers.CharField(help_text="urn:seminar:problem:CODE; stable, for programs")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="for people")
    problems = Problem(many=True)


class Answer(serializers.Serializer[Any]):
    """The base of everything that is answered: fields are listed one by one, and read only."""


WHY = {
    400: "The request cannot be read.",
    401: "Nobody is signed in.",
    403: "The role is wrong, or the CSRF token is missing.",
    404: "It does not exist for the reader.",
    409: "The state of things does not allow it; two people's changes come back side by side.",
    410: "It was there and is lost.",
    413: "The request is too big.",
    415: "The body has another type.",
    412: "It is not what `If-Match` names any more; nothing was written.",
    422: "What was sent cannot be used; `problems` names each field.",
    429: "Too many requests in this minute; `Retry-After` says how many seconds to wait.",
}


def operation(  # noqa: PLR0913 - the facts of one operation
    operation_id: str,
    summary: str,
    *,
    answer: Any,
    body: Any = None,
    status: int = 200,
    errors: Sequence[int] = (),
    idempotent: bool | tuple[str, ...] = False,
    query: type[serializers.Serializer[Any]] | None = None,
) -> Callable[[Method], Method]:
    """Describe a method of a view for the schema: what it takes, answers and refuses.

    ``idempotent``: it takes ``Idempotency-Key``, and what it does goes through
    ``seminar.accounts.actions.once`` under the operation's name, or under one of these verbs.
    """
    own = (400, 409, 412, 415, 422) if body is not None else ((422,) if query else ())
    known = dict.fromkeys(sorted({401, 403, 404, 429, *own, *errors}))
    refused: dict[Any, Any] = {
        (code, MEDIA_TYPE): OpenApiResponse(ProblemDetails, description=WHY[code]) for code in known
    }
    parameters: list[Any] = [query] if query else []
    if idempotent:
        parameters.append(
            OpenApiParameter(
                IDEMPOTENCY,
                str,
                OpenApiParameter.HEADER,
                description="8 to 64 characters; sent again, the first answer comes again.",
            )
        )

    def describe(method: Method) -> Method:
        described: Method = extend_schema(
            operation_id=operation_id,
            summary=summary,
            description=method.__doc__ or summary,
            tags=[method.__module__.partition(".api")[0].rpartition(".")[2]],
            request=body,
            parameters=parameters,
            responses=(answer if isinstance(answer, dict) else {status: answer}) | refused,
        )(method)
        described.done_once = verbs_of(operation_id, idempotent=idempotent)  # type: ignore[attr-defined]
        return described

    return describe


def verbs_of(operation_id: str, *, idempotent: bool | tuple[str, ...]) -> frozenset[str]:
    """Return the verbs under which an operation remembers what it did; none: it does not."""
    if isinstance(idempotent, tuple):
        return frozenset(idempotent)
    return frozenset({operation_id} if idempotent else ())


class Worded(serializers.CharField):
    """A sentence that the rules hand over as ``Words``, in the reader's language."""

    def to_representation(self, value: Any) -> str:
        return str(value.text())


class Points(serializers.CharField):
    """Stored points without needless zeros: "7.5"."""

    def to_representation(self, value: Any) -> str:
        return plain(value)


class Number(Answer):
    """An exact number: as a fraction in lowest terms, and as it is shown."""

    exact = serializers.CharField()
    shown = serializers.CharField()


@extend_schema_field(Number)
class Quantity(serializers.Field[Any, Any, Any, Any]):
    """An exact number that is answered as ``Number``."""

    def to_representation(self, value: Any) -> dict[str, str]:
        return {"exact": exact(value), "shown": shown(value)}


# --- Views -----------------------------------------------------------------------------------


class ApiView(APIView):
    """A view that says who may use it (``policy``) and reads what it is sent strictly."""

    policy: ClassVar[Policy | None] = None
    # Where an address is for writing only: the view that shows what is written.
    reads: ClassVar[type[ApiView] | None] = None
    takes_tokens: ClassVar[bool] = True
    staff_act_as_staff: ClassVar[bool] = False
    authentication_classes: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    permission_classes = []
    throttle_classes = [PerMinute]
    parser_classes = [StrictJSON]
    renderer_classes = [JSONRenderer]
    http_method_names = ["get", "head", "post", "put"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Declare the policy where the check and the access matrix read it."""
        view = conditional(super().as_view(**initkwargs))
        return view if cls.policy is None else declare(view, cls.policy)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who asks, let them in or not, then look at what the body claims to be."""
        super().initial(request, *args, **kwargs)
        self.admit()
        self.require_scope()
        self.refuse_media_type()
        self.refuse_changed()

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        """Answer an error as problem details, whatever this view answers otherwise."""
        if getattr(response, "exception", False):
            request.accepted_renderer = JSONRenderer()
            request.accepted_media_type = MEDIA_TYPE
        answer = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(answer, ["Authorization"])
        return answer

    def perform_authentication(self, request: Request) -> None:
        """Find out who asks. Whoever is nobody, for a bad token say, counts against the rate too."""
        try:
            super().perform_authentication(request)
        except APIException:
            self.check_throttles(request)  # nobody is signed in now: counts by address
            raise

    def admit(self) -> None:
        """Raise NotAuthenticated unless everybody is let in. Courses add their own rules."""
        if self.policy != PUBLIC and not self.request.user.is_authenticated:
            raise NotAuthenticated

    def scope_needed(self) -> str:
        """Return the scope that a token needs for this request."""
        assert self.policy is not None, "a view without a policy does not pass the check"
        return scope_of(self.policy, str(self.request.method))

    def require_scope(self) -> None:
        """Raise Refused("scope_missing", 403) if a token was not made for this; sessions are for all."""
        token: Any = self.request.auth
        scope = self.scope_needed()
        if token is not None and not token.allows(scope):
            words = _("This needs a token with the scope %(scope)s.") % {"scope": scope}
            problem = {"field": "Authorization", "code": "scope_missing", "value": scope}
            raise Refused("scope_missing", words, status=403, problems=[problem | {"rule": words}])

    @classmethod
    def shown_by(cls) -> type[ApiView] | None:
        """Return the view whose GET answers what this one changes; None where there is none."""
        return cls.reads or (cls if hasattr(cls, "get") else None)

    @property
    def done_once(self) -> frozenset[str]:
        """The verbs that ``Idempotency-Key`` protects in this request; none where it means nothing."""
        method = getattr(self, str(self.request.method).lower())
        verbs: frozenset[str] = getattr(method, "done_once", frozenset())
        return verbs

    def was_answered(self) -> bool:
        """Whether what this request asks for was done under its ``Idempotency-Key`` already.

        ``once`` then answers as it did, or refuses another body: nothing is written either way.
        """
        return False

    def refuse_changed(self) -> None:
        """Refuse a write over something else than ``If-Match`` names. See ``seminar.lib.preconditions``.

        Raises Refused("changed", 412).
        """
        header, method = self.request.headers.get("If-Match"), str(self.request.method)
        if header is None or method in SAFE_METHODS or not hasattr(self, method.lower()):
            return
        kind = self.shown_by()
        if not self.was_answered():
            refuse_if_match(header, None if kind is None else self.same_request(kind))

    def same_request(self, kind: type[ApiView]) -> Any:
        """Return another view that answers the same request, from the same person."""
        view = kind()
        vars(view).update(vars(self))
        return view

    def refuse_media_type(self) -> None:
        """Raise UnsupportedMediaType early: a form read for its CSRF token is gone afterwards."""
        length = str(self.request.META.get("CONTENT_LENGTH") or "0")
        method = str(self.request.method).lower()
        if length != "0" and method not in {"get", "head"} and hasattr(self, method):
            negotiator = self.get_content_negotiator()
            if negotiator.select_parser(self.request, self.get_parsers()) is None:
                raise UnsupportedMediaType(self.request.content_type)

    def body(self, kind: type[Body], **context: Any) -> dict[str, Any]:
        """Return what was sent, checked. Raises ValidationError, ParseError."""
        return self.checked(kind, self.request.data, **context)

    def query(self, kind: type[Body]) -> dict[str, Any]:
        """Return the parameters of the address, checked. Raises ValidationError."""
        params = self.request.query_params
        repeated = [name for name in params if len(params.getlist(name)) > 1]
        if repeated:
            rule = _("This stands there twice.")
            raise serializers.ValidationError({name: [rule] for name in repeated})
        return self.checked(kind, params.dict())

    def checked(self, kind: type[Body], data: Any, **context: Any) -> dict[str, Any]:
        """Return data that keeps the rules of a body. Raises ValidationError."""
        serializer = kind(data=data, context=context)
        serializer.is_valid(raise_exception=True)
        found: dict[str, Any] = serializer.validated_data
        return found

    @property
    def nonce(self) -> str:
        """The idempotency key of this request; empty if none was sent."""
        return str(self.request.headers.get(IDEMPOTENCY, ""))

    def answer(self, kind: type[Answer], found: Any, status: int = 200, **context: Any) -> Response:
        """Answer with one thing."""
        return Response(kind(found, context=context).data, status=status)

    def window(
        self, kind: type[Answer], rows: Any, asked: Mapping[str, Any] | None = None, **context: Any
    ) -> Response:
        """Answer with the part of a list that the address asks for. Rows can be a queryset."""
        asked = asked or self.query(Window)
        first, limit = asked["offset"], asked["limit"]
        count = len(rows) if isinstance(rows, Sequence) else rows.count()
        part = kind(list(rows[first : first + limit]), many=True, context=context)
        return Response({"count": count, "limit": limit, "offset": first, "results": part.data})


def listed(kind: type[Answer]) -> type[Answer]:
    """Return the shape of a part of a list, for the schema."""
    fields = {
        "count": serializers.IntegerField(help_text="how many there are in all"),
        "limit": serializers.IntegerField(),
        "offset": serializers.IntegerField(),
        "results": kind(many=True),
        "__doc__": f"A part of a list of {kind.__name__}.",
    }
    return type(f"{kind.__name__}List", (Answer,), fields)


def conditional(view: View) -> View:
    """Let GET answer 304 and 412, the latter as problem details like every other error."""
    guarded = conditional_page(view)

    def as_problem(found: HttpResponse) -> HttpResponse:
        failed = found.status_code == HTTPStatus.PRECONDITION_FAILED and not found.content
        return problem(changed()) if failed else found

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found: HttpResponse = guarded(request, *args, **kwargs)
        if hasattr(found, "add_post_render_callback"):  # what Django compares is not there before
            found.add_post_render_callback(as_problem)
            return found
        return as_problem(found)

    return answer  # type: ignore[return-value]


@csrf_exempt
@public
def unknown(request: HttpRequest, path: str = "") -> HttpResponse:
    """Answer for every address below the API that leads nowhere: 404 as problem details."""
    return problem(Refused("not_found", _("There is no such address."), status=404))
