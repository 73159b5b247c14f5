"""Staff who gave no second factor where production asks for one: every staff door leads to it."""

import json
from typing import Any

import pytest
from django.urls import reverse

from seminar.accounts.access import StaffPolicy
from seminar.desk.checks import NOBODY, Address
from seminar.lib.access import policy_of
from tests.authz.matrix import Matrix
from tests.authz.objects import calls
from tests.authz.walk import Answer, Cell, Walker, all_addresses, methods_of
from tests.authz.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.once]
MATRIX = Matrix.read()
OF_ADMIN = "admin."
OF_STAFF = {"staff_somewhere"}


def is_staffs(policy: Any) -> bool:
    return policy.for_staff or policy.name in OF_STAFF or policy.name.startswith(OF_ADMIN)


DOORS = [one for one in all_addresses() if one.policy and is_staffs(one.policy)]
# What the matrix excepts: nobody is let in as it is asked here.
LET_NOBODY_IN = {
    "admin:catch_all_view",
    "admin:view_on_site",
    "api:assign_preview",
    "api:reassign_preview",
}
ACTORS = ("ta", "instructor", "instructor_elsewhere", "operator")


def for_nobody(address: Address) -> bool:
    return address.policy == NOBODY


def asks_for_it(answer: Answer) -> bool:
    """Whether it leads a browser to the second factor, or tells a script of it."""
    if answer.headers.get("Content-Type") == "application/problem+json":
        kind = json.loads(answer.body)["type"]
        return (answer.status, kind) == (403, "urn:seminar:problem:second_factor_required")
    leads_to = {reverse("accounts:second_factor"), reverse("admin:login")}
    return answer.status == 302 and answer.location.partition("?")[0] in leads_to


@pytest.fixture
def walker(world: World, settings: Any) -> Walker:
    settings.STAFF_SECOND_FACTOR = True
    return Walker(world, MATRIX)


def test_policies_of_staff_are_known() -> None:
    assert isinstance(
        next(one.policy for one in DOORS if one.name == "desk:new_course"), StaffPolicy
    )
    assert {one.policy.name for one in DOORS if one.policy} == {
        "course.instructor",
        "course.staff",
        "course_creator",
        "staff_somewhere",
        *(name for name in MATRIX.rows if name.startswith(OF_ADMIN)),
    }


def test_every_door_of_staff_asks_for_the_second_factor(walker: Walker, world: World) -> None:
    """One whom the matrix lets in is asked for it by each method, and nothing is written."""
    wrong, asked = [], set()
    for turn, address in enumerate(DOORS):
        call = calls(address, world)[0]
        ours = policy_of(address.view) is not None
        methods = sorted(methods_of(address) - {"HEAD", "OPTIONS"}) if ours else ["GET", "POST"]
        for method in methods:
            let_in = [
                actor
                for actor in ACTORS
                if MATRIX.expected(Cell(address, call, actor, method)).kind == "ok"
            ]
            if not let_in:
                continue
            asked.add(address.name)
            actor = let_in[turn % len(let_in)]
            answer = walker.ask(method, call.path, actor)
            written = [sql for sql in answer.writes if '"django_session"' not in sql]
            if not asks_for_it(answer) or written:
                wrong.append((address.name, method, actor, answer.status, answer.location))

    assert wrong == []
    assert {one.name for one in DOORS if not for_nobody(one)} - asked == LET_NOBODY_IN


def test_the_admins_entrance_leads_to_the_second_factor(walker: Walker) -> None:
    answer = walker.ask("GET", reverse("admin:login"), "instructor")

    assert answer.location.partition("?")[0] == reverse("accounts:second_factor")
