"""Scoring, excusing, overriding: each adds one line to the history of a grade."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from django.db import transaction
from django.utils.translation import gettext as _

from assignments.models import Submission
from courses.models import Membership
from grading import rules
from grading.actions.locks import is_frozen, lock_students, refuse_texts, required_reason
from grading.models import GradeEntry, GradeItem, Release, RubricRow
from grading.queries import gradable_from
from seminar.accounts.actions import audit
from seminar.lib.errors import Refused
from seminar.lib.numbers import NumberError, parse_score, plain


@dataclass(frozen=True)
class Grade:
    """What a grader sends: picks by rubric row key, or ``points`` where an item has no rubric.

    ``base_seq`` is the last line of the history the grader saw (0: none), ``submission`` the code
    of the version that was read. ``feedback`` is for the student, ``note`` for staff only.
    """

    base_seq: int
    picks: Mapping[str, str] = field(default_factory=dict)
    points: str = ""
    feedback: str = ""
    note: str = ""
    reason: str = ""
    submission: str = ""


class Change(NamedTuple):
    """Why an exception is made, and the last line of the history that was seen."""

    reason: str
    base_seq: int


@transaction.atomic
def grade_item(
    item: GradeItem, membership: Membership, grade: Grade, *, by: Membership, at: datetime
) -> GradeEntry:
    """Add a score to a grade's history. Releases nothing and mails nobody.

    Locks the membership: two graders are served in turn, and the second one's base is stale.
    Queues nothing. Raises Refused: "stale" (409, ``problems`` hold the other version), "newer_version"
    (409) if another submission counts now, "computed", "nothing_to_grade", "too_early" (409),
    "score" (422) naming item, value and rule, "reason_missing" (422) for a visible grade,
    "text_refused" (422).
    """
    lock_students([membership.pk])
    refuse_texts(feedback=grade.feedback, note=grade.note, reason=grade.reason)
    refuse_foreign(item, membership)
    history = lines_of(item, membership)
    if history and repeats(history[-1], grade, by):
        return history[-1]
    refuse_stale(history, grade.base_seq)
    submission = submission_to_grade(item, membership, grade, at)
    picks, points = score_of(item, grade)
    reason = grade.reason.strip()
    if is_visible(item, membership):
        reason = required_reason(reason)
    return append(
        item,
        membership,
        history,
        by=by,
        at=at,
        fields={
            "kind": GradeEntry.Kind.SCORE,
            "points": points,
            "rubric": picks,
            "feedback": grade.feedback.strip(),
            "note": grade.note.strip(),
            "reason": reason,
            "submission": submission,
        },
    )


@transaction.atomic
def excuse_item(
    item: GradeItem, membership: Membership, change: Change, *, by: Membership, at: datetime
) -> GradeEntry:
    """Take an item out of one student's sums, with a reason.

    Locks the membership. Queues nothing. Raises Refused: "stale" (409), "reason_missing" (422).
    """
    return make_exception(item, membership, change, GradeEntry.Kind.EXCUSE, by=by, at=at)


@transaction.atomic
def override_item(
    item: GradeItem,
    membership: Membership,
    points: str,
    change: Change,
    *,
    by: Membership,
    at: datetime,
) -> GradeEntry:
    """Set what an item counts, whatever was scored or computed. Final: no late deduction again.

    Locks the membership. Queues nothing. Raises Refused: "stale" (409), "score",
    "reason_missing" (422).
    """
    value = checked_score(points, item.title, item.max_points)
    return make_exception(
        item, membership, change, GradeEntry.Kind.OVERRIDE, points=value, by=by, at=at
    )


@transaction.atomic
def clear_item(
    item: GradeItem, membership: Membership, change: Change, *, by: Membership, at: datetime
) -> GradeEntry:
    """Take the override back if there is one, else the score or the excuse, with its feedback.

    Locks the membership. Queues nothing. Raises Refused: "nothing_to_clear", "stale" (409),
    "reason_missing" (422).
    """
    lock_students([membership.pk])
    now = rules.current(
        rules.Entry(line.seq, rules.EntryKind(line.kind), line.points)
        for line in lines_of(item, membership)
    )
    if now.override is None and now.score is None and not now.excused:
        raise Refused("nothing_to_clear", _("There is no grade to clear."))
    return make_exception(
        item, membership, change, GradeEntry.Kind.CLEAR, by=by, at=at, keep=now.override is not None
    )


def make_exception(  # noqa: PLR0913 - the common part of three verbs
    item: GradeItem,
    membership: Membership,
    change: Change,
    kind: str,
    *,
    by: Membership,
    at: datetime,
    points: Decimal | None = None,
    keep: bool = True,
) -> GradeEntry:
    """Lock, check and append one line that is no score; ``keep`` the feedback given before."""
    lock_students([membership.pk])
    refuse_foreign(item, membership)
    history = lines_of(item, membership)
    refuse_stale(history, change.base_seq)
    last = history[-1] if history else None
    fields = {
        "kind": kind,
        "points": points,
        "reason": required_reason(change.reason),
        "feedback": last.feedback if last and keep else "",
        "note": last.note if last else "",
    }
    return append(item, membership, history, by=by, at=at, fields=fields)


def append(
    item: GradeItem,
    membership: Membership,
    history: list[GradeEntry],
    *,
    by: Membership | None,
    at: datetime,
    fields: dict[str, Any],
) -> GradeEntry:
    """Insert the next line and its audit entry. Call with the membership locked.

    ``by`` is None for the command line.
    """
    last = history[-1] if history else None
    entry = GradeEntry.objects.create(
        item=item,
        membership=membership,
        seq=last.seq + 1 if last else 1,
        at=at,
        by=by,
        **fields,
    )
    audit(
        f"{entry.kind}_item" if entry.kind != GradeEntry.Kind.SCORE else "grade_item",
        at=at,
        actor=by.user if by else None,
        subject=f"{item.key} member {membership.code}",
        course_slug=item.course.slug,
        before=summary(last),
        after=summary(entry),
        reason=entry.reason,
    )
    return entry


def summary(entry: GradeEntry | None) -> dict[str, Any] | None:
    """Return what the audit keeps of a line: no texts."""
    if entry is None:
        return None
    points = None if entry.points is None else str(entry.points)
    return {"seq": entry.seq, "kind": entry.kind, "points": points, "rubric": entry.rubric}


def lines_of(item: GradeItem, membership: Membership) -> list[GradeEntry]:
    """Return a grade's history, oldest first. Read after locking."""
    rows = GradeEntry.objects.filter(item=item, membership=membership)
    return list(rows.select_related("by__user").order_by("seq"))


