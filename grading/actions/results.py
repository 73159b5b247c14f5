"""Results of a term: asked for, computed by a job, frozen, published."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Membership
from grading.actions.locks import lock_course_students, required_reason
from grading.actions.releases import release_everything
from grading.models import Result, ResultRun
from grading.queries import (
    Blocker,
    Judged,
    blockers_of,
    content_hash,
    content_of,
    facts_of,
    staff_standings,
)
from seminar.accounts.actions import audit, once
from seminar.accounts.models import User
from seminar.lib.errors import Refused
from seminar.notifications.actions import enqueue

log = logging.getLogger(__name__)


@transaction.atomic
def request_results(course: Course, *, by: User | None, at: datetime, nonce: str = "") -> ResultRun:
    """Ask for all standings of a course to be computed; the job does it within seconds.

    A request that still waits is answered with itself. Locks the course. Queues no message: the
    row is the request. Raises what ``once`` raises.
    """
    lock_course(course)
    return run_once(
        lambda: requested(course, by=by, at=at),
        course, "request_results", [], by=by, at=at, nonce=nonce,
    )  # fmt: skip


def run_once(  # noqa: PLR0913 - an action's facts, passed on
    do: Callable[[], ResultRun],
    course: Course,
    verb: str,
    body: list[str],
    *,
    by: User | None,
    at: datetime,
    nonce: str,
) -> ResultRun:
    """Do something to a course's runs at most once per nonce. Call with the course locked."""
    if not nonce or by is None:
        return do()
    done = once(
        nonce,
        user=by,
        verb=verb,
        body=[course.slug, *body],
        at=at,
        do=lambda: {"number": do().number},
    )
    return ResultRun.objects.get(course=course, number=done["number"])


def requested(course: Course, *, by: User | None, at: datetime) -> ResultRun:
    """Return the run that waits, else a new one. Call with the course locked."""
    waiting = ResultRun.objects.filter(course=course, computed_at__isnull=True).first()
    if waiting is not None:
        return waiting
    run = ResultRun.objects.create(
        course=course, number=next_number(course), requested_at=at, requested_by=by
    )
    audit(
        "request_results",
        at=at,
        actor=by,
        subject=f"results {run.number}",
        course_slug=course.slug,
    )
    return run


def compute_results(*, at: datetime) -> int:
    """Compute every requested run; return how many.

    Each in its own transaction: what fails for one course is logged, keeps waiting for the next
    time, and leaves the other courses alone.
    """
    waiting = ResultRun.objects.filter(computed_at__isnull=True).order_by("requested_at", "id")
    computed = 0
    for pk in list(waiting.values_list("pk", flat=True)):
        try:
            computed += compute_run(pk, at=at)
        except Exception:  # one broken course must not keep the others from their results
            log.exception("result run %s was not computed", pk)
    return computed


@transaction.atomic
def compute_run(pk: int, *, at: datetime) -> bool:
    """Compute one requested run from the facts; return False if somebody else has or is.

    Locks the run, then the students, so that the facts are of one moment.
    """
    waiting = ResultRun.objects.select_for_update(skip_locked=True, of=("self",))
    run = waiting.filter(pk=pk, computed_at__isnull=True).select_related("course").first()
    if run is None:
        return False
    lock_course_students(run.course)
    fill(run, staff_standings(facts_of(run.course), at=at), at=at)
    return True


@transaction.atomic
def freeze_results(
    course: Course, *, by: User | None, at: datetime, reason: str = "", nonce: str = ""
) -> ResultRun:
    """Write the final outcome of the term, immutable, with a hash over every row.

    Computed from the facts here and now, never from an earlier run. A later correction is a new
    version and needs a reason. ``by`` is None for the command line.

    Locks the course and its students. Queues nothing. Raises Refused: "undecided" (409,
    ``problems`` list what is), "reason_missing" (422) and "unchanged" (409) for a new version; what ``once`` raises.
    """
    lock_course(course)
    return run_once(
        lambda: frozen(course, by=by, at=at, reason=reason),
        course, "freeze_results", [reason], by=by, at=at, nonce=nonce,
    )  # fmt: skip


