"""Every operation x who asks: the right role gets in, everybody else is told the same as ever."""

from typing import Any

import pytest
from django.urls import get_resolver

from courses.access import COURSE_APPLICANT, COURSE_PUBLIC, CoursePolicy
from courses.models import Membership
from seminar.lib.access import policy_of
from tests.api.calls import ask, fields_of, refused
from tests.api.test_schema import api_views, operations, schema
from tests.api.world import World, make_world

pytestmark = pytest.mark.usefixtures("set_clock")

VIEWS = dict(api_views(get_resolver().url_patterns))
Place = tuple[str, str]
OF_A_COURSE = [place for place in operations() if "{slug}" in place[0]]
GUARDED = [place for place in OF_A_COURSE if policy_of(VIEWS[place[0]]) != COURSE_PUBLIC]
WITH_ROLES = [place for place in GUARDED if policy_of(VIEWS[place[0]]) != COURSE_APPLICANT]
NESTED = [place for place in WITH_ROLES if place[0].count("{") > 1]
WRITES = [place for place in OF_A_COURSE if place[1] != "get"]
SHAPES = schema()["components"]["schemas"]
READS = [place for place in OF_A_COURSE if place[1] == "get"]
# Reading these needs more than an address, or finds what a world without files does not have.
NOT_PLAIN = {"preview_reassignment", "preview_assignment", "download_file", "read_feedback"}


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def policy(place: tuple[str, str]) -> CoursePolicy:
    found = policy_of(VIEWS[place[0]])
    assert isinstance(found, CoursePolicy)
    return found


def right(world: World, place: tuple[str, str]) -> Membership:
    """Somebody who may: the lowest role that is let in."""
    order = ("student", "ta", "instructor")
    roles = policy(place).roles or frozenset(order)
    return world.people[next(role for role in order if role in roles)]


def body_for(place: tuple[str, str]) -> Any:
    """An empty body of the type the operation takes."""
    kinds = operations()[place].get("requestBody", {}).get("content", {"application/json": {}})
    return {} if place[1] != "get" and "application/json" in kinds else None


def answers(who: Membership | None, places: list[Place], world: World, **more: Any) -> Any:
    """What everybody of these is refused with."""
    return {
        place: refused(ask(who, place[1], world.path(place[0]), more.get("body", body_for(place))))
        for place in places
    }


def test_nobody_signed_in_is_answered_401(world: World) -> None:
    assert answers(None, GUARDED, world) == dict.fromkeys(GUARDED, (401, "not_authenticated"))


@pytest.mark.parametrize("role", ["student", "auditor", "ta", "instructor"])
def test_a_wrong_role_is_answered_403(role: str, world: World) -> None:
    wrong = [place for place in WITH_ROLES if role not in policy(place).roles]

    assert answers(world.people[role], wrong, world) == dict.fromkeys(wrong, (403, "forbidden"))
    assert wrong


@pytest.mark.parametrize("who", ["other_ta", "outsider"])
def test_strangers_are_answered_404(who: str, world: World, request: pytest.FixtureRequest) -> None:
    stranger = request.getfixturevalue(who)

    found = answers(stranger, WITH_ROLES, world)

    assert found == dict.fromkeys(WITH_ROLES, (404, "not_found"))


def test_another_courses_objects_do_not_exist(world: World) -> None:
    elsewhere = make_world()
    mixed = World(elsewhere.course, elsewhere.people, world.names)

    found = {place: answers(right(elsewhere, place), [place], mixed)[place] for place in NESTED}

    assert found == dict.fromkeys(NESTED, (404, "not_found"))


def test_a_field_it_does_not_know_is_refused_and_named(world: World) -> None:
    writes = [place for place in WRITES if body_for(place) is not None]

    found = {}
    for place in writes:
        answer = ask(right(world, place), place[1], world.path(place[0]), {"nope": 1})
        found[place] = (refused(answer), fields_of(answer))

    assert found == dict.fromkeys(writes, ((422, "invalid"), ["nope"]))


def test_every_read_answers_the_right_role_in_the_shape_of_the_schema(world: World) -> None:
    found = {}
    for place in READS:
        operation = operations()[place]
        if operation["operationId"] not in NOT_PLAIN:
            answer = ask(right(world, place), "GET", world.path(place[0]))
            shape = operation["responses"]["200"]["content"]["application/json"]["schema"]
            found[place] = (answer.status_code, misfits(answer.json(), shape))

    assert found == dict.fromkeys(found, (200, []))


def misfits(value: Any, shape: dict[str, Any], where: str = "answer") -> list[str]:
    """Where an answer has other fields or types than its shape lists, all the way down."""
    if value is None:
        return [] if shape.get("nullable") else [f"{where} is null"]
    if "allOf" in shape:
        return misfits(value, shape["allOf"][0], where)
    if "$ref" in shape:
        return misfits(value, SHAPES[shape["$ref"].rpartition("/")[2]], where)
    if shape.get("type") == "array":
        parts = [(part, shape["items"], f"{where}.{index}") for index, part in enumerate(value)]
    elif "properties" in shape:
        other = set(value) ^ set(shape["properties"])
        if other:
            return [f"{where}: {sorted(other)}"]
        parts = [(part, shape["properties"][name], name) for name, part in value.items()]
    else:
        wanted = {"string": str, "integer": int, "boolean": bool}.get(shape.get("type"), object)
        return [] if isinstance(value, wanted) else [f"{where} is {value!r}"]
    return [found for part in parts for found in misfits(*part)]
