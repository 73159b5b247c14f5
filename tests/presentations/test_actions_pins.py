"""Pins, late lists and wishes reach the run; what breaks a limit is refused."""

from datetime import timedelta
from typing import Any

import pytest

from courses.models import Course, Meeting, Membership, Paper
from presentations import queries, rules
from presentations.actions import (
    allocate_round,
    enter_late_list,
    lift_pin,
    pin_student,
    publish_allocation,
)
from presentations.models import (
    Allocation,
    Pin,
    PlaceOffer,
    PreferenceList,
    PreferenceRound,
    Presenter,
    QueueEvent,
    UnavailableMeeting,
    UnwantedPaper,
)
from presentations.queries import inputs_of, rows_of
from seminar.accounts.models import AuditEntry, User
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.courses import make_course, make_meeting, make_member, make_paper
from tests.factories.presentations import (
    AFTER,
    CLOSES,
    DURING,
    make_round,
    make_students,
    make_submitted,
    make_talk,
)

WHY = "Agreed in the first lecture"


@pytest.fixture
def meeting(course: Course) -> Meeting:
    return make_meeting(course)


@pytest.fixture
def papers(course: Course, meeting: Meeting) -> list[Paper]:
    return [make_paper(course, meeting=meeting, key=key, title=key) for key in ("zero", "gpipe")]


@pytest.fixture
def round_(course: Course, papers: list[Paper]) -> PreferenceRound:
    return make_round(course, papers)


@pytest.fixture
def staff(instructor: Membership) -> User:
    return instructor.user


def outcome(round_: PreferenceRound, staff: User) -> dict[str, str | None]:
    run = Allocation.objects.get(code=allocate_round(round_.pk, staff, AFTER)["code"])
    rows = rows_of(round_, run.outcome)
    return {row.membership.user.name: row.paper.key if row.paper else row.reason for row in rows}


def refused(verb: Any, *args: Any, **kwargs: Any) -> tuple[str, int]:
    with pytest.raises(Refused) as found:
        verb(*args, **kwargs)
    return found.value.code, found.value.status


# --- wishes and offers ------------------------------------------------------------------------


def test_allocate_round_reads_what_students_cannot_and_do_not_want(
    course: Course, staff: User, papers: list[Paper]
) -> None:
    other = make_meeting(course)
    third = make_paper(course, meeting=other, key="third", title="third")
    round_ = make_round(course, [*papers, third], fill=True)
    ada, ben, cleo = make_students(course, 3)
    make_submitted(round_, ada, ["zero", "gpipe"])
    make_submitted(round_, ben, ["zero", "gpipe"])
    lists = {row.membership_id: row for row in PreferenceList.objects.all()}
    assert papers[0].meeting
    UnavailableMeeting.objects.create(list=lists[ada.pk], meeting=papers[0].meeting)
    prepared = PreferenceList.objects.create(round=round_, membership=cleo, changed_at=DURING)
    UnwantedPaper.objects.create(list=prepared, paper=papers[1])
    assert outcome(round_, staff) == {
        ben.user.name: "zero",
        ada.user.name: "third",
        cleo.user.name: "no_place_left",
    }


def test_inputs_of_hold_a_place_for_an_open_offer_and_its_slot(
    course: Course, round_: PreferenceRound, papers: list[Paper], meeting: Meeting
) -> None:
    (ada,) = make_students(course, 1)
    offer = {"round": round_, "membership": ada, "number": 1, "choice": 1, "offered_at": DURING}
    when = {"expires_at": DURING + timedelta(hours=48)}
    PlaceOffer.objects.create(paper=papers[0], seat=0, **offer, **when)
    done = {"state": "declined", "answered_at": DURING}
    PlaceOffer.objects.create(paper=papers[1], seat=0, **offer, **when, **done)
    zero, gpipe = sorted(inputs_of(round_).papers, key=lambda fact: fact.key, reverse=True)
    assert (zero.key, zero.taken, zero.has_slot) == ("zero", 1, True)
    assert (gpipe.key, gpipe.taken, gpipe.has_slot) == ("gpipe", 0, False)
    assert inputs_of(round_).meetings == (rules.MeetingTime(meeting.key, 120, 20),)


def test_inputs_of_keep_the_slot_of_a_talk_that_nobody_is_in(
    course: Course, round_: PreferenceRound, papers: list[Paper], meeting: Meeting
) -> None:
    talk = make_talk(course, make_member(course), paper=papers[0])
    Presenter.objects.update(ended_at=AFTER)
    (fact,) = (fact for fact in inputs_of(round_).papers if fact.key == "zero")
    assert (fact.taken, fact.has_slot) == (0, True)
    assert inputs_of(round_).meetings[0].used_minutes == talk.minutes


