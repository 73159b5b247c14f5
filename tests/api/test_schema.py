"""The schema says all there is and nothing else; the docs page needs nobody else's server."""

import re
from functools import lru_cache
from typing import Any

import pytest
from django.contrib.staticfiles.finders import find
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from courses.models import Membership
from seminar.lib.access import policy_of
from seminar.lib.problems import MEDIA_TYPE

METHODS = {"get", "post", "put", "patch", "delete"}
OUTSIDE = {"/api/v1/schema/", "/api/v1/docs/", "/api/v1/<path>"}


@lru_cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method): operation
        for path, methods in schema()["paths"].items()
        for method, operation in methods.items()
    }


def api_views(patterns: list[Any], prefix: str = "/") -> list[tuple[str, Any]]:
    """Every view below /api/v1/ with its address as the schema spells it."""
    found = []
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if "/api/v1/".startswith(route[:8]):
                found += api_views(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith("/api/v1/"):
            found.append((re.sub(r"<\w+:(\w+)>", r"{\1}", route), pattern.callback))
    return found


def test_the_schema_is_valid_and_complete_without_a_warning(tmp_path: Any) -> None:
    target = tmp_path / "schema.yml"

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(target))

    assert target.read_text().startswith("openapi: 3.0")


def test_every_operation_is_a_url_and_every_url_is_in_the_schema() -> None:
    views = dict(api_views(get_resolver().url_patterns))
    served = {
        (path, method)
        for path, view in views.items()
        if hasattr(view, "cls") and path not in OUTSIDE
        for method in METHODS
        if hasattr(view.cls, method)
    }

    assert set(operations()) == served
    assert {path for path, view in views.items() if not hasattr(view, "cls")} == {
        "/api/v1/^(?P<path>(?s:.*))$"
    }


def test_every_view_of_the_api_declares_its_policy() -> None:
    assert [
        path for path, view in api_views(get_resolver().url_patterns) if not policy_of(view)
    ] == []


def test_every_operation_says_what_it_does_takes_answers_and_refuses() -> None:
    for place, operation in operations().items():
        assert operation["summary"], place
        assert operation["operationId"], place
        assert len(operation["tags"]) == 1, place
        good = [code for code in operation["responses"] if code.startswith("2")]
        assert len(good) == 1, place
        assert operation["responses"][good[0]]["content"], place
        for code in set(operation["responses"]) - set(good):
            assert list(operation["responses"][code]["content"]) == [MEDIA_TYPE], place
        assert {"401", "403", "404"} <= set(operation["responses"]), place
        assert ("requestBody" in operation) == (place[1] != "get") or operation[
            "operationId"
        ] in BODILESS, place


# Their body is empty, which the schema cannot say.
BODILESS = {
    "excuse_items_before_joining",
    "revoke_token",
    "withdraw_application",
    "withdraw_list",
    "allocate_round",
    "publish_allocation",
    "request_results",
    "publish_results",
    "accept_offer",
    "decline_offer",
    "confirm_presence",
    "accept_swap",
    "decline_swap",
    "withdraw_swap",
}


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in operations().values()]

    assert sorted(ids) == sorted(set(ids))


def test_no_answer_holds_an_internal_id() -> None:
    shapes = schema()["components"]["schemas"]

    assert [name for name, shape in shapes.items() if {"id", "pk"} & set(shape["properties"])] == []


def test_only_shapes_for_staff_hold_an_email() -> None:
    shapes = schema()["components"]["schemas"]

    holders = {name for name, shape in shapes.items() if "email" in shape["properties"]}

    assert holders == {"Account", "Member", "MovedVerdict", "WaitingApplication"}


@pytest.mark.parametrize("address", ["/api/v1/schema/", "/api/v1/docs/"])
def test_schema_and_docs_are_for_everybody_signed_in(address: str, outsider: Membership) -> None:
    client = Client()
    before = client.get(address)
    client.force_login(outsider.user)

    assert (before.status_code, before["Content-Type"]) == (401, MEDIA_TYPE)
    assert client.get(address).status_code == 200


def test_the_docs_page_loads_scripts_and_styles_from_here_only(outsider: Membership) -> None:
    client = Client()
    client.force_login(outsider.user)

    page = client.get("/api/v1/docs/").content.decode()
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    script = client.get("/api/v1/docs/?script=")

    assert len(links) == 5
    assert [link for link in links if not link.startswith(("/static/", "/api/v1/docs/"))] == []
    assert "<style" not in page
    assert re.search(r"<script[^>]*>[^<]", page) is None
    assert script["Content-Type"] == "application/javascript"
    assert "/api/v1/schema/" in script.content.decode()
    static = [link.removeprefix("/static/") for link in links if link.startswith("/static/")]
    assert [name for name in static if find(name) is None] == []
