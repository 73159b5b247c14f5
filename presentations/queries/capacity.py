"""Reads for changing how many present a paper: who is there, what is refused, who is affected."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import Membership, Paper
from presentations.models import PlaceOffer, Presenter
from presentations.queries.changes import offer_rounds, open_offers
from presentations.queries.places import Place, places_for
from presentations.rules import changes
from seminar.lib.errors import Refused

MOST = 100


@dataclass(frozen=True)
class CapacityPage:
    """Who presents a paper now, and where each of them could go; free places first."""

    paper: Paper
    presenters: tuple[Presenter, ...]
    places: Mapping[str, tuple[Place, ...]]
    offers: tuple[PlaceOffer, ...]


@dataclass(frozen=True)
class CapacityChange:
    """What another capacity would do: who moves, which offers end, who is offered a place."""

    paper: Paper
    capacity: int
    movers: tuple[tuple[Presenter, str], ...]
    withdrawn: tuple[PlaceOffer, ...]
    offered: tuple[Membership, ...]


def presenters_on(paper: Paper) -> list[Presenter]:
    """Return who presents a paper now, by seat. One query."""
    rows = Presenter.objects.live().filter(
        presentation__paper=paper, presentation__cancelled_at__isnull=True
    )
    return list(
        rows.select_related(
            "membership__user", "presentation__paper", "presentation__meeting__course"
        ).order_by("seat")
    )


def movers_of(paper: Paper, moves: Mapping[str, str]) -> list[Presenter]:
    """Return the places that are named to move, by seat. One query."""
    return [place for place in presenters_on(paper) if place.membership.code in moves]


def capacity_page(paper: Paper, at: datetime) -> CapacityPage:
    """Return what the page shows. Two queries, and seven for each presenter."""
    people = presenters_on(paper)
    places = {
        place.membership.code: tuple(
            found
            for found in places_for(paper.course, place.membership, at)
            if found.is_free and found.paper.pk != paper.pk
        )
        for place in people
    }
    offers = tuple(open_offers(paper.course).filter(paper=paper))
    return CapacityPage(paper, tuple(people), places, offers)


def capacity_refusal(
    paper: Paper, capacity: int, moves: Mapping[str, str], reason: str, at: datetime
) -> Refused | None:
    """Return why the capacity cannot become this with these moves, or None. One query.

    Codes: ``no_reason bad_capacity unknown`` (422), ``capacity_below_use talk_begun`` (409). The
    new places of those who move are checked one by one when they are taken.
    """
    if not reason.strip():
        return Refused("no_reason", _("Say why: it is kept with the change."), status=422)
    if not 0 <= capacity <= MOST:
        words = _("Write a number from 0 to 100.")
        return Refused("bad_capacity", words, status=422)
    people = presenters_on(paper)
    strangers = set(moves) - {place.membership.code for place in people}
    if strangers or paper.key in moves.values():
        words = _("Only who presents this paper can move, and only to another one.")
        return Refused("unknown", words, status=422)
    left = len(people) - len(moves)
    if left > capacity:
        words = ngettext(
            "%(left)d person would share %(capacity)d places. Say who moves.",
            "%(left)d people would share %(capacity)d places. Say who moves.",
            left,
        )
        return Refused("capacity_below_use", words % {"left": left, "capacity": capacity})
    if moves and at >= people[0].presentation.meeting.starts_at:
        return Refused("talk_begun", _("The meeting of this talk has begun."))
    return None


def capacity_preview(
    paper: Paper, capacity: int, moves: Mapping[str, str], reason: str, at: datetime
) -> CapacityChange:
    """Return what the change would do. At most twenty queries. Raises the ``capacity_refusal``.

    Who is offered a place is worked out for the paper alone; a place freed elsewhere by a move is
    offered on as well.
    """
    refusal = capacity_refusal(paper, capacity, moves, reason, at)
    if refusal is not None:
        raise refusal
    people = presenters_on(paper)
    stays = [place for place in people if place.membership.code not in moves]
    offers = list(open_offers(paper.course).filter(paper=paper).order_by("offered_at", "id"))
    room = capacity - len(stays)
    movers = tuple((p, moves[p.membership.code]) for p in people if p.membership.code in moves)
    free = max(0, room - len(offers))
    return CapacityChange(
        paper, capacity, movers, tuple(offers[room:]), tuple(_next_for(paper, free, movers, at))
    )


def _next_for(
    paper: Paper, free: int, movers: tuple[tuple[Presenter, str], ...], at: datetime
) -> list[Membership]:
    meeting = paper.meeting
    if not free or meeting is None:
        return []
    gone = {place.membership.code for place, _ in movers}
    for found in offer_rounds(paper.course):
        if paper.key not in found.papers:
            continue
        facts = replace(
            found.facts,
            holds={who: held for who, held in found.facts.holds.items() if who not in gone},
            past=found.facts.past | {(who, paper.key) for who in gone},
        )
        seats = [
            changes.Place(paper.key, seat, meeting.key, meeting.starts_at) for seat in range(free)
        ]
        return [found.members[offer.student] for offer in changes.offers(facts, seats, at)]
    return []