def test_allocate_round_gives_one_talk_over_all_rounds(
    course: Course, staff: User, papers: list[Paper]
) -> None:
    """Two rounds of a term: who got a paper in the first gets none in the second, pinned or not."""
    first, second = make_round(course, papers[:1]), make_round(course, papers[1:])
    ada, ben = make_students(course, 2)
    make_submitted(first, ada, ["zero"])
    make_submitted(second, ada, ["gpipe"])
    make_submitted(second, ben, ["gpipe"])
    run = Allocation.objects.get(code=allocate_round(first.pk, staff, AFTER)["code"])
    publish_allocation(run.pk, staff, AFTER)
    args = (pin_student, second.pk, (ada, papers[1]))
    assert refused(*args, reason=WHY, by=staff, at=AFTER) == ("has_a_talk", 409)
    assert outcome(second, staff) == {ben.user.name: "gpipe", ada.user.name: "already_presents"}


# --- pins -------------------------------------------------------------------------------------


def test_pin_student_goes_first_and_survives_runs_until_it_is_lifted(
    course: Course, round_: PreferenceRound, papers: list[Paper], staff: User
) -> None:
    ada, ben = make_students(course, 2)
    make_submitted(round_, ada, ["zero", "gpipe"])
    before = Message.objects.count()
    answer = pin_student(round_.pk, (ben, papers[0]), reason=WHY, by=staff, at=DURING)
    assert answer == {"student": ben.code, "paper": "zero"}
    pinned = {ben.user.name: "zero", ada.user.name: "gpipe"}
    assert [outcome(round_, staff), outcome(round_, staff)] == [pinned, pinned]
    lift_pin(round_.pk, ben, reason="Wants to queue", by=staff, at=AFTER)
    assert outcome(round_, staff) == {ada.user.name: "zero", ben.user.name: "no_list"}
    pin = Pin.objects.get()
    assert (pin.reason, pin.set_by, pin.set_at) == (WHY, staff, DURING)
    assert (pin.lifted_by, pin.lifted_at, pin.lifted_reason) == (staff, AFTER, "Wants to queue")
    entries = AuditEntry.objects.filter(verb__in=["pin_student", "lift_pin"]).order_by("id")
    assert [(e.verb, e.reason) for e in entries] == [
        ("pin_student", WHY),
        ("lift_pin", "Wants to queue"),
    ]
    assert Message.objects.count() == before


def test_pin_student_refuses_what_breaks_a_limit(
    course: Course, round_: PreferenceRound, papers: list[Paper], staff: User
) -> None:
    ada, ben = make_students(course, 2)
    stranger = make_member(make_course())
    elsewhere = make_paper(course)

    def asked(to: Membership, paper: Paper, reason: str = WHY) -> tuple[str, int]:
        return refused(pin_student, round_.pk, (to, paper), reason=reason, by=staff, at=DURING)

    pin_student(round_.pk, (ada, papers[0]), reason=WHY, by=staff, at=DURING)
    assert asked(ada, papers[1]) == ("pinned", 409)
    assert asked(ben, papers[0]) == ("paper_full", 409)
    assert asked(ben, elsewhere) == ("not_offered", 422)
    assert asked(ben, papers[1], "  ") == ("no_reason", 422)
    assert asked(stranger, papers[1]) == ("not_a_student", 422)
    Meeting.objects.filter(pk=papers[0].meeting_id).update(talk_minutes=70)
    assert asked(ben, papers[1]) == ("meeting_full", 409)
    assert Pin.objects.count() == 1


def test_pin_student_after_publication_is_refused(
    round_: PreferenceRound, papers: list[Paper], staff: User, student: Membership
) -> None:
    pin_student(round_.pk, (student, papers[0]), reason=WHY, by=staff, at=DURING)
    run = Allocation.objects.get(code=allocate_round(round_.pk, staff, AFTER)["code"])
    publish_allocation(run.pk, staff, AFTER)
    assert Presenter.objects.get().reason == "pinned"
    assert refused(
        pin_student, round_.pk, (student, papers[1]), reason=WHY, by=staff, at=AFTER
    ) == ("published", 409)
    assert refused(lift_pin, round_.pk, student, reason=WHY, by=staff, at=AFTER) == (
        "published",
        409,
    )


