"""A list of somebody who came after the round had closed. Source: PRODUCT 3.3.7."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Membership
from presentations import rules
from presentations.actions import locks
from presentations.actions.imports import enter_lists
from presentations.models import PreferenceRound
from presentations.queries import list_of, papers_of_round, published_of, state_of
from seminar.accounts.actions import once
from seminar.accounts.models import User
from seminar.lib.errors import Refused


@transaction.atomic
def enter_late_list(
    round_id: int,
    to: Membership,
    ranked: Sequence[str],
    *,
    by: User,
    at: datetime,
    nonce: str = "",
) -> dict[str, Any]:
    """Give a list the next number after the round closed. Returns ``{"student", "number"}``.

    Nobody before it loses anything: until publication it is the last number of the next run; after
    it the list counts for free places only, and is taken only of who joined after the closing.

    Locks the round. Writes a queue event marked as imported and an audit entry; queues
    ``presentations/mail/list_entered``. Raises Refused ``still_open``, ``has_list``, ``not_late``
    (409), ``not_a_student``, ``bad_list`` with every problem, ``nonce_reused`` (422).
    """
    round_ = locks.locked_round(round_id)

    def enter() -> dict[str, Any]:
        student = locks.current(to)
        _require_late(round_, student, at)
        _require_valid(round_, ranked)
        number = round_.last_number + 1
        entered = rules.Entered(student.code, number, tuple(ranked))
        enter_lists(round_, [entered], by, at)
        return {"student": student.code, "number": number}

    body = [round_.pk, to.pk, list(ranked)]
    return once(nonce, user=by, verb="enter_late_list", body=body, at=at, do=enter)


def _require_late(round_: PreferenceRound, student: Membership, at: datetime) -> None:
    name = {"name": student.user.name}
    if student.course_id != round_.course_id or not student.is_student:
        words = _("%(name)s is not an active student of this course.")
        raise Refused("not_a_student", words % name, status=422)
    joined = student.joined_at
    refusal = rules.late_refusal(
        is_closed=state_of(round_, at) in {rules.RoundState.CLOSING, rules.RoundState.CLOSED},
        is_published=published_of(round_) is not None,
        joined_late=joined is not None and joined >= round_.closes_at,
        has_list=list_of(round_, student) is not None,
    )
    if refusal is not None:
        raise Refused(refusal, _late_words(refusal) % name)


def _late_words(code: str) -> str:
    return {
        "still_open": _("This round is not closed yet: %(name)s can still submit a list."),
        "has_list": _("%(name)s has a list in this round already. Nothing changes."),
        "not_late": _(
            "This round is published, and %(name)s was in the course before it closed. Give a free "
            "place on the board instead."
        ),
    }[code]


def _require_valid(round_: PreferenceRound, ranked: Sequence[str]) -> None:
    offered = [paper.key for paper in papers_of_round(round_)]
    refusals = rules.list_refusals(ranked, offered, round_.min_length, round_.max_length)
    if refusals:
        problems = [
            {
                "field": "ranked",
                "value": refusal.paper or refusal.limit,
                "rule": _problem_words(refusal.code),
            }
            for refusal in refusals
        ]
        raise Refused("bad_list", _("This list is not complete."), status=422, problems=problems)


def _problem_words(code: str) -> str:
    return {
        "unknown": _("There is no such paper in this round."),
        "repeated": _("This paper is on the list more than once."),
        "too_short": _("The list ranks fewer papers than this."),
        "too_long": _("The list ranks more papers than this."),
    }[code]
