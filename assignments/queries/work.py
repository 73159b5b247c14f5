"""What is due, as a student and as staff see it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Exists, FilteredRelation, OuterRef, Q, prefetch_related_objects

from assignments import rules
from assignments.models import Assignment, Draft, Extension, Submission
from assignments.queries.deadlines import (
    extension_of,
    late_cost,
    late_days_of,
    late_policy,
    spec_of,
)
from assignments.queries.drafts import OF_A_DRAFT, draft_content, draft_of, parts_done
from assignments.queries.submissions import versions_of
from courses.models import CoursePolicy, Membership
from courses.queries import policy_in_force

THIS_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class WorkItem:
    """One assignment as one student sees it now.

    ``state`` is a code of the status vocabulary: not_open, not_started, draft, submitted,
    submitted_late, missing. ``group`` is late, week, later or done. ``refusal`` is why nothing is
    taken now (not_open_yet, closed), None if it is; ``late_days`` what handing in now would cost,
    ``latest_late_days`` what the version that counts costs by the deadline as it is now.
    ``changed``: the draft differs from what was handed in last.
    """

    assignment: Assignment
    policy: CoursePolicy
    closes_at: datetime
    extension: Extension | None
    state: str
    group: str
    refusal: str | None
    late_days: int
    latest: Submission | None
    latest_late_days: int
    draft: Draft | None
    done: int
    asked: int
    changed: bool
    versions: tuple[Submission, ...] = ()

    @property
    def cost(self) -> str:
        """The percentage of the maximum that handing in now costs."""
        return late_cost(self.policy, self.late_days)

    @property
    def must_confirm(self) -> bool:
        """Say whether handing in now would replace a version that costs less."""
        return self.latest is not None and self.late_days > self.latest_late_days


def work_of(membership: Membership, at: datetime) -> list[WorkItem]:
    """Return every assignment of a student's course with its state, the earliest deadline first.

    Five queries at any size; contents of submissions are not read.
    """
    course = membership.course
    policy = policy_in_force(course)
    handed_in = Submission.objects.filter(membership=membership).defer("content")
    latest = {row.assignment_id: row for row in handed_in.order_by("number")}
    assignments = course.assignments.annotate(
        own_extension=FilteredRelation(
            "extensions", condition=Q(extensions__membership=membership)
        ),
        own_draft=FilteredRelation("drafts", condition=Q(drafts__membership=membership)),
    )
    found = assignments.select_related(  # type: ignore[misc]  # the plugin: no such fields
        "module", "own_extension", "own_draft"
    )
    own = [
        (row, getattr(row, "own_extension", None), getattr(row, "own_draft", None)) for row in found
    ]
    prefetch_related_objects([draft for _, _, draft in own if draft is not None], *OF_A_DRAFT)
    items = []
    for assignment, extension, draft in own:
        assignment.course = course
        mine = (extension, latest.get(assignment.pk), draft)
        items.append(_work_item(assignment, policy, at, *mine))
    return sorted(items, key=lambda item: (item.closes_at, item.assignment.position))


def task_of(assignment: Assignment, membership: Membership, at: datetime) -> WorkItem:
    """Return one assignment as one student sees it now, with all versions, newest first.

    Six queries; contents of submissions are not read.
    """
    versions = list(versions_of(assignment, membership))
    item = _work_item(
        assignment,
        policy_in_force(assignment.course),
        at,
        extension_of(assignment, membership),
        versions[0] if versions else None,
        draft_of(assignment, membership),
    )
    return replace(item, versions=tuple(versions))


def _work_item(
    assignment: Assignment,
    policy: CoursePolicy,
    at: datetime,
    extension: Extension | None,
    latest: Submission | None,
    draft: Draft | None,
) -> WorkItem:
    closes_at = rules.effective_deadline(
        assignment.closes_at, extension.until if extension else None
    )
    zone = assignment.course.zone
    late_days = rules.days_late(at, closes_at, zone)
    done, asked, changed = 0, 0, False
    if draft is not None:
        draft.assignment = assignment
        content = draft_content(draft)
        done, asked = parts_done(spec_of(assignment), content)
        changed = latest is not None and latest.content_hash != rules.content_hash(content)
    latest_late_days = late_days_of(latest, closes_at, zone) if latest is not None else 0
    if latest is not None:
        state = "submitted_late" if latest_late_days else "submitted"
    else:
        state = _state(at, assignment.opens_at, late_days, draft)
    refusal = rules.submit_refusal(at, assignment.opens_at, closes_at, late_policy(policy), zone)
    return WorkItem(
        assignment,
        policy,
        closes_at,
        extension,
        state,
        _group(state, closes_at, at),
        refusal,
        late_days,
        latest,
        latest_late_days,
        draft,
        done,
        asked,
        changed,
    )


def _state(at: datetime, opens_at: datetime, late_days: int, draft: Draft | None) -> str:
    if late_days:
        return "missing"
    if at < opens_at:
        return "not_open"
    return "draft" if draft is not None else "not_started"


def _group(state: str, closes_at: datetime, at: datetime) -> str:
    if state in {"submitted", "submitted_late"}:
        return "done"
    if state == "missing":
        return "late"
    return "week" if closes_at - at <= THIS_WEEK else "later"


@dataclass(frozen=True)
class TaskCounts:
    """How far a course is with one assignment: numbers of active students."""

    students: int
    started: int
    submitted: int


def task_counts(assignment: Assignment) -> TaskCounts:
    """Return how many students there are, have started, have handed in. One query.

    Who has handed in has started.
    """
    of_this_student = {"assignment": assignment, "membership": OuterRef("pk")}
    students = list(
        assignment.course.memberships.active()
        .students()
        .values_list(
            Exists(Draft.objects.filter(**of_this_student)),
            Exists(Submission.objects.filter(**of_this_student)),
        )
    )
    started = sum(drafts or handed_in for drafts, handed_in in students)
    return TaskCounts(len(students), started, sum(handed_in for _drafts, handed_in in students))
