"""Whatever ``next`` says, people stay on this site."""

import re
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from courses.models import Membership
from tests.security.people import PASSWORD, own_cache, sign_in, with_password

ELSEWHERE = [
    "//evil.example.org",
    "///evil.example.org",
    "////evil.example.org/x",
    "/\\evil.example.org",
    "\\\\evil.example.org",
    "\\/evil.example.org",
    "https:evil.example.org",
    "https:/evil.example.org",
    "https://evil.example.org",
    "http://evil.example.org:80",
    "HTTPS://evil.example.org",
    "https://testserver@evil.example.org",
    "https://testserver.evil.example.org",
    "%2f%2fevil.example.org",
    "/%09/evil.example.org",
    "\t//evil.example.org",
    "/\t/evil.example.org",
    "/\r/evil.example.org",
    "/\n/evil.example.org",
    "/\r\nLocation: https://evil.example.org",
    " //evil.example.org",
    "\x00//evil.example.org",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "ftp://evil.example.org",
    "//[::1]/",
    "http:///evil.example.org",
    "/\u2028/evil.example.org",
    "//evil\u3002example.org",
    "?next=//evil.example.org",
    "x" * 5000,
]
pytestmark = pytest.mark.django_db


def stays_here(answer: HttpResponse) -> bool:
    """Resolve as a browser does: it drops tabs and line breaks and reads a backslash as a slash."""
    target = re.sub(r"[\t\r\n]", "", answer.get("Location", "")).strip("\x00 ").replace("\\", "/")
    parts = urlsplit(target)
    return (
        parts.scheme in {"", "http"} and parts.netloc in {"", "testserver"} and "\r" not in target
    )


@pytest.fixture
def inside(student: Membership) -> Client:
    client = Client()
    sign_in(client, with_password(student.user))
    return client


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_next_leads_elsewhere(
    target: str, inside: Client, student: Membership, settings: object
) -> None:
    own_cache(settings)  # type: ignore[arg-type]
    asked = f"?next={quote(target)}"
    form = {"login": student.user.email, "password": PASSWORD, "next": target}
    again = Client()
    answers = {
        "theme": Client().post("/me/theme", {"theme": "dark", "next": target}),
        "sign in, address": again.post(f"/account/login/{asked}", form | {"next": ""}),
        "sign in, form": Client().post("/account/login/", form),
        "sign in again": again.get(f"/account/login/{asked}"),
        "sign up": again.get(f"/account/signup/{asked}"),
        "reauthenticate": inside.post(
            "/account/reauthenticate/", {"password": PASSWORD, "next": target}
        ),
        "second factor": inside.get(f"/me/second-factor{asked}"),
        "admin": Client().get(f"/admin/login/{asked}"),
        "reset": Client().post(
            "/account/password/reset/", {"email": "a@example.org", "next": target}
        ),
        "sign out": inside.post("/account/logout/", {"next": target}),
    }

    assert [name for name, answer in answers.items() if not stays_here(answer)] == []
    assert {answer.status_code for answer in answers.values()} <= {200, 302, 400, 403}


def test_the_second_factor_keeps_no_foreign_address(inside: Client) -> None:
    inside.get("/me/second-factor?next=https://evil.example.org/")

    assert inside.session["after_second_factor"] == "/"


def test_a_path_of_this_site_is_followed(inside: Client) -> None:
    assert settings.ALLOWED_HOSTS
    inside.get("/me/second-factor?next=/c/x/people%3Fpage=2")

    assert inside.session["after_second_factor"] == "/c/x/people?page=2"
