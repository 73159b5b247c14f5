"""Giving a place back, leaving all with the course, confirming; and how many share a paper."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from courses.models import Course, Meeting, Membership
from presentations.actions import (
    change_capacity,
    confirm_presence,
    leave_talks,
    schedule_final_talk,
    withdraw_from_talk,
)
from presentations.models import PlaceOffer, Presenter
from presentations.queries.capacity import capacity_page, capacity_preview
from presentations.queries.changes import history_of, staff_view
from seminar.accounts.models import AuditEntry, User
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_meeting, make_member
from tests.factories.presentations import make_talk
from tests.presentations.scenes import LATER, Scene, refusal, told

WEEK = timedelta(days=7)


@pytest.fixture
def staff(instructor: Membership) -> User:
    return instructor.user


@pytest.fixture
def scene(course: Course, staff: User) -> Callable[..., Scene]:
    return lambda *lists: Scene(course, staff, *lists)


def test_withdraw_from_talk_frees_the_place_and_offers_it(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    place = here.place(0)
    answer = here.leave(0)
    place.refresh_from_db()
    assert (place.ended_at, place.ended_reason) == (LATER, "Too much")
    assert answer == {"talk": place.presentation.code, "told": 3}
    assert here.held() == [None, "b"]
    assert sorted(told()) == [
        (here.staff.name, "Presenters have changed"),
        ("Student 0", "Your talk is given back"),
        ("Student 1", "A place is free for you: answer by Sun 26 Oct 2025, 18:01 Berlin time"),
    ]
    to_staff = Message.objects.get(to=here.staff).text
    assert "Student 0 gave back the place in “Paper a”." in to_staff
    assert "Nobody has been offered this place yet" not in to_staff
    entry = AuditEntry.objects.get(verb="withdraw_from_talk")
    assert (entry.actor, entry.reason) == (here.people[0].user, "Too much")


def test_withdraw_from_talk_near_the_talk_leaves_it_to_staff(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    here.leave(0, here.meeting.starts_at - timedelta(hours=1))
    assert PlaceOffer.objects.count() == 0
    text = Message.objects.get(to=here.staff).text
    assert "Nobody has been offered this place yet" in text


def test_withdraw_from_talk_tells_partners_and_keeps_them(
    course: Course, instructor: Membership
) -> None:
    ada, ben = make_member(course, name="Ada"), make_member(course, name="Ben")
    talk = make_talk(course, ada, ben)
    place = talk.presenters.get(membership=ada)
    withdraw_from_talk(place.pk, "Ill", instructor.user, NOON)
    assert sorted(told()) == [
        ("Ada", "Your talk is given back"),
        ("Ben", "A partner of your talk left it"),
    ]
    assert list(talk.presenters.live().values_list("membership", flat=True)) == [ben.pk]


def test_withdraw_from_talk_is_refused(scene: Callable[..., Scene]) -> None:
    here = scene("a")
    place, who = here.place(0), here.people[0].user
    begins = here.meeting.starts_at
    assert refusal(lambda: withdraw_from_talk(place.pk, " ", who, LATER)) == ("no_reason", 422)
    assert refusal(lambda: withdraw_from_talk(place.pk, "Ill", who, begins)) == ("talk_begun", 409)
    withdraw_from_talk(place.pk, "Ill", who, LATER, "nonce-0001")
    withdraw_from_talk(place.pk, "Ill", who, LATER, "nonce-0001")
    again = refusal(lambda: withdraw_from_talk(place.pk, "Ill", who, LATER))
    assert again == ("not_presenting", 409)


def test_withdraw_from_talk_of_a_final_group_is_refused(course: Course, staff: User) -> None:
    ada, meeting = make_member(course), make_meeting(course, kind=Meeting.Kind.FINAL)
    schedule_final_talk(meeting, "A talk", "new_mechanism", [ada], by=staff, at=NOON)
    place = Presenter.objects.get()
    found = refusal(lambda: withdraw_from_talk(place.pk, "Ill", ada.user, NOON))
    assert found == ("not_in_class", 422)


def test_leave_talks_frees_every_place_to_come(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    gone = here.people[0]
    Membership.objects.filter(pk=gone.pk).update(state="withdrawn")
    assert leave_talks(gone, "Left", here.staff, LATER) == 1
    assert here.offers() == [(1, "a", "open")]
    assert [name for name, _ in told()] == ["Student 1"]
    assert AuditEntry.objects.get(verb="leave_talks").reason == "Left"
    assert leave_talks(gone, "Left", here.staff, LATER) == 0
    assert AuditEntry.objects.filter(verb="leave_talks").count() == 1


def test_leave_talks_keeps_talks_that_are_over(scene: Callable[..., Scene]) -> None:
    here = scene("a")
    assert leave_talks(here.people[0], "Left", here.staff, here.meeting.ends_at) == 0
    assert here.held() == ["a"]


def test_confirm_presence_once_and_until_the_meeting(scene: Callable[..., Scene]) -> None:
    here = scene("a")
    place, who = here.place(0), here.people[0]
    late = refusal(lambda: confirm_presence(place.pk, who, here.meeting.starts_at))
    assert late == ("talk_begun", 409)
    assert confirm_presence(place.pk, who, LATER) == {"talk": place.presentation.code}
    confirm_presence(place.pk, who, LATER + WEEK)
    place.refresh_from_db()
    assert place.confirmed_at == LATER
    assert AuditEntry.objects.filter(verb="confirm_presence").count() == 1


def test_history_of_a_talk_tells_all_of_it(
    scene: Callable[..., Scene], django_assert_max_num_queries: Any
) -> None:
    here = scene("a", "ab")
    talk = here.place(0).presentation
    confirm_presence(here.place(0).pk, here.people[0], LATER)
    here.leave(0)
    here.accept(LATER + timedelta(hours=1))
    with django_assert_max_num_queries(4):
        lines = history_of(talk)
    assert sorted((line.kind, line.who.user.name, line.words or line.state) for line in lines) == [
        ("answered", "Student 1", "accepted"),
        ("came", "Student 0", "first_choice"),
        ("came", "Student 1", "accepted"),
        ("confirmed", "Student 0", ""),
        ("left", "Student 0", "Too much"),
        ("offered", "Student 1", ""),
    ]
    assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)


def test_staff_view_shows_what_an_offer_leads_to(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab", "b")
    talk = here.place(0).presentation
    here.leave(0)
    ((offer, chain),) = staff_view(talk, here.course, LATER).offers
    assert offer == here.offer()
    assert chain == (("Student 1", "Paper a"), ("Student 2", "Paper b"))


# --- how many share a paper -------------------------------------------------------------------


def resize(here: Scene, key: str, capacity: int, reason: str = "Room", **moves: str) -> Any:
    named = {here.people[int(who[1:])].code: to for who, to in moves.items()}
    paper = here.papers[key]
    return change_capacity(
        paper.pk, capacity, named, reason=reason, by=here.staff, at=LATER, nonce=""
    )


def test_change_capacity_up_offers_the_new_places(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab", "a")
    seen = capacity_preview(here.papers["a"], 3, {}, "Room", LATER)
    assert seen.offered == (here.people[1], here.people[2])
    assert resize(here, "a", 3) == {"paper": "a", "told": 2}
    assert here.offers() == [(1, "a", "open"), (2, "a", "open")]
    assert sorted(PlaceOffer.objects.values_list("seat", flat=True)) == [1, 2]
    entry = AuditEntry.objects.get(verb="change_capacity")
    assert (entry.before, entry.after["capacity"], entry.reason) == ({"capacity": 1}, 3, "Room")


def test_change_capacity_below_use_needs_who_moves(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    assert refusal(lambda: resize(here, "a", 0)) == ("capacity_below_use", 409)
    assert refusal(lambda: resize(here, "a", 101)) == ("bad_capacity", 422)
    assert refusal(lambda: resize(here, "a", 0, "")) == ("no_reason", 422)
    assert refusal(lambda: resize(here, "a", 0, p1="")) == ("unknown", 422)
    assert refusal(lambda: resize(here, "a", 0, p0="a")) == ("unknown", 422)
    assert refusal(lambda: resize(here, "a", 0, p0="b")) == ("paper_full", 409)
    assert refusal(lambda: resize(here, "a", 0, p0="zz")) == ("not_presented", 422)
    assert here.held() == ["a", "b"]


def test_change_capacity_moves_who_is_named(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    resize(here, "a", 0, p0="c")
    assert here.held() == ["c", "b"]
    assert told() == [("Student 0", "You now present on Mon 1 Dec 2025")]
    moved = here.place(0)
    assert (moved.reason, moved.presentation.paper) == ("moved", here.papers["c"])


def test_change_capacity_can_leave_somebody_without_a_talk(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    resize(here, "a", 0, "Too long", p0="")
    assert here.held() == [None, "b"]
    assert told() == [("Student 0", "Your talk is given back")]
    assert "Reason: Too long" in Message.objects.get().text


def test_change_capacity_down_withdraws_the_latest_offers(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab", "a")
    resize(here, "a", 3)
    seen = capacity_preview(here.papers["a"], 2, {}, "Room", LATER)
    assert [offer.membership for offer in seen.withdrawn] == [here.people[2]]
    resize(here, "a", 2)
    assert here.offers() == [(1, "a", "open"), (2, "a", "withdrawn")]


def test_change_capacity_down_seats_people_below_it(course: Course, staff: User) -> None:
    ada, ben = make_member(course), make_member(course)
    talk = make_talk(course, ada, ben)
    assert talk.paper is not None
    moves = {ada.code: ""}
    change_capacity(talk.paper.pk, 1, moves, reason="Room", by=staff, at=NOON)
    assert list(talk.presenters.live().values_list("membership", "seat")) == [(ben.pk, 0)]


def test_change_capacity_of_a_talk_that_has_begun_moves_nobody(course: Course, staff: User) -> None:
    ada = make_member(course)
    talk = make_talk(course, ada)
    paper, begins = talk.paper, talk.meeting.starts_at
    assert paper is not None
    found = refusal(
        lambda: change_capacity(paper.pk, 0, {ada.code: ""}, reason="R", by=staff, at=begins)
    )
    assert found == ("talk_begun", 409)


def test_capacity_page_shows_where_each_could_go(scene: Callable[..., Scene]) -> None:
    here = scene("a", "ab")
    page = capacity_page(here.papers["a"], LATER)
    assert [place.membership for place in page.presenters] == [here.people[0]]
    free = page.places[here.people[0].code]
    assert [place.paper.key for place in free] == ["c"]
