"""People from a file."""

from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from courses import rules
from courses.models import Application, Course, Membership
from courses.queries import roster_facts
from courses.rules import Enrol
from seminar.accounts.actions import audit, once, take_back_claims
from seminar.accounts.models import User
from seminar.lib.plans import Plan, preview_data, refuse_other_plan, refuse_problems
from seminar.lib.tables import Table

STATE = Membership.State


def plan_of_roster(course: Course, table: Table) -> Plan[Enrol]:
    """Return what a roster would do now; writes nothing. Three queries.

    Problems of the file and of its meaning are in the plan together.
    """
    people, problems = rules.read_roster(table.rows)
    facts = roster_facts(course, [person.email for person in people])
    plan = rules.plan_roster(people, facts)
    return Plan(plan.steps, (*table.problems, *problems, *plan.problems))


@transaction.atomic
def import_roster(
    course: Course,
    table: Table,
    *,
    by: Membership | None,
    at: datetime,
    expected: str | None = None,
    nonce: str = "",
) -> dict[str, Any]:
    """Bring the people of a roster into a course, all or nobody; nobody is told by mail.

    New people get an account without a password: resetting it, or a code by mail, is how they sign
    in first. Who applied becomes active. Roles, numbers and memberships that exist stay as they
    are. An account whose address nobody ever confirmed is taken from whoever signed up with it.
    ``by`` is None for the command line. ``expected``: the hash of the plan that was shown.
    Returns the plan as ``preview_data`` gives it.

    Locks the course. Queues nothing. Writes one audit entry, one for each person who
    applied and each account taken back. Raises Refused: "file_refused" (422) with every problem, "preview_outdated" (409), and what ``once`` raises.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)

    def do() -> dict[str, Any]:
        plan = plan_of_roster(course, table)
        refuse_problems(plan.problems)
        refuse_other_plan(plan, expected)
        _enrol(course, [step.change for step in plan.steps if step.change], by=by, at=at)
        return preview_data(table, plan)

    if by is None:
        return do()
    body = [course.slug, expected, table.rows]
    return once(nonce, user=by.user, verb="import_roster", body=body, at=at, do=do)


def _enrol(course: Course, changes: list[Enrol], *, by: Membership | None, at: datetime) -> None:
    """Write accounts and memberships in a handful of statements, then the audit entry."""
    new = [
        User(email=change.email, name=change.name, password=make_password(None))
        for change in changes
        if not change.has_account
    ]
    User.objects.bulk_create(new)
    users = {user.email: user for user in User.objects.filter(email__in=[c.email for c in changes])}
    claimed = {users[c.email].pk: c.name for c in changes if c.is_claimed}
    actor = by.user if by else None
    taken = take_back_claims(claimed, by=actor, at=at) if claimed else []
    fresh = [_membership(course, users[c.email], c, at) for c in changes if not c.before]
    Membership.objects.bulk_create(fresh)
    known = _update(course, {users[c.email].pk: c for c in changes if c.before}, at)
    _accept(known, by=by, at=at)
    befores = {users[change.email].pk: change.before for change in changes}
    for row in known:
        if befores[row.user_id] != STATE.ACTIVE:
            audit(
                "activate_member",
                at=at,
                actor=actor,
                subject=f"membership {row.code}",
                course_slug=course.slug,
                before={"state": befores[row.user_id]},
                after={"state": row.state},
            )
    if changes:
        audit(
            "import_roster",
            at=at,
            actor=actor,
            subject="roster",
            course_slug=course.slug,
            before={row.code: befores[row.user_id] for row in known},
            after={
                "members": {row.code: row.role for row in [*fresh, *known]},
                "new_accounts": [user.code for user in new],
                "accounts_taken_back": [user.code for user in taken],
            },
        )


def _membership(course: Course, user: User, change: Enrol, at: datetime) -> Membership:
    return Membership(
        course=course,
        user=user,
        role=change.role,
        state=STATE.ACTIVE,
        matriculation=change.matriculation,
        joined_at=at,
    )


def _update(course: Course, changes: dict[int, Enrol], at: datetime) -> list[Membership]:
    rows = list(Membership.objects.filter(course=course, user__in=changes))
    for row in rows:
        row.matriculation = changes[row.user_id].matriculation
        row.state = STATE.ACTIVE
        row.joined_at = row.joined_at or at
    Membership.objects.bulk_update(rows, ["matriculation", "state", "joined_at"], batch_size=200)
    return rows


def _accept(rows: list[Membership], *, by: Membership | None, at: datetime) -> None:
    """Settle the applications of those who are in now; the command line has nobody to name."""
    if by is not None:
        waiting = Application.objects.filter(membership__in=rows).exclude(decision="accepted")
        waiting.update(decision="accepted", decided_at=at, decided_by=by, reason="")
