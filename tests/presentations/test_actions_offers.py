"""Offers of free places: who gets one, what accepting and declining lead to, who is told."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from courses.models import Course, Meeting, Membership, Paper
from presentations.actions import (
    accept_offer,
    allocate_round,
    assign_presenter,
    decline_offer,
    offer_all_free_places,
    offer_free_places,
    publish_allocation,
    reassign_presentation,
)
from presentations.models import (
    Allocation,
    PlaceOffer,
    PreferenceRound,
    Presentation,
    Presenter,
    UnavailableMeeting,
    UnwantedPaper,
)
from presentations.queries import places_for
from presentations.queries.changes import cascade_of, offer_rounds
from presentations.tasks import offer_free_places as job
from seminar.accounts.models import AuditEntry, User
from seminar.notifications.models import Message
from tests.factories.courses import make_meeting, make_member, make_paper
from tests.factories.presentations import AFTER, make_round, make_submitted
from tests.presentations.scenes import LATER, Scene, refusal, told

HOUR = timedelta(hours=1)


@pytest.fixture
def staff(instructor: Membership) -> User:
    return instructor.user


@pytest.fixture
def scene(course: Course, staff: User) -> Callable[..., Scene]:
    return lambda *lists: Scene(course, staff, *lists)


def test_offer_free_places_goes_to_the_next_who_wanted_it_more(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab", "ac")
    assert here.held() == ["a", "b", "c"]
    here.leave(0)
    offer = here.offer()
    assert (offer.membership, offer.paper.key, offer.seat) == (here.people[1], "a", 0)
    assert (offer.number, offer.choice, offer.round) == (2, 1, here.round)
    assert (offer.offered_at, offer.expires_at) == (LATER, LATER + timedelta(hours=48))
    assert here.held() == [None, "b", "c"]


def test_offer_free_places_twice_changes_nothing(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    here.leave(0)
    entries = AuditEntry.objects.count()
    assert not offer_free_places(here.course.pk, LATER)
    assert here.offers() == [(1, "a", "open")]
    assert AuditEntry.objects.count() == entries


def test_offer_free_places_passes_over_unwanted_and_unavailable(
    scene: Callable[..., Scene],
) -> None:
    here = scene("a", "ab", "ac", "a")
    lists = {row.membership_id: row for row in here.round.lists.all()}
    UnwantedPaper.objects.create(list=lists[here.people[1].pk], paper=here.papers["a"])
    UnavailableMeeting.objects.create(list=lists[here.people[2].pk], meeting=here.meeting)
    here.leave(0)
    assert here.offers() == [(3, "a", "open")]


def test_offer_free_places_stops_7_days_before_the_talk(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    late = here.meeting.starts_at - timedelta(days=7)
    here.leave(0, late)
    assert here.offers() == []


def test_offer_ends_7_days_before_the_talk_at_the_latest(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    late = here.meeting.starts_at - timedelta(days=7, hours=5)
    here.leave(0, late)
    assert here.offer().expires_at == late + 5 * HOUR


def test_offer_free_places_waits_for_a_round_that_has_the_paper(
    scene: Callable[..., Scene],
) -> None:
    here = scene("a", "ab")
    make_round(here.course, [here.papers["a"]], key="second")
    here.leave(0)
    assert here.offers() == []


def test_offer_of_a_paper_in_a_new_round_is_withdrawn(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    here.leave(0)
    make_round(here.course, [here.papers["a"]], key="second")
    offer_free_places(here.course.pk, LATER)
    assert here.offers() == [(1, "a", "withdrawn")]


def test_accept_offer_moves_and_offers_the_freed_place_on(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab", "b")
    assert here.held() == ["a", "b", None]
    here.leave(0)
    Message.objects.all().delete()
    answer = here.accept()
    place = here.place(1)
    assert answer == {"talk": place.presentation.code, "told": 3}
    assert (place.reason, place.choice, place.seat, place.since) == ("accepted", 1, 0, LATER)
    assert here.offers() == [(1, "a", "accepted"), (2, "b", "open")]
    old = Presenter.objects.get(membership=here.people[1], ended_at=LATER)
    assert old.ended_reason == "Took a place in “Paper a” that was offered."
    assert sorted(told()) == [
        (here.staff.name, "Presenters have changed"),
        ("Student 1", "You now present on Mon 1 Dec 2025"),
        ("Student 2", "A place is free for you: answer by Sun 26 Oct 2025, 18:01 Berlin time"),
    ]
    entry = AuditEntry.objects.get(verb="accept_offer")
    assert entry.after["offers"] == [here.offer().code]


def test_accept_offer_through_the_whole_cascade(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab", "bc", "c")
    here.leave(0)
    assert cascade_of(here.offer(), here.course, LATER) == [
        ("Student 1", "Paper a"),
        ("Student 2", "Paper b"),
        ("Student 3", "Paper c"),
    ]
    here.accept()
    here.accept()
    here.accept()
    assert here.held() == [None, "a", "b", "c"]
    assert PlaceOffer.objects.filter(state="open").count() == 0


def test_accept_offer_after_its_end_is_refused(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    here.leave(0)
    ends = here.offer().expires_at
    assert refusal(lambda: here.accept(ends)) == ("offer_expired", 409)
    assert here.accept(ends - timedelta(microseconds=1))["talk"]


def test_accept_offer_twice_is_refused_and_a_repetition_is_not(
    scene: Callable[..., Scene],
) -> None:
    here = scene("a", "ab")
    here.leave(0)
    offer = here.offer()
    who = offer.membership
    first = accept_offer(offer.pk, who, LATER, "nonce-0001")
    assert accept_offer(offer.pk, who, LATER, "nonce-0001") == first
    assert refusal(lambda: accept_offer(offer.pk, who, LATER)) == ("offer_accepted", 409)
    assert refusal(lambda: decline_offer(offer.pk, who, LATER)) == ("offer_accepted", 409)


def test_accept_offer_is_refused_once_the_own_talk_is_near(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    here.leave(0)
    near = make_meeting(here.course, on=(LATER + timedelta(days=6)).date())
    Presentation.objects.filter(paper=here.papers["b"]).update(meeting=near)
    assert refusal(here.accept) == ("own_talk_soon", 409)


def test_accept_offer_ends_the_own_offers_that_are_worse(scene: Callable[..., Scene]) -> None:
    here = scene("a", "b", "abc")
    here.leave(1)
    here.leave(0)
    assert here.offers() == [(2, "b", "open"), (2, "a", "open")]
    accept_offer(PlaceOffer.objects.get(paper__key="a").pk, here.people[2], LATER)
    assert here.offers() == [(2, "b", "withdrawn"), (2, "a", "accepted")]


def test_accept_offer_keeps_the_own_offers_that_are_better(scene: Callable[..., Scene]) -> None:
    here = scene("a", "b", "abc")
    here.leave(1)
    here.leave(0)
    accept_offer(PlaceOffer.objects.get(paper__key="b").pk, here.people[2], LATER)
    assert here.offers() == [(2, "b", "accepted"), (2, "a", "open")]
    assert here.held() == [None, None, "b"]


def test_decline_offer_goes_to_the_next_and_does_not_return(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab", "ac")
    here.leave(0)
    offer = here.offer()
    assert decline_offer(offer.pk, offer.membership, LATER) == {"offer": offer.code}
    assert here.offers() == [(1, "a", "declined"), (2, "a", "open")]
    offer = here.offer()
    decline_offer(offer.pk, offer.membership, LATER)
    assert not offer_free_places(here.course.pk, LATER + HOUR)
    assert refusal(lambda: decline_offer(offer.pk, offer.membership, LATER)) == (
        "offer_declined",
        409,
    )


def test_offer_all_free_places_expires_and_offers_on(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab", "ac")
    here.leave(0)
    Message.objects.all().delete()
    ends = here.offer().expires_at
    assert offer_all_free_places(ends - HOUR) == 0
    assert offer_all_free_places(ends) == 1
    assert here.offers() == [(1, "a", "expired"), (2, "a", "open")]
    assert told() == [
        ("Student 1", "An offer of a place has ended"),
        ("Student 2", "A place is free for you: answer by Tue 28 Oct 2025, 18:01 Berlin time"),
    ]
    entry = AuditEntry.objects.get(verb="offer_free_places")
    assert (entry.actor, entry.after["offers"]) == (None, [here.offer().code])


def test_the_job_asks_the_clock_and_only_courses_in_question(
    scene: Callable[..., Scene], set_clock: Any
) -> None:
    here = scene("a", "ab")
    here.leave(0)
    set_clock(here.offer().expires_at)
    job()
    assert here.offers() == [(1, "a", "expired")]


def test_one_broken_course_does_not_hold_up_the_others(
    scene: Callable[..., Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = scene("a", "ab")
    here.leave(0)
    ends = here.offer().expires_at
    found = [999_999_999, here.course.pk]
    monkeypatch.setattr("presentations.actions.offers.courses_with_places", lambda at: found)
    assert offer_all_free_places(ends) == 1


def test_assign_presenter_leaves_an_offered_seat_alone(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    here.leave(0)
    paper, new = here.papers["a"], make_member(here.course, name="New")
    assert refusal(lambda: assign_presenter(paper, new, "Late", here.staff, LATER)) == (
        "offered",
        409,
    )
    places = {place.paper.key: place for place in places_for(here.course, new, LATER)}
    assert (places["a"].refusal, places["a"].seat, str(places["a"].words)) == (
        "offered",
        1,
        "its free place is offered to somebody who asked for it",
    )
    Paper.objects.filter(pk=paper.pk).update(capacity=2)
    assign_presenter(paper, new, "Late", here.staff, LATER)
    assert Presenter.objects.live().get(membership=new).seat == 1


def test_reassign_presentation_ends_the_offers_of_who_got_it(scene: Callable[..., Scene]) -> None:
    here = scene("a", "b", "ba")
    here.leave(0)
    assert here.offers() == [(2, "a", "open")]
    Message.objects.all().delete()
    to = here.people[2]
    answer = reassign_presentation(here.place(1).pk, to, "Ill", here.staff, LATER)
    assert here.offers() == [(2, "a", "withdrawn")]
    assert answer["told"] == Message.objects.count() == 2
    text = Message.objects.get(to=to.user).text
    assert "You now present" in Message.objects.get(to=to.user).subject
    assert "Your offer of a place in “Paper a” was withdrawn" in text


def test_offers_of_who_left_the_course_are_withdrawn(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab", "ac")
    here.leave(0)
    Membership.objects.filter(pk=here.people[1].pk).update(state="withdrawn")
    offer_free_places(here.course.pk, LATER)
    assert here.offers() == [(1, "a", "withdrawn"), (2, "a", "open")]


def test_a_place_that_was_never_taken_is_offered_while_its_talk_fits(
    scene: Callable[..., Scene],
) -> None:
    here = scene("b", "ab")
    Meeting.objects.filter(pk=here.meeting.pk).update(talk_minutes=60)
    Presentation.objects.filter(meeting=here.meeting).update(minutes=50)
    reassigned = make_member(here.course, name="New")
    reassign_presentation(here.place(1).pk, reassigned, "Ill", here.staff, LATER)
    talk = Presentation.objects.get(paper=here.papers["a"])
    Presenter.objects.filter(presentation=talk, ended_at=None).update(ended_at=LATER)
    Presentation.objects.filter(pk=talk.pk).update(cancelled_at=LATER)
    third = make_member(here.course, name="Third")
    row = here.round.lists.create(membership=third, number=9, submitted_at=AFTER, changed_at=AFTER)
    row.choices.create(paper=here.papers["a"], position=1)
    (found,) = offer_rounds(here.course)
    assert [(place.paper, place.minutes) for place in found.free] == [("a", 60), ("c", 60)]
    here.people.append(third)
    offer_free_places(here.course.pk, LATER)
    assert here.offers() == [(2, "a", "open")]
    new = make_member(here.course, name="Newer")
    places = {place.paper.key: place for place in places_for(here.course, new, LATER)}
    assert places["c"].refusal == "meeting_full"
    here.accept()
    assert here.place(2).presentation.minutes == 60


test_a_place_that_was_never_taken_is_offered_while_its_talk_fits = pytest.mark.plants_violation(
    "I-05", reason="a list is planted without its line in the log"
)(test_a_place_that_was_never_taken_is_offered_while_its_talk_fits)


def test_two_rounds_offer_their_own_papers(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    other = make_meeting(here.course, on=date(2025, 12, 8))
    papers = [make_paper(here.course, key=key, meeting=other) for key in "xy"]
    second = make_round(here.course, papers, key="second", min_length=1)
    late = [make_member(here.course, name=name) for name in ("Late", "Later")]
    for who in late:
        make_submitted(second, who, ["x"])
    allocate_round(second.pk, here.staff, AFTER)
    publish_allocation(Allocation.objects.get(round=second).pk, here.staff, AFTER)
    here.people += late
    here.leave(2)
    here.leave(0)
    assert here.offers() == [(3, "x", "open"), (1, "a", "open")]
    rounds: list[PreferenceRound] = [found.round for found in offer_rounds(here.course)]
    assert rounds == [here.round, second]


@pytest.mark.parametrize("size", [2, 6])
def test_offer_rounds_asks_a_fixed_number_of_queries(
    scene: Callable[..., Scene], django_assert_num_queries: Any, size: int
) -> None:
    here = scene(*["abc"] * size)
    with django_assert_num_queries(15):
        assert len(offer_rounds(here.course)) == 1
