"""Pages drawn without a database: the style guide with believable content, frames for the rest."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import RequestFactory

AT = datetime(2025, 11, 9, 23, 0, tzinfo=UTC)  # local midnight in Berlin: a deadline of 9 Nov
NOW = datetime(2025, 11, 7, 15, 0, tzinfo=UTC)


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


class ReportForm(forms.Form):
    strength = forms.CharField(
        label="Strength 3",
        help_text="One or two sentences. Say what the authors did well and where you see it.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write a third strength for paper A"},
    )
    paper = forms.ChoiceField(
        label="Paper A",
        choices=[("lora", "LoRA (Hu et al., 2021)"), ("zero", "ZeRO (Rajbhandari et al., 2020)")],
        widget=forms.RadioSelect,
        help_text="Choose the paper you report on.",
        error_messages={"required": "Choose paper A"},
    )
    topics = forms.MultipleChoiceField(
        label="Topics you know",
        choices=[("torch", "PyTorch"), ("jax", "JAX")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    language = forms.ChoiceField(label="Language", choices=[("en", "English"), ("de", "German")])
    slides = forms.FileField(label="Slides", help_text="PDF, up to 20 MB.", required=False)
    own_work = forms.BooleanField(
        label="I wrote this myself",
        help_text="You may quote; say where from.",
        error_messages={"required": "Confirm that you wrote this yourself"},
    )


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


@dataclass
class StyleGuide:
    """The context of templates/styleguide.html."""

    user: Person = field(default_factory=Person)
    member: Member = field(default_factory=Member)

    def context(self) -> dict[str, Any]:
        form = ReportForm({"language": "en"})
        form.full_clean()
        return {
            "course": Course(),
            "membership": self.member,
            "nav_active": "work",
            "messages": [Message("Report 1 submitted. Receipt R1-7F3K-9QD2", "success")],
            "demo": True,
            "form": form,
            "at": AT,
            "now": NOW,
            "zone": "Europe/Berlin",
            "page_obj": Paginator(range(60), 24).page(2),
            "statuses": ["not_open", "draft", "submitted", "submitted_late", "missing"],
            "papers": ["LoRA: low-rank adaptation", "ZeRO: memory optimizations", "Megatron-LM"],
            "people": ["Ada Lovelace", "Grace Hopper", "Kurt Gödel", "Emmy Noether"],
        }

    def draw(self, theme: str = "") -> str:
        return draw("styleguide.html", user=self.user, theme=theme, **self.context())
