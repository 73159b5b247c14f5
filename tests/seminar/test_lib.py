"""The clock, Markdown, codes and the rules that hold for every answer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.test import Client, RequestFactory

from courses.models import Course, Membership
from seminar.accounts.models import User
from seminar.lib import clock, markdown
from seminar.lib.codes import ALPHABET, LENGTH, new_code
from seminar.lib.errors import Refused
from seminar.lib.middleware import htmx_sign_in, refusals

# --- clock -------------------------------------------------------------------------------------


@pytest.fixture
def offset_file(tmp_path: Path, settings: Any) -> Path:
    settings.CLOCK_OFFSET_FILE = tmp_path / "clock-offset"
    return settings.CLOCK_OFFSET_FILE


@pytest.mark.usefixtures("offset_file")
@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=70), -timedelta(hours=3)])
def test_clock_is_ahead_by_the_offset(ahead: timedelta) -> None:
    clock.set_offset(ahead)

    distance = clock.now() - datetime.now(UTC) - ahead

    assert clock.now().tzinfo is UTC
    assert abs(distance) < timedelta(seconds=2)


def test_clock_without_an_offset_tells_the_time(offset_file: Path) -> None:
    assert not offset_file.exists()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=2)


def test_clock_cannot_be_moved_outside_the_demo(settings: Any) -> None:
    settings.CLOCK_OFFSET_FILE = None

    with pytest.raises(AssertionError):
        clock.set_offset(timedelta(days=1))

    assert clock.offset() == timedelta(0)


# --- markdown ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("**bold** and *thin*", "<p><strong>bold</strong> and <em>thin</em></p>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("<b onclick=x>b</b>", "<p>&lt;b onclick=x&gt;b&lt;/b&gt;</p>\n"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("[a](JaVaScRiPt:alert(1))", "<p>[a](JaVaScRiPt:alert(1))</p>\n"),
        ("[a](data:text/html;base64,PHM+)", "<p>[a](data:text/html;base64,PHM+)</p>\n"),
        ("![a](https://example.org/spy.png)", "<p></p>\n"),
        (
            '[a](https://example.org "t")',
            '<p><a href="https://example.org" title="t" rel="noopener nofollow">a</a></p>\n',
        ),
        ("# big", "big\n"),
        ("### small", "<h3>small</h3>\n"),
    ],
)
def test_markdown_of_hostile_text_is_harmless(source: str, html: str) -> None:
    assert markdown.render(source) == html


@pytest.mark.parametrize("unit", ["[", "![", "> ", "* ", "`", "<a ", "|-", "&#0;", "**a "])
def test_markdown_of_endless_nesting_ends(unit: str) -> None:
    assert "<script" not in markdown.render(unit * 20_000)


def test_markdown_cuts_what_is_too_long() -> None:
    html = markdown.render("x" * (markdown.LIMIT + 1000))

    assert html.count("x") == markdown.LIMIT
    assert html.endswith("<p>…</p>\n")


# --- codes -------------------------------------------------------------------------------------


def test_codes_are_short_readable_and_different() -> None:
    made = {new_code() for _ in range(1000)}

    assert len(made) == 1000
    assert {len(code) for code in made} == {LENGTH}
    assert set("".join(made)) <= set(ALPHABET)
    assert not set("01ILOU") & set(ALPHABET)


# --- middleware --------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/c/a%00b/join", "/?q=a%00b", "/c/x/papers?q=%2500%00"])
def test_a_nul_in_the_address_is_refused(client: Client, address: str) -> None:
    assert client.get(address).status_code == 400


def test_answers_to_signed_in_people_are_kept_nowhere(
    client: Client, student: Membership, course: Course
) -> None:
    client.force_login(student.user)

    response = client.get(f"/c/{course.slug}/papers")

    assert response["Cache-Control"] == "private, no-store"
    assert {"Cookie", "HX-Request"} <= {part.strip() for part in response["Vary"].split(",")}


def test_answers_to_strangers_may_be_kept(client: Client, course: Course) -> None:
    assert "no-store" not in client.get("/healthz").get("Cache-Control", "")


def test_htmx_is_sent_to_sign_in_as_a_whole(client: Client, course: Course) -> None:
    response = client.get(f"/c/{course.slug}/papers", headers={"HX-Request": "true"})

    assert (response.status_code, response.content) == (204, b"")
    assert response["HX-Redirect"] == f"/account/login/?next=/c/{course.slug}/papers"


def test_htmx_follows_other_redirects_itself(rf: RequestFactory) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return redirect("/elsewhere")

    response = htmx_sign_in(view)(rf.get("/", headers={"HX-Request": "true"}))

    assert (response.status_code, response["Location"]) == (302, "/elsewhere")


@pytest.mark.parametrize("status", [409, 422, 403])
def test_a_refusal_becomes_a_page_that_says_why(rf: RequestFactory, status: int, db: None) -> None:
    request = rf.get("/")
    request.user = User(name="Ada")
    refused = Refused("full", "All places are <taken>.", status=status)

    response = refusals(lambda _: HttpResponse()).process_exception(request, refused)

    assert response is not None
    assert response.status_code == status
    assert "All places are &lt;taken&gt;." in response.content.decode()
    assert refusals(lambda _: HttpResponse()).process_exception(request, ValueError()) is None
