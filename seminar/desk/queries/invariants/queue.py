"""Who asked first, and who presents what."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Sum

from courses.rules import local_instant
from presentations.models import (
    Allocation,
    PreferenceList,
    PreferenceRound,
    Presentation,
    Presenter,
    QueueEvent,
)
from presentations.queries import replay_bytes
from presentations.rules import REPLAYED
from seminar.desk.queries.invariants.reading import rows
from seminar.desk.queries.invariants.registry import FULL, Severity, Violation, invariant
from seminar.lib.canonical import canonical_bytes, canonical_hash

REPLAYABLE = {str(version) for version in REPLAYED}


@invariant("I-01", severity=Severity.CRITICAL, reads=(Presenter,))
def capacity(at: datetime) -> Iterator[Violation]:
    """No more people present a paper than it has places."""
    found = rows(
        """
        SELECT talk.code, paper.capacity, COUNT(*)
        FROM presentations_presentation talk
        JOIN courses_paper paper ON paper.id = talk.paper_id
        JOIN presentations_presenter seat ON seat.presentation_id = talk.id
        WHERE seat.ended_at IS NULL AND talk.cancelled_at IS NULL
        GROUP BY talk.code, paper.capacity
        HAVING COUNT(*) > paper.capacity
        """
    )
    for code, places, people in found:
        yield Violation(f"talk {code}", f"{people} presenters", f"at most {places}")


@invariant("I-02", severity=Severity.CRITICAL, reads=(Presenter,))
def one_talk_each(at: datetime) -> Iterator[Violation]:
    """Everyone presents at most once in class and at most once at the end, in talks that take place."""
    twice = rows(
        """
        SELECT member.code, talk.kind, COUNT(*)
        FROM presentations_presenter seat
        JOIN presentations_presentation talk ON talk.id = seat.presentation_id
        JOIN courses_membership member ON member.id = seat.membership_id
        WHERE seat.ended_at IS NULL
        GROUP BY member.code, talk.kind
        HAVING COUNT(*) > 1
        """
    )
    for code, kind, talks in twice:
        yield Violation(f"member {code}", f"{talks} talks of kind {kind}", "one")
    wrong = rows(
        """
        SELECT talk.code, talk.kind, seat.kind, talk.cancelled_at IS NOT NULL
        FROM presentations_presenter seat
        JOIN presentations_presentation talk ON talk.id = seat.presentation_id
        WHERE seat.kind <> talk.kind OR (seat.ended_at IS NULL AND talk.cancelled_at IS NOT NULL)
        """
    )
    for code, kind, copied, cancelled in wrong:
        if kind != copied:
            yield Violation(f"talk {code}", f"a presenter of kind {copied}", kind)
        elif cancelled:
            yield Violation(f"talk {code}", "cancelled, with a presenter", "no presenter")


@invariant("I-03", reads=(Presentation,))
def talk_time(at: datetime) -> Iterator[Violation]:
    """The talks of a meeting, with the changeovers between them, fit into it."""
    live = Presentation.objects.filter(cancelled_at__isnull=True).order_by()
    meeting = ("course__slug", "key", "date", "starts", "ends", "course__zone")
    used = live.values_list(*(f"meeting__{name}" for name in meeting)).annotate(
        used=Sum(F("minutes") + F("changeover_minutes"))
    )
    for slug, key, day, starts, ends, zone, minutes in used:
        length = local_instant(day, ends, zone) - local_instant(day, starts, zone)
        if timedelta(minutes=minutes) > length:
            where, longest = f"meeting {slug}/{key}", length // timedelta(minutes=1)
            yield Violation(where, f"{minutes} minutes of talks", f"at most {longest}")


@invariant("I-04", level=FULL, severity=Severity.CRITICAL, reads=(Allocation,))
def allocations_replay(at: datetime) -> Iterator[Violation]:
    """Each allocation is what the rule makes of its stored inputs, byte for byte, and its hash too."""
    for run in Allocation.objects.select_related("round__course").iterator(chunk_size=20):
        where = f"allocation {run.code}"
        if canonical_hash(run.inputs) != run.input_hash:
            yield Violation(where, "inputs that do not have the stored hash", run.input_hash)
        elif run.outcome.get("input_hash") != run.input_hash:
            yield Violation(where, "an outcome of other inputs", run.input_hash)
        elif run.rule_version in REPLAYABLE and not _replays(run):
            yield Violation(where, "an outcome other than the rule's", "the rule's outcome")


def _replays(run: Allocation) -> bool:
    try:
        return replay_bytes(run) == canonical_bytes(run.outcome)
    except (KeyError, TypeError, ValueError):
        return False  # inputs that nothing can be made of


@invariant("I-05", severity=Severity.CRITICAL, reads=(PreferenceRound,))
def queue_order(at: datetime) -> Iterator[Violation]:
    """Queue numbers are 1, 2, 3 in the order of the log, each given once, and a list has the number the log gave it last."""
    yield from _counters()
    yield from _out_of_order()
    yield from _other_number_than_logged()


def _counters() -> Iterator[Violation]:
    found = rows(
        """
        SELECT course.slug, round.key, round.last_number, round.last_event,
               COUNT(event.id), COALESCE(MAX(event.seq), 0),
               COALESCE(SUM(CASE WHEN event.kind = 'submitted' THEN 1 ELSE 0 END), 0),
               COALESCE(MAX(event.number), 0)
        FROM presentations_preferenceround round
        JOIN courses_course course ON course.id = round.course_id
        LEFT JOIN presentations_queueevent event ON event.round_id = round.id
        GROUP BY course.slug, round.key, round.last_number, round.last_event
        """
    )
    for slug, key, number, event, events, seq, given, highest in found:
        where = f"round {slug}/{key}"
        if not number == given == highest:
            words = f"last number {number}, {given} given, the highest {highest}"
            yield Violation(where, words, "all equal")
        if not event == events == seq:
            words = f"last event {event}, {events} in the log, the highest {seq}"
            yield Violation(where, words, "all equal")


def _out_of_order() -> Iterator[Violation]:
    found = rows(
        """
        SELECT course.slug, round.key, given.seq, given.number, given.earlier
        FROM (
            SELECT round_id, seq, number,
                   LAG(number) OVER (PARTITION BY round_id ORDER BY seq) AS earlier
            FROM presentations_queueevent WHERE kind = 'submitted'
        ) given
        JOIN presentations_preferenceround round ON round.id = given.round_id
        JOIN courses_course course ON course.id = round.course_id
        WHERE given.number <= given.earlier
        """
    )
    for slug, key, seq, number, earlier in found:
        words = f"number {number} given after {earlier}"
        yield Violation(f"round {slug}/{key} event {seq}", words, "rising numbers")


def _other_number_than_logged() -> Iterator[Violation]:
    found = rows(
        """
        SELECT course.slug, round.key, member.code, list.number, last.kind, last.number
        FROM presentations_preferencelist list
        JOIN presentations_preferenceround round ON round.id = list.round_id
        JOIN courses_course course ON course.id = round.course_id
        JOIN courses_membership member ON member.id = list.membership_id
        LEFT JOIN (
            SELECT round_id, membership_id, kind, number,
                   ROW_NUMBER() OVER (PARTITION BY round_id, membership_id ORDER BY seq DESC) AS age
            FROM presentations_queueevent
        ) last ON last.age = 1 AND last.round_id = list.round_id
              AND last.membership_id = list.membership_id
        WHERE COALESCE(list.number, 0)
           <> CASE WHEN last.kind IN ('submitted', 'changed') THEN last.number ELSE 0 END
        """
    )
    for slug, key, code, number, kind, logged in found:
        expected = f"number {logged}" if kind in {"submitted", "changed"} else "no number"
        yield Violation(f"round {slug}/{key} member {code}", f"number {number}", expected)


@invariant("I-06", severity=Severity.CRITICAL, reads=(QueueEvent,))
def window(at: datetime) -> Iterator[Violation]:
    """Lists were submitted, changed and withdrawn while their round was open, or entered by staff."""
    typed = QueueEvent.objects.filter(imported=False)
    late = typed.exclude(at__gte=F("round__opens_at"), at__lt=F("round__closes_at")).values_list(
        "round__course__slug", "round__key", "seq", "kind", "at"
    )
    for slug, key, seq, kind, when in late:
        where = f"round {slug}/{key} event {seq}"
        yield Violation(where, f"{kind} {when.isoformat()}", "a time within the round")


@invariant("I-08", reads=(Presenter,))
def presenters_are_students(at: datetime) -> Iterator[Violation]:
    """Who presents was let into the course, as a student."""
    found = rows(
        """
        SELECT DISTINCT member.code, member.role, member.state
        FROM presentations_presenter seat
        JOIN courses_membership member ON member.id = seat.membership_id
        WHERE seat.ended_at IS NULL
          AND (member.role <> 'student' OR member.joined_at IS NULL)
        """
    )
    for code, role, state in found:
        yield Violation(f"member {code}", f"presents as {state} {role}", "a student who was let in")


@invariant("I-09", reads=(PreferenceList,))
def lists(at: datetime) -> Iterator[Violation]:
    """A list ranks papers of its round, none twice, in an unbroken order, and not more or fewer than the round asks for."""
    lengths = rows(
        """
        SELECT round.key, member.code, COUNT(choice.id), COALESCE(MAX(choice.position), 0),
               COUNT(DISTINCT choice.paper_id), round.min_length, round.max_length
        FROM presentations_preferencelist list
        JOIN presentations_preferenceround round ON round.id = list.round_id
        JOIN courses_membership member ON member.id = list.membership_id
        LEFT JOIN presentations_preferencechoice choice ON choice.list_id = list.id
        GROUP BY list.id, list.number, round.key, member.code, round.min_length, round.max_length
        HAVING COUNT(choice.id) <> COALESCE(MAX(choice.position), 0)
            OR COUNT(choice.id) <> COUNT(DISTINCT choice.paper_id)
            OR (list.number IS NOT NULL
                AND COUNT(choice.id) NOT BETWEEN round.min_length AND round.max_length)
        """
    )
    for key, code, choices, last, different, least, most in lengths:
        words = f"{choices} choices of {different} papers, the last in place {last}"
        yield Violation(f"round {key} member {code}", words, f"{least} to {most}, in order")
    strange = rows(
        """
        SELECT round.key, member.code, paper.key
        FROM presentations_preferencechoice choice
        JOIN presentations_preferencelist list ON list.id = choice.list_id
        JOIN presentations_preferenceround round ON round.id = list.round_id
        JOIN courses_membership member ON member.id = list.membership_id
        JOIN courses_paper paper ON paper.id = choice.paper_id
        LEFT JOIN presentations_preferenceround_papers offer
          ON offer.preferenceround_id = list.round_id AND offer.paper_id = choice.paper_id
        WHERE list.number IS NOT NULL AND offer.id IS NULL
        """
    )
    for key, code, paper in strange:
        yield Violation(f"round {key} member {code}", f"ranks {paper}", "papers of the round")


@invariant("I-51", level=FULL, severity=Severity.CRITICAL, reads=(PreferenceList,))
def lists_as_logged(at: datetime) -> Iterator[Violation]:
    """A submitted list ranks what the log last wrote down for it."""
    logged: dict[tuple[int, int], list[Any]] = {}
    for round_, member, papers in rows(
        "SELECT round_id, membership_id, papers FROM presentations_queueevent ORDER BY seq"
    ):
        logged[round_, member] = json.loads(papers) if isinstance(papers, str) else papers
    lists = PreferenceList.objects.filter(number__isnull=False).select_related(
        "round", "membership"
    )
    for found in lists.prefetch_related("choices__paper"):
        ranked = [choice.paper.key for choice in found.choices.all()]
        if ranked != logged.get((found.round_id, found.membership_id)):
            where = f"round {found.round.key} member {found.membership.code}"
            yield Violation(where, "another ranking than in the log", "the log's ranking")


@invariant("I-52", severity=Severity.CRITICAL, reads=(Allocation,))
def placements_were_given(at: datetime) -> Iterator[Violation]:
    """Everyone whom a published allocation placed got that place in a talk."""
    for run in Allocation.objects.filter(published_at__isnull=False).select_related("round"):
        given = set(
            Presenter.objects.filter(presentation__course=run.round.course_id).values_list(
                "membership__code", "presentation__paper__key"
            )
        )
        for placed in run.outcome.get("placements", ()):
            student, paper = placed.get("student"), placed.get("paper")
            if (student, paper) not in given:
                where = f"allocation {run.code} member {student}"
                yield Violation(where, f"no place in the talk on {paper}", "the place it gave")
