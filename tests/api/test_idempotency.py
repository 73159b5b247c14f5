"""Every operation that takes ``Idempotency-Key`` remembers its keys, under the verbs it says."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from presentations.models import Presentation
from seminar.accounts.models import Nonce, User
from tests.accounts.test_tokens import confirmed
from tests.api.calls import call, refused
from tests.api.test_schema import api_views, operations
from tests.api.world import World, make_world
from tests.factories.assignments import make_pdf
from tests.factories.courses import NOON, make_meeting, make_member
from tests.factories.presentations import keys_of

pytestmark = pytest.mark.usefixtures("set_clock")

VIEWS = dict(api_views(get_resolver().url_patterns))
KEY = "only-once-1"
KEYED = {
    one["operationId"]: place
    for place, one in operations().items()
    if any(header["name"] == "Idempotency-Key" for header in one.get("parameters", []))
}
TABLE = {"content": "email,1\n"}


def bodies(world: World) -> dict[str, tuple[str, dict[str, Any]]]:
    """Who asks for each of these operations, and a body that can be read."""
    student, names = world.people["student"], world.names
    other = make_member(world.course)
    ranked = keys_of(world.course.rounds.get())[:2]
    finals = make_meeting(world.course, kind="final_presentations")
    until = "2025-12-01T12:00:00Z"
    final = {
        "meeting": finals.key,
        "title": "A talk",
        "mode": "literature_review",
        "members": [other.code],
    }
    gift = {"item": names["participation.item"], "student": student.code, "verb": "give"}
    clauses = [{"component": None, "at_least": "50"}]
    token = {"name": "Script", "scopes": ["read"], "expires_at": until}
    partner = {"talk": names["partner.talk"], "member": names["partner.member"]}
    file = SimpleUploadedFile("mini.pdf", make_pdf(), content_type="application/pdf")
    return {
        "announce": ("ta", {"title": "Room", "body": "024", "public": False}),
        "send_application": ("student", {"level": "Master", "anyway": True}),
        "withdraw_application": ("student", {}),
        "import_roster": ("instructor", {"content": "name,email\nAda,ada@example.org\n"}),
        "allocate_round": ("instructor", {}),
        "publish_allocation": ("instructor", {}),
        "pin_student": (
            "instructor",
            {"student": student.code, "paper": ranked[0], "reason": "Guest."},
        ),
        "lift_pin": ("instructor", {"reason": "No guest."}),
        "enter_late_list": ("instructor", {"student": student.code, "ranked": ranked}),
        "import_preferences": ("instructor", TABLE),
        "save_list": ("student", {"ranked": ranked, "version": 1}),
        "submit_list": ("student", {"ranked": ranked}),
        "withdraw_list": ("student", {}),
        "reassign_presentation": ("instructor", {"to": other.code, "reason": "Ill."}),
        "schedule_final_talk": ("instructor", final),
        "cancel_final_talk": ("instructor", {"reason": "Ill."}),
        "assign_presenter": ("instructor", {"to": other.code, "reason": "Joined late."}),
        "accept_offer": ("student", {}),
        "decline_offer": ("student", {}),
        "confirm_presence": ("student", {}),
        "withdraw_from_talk": ("student", {"reason": "Ill."}),
        "withdraw_presenter": ("instructor", {"reason": "Ill."}),
        "propose_swap": ("student", partner | {"message": "Please?"}),
        "accept_swap": ("student", {}),
        "decline_swap": ("student", {}),
        "withdraw_swap": ("student", {}),
        "swap_presenters": ("instructor", partner | {"reason": "Both asked."}),
        "change_capacity": ("instructor", {"capacity": 2, "reason": "A big paper."}),
        "import_scores": ("instructor", {"content": "email,report\n", "reason": "Exam."}),
        "give_participation": ("ta", gift),
        "release_item": ("instructor", {"item": names["grading.key"]}),
        "request_results": ("instructor", {}),
        "freeze_results": ("instructor", {"reason": "Again."}),
        "publish_results": ("instructor", {}),
        "change_pass_rule": ("instructor", {"clauses": clauses, "reason": "Simpler", "version": 1}),
        "submit_report": ("student", {}),
        "submit_file": ("student", {"file": file}),
        "grant_extension": (
            "ta",
            {"student": student.code, "until": until, "reason": "Ill."},
        ),
        "create_token": ("student", token),
    }


def used(user: User, verb: str) -> None:
    """Note that a key was used for something."""
    Nonce.objects.create(
        user=user, nonce=KEY, verb=verb, body_hash="0" * 64, answer={}, created_at=NOON
    )


def send(user: User, path: str, body: dict[str, Any], method: str) -> HttpResponse:
    """Send a body with the key, as somebody who confirmed just now that it is them."""
    headers = {"Idempotency-Key": KEY}
    kind = {} if "file" in body else {"content_type": "application/json"}
    client: Client = confirmed(user)
    answer: HttpResponse = getattr(client, method)(path, body, headers=headers, **kind)
    return answer


@pytest.mark.parametrize("operation", sorted(KEYED))
def test_a_key_that_was_used_for_something_else_is_refused(operation: str, db: None) -> None:
    world = make_world()
    who, body = bodies(world)[operation]
    path, method = KEYED[operation]
    if operation == "cancel_final_talk":
        planned = bodies(world)["schedule_final_talk"][1]
        call(world.people["instructor"], "POST", world.course, "presentations/finals", planned)
        final = Presentation.objects.get(kind=Presentation.Kind.FINAL)
        world.names["presentations.code"] = final.code
    user = world.people[who].user
    used(user, "something_else")
    before = Nonce.objects.count()

    answer = send(user, world.path(path), body, method)

    assert refused(answer) == (422, "nonce_reused")
    assert Nonce.objects.count() == before


def test_the_table_above_has_every_operation_that_takes_a_key(db: None) -> None:
    assert set(bodies(make_world())) == set(KEYED)


def test_every_operation_that_takes_a_key_says_under_which_verbs() -> None:
    views = {place: getattr(VIEWS[place[0]].cls, place[1]) for place in operations()}

    assert {place for place, method in views.items() if method.done_once} == set(KEYED.values())
    assert {
        name: method.done_once
        for name, place in KEYED.items()
        if (method := views[place]).done_once != {name}
    } == {
        "save_list": {"prepare_list", "change_list"},
        "withdraw_presenter": {"withdraw_from_talk"},
    }
