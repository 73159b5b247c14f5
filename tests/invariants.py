"""After every test that used the database, what always holds still has to (level 0).

A test that stores on purpose what no action would says so, with the reason:
``@pytest.mark.plants_violation("I-05", reason="...")``; everything else is still asserted.
"""

from collections.abc import Iterator

import pytest
from django.db import connection

from seminar.desk.queries.invariants import run
from seminar.lib import clock
from tests.database import uses_database


@pytest.fixture(autouse=True)
def _what_always_holds(request: pytest.FixtureRequest) -> Iterator[None]:
    """Check before the database is rolled back: this fixture is set up after it, so ends first."""
    if not uses_database(request.node, request.fixturenames):
        yield
        return
    request.getfixturevalue("_django_db_helper")
    yield
    if not connection.needs_rollback:  # a broken transaction can be asked nothing
        broken = broken_invariants() - planted(request.node)
        assert not broken, "\n".join(broken_words(broken))


def planted(node: pytest.Item) -> set[str]:
    """The ids that a test says it breaks. Saying why is not optional."""
    ids: set[str] = set()
    for marker in node.iter_markers("plants_violation"):
        assert marker.args, "name the invariants"
        assert marker.kwargs.get("reason"), "say why"
        ids |= set(marker.args)
    return ids


def broken_invariants() -> set[str]:
    found = run(at=clock.now())
    return {finding.invariant.id for finding in found if finding.violations or finding.error}


def broken_words(ids: set[str]) -> Iterator[str]:
    for finding in run(at=clock.now(), only=ids):
        yield f"{finding.invariant.id}: {finding.invariant.explain} {finding.error}"
        yield from (f"    {finding.invariant.id} {row}" for row in finding.violations[:5])
