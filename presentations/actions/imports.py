"""Lists that were collected on paper. Source: PRODUCT 3.3.7."""

from datetime import datetime
from typing import Any

from django.db import transaction

from courses.models import Membership, Paper
from presentations import rules
from presentations.actions import locks
from presentations.models import PreferenceChoice, PreferenceList, PreferenceRound, QueueEvent
from presentations.queries import papers_of_round, queue_facts
from presentations.rules import Entered
from seminar.accounts.actions import audit, once
from seminar.accounts.models import User
from seminar.lib.plans import Plan, preview_data, refuse_other_plan, refuse_problems
from seminar.lib.tables import Table
from seminar.notifications.actions import enqueue


def plan_of_preferences(round_: PreferenceRound, table: Table) -> Plan[Entered]:
    """Return what these lists would do now; writes nothing. Four queries."""
    lists, problems = rules.read_preferences(table.rows)
    plan = rules.plan_preferences(lists, queue_facts(round_))
    return Plan(plan.steps, (*table.problems, *problems, *plan.problems))


@transaction.atomic
def import_preferences(
    round_id: int,
    table: Table,
    *,
    by: Membership | None,
    at: datetime,
    expected: str | None = None,
    nonce: str = "",
) -> dict[str, Any]:
    """Give each list of a file the next number, in the order of the file; all lists or none.

    Possible until the round is published, whether it is open or not. Who has a list keeps it.
    ``by`` is None for the command line. ``expected``: the hash of the plan that was shown.
    Returns the plan as ``preview_data`` gives it.

    Locks the round: nobody who submits meanwhile gets one of these numbers. Writes a queue event
    marked as imported for each list, and one audit entry; queues ``presentations/mail/list_entered``
    to each person entered. Raises Refused ``file_refused`` with every problem, ``nonce_reused``
    (422), ``preview_outdated`` (409).
    """
    round_ = locks.locked_round(round_id)

    def do() -> dict[str, Any]:
        plan = plan_of_preferences(round_, table)
        refuse_problems(plan.problems)
        refuse_other_plan(plan, expected)
        who = by.user if by else None
        enter_lists(round_, [step.change for step in plan.steps if step.change], who, at)
        return preview_data(table, plan)

    if by is None:
        return do()
    body = [round_.pk, expected, table.rows]
    return once(nonce, user=by.user, verb="import_preferences", body=body, at=at, do=do)


def enter_lists(
    round_: PreferenceRound, entered: list[Entered], by: User | None, at: datetime
) -> None:
    """Write lists, choices, events, audit entry and mails; call with the round locked."""
    if not entered:
        return
    papers = {paper.key: paper for paper in papers_of_round(round_)}
    codes = [each.student for each in entered]
    rows = Membership.objects.filter(course=round_.course_id, code__in=codes)
    members = {row.code: row for row in rows.select_related("user")}
    lists = PreferenceList.objects.bulk_create(
        PreferenceList(
            round=round_,
            membership=members[each.student],
            number=each.number,
            submitted_at=at,
            version=1,
            changed_at=at,
        )
        for each in entered
    )
    PreferenceChoice.objects.bulk_create(
        PreferenceChoice(list=list_, paper=papers[key], position=position)
        for list_, each in zip(lists, entered, strict=True)
        for position, key in enumerate(each.papers, start=1)
    )
    QueueEvent.objects.bulk_create(
        QueueEvent(
            round=round_,
            seq=round_.last_event + place,
            kind=QueueEvent.Kind.SUBMITTED,
            membership=members[each.student],
            number=each.number,
            papers=list(each.papers),
            imported=True,
            at=at,
        )
        for place, each in enumerate(entered, start=1)
    )
    round_.last_event += len(entered)
    round_.last_number = entered[-1].number
    round_.save(update_fields=["last_number", "last_event"])
    audit(
        "import_preferences",
        at=at,
        actor=by,
        subject=f"round {round_.key}",
        course_slug=round_.course.slug,
        after={each.student: {"number": each.number, "papers": each.papers} for each in entered},
    )
    for list_, each in zip(lists, entered, strict=True):
        _tell(round_, list_, [papers[key] for key in each.papers], at)


def _tell(
    round_: PreferenceRound, list_: PreferenceList, papers: list[Paper], at: datetime
) -> None:
    is_open = rules.submit_refusal(at, round_.opens_at, round_.closes_at, round_.closed_at) is None
    enqueue(
        "presentations/mail/list_entered",
        key=f"list-received-{round_.pk}-{list_.number}",
        to=list_.membership.user,
        at=at,
        context={
            "course": round_.course,
            "round": round_,
            "list": list_,
            "papers": papers,
            "is_open": is_open,
        },
        course_slug=round_.course.slug,
    )
