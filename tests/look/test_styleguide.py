"""The style guide: who may open it, and that nothing is missing from it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from courses.models import Membership
from seminar.accounts.models import User
from seminar.lib.templatetags.seminar_format import STATUSES, status_word

COMPONENTS = Path(settings.BASE_DIR, "templates", "components")
SHEET = Path(settings.BASE_DIR, "static", "css", "app.css")

# Classes that no sample carries, each with its reason.
NOT_IN_THE_GUIDE = {
    "htmx-request": "set by htmx while an answer is awaited",
    "topbar": "the frame of every page, this one too; it only scopes other classes",
    "wrap": "the frame of every page",
}


def opened(client: Client, user: User | None) -> int:
    if user:
        client.force_login(user)
    return client.get(reverse("desk:styleguide")).status_code


@pytest.mark.parametrize("who", ["ta", "instructor"])
def test_styleguide_opens_for_staff_of_any_course(
    client: Client, request: pytest.FixtureRequest, who: str
) -> None:
    assert opened(client, request.getfixturevalue(who).user) == 200


def test_styleguide_opens_for_an_operator(client: Client, operator: User) -> None:
    assert opened(client, operator) == 200


@pytest.mark.parametrize("who", ["student", "auditor", "applicant", "withdrawn"])
def test_styleguide_does_not_exist_for_others(
    client: Client, request: pytest.FixtureRequest, who: str
) -> None:
    assert opened(client, request.getfixturevalue(who).user) == 404


def test_styleguide_does_not_exist_for_staff_who_left(client: Client, ta: Membership) -> None:
    Membership.objects.filter(pk=ta.pk).update(state=Membership.State.WITHDRAWN)
    assert opened(client, ta.user) == 404


@pytest.mark.django_db
def test_styleguide_asks_strangers_to_sign_in(client: Client) -> None:
    answer = client.get(reverse("desk:styleguide"))
    assert answer.status_code == 302
    assert answer["Location"] == "/account/login/?next=/styleguide"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_styleguide_keeps_to_few_queries(
    client: Client, ta: Membership, theme: str, django_assert_num_queries: Callable[..., object]
) -> None:
    client.force_login(ta.user)
    client.cookies["theme"] = theme
    with django_assert_num_queries(3):  # session, person, staff anywhere
        client.get(reverse("desk:styleguide"))


@pytest.fixture
def html(client: Client, ta: Membership) -> str:
    client.force_login(ta.user)
    return client.get(reverse("desk:styleguide")).content.decode()


def test_styleguide_shows_every_component(client: Client, ta: Membership) -> None:
    client.force_login(ta.user)
    answer = client.get(reverse("desk:styleguide"))

    drawn = {template.name for template in answer.templates if template.name}

    there = {f"components/{file.name}" for file in COMPONENTS.glob("*.html")}
    assert there - drawn == set(), "give each new component a sample in templates/desk/_guide_*"


def test_styleguide_includes_every_component_itself() -> None:
    """A component that only the frame draws has no sample of its own."""
    guide = "".join(
        file.read_text("utf-8") for file in COMPONENTS.parent.glob("desk/_guide_*.html")
    )
    by_the_guide = set(re.findall(r'include "components/(\w+\.html)"', guide))
    public = {file.name for file in COMPONENTS.glob("[!_]*.html")}
    # `field.html` through `fields.html`; `messages.html` has an id that a page may hold once.
    assert public - by_the_guide == {"field.html", "messages.html"}


def test_styleguide_shows_every_class_of_the_components(html: str) -> None:
    css = re.sub(r"/\*.*?\*/", "", SHEET.read_text("utf-8"), flags=re.DOTALL)
    layer = css[css.index("@layer components {") : css.index("@layer utilities {")]
    selectors = re.sub(r"\{[^{}]*\}", "{}", layer)
    styled = set(re.findall(r"\.([a-z][\w-]*)", selectors))
    shown = {name for names in re.findall(r'class="([^"]*)"', html) for name in names.split()}
    assert styled - shown - NOT_IN_THE_GUIDE.keys() == set()


def test_styleguide_shows_every_status_word(html: str) -> None:
    pills = set(re.findall(r'<span class="pill pill-\w+"><svg.*?</svg>([^<]+)</span>', html, re.S))
    assert {status_word(status) for status in STATUSES} - pills == set()


@pytest.mark.parametrize("kind", ["note", "message"])
def test_styleguide_shows_every_tone(html: str, kind: str) -> None:
    tones = set(re.findall(rf'class="{kind} {kind}-(\w+)"', html))
    known = {
        "note": {"info", "ok", "warn", "bad"},
        "message": {"info", "success", "warning", "error"},
    }
    assert tones == known[kind]


def test_styleguide_shows_every_state_of_saving(html: str) -> None:
    shown = set(re.findall(r'data-savestate data-state="(\w+)"', html))
    assert shown == {"saved", "saving", "kept", "conflict"}
