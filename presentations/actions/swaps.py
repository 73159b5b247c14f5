"""Two presenters who change places: by two consents, or by staff. Source: PRODUCT 3.3.6."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Membership
from presentations.actions import locks
from presentations.actions.changes import News, answer, end_place, settle, take_place
from presentations.models import Presenter, Swap
from presentations.queries import choice_of
from presentations.queries.changes import (
    open_swaps,
    presenters_of,
    swap_answer_refusal,
    swap_refusal,
    swaps_of,
)
from presentations.rules import changes
from seminar.accounts.actions import audit, once
from seminar.accounts.models import User
from seminar.lib.errors import Refused

LONGEST_MESSAGE = 500


@transaction.atomic
def propose_swap(
    mine_id: int, theirs_id: int, message: str, by: Membership, at: datetime, nonce: str = ""
) -> dict[str, Any]:
    """Ask another presenter to change places; this is the first of two consents.

    Open for 48 hours, and at most until a day before the earlier meeting. Returns ``{"swap"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/news`` for the
    other one. Raises Refused ``message_too_long``, ``nonce_reused`` (422), ``not_presenting``,
    ``not_in_class``, ``same_talk``, ``talk_soon``, ``swap_open`` (409).
    """
    course = locks.locked_talks(by.course_id)

    def propose() -> dict[str, Any]:
        if len(message.strip()) > LONGEST_MESSAGE:
            words = _("Shorten the message to 500 characters.")
            raise Refused("message_too_long", words, status=422)
        mine = presenters_of(course).get(pk=mine_id, membership=by)
        theirs = presenters_of(course).get(pk=theirs_id)
        _require_possible(mine, theirs, at)
        _require_not_asked(course, mine, theirs)
        starts = [place.presentation.meeting.starts_at for place in (mine, theirs)]
        swap = Swap.objects.create(
            mine=mine,
            theirs=theirs,
            message=message.strip(),
            proposed_at=at,
            expires_at=changes.swap_until(at, *starts),
        )
        news = News(course, at, by.user)
        news.tell(theirs.membership, "swap_proposed", swap=swap)
        news.send()
        people = {"mine": mine.membership.code, "theirs": theirs.membership.code}
        _audit("propose_swap", swap.code, news, people)
        return {"swap": swap.code}

    body = [mine_id, theirs_id, message]
    return once(nonce, user=by.user, verb="propose_swap", body=body, at=at, do=propose)


def _require_possible(
    mine: Presenter, theirs: Presenter, at: datetime, *, by_staff: bool = False
) -> None:
    refusal = swap_refusal(mine, theirs, at, by_staff=by_staff)
    if refusal is not None:
        raise refusal


def _require_not_asked(course: Course, mine: Presenter, theirs: Presenter) -> None:
    places = {mine.pk, theirs.pk}
    if any({swap.mine_id, swap.theirs_id} == places for swap in open_swaps(course)):
        words = _("A swap between you two is open already: it waits for an answer.")
        raise Refused("swap_open", words)


def _audit(verb: str, subject: str, news: News, after: Any, reason: str = "") -> None:
    """Write the entry of one change, by whom and when its news say."""
    audit(
        verb,
        at=news.at,
        actor=news.by,
        subject=subject,
        course_slug=news.course.slug,
        after=after,
        reason=reason,
    )


@transaction.atomic
def accept_swap(swap_id: int, by: Membership, at: datetime, nonce: str = "") -> dict[str, Any]:
    """Give the second consent: both places change hands at once. Returns ``{"talk", "told"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/news`` for both,
    their partners and the instructors. Raises Refused ``nonce_reused`` (422), ``swap_expired``,
    ``swap_accepted``, ``swap_declined``, ``swap_withdrawn``, ``not_presenting``, ``talk_soon``
    (409), ``not_yours`` (403).
    """
    course = locks.locked_talks(by.course_id)

    def accept() -> dict[str, Any]:
        swap = _open(swap_id, course, at)
        _require_side(swap.theirs, by)
        _require_possible(swap.mine, swap.theirs, at)
        answer(swap, Swap.State.ACCEPTED, at)
        words = _("Swapped with %(name)s.")
        reasons = [
            words % {"name": other.membership.user.name} for other in (swap.theirs, swap.mine)
        ]
        news = News(course, at, by.user)
        talks = _exchange(swap.mine, swap.theirs, reasons, news)
        settled = settle(course, news)
        _audit("accept_swap", swap.code, news, talks | settled.facts())
        return {"talk": swap.mine.presentation.code, "told": news.send()}

    return once(nonce, user=by.user, verb="accept_swap", body=[swap_id], at=at, do=accept)


def _require_side(place: Presenter, by: Membership) -> None:
    if place.membership_id != by.pk:
        words = _("It is the other one who can do this.")
        raise Refused("not_yours", words, status=403)


def _open(swap_id: int, course: Course, at: datetime) -> Swap:
    """Return an open swap as it is under the lock. Raises Refused."""
    swap = swaps_of(course).get(pk=swap_id)
    refusal = swap_answer_refusal(swap, at)
    if refusal is not None:
        raise refusal
    return swap


def _exchange(one: Presenter, two: Presenter, reasons: list[str], news: News) -> dict[str, str]:
    """End both places and give each to the other, on the same seats; note who hears of it."""
    for place, reason in zip((one, two), reasons, strict=True):
        end_place(place, reason, news.at)
    after = {}
    for old, new in ((one, two), (two, one)):
        talk, member = old.presentation, new.membership
        take_place(
            talk,
            member,
            seat=old.seat,
            choice=choice_of(talk, member),
            reason="swapped",
            at=news.at,
        )
        news.tell(member, "talk_mine", presentation=talk, swapped_with=old.membership)
        after[member.code] = talk.code
    for old, new in ((one, two), (two, one)):
        news.tell_partners(old.presentation, "partner_came", new.membership)
    news.tell_staff("swapped", one.presentation, two.membership, other=one.membership)
    return after


@transaction.atomic
def decline_swap(swap_id: int, by: Membership, at: datetime, nonce: str = "") -> dict[str, Any]:
    """Say no to a swap; both talks stay as they are. Returns ``{"swap"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/news`` for who
    asked. Raises Refused ``swap_expired``, ``swap_accepted``, ``swap_declined``,
    ``swap_withdrawn`` (409), ``not_yours`` (403), ``nonce_reused`` (422).
    """
    return _end("decline_swap", swap_id, by, at, nonce)


@transaction.atomic
def withdraw_swap(swap_id: int, by: Membership, at: datetime, nonce: str = "") -> dict[str, Any]:
    """Take one's own proposal back; both talks stay as they are. Returns ``{"swap"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/news`` for the
    other one. Raises Refused ``swap_expired``, ``swap_accepted``, ``swap_declined``,
    ``swap_withdrawn`` (409), ``not_yours`` (403), ``nonce_reused`` (422).
    """
    return _end("withdraw_swap", swap_id, by, at, nonce)


def _end(verb: str, swap_id: int, by: Membership, at: datetime, nonce: str) -> dict[str, Any]:
    course = locks.locked_talks(by.course_id)

    def end() -> dict[str, Any]:
        declined = verb == "decline_swap"
        swap = _open(swap_id, course, at)
        _require_side(swap.theirs if declined else swap.mine, by)
        answer(swap, Swap.State.DECLINED if declined else Swap.State.WITHDRAWN, at)
        news = News(course, at, by.user)
        other = swap.mine if declined else swap.theirs
        news.tell(other.membership, "swap_ended", swap=swap)
        news.send()
        _audit(verb, swap.code, news, {"state": swap.state})
        return {"swap": swap.code}

    return once(nonce, user=by.user, verb=verb, body=[swap_id], at=at, do=end)


@transaction.atomic
def swap_presenters(
    one_id: int, two_id: int, reason: str, by: User, at: datetime, nonce: str = ""
) -> dict[str, Any]:
    """Let staff swap two presenters directly, with a reason. Returns ``{"talk", "told"}``.

    Possible until the first of both meetings begins.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/news`` for both,
    their partners and the other instructors. Raises Refused ``no_reason``, ``nonce_reused``
    (422), ``not_presenting``, ``not_in_class``, ``same_talk``, ``talk_begun`` (409).
    """
    found = Presenter.objects.values_list("presentation__course_id", flat=True).get(pk=one_id)
    course = locks.locked_talks(found)

    def swap() -> dict[str, Any]:
        if not reason.strip():
            raise Refused("no_reason", _("Say why: it is kept with the change."), status=422)
        rows = presenters_of(course)
        one, two = rows.get(pk=one_id), rows.get(pk=two_id)
        _require_possible(one, two, at, by_staff=True)
        news = News(course, at, by)
        talks = _exchange(one, two, [reason.strip()] * 2, news)
        settled = settle(course, news)
        subject, after = one.presentation.code, talks | settled.facts()
        _audit("swap_presenters", subject, news, after, reason.strip())
        return {"talk": one.presentation.code, "told": news.send()}

    body = [one_id, two_id, reason]
    return once(nonce, user=by, verb="swap_presenters", body=body, at=at, do=swap)
