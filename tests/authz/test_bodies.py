"""Each write succeeds for who may make it, and the very same body does nothing for anybody else."""

import pytest

from tests.authz.bodies import (
    BESIDES,
    MOST_WITHOUT_BODY,
    WITHOUT_BODY,
    WRITES,
    ConfirmedWalker,
    all_writes,
    contents,
    statements,
)
from tests.authz.matrix import Matrix
from tests.authz.walk import Cell, all_addresses
from tests.authz.world import World, seen_and_forgotten

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ADDRESSES = {one.name: one for one in all_addresses()}
POLICIES = Matrix.read()
POLICIES.exceptions = []  # they are about bodies that are empty
# Who is asked each time; of the others one, in turn.
ALWAYS = {"anonymous", "student", "auditor", "ta", "instructor", "instructor_elsewhere"}
IN_TURN = ["other_student", "applicant", "declined", "withdrawn", "suspended", "ta_elsewhere"]


@pytest.fixture(scope="module")
def walker(world: World) -> ConfirmedWalker:
    return ConfirmedWalker(world, POLICIES)


def test_every_write_has_a_body_or_a_reason() -> None:
    assert set(WRITES) | set(WITHOUT_BODY) == all_writes()
    assert set(WRITES) & set(WITHOUT_BODY) == set()
    assert len(WITHOUT_BODY) == MOST_WITHOUT_BODY


@pytest.mark.campaign
@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_done_for_who_may_and_nothing_for_all_others(
    name: str, walker: ConfirmedWalker, world: World
) -> None:
    write, here = WRITES[name], world.here
    with seen_and_forgotten():
        write.first(here)
        call, before = write.call(world), contents()
        for actor, kind in outsiders(Cell(ADDRESSES[write.name], call, "", write.method)).items():
            answer = walker.ask(write.method, call.path, actor, write.body(here))
            assert (actor, answer.kind, statements(answer)) == (actor, kind, [])
        answer = walker.send(write.method, call.path, write.actor, write.body(here))
        assert (answer.kind, answer.error) == ("ok", ""), answer.body.decode()
        changed = {table for table, digest in contents().items() if digest != before[table]}

    assert changed - BESIDES != set()


def outsiders(cell: Cell) -> dict[str, str]:
    """Who may not, and what the matrix says that they are answered."""
    turn = list(WRITES).index(f"{cell.address.name} {cell.method}") % len(IN_TURN)
    kinds = {
        actor: POLICIES.expected(Cell(cell.address, cell.call, actor, cell.method)).kind
        for actor in [*ALWAYS, IN_TURN[turn]]
    }
    return {actor: kind for actor, kind in kinds.items() if kind != "ok"}
