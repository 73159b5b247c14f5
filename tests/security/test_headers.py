"""Every answer carries the protections, whoever made it: pages, errors, files, middleware."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client

from courses.models import Membership
from seminar.accounts.models import User
from seminar.lib import uploads
from tests.security.urls import SECRET

EXPECTED = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), "
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"
    ),
}
DOWNLOAD = "default-src 'none'; sandbox"
TOO_BIG = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 10)


def protections(answer: HttpResponse) -> dict[str, str]:
    return {name: answer.get(name, "") for name in EXPECTED}


@pytest.fixture
def browser_of(settings: LazySettings) -> Iterator[Callable[..., Client]]:
    """Clients that see errors as people do: answered, not raised."""
    settings.ROOT_URLCONF = "tests.security.urls"
    settings.DEBUG = False

    def make(user: User | None = None, **options: Any) -> Client:
        client = Client(raise_request_exception=False, **options)
        if user is not None:
            client.force_login(user)
        return client

    yield make
    cache.clear()


# --- every class of answer ---------------------------------------------------------------------

Ask = Callable[[Client], HttpResponse]
ANSWERS: dict[str, tuple[int, Ask]] = {
    "page": (200, lambda client: client.get("/account/login/")),
    "json": (200, lambda client: client.get("/healthz")),
    "api": (200, lambda client: client.get("/api/v1/courses")),
    "redirect to sign in": (302, lambda client: client.get("/me")),
    "redirect of the admin": (302, lambda client: client.get("/admin/")),
    "slash added": (301, lambda client: client.get("/account/login")),
    "unknown page": (404, lambda client: client.get("/there/is/nothing")),
    "unknown static file": (404, lambda client: client.get("/static/nothing.js")),
    "unknown in the API": (404, lambda client: client.get("/api/v1/nothing")),
    "nobody signed in, API": (401, lambda client: client.get("/api/v1/schema/")),
    "static file": (200, lambda client: client.get("/static/css/app.css")),
    "NUL in the address": (400, lambda client: client.get("/a%00b")),
    "wrong method": (405, lambda client: client.get("/me/theme")),
    "wrong host": (400, lambda client: client.get("/", headers={"host": "evil.example.org"})),
    "malformed host": (400, lambda client: client.get("/", headers={"host": "a b"})),
    "body too big": (400, lambda client: client.post("/me/theme", {"next": TOO_BIG})),
    "too many fields": (
        400,
        lambda client: client.post("/me/theme", {f"a{n}": "1" for n in range(1100)}),
    ),
    "broken multipart": (
        400,
        lambda client: client.post(
            "/me/theme", "nonsense", content_type="multipart/form-data; boundary="
        ),
    ),
    "broken view": (500, lambda client: client.get("/explode")),
}


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.django_db
def test_every_answer_carries_the_protections(browser_of: Callable[..., Client], kind: str) -> None:
    status, ask = ANSWERS[kind]

    answer = ask(browser_of())
    answer.close()

    assert (answer.status_code, protections(answer)) == (status, EXPECTED)


@pytest.mark.django_db
def test_a_failed_csrf_check_carries_the_protections(browser_of: Callable[..., Client]) -> None:
    answer = browser_of(enforce_csrf_checks=True).post("/me/theme", {"theme": "dark"})

    assert (answer.status_code, protections(answer)) == (403, EXPECTED)


def test_a_refused_role_carries_the_protections(
    browser_of: Callable[..., Client], student: Membership
) -> None:
    answer = browser_of(student.user).get(f"/c/{student.course.slug}/people")

    assert (answer.status_code, protections(answer)) == (403, EXPECTED)


def test_a_body_too_big_for_the_api_carries_the_protections(
    browser_of: Callable[..., Client], student: Membership
) -> None:
    path = f"/api/v1/courses/{student.course.slug}/join"
    answer = browser_of(student.user).post(path, TOO_BIG, content_type="application/json")

    assert (answer.status_code, protections(answer)) == (413, EXPECTED)


def test_an_unchanged_answer_carries_the_protections(
    browser_of: Callable[..., Client], student: Membership
) -> None:
    client = browser_of(student.user)
    tag = client.get("/api/v1/courses")["ETag"]

    answer = client.get("/api/v1/courses", headers={"if-none-match": tag})

    assert (answer.status_code, protections(answer)) == (304, EXPECTED)
    assert answer["Cache-Control"] == "private, no-store"


def test_too_many_requests_carry_the_protections_and_say_when(
    browser_of: Callable[..., Client], db: None, settings: LazySettings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}
    cache.clear()
    client = browser_of()
    client.post("/account/signup/", {})

    answer = client.post("/account/signup/", {})

    assert (answer.status_code, protections(answer)) == (429, EXPECTED)
    assert answer["Retry-After"] == "60"
    assert "Wait a minute" in answer.content.decode()


def test_a_database_that_is_away_carries_the_protections(
    browser_of: Callable[..., Client], db: None
) -> None:
    def away(*query: Any) -> Any:
        raise OperationalError

    with connection.execute_wrapper(away):
        answer = browser_of().get("/readyz")

    assert (answer.status_code, protections(answer)) == (503, EXPECTED)


def test_a_download_is_saved_and_never_run(
    browser_of: Callable[..., Client], instructor: Membership
) -> None:
    answer = browser_of(instructor.user).get(f"/c/{instructor.course.slug}/manage/results.csv")

    assert answer["Content-Disposition"].startswith("attachment")
    assert protections(answer) == EXPECTED | {"Content-Security-Policy": DOWNLOAD}
    assert "no-store" in answer["Cache-Control"]


def test_an_upload_is_saved_and_never_run(browser_of: Callable[..., Client], db: None) -> None:
    """What ``uploads.attachment`` answers with keeps its own, equally strict policy."""
    stored = uploads.store_pdf([b"%PDF-1.4 <script>alert(1)</script>\n%%EOF"])

    answer = uploads.attachment(stored.sha256, "a.pdf")
    protected = dict(answer.items())
    answer.close()

    assert sorted(protected["Content-Security-Policy"].split("; ")) == sorted(DOWNLOAD.split("; "))
    assert protected["X-Content-Type-Options"] == "nosniff"


# --- what the answers say ----------------------------------------------------------------------


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = settings.SAFE_HEADERS["Content-Security-Policy"]

    assert not re.search(r"unsafe|http|\*|nonce", policy)


@pytest.mark.django_db
def test_a_broken_view_says_nothing_about_what_broke(browser_of: Callable[..., Client]) -> None:
    answer = browser_of().get("/explode")

    assert SECRET not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/me", "/", "/there/is/nothing", "/api/v1/courses", "/admin/"])
def test_what_somebody_gets_as_themselves_is_kept_nowhere(
    browser_of: Callable[..., Client], student: Membership, path: str
) -> None:
    answer = browser_of(student.user).get(path)

    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
    assert "Cookie" in answer["Vary"]


@pytest.mark.django_db
def test_an_error_before_anybody_is_known_is_kept_nowhere_either(
    browser_of: Callable[..., Client], student: Membership
) -> None:
    client = browser_of(student.user)

    for answer in (client.get("/a%00b"), client.get("/", headers={"host": "evil.example.org"})):
        assert answer["Cache-Control"] == "private, no-store"


def test_an_answer_to_a_token_is_kept_nowhere(browser_of: Callable[..., Client], db: None) -> None:
    answer = browser_of().get("/api/v1/courses", headers={"authorization": "Bearer wrong"})

    assert answer["Cache-Control"] == "private, no-store"


def test_static_files_may_be_kept(browser_of: Callable[..., Client], db: None) -> None:
    assert finders.find("css/app.css")

    answer = browser_of().get("/static/css/app.css")
    answer.close()

    assert "public" in answer["Cache-Control"]
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize(("secure", "said"), [(True, "max-age=60; includeSubDomains"), (False, "")])
def test_browsers_are_told_to_come_back_by_https(
    browser_of: Callable[..., Client], db: None, settings: LazySettings, secure: bool, said: str
) -> None:
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    client = browser_of()

    for path in ("/healthz", "/static/css/app.css", "/a%00b"):
        answer = client.get(path, secure=secure)
        assert answer.get("Strict-Transport-Security", "") == said, path
        answer.close()
    wrong_host = client.get("/", headers={"host": "evil.example.org"}, secure=secure)
    assert wrong_host.get("Strict-Transport-Security", "") == said
