"""Handing in: an immutable version with a receipt."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assignments import rules
from assignments.actions.settling import record, settle
from assignments.models import Assignment, Draft, StoredFile, Submission
from assignments.queries import (
    deadline_of,
    draft_content,
    late_cost,
    late_days_of,
    late_policy,
    latest_submission,
    problem_words,
    refusal_words,
    report_check,
)
from courses.models import CoursePolicy, Membership
from courses.queries import policy_in_force
from seminar.accounts.actions import once
from seminar.accounts.models import Nonce
from seminar.lib import uploads
from seminar.lib.errors import Refused


@dataclass(frozen=True)
class HandIn:
    """One request to hand in.

    ``received_at`` is when all of it had arrived, and alone decides what is on time.
    ``confirm_late``: the person has seen what a late version costs.
    """

    nonce: str
    received_at: datetime
    confirm_late: bool = False


@transaction.atomic
def submit_report(
    assignment: Assignment, membership: Membership, *, hand_in: HandIn, at: datetime
) -> Submission:
    """Make a version of the draft on the server and return it.

    The same content again returns the version there is. Locks the draft. Queues the receipt. The same nonce again returns the same version, also after
    the deadline.

    Raises Refused: "not_started", "not_open_yet", "closed" (409); "incomplete" (422) with one
    problem per missing part; "late_not_confirmed" (409) where a late version would replace one
    that costs less; "nonce_reused" (422).
    """
    assert assignment.kind == Assignment.Kind.REPORT
    draft = (
        Draft.objects.select_for_update()
        .filter(assignment=assignment, membership=membership)
        .first()
    )
    if draft is None:
        raise Refused("not_started", _("There is nothing to submit. Choose your papers first."))
    draft.assignment, draft.membership = assignment, membership

    def do() -> dict[str, Any]:
        closes_at, policy = _refuse_unless_open(assignment, membership, hand_in.received_at)
        settle(draft, at=at)
        content = draft_content(draft)
        _refuse_incomplete(draft, content, allowed=policy.incomplete_may_submit)
        latest = latest_submission(assignment, membership)
        if latest is not None and latest.content_hash == rules.content_hash(content):
            return {"code": latest.code}
        version = Submission(assignment=assignment, membership=membership, content=content)
        return _write(version, latest, closes_at=closes_at, hand_in=hand_in, at=at)

    return _once(assignment, membership, hand_in, at, {"verb": "submit_report"}, do)


def submit_file(
    assignment: Assignment,
    membership: Membership,
    *,
    chunks: Iterable[bytes],
    name: str,
    hand_in: HandIn,
    at: datetime,
) -> Submission:
    """Keep a PDF, then make a version of it and return it.

    The same bytes again return the version there is. A number of pages other than asked for is
    accepted: the page says so. The file is durable before the row that names it. Locks the membership. Queues the receipt.

    Raises Refused: what ``uploads.store_pdf`` raises; "not_open_yet", "closed" (409);
    "late_not_confirmed" (409); "nonce_reused" (422).
    """
    assert assignment.kind == Assignment.Kind.MINI
    if not _was_answered(membership, hand_in.nonce):
        # Early, so that nothing is kept for a task that is closed; the lock asks again.
        _refuse_unless_open(assignment, membership, hand_in.received_at)
    stored = uploads.store_pdf(chunks)
    return _submit_stored(assignment, membership, stored, name, hand_in, at)


def _was_answered(membership: Membership, nonce: str) -> bool:
    """Say whether this request was answered before; PostgreSQL takes no NUL in a search."""
    return nonce.isprintable() and Nonce.objects.filter(user=membership.user, nonce=nonce).exists()


@transaction.atomic
def _submit_stored(
    assignment: Assignment,
    membership: Membership,
    stored: uploads.Stored,
    name: str,
    hand_in: HandIn,
    at: datetime,
) -> Submission:
    Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)

    def do() -> dict[str, Any]:
        closes_at, _policy = _refuse_unless_open(assignment, membership, hand_in.received_at)
        latest = latest_submission(assignment, membership)
        if latest is not None and latest.file is not None and latest.file.sha256 == stored.sha256:
            return {"code": latest.code}
        file, _new = StoredFile.objects.get_or_create(
            sha256=stored.sha256,
            defaults={"size": stored.size, "pages": stored.pages, "stored_at": at},
        )
        content = {
            "file": uploads.clean_name(name),
            "sha256": stored.sha256,
            "size": stored.size,
            "pages": stored.pages,
            "note": "",
        }
        version = Submission(
            assignment=assignment, membership=membership, content=content, file=file
        )
        return _write(version, latest, closes_at=closes_at, hand_in=hand_in, at=at)

    asked = {"verb": "submit_file", "sha256": stored.sha256}
    return _once(assignment, membership, hand_in, at, asked, do)


def _once(
    assignment: Assignment,
    membership: Membership,
    hand_in: HandIn,
    at: datetime,
    asked: dict[str, str],
    do: Callable[[], dict[str, Any]],
) -> Submission:
    body = asked | {
        "course": assignment.course.slug,
        "assignment": assignment.key,
        "confirm_late": hand_in.confirm_late,
    }
    answer = once(hand_in.nonce, user=membership.user, verb=asked["verb"], body=body, at=at, do=do)
    submission: Submission = Submission.objects.select_related("file").get(code=answer["code"])
    submission.assignment, submission.membership = assignment, membership
    return submission


def _write(
    version: Submission,
    latest: Submission | None,
    *,
    closes_at: datetime,
    hand_in: HandIn,
    at: datetime,
) -> dict[str, Any]:
    zone = version.assignment.course.zone
    version.number = latest.number + 1 if latest else 1
    version.received_at = hand_in.received_at
    version.late_days = rules.days_late(hand_in.received_at, closes_at, zone)
    version.content_hash = rules.content_hash(version.content)
    costs_now = late_days_of(latest, closes_at, zone) if latest is not None else version.late_days
    if version.late_days > costs_now and not hand_in.confirm_late:
        _refuse_unconfirmed(version.late_days, policy_in_force(version.assignment.course))
    version.save()
    verb = "submit_file" if version.file_id else "submit_report"
    record(version, verb=verb, closes_at=closes_at, at=at)
    return {"code": version.code}


def _refuse_unless_open(
    assignment: Assignment, membership: Membership, received_at: datetime
) -> tuple[datetime, CoursePolicy]:
    closes_at = deadline_of(assignment, membership)
    policy = policy_in_force(assignment.course)
    zone = assignment.course.zone
    code = rules.submit_refusal(
        received_at, assignment.opens_at, closes_at, late_policy(policy), zone
    )
    if code is not None:
        words = refusal_words(code, opens_at=assignment.opens_at, closes_at=closes_at, zone=zone)
        raise Refused(code, words)
    return closes_at, policy


def _refuse_incomplete(draft: Draft, content: dict[str, Any], *, allowed: bool) -> None:
    missing = report_check(draft, content).missing
    blocking = [problem for problem in missing if not (allowed and problem.code == "empty")]
    if not blocking:
        return
    message = ngettext(
        "%(n)d part is missing. Your draft is kept.",
        "%(n)d parts are missing. Your draft is kept.",
        len(blocking),
    )
    raise Refused(
        "incomplete",
        message % {"n": len(blocking)},
        status=422,
        problems=[
            {"field": problem.part, "value": "", "rule": problem_words(problem)}
            for problem in blocking
        ],
    )


def _refuse_unconfirmed(days: int, policy: CoursePolicy) -> None:
    message = ngettext(
        "This version would be %(days)d day late and cost %(percent)s %% of the maximum. Your "
        "earlier version keeps counting unless you confirm that.",
        "This version would be %(days)d days late and cost %(percent)s %% of the maximum. Your "
        "earlier version keeps counting unless you confirm that.",
        days,
    )
    words = message % {"days": days, "percent": late_cost(policy, days)}
    raise Refused("late_not_confirmed", words)
