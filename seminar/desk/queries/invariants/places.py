"""Places that change hands: what is offered is there to be had, and by whom."""

from collections.abc import Iterator
from datetime import datetime

from courses.rules import local_instant
from presentations.models import PlaceOffer, Swap
from presentations.rules import changes
from seminar.desk.queries.invariants.reading import rows
from seminar.desk.queries.invariants.registry import Severity, Violation, invariant


@invariant("I-60", severity=Severity.CRITICAL, reads=(PlaceOffer,))
def offered_places_are_free(at: datetime) -> Iterator[Violation]:
    """A place that is offered is one of its paper's, nobody has it, and it is offered to one person."""
    found = rows(
        """
        SELECT offer.code, offer.seat, paper.capacity,
               (SELECT COUNT(*) FROM presentations_presenter seat
                JOIN presentations_presentation talk ON talk.id = seat.presentation_id
                WHERE talk.paper_id = offer.paper_id AND talk.cancelled_at IS NULL
                  AND seat.ended_at IS NULL AND seat.seat = offer.seat),
               (SELECT COUNT(*) FROM presentations_placeoffer other
                WHERE other.paper_id = offer.paper_id AND other.seat = offer.seat
                  AND other.state = 'open')
        FROM presentations_placeoffer offer
        JOIN courses_paper paper ON paper.id = offer.paper_id
        WHERE offer.state = 'open'
        """
    )
    for code, seat, capacity, holders, offers in found:
        if seat >= capacity:
            yield Violation(f"offer {code}", f"seat {seat}", f"a seat below {capacity}")
        if holders:
            yield Violation(f"offer {code}", "a place that somebody has", "a free place")
        if offers > 1:
            yield Violation(f"offer {code}", f"a place offered {offers} times", "once")


@invariant("I-61", reads=(PlaceOffer,))
def offers_can_be_accepted(at: datetime) -> Iterator[Violation]:
    """An open offer is one of a student who is in the course, and ends at least 7 days before the talk."""
    found = PlaceOffer.objects.filter(state=PlaceOffer.State.OPEN).values_list(
        "code",
        "membership__role",
        "membership__state",
        "expires_at",
        "paper__course__zone",
        "paper__meeting__date",
        "paper__meeting__starts",
    )
    for code, role, state, expires_at, zone, day, starts in found:
        if (role, state) != ("student", "active"):
            yield Violation(f"offer {code}", f"open to a {role} who is {state}", "active students")
        if day is not None:
            latest = local_instant(day, starts, zone) - changes.FROZEN
            if expires_at > latest:
                yield Violation(f"offer {code}", f"ends {expires_at}", f"at the latest {latest}")


@invariant("I-62", reads=(Swap,))
def swaps_are_between_presenters(at: datetime) -> Iterator[Violation]:
    """An open swap is one between two people who present, in two talks in class that take place."""
    found = rows(
        """
        SELECT swap.code
        FROM presentations_swap swap
        JOIN presentations_presenter mine ON mine.id = swap.mine_id
        JOIN presentations_presenter theirs ON theirs.id = swap.theirs_id
        JOIN presentations_presentation one ON one.id = mine.presentation_id
        JOIN presentations_presentation two ON two.id = theirs.presentation_id
        WHERE swap.state = 'open'
          AND (mine.ended_at IS NOT NULL OR theirs.ended_at IS NOT NULL
               OR one.cancelled_at IS NOT NULL OR two.cancelled_at IS NOT NULL
               OR one.id = two.id OR one.kind <> 'in_class' OR two.kind <> 'in_class')
        """
    )
    for (code,) in found:
        yield Violation(f"swap {code}", "between places that cannot be swapped", "two live places")
