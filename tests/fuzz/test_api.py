"""No request that the schema describes, or forbids, is answered 5xx or otherwise than promised."""

from collections import Counter

import pytest
from schemathesis.schemas import APIOperation

from courses.access import CoursePolicy
from courses.models import Membership
from seminar.lib.access import policy_of
from tests.api.test_access import VIEWS
from tests.api.world import World, make_world
from tests.fuzz.api import faults_of, operations

pytestmark = [pytest.mark.usefixtures("set_clock"), pytest.mark.services]
ROLES = ["student", "ta", "instructor"]


def lowest(world: World, operation: APIOperation) -> Membership:
    """Return the person with the least rights who is let in."""
    policy = policy_of(VIEWS[operation.path])
    roles = policy.roles if isinstance(policy, CoursePolicy) and policy.roles else ROLES
    return world.people[next(role for role in ROLES if role in roles)]


def test_the_api_keeps_what_its_schema_promises(db: None) -> None:
    world, answered = make_world(), Counter[int]()

    faults = [
        fault
        for operation in operations()
        for fault in faults_of(world, lowest(world, operation), operation, answered, examples=3)
    ]

    assert faults == []
    assert answered.total() > 2 * len(list(operations()))
    # It got somewhere: things were read, written, refused, not found.
    assert {200, 404, 422} <= set(answered)


def test_a_broken_promise_is_seen(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    world, answered = make_world(), Counter[int]()
    operation = next(one for one in operations() if one.path.endswith("/courses/{slug}"))
    view = VIEWS[operation.path].cls
    monkeypatch.setattr(view, "get", lambda self, request, **names: self.nowhere())

    faults = faults_of(world, world.people["student"], operation, answered, examples=30)

    assert any("500" in fault or "Server error" in fault for fault in faults), faults


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("who", ["nobody", *ROLES])
def test_the_api_keeps_its_promises_for_a_long_time(db: None, who: str) -> None:
    world, answered = make_world(), Counter[int]()

    faults = [
        fault
        for operation in operations()
        for fault in faults_of(world, world.people.get(who), operation, answered, examples=100)
    ]

    assert faults == []
