"""A form owns its fields and nothing else: whatever else is sent changes nothing.

Each write is made twice from the same world, once as the page sends it and once with the name of
every field of every model added; what the database holds afterwards must be the same. The API
refuses fields it does not know; tests/api asks every write of it.
"""

from typing import Any

import pytest
from django.apps import apps

from tests.authz.bodies import PAGES, Body, Write
from tests.authz.matrix import Matrix
from tests.authz.walk import Walker
from tests.authz.world import World, seen_and_forgotten
from tests.test_constraints import OURS

# PostgreSQL numbers new rows on, also after a rollback: the two writes could not be compared there.
pytestmark = [pytest.mark.django_db, pytest.mark.once]
NONCE = "mass-assignment-0001"


WRITES = [write for write in PAGES if write.crowded]
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
    path = write.call(world).path

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