def is_visible(item: GradeItem, membership: Membership) -> bool:
    """Say whether a change would be seen or would change a frozen result: it needs a reason."""
    released = Release.objects.filter(item=item, membership=membership).exists()
    return released or is_frozen(item.course)


def refuse_foreign(item: GradeItem, membership: Membership) -> None:
    """Raise Refused("no_student", 422) for somebody who is not graded in this course."""
    if membership.course_id != item.course_id or membership.role != Membership.Role.STUDENT:
        raise Refused(
            "no_student",
            _("%(name)s is no student of this course.") % {"name": membership},
            status=422,
            problems=[
                {
                    "field": item.key,
                    "value": str(membership),
                    "rule": _("Only students are graded."),
                }
            ],
        )


def repeats(last: GradeEntry, grade: Grade, by: Membership) -> bool:
    """Say whether a request only repeats the line it already wrote: a double click, a retry."""
    return (
        last.seq == grade.base_seq + 1
        and last.kind == GradeEntry.Kind.SCORE
        and last.by_id == by.pk
        and written(last) == typed(grade)
        and last.feedback == grade.feedback.strip()
        and last.note == grade.note.strip()
    )


def written(last: GradeEntry) -> dict[str, Decimal | None]:
    """Return a line's points by rubric row; under "" where there is no rubric."""
    rows: dict[str, Decimal | None] = {k: Decimal(v) for k, v in last.rubric.items()}
    return rows or {"": last.points}


def typed(grade: Grade) -> dict[str, Decimal | None]:
    """Return the same of what a grader sends; None for what is no number."""
    return {key: read_score(text) for key, text in (grade.picks or {"": grade.points}).items()}


