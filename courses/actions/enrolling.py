"""Joining a course, being let in, leaving.

Every function locks the course row first: places are counted, and memberships made, under that one
lock, so that two decisions at once are served in turn.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import Application, Course, Membership
from courses.queries import places_taken
from courses.rules import Actor, State, may_move
from seminar.accounts.actions import audit, once
from seminar.accounts.models import User
from seminar.lib.errors import Refused
from seminar.notifications.actions import enqueue

Decision = Application.Decision

# What staff may decide on: an application that waits, or one that was declined and is reopened.
# Who left or is suspended comes back through `change_state`, with a reason of its own.
DECIDABLE = (*Membership.WAITING, Membership.State.DECLINED)
DECIDED_STATE = {
    Decision.ACCEPTED: State.ACTIVE,
    Decision.WAITLISTED: State.WAITLISTED,
    Decision.DECLINED: State.DECLINED,
}


@dataclass(frozen=True)
class Statement:
    """What an applicant states. ``courses_passed`` holds keys of the course's list."""

    level: str
    courses_passed: tuple[str, ...] = ()
    equivalent: str = ""
    frameworks: str = ""
    motivation: str = ""


@transaction.atomic
def send_application(
    course: Course, *, user: User, statement: Statement, at: datetime, nonce: str = ""
) -> Application:
    """Ask for a place in a course: a membership "applied" and what the person states.

    Somebody who withdrew before applies anew with the same membership. Locks the course. Queues a
    receipt to the applicant.

    Raises Refused: "archived", "already_in" (whatever came of it), "unknown_course" (422) for a
    key that is not on the course's list, and what ``once`` raises.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)
    answer = once(
        nonce,
        user=user,
        verb="send_application",
        body=[course.slug, asdict(statement)],
        at=at,
        do=lambda: {"code": _apply(course, user, statement, at).code},
    )
    return Application.objects.select_related("membership").get(code=answer["code"])


@transaction.atomic
def withdraw_application(
    membership: Membership, *, at: datetime, nonce: str = ""
) -> dict[str, Any]:
    """Take one's own application back before it is decided. Locks the course. Queues a receipt.

    Raises Refused("not_waiting") where there is nothing to take back, and what ``once`` raises.
    """
    membership = _locked(membership)

    def do() -> dict[str, Any]:
        if not membership.is_waiting:
            raise Refused("not_waiting", _("There is no application to withdraw."))
        _move(membership, State.WITHDRAWN, by=Actor.SELF)
        entry = _audited(membership, "withdraw_application", actor=membership.user, at=at)
        _tell(membership, "application_withdrawn", entry=entry, at=at)
        return {"state": membership.state}

    return once(
        nonce,
        user=membership.user,
        verb="withdraw_application",
        body=[membership.code],
        at=at,
        do=do,
    )


@transaction.atomic
def decide_application(
    membership: Membership, *, decision: str, reason: str, by: Membership, at: datetime
) -> Membership:
    """Accept, waitlist or decline one application. Locks the course. Queues one mail.

    ``decision`` is one of ``Application.Decision``; ``by`` is an instructor of the course.

    Raises Refused: "reason_missing" (422) for declining without one, "already_decided" where the
    decision stands already or the person is in, suspended or gone, "full" where no place is left.
    """
    membership = _locked(membership)
    _decide(membership, Decision(decision), reason=reason.strip(), by=by, at=at)
    return membership


@transaction.atomic
def accept_applications(
    course: Course, *, codes: Sequence[str], by: Membership, at: datetime
) -> int:
    """Accept several applications at once, or none; return how many. Codes of memberships.

    Applications already accepted are left as they are, so that sending the same page twice is
    harmless. Locks the course. Queues one mail to each person.

    Raises Refused: "nothing_chosen" (422), "unknown" (422) for a code of no application of this
    course, "already_decided", "full" where fewer places are left than were asked for.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)
    rows = Membership.objects.filter(course=course, code__in=codes, application__isnull=False)
    chosen = list(rows.select_related("user", "application").order_by("application__sent_at", "id"))
    if not codes:
        raise Refused("nothing_chosen", _("Choose at least one application."), status=422)
    if len(chosen) != len(set(codes)):
        raise Refused("unknown", _("One of these applications does not exist."), status=422)
    new = [membership for membership in chosen if not membership.is_active]
    for membership in new:
        if membership.state not in DECIDABLE:
            raise Refused("already_decided", _why_not_open(membership))
    left = course.capacity - places_taken(course)
    if len(new) > left:
        raise Refused("full", _too_many(len(new), left))
    for membership in new:
        membership.course = course
        _decide(membership, Decision.ACCEPTED, reason="", by=by, at=at)
    return len(new)


@transaction.atomic
def change_state(
    membership: Membership, *, state: str, reason: str, by: User, at: datetime
) -> Membership:
    """Suspend a member, end a membership, or let somebody in again; staff only, with a reason.

    Changes the membership alone. What hangs on it (talks, lists, drafts) belongs to withdrawal
    from the course, which calls this. Locks the course. Queues one mail to the person.

    Raises Refused: "reason_missing" (422), "not_possible" for a move there is none of,
    "last_instructor" where nobody would be left to run the course, "full" where no place is left.
    """
    membership = _locked(membership)
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: the person reads it."), status=422)
    if membership.is_instructor:
        _need_another_instructor(membership)
    before = membership.state
    _move(membership, State(state), by=Actor.STAFF, at=at)
    entry = _audited(
        membership, "change_state", actor=by, at=at, before=before, reason=reason.strip()
    )
    _tell(membership, "membership_changed", entry=entry, at=at, reason=reason.strip())
    return membership


