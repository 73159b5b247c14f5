"""Small rules that hold for every answer."""

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render, resolve_url
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from seminar.lib.errors import Refused

Handler = Callable[[HttpRequest], HttpResponse]


def refuse_nul(get_response: Handler) -> Handler:
    """Refuse a NUL anywhere in the address: PostgreSQL cannot store it and would answer 500."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "\0" in unquote(request.META.get("QUERY_STRING", "")):
            return HttpResponseBadRequest("The address contains a NUL character.")
        return get_response(request)

    return middleware


def private_answers(get_response: Handler) -> Handler:
    """Keep what a signed-in person sees out of every cache, the browser's back button included."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        patch_vary_headers(response, ["Cookie", "HX-Request"])
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
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
    """Turn a refusal that no view handled into a page that says what and why."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        return render(request, "refused.html", {"refusal": exception}, status=exception.status)
