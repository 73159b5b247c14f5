"""Rows that are written once, in Python and in the database."""

import pytest
from django.db import DatabaseError, connection, transaction

from seminar.accounts.actions import audit
from seminar.accounts.models import AuditEntry
from tests.factories.courses import NOON


def test_append_only_refuses_to_change_a_row(db: None) -> None:
    entry = audit("test", at=NOON, actor=None, subject="something")
    entry.verb = "changed"

    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    with pytest.raises(TypeError):
        AuditEntry.objects.update(verb="changed")

    assert AuditEntry.objects.get().verb == "test"


def test_append_only_is_enforced_by_the_database(db: None) -> None:
    audit("test", at=NOON, actor=None, subject="something")

    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE accounts_auditentry SET verb = 'changed'")

    assert AuditEntry.objects.get().verb == "test"
