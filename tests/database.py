"""Which tests use the database."""

import pytest

# What a test or a fixture of it asks for where it wants the database for itself.
FIXTURES = {"db", "transactional_db", "live_server", "django_db_reset_sequences"}


def uses_database(node: pytest.Item, fixtures: list[str]) -> bool:
    """Say whether a test may write: by its marker, or by what it asks for."""
    return node.get_closest_marker("django_db") is not None or bool(FIXTURES & set(fixtures))
