"""Every list needs the same number of queries however long it is."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.api.test_access import READS, right
from tests.api.test_schema import operations
from tests.api.world import World, make_world

pytestmark = pytest.mark.usefixtures("set_clock")

LISTS = [
    place
    for place in READS
    if operations()[place]["responses"]["200"]["content"]
    .get("application/json", {"schema": {}})["schema"]
    .get("$ref", "")
    .endswith("List")
]
MOST = 12


def queries(world: World, place: tuple[str, str]) -> int:
    """How many queries one GET takes, those of session and user among them."""
    client = Client()
    client.force_login(right(world, place).user)
    with CaptureQueriesContext(
        connection,
    ) as found:
        answer = client.get(world.path(place[0]))
    assert answer.status_code == 200
    return len(found)


def test_lists_take_the_same_queries_at_two_sizes(db: None) -> None:
    small, big = make_world(students=2), make_world(students=6)

    counted = {place: (queries(small, place), queries(big, place)) for place in LISTS}

    assert {place: pair for place, pair in counted.items() if pair[0] != pair[1]} == {}
    assert {place: pair for place, pair in counted.items() if max(pair) > MOST} == {}
    assert len(counted) == 20
