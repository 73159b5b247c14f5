"""What becomes of a draft when its deadline passes.

A draft is settled at most once per deadline, by whoever comes first: the job, or the first write
after the deadline (with a late policy, or when an extension is granted). So the outcome is the same
whether the job runs on time or hours later. Source: PRODUCT 3.4.
"""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction

from assignments import rules
from assignments.models import Draft, Submission
from assignments.queries import (
    deadline_of,
    draft_content,
    drafts_to_settle,
    latest_submission,
    report_check,
)
from courses.queries import policy_in_force
from seminar.accounts.actions import audit
from seminar.notifications.actions import enqueue

log = logging.getLogger(__name__)


def submit_complete_drafts(*, at: datetime) -> int:
    """Settle every draft whose deadline has passed; return how many were submitted.

    One transaction per student: what fails for one is logged and leaves the others alone. Running
    it twice, or two at once, changes nothing more.
    """
    submitted = 0
    for draft_id in list(drafts_to_settle(at).values_list("pk", flat=True)):
        try:
            submitted += _settle_one(draft_id, at) is not None
        except Exception:  # one broken draft must not keep the others from counting
            log.exception("draft %s was not settled", draft_id)
    return submitted


@transaction.atomic
def _settle_one(draft_id: int, at: datetime) -> Submission | None:
    draft = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("assignment__course", "membership__user")
        .get(pk=draft_id)
    )
    return settle(draft, at=at)


def settle(draft: Draft, *, at: datetime) -> Submission | None:
    """Take a draft as it stands, if its deadline has passed and nothing was submitted.

    A complete draft is submitted where the course says so; otherwise its author is told, once. The
    caller holds the lock on ``draft``, whose assignment, course and membership are loaded. Queues
    the receipt, or the notice that nothing was submitted.
    """
    assignment, membership = draft.assignment, draft.membership
    if at < rules.auto_submit_cut(assignment.closes_at):
        return None  # no deadline of this assignment is earlier
    deadline = deadline_of(assignment, membership)
    settled = draft.settled_until is not None and draft.settled_until >= deadline
    if at < rules.auto_submit_cut(deadline) or settled or not membership.is_student:
        return None
    draft.settled_until = deadline
    draft.save(update_fields=["settled_until"])
    if latest_submission(assignment, membership) is not None:
        return None
    content = draft_content(draft)
    missing = report_check(draft, content).missing
    saved = [field.saved_at for field in draft.fields.all()]
    facts = rules.DraftFacts(
        complete=not missing, saved_at=max(saved, default=None), has_submission=False
    )
    enabled = policy_in_force(assignment.course).auto_submit
    if rules.due_for_auto_submit(at, deadline, facts, enabled=enabled):
        return submit_automatically(draft, content=content, deadline=deadline, at=at)
    enqueue(
        "assignments/mail/not_submitted",
        key=f"not_submitted:{assignment.pk}:{membership.pk}:{deadline.isoformat()}",
        to=membership.user,
        at=at,
        context={
            "course": assignment.course,
            "assignment": assignment,
            "deadline": deadline,
            "missing": len(missing),
            "late_days": policy_in_force(assignment.course).late_days,
        },
        course_slug=assignment.course.slug,
    )
    return None


def submit_automatically(
    draft: Draft, *, content: dict[str, Any], deadline: datetime, at: datetime
) -> Submission:
    """Write version 1 from a complete draft; it counts as received at the deadline, on time."""
    submission = Submission.objects.create(
        assignment=draft.assignment,
        membership=draft.membership,
        number=1,
        received_at=deadline,
        source=Submission.Source.AUTOMATIC,
        content=content,
        content_hash=rules.content_hash(content),
    )
    record(submission, verb="submit_complete_drafts", closes_at=deadline, at=at)
    return submission


def record(submission: Submission, *, verb: str, closes_at: datetime, at: datetime) -> None:
    """Write the audit entry of a new version and queue its receipt."""
    assignment, membership = submission.assignment, submission.membership
    automatic = submission.source == Submission.Source.AUTOMATIC
    audit(
        verb,
        at=at,
        actor=None if automatic else membership.user,
        subject=f"submission {submission.code}",
        course_slug=assignment.course.slug,
        after={
            "assignment": assignment.key,
            "membership": membership.code,
            "number": submission.number,
            "late_days": submission.late_days,
            "content_hash": submission.content_hash,
        },
    )
    enqueue(
        "assignments/mail/receipt",
        key=f"receipt:{submission.code}",
        to=membership.user,
        at=at,
        context={
            "course": assignment.course,
            "assignment": assignment,
            "submission": submission,
            "closes_at": closes_at,
            "open": at < closes_at,
            "automatic": automatic,
        },
        course_slug=assignment.course.slug,
    )
