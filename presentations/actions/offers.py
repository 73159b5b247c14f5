"""Free places after publication: offered by number, accepted, declined, expired. PRODUCT 3.3.6."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Membership
from presentations.actions import locks
from presentations.actions.changes import (
    News,
    Settled,
    answer,
    end_place,
    settle,
    take_place,
    talk_on,
)
from presentations.models import PlaceOffer, Presenter
from presentations.queries import own_talk
from presentations.queries.changes import courses_with_places, offer_refusal
from presentations.rules import changes
from seminar.accounts.actions import audit, once
from seminar.lib.errors import Refused

log = logging.getLogger(__name__)


@transaction.atomic
def offer_free_places(course_id: int, at: datetime) -> Settled:
    """End the offers and swaps of a course that are over, and offer its free places by number.

    Idempotent: what is offered stays offered, what nobody wants stays free. Actions that free a
    place do the same in their own transaction.

    Locks the course's talks. Where something changed: writes an audit entry and queues
    ``presentations/mail/news``, one for each person.
    """
    course = locks.locked_talks(course_id)
    news = News(course, at)
    settled = settle(course, news)
    if settled:
        news.send()
        audit(
            "offer_free_places",
            at=at,
            actor=None,
            subject=course.slug,
            course_slug=course.slug,
            after=settled.facts(),
        )
    return settled


def offer_all_free_places(at: datetime) -> int:
    """Do ``offer_free_places`` for every course that may have some; return how many changed.

    One transaction and one lock for each course; what fails in one leaves the others alone.
    """
    changed = 0
    for course_id in courses_with_places(at):
        try:
            changed += bool(offer_free_places(course_id, at))
        except Exception:  # one broken course must not keep the others waiting
            log.exception("the places of course %s were not offered", course_id)
    return changed


@transaction.atomic
def accept_offer(offer_id: int, by: Membership, at: datetime, nonce: str = "") -> dict[str, Any]:
    """Take the place one is offered; the place one has is freed and offered on at once.

    Returns ``{"talk", "told"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/news``, one for
    each person. Raises Refused ``offer_expired``, ``offer_withdrawn``, ``offer_accepted``,
    ``offer_declined``, ``own_talk_soon`` (409), ``nonce_reused`` (422).
    """
    course = locks.locked_talks(by.course_id)

    def accept() -> dict[str, Any]:
        offer = _open(offer_id, by, course, at)
        mine = own_talk(offer.membership)
        _require_time_to_leave(mine, course, at)
        news = News(course, at, by.user)
        if mine is not None:
            words = _("Took a place in “%(paper)s” that was offered.")
            end_place(mine, words % {"paper": offer.paper.title}, at)
            news.tell_partners(mine.presentation, "partner_left", offer.membership)
        answer(offer, PlaceOffer.State.ACCEPTED, at)
        talk = talk_on(offer.paper, course)
        news.tell_partners(talk, "partner_came", offer.membership)
        seat, choice = offer.seat, offer.choice
        take_place(talk, offer.membership, seat=seat, choice=choice, reason="accepted", at=at)
        news.tell(offer.membership, "talk_mine", presentation=talk)
        news.tell_staff("accepted", talk, offer.membership, left=mine and mine.presentation)
        settled = settle(course, news)
        audit(
            "accept_offer",
            at=at,
            actor=by.user,
            subject=offer.code,
            course_slug=course.slug,
            before={"talk": mine.presentation.code if mine else None},
            after={"talk": talk.code} | settled.facts(),
        )
        return {"talk": talk.code, "told": news.send()}

    return once(nonce, user=by.user, verb="accept_offer", body=[offer_id], at=at, do=accept)


@transaction.atomic
def decline_offer(offer_id: int, by: Membership, at: datetime, nonce: str = "") -> dict[str, Any]:
    """Decline a place for good: it goes to the next person at once. Returns ``{"offer"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/news`` for the
    next person. Raises Refused ``offer_expired``, ``offer_withdrawn``, ``offer_accepted``,
    ``offer_declined`` (409), ``nonce_reused`` (422).
    """
    course = locks.locked_talks(by.course_id)

    def decline() -> dict[str, Any]:
        offer = _open(offer_id, by, course, at)
        answer(offer, PlaceOffer.State.DECLINED, at)
        news = News(course, at, by.user)
        settled = settle(course, news)
        news.send()
        audit(
            "decline_offer",
            at=at,
            actor=by.user,
            subject=offer.code,
            course_slug=course.slug,
            after={"paper": offer.paper.key} | settled.facts(),
        )
        return {"offer": offer.code}

    return once(nonce, user=by.user, verb="decline_offer", body=[offer_id], at=at, do=decline)


def _open(offer_id: int, by: Membership, course: Course, at: datetime) -> PlaceOffer:
    """Return one's own open offer as it is under the lock. Raises Refused."""
    rows = PlaceOffer.objects.select_related("paper__meeting", "membership__user")
    offer = rows.get(pk=offer_id, membership=by.pk, paper__course=course)
    refusal = offer_refusal(offer, at)
    if refusal is not None:
        raise refusal
    return offer


def _require_time_to_leave(mine: Presenter | None, course: Course, at: datetime) -> None:
    if mine is None:
        return
    mine.presentation.meeting.course = course
    if at >= mine.presentation.meeting.starts_at - changes.FROZEN:
        words = _("Your own talk is less than 7 days away. Ask your instructor to change it.")
        raise Refused("own_talk_soon", words)
