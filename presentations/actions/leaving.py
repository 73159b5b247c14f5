"""Giving a place in a talk back, leaving all talks with the course, and saying that one comes."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Membership
from presentations.actions import locks
from presentations.actions.changes import News, end_place, settle
from presentations.models import PlaceOffer, Presenter
from presentations.queries.changes import leave_refusal, presenters_of
from seminar.accounts.actions import audit, once
from seminar.accounts.models import User
from seminar.lib.errors import Refused


@transaction.atomic
def withdraw_from_talk(
    presenter_id: int, reason: str, by: User, at: datetime, nonce: str = ""
) -> dict[str, Any]:
    """Give a place in a talk in class back; it is offered to the next person at once.

    By the presenter, or by staff for them; until the meeting begins. Within 7 days of it nobody is
    offered the place. Returns ``{"talk", "told"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/news``, one for
    each person. Raises Refused ``no_reason``, ``not_in_class``, ``nonce_reused`` (422),
    ``not_presenting``, ``talk_begun`` (409).
    """
    course = locks.locked_talks(_course_of(presenter_id))

    def withdraw() -> dict[str, Any]:
        if not reason.strip():
            raise Refused("no_reason", _("Say why: it is kept with the change."), status=422)
        place = presenters_of(course).get(pk=presenter_id)
        refusal = leave_refusal(place, at)
        if refusal is not None:
            raise refusal
        news = News(course, at, by)
        talk = place.presentation
        news.tell(place.membership, "talk_gone", presentation=talk, reason=reason.strip())
        _leave(place, reason.strip(), "withdrew", news)
        audit(
            "withdraw_from_talk",
            at=at,
            actor=by,
            subject=talk.code,
            course_slug=course.slug,
            before={"presenter": place.membership.code},
            after=settle_and_tell_staff(course, news, [place], "withdrew", reason.strip()),
            reason=reason.strip(),
        )
        return {"talk": talk.code, "told": news.send()}

    body = [presenter_id, reason]
    return once(nonce, user=by, verb="withdraw_from_talk", body=body, at=at, do=withdraw)


@transaction.atomic
def leave_talks(membership: Membership, reason: str, by: User, at: datetime) -> int:
    """Free every place of somebody who has left the course, and offer those in class on.

    Called by ``seminar.desk`` in the transaction that ends the membership; the person reads about
    it in the mail of that. Talks that are over stay theirs. Returns how many places were freed.

    Locks the course's talks. Writes an audit entry if something changed; queues
    ``presentations/mail/news`` for partners, instructors and who comes next.
    """
    course = locks.locked_talks(membership.course_id)
    live = presenters_of(course).filter(membership=membership, ended_at__isnull=True)
    places = [place for place in live if leave_refusal(place, at, with_course=True) is None]
    news = News(course, at, by)
    for place in places:
        _leave(place, reason, "left", news)
    after = settle_and_tell_staff(course, news, places, "left", reason)
    news.items.pop(membership, None)
    news.send()
    if places or after["offers"] or after["ended"]:
        audit(
            "leave_talks",
            at=at,
            actor=by,
            subject=membership.code,
            course_slug=course.slug,
            before={"talks": [place.presentation.code for place in places]},
            after=after,
            reason=reason,
        )
    return len(places)


def _leave(place: Presenter, reason: str, verb: str, news: News) -> None:
    end_place(place, reason, news.at)
    news.tell_partners(place.presentation, "partner_left", place.membership)


def settle_and_tell_staff(
    course: Course, news: News, places: list[Presenter], verb: str, reason: str
) -> dict[str, list[str]]:
    """Settle what follows and tell the instructors, who read whether a place was offered on."""
    settled = settle(course, news)
    for place in places:
        offered = PlaceOffer.objects.filter(
            paper=place.presentation.paper, seat=place.seat, state=PlaceOffer.State.OPEN
        )
        free = not offered.exists()
        facts = {"reason": reason, "free": free}
        news.tell_staff(verb, place.presentation, place.membership, **facts)
    return settled.facts()


def _course_of(presenter_id: int) -> int:
    return Presenter.objects.values_list("presentation__course_id", flat=True).get(pk=presenter_id)


@transaction.atomic
def confirm_presence(
    presenter_id: int, by: Membership, at: datetime, nonce: str = ""
) -> dict[str, Any]:
    """Say that one will give the talk. Said again, it changes nothing. Returns ``{"talk"}``.

    Locks the course's talks. Writes an audit entry; queues nothing: staff see who has not. Raises
    Refused ``not_presenting``, ``talk_begun`` (409), ``nonce_reused`` (422).
    """
    course = locks.locked_talks(by.course_id)

    def confirm() -> dict[str, Any]:
        place = presenters_of(course).get(pk=presenter_id, membership=by)
        refusal = leave_refusal(place, at, with_course=True)
        if refusal is not None:
            raise refusal
        if place.confirmed_at is None:
            place.confirmed_at = at
            place.save(update_fields=["confirmed_at"])
            audit(
                "confirm_presence",
                at=at,
                actor=by.user,
                subject=place.presentation.code,
                course_slug=course.slug,
            )
        return {"talk": place.presentation.code}

    body = [presenter_id]
    return once(nonce, user=by.user, verb="confirm_presence", body=body, at=at, do=confirm)
