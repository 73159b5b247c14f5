"""Changing places: two consents, both or nothing; by staff with a reason."""

from datetime import date, timedelta
from typing import Any

import pytest

from courses.models import Course, Meeting, Membership
from presentations.actions import (
    accept_swap,
    decline_swap,
    offer_free_places,
    propose_swap,
    reassign_presentation,
    schedule_final_talk,
    swap_presenters,
    withdraw_swap,
)
from presentations.models import PreferenceList, Presenter, Swap, UnavailableMeeting
from presentations.queries.changes import clashes, partners_for_swap, presenters_of
from seminar.accounts.models import AuditEntry, User
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_meeting, make_member
from tests.factories.presentations import make_round, make_talk
from tests.presentations.scenes import refusal, told

DAY = timedelta(days=1)


@pytest.fixture
def staff(instructor: Membership) -> User:
    return instructor.user


@pytest.fixture
def pair(course: Course) -> tuple[Presenter, Presenter]:
    """Ada presents on 10 November with a partner, Ben on 1 December."""
    ada, ben, cem = (make_member(course, name=name) for name in ("Ada", "Ben", "Cem"))
    first = make_talk(course, ada, cem)
    make_talk(course, ben, meeting=make_meeting(course, on=date(2025, 12, 1)))
    assert first.meeting.date == date(2025, 11, 10)
    rows = presenters_of(course)
    return rows.get(membership=ada), rows.get(membership=ben)


def propose(pair: tuple[Presenter, Presenter], message: str = "") -> Swap:
    mine, theirs = pair
    answer = propose_swap(mine.pk, theirs.pk, message, mine.membership, NOON)
    return Swap.objects.get(code=answer["swap"])


def now(member: Membership) -> Presenter:
    return Presenter.objects.live().select_related("presentation").get(membership=member)


def test_propose_swap_asks_the_other_one(pair: tuple[Presenter, Presenter]) -> None:
    swap = propose(pair, " I have an exam ")
    assert (swap.mine, swap.theirs, swap.message, swap.state) == (*pair, "I have an exam", "open")
    assert (swap.proposed_at, swap.expires_at) == (NOON, NOON + 2 * DAY)
    assert told() == [("Ben", "Ada asks to change places")]
    assert "I have an exam" in Message.objects.get().text


def test_accept_swap_exchanges_both_places(pair: tuple[Presenter, Presenter], staff: User) -> None:
    ada, ben = (place.membership for place in pair)
    swap = propose(pair)
    Message.objects.all().delete()
    answer = accept_swap(swap.pk, ben, NOON + DAY)
    assert answer == {"talk": pair[0].presentation.code, "told": 4}
    after = now(ada), now(ben)
    assert [place.presentation for place in after] == [pair[1].presentation, pair[0].presentation]
    assert [(place.seat, place.reason, place.since) for place in after] == [
        (0, "swapped", NOON + DAY),
        (0, "swapped", NOON + DAY),
    ]
    ended = Presenter.objects.filter(ended_at=NOON + DAY).order_by("id")
    assert [place.ended_reason for place in ended] == ["Swapped with Ben.", "Swapped with Ada."]
    assert sorted(told()) == [
        ("Ada", "You now present on Mon 1 Dec 2025"),
        ("Ben", "You now present on Mon 10 Nov 2025"),
        ("Cem", "New partner for your talk"),
        (staff.name, "Presenters have changed"),
    ]
    assert AuditEntry.objects.get(verb="accept_swap").subject == swap.code


def test_accept_swap_by_who_asked_is_refused(pair: tuple[Presenter, Presenter]) -> None:
    swap = propose(pair)
    ada, ben = (place.membership for place in pair)
    assert refusal(lambda: accept_swap(swap.pk, ada, NOON)) == ("not_yours", 403)
    assert refusal(lambda: decline_swap(swap.pk, ada, NOON)) == ("not_yours", 403)
    assert refusal(lambda: withdraw_swap(swap.pk, ben, NOON)) == ("not_yours", 403)


@pytest.mark.parametrize(
    ("end", "state", "who"), [(decline_swap, "declined", 1), (withdraw_swap, "withdrawn", 0)]
)
def test_decline_swap_and_withdraw_swap_leave_both_places(
    pair: tuple[Presenter, Presenter], end: Any, state: str, who: int
) -> None:
    swap = propose(pair)
    Message.objects.all().delete()
    by, other = pair[who].membership, pair[1 - who].membership
    assert end(swap.pk, by, NOON, "nonce-0001") == {"swap": swap.code}
    assert end(swap.pk, by, NOON, "nonce-0001") == {"swap": swap.code}
    assert told() == [(other.user.name, "Your talks stay as they are")]
    assert refusal(lambda: accept_swap(swap.pk, pair[1].membership, NOON)) == (
        f"swap_{state}",
        409,
    )
    assert now(by).presentation == pair[who].presentation


