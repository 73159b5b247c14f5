"""The cells of a gradebook as files read and write them."""

from datetime import datetime

from assignments.rules import GRACE
from courses.models import Course, Membership
from courses.queries import email_key
from grading import rules
from grading.models import GradeItem
from grading.queries.rows import ItemRow
from grading.queries.standings import (
    COMPUTED,
    Facts,
    deadline_of,
    facts_of,
    item_facts,
    staff_standings,
)
from grading.rules.imports import CellNow, GradeFacts, exported


def grade_facts(course: Course, *, frozen: bool, at: datetime) -> GradeFacts:
    """Return every cell of the course's active students. Seven queries at any size.

    Exact only for a caller that holds the lock on all students. ``frozen``: the results are, so
    that every change of a grade needs a reason.
    """
    facts = facts_of(course)
    cells = {}
    for judged in staff_standings(facts, at=at):
        key = email_key(judged.member.user)
        for item in facts.rows.items.values():
            cells[key, item.key] = cell_now(facts, item, judged.member, frozen=frozen, at=at)
    return GradeFacts(
        students={email_key(member.user): member.code for member in facts.rows.students},
        items={item.key: item.max_points for item in facts.rows.items.values()},
        cells=cells,
    )


def cell_now(
    facts: Facts, item: ItemRow, member: Membership, *, frozen: bool, at: datetime
) -> CellNow:
    """Return one cell with what counts now and why it cannot be scored, if so. No query."""
    fact = item_facts(facts, item, member)
    return CellNow(
        folded=fact.folded,
        state=rules.staff_state(fact, at),
        refusal=refusal_of(facts, item, member, at),
        submission=fact.newest,
        is_visible=fact.released or frozen,
    )


def refusal_of(facts: Facts, item: ItemRow, member: Membership, at: datetime) -> str:
    """Return why an item of a student cannot be scored, as ``gradable_from`` decides it."""
    if item.kind in COMPUTED:
        return "computed"
    if item.kind == GradeItem.Kind.ASSIGNMENT:
        if member.pk not in facts.rows.submissions[item.assignment or 0]:
            return "nothing_to_grade"
        since = deadline_of(facts, item, member) + GRACE
    else:
        meeting = facts.meetings.get(facts.rows.talks.get((item.talk_kind, member.pk), 0))
        if meeting is None or meeting.cancelled_at is not None:
            return "nothing_to_grade"
        since = meeting.starts_at
    return "too_early" if at < since else ""


def scores_table(course: Course, *, at: datetime, item: str = "") -> list[list[str | None]]:
    """Return the gradebook, or one item of it, as ``import_scores`` reads it. Seven queries.

    By student, then by item; every cell has a row, so that the file can be filled in.
    """
    facts = grade_facts(course, frozen=False, at=at)
    return [
        [email, key, *exported(cell)]
        for (email, key), cell in facts.cells.items()
        if item in {"", key}
    ]
