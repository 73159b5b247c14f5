"""What a run of results says, what still blocks a freeze, and whose verdict a rule would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from courses.models import Course, Meeting, Membership
from grading import rules
from grading.models import GradeItem, Result, ResultRun
from grading.queries.rows import ItemRow
from grading.queries.standings import Facts, Judged, guards_of, marks_of, staff_standings
from grading.queries.tables import VERDICT_STATUS
from grading.rules import ItemState, Verdict
from seminar.lib.canonical import canonical_hash
from seminar.lib.numbers import exact, plain, shown


def number(value: Fraction, threshold: Fraction | None = None) -> dict[str, str]:
    """Return a number as exact fraction and as shown; below a threshold it never shows it."""
    return {"exact": exact(value), "shown": shown(value, threshold=threshold)}


def content_of(judged: Judged) -> dict[str, Any]:
    """Return a student's outcome as JSON: what runs store, the command prints, the page shows.

    The number of a component is its floor: percent of the component that nothing can take away.
    Once everything is decided it is the result. ``ceiling`` and ``running`` stand beside it.
    """
    standing, clauses = judged.standing, judged.outcome.clauses
    guards = guards_of(tuple([found.clause for found in clauses]))
    return {
        "components": {
            str(part.key): part_content(part, guards.of(part.key)) for part in standing.parts
        },
        "total": part_content(standing.total, guards.of(None)),
        "clauses": [
            {
                "component": found.clause.component,
                "at_least": plain(found.clause.at_least),
                "holds": found.holds,
            }
            for found in clauses
        ],
        "verdict": judged.outcome.verdict.value,
        "passed": judged.outcome.passed,
    }


def part_content(part: rules.Part, threshold: Fraction | None) -> dict[str, Any]:
    """Return the numbers of one component or of the total."""
    floor = number(part.floor, threshold)
    if part.floor is part.ceiling is part.running:
        return floor | {"ceiling": floor, "running": floor}
    running = None if part.running is None else number(part.running, threshold)
    return floor | {
        "ceiling": number(part.ceiling, threshold),
        "running": running,
    }


def content_hash(contents: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Return the SHA-256 over all rows of a run: (membership code, content), by code."""
    return canonical_hash(
        [[code, content] for code, content in sorted(contents, key=lambda c: c[0])]
    )


class Blocker(NamedTuple):
    """Something undecided: an item with those concerned, or a meeting without attendance."""

    code: str
    item: ItemRow | None
    meeting: Meeting | None
    members: tuple[Membership, ...]


def blockers_of(facts: Facts, judged: Sequence[Judged]) -> list[Blocker]:
    """Return all that must be decided before results can be frozen. No query."""
    found = [] if facts.clauses else [Blocker("no_rule", None, None, ())]
    if not judged:
        found.append(Blocker("no_students", None, None, ()))
    for item in facts.rows.items.values():
        if item.kind != GradeItem.Kind.ATTENDANCE:
            found += item_blockers(item, judged)
    if any(item.kind == GradeItem.Kind.ATTENDANCE for item in facts.rows.items.values()):
        found += attendance_blockers(facts, judged)
    named = {member.pk for blocker in found for member in blocker.members}
    empty = [j.member for j in judged if j.standing.total.needs_decision]
    rest = tuple(member for member in empty if member.pk not in named)
    if rest:
        found.append(Blocker("all_excused", None, None, rest))
    return found


def item_blockers(item: ItemRow, judged: Sequence[Judged]) -> list[Blocker]:
    """Return the blockers of one item, by the state it is in."""
    by_state: dict[ItemState, list[Membership]] = {}
    for student in judged:
        if item.key in student.standing.open_items:
            by_state.setdefault(student.states[item.key], []).append(student.member)
    return [Blocker(state.value, item, None, tuple(members)) for state, members in by_state.items()]


def attendance_blockers(facts: Facts, judged: Sequence[Judged]) -> list[Blocker]:
    """Return the meetings whose attendance is not complete, except for who is out of it."""
    keys = [i.key for i in facts.rows.items.values() if i.kind == GradeItem.Kind.ATTENDANCE]
    concerned = [j.member for j in judged if any(key in j.standing.open_items for key in keys)]
    marks = {member.pk: marks_of(facts, member) for member in concerned}
    found = []
    for meeting in facts.rows.meetings:
        missing = tuple(m for m in concerned if marks[m.pk][meeting.pk] is rules.Mark.NOT_TAKEN)
        if missing:
            found.append(Blocker("not_taken", None, meeting, missing))
    return found


@dataclass(frozen=True)
class Change:
    """How one student's verdict would change under another rule."""

    member: Membership
    before: Verdict
    after: Verdict

    @property
    def status_before(self) -> str:
        """The status code of the verdict now."""
        return VERDICT_STATUS[self.before]

    @property
    def status_after(self) -> str:
        """The status code of the verdict then."""
        return VERDICT_STATUS[self.after]


def verdict_changes(facts: Facts, clauses: Sequence[rules.Clause], *, at: datetime) -> list[Change]:
    """Return whose verdict another pass rule would change, by all facts. No query."""
    changes = []
    for now in staff_standings(facts, at=at):
        then = rules.outcome(clauses, now.standing)
        if then.verdict is not now.outcome.verdict:
            changes.append(Change(now.member, now.outcome.verdict, then.verdict))
    return changes


def latest_runs(course: Course) -> list[ResultRun]:
    """Return the newest runs, newest first, at most five. One query."""
    return list(ResultRun.objects.filter(course=course).order_by("-number")[:5])


def published_result(membership: Membership) -> Result | None:
    """Return what a student was told at the end of the term, the newest version. One query."""
    found = Result.objects.filter(membership=membership, run__published_at__isnull=False)
    return found.select_related("run").order_by("-run__number").first()
