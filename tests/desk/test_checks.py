"""No view without a policy, whoever wrote it; no declared policy without its view."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.models import Permission
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.urls import clear_url_caches, include, path
from django.views.generic import RedirectView
from rest_framework.request import Request
from rest_framework.response import Response

from presentations.models import Presentation
from seminar import urls as real
from seminar.desk import checks
from seminar.desk.checks import addresses, every_view_declares_its_policy, stale, undeclared
from seminar.lib.access import public
from seminar.lib.rest import ApiView


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class Bare(ApiView):
    def get(self, request: Request) -> Response:
        return Response()


class BareAdmin(admin.ModelAdmin):
    pass


class ToolAdmin(admin.ModelAdmin):
    """The admin of a declared model, with two more pages: one borrows the name of a page of rows."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("tool/", wrap(self.tool_view), name="presentations_presentation_tool"),
            path("all/", wrap(self.tool_view), name="presentations_presentation_changelist"),
            path("plain/", wrap(bare), name="presentations_presentation_plain"),
            *super().get_urls(),
        ]

    def tool_view(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


def of_third_party(module: str) -> Any:
    """A view that says it comes from elsewhere."""
    view = staff_member_required(bare)
    view.__module__ = module
    return view


def errors(patterns: list[Any]) -> list[tuple[str, str]]:
    """What the check says about these, by id and route."""
    found = undeclared(list(addresses(patterns)))
    return [(str(error.id), error.msg.partition(" ")[0]) for error in found]


def test_every_view_declares_its_policy() -> None:
    assert every_view_declares_its_policy() == []


def test_a_page_without_a_policy_is_found() -> None:
    @public
    def declared(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert errors([path("bare", bare), path("declared", declared)]) == [("desk.E001", "bare")]


def test_a_view_of_the_api_without_a_policy_is_found() -> None:
    patterns = [path("api/v1/", include(([path("bare", Bare.as_view())], "api")))]

    assert errors(patterns) == [("desk.E001", "api/v1/bare")]


@pytest.mark.parametrize("module", ["allauth.account.views", "django.contrib.admin.sites"])
def test_a_new_view_of_another_package_is_found(module: str) -> None:
    assert errors([path("new", of_third_party(module), name="new")]) == [("desk.E001", "new")]


def test_a_models_admin_without_a_line_is_found() -> None:
    site = admin.AdminSite()
    site.register(Permission, BareAdmin)
    routes = {route for _error, route in errors([path("admin/", site.urls)])}

    assert {route.removeprefix("admin/auth/permission/") for route in routes} == {
        "",
        "<path:object_id>/change/",
        "<path:object_id>/history/",
    }


def test_a_page_that_an_admin_adds_is_found() -> None:
    site = admin.AdminSite()
    site.register(Presentation, ToolAdmin)
    found = [
        (error, route.removeprefix("admin/presentations/presentation/"))
        for error, route in errors([path("admin/", site.urls)])
    ]

    assert found == [("desk.E001", "tool/"), ("desk.E001", "all/"), ("desk.E001", "plain/")]


class LeadingAdmin(admin.ModelAdmin):
    """The admin of a declared model, with three more addresses that lead elsewhere."""

    def get_urls(self) -> list[Any]:
        lead = self.admin_site.admin_view(RedirectView.as_view(url="/"))
        lead.model_admin = self
        named = {"name": "presentations_presentation_lead"}
        return [
            path("lead/", lead, **named),
            path("lead/on/", lead),
            path("lead/<path:object_id>/", lead, **named),
            *super().get_urls(),
        ]


def test_an_address_that_an_admin_adds_and_that_leads_elsewhere_is_found() -> None:
    """Only the old address that Django gives every row needs no line."""
    site = admin.AdminSite()
    site.register(Presentation, LeadingAdmin)
    found = [
        (error, route.removeprefix("admin/presentations/presentation/"))
        for error, route in errors([path("admin/", site.urls)])
    ]

    assert found == [
        ("desk.E001", "lead/"),
        ("desk.E001", "lead/on/"),
        ("desk.E001", "lead/<path:object_id>/"),
    ]


def test_a_line_without_a_page_is_found() -> None:
    gone = stale([])

    assert {error.id for error in gone} == {"desk.E002"}
    assert len(gone) == len(checks.OTHERS) + len(checks.ADMINS) + len(checks.TOOL_PAGES)


@pytest.fixture
def planted() -> Iterator[None]:
    """The real table of contents with one more page that forgot its policy."""
    real.urlpatterns.append(path("planted", bare))
    clear_url_caches()
    yield
    real.urlpatterns.pop()
    clear_url_caches()


@pytest.mark.usefixtures("planted")
def test_manage_py_check_refuses_a_planted_page() -> None:
    ours = [error for error in run_checks() if str(error.id).startswith("desk.")]

    assert [(error.id, error.msg.partition(" ")[0]) for error in ours] == [("desk.E001", "planted")]
