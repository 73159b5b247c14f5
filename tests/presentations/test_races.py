"""The queue under 200 people at once, and proof that this test can see a missing lock.

Real threads with connections of their own, on whichever database the run has. The history is
checked as `PRODUCT 3.3` promises it: nobody lost, numbers 1..n without gaps, the log in the order
of the numbers, and nobody who was answered before another one asked is behind them.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, NamedTuple

import pytest
from django.db import connection, connections

from courses.models import Course, Meeting, Membership
from presentations.actions import (
    allocate_round,
    assign_presenter,
    locks,
    reassign_presentation,
    schedule_final_talk,
    submit_list,
)
from presentations.models import (
    Allocation,
    PreferenceList,
    PreferenceRound,
    Presentation,
    Presenter,
    QueueEvent,
)
from seminar.accounts.models import AuditEntry, User
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_course, make_meeting, make_member, make_paper
from tests.factories.presentations import AFTER, DURING, keys_of, make_round, make_talk

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = 200


class Op(NamedTuple):
    """What one thread asked and was told, by a clock that all threads share."""

    called: float
    returned: float
    answer: Any


def at_once(asks: list[Callable[[], Any]], prepare: Callable[[], None] | None = None) -> list[Op]:
    """Ask everything at the same moment, each on a thread and a connection of its own."""
    barrier = Barrier(len(asks), timeout=25)

    def one(ask: Callable[[], Any]) -> Op:
        connection.ensure_connection()
        if prepare:
            prepare()
        barrier.wait()
        called = time.monotonic()
        try:
            answer = ask()
        except Exception as error:
            answer = error
        returned = time.monotonic()
        connections.close_all()
        return Op(called, returned, answer)

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(one, asks))


def make_crowd(course: Course, count: int) -> list[Membership]:
    users = User.objects.bulk_create(
        User(email=f"crowd{number}@example.org", name=f"Crowd {number}") for number in range(count)
    )
    return Membership.objects.bulk_create(
        Membership(course=course, user=user, role="student", state="active", joined_at=NOON)
        for user in users
    )


def faults(round_: PreferenceRound, history: list[Op]) -> set[str]:
    """Return every promise that this history breaks; empty for a sound one."""
    promised = list(range(1, len(history) + 1))
    answered = [op for op in history if isinstance(op.answer, dict)]
    numbers = [op.answer["number"] for op in answered]
    log = QueueEvent.objects.filter(round=round_).order_by("seq").values_list("seq", "number")
    stored = PreferenceList.objects.filter(round=round_, number__isnull=False)
    round_.refresh_from_db()
    broken = {
        "lost": len(answered) < len(history),
        "number given twice": len(set(numbers)) < len(numbers),
        "not 1..n": sorted(numbers) != promised,
        "log is not the order of the numbers": list(log) != [(n, n) for n in promised],
        "told something else than stored": sorted(stored.values_list("number", flat=True))
        != sorted(numbers),
        "overtaken by somebody who asked later": overtaken(answered),
        "counter is off": (round_.last_number, round_.last_event) != (len(history),) * 2,
    }
    return {fault for fault, is_broken in broken.items() if is_broken}


def overtaken(answered: list[Op]) -> bool:
    """Say whether somebody has a higher number than one who asked after they were answered."""
    returned = float("inf")  # the earliest answer to anybody with a higher number
    for op in sorted(answered, key=lambda op: -op.answer["number"]):
        if returned < op.called:
            return True
        returned = min(returned, op.returned)
    return False


def rush(prepare: Callable[[], None] | None = None) -> tuple[PreferenceRound, list[Op]]:
    """Let 200 students submit at once."""
    course = make_course()
    round_ = make_round(course)
    keys = keys_of(round_)

    def ask(member: Membership, number: int) -> Callable[[], Any]:
        nonce = f"nonce-{number:06}"
        return lambda: submit_list(round_.pk, member, keys, nonce, DURING)

    crowd = [ask(member, number) for number, member in enumerate(make_crowd(course, CROWD))]
    return round_, at_once(crowd, prepare)


def test_submit_list_by_200_at_once_gives_1_to_200() -> None:
    round_, history = rush()
    assert [op.answer for op in history if not isinstance(op.answer, dict)] == []
    assert faults(round_, history) == set()
    assert (Message.objects.count(), AuditEntry.objects.count()) == (CROWD, CROWD)


def test_submit_list_without_the_lock_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the same crowd and the same check, with the lock taken away."""

    def unlocked(round_id: int) -> PreferenceRound:
        found = PreferenceRound.objects.select_related("course").get(pk=round_id)
        time.sleep(0.05)
        return found

    def begin_deferred() -> None:
        # On SQLite the lock is the way a transaction begins: in turn, and at once as a writer.
        mine = connections["default"]
        mine._start_transaction_under_autocommit = lambda: mine.cursor().execute("BEGIN")

    monkeypatch.setattr(locks, "locked_round", unlocked)
    round_, history = rush(begin_deferred if connection.vendor == "sqlite" else None)
    assert {"lost", "not 1..n"} <= faults(round_, history)


