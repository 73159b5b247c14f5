"""Places that staff set before the queue is served, and what students wished."""

from collections.abc import Iterator
from datetime import datetime

from presentations.models import Allocation, Pin
from presentations.rules import AllocationInputs
from seminar.desk.queries.invariants.reading import rows
from seminar.desk.queries.invariants.registry import FULL, Severity, Violation, invariant
from seminar.lib.canonical import canonical_bytes


@invariant("I-63", reads=(Pin,))
def pins_fit(at: datetime) -> Iterator[Violation]:
    """A pin is for a student of the round's course and a paper on offer in it, and no paper has more pins than places."""
    strange = rows(
        """
        SELECT round.key, member.code, paper.key
        FROM presentations_pin pin
        JOIN presentations_preferenceround round ON round.id = pin.round_id
        JOIN courses_membership member ON member.id = pin.membership_id
        JOIN courses_paper paper ON paper.id = pin.paper_id
        LEFT JOIN presentations_preferenceround_papers offer
          ON offer.preferenceround_id = pin.round_id AND offer.paper_id = pin.paper_id
        WHERE pin.lifted_at IS NULL AND (offer.id IS NULL OR member.role <> 'student')
        """
    )
    for key, code, paper in strange:
        yield Violation(f"round {key} member {code}", f"pinned to {paper}", "a paper on offer")
    crowded = rows(
        """
        SELECT round.key, paper.key, paper.capacity, COUNT(*)
        FROM presentations_pin pin
        JOIN presentations_preferenceround round ON round.id = pin.round_id
        JOIN courses_paper paper ON paper.id = pin.paper_id
        WHERE pin.lifted_at IS NULL
        GROUP BY round.key, paper.key, paper.capacity
        HAVING COUNT(*) > paper.capacity
        """
    )
    for key, paper, places, people in crowded:
        yield Violation(f"round {key} paper {paper}", f"{people} pins", f"at most {places}")


@invariant("I-64", level=FULL, severity=Severity.CRITICAL, reads=(Allocation,))
def wishes_are_kept(at: datetime) -> Iterator[Violation]:
    """No run gives anybody a paper they do not want, or a date on which they cannot be there, unless staff pinned it."""
    for run in Allocation.objects.iterator(chunk_size=20):
        try:
            inputs = AllocationInputs.from_json(canonical_bytes(run.inputs))
        except (KeyError, TypeError, ValueError):
            continue  # inputs that nothing can be made of: the replay says so
        away = {(entry.student, key) for entry in inputs.unavailable for key in entry.meetings}
        refused = {(entry.student, key) for entry in inputs.unwanted for key in entry.papers}
        for placed in run.outcome.get("placements", ()):
            student, where = placed.get("student"), f"allocation {run.code}"
            if placed.get("reason") == "pinned":
                continue
            if (student, placed.get("meeting")) in away:
                yield Violation(f"{where} member {student}", "a date they cannot", "another date")
            if (student, placed.get("paper")) in refused:
                yield Violation(f"{where} member {student}", "an unwanted paper", "another paper")
