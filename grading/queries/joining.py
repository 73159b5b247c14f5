"""What was due before a student joined: missing by the facts, and no fault of theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from courses.models import Course, Membership
from grading.models import GradeItem
from grading.queries.rows import ItemRow
from grading.queries.standings import Facts, Judged, deadline_of, facts_of, staff_standings
from grading.rules import ItemState


class LateJoiner(NamedTuple):
    """A student with the items that were due before they joined and are still missing."""

    member: Membership
    items: list[ItemRow]


def due_before_joining(facts: Facts, student: Judged) -> list[ItemRow]:
    """Return a student's missing work whose own deadline passed before they joined. No query.

    What was handed in, graded, excused or overridden is not in it, nor what an extension moved
    behind the day of joining. Source: PRODUCT 3.5.
    """
    joined = student.member.joined_at
    return [
        item
        for item in facts.rows.items.values()
        if joined is not None
        and item.kind == GradeItem.Kind.ASSIGNMENT
        and student.states[item.key] is ItemState.MISSING
        and deadline_of(facts, item, student.member) < joined
    ]


def late_joiners(course: Course, *, at: datetime) -> list[LateJoiner]:
    """Return who has work to be excused because it was due before they joined, by name.

    As many queries as ``facts_of``, at any size.
    """
    facts = facts_of(course)
    return late_joiners_in(facts, staff_standings(facts, at=at))


def late_joiners_in(facts: Facts, judged: Sequence[Judged]) -> list[LateJoiner]:
    """Return the same from facts that are already read. No query."""
    found = [LateJoiner(student.member, due_before_joining(facts, student)) for student in judged]
    return [row for row in found if row.items]
