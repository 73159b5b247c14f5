"""What the tests of sign-in share."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import LazySettings

from tests.security import people


@pytest.fixture
def real_limits(settings: LazySettings, time_stands: object) -> None:
    people.real_limits(settings)


@pytest.fixture
def time_stands(settings: LazySettings) -> Iterator[object]:
    """Stop the time, so that a code is not too old a moment later; ``shift`` moves it on."""
    people.own_cache(settings)  # codes of other tests are not used up here
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def staff_need_it(settings: LazySettings, time_stands: object) -> None:
    """Demand the second factor of staff, as production does."""
    settings.STAFF_SECOND_FACTOR = True
