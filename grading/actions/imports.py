"""Scores from a file: the same lines of history as from the page, with the same refusals."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Membership
from grading.actions.entries import append
from grading.actions.locks import (
    is_frozen,
    lock_course_students,
    refuse_texts,
    required_reason,
)
from grading.models import GradeEntry, GradeItem
from grading.queries.imports import grade_facts
from grading.rules.imports import Graded, plan_scores, read_scores
from seminar.accounts.actions import audit, once
from seminar.lib.plans import Plan, preview_data, refuse_other_plan, refuse_problems
from seminar.lib.tables import Table


def plan_of_scores(course: Course, table: Table, *, at: datetime) -> Plan[Graded]:
    """Return what these scores would change now; writes nothing. Eight queries at any size."""
    given, problems = read_scores(table.rows)
    plan = plan_scores(given, grade_facts(course, frozen=is_frozen(course), at=at))
    return Plan(plan.steps, (*table.problems, *problems, *plan.problems))


@transaction.atomic
def import_scores(  # noqa: PLR0913 - what every import takes, and the reason
    course: Course,
    table: Table,
    *,
    by: Membership | None,
    at: datetime,
    reason: str = "",
    expected: str | None = None,
    nonce: str = "",
) -> dict[str, Any]:
    """Add a line to the history of every grade that a file changes; all of them or none.

    Releases nothing and mails nobody; what is released already changes in sight of its student.
    ``reason`` is kept with every line. It is needed, as on the page, where a student sees the
    change at once, where results are frozen, and for excuses and overrides. ``by`` is None for the
    command line. ``expected``: the hash of the plan that was shown; it covers the last line of each
    history that was seen.
    Returns the plan as ``preview_data`` gives it.

    Locks all students of the course. Queues nothing. Writes one audit entry for the file and one
    for each line. Raises Refused: "file_refused" (422) with every problem, "preview_outdated"
    (409), "reason_missing", "text_refused" (422), and what ``once`` raises.
    """
    lock_course_students(course)
    refuse_texts(reason=reason)
    given = reason.strip()

    def do() -> dict[str, Any]:
        plan = plan_of_scores(course, table, at=at)
        refuse_problems(plan.problems)
        refuse_other_plan(plan, expected)
        changes = [step.change for step in plan.steps if step.change]
        if any(change.needs_reason for change in changes):
            required_reason(given)
        _write(course, changes, given or _("Imported from a file."), by, at)
        return preview_data(table, plan)

    if by is None:
        return do()
    body = [course.slug, expected, given, table.rows]
    return once(nonce, user=by.user, verb="import_scores", body=body, at=at, do=do)


def _write(
    course: Course, changes: list[Graded], reason: str, by: Membership | None, at: datetime
) -> None:
    if not changes:
        return
    items = {item.key: item for item in GradeItem.objects.filter(course=course)}
    rows = Membership.objects.filter(course=course, code__in={c.student for c in changes})
    members = {row.code: row for row in rows}
    histories: dict[tuple[int, int], list[GradeEntry]] = defaultdict(list)
    lines = GradeEntry.objects.filter(item__course=course, membership__in=members.values())
    for line in lines.order_by("seq"):
        histories[line.item_id, line.membership_id].append(line)
    for change in changes:
        item, member = items[change.item], members[change.student]
        item.course = course
        history = histories[item.pk, member.pk]
        append(item, member, history, by=by, at=at, fields=_fields(change, history, reason))
    audit(
        "import_scores",
        at=at,
        actor=by.user if by else None,
        subject="scores",
        course_slug=course.slug,
        after=[[change.student, change.item, change.kind, change.points] for change in changes],
        reason=reason,
    )


def _fields(change: Graded, history: list[GradeEntry], reason: str) -> dict[str, Any]:
    """Return the new line: feedback and note stay, picks of a rubric go with the score they made."""
    last = history[-1] if history else None
    return {
        "kind": change.kind,
        "points": Decimal(change.points) if change.points else None,
        "reason": reason,
        "feedback": last.feedback if last else "",
        "note": last.note if last else "",
        "submission_id": change.submission,
    }