def read_score(text: str) -> Decimal | None:
    """Return points typed by a person, None if they are none."""
    try:
        return parse_score(text)
    except NumberError:
        return None


def refuse_stale(history: list[GradeEntry], base_seq: int) -> None:
    """Raise Refused("stale", 409) with the other version if the history has grown meanwhile."""
    last = history[-1] if history else None
    if (last.seq if last else 0) == base_seq:
        return
    problems = []
    if last is not None:
        shown = last.get_kind_display() if last.points is None else plain(last.points)
        rule = _("Saved by %(name)s.") % {"name": last.by or _("the import")}
        problems = [{"field": "points", "value": shown, "rule": rule}]
    raise Refused(
        "stale",
        _("Someone else graded this meanwhile. Your version was not saved."),
        problems=problems,
    )


def submission_to_grade(
    item: GradeItem, membership: Membership, grade: Grade, at: datetime
) -> Submission | None:
    """Return the version that is graded; None for a talk. Raises Refused (409), see grade_item."""
    since = gradable_from(item, membership)
    if item.kind not in {GradeItem.Kind.ASSIGNMENT, GradeItem.Kind.PRESENTATION}:
        raise Refused(
            "computed",
            _("“%(item)s” is computed from what is marked in the meetings. Override it instead.")
            % {"item": item},
        )
    if since is None:
        raise Refused(
            "nothing_to_grade",
            _("%(name)s has nothing to grade in “%(item)s”. To set points anyway, override them.")
            % {"name": membership, "item": item},
        )
    if at < since:
        raise Refused(
            "too_early",
            _("“%(item)s” cannot be graded yet: it can still change.") % {"item": item},
        )
    if item.assignment is None:
        return None
    latest = item.assignment.submissions.filter(membership=membership).order_by("-number").first()
    if latest is not None and grade.submission and latest.code != grade.submission:
        raise Refused(
            "newer_version",
            _("%(name)s handed in a newer version meanwhile. Read it, then grade it.")
            % {"name": membership},
        )
    return latest


def score_of(item: GradeItem, grade: Grade) -> tuple[dict[str, str], Decimal]:
    """Return the picks, as decimal strings by row, and their sum; or no picks and the points.

    Raises Refused("score", 422) naming the row or item, the value and the rule.
    """
    rows = list(item.rubric.prefetch_related("levels"))
    if not rows:
        return {}, checked_score(grade.points, item.title, item.max_points)
    picks = {row.key: checked_pick(row, grade.picks.get(row.key, "")) for row in rows}
    total = sum(picks.values(), Decimal(0))
    if total > item.max_points:
        refuse_score(item.title, plain(total), above_words(item.max_points))
    return {key: plain(points) for key, points in picks.items()}, total


def checked_pick(row: RubricRow, text: str) -> Decimal:
    """Return the points of a level of the row. Raises Refused("score", 422)."""
    if not text:
        refuse_score(row.title, text, _("Choose a level."))
    points = checked_score(text, row.title, row.max_points)
    levels = [level.points for level in row.levels.all()]
    if levels and points not in levels:
        refuse_score(row.title, text, _("This is none of the levels."))
    return points


def checked_score(text: str, title: str, most: Decimal) -> Decimal:
    """Return points typed by a person. Raises Refused("score", 422)."""
    try:
        points = parse_score(text)
    except NumberError:
        refuse_score(title, text, _("Write up to 4 digits, with at most 2 decimals: 7.5"))
    if points > most:
        refuse_score(title, text, above_words(most))
    return points


def above_words(most: Decimal) -> str:
    """Say how much is possible."""
    return _("At most %(most)s points.") % {"most": plain(most)}


def refuse_score(title: str, value: str, rule: str) -> NoReturn:
    """Raise Refused("score", 422)."""
    raise Refused(
        "score",
        _("%(title)s: “%(value)s” was not saved. %(rule)s")
        % {"title": title, "value": value, "rule": rule},
        status=422,
        problems=[{"field": title, "value": value, "rule": rule}],
    )