def _apply(course: Course, user: User, statement: Statement, at: datetime) -> Application:
    if course.state == Course.State.ARCHIVED:
        raise Refused("archived", _("This course is over. It takes no applications."))
    membership = Membership.objects.filter(course=course, user=user).first()
    before = State(membership.state) if membership else None
    if not may_move(before, State.APPLIED, Actor.SELF):
        raise Refused("already_in", _("You have applied to this course already."))
    membership = membership or Membership(course=course, user=user)
    membership.role, membership.state = Membership.Role.STUDENT, State.APPLIED
    membership.save()
    application = _write_statement(course, membership, statement, at)
    entry = _audited(
        membership, "send_application", actor=user, at=at, before=before, after=asdict(statement)
    )
    _tell(membership, "application_received", entry=entry, at=at)
    return application


def _write_statement(
    course: Course, membership: Membership, statement: Statement, at: datetime
) -> Application:
    passed = list(course.prerequisites.filter(key__in=statement.courses_passed))
    if len(passed) != len(set(statement.courses_passed)):
        raise Refused("unknown_course", _("Choose courses from the list."), status=422)
    fields = asdict(statement)
    fields.pop("courses_passed")
    undecided = {"decision": "", "decided_at": None, "decided_by": None, "reason": ""}
    application, _created = Application.objects.update_or_create(
        membership=membership, defaults=fields | undecided | {"sent_at": at}
    )
    application.courses_passed.set(passed)
    return application


def _decide(
    membership: Membership, decision: Decision, *, reason: str, by: Membership, at: datetime
) -> None:
    if decision == Decision.DECLINED and not reason:
        raise Refused("reason_missing", _("Say why you decline: the person reads it."), status=422)
    before = membership.state
    state = DECIDED_STATE[decision]
    if before not in DECIDABLE or not may_move(State(before), state, Actor.STAFF):
        raise Refused("already_decided", _why_not_open(membership))
    _move(membership, state, by=Actor.STAFF, at=at)
    Application.objects.filter(membership=membership).update(
        decision=decision, decided_at=at, decided_by=by, reason=reason
    )
    entry = _audited(
        membership, "decide_application", actor=by.user, at=at, before=before, reason=reason
    )
    _tell(membership, f"application_{decision.value}", entry=entry, at=at, reason=reason)


def _why_not_open(membership: Membership) -> str:
    """Say what became of an application that cannot be decided any more."""
    name = {"name": membership.user.name}
    if membership.state == Membership.State.WITHDRAWN:
        return _("%(name)s has withdrawn: there is nothing to decide. Reload the page.") % name
    if membership.state == Membership.State.SUSPENDED:
        return _("%(name)s is suspended. Use “Change state” to let them in again.") % name
    state = membership.get_state_display()
    return _("%(name)s: this is decided already (%(state)s). Reload the page.") % {
        **name,
        "state": state,
    }


def _locked(membership: Membership) -> Membership:
    course = Course.objects.select_for_update().get(pk=membership.course_id)
    row = Membership.objects.select_related("user").get(pk=membership.pk)
    row.course = course
    return row


def _move(membership: Membership, state: State, *, by: Actor, at: datetime | None = None) -> None:
    if not may_move(State(membership.state), state, by):
        raise Refused(
            "not_possible",
            _("A membership that is “%(before)s” cannot become “%(after)s”.")
            % {
                "before": membership.get_state_display(),
                "after": Membership.State(state.value).label,
            },
        )
    if state == State.ACTIVE:
        _need_place(membership)
        membership.joined_at = membership.joined_at or at
    membership.state = state.value
    membership.save(update_fields=["state", "joined_at"])


def _need_place(membership: Membership) -> None:
    holds = membership.state == State.SUSPENDED
    if membership.role != Membership.Role.STUDENT or holds:
        return
    left = membership.course.capacity - places_taken(membership.course)
    if left < 1:
        raise Refused("full", _too_many(1, left))


def _too_many(asked: int, left: int) -> str:
    if left < 1:
        return _("All places are taken. Put the application on the waiting list instead.")
    return ngettext(
        "You chose %(asked)d, but only %(left)d place is left. Accept fewer, and put the others on the waiting list.",
        "You chose %(asked)d, but only %(left)d places are left. Accept fewer, and put the others on the waiting list.",
        left,
    ) % {"asked": asked, "left": left}


def _need_another_instructor(membership: Membership) -> None:
    instructors = membership.course.memberships.active().filter(role=Membership.Role.INSTRUCTOR)
    if not instructors.exclude(pk=membership.pk).exists():
        raise Refused(
            "last_instructor",
            _("%(name)s is the only instructor. Add another one first.")
            % {"name": membership.user.name},
        )


def _audited(membership: Membership, verb: str, *, at: datetime, **facts: Any) -> int:
    """Write the audit entry and return its number, which makes the mail's key unique."""
    before, after = facts.pop("before", None), facts.pop("after", {})
    entry = audit(
        verb,
        at=at,
        subject=f"membership {membership.code}",
        course_slug=membership.course.slug,
        before={"state": before} if before else None,
        after={"state": membership.state} | after,
        **facts,
    )
    return entry.pk


def _tell(membership: Membership, mail: str, *, entry: int, at: datetime, reason: str = "") -> None:
    enqueue(
        f"courses/mail/{mail}",
        key=f"{mail}:{entry}",
        to=membership.user,
        at=at,
        context={
            "course": membership.course,
            "membership": membership,
            "reason": reason,
            "at": at,
        },
        course_slug=membership.course.slug,
    )
