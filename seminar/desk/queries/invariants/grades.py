"""What counts, what was scored, what was shown, what the term came to."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any

from courses.models import Course
from grading.models import (
    AttendanceMark,
    Component,
    GradeEntry,
    GradeItem,
    ParticipationPoint,
    PassRule,
    Release,
    Result,
    ResultRun,
)
from grading.queries import content_hash, facts_of
from grading.rules import pass_rule_refusals, scheme_refusals
from seminar.desk.queries.invariants.reading import rows
from seminar.desk.queries.invariants.registry import FULL, Severity, Violation, invariant
from seminar.lib.numbers import plain

GRADED = (GradeEntry, Release, AttendanceMark, ParticipationPoint, Result)


@invariant("I-14", severity=Severity.CRITICAL, reads=(GradeEntry,))
def scores(at: datetime) -> Iterator[Violation]:
    """No score is above the maximum of its item."""
    found = rows(
        """
        SELECT item.key, member.code, entry.seq
        FROM grading_gradeentry entry
        JOIN grading_gradeitem item ON item.id = entry.item_id
        JOIN courses_membership member ON member.id = entry.membership_id
        WHERE entry.points > item.max_points OR entry.points < 0
        """
    )
    for key, code, seq in found:
        yield Violation(f"item {key} member {code} line {seq}", "points out of range", "0 to max")


@invariant("I-20", level=FULL, severity=Severity.CRITICAL, reads=(Component,))
def weights(at: datetime) -> Iterator[Violation]:
    """The weights of each course come to exactly 100, those of each part to its own, and the pass rule names parts there are."""
    for course in Course.objects.filter(components__isnull=False).distinct():
        facts = facts_of(course)
        for problem in scheme_refusals(facts.scheme):
            where = f"course {course.slug} {problem.key}".rstrip()
            found = problem.code if problem.found is None else f"{problem.code} {problem.found}"
            expected = "" if problem.expected is None else plain(problem.expected)
            yield Violation(where, found, expected or "a sound scheme")
        if course.state == Course.State.DRAFT and not facts.clauses:
            continue
        for code, key in pass_rule_refusals(facts.clauses, facts.scheme):
            yield Violation(f"course {course.slug} {key}".rstrip(), code, "a sound pass rule")


@invariant("I-21", level=FULL, severity=Severity.CRITICAL, reads=(GradeEntry, Release))
def releases(at: datetime) -> Iterator[Violation]:
    """A grade was shown only once it was decided, by staff of the course, and graded by staff."""
    early = rows(
        """
        SELECT item.key, member.code
        FROM grading_release shown
        JOIN grading_gradeitem item ON item.id = shown.item_id
        JOIN courses_membership member ON member.id = shown.membership_id
        WHERE item.kind IN ('assignment', 'presentation')
          AND NOT EXISTS (
            SELECT 1 FROM grading_gradeentry entry
            WHERE entry.item_id = item.id AND entry.membership_id = member.id
              AND entry.at <= shown.at)
          AND (item.kind = 'presentation' OR EXISTS (
            SELECT 1 FROM assignments_submission version
            WHERE version.assignment_id = item.assignment_id
              AND version.membership_id = member.id AND version.received_at <= shown.at))
        """
    )
    for key, code in early:
        yield Violation(f"item {key} member {code}", "shown before it was graded", "a grade first")
    for table, did in (("grading_gradeentry", "graded"), ("grading_release", "shown")):
        strangers = rows(
            f"""
            SELECT item.key, person.code, person.role
            FROM {table} line
            JOIN grading_gradeitem item ON item.id = line.item_id
            JOIN courses_membership person ON person.id = line.by_id
            WHERE person.role NOT IN ('ta', 'instructor')
            """  # noqa: S608 - two fixed names
        )
        for key, code, role in strangers:
            yield Violation(f"item {key} by member {code}", f"{did} by a {role}", "staff")


@invariant("I-22", severity=Severity.CRITICAL, reads=GRADED)
def graded_people(at: datetime) -> Iterator[Violation]:
    """Only students who were let into the course have grades, marks, points and results."""
    parts = (
        f"SELECT '{model._meta.model_name}' AS what, membership_id FROM {model._meta.db_table}"  # noqa: S608
        for model in GRADED
    )
    found = rows(
        f"""
        SELECT DISTINCT line.what, member.code, member.role, member.state
        FROM ({" UNION ".join(parts)}) line
        JOIN courses_membership member ON member.id = line.membership_id
        WHERE member.role <> 'student' OR member.joined_at IS NULL
        """  # noqa: S608 - names of our tables
    )
    for what, code, role, state in found:
        yield Violation(f"member {code}", f"{what} of {state} {role}", "a student who was let in")


@invariant("I-23", severity=Severity.CRITICAL, reads=(GradeEntry,))
def histories(at: datetime) -> Iterator[Violation]:
    """The history of each grade is numbered 1, 2, 3 without a gap, and each line is about work of its own student for its own item."""
    gaps = rows(
        """
        SELECT item.key, member.code, COUNT(*), MAX(entry.seq)
        FROM grading_gradeentry entry
        JOIN grading_gradeitem item ON item.id = entry.item_id
        JOIN courses_membership member ON member.id = entry.membership_id
        GROUP BY item.id, item.key, member.code
        HAVING COUNT(*) <> MAX(entry.seq) OR COUNT(DISTINCT entry.seq) <> COUNT(*)
        """
    )
    for key, code, count, last in gaps:
        words = f"{count} lines, the last is number {last}"
        yield Violation(f"item {key} member {code}", words, "no gap")
    foreign = rows(
        """
        SELECT item.key, member.code, version.code
        FROM grading_gradeentry entry
        JOIN grading_gradeitem item ON item.id = entry.item_id
        JOIN courses_membership member ON member.id = entry.membership_id
        JOIN assignments_submission version ON version.id = entry.submission_id
        WHERE version.membership_id <> entry.membership_id
           OR item.assignment_id IS NULL OR version.assignment_id <> item.assignment_id
        """
    )
    for key, code, version in foreign:
        yield Violation(f"item {key} member {code}", f"about submission {version}", "the own work")


@invariant("I-24", level=FULL, severity=Severity.CRITICAL, reads=(ResultRun,))
def results(at: datetime) -> Iterator[Violation]:
    """A computed result is unchanged since: its hash covers its rows, its verdicts follow from its numbers by the pass rule that was in force."""
    for run in ResultRun.objects.filter(computed_at__isnull=False).select_related("course"):
        where = f"results {run.course.slug} {run.number}"
        found = list(run.results.select_related("membership"))
        if content_hash([(row.membership.code, row.content) for row in found]) != run.content_hash:
            yield Violation(where, "rows that do not have the stored hash", run.content_hash)
        rule = _rule_in_force(run)
        for row in found:
            own = f"{where} member {row.membership.code}"
            said = {(c["component"], c["at_least"]) for c in row.content.get("clauses", ())}
            if run.frozen_at is not None and rule is not None and said != rule:
                yield Violation(own, "clauses of another rule", "the rule in force")
            if not _follows(row):
                yield Violation(own, "a verdict that does not follow", "what its numbers say")


def _rule_in_force(run: ResultRun) -> set[tuple[str | None, str]] | None:
    """Return the clauses that ruled when a run was computed; None where no rule is so old."""
    rules = PassRule.objects.filter(course=run.course, created_at__lte=run.computed_at)
    rule = rules.order_by("-version").first()
    if rule is None:
        return None
    clauses = rule.clauses.values_list("component__key", "at_least")
    return {(key, plain(at_least)) for key, at_least in clauses}


def _follows(row: Result) -> bool:
    """Say whether clauses, verdict and columns of a result follow from its numbers."""
    content: dict[str, Any] = row.content
    held = []
    for clause in content["clauses"]:
        key = clause["component"]
        part = content["total"] if key is None else content["components"][key]
        holds = _holds(part, Fraction(clause["at_least"]))
        if clause["holds"] is not holds:
            return False
        held.append(holds)
    passed = False if False in held else None if None in held else True
    verdict = {True: "secured", False: "unreachable", None: "open"}[passed]
    return (content["verdict"], content["passed"]) == (row.verdict, row.passed) == (verdict, passed)


def _holds(part: dict[str, Any], at_least: Fraction) -> bool | None:
    if Fraction(part["exact"]) >= at_least:
        return True
    return False if Fraction(part["ceiling"]["exact"]) < at_least else None


@invariant("I-25", severity=Severity.CRITICAL, reads=(AttendanceMark, ParticipationPoint))
def participation(at: datetime) -> Iterator[Violation]:
    """Attendance is marked once per person and meeting; points for class participation stay between 0 and the cap of their meeting."""
    twice = rows(
        """
        SELECT meeting.key, member.code, COUNT(*)
        FROM grading_attendancemark mark
        JOIN courses_meeting meeting ON meeting.id = mark.meeting_id
        JOIN courses_membership member ON member.id = mark.membership_id
        GROUP BY meeting.id, meeting.key, member.code
        HAVING COUNT(*) > 1
        """
    )
    for key, code, count in twice:
        yield Violation(f"meeting {key} member {code}", f"{count} marks", "one")
    sums = rows(
        """
        SELECT item.key, meeting.key, member.code, item.kind
        FROM grading_participationpoint line
        JOIN grading_gradeitem item ON item.id = line.item_id
        JOIN courses_meeting meeting ON meeting.id = line.meeting_id
        JOIN courses_membership member ON member.id = line.membership_id
        GROUP BY item.id, item.key, item.kind, item.meeting_cap, meeting.id, meeting.key, member.code
        HAVING ROUND(SUM(line.points), 2) NOT BETWEEN 0 AND item.meeting_cap
            OR item.kind <> 'participation'
        """
    )
    for item, meeting, code, kind in sums:
        where = f"item {item} meeting {meeting} member {code}"
        words = "points out of range" if kind == GradeItem.Kind.PARTICIPATION else f"an item {kind}"
        yield Violation(where, words, "0 to the cap of the meeting")


@invariant("I-53", severity=Severity.CRITICAL, reads=(Course,))
def policy_versions(at: datetime) -> Iterator[Violation]:
    """The versions of each course's policy and pass rule are numbered 1, 2, 3, and each course has a policy."""
    for table, least in (("courses_coursepolicy", 1), ("grading_passrule", 0)):
        found: Iterable[tuple[Any, ...]] = rows(
            f"""
            SELECT course.slug, COUNT(line.id), COALESCE(MAX(line.version), 0)
            FROM courses_course course
            LEFT JOIN {table} line ON line.course_id = course.id
            GROUP BY course.slug
            HAVING COUNT(line.id) <> COALESCE(MAX(line.version), 0) OR COUNT(line.id) < {least}
            """  # noqa: S608 - two fixed names
        )
        for slug, count, last in found:
            what = "policies" if least else "pass rules"
            words = f"{count} {what}, the last is version {last}"
            yield Violation(f"course {slug}", words, "no gap")
