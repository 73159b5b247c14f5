"""No view without a policy."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from seminar.desk.checks import every_view_declares_its_policy, our_views
from seminar.lib.access import public


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def test_every_view_declares_its_policy() -> None:
    assert every_view_declares_its_policy() == []


def test_a_view_without_a_policy_is_found() -> None:
    @public
    def declared(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    found = dict(our_views([path("bare", bare), path("declared", declared)]))

    assert found == {"bare": bare, "declared": declared}
