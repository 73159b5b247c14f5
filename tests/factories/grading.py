"""Grade schemes, facts and marks for tests."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from assignments.models import Assignment, Submission
from courses.models import Course, Meeting, Membership
from grading.models import (
    AttendanceMark,
    Component,
    GradeEntry,
    GradeItem,
    PassClause,
    PassRule,
    Release,
    RubricLevel,
    RubricRow,
)
from presentations.models import Presentation, Presenter
from tests.factories.courses import NOON, make_module

NUMBERS = count(1)
DUE = NOON - timedelta(days=1)


def make_component(course: Course, key: str, weight: str | int, **fields: Any) -> Component:
    return Component.objects.create(
        **{
            "course": course,
            "key": key,
            "title": key.replace("-", " ").capitalize(),
            "weight": Decimal(weight),
            "position": next(NUMBERS),
        }
        | fields
    )


def make_assignment(course: Course, **fields: Any) -> Assignment:
    """A mini-assignment that was due yesterday noon (seen from NOON)."""
    number = next(NUMBERS)
    return Assignment.objects.create(
        **{
            "course": course,
            "key": f"work-{number}",
            "kind": Assignment.Kind.MINI,
            "title": f"Work {number}",
            "opens_rule": "2025-10-20 14:00",
            "opens_at": NOON - timedelta(days=7),
            "closes_rule": "2025-10-26 13:00",
            "closes_at": DUE,
            "position": number,
        }
        | fields
    )


def make_report(course: Course, **fields: Any) -> Assignment:
    module = fields.pop("module", None) or make_module(course)
    return make_assignment(course, kind=Assignment.Kind.REPORT, module=module, **fields)


def make_item(component: Component, **fields: Any) -> GradeItem:
    """An item scored from an assignment, of 10 points, with the whole weight of its component."""
    number = next(NUMBERS)
    kind = fields.get("kind", GradeItem.Kind.ASSIGNMENT)
    if kind == GradeItem.Kind.ASSIGNMENT and "assignment" not in fields:
        fields["assignment"] = make_assignment(component.course)
    return GradeItem.objects.create(
        **{
            "component": component,
            "course": component.course,
            "key": f"item-{number}",
            "title": f"Item {number}",
            "kind": kind,
            "weight": component.weight,
            "max_points": Decimal(10),
            "position": number,
        }
        | fields
    )


def make_rubric(item: GradeItem, rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Rows of (key, points of the levels); the highest level is the row's maximum."""
    for position, (key, levels) in enumerate(rows):
        points = [Decimal(level) for level in levels]
        row = RubricRow.objects.create(
            item=item, key=key, title=key.capitalize(), max_points=max(points), position=position
        )
        for level in points:
            RubricLevel.objects.create(row=row, points=level, text=f"Worth {level}")


def make_pass_rule(course: Course, clauses: Sequence[tuple[Component | None, str]]) -> PassRule:
    newest = course.pass_rules.first()
    rule = PassRule.objects.create(
        course=course, version=newest.version + 1 if newest else 1, created_at=NOON
    )
    for position, (component, at_least) in enumerate(clauses):
        PassClause.objects.create(
            rule=rule, component=component, at_least=Decimal(at_least), position=position
        )
    return rule


def hand_in(item: GradeItem, member: Membership, **fields: Any) -> Submission:
    """A version handed in a day before the deadline."""
    assert item.assignment is not None
    number = item.assignment.submissions.filter(membership=member).count() + 1
    return Submission.objects.create(
        **{
            "assignment": item.assignment,
            "membership": member,
            "number": number,
            "received_at": item.assignment.closes_at - timedelta(days=1),
            "content": {"file": "essay.pdf", "note": "A note about the essay."},
            "content_hash": "0" * 64,
        }
        | fields
    )


def score(item: GradeItem, member: Membership, points: str | None, **fields: Any) -> GradeEntry:
    """One line of history, past every check."""
    seq = GradeEntry.objects.filter(item=item, membership=member).count() + 1
    return GradeEntry.objects.create(
        **{
            "item": item,
            "membership": member,
            "seq": seq,
            "kind": GradeEntry.Kind.SCORE,
            "points": None if points is None else Decimal(points),
            "at": NOON,
        }
        | fields
    )


def release(item: GradeItem, *members: Membership, by: Membership) -> None:
    for member in members:
        Release.objects.create(item=item, membership=member, at=NOON, by=by)


def mark(meeting: Meeting, member: Membership, status: str, by: Membership) -> AttendanceMark:
    return AttendanceMark.objects.create(
        meeting=meeting, membership=member, status=status, at=NOON, by=by
    )


def make_talk(
    meeting: Meeting, *members: Membership, kind: str = "final", since: datetime = NOON
) -> Presentation:
    """A final talk held by these people."""
    number = next(NUMBERS)
    talk = Presentation.objects.create(
        course=meeting.course,
        kind=kind,
        title=f"Talk {number}",
        meeting=meeting,
        position=number,
        minutes=12,
    )
    for seat, member in enumerate(members):
        Presenter.objects.create(
            presentation=talk, membership=member, kind=kind, seat=seat, reason="pinned", since=since
        )
    return talk