def test_submit_list_with_the_lock_after_the_read_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second control: a lock that is taken, but only after the number was read."""
    locked = locks.locked_round
    early: dict[int, int] = {}

    def read_before(round_id: int) -> PreferenceRound:
        found = locked(round_id)
        found.last_number = early.setdefault(round_id, found.last_number)
        return found

    monkeypatch.setattr(locks, "locked_round", read_before)
    round_, history = rush()
    assert {"lost", "not 1..n"} <= faults(round_, history)


def test_submit_list_clicked_20_times_gives_one_number(course: Course, student: Membership) -> None:
    round_ = make_round(course)
    keys = keys_of(round_)

    def click() -> Any:
        return submit_list(round_.pk, student, keys, "one-nonce", DURING)

    history = at_once([click] * 20)
    assert [op.answer for op in history] == [{"number": 1, "version": 1}] * 20
    assert QueueEvent.objects.count() == Message.objects.count() == 1


def test_submit_list_racing_an_allocation_is_in_it_or_refused() -> None:
    course = make_course()
    round_ = make_round(course)
    keys = keys_of(round_)
    staff = make_member(course, "instructor").user
    asks: list[Callable[[], Any]] = [
        lambda member=member: submit_list(round_.pk, member, keys, "", DURING)
        for member in make_crowd(course, 20)
    ]
    asks.insert(10, lambda: allocate_round(round_.pk, staff, AFTER))
    answers = [op.answer for op in at_once(asks)]
    refused = [answer.code for answer in answers if isinstance(answer, Refused)]
    accepted = [answer["number"] for answer in answers if "number" in answer_keys(answer)]
    assert len(refused) + len(accepted) == 20
    assert set(refused) <= {"closed"}
    served = [ranked["number"] for ranked in Allocation.objects.get().inputs["lists"]]
    assert sorted(accepted) == served == list(range(1, len(accepted) + 1))


def answer_keys(answer: Any) -> set[str]:
    return set(answer) if isinstance(answer, dict) else set()


def test_reassign_presentation_by_two_people_happens_once() -> None:
    course = make_course()
    first, second, third = make_crowd(course, 3)
    meeting = make_meeting(course)
    talk = make_talk(course, first, paper=make_paper(course, meeting=meeting))
    place = talk.presenters.get()
    staff = [make_member(course, "instructor").user for _ in range(2)]
    history = at_once(
        [
            lambda: reassign_presentation(place.pk, second, "Ill", staff[0], NOON, "nonce-0001"),
            lambda: reassign_presentation(place.pk, third, "Ill", staff[1], NOON, "nonce-0002"),
        ]
    )
    told = sorted(getattr(op.answer, "code", "done") for op in history)
    assert told == ["done", "not_presenting"]
    assert Presenter.objects.live().count() == 1


def test_reassign_presentation_of_two_talks_to_one_person_happens_once() -> None:
    course = make_course()
    first, second, third = make_crowd(course, 3)
    places = [make_talk(course, who).presenters.get().pk for who in (first, second)]
    staff = make_member(course, "instructor").user
    history = at_once(
        [
            lambda place=place: reassign_presentation(
                place, third, "Ill", staff, NOON, f"nonce-{place:05}"
            )
            for place in places
        ]
    )
    told = sorted(getattr(op.answer, "code", "done") for op in history)
    assert told == ["done", "has_a_talk"]


def test_assign_presenter_of_the_last_seat_by_two_instructors_happens_once() -> None:
    course = make_course()
    first, second, third = make_crowd(course, 3)
    paper = make_paper(course, meeting=make_meeting(course), capacity=2)
    talk = make_talk(course, first, paper=paper)
    staff = [make_member(course, "instructor").user for _ in range(2)]
    history = at_once(
        [
            lambda: assign_presenter(paper, second, "Late", staff[0], NOON, "nonce-0001"),
            lambda: assign_presenter(paper, third, "Late", staff[1], NOON, "nonce-0002"),
        ]
    )
    told = sorted(getattr(op.answer, "code", "done") for op in history)
    assert told == ["done", "paper_full"]
    seats = Presenter.objects.live().filter(presentation=talk).values_list("seat", flat=True)
    assert list(seats) == [0, 1]


def test_assign_presenter_of_the_last_minutes_by_two_instructors_happens_once() -> None:
    course = make_course()
    people = make_crowd(course, 2)
    meeting = make_meeting(course, talk_minutes=60, changeover_minutes=10)
    papers = [make_paper(course, meeting=meeting) for _ in people]
    staff = [make_member(course, "instructor").user for _ in people]
    history = at_once(
        [
            lambda paper=paper, to=to, by=by: assign_presenter(
                paper, to, "Late", by, NOON, f"nonce-{paper.pk:05}"
            )
            for paper, to, by in zip(papers, people, staff, strict=True)
        ]
    )
    told = sorted(getattr(op.answer, "code", "done") for op in history)
    assert told == ["done", "meeting_full"]
    assert Presentation.objects.count() == Presenter.objects.live().count() == 1


def test_assign_presenter_of_two_papers_to_one_person_happens_once() -> None:
    course = make_course()
    (student,) = make_crowd(course, 1)
    papers = [make_paper(course, meeting=make_meeting(course)) for _ in range(2)]
    staff = make_member(course, "instructor").user
    history = at_once(
        [
            lambda paper=paper: assign_presenter(
                paper, student, "Late", staff, NOON, f"nonce-{paper.pk:05}"
            )
            for paper in papers
        ]
    )
    told = sorted(getattr(op.answer, "code", "done") for op in history)
    assert told == ["done", "has_a_talk"]


def test_schedule_final_talk_of_one_person_twice_at_once_happens_once() -> None:
    course = make_course()
    (student,) = make_crowd(course, 1)
    meeting = make_meeting(course, kind=Meeting.Kind.FINAL)
    staff = make_member(course, "instructor").user

    def ask(nonce: str) -> Any:
        return schedule_final_talk(
            meeting, "Talk", "new_mechanism", [student], by=staff, at=NOON, nonce=nonce
        )

    history = at_once([lambda: ask("nonce-0001"), lambda: ask("nonce-0002")])
    told = sorted(getattr(op.answer, "code", "done") for op in history)
    assert told == ["done", "has_a_talk"]
