"""One world per module: it is built once, and each call in it is taken back."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.authz.world import World, built_world


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with built_world(django_db_setup, django_db_blocker) as found:
        yield found
