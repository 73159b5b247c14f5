"""What the style guide shows: made-up content in the shapes that real pages have. No query."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.paginator import Paginator

from seminar.lib.templatetags.seminar_format import STATUSES
from seminar.lib.words import Words

# A deadline at local midnight in Berlin, read two days earlier.
AT = datetime(2025, 11, 9, 23, 0, tzinfo=UTC)
NOW = datetime(2025, 11, 7, 15, 0, tzinfo=UTC)
ZONE = "Europe/Berlin"


@dataclass(frozen=True)
class SampleCourse:
    """As much of a course as the frame of a page needs."""

    slug: str = "sample"
    title: str = "Efficient training of large language models"
    zone: str = ZONE


@dataclass(frozen=True)
class SampleMember:
    """A role and a state, which decide the navigation."""

    role: str
    state: str = "active"

    @property
    def words(self) -> str:
        """Return a short name for the sample: the role, or the state of who is no member."""
        return self.role if self.state == "active" else self.state


@dataclass(frozen=True)
class SampleMessage:
    """What ``messages.html`` reads of one of Django's messages."""

    text: str
    level_tag: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class SamplePerson:
    """As much of a person as a list, a menu or the demo's sign-in needs."""

    name: str
    label: str = ""
    hint: str = ""
    code: str = "sample"
    is_authenticated: bool = True

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """Return the name, as Django's users do."""
        return self.name


@dataclass(frozen=True)
class SampleTable:
    """As much of a read CSV file as its preview needs."""

    names: tuple[str, ...] = ("name", "email", "role")
    rows: tuple[int, ...] = (2, 3, 4)
    encoding_name: str = "UTF-8"
    delimiter_name: str = "semicolon"
    sample: tuple[tuple[str, ...], ...] = (
        ("Ada Lovelace", "ada.lovelace@example.org", "student"),
        ("Nguyễn Thị Thùy Dương", "duong.nguyen@example.org", "student"),
    )


@dataclass(frozen=True)
class SampleStep:
    """One row of an import and what happens with it."""

    line: int
    subject: str
    said: str

    @property
    def words(self) -> Words:
        """Return the sentence in the shape that plans have."""
        return Words(self.said)


@dataclass(frozen=True)
class SamplePlan:
    """What an import would change."""

    changes: tuple[SampleStep, ...] = (
        SampleStep(2, "Ada Lovelace", "comes in as a student"),
        SampleStep(3, "Nguyễn Thị Thùy Dương", "gets an account and comes in as a student"),
    )
    notices: tuple[SampleStep, ...] = (
        SampleStep(4, "Grace Hopper", "is an instructor here and stays one"),
    )
    same: tuple[SampleStep, ...] = ()


def samples() -> dict[str, Any]:
    """Return the context of the style guide; the form comes from the view."""
    pages = Paginator(range(60), 24)
    return {
        "at": AT,
        "then": NOW,
        "zone": ZONE,
        "statuses": list(STATUSES),
        "keys_open": True,
        "nowhere": "#sg-imports",
        "marks": ["L", "H", "IP", "FP", "R", "A"],
        "sample_course": SampleCourse(),
        "sample_members": [
            SampleMember("student"),
            SampleMember("ta"),
            SampleMember("instructor"),
            SampleMember("student", "applied"),
        ],
        "sample_messages": [
            SampleMessage("Report 1 submitted. Receipt R1-7F3K-9QD2.", "success"),
            SampleMessage("The round opens on Mon 20 Oct 2025, 18:00 Berlin time.", "info"),
            SampleMessage("Two papers have no place left.", "warning"),
            SampleMessage("The list was not saved. It names a paper twice.", "error"),
        ],
        "page_first": pages.page(1),
        "page_middle": pages.page(2),
        "page_last": pages.page(3),
        "papers": ["LoRA: low-rank adaptation", "ZeRO: memory optimizations", "Megatron-LM"],
        "people": [
            SamplePerson(name)
            for name in ("Ada Lovelace", "Grace Hopper", "Kurt Gödel", "Nguyễn Thị Thùy Dương")
        ],
        "sample_upload": SamplePerson("roster.csv"),
        "sample_table": SampleTable(),
        "sample_plan": SamplePlan(),
        "accounts": [
            SamplePerson("Ada", "Ada, student", "a report is open"),
            SamplePerson("Bo", "Bo, TA"),
        ],
    }
