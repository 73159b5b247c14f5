"""A token of one scope, for every operation: what the operation needs lets in, nothing else does."""

from typing import Any

import pytest
from django.urls import get_resolver

from courses.access import CoursePolicy
from courses.models import Course, Membership
from seminar.accounts.models import User
from seminar.lib.access import policy_of
from seminar.lib.scopes import SCOPES
from tests.api.calls import refused
from tests.api.test_schema import api_views, operations
from tests.api.world import World, make_world
from tests.factories.accounts import make_token, with_token

pytestmark = pytest.mark.usefixtures("set_clock")

VIEWS = dict(api_views(get_resolver().url_patterns))
Place = tuple[str, str]
FOR_TOKENS = [place for place in operations() if VIEWS[place[0]].cls.takes_tokens]
STAFF_ROLES = {"ta", "instructor"}


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def roles_of(place: Place) -> frozenset[str]:
    """Which roles an operation lets in; none where membership is not asked for."""
    policy = policy_of(VIEWS[place[0]])
    return policy.roles if isinstance(policy, CoursePolicy) else frozenset()


def lowest(place: Place) -> str:
    """The lowest role that is let in."""
    roles = roles_of(place) or {"student"}
    return next(role for role in ("student", "ta", "instructor") if role in roles)


def needed(place: Place, *, as_staff: bool) -> str:
    """The scope, written down here a second time: by who asks and whether it writes."""
    verb = "read" if place[1] == "get" else "write"
    staff = as_staff or operations()[place]["operationId"] == "create_course"
    return f"staff:{verb}" if staff else verb


def answer_to(token: str, place: Place, world: World) -> Any:
    """What one is answered: let in, or the code of the refusal."""
    body = None if place[1] == "get" else {}
    answer = with_token(token, place[1], world.path(place[0]), body)
    if answer.status_code not in (401, 403):
        return "in"
    return refused(answer)


Answers = dict[tuple[Place, str], Any]


def asked(
    places: list[Place], people: dict[str, User], world: World, staff: Any
) -> tuple[Answers, Answers]:
    """Ask each place with each single scope; return the answers and what they should be."""
    tokens = {
        (role, scope): make_token(user, scope).text
        for role, user in people.items()
        for scope in SCOPES
    }
    found, expected = {}, {}
    for place in places:
        role = staff(place)
        scope_needed = needed(place, as_staff=role in STAFF_ROLES)
        for scope in SCOPES:
            found[place, scope] = answer_to(tokens[role, scope], place, world)
            is_it = scope == scope_needed
            expected[place, scope] = "in" if is_it else (403, "scope_missing")
    return found, expected


def users_of(world: World) -> dict[str, User]:
    users = {role: member.user for role, member in world.people.items()}
    for user in users.values():
        user.may_create_courses = True
        user.save()
    return users


def test_one_scope_lets_the_lowest_role_in_and_no_other_does(world: World) -> None:
    found, expected = asked(FOR_TOKENS, users_of(world), world, lowest)

    assert found == expected


def test_staff_need_a_scope_of_staff_wherever_they_act_as_staff(world: World) -> None:
    shared = [place for place in FOR_TOKENS if {"student", "ta"} <= roles_of(place)]

    found, expected = asked(shared, users_of(world), world, lambda place: "ta")

    assert found == expected != {}


def test_staff_need_a_scope_of_staff_for_all_of_a_draft(world: World) -> None:
    Course.objects.update(state=Course.State.DRAFT)
    public = ["/api/v1/courses/{slug}", "/api/v1/courses/{slug}/schedule"]

    places = [(path, "get") for path in public]
    found, expected = asked(places, users_of(world), world, lambda place: "ta")

    assert found == expected != {}


def test_a_draft_is_listed_for_a_scope_of_staff_only(ta: Membership) -> None:
    Course.objects.update(state=Course.State.DRAFT)

    def listed(*scopes: str) -> list[str]:
        answer = with_token(make_token(ta.user, *scopes).text, "GET", "/api/v1/courses")
        rows: list[dict[str, str]] = answer.json()["results"] if answer.status_code == 200 else []
        return [row["slug"] for row in rows]

    assert (listed("read"), listed("read", "staff:read")) == ([], [ta.course.slug])


def test_operations_that_no_token_opens_are_those_of_the_own_account() -> None:
    closed = {one["operationId"] for place, one in operations().items() if place not in FOR_TOKENS}

    assert closed == {
        "create_token",
        "list_tokens",
        "read_account",
        "revoke_token",
        "update_account",
    }
