"""Small rules that hold for every answer."""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers

from seminar.lib.errors import Refused
from seminar.lib.problems import UNREADABLE, problem, refusal_of

Handler = Callable[[HttpRequest], HttpResponse]
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# What somebody uploaded is saved, never run: no script, no form, no origin of ours.
DOWNLOAD_POLICY = "default-src 'none'; sandbox"


class refuse_nul:  # noqa: N801 - named like the functions beside it
    """Refuse a NUL in an address or a form: PostgreSQL cannot hold it and would answer 500.

    No keyboard types one; it comes from programs that look for holes. Below the API it, and a form
    that cannot be taken apart, is answered as problem details.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "\0" in unquote(request.META.get("QUERY_STRING", "")):
            return unreadable(request, "The address contains a NUL character.")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> HttpResponse | None:
        """Look into the form, which the CSRF check has read by now."""
        if request.method != "POST" or request.content_type not in FORMS:
            return None
        try:
            return self.look_into(request)
        except (*UNREADABLE, RequestDataTooBig) as error:
            refusal = refusal_of(error)
            if refusal is None or not below_api(request):
                raise
            return problem(refusal)

    def look_into(self, request: HttpRequest) -> HttpResponse | None:
        """Refuse a form with a NUL. Raises what Django raises for a form it cannot read."""
        for field, values in request.POST.lists():
            if "\0" in field or any("\0" in value for value in values):
                name = field.replace("\0", "")[:60]
                return unreadable(request, f"The field {name!r} contains a NUL character.")
        return None


def below_api(request: HttpRequest) -> bool:
    """Say whether a program asks, which reads problem details."""
    return request.path.startswith("/api/")


def unreadable(request: HttpRequest, words: str) -> HttpResponse:
    """Answer 400 in the way that who asked can read."""
    if below_api(request):
        return problem(Refused("malformed", words, status=400))
    return HttpResponseBadRequest(words)


def safe_headers(get_response: Handler) -> Handler:
    """Put the browser's protections on every answer, whoever made it.

    Outermost, so that static files, redirects and the errors of other middleware have them too. An
    answer that protects itself more strictly keeps its own.
    """
    https_only = strict_transport()

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.get("Content-Disposition", "").startswith("attachment"):
            response.headers.setdefault("Content-Security-Policy", DOWNLOAD_POLICY)
        for name, value in settings.SAFE_HEADERS.items():
            response.headers.setdefault(name, value)
        if https_only and request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", https_only)
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers.setdefault("Retry-After", "60")
        return response

    return middleware


def strict_transport() -> str:
    """Return what browsers are told about https for the time to come; empty without https."""
    if not settings.SECURE_HSTS_SECONDS:
        return ""
    words = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    words += ["includeSubDomains"] if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else []
    words += ["preload"] if settings.SECURE_HSTS_PRELOAD else []
    return "; ".join(words)


def private_answers(get_response: Handler) -> Handler:
    """Keep what somebody gets as themselves out of every cache, the back button included.

    Whoever sends a session or a token counts, whether it is still good or not: this stands outside
    the middleware that finds out, so that errors raised there are private too.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if "public" in response.get("Cache-Control", ""):  # a static file: the same for everybody
            return response
        patch_vary_headers(response, ["Cookie", "HX-Request"])
        known = (
            settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
        )
        if (known or response.cookies) and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


def htmx_sign_in(get_response: Handler) -> Handler:
    """Send the whole browser to the sign-in page, not a panel of the page it was on."""
    sign_in = urlsplit(resolve_url(settings.LOGIN_URL)).path

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        target = response.headers.get("Location", "")
        if request.headers.get("HX-Request") and urlsplit(target).path == sign_in:
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = target
            return answer
        return response

    return middleware


class refusals:  # noqa: N801 - named like the functions beside it
    """Turn a refusal that no view handled, or an empty 405, into a page that says what and why."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content:
            allowed = response["Allow"]
            response = render(request, "405.html", status=HTTPStatus.METHOD_NOT_ALLOWED)
            response["Allow"] = allowed
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        return render(request, "refused.html", {"refusal": exception}, status=exception.status)