def test_accept_swap_after_its_end_is_refused_and_the_job_ends_it(
    pair: tuple[Presenter, Presenter],
) -> None:
    swap, ben = propose(pair), pair[1].membership
    assert refusal(lambda: accept_swap(swap.pk, ben, swap.expires_at)) == ("swap_expired", 409)
    Message.objects.all().delete()
    offer_free_places(ben.course_id, swap.expires_at)
    swap.refresh_from_db()
    assert (swap.state, swap.answered_at) == ("expired", swap.expires_at)
    assert [name for name, _ in told()] == ["Ada", "Ben"]


def test_a_swap_ends_when_one_of_both_loses_the_place(
    course: Course, pair: tuple[Presenter, Presenter], staff: User
) -> None:
    swap, new = propose(pair), make_member(course, name="New")
    reassign_presentation(pair[1].pk, new, "Ill", staff, NOON)
    swap.refresh_from_db()
    assert swap.state == "withdrawn"
    assert refusal(lambda: accept_swap(swap.pk, pair[1].membership, NOON)) == (
        "swap_withdrawn",
        409,
    )


def test_propose_swap_twice_is_refused_whoever_asks(pair: tuple[Presenter, Presenter]) -> None:
    propose(pair)
    mine, theirs = pair
    ask = propose_swap
    assert refusal(lambda: ask(mine.pk, theirs.pk, "", mine.membership, NOON)) == (
        "swap_open",
        409,
    )
    assert refusal(lambda: ask(theirs.pk, mine.pk, "", theirs.membership, NOON)) == (
        "swap_open",
        409,
    )


def test_propose_swap_is_refused_a_day_before_the_first_talk(
    pair: tuple[Presenter, Presenter],
) -> None:
    mine, theirs = pair
    soon = mine.presentation.meeting.starts_at - DAY
    assert refusal(lambda: propose_swap(mine.pk, theirs.pk, "", mine.membership, soon)) == (
        "talk_soon",
        409,
    )
    just = soon - timedelta(seconds=1)
    swap = propose_swap(mine.pk, theirs.pk, "", mine.membership, just)
    assert Swap.objects.get(code=swap["swap"]).expires_at == soon


def test_propose_swap_with_the_own_partner_is_refused(
    course: Course, pair: tuple[Presenter, Presenter]
) -> None:
    mine = pair[0]
    partner = presenters_of(course).get(membership__user__name="Cem")
    assert refusal(lambda: propose_swap(mine.pk, partner.pk, "", mine.membership, NOON)) == (
        "same_talk",
        409,
    )
    long = "x" * 501
    assert refusal(lambda: propose_swap(mine.pk, pair[1].pk, long, mine.membership, NOON)) == (
        "message_too_long",
        422,
    )


def test_swap_presenters_by_staff_until_the_first_meeting_begins(
    pair: tuple[Presenter, Presenter], staff: User
) -> None:
    one, two = pair
    begins = one.presentation.meeting.starts_at
    late = refusal(lambda: swap_presenters(one.pk, two.pk, "Ill", staff, begins))
    assert late == ("talk_begun", 409)
    assert refusal(lambda: swap_presenters(one.pk, two.pk, " ", staff, NOON)) == ("no_reason", 422)
    answer = swap_presenters(one.pk, two.pk, "Ill", staff, begins - timedelta(seconds=1))
    assert answer == {"talk": one.presentation.code, "told": 3}
    assert now(one.membership).presentation == two.presentation
    ended = Presenter.objects.filter(ended_at__isnull=False)
    assert {place.ended_reason for place in ended} == {"Ill"}
    assert AuditEntry.objects.get(verb="swap_presenters").reason == "Ill"


def test_swap_presenters_of_a_final_talk_is_refused(
    course: Course, pair: tuple[Presenter, Presenter], staff: User
) -> None:
    meeting = make_meeting(course, kind=Meeting.Kind.FINAL)
    who = [pair[0].membership]
    schedule_final_talk(meeting, "A talk", "new_mechanism", who, by=staff, at=NOON)
    final = Presenter.objects.get(kind="final")
    found = refusal(lambda: swap_presenters(final.pk, pair[1].pk, "Ill", staff, NOON))
    assert found == ("not_in_class", 409)


def test_partners_for_swap_are_those_of_other_talks(
    course: Course, pair: tuple[Presenter, Presenter]
) -> None:
    assert partners_for_swap(pair[0], NOON) == [pair[1]]
    assert [row.membership.user.name for row in partners_for_swap(pair[1], NOON)] == ["Ada", "Cem"]
    assert partners_for_swap(pair[0], pair[0].presentation.meeting.starts_at) == []


def test_clashes_say_who_is_away_where_the_swap_puts_them(
    course: Course, pair: tuple[Presenter, Presenter]
) -> None:
    round_ = make_round(course)
    away: Meeting = pair[1].presentation.meeting
    row = PreferenceList.objects.create(
        round=round_,
        membership=pair[0].membership,
        number=1,
        submitted_at=NOON,
        changed_at=NOON,
    )
    UnavailableMeeting.objects.create(list=row, meeting=away)
    found = clashes(*pair)
    row.delete()
    assert found == [(pair[0].membership, away)]
