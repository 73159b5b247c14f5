"""One world with canaries per module, taken back afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.authz.matrix import Matrix
from tests.authz.walk import Walker
from tests.authz.world import World, built_world


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with built_world(django_db_setup, django_db_blocker) as found:
        yield found


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return Matrix.read()


@pytest.fixture(scope="module")
def walker(world: World, matrix: Matrix) -> Walker:
    return Walker(world, matrix)
