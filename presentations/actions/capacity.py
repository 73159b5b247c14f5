"""How many present a paper together: more places are offered, fewer need moves. PRODUCT 3.3.6."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Membership, Paper
from presentations.actions import locks
from presentations.actions.changes import News, answer, end_place, settle, take_place, talk_on
from presentations.models import PlaceOffer, Presenter
from presentations.queries import Place, places_for
from presentations.queries.capacity import capacity_refusal, movers_of
from presentations.queries.changes import open_offers
from presentations.rules import changes
from seminar.accounts.actions import audit, once
from seminar.accounts.models import User
from seminar.lib.errors import Refused


@transaction.atomic
def change_capacity(  # noqa: PLR0913 - the new number, who moves, why, by whom, which request
    paper_id: int,
    capacity: int,
    moves: Mapping[str, str],
    *,
    reason: str,
    by: User,
    at: datetime,
    nonce: str = "",
) -> dict[str, Any]:
    """Set how many present a paper. More places are offered by number at once.

    ``moves`` names who gives up their place (membership code) and the paper they get instead (its
    key, or "" for none); it is needed where fewer places are left than people. Open offers that
    have no place any more are withdrawn, the latest first. Returns ``{"paper", "told"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/news``, one for
    each person. Raises Refused ``no_reason``, ``bad_capacity``, ``unknown``, ``nonce_reused``
    (422), ``capacity_below_use``, ``not_presenting``, ``talk_begun``, and for a new place
    ``not_presented``, ``not_published``, ``talk_over``, ``paper_full``, ``offered``,
    ``meeting_full`` (409).
    """
    found = Paper.objects.values_list("course_id", flat=True).get(pk=paper_id)
    course = locks.locked_talks(found)

    def change() -> dict[str, Any]:
        paper = Paper.objects.select_related("meeting").get(pk=paper_id)
        paper.course = course
        before = paper.capacity
        refusal = capacity_refusal(paper, capacity, moves, reason, at)
        if refusal is not None:
            raise refusal
        news = News(course, at, by)
        movers = movers_of(paper, moves)
        for place in movers:
            end_place(place, reason.strip(), at)
            news.tell_partners(place.presentation, "partner_left", place.membership)
        paper.capacity = capacity
        paper.save(update_fields=["capacity"])
        _make_room(paper, course, news)
        for place in movers:
            _move(place, moves[place.membership.code], course, reason.strip(), news)
        settled = settle(course, news)
        audit(
            "change_capacity",
            at=at,
            actor=by,
            subject=paper.key,
            course_slug=course.slug,
            before={"capacity": before},
            after={"capacity": capacity, "moves": dict(moves)} | settled.facts(),
            reason=reason.strip(),
        )
        return {"paper": paper.key, "told": news.send()}

    body = [paper_id, capacity, dict(moves), reason]
    return once(nonce, user=by, verb="change_capacity", body=body, at=at, do=change)


def _make_room(paper: Paper, course: Course, news: News) -> None:
    """Withdraw the latest offers that have no place any more; seat the rest below the capacity."""
    rows = Presenter.objects.live().filter(
        presentation__paper=paper, presentation__cancelled_at__isnull=True
    )
    people = list(rows)
    offers = list(open_offers(course).filter(paper=paper).order_by("offered_at", "id"))
    room = paper.capacity - len(people)
    for offer in offers[room:]:
        answer(offer, PlaceOffer.State.WITHDRAWN, news.at)
        news.tell(offer.membership, "offer_ended", offer=offer)
    kept: list[Presenter | PlaceOffer] = [*people, *offers[:room]]
    seats = changes.seats_after([row.seat for row in kept], paper.capacity)
    for row in kept:
        if seats[row.seat] != row.seat:
            row.seat = seats[row.seat]
            row.save(update_fields=["seat"])


def _move(place: Presenter, key: str, course: Course, reason: str, news: News) -> None:
    member = place.membership
    if not key:
        news.tell(member, "talk_gone", presentation=place.presentation, reason=reason)
        return
    new = _place_on(key, member, course, news.at)
    talk = talk_on(new.paper, course)
    news.tell_partners(talk, "partner_came", member)
    take_place(talk, member, seat=new.seat, choice=new.choice, reason="moved", at=news.at)
    news.tell(member, "talk_mine", presentation=talk)


def _place_on(key: str, member: Membership, course: Course, at: datetime) -> Place:
    """Return the free place of a paper for somebody. Raises Refused."""
    found = [place for place in places_for(course, member, at) if place.paper.key == key]
    if not found:
        words = _("“%(paper)s” is not presented in any meeting that takes place.")
        raise Refused("not_presented", words % {"paper": key}, status=422)
    if found[0].refusal is not None:
        words = _("“%(paper)s” cannot be given: %(reason)s.")
        facts = {"paper": found[0].paper.title, "reason": found[0].words}
        raise Refused(found[0].refusal, words % facts)
    return found[0]
