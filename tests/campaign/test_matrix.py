"""The whole matrix: every address x every method x everybody x every relation. See tests/authz."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.authz.test_matrix import MATRIX, POLICIES, addresses_of
from tests.authz.walk import Walker, cells
from tests.authz.world import World, built_world

pytestmark = [pytest.mark.django_db, pytest.mark.campaign, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with built_world(django_db_setup, django_db_blocker) as found:
        yield found


@pytest.fixture(scope="module")
def walker(world: World) -> Walker:
    return Walker(world, MATRIX)


@pytest.mark.parametrize("policy", POLICIES)
def test_everybody_is_answered_as_the_matrix_says_about_everything(
    policy: str, walker: Walker, world: World
) -> None:
    wrong = [
        problem
        for address in addresses_of(policy)
        for cell in cells(address, world, MATRIX, everything=True)
        for problem in walker.problems(cell)
    ]

    assert wrong == []
