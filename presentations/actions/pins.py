"""Places that staff set before the queue is served, and lift again. Source: PRODUCT 3.3.4."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Membership, Paper
from presentations.actions import locks
from presentations.models import Pin, PreferenceRound
from presentations.queries.pins import lift_preview, pin_preview
from seminar.accounts.actions import audit, once
from seminar.accounts.models import User
from seminar.lib.errors import Refused


@transaction.atomic
def pin_student(
    round_id: int,
    place: tuple[Membership, Paper],
    *,
    reason: str,
    by: User,
    at: datetime,
    nonce: str = "",
) -> dict[str, Any]:
    """Set who presents which paper, ahead of the queue; every run keeps it until it is lifted.

    Possible until the round is published. It may go against what the student wished, but breaks no
    capacity and no talk time. Returns ``{"student", "paper"}``.

    Locks the round, then the course's talks. Writes an audit entry; queues nothing: people are told
    by publishing. Raises Refused ``no_reason``, ``not_a_student``, ``not_offered``,
    ``nonce_reused`` (422), ``published``, ``pinned``, ``has_a_talk``, ``paper_full``,
    ``meeting_full`` (409).
    """
    round_ = locks.locked_round(round_id)
    locks.locked_talks(round_.course_id)
    to, paper = place

    def pin() -> dict[str, Any]:
        why = _required(reason)
        change = pin_preview(round_, locks.current(to), paper)
        Pin.objects.create(
            round=round_, membership=change.to, paper=paper, reason=why, set_at=at, set_by=by
        )
        facts = {"student": change.to.code, "paper": paper.key}
        _audit("pin_student", round_, by, at, why, after=facts)
        return facts

    body = [round_.pk, to.pk, paper.pk, reason]
    return once(nonce, user=by, verb="pin_student", body=body, at=at, do=pin)


@transaction.atomic
def lift_pin(
    round_id: int, to: Membership, *, reason: str, by: User, at: datetime, nonce: str = ""
) -> dict[str, Any]:
    """Take back the pin of ``to``: the next run serves them by their number again.

    Returns ``{"student", "paper"}``. Locks the round, then the course's talks. Writes an audit
    entry; queues nothing. Raises Refused ``no_reason``, ``nonce_reused`` (422), ``published``,
    ``not_pinned`` (409).
    """
    round_ = locks.locked_round(round_id)
    locks.locked_talks(round_.course_id)

    def lift() -> dict[str, Any]:
        why = _required(reason)
        change = lift_preview(round_, to)
        live = Pin.objects.filter(round=round_, membership=to, lifted_at__isnull=True)
        live.update(lifted_at=at, lifted_by=by, lifted_reason=why)
        facts = {"student": to.code, "paper": change.paper.key}
        _audit("lift_pin", round_, by, at, why, before=facts)
        return facts

    body = [round_.pk, to.pk, reason]
    return once(nonce, user=by, verb="lift_pin", body=body, at=at, do=lift)


def _required(reason: str) -> str:
    if not reason.strip():
        raise Refused("no_reason", _("Say why: it is kept with the change."), status=422)
    return reason.strip()


def _audit(
    verb: str, round_: PreferenceRound, by: User, at: datetime, reason: str, **facts: Any
) -> None:
    audit(
        verb,
        at=at,
        actor=by,
        subject=f"round {round_.key}",
        course_slug=round_.course.slug,
        reason=reason,
        **facts,
    )
