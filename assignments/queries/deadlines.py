"""What is asked, and until when from whom."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from assignments import rules
from assignments.models import Assignment, Draft, Extension, Submission
from assignments.rules import ReportSpec
from courses.models import Course, CoursePolicy, Membership
from courses.queries import policy_in_force
from courses.rules import MeetingFact, MeetingKind, ModuleFact, Schedule, parse_rule, rule_words


def assignment_by_key(course: Course, key: str) -> Assignment | None:
    """Return an assignment of the course, with its module, or None. One query."""
    found = course.assignments.select_related("module").filter(key=key).first()
    if found is not None:
        found.course = course
    return found


def spec_of(assignment: Assignment) -> ReportSpec:
    """Return the numbers of a report as the rules read them. No query."""
    return ReportSpec(
        papers=assignment.papers_asked,
        summary_min=assignment.summary_min,
        summary_max=assignment.summary_max,
        strengths=assignment.strengths,
        weaknesses=assignment.weaknesses,
        improvements=assignment.improvements,
        extensions=assignment.extensions_asked,
    )


def late_policy(policy: CoursePolicy) -> rules.LatePolicy:
    """Return how late work is taken in the course. No query."""
    return rules.LatePolicy(policy.late_days)


def late_cost(policy: CoursePolicy, days: int) -> str:
    """Return the percentage of the maximum that so many late days cost, as text. No query."""
    cost = min(days * policy.late_percent_per_day, Decimal(100))
    return f"{cost.normalize():f}"


def late_days_of(submission: Submission, closes_at: datetime, zone: str) -> int:
    """Return how many days late a version is by the student's deadline as it is now. No query.

    ``submission.late_days`` is what it was on arrival; an extension granted since makes it less.
    """
    return rules.days_late(submission.received_at, closes_at, zone)


def extension_of(assignment: Assignment, membership: Membership) -> Extension | None:
    """Return the later deadline of one student, or None. One query."""
    return Extension.objects.filter(assignment=assignment, membership=membership).first()


def deadline_of(assignment: Assignment, membership: Membership) -> datetime:
    """Return the effective deadline of one student: aware UTC, exclusive. One query."""
    extension = extension_of(assignment, membership)
    return rules.effective_deadline(assignment.closes_at, extension.until if extension else None)


@dataclass(frozen=True)
class StudentDeadline:
    """Until when one student may hand in one assignment, and whether something is in."""

    assignment: Assignment
    membership: Membership
    closes_at: datetime
    extended: bool
    submitted: bool


def deadlines_of(course: Course) -> list[StudentDeadline]:
    """Return every active student's effective deadline for every assignment of the course.

    In the order of assignments, then names. Four queries at any size; memberships bring users.
    """
    assignments = list(course.assignments.all())
    students = list(course.memberships.active().students().select_related("user"))
    until = {
        (row.assignment_id, row.membership_id): row.until
        for row in Extension.objects.filter(assignment__course=course)
    }
    submitted = set(
        Submission.objects.filter(assignment__course=course, number=1).values_list(
            "assignment_id", "membership_id"
        )
    )
    return [
        StudentDeadline(
            assignment,
            student,
            rules.effective_deadline(assignment.closes_at, until.get((assignment.pk, student.pk))),
            (assignment.pk, student.pk) in until,
            (assignment.pk, student.pk) in submitted,
        )
        for assignment in assignments
        for student in students
    ]


def drafts_to_settle(at: datetime) -> QuerySet[Draft]:
    """Return drafts whose deadline passed while nothing was submitted, by assignment and age.

    Only of active students in active courses, and only those not yet settled at this deadline.
    Nothing is locked: whoever settles one looks again under the draft's lock. One query.
    """
    of_this_draft = {"assignment": OuterRef("assignment"), "membership": OuterRef("membership")}
    extended = Extension.objects.filter(**of_this_draft).values("until")[:1]
    base = "assignment__closes_at"
    return (
        Draft.objects.annotate(deadline=Greatest(base, Coalesce(Subquery(extended), base)))
        .filter(
            ~Exists(Submission.objects.filter(**of_this_draft)),
            Q(settled_until__isnull=True) | Q(settled_until__lt=F("deadline")),
            deadline__lte=at - rules.GRACE,
            assignment__course__state=Course.State.ACTIVE,
            membership__state=Membership.State.ACTIVE,
            membership__role=Membership.Role.STUDENT,
        )
        .select_related("assignment__course", "membership__user")
        .order_by("assignment_id", "id")
    )


def extensions_to(assignment: Assignment) -> QuerySet[Extension]:
    """Return who has more time for an assignment, with names. One query."""
    return assignment.extensions.select_related("membership__user", "granted_by__user").order_by(
        "membership__user__name", "membership_id"
    )


def refusal_of(assignment: Assignment, membership: Membership, at: datetime) -> str | None:
    """Return why nothing is taken from one student now: not_open_yet, closed. Two queries."""
    closes_at = deadline_of(assignment, membership)
    policy = late_policy(policy_in_force(assignment.course))
    zone = assignment.course.zone
    return rules.submit_refusal(at, assignment.opens_at, closes_at, policy, zone)


def times_in_words(assignment: Assignment) -> tuple[str, str]:
    """Return opening and closing rule in words, with the dates the schedule has now.

    One query for the meetings they name; one for modules other than the assignment's own. Source:
    PRODUCT 3.2: the resolved instant and the rule are shown together.
    """
    course = assignment.course
    found = [parse_rule(assignment.opens_rule), parse_rule(assignment.closes_rule)]
    meetings = {rule.meeting for rule in found if hasattr(rule, "meeting")}
    modules = {rule.module for rule in found if hasattr(rule, "module")}
    known = [assignment.module] if assignment.module else []
    if modules - {module.key for module in known}:
        known = list(course.modules.filter(key__in=modules))
    facts = [
        MeetingFact(row.key, MeetingKind(row.kind), row.date, row.starts, row.ends)
        for row in (course.meetings.filter(key__in=meetings) if meetings else ())
    ]
    titles = tuple(ModuleFact(module.key, title=module.title) for module in known)
    schedule = Schedule(tuple(facts), titles, course.zone)
    opens, closes = (rule_words(rule, schedule).text() for rule in found)
    return opens, closes
