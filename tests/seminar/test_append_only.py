"""Rows that are written once, in Python and in the database."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from assignments.models import StoredFile
from grading.models import ParticipationPoint, Result, ResultRun
from presentations.models import FinalProject, Proposal, ProposalDecision, Slides
from seminar.accounts.actions import audit, once
from seminar.accounts.models import AuditEntry
from seminar.lib.append_only import AppendOnly
from tests.factories.courses import NOON, make_course, make_meeting, make_member
from tests.factories.grading import hand_in, make_component, make_item, release, score
from tests.factories.presentations import keys_of, make_round, make_submitted, make_talk

APPEND_ONLY = [model for model in apps.get_models() if issubclass(model, AppendOnly)]


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


def write_one_of_each() -> None:
    """One row in each table whose rows are written once, past every rule."""
    course = make_course()
    student, staff = make_member(course), make_member(course, "instructor")
    audit("test", at=NOON, actor=None, subject="something")
    once("nonce-0001", user=student.user, verb="test", body=1, at=NOON, do=dict)
    round_ = make_round(course)
    make_submitted(round_, student, keys_of(round_))
    work = make_component(course, "work", 100)
    item, joining = make_item(work), make_item(work, kind="participation")
    hand_in(item, student)
    StoredFile.objects.create(sha256="0" * 64, size=1, stored_at=NOON)
    score(item, student, "3")
    release(item, student, by=staff)
    ParticipationPoint.objects.create(
        item=joining, meeting=make_meeting(course), membership=student, points=1, at=NOON, by=staff
    )
    run = ResultRun.objects.create(course=course, number=1, requested_at=NOON)
    Result.objects.create(run=run, membership=student, verdict="open", content={})
    file = {"sha256": "0" * 64, "name": "slides.pdf", "size": 1}
    Slides.objects.create(
        presentation=make_talk(course, student), version=1, uploaded_at=NOON,
        uploaded_by=student.user, **file,
    )  # fmt: skip
    facts = {"mode": "new_mechanism", "title": "Sparse attention"}
    project = FinalProject.objects.create(course=course, created_at=NOON, **facts)
    proposal = Proposal.objects.create(
        project=project, version=1, fields={}, submitted_at=NOON, submitted_by=student, **facts
    )
    ProposalDecision.objects.create(
        proposal=proposal, verdict="approved", decided_at=NOON, decided_by=staff
    )


@pytest.mark.parametrize("model", APPEND_ONLY, ids=lambda model: model._meta.label)
def test_append_only_is_enforced_by_the_database(db: None, model: type[Model]) -> None:
    """Each such table has its trigger: a migration that forgets ``triggers()`` fails here."""
    write_one_of_each()
    before = list(model._default_manager.values())
    assert before, "add a row of this model to write_one_of_each"
    statements = ["UPDATE {} SET id = id"]
    if connection.vendor == "postgresql":  # SQLite lets DELETE through at this level
        statements.append("DELETE FROM {}")

    for statement in statements:
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(model._meta.db_table))

    assert list(model._default_manager.values()) == before
