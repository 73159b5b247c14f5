"""Every address x method x who asks x what it is about, against matrix.toml.

``make test`` asks a sample on SQLite (``sample`` says which, a test here says what it covers);
``make campaign`` asks everything, on both databases.
"""

from typing import Any

import pytest

from seminar.desk.checks import Address
from seminar.lib.access import policy_of
from tests.authz.matrix import UNSAFE, Matrix
from tests.authz.objects import RELATIONS, calls
from tests.authz.walk import Cell, Walker, all_addresses, cells, declared_methods, methods_of
from tests.authz.world import World

pytestmark = pytest.mark.django_db
MATRIX = Matrix.read()
POLICIES = sorted({address.policy.name for address in all_addresses() if address.policy})


@pytest.fixture(scope="module")
def walker(world: World) -> Walker:
    return Walker(world, MATRIX)


def addresses_of(policy: str) -> list[Address]:
    return [one for one in all_addresses() if one.policy and one.policy.name == policy]


def test_policies_in_use_are_the_rows_of_the_matrix() -> None:
    assert sorted(MATRIX.rows) == POLICIES


def test_every_row_names_every_actor(world: World) -> None:
    assert {
        policy: set(row) - set(world.actors)
        for policy, row in MATRIX.rows.items()
        if set(row) != set(world.actors)
    } == {}


@pytest.mark.parametrize("policy", POLICIES)
def test_the_columns_of_a_row_are_the_relations_its_addresses_have(
    policy: str, world: World
) -> None:
    asked = {call.relation for one in addresses_of(policy) for call in calls(one, world)}

    for actor, row in MATRIX.rows[policy].items():
        said = {relation for relation in RELATIONS if row[relation] != "-"}
        assert said == asked, actor


def test_every_page_of_ours_says_which_methods_it_answers() -> None:
    silent = {
        one.name
        for one in all_addresses()
        if policy_of(one.view) and declared_methods(one.view) is None
    }

    assert silent == {"api:unknown"}  # answers 404, however it is asked


@pytest.mark.once
def test_the_sample_asks_every_address_every_method_and_everybody(world: World) -> None:
    """And everybody about everything that an address of the policy is about."""
    every, asked = [
        {
            (part, cell.address.policy.name, fact)
            for address in all_addresses()
            for cell in cells(address, world, MATRIX, everything=everything)
            for part, fact in facts_of(cell, address)
        }
        for everything in (True, False)
    ]

    assert every - asked == set()


EXCEPTED = {exception.name for exception in MATRIX.exceptions}
BY_BROWSERS = {"GET", "POST"}  # what pages of other packages, which say of no method, are asked by


def facts_of(cell: Cell, address: Address) -> list[tuple[str, Any]]:
    """What a cell shows, of that which each run has to show."""
    ours = policy_of(address.view) is not None
    is_taken = cell.method in (methods_of(address) - {"HEAD", "OPTIONS"} if ours else BY_BROWSERS)
    facts: list[tuple[str, Any]] = [
        ("actors of the policy", cell.actor),
        ("relations of the policy", cell.call.relation),
    ]
    if is_taken:
        facts.append(("methods of the address", (address.route, cell.method)))
    itself = cell.call.relation in {"course", "own"} and address.name not in EXCEPTED
    if is_taken and itself and MATRIX.expected(cell).kind == "ok":
        facts.append(("who comes in", cell.actor))
    return facts


@pytest.mark.once  # the campaign asks everything, on PostgreSQL too
@pytest.mark.parametrize("policy", POLICIES)
def test_everybody_is_answered_as_the_matrix_says(
    policy: str, walker: Walker, world: World
) -> None:
    wrong = [
        problem
        for address in addresses_of(policy)
        for cell in cells(address, world, MATRIX, everything=False)
        for problem in walker.problems(cell)
    ]

    assert wrong == []


def test_a_write_without_the_csrf_token_is_refused(walker: Walker, world: World) -> None:
    taken = []
    for address in all_addresses():
        for method in sorted(methods_of(address) & UNSAFE):
            call = calls(address, world)[0]
            answer = walker.ask(method, call.path, guest_of(address), with_csrf=True)
            if address.name != "api:unknown" and (answer.status != 403 or answer.writes):
                taken.append((address.name, method, answer.status, answer.writes))

    assert taken == []


def guest_of(address: Address) -> str:
    """Somebody with a session, whom the page lets in if anybody."""
    assert address.policy is not None
    rows = MATRIX.rows[address.policy.name]
    in_session = [actor for actor in rows if actor not in {"anonymous", "mfa_pending"}]
    first = [actor for actor in in_session if "ok" in {rows[actor]["course"], rows[actor]["own"]}]
    return (first or in_session)[0]


def test_every_exception_is_needed(world: World) -> None:
    """Each changes what its policy says of at least one cell, and there are not more than allowed."""
    bare = Matrix.read()
    bare.exceptions = []
    differs = set()
    for address in all_addresses():
        for cell in cells(address, world, MATRIX, everything=True):
            found = MATRIX.expected(cell)
            if found.exception is not None and found.kind != bare.expected(cell).kind:
                differs.add(found.exception)

    assert differs == set(range(len(MATRIX.exceptions)))
    assert len(MATRIX.exceptions) == MATRIX.most_exceptions
