"""Pages drawn without a database: the style guide, and frames for its parts."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import RequestFactory

from seminar.desk.forms import SampleForm
from seminar.desk.queries.styleguide import AT, NOW, samples

__all__ = ["AT", "NOW"]


@dataclass
class Person:
    name: str = "Ada Lovelace"
    is_authenticated: bool = True

    def get_full_name(self) -> str:
        return self.name


@dataclass
class Course:
    slug: str = "ellm"
    title: str = "Efficient training of large language models"
    short_name: str = "ELLM"
    zone: str = "Europe/Berlin"


@dataclass
class Member:
    role: str = "student"
    state: str = "active"


@dataclass
class Message:
    text: str
    level_tag: str

    def __str__(self) -> str:
        return self.text


def request_for(user: object, *, path: str = "/", theme: str = "") -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = user
    if theme:
        request.COOKIES["theme"] = theme
    return request


def draw(template: str, *, user: object = None, theme: str = "", **context: Any) -> str:
    """Render `template` the way a view does, with the facts every page knows."""
    user = user or AnonymousUser()
    base = {"user": user, "messages": [], "course": None, "membership": None, "theme": theme}
    base |= {"demo": False, "demo_accounts": []}
    return render_to_string(template, base | context, request=request_for(user, theme=theme))


def style_guide(theme: str = "") -> str:
    """Draw the page /styleguide as its view does."""
    form = SampleForm({"language": "en"})
    return draw("desk/styleguide.html", user=Person(), theme=theme, form=form, **samples())


def course_page(role: str | None = "student", state: str = "active", **context: object) -> str:
    """Draw the frame of a page of a course, as somebody with a role sees it."""
    member = Member(role, state) if role else None
    frame = {"user": Person(), "course": Course(), "membership": member, "nav_active": "work"}
    return draw("base.html", **(frame | context))


def page_of(*templates: str, scripts: tuple[str, ...] = (), **context: object) -> str:
    """Draw a page that holds the templates alone, with scripts as a page asks for them."""
    user = Person()
    request = request_for(user)
    parts = [render_to_string(name, samples() | context, request=request) for name in templates]
    html = draw("base.html", user=user).replace("</main>", "".join(parts) + "</main>", 1)
    tags = [f'<script src="/static/js/{name}.js" defer></script>' for name in scripts]
    return html.replace("</head>", "".join(tags) + "</head>", 1)