def frozen(course: Course, *, by: User | None, at: datetime, reason: str) -> ResultRun:
    """Freeze with the course locked. Locks its students; raises as ``freeze_results`` does."""
    lock_course_students(course)
    facts = facts_of(course)
    judged = staff_standings(facts, at=at)
    refuse_undecided(blockers_of(facts, judged))
    before = ResultRun.objects.filter(course=course, frozen_at__isnull=False).first()
    if before is not None:
        reason = required_reason(reason)
        refuse_unchanged(before, judged)
    run = ResultRun(course=course, number=next_number(course), requested_at=at, requested_by=by)
    run.frozen_at, run.frozen_by, run.reason = at, by, reason.strip()
    fill(run, judged, at=at)
    audit(
        "freeze_results",
        at=at,
        actor=by,
        subject=f"results {run.number}",
        course_slug=course.slug,
        before=before.content_hash if before else None,
        after=run.content_hash,
        reason=run.reason,
    )
    return run


@transaction.atomic
def publish_results(course: Course, *, by: Membership, at: datetime, nonce: str = "") -> ResultRun:
    """Show the newest frozen result to everyone it is about, and all grades it rests on.

    Publishing again changes nothing and mails nobody. Locks the course and its students. Queues
    "grading/mail/published" to each student, without the verdict. Raises Refused("not_frozen", 409)
    and what ``once`` raises.
    """
    lock_course(course)
    return run_once(
        lambda: published(course, by=by, at=at),
        course, "publish_results", [], by=by.user, at=at, nonce=nonce,
    )  # fmt: skip


def published(course: Course, *, by: Membership, at: datetime) -> ResultRun:
    """Publish with the course locked. Locks its students; raises as ``publish_results`` does."""
    lock_course_students(course)
    run = ResultRun.objects.filter(course=course, frozen_at__isnull=False).first()
    if run is None:
        raise Refused("not_frozen", _("Freeze the results first. Then they can be published."))
    if run.published_at is not None:
        return run
    release_everything(course, by=by, at=at)
    run.published_at = at
    run.save(update_fields=["published_at"])
    for result in run.results.select_related("membership__user"):
        enqueue(
            "grading/mail/published",
            key=f"published:{run.pk}:{result.membership_id}",
            to=result.membership.user,
            at=at,
            context={"course": course},
            course_slug=course.slug,
        )
    audit(
        "publish_results",
        at=at,
        actor=by.user,
        subject=f"results {run.number}",
        course_slug=course.slug,
        after=run.content_hash,
    )
    return run


def lock_course(course: Course) -> None:
    """Lock the course row: runs of one course are numbered, frozen and published in turn."""
    list(Course.objects.select_for_update(no_key=True).filter(pk=course.pk).values_list("pk"))


def next_number(course: Course) -> int:
    """Return the number of the next run. Call with the course locked."""
    newest = ResultRun.objects.filter(course=course).order_by("-number").first()
    return newest.number + 1 if newest else 1


def fill(run: ResultRun, judged: list[Judged], *, at: datetime) -> None:
    """Save a run with one row per student and the hash over all of them."""
    contents = [(student, content_of(student)) for student in judged]
    run.content_hash = content_hash([(s.member.code, content) for s, content in contents])
    run.computed_at = at
    run.save()
    Result.objects.bulk_create(
        Result(
            run=run,
            membership=student.member,
            verdict=student.outcome.verdict.value,
            passed=student.outcome.passed,
            content=content,
        )
        for student, content in contents
    )


def refuse_undecided(blockers: list[Blocker]) -> None:
    """Raise Refused("undecided", 409) with everything that is still open."""
    if blockers:
        raise Refused(
            "undecided",
            _("Some grades are not decided yet. Nothing was frozen."),
            problems=[
                {
                    "field": blocker_name(blocker),
                    "value": ", ".join(str(member) for member in blocker.members),
                    "rule": blocker.code,
                }
                for blocker in blockers
            ],
        )


def blocker_name(blocker: Blocker) -> str:
    """Return the key of what is undecided."""
    if blocker.item is not None:
        return blocker.item.key
    return blocker.meeting.key if blocker.meeting is not None else "course"


def refuse_unchanged(before: ResultRun, judged: list[Judged]) -> None:
    """Raise Refused("unchanged", 409) if a new version would say the same."""
    now = content_hash([(student.member.code, content_of(student)) for student in judged])
    if now == before.content_hash:
        raise Refused("unchanged", _("Nothing has changed since the results were frozen."))
