"""Who is offered a free place, and until when; which swaps can be agreed. Pure.

Papers and meetings are named by their keys, students by the code of their membership. Instants are
aware. Source: PRODUCT 3.3.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

OFFER_LASTS = timedelta(hours=48)
FROZEN = timedelta(days=7)
"""From this long before a talk nobody is offered a place in it, or called away from it."""
SWAP_LASTS = timedelta(hours=48)
SWAP_ENDS = timedelta(days=1)
"""A swap has to be agreed this long before the earlier one of the two meetings."""
LONGEST_CASCADE = 20


class Wishes(NamedTuple):
    """One submitted list of a round: its number and its papers, best first."""

    student: str
    number: int
    papers: tuple[str, ...]
    unwanted: frozenset[str] = frozenset()
    unavailable: frozenset[str] = frozenset()


class Place(NamedTuple):
    """One seat of a paper, free or held. ``minutes``: talk time it would still take, if any."""

    paper: str
    seat: int
    meeting: str
    starts_at: datetime
    minutes: int = 0


class NewOffer(NamedTuple):
    """A place that is to be offered. ``choice`` counts from 1."""

    place: Place
    student: str
    number: int
    choice: int
    expires_at: datetime


class CascadeStep(NamedTuple):
    """One offer taken: who gets which place, and which one that frees."""

    place: Place
    student: str
    frees: Place | None


@dataclass(frozen=True)
class OfferFacts:
    """Everything that decides about offers in one round.

    ``front`` lost their talk with a cancelled meeting. ``past``: (student, paper) of what somebody
    had and left, declined, or let expire. ``offered``: (student, paper) of open offers. ``left``:
    free talk time by meeting.
    """

    lists: tuple[Wishes, ...]
    holds: Mapping[str, Place] = field(default_factory=dict)
    front: frozenset[str] = frozenset()
    past: frozenset[tuple[str, str]] = frozenset()
    offered: frozenset[tuple[str, str]] = frozenset()
    left: Mapping[str, int] = field(default_factory=dict)


def offer_until(at: datetime, starts_at: datetime, own_starts_at: datetime | None) -> datetime:
    """Return when an offer made at ``at`` ends; not after ``at`` means that none can be made.

    After 48 hours, and at the latest 7 days before the talk on offer and before the one that
    would be left.
    """
    own = own_starts_at or starts_at
    return min(at + OFFER_LASTS, starts_at - FROZEN, own - FROZEN)


def wants_more(papers: Sequence[str], wanted: str, held: str | None) -> bool:
    """Tell whether a list ranks ``wanted`` above ``held``. What is not on it counts as last."""
    if wanted not in papers:
        return False
    return held not in papers or papers.index(wanted) < papers.index(held)


def offers(facts: OfferFacts, places: Sequence[Place], at: datetime) -> tuple[NewOffer, ...]:
    """Return which of the free ``places`` are offered to whom at ``at``, in order of service.

    First those who lost a talk with a cancelled meeting, then everybody, each strictly by number;
    each is offered the best free place that they want more than what they have. So nobody gets an
    offer of a place that somebody before them would have taken.
    """
    free, left, made = list(places), dict(facts.left), []
    for wishes in sorted(facts.lists, key=lambda wishes: _turn(facts, wishes)):
        found = _best(replace(facts, left=left), wishes, free, at)
        if found is not None:
            free.remove(found.place)
            left[found.place.meeting] = left.get(found.place.meeting, 0) - found.place.minutes
            made.append(found)
    return tuple(made)


def _turn(facts: OfferFacts, wishes: Wishes) -> tuple[bool, int]:
    return (wishes.student not in facts.front, wishes.number)


def _best(
    facts: OfferFacts, wishes: Wishes, free: Sequence[Place], at: datetime
) -> NewOffer | None:
    wanted = [place for place in free if can_be_offered(facts, wishes, place, at)]
    if not wanted:
        return None
    place = min(wanted, key=lambda place: (wishes.papers.index(place.paper), place.seat))
    own = facts.holds.get(wishes.student)
    return NewOffer(
        place=place,
        student=wishes.student,
        number=wishes.number,
        choice=wishes.papers.index(place.paper) + 1,
        expires_at=offer_until(at, place.starts_at, own.starts_at if own else None),
    )


def can_be_offered(facts: OfferFacts, wishes: Wishes, place: Place, at: datetime) -> bool:
    """Tell whether a student could be offered a place if nobody were before them."""
    own, pair = facts.holds.get(wishes.student), (wishes.student, place.paper)
    open_now = [paper for student, paper in facts.offered if student == wishes.student]
    return (
        wants_more(wishes.papers, place.paper, own.paper if own else None)
        and place.paper not in wishes.unwanted
        and place.meeting not in wishes.unavailable
        and pair not in facts.past
        and pair not in facts.offered
        and not any(wants_more(wishes.papers, paper, place.paper) for paper in open_now)
        and (not place.minutes or place.minutes <= facts.left.get(place.meeting, 0))
        and offer_until(at, place.starts_at, own.starts_at if own else None) > at
    )


def cascade(
    facts: OfferFacts, place: Place, at: datetime, first: str | None = None
) -> tuple[CascadeStep, ...]:
    """Return who moves where if everybody who is offered a place takes it, starting with ``place``.

    ``first`` has the offer of ``place`` already; without, the next one by the rule starts. At most
    20 steps: each one moves somebody to what they want more, so that it ends by itself anyway.
    """
    steps: list[CascadeStep] = []
    student, now = first or _next_for(facts, place, at), place
    while student is not None and len(steps) < LONGEST_CASCADE:
        frees = facts.holds.get(student)
        steps.append(CascadeStep(now, student, frees))
        if frees is None:
            break
        facts = _moved(facts, student, now, frees)
        student, now = _next_for(facts, frees, at), frees
    return tuple(steps)


def _next_for(facts: OfferFacts, place: Place, at: datetime) -> str | None:
    able = [wishes for wishes in facts.lists if can_be_offered(facts, wishes, place, at)]
    return min(able, key=lambda wishes: _turn(facts, wishes)).student if able else None


def _moved(facts: OfferFacts, student: str, to: Place, frees: Place) -> OfferFacts:
    return replace(
        facts,
        holds={**facts.holds, student: to},
        past=facts.past | {(student, frees.paper)},
        offered=facts.offered - {(student, to.paper)},
    )


def swap_until(at: datetime, mine: datetime, theirs: datetime) -> datetime:
    """Return when a swap proposed at ``at`` ends; not after ``at`` means that it is too late.

    After 48 hours, and at the latest a day before the earlier one of the two meetings.
    """
    return min(at + SWAP_LASTS, min(mine, theirs) - SWAP_ENDS)


class SwapFacts(NamedTuple):
    """What decides whether two places can change hands between their holders."""

    both_live: bool
    both_in_class: bool
    same_talk: bool
    first_starts_at: datetime
    by_staff: bool = False


def swap_refusal(facts: SwapFacts, at: datetime) -> str | None:
    """Return why two people cannot change places at ``at``, as a code, or None.

    Students agree until a day before the first of both meetings, staff swap until it begins.
    """
    ends = facts.first_starts_at - (timedelta(0) if facts.by_staff else SWAP_ENDS)
    refusals = {
        "not_presenting": not facts.both_live,
        "not_in_class": not facts.both_in_class,
        "same_talk": facts.same_talk,
        "talk_begun" if facts.by_staff else "talk_soon": at >= ends,
    }
    return next((code for code, holds in refusals.items() if holds), None)


def seats_after(taken: Sequence[int], capacity: int) -> dict[int, int]:
    """Return the seat of each holder once a paper has ``capacity`` places: old seat to new.

    Only who sits on a seat that is gone moves, to the lowest free one. Needs room for all.
    """
    assert len(taken) <= capacity, "somebody has to move first"
    free = (seat for seat in range(capacity) if seat not in taken)
    return {seat: seat if seat < capacity else next(free) for seat in sorted(taken)}
