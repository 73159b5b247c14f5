"""Corrections of plain facts: what nothing is computed from and nobody is told about."""

from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Field
from django.utils.translation import gettext as _

from courses.models import Announcement, Course, Meeting, Module, Paper
from seminar.accounts.actions import audit
from seminar.accounts.models import User
from seminar.lib.errors import Refused

Row = TypeVar("Row", Course, Meeting, Module, Paper, Announcement)

CORRECTABLE: dict[type, tuple[str, ...]] = {
    Course: (
        "title", "short_name", "term", "language", "mode", "room", "description", "audience",
        "structure", "reports_text", "talks_text", "finals_text", "minis_text", "forum_url",
        "contact",
    ),
    Meeting: ("title", "topics", "room", "online_link", "online_note"),
    Module: ("title", "description"),
    Paper: ("title", "authors", "venue", "year", "arxiv", "url", "abstract"),
    Announcement: ("title", "body", "public"),
}  # fmt: skip
"""The fields that may be corrected in place. Dates, places, roles and the like have side effects."""
PAPER_YEARS = (1900, 2100)
"""First and last year a paper can be of, as the course file and the database have it."""


@transaction.atomic
def correct(
    row: Row, *, changes: dict[str, Any], seen: dict[str, Any], by: User, at: datetime
) -> Row:
    """Change plain fields of one row and write down what they were. Locks the row; queues nothing.

    Values that are as they were are no change; without any, nothing is written. ``changes`` may
    name only fields of ``CORRECTABLE``: anything else is a mistake of the caller. ``seen`` is what
    these fields held when the person began to edit.

    Raises Refused("changed_meanwhile", 409) where somebody else gave one of these fields another
    value since.
    """
    kind = type(row)
    assert set(changes) <= set(CORRECTABLE[kind]), "a field with side effects has its own action"
    locked: Row = kind._default_manager.select_for_update().get(pk=row.pk)
    before = {field: getattr(locked, field) for field in changes}
    after = {field: value for field, value in changes.items() if value != before[field]}
    if not after:
        return locked
    for field in after:
        if not _same(before[field], seen[field]):
            raise _changed_meanwhile(locked, field)
    for field, value in after.items():
        setattr(locked, field, value)
    locked.save(update_fields=list(after))
    course = locked if isinstance(locked, Course) else locked.course
    name = getattr(locked, "key", "") or getattr(locked, "code", "") or course.slug
    audit(
        "correct",
        at=at,
        actor=by,
        subject=f"{kind._meta.model_name} {name}",
        course_slug=course.slug,
        before={field: before[field] for field in after},
        after=after,
    )
    return locked


def _same(stored: Any, seen: Any) -> bool:
    """Compare as a form does: browsers send other line ends, forms strip blanks at both ends."""
    if isinstance(stored, str) and isinstance(seen, str):
        return stored.strip().splitlines() == seen.strip().splitlines()
    return bool(stored == seen)


def _changed_meanwhile(
    row: Course | Meeting | Module | Paper | Announcement, field: str
) -> Refused:
    column = row._meta.get_field(field)
    assert isinstance(column, Field), "no relation is correctable"
    return Refused(
        "changed_meanwhile",
        _(
            "Somebody else changed “%(field)s” while you were editing. It now says: “%(value)s”. "
            "Nothing of yours was saved. Open the page again and make your change there."
        )
        % {"field": column.verbose_name, "value": getattr(row, field)},
    )
