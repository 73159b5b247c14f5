"""A form owns its fields and nothing else: whatever else is sent changes nothing.

Each write is made twice from the same world, once as the page sends it and once with the name of
every field of every model added; what the database holds afterwards must be the same. The API
refuses fields it does not know; tests/api asks every write of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.authz.matrix import Matrix
from tests.authz.walk import Walker
from tests.authz.world import Place, World, seen_and_forgotten
from tests.factories.assignments import make_pdf
from tests.factories.presentations import keys_of
from tests.test_constraints import OURS

# PostgreSQL numbers new rows on, also after a rollback: the two writes could not be compared there.
pytestmark = [pytest.mark.django_db, pytest.mark.once]
NONCE = "mass-assignment-0001"
Body = dict[str, Any]


@dataclass(frozen=True)
class Write:
    """A form as its page sends it, by whom."""

    name: str
    actor: str
    values: Callable[[Place], list[str]]
    body: Callable[[Place], Body]


def key_of(path: str) -> Callable[[Place], list[str]]:
    return lambda here: [getattr(here, path).key]


def key_and_student(here: Place) -> list[str]:
    return [here.hidden_item.key, here.student.code]


def nothing(here: Place) -> list[str]:
    return []


# Each with all fields that its form owns, also those that may stay empty.
WRITES = [
    Write(
        "courses:join",
        "instructor_elsewhere",
        nothing,
        lambda here: {
            "level": "Master",
            "courses_passed": [],
            "equivalent": "",
            "frameworks": "",
            "motivation": "I want to.",
            "anyway": "on",
        },
    ),
    Write("courses:withdraw_application", "applicant", nothing, lambda here: {}),
    Write(
        "courses:announce",
        "ta",
        nothing,
        lambda here: {"title": "News", "body": "Come.", "public": "false"},
    ),
    Write(
        "courses:decide_application",
        "instructor",
        lambda here: [here.applicant.code],
        lambda here: {"decision": "waitlisted", "reason": "Full."},
    ),
    Write(
        "courses:accept_applications",
        "instructor",
        nothing,
        lambda here: {"code": here.applicant.code},
    ),
    Write(
        "desk:change_state",
        "instructor",
        lambda here: [here.auditor.code],
        lambda here: {"state": "suspended", "reason": "Because."},
    ),
    Write(
        "presentations:preferences",
        "student",
        key_of("open_round"),
        lambda here: {"ranked": keys_of(here.open_round)[:2], "do": "submit", "version": "0"},
    ),
    Write(
        "assignments:choose_papers",
        "student",
        key_of("report"),
        lambda here: {"papers": [row.key for row in here.report.module.papers.all()[1:3]]},
    ),
    Write(
        "assignments:save_field",
        "student",
        key_of("report"),
        lambda here: {"field": "0.summary.0", "text": "New text.", "version": "1"},
    ),
    Write(
        "assignments:save_draft",
        "student",
        key_of("report"),
        lambda here: {"0.summary.0": "New text.", "version:0.summary.0": "1"},
    ),
    Write("assignments:submit_report", "student", key_of("report"), lambda here: {}),
    Write(
        "assignments:submit_file",
        "student",
        key_of("mini"),
        lambda here: {"file": SimpleUploadedFile("a.pdf", make_pdf(2), "application/pdf")},
    ),
    Write(
        "assignments:grant_extension",
        "ta",
        key_of("mini"),
        lambda here: {
            "student": here.student.code,
            "day": "2025-11-20",
            "time": "12:00",
            "reason": "Ill.",
        },
    ),
    Write(
        "grading:grade",
        "ta",
        key_and_student,
        lambda here: {
            "points": "5",
            "base_seq": "1",
            "feedback": "Better.",
            "note": "",
            "reason": "",
            "submission": "",
        },
    ),
    Write(
        "grading:decide_item",
        "ta",
        key_and_student,
        lambda here: {"do": "excuse", "base_seq": "1", "reason": "Ill."},
    ),
    Write(
        "grading:take_attendance",
        "ta",
        key_of("lecture"),
        lambda here: {
            f"m-{here.student.code}": "late",
            f"v-{here.student.code}": "1:in_room",
            "do": "save",
        },
    ),
    Write(
        "presentations:cancel_final_talk",
        "instructor",
        lambda here: [here.final.code],
        lambda here: {"reason": "Ill."},
    ),
    Write(
        "presentations:finals",
        "instructor",
        nothing,
        lambda here: {
            "title": "A talk",
            "mode": "new_mechanism",
            "meeting": here.finals.key,
            "members": here.other_student.code,
        },
    ),
    Write("accounts:me", "student", nothing, lambda here: {"name": "Ada", "zone": "Europe/Berlin"}),
]
# What is drawn anew each time, or says when.
DRAWN = {"code", "message_id", "key", "digest", "nonce", "text", "html", "answer", "subject"}


def hostile() -> Body:
    """Every field of every model, as if a form had it."""
    names = {
        field.name
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if not field.auto_created
    }
    worth = {"role": "instructor", "state": "active", "score": "10", "points": "10"}
    more = {"is_staff": "on", "released": "on", "late": "0", "score": "10", "membership_id": "1"}
    return dict.fromkeys(names, "1") | more | worth


def rows() -> dict[str, list[Any]]:
    """All that the database holds, but what is drawn anew."""
    return {
        model._meta.label: [
            {name: value for name, value in row.items() if name not in DRAWN}
            for row in model._base_manager.order_by("pk").values()
        ]
        for model in apps.get_models()
        if model._meta.app_label in {*OURS, "auth", "account"}
    }


@pytest.fixture(scope="module")
def walker(world: World) -> Walker:
    return Walker(world, Matrix.read())


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
def test_a_form_with_every_field_of_every_model_changes_what_it_owns(
    write: Write, walker: Walker, world: World
) -> None:
    here = world.here
    values = write.values(here)
    slug = [] if write.name == "accounts:me" else [here.course.slug]
    path = reverse(write.name, args=[*slug, *values])

    def done(extra: Body) -> tuple[str, Any]:
        body = extra | write.body(here) | {"nonce": NONCE}
        with seen_and_forgotten():
            answer = walker.send("POST", path, write.actor, body)
            return answer.kind, rows()

    before = rows()
    plain, crowded = done({}), done(hostile())

    assert plain[0] == "ok"
    assert plain[1] != before
    assert crowded == plain