def test_lift_pin_of_nothing_and_without_a_reason_is_refused(
    round_: PreferenceRound, papers: list[Paper], staff: User, student: Membership
) -> None:
    assert refused(lift_pin, round_.pk, student, reason=WHY, by=staff, at=AFTER) == (
        "not_pinned",
        409,
    )
    pin_student(round_.pk, (student, papers[0]), reason=WHY, by=staff, at=DURING)
    assert refused(lift_pin, round_.pk, student, reason="", by=staff, at=AFTER) == (
        "no_reason",
        422,
    )


def test_pin_and_lift_by_a_double_click_happen_once(
    round_: PreferenceRound, papers: list[Paper], staff: User, student: Membership
) -> None:
    facts = {"reason": WHY, "by": staff, "at": DURING}
    for _ in range(2):
        pin_student(round_.pk, (student, papers[0]), **facts, nonce="nonce-0001")  # type: ignore[arg-type]
    for _ in range(2):
        lift_pin(round_.pk, student, **facts, nonce="nonce-0002")  # type: ignore[arg-type]
    assert Pin.objects.filter(lifted_at__isnull=False).count() == Pin.objects.count() == 1


def test_allocate_round_names_a_pin_that_can_no_longer_be_kept(
    course: Course, round_: PreferenceRound, papers: list[Paper], staff: User, student: Membership
) -> None:
    pin_student(round_.pk, (student, papers[0]), reason=WHY, by=staff, at=DURING)
    Meeting.objects.filter(pk=papers[0].meeting_id).update(cancelled_at=DURING)
    with pytest.raises(Refused) as found:
        allocate_round(round_.pk, staff, AFTER)
    assert [(p["value"], p["rule"]) for p in found.value.problems] == [
        ("zero", "This paper is pinned and no longer on offer. Lift the pin.")
    ]


def test_pin_preview_says_who_is_affected_and_which_wish_is_broken(
    course: Course, round_: PreferenceRound, papers: list[Paper]
) -> None:
    ada, ben = make_students(course, 2)
    make_submitted(round_, ada, ["zero", "gpipe"])
    make_submitted(round_, ben, ["gpipe", "zero"])
    found = queries.pin_preview(round_, ben, papers[0])
    assert [(m.membership, m.before, m.after) for m in found.moved] == [
        (ada, papers[0], papers[1]),
        (ben, papers[1], papers[0]),
    ]
    assert found.warnings == ()
    choices = queries.pin_choices(round_, ben)
    assert [(c.paper, c.choice, c.refusal) for c in choices] == [
        (papers[1], 1, None),
        (papers[0], 2, None),
    ]


# --- late lists -------------------------------------------------------------------------------


def test_enter_late_list_is_the_last_number_of_the_next_run(
    course: Course, round_: PreferenceRound, instructor: Membership
) -> None:
    (ada,) = make_students(course, 1)
    make_submitted(round_, ada, ["zero", "gpipe"])
    noor = make_member(course, name="Noor", joined_at=AFTER)
    answer = enter_late_list(round_.pk, noor, ["zero", "gpipe"], by=instructor.user, at=AFTER)
    assert answer == {"student": noor.code, "number": 2}
    assert outcome(round_, instructor.user) == {ada.user.name: "zero", "Noor": "gpipe"}
    event = QueueEvent.objects.order_by("seq").last()
    assert event
    assert (event.number, event.imported, event.papers) == (2, True, ["zero", "gpipe"])
    assert Message.objects.filter(to=noor.user, kind="presentations/mail/list_entered").count() == 1


def test_enter_late_list_refuses_what_is_not_late(
    course: Course, round_: PreferenceRound, instructor: Membership, student: Membership
) -> None:
    noor = make_member(course, joined_at=AFTER)
    ranked = ["zero", "gpipe"]

    def asked(to: Membership, ranked: list[str], at: Any = AFTER) -> tuple[str, int]:
        return refused(enter_late_list, round_.pk, to, ranked, by=instructor.user, at=at)

    assert asked(noor, ranked, CLOSES - timedelta(seconds=1)) == ("still_open", 409)
    assert asked(noor, ["zero", "zero", "ghost"]) == ("bad_list", 422)
    assert asked(make_member(make_course()), ranked) == ("not_a_student", 422)
    enter_late_list(round_.pk, noor, ranked, by=instructor.user, at=AFTER)
    assert asked(noor, ranked) == ("has_list", 409)
    run = Allocation.objects.get(code=allocate_round(round_.pk, instructor.user, AFTER)["code"])
    publish_allocation(run.pk, instructor.user, AFTER)
    Membership.objects.filter(pk=student.pk).update(joined_at=DURING)
    assert asked(student, ranked) == ("not_late", 409)
    late = make_member(course, joined_at=AFTER)
    assert enter_late_list(round_.pk, late, ranked, by=instructor.user, at=AFTER)["number"] == 2
