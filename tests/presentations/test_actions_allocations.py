"""Running and publishing: the stored run is the pure function's, and everybody is told once."""

from datetime import date, timedelta
from typing import Any

import pytest

from courses.models import Course, Meeting, Membership, Paper
from presentations import rules
from presentations.actions import allocate_round, publish_allocation, submit_list
from presentations.models import Allocation, PreferenceRound, Presentation, Presenter
from presentations.queries import inputs_of, replay_bytes, rows_of
from seminar.accounts.models import AuditEntry, User
from seminar.lib.canonical import canonical_bytes, canonical_hash
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.courses import make_meeting, make_member, make_paper
from tests.factories.presentations import (
    AFTER,
    CLOSES,
    DURING,
    keys_of,
    make_round,
    make_students,
    make_submitted,
    make_talk,
)

TOO_EARLY = CLOSES + timedelta(seconds=59)


@pytest.fixture
def meeting(course: Course) -> Meeting:
    return make_meeting(course, room="E1 5 room 029")


@pytest.fixture
def papers(course: Course, meeting: Meeting) -> list[Paper]:
    titles = ["ZeRO", "GPipe", "Megatron-LM"]
    return [make_paper(course, meeting=meeting, key=t.lower(), title=t) for t in titles]


@pytest.fixture
def round_(course: Course, papers: list[Paper]) -> PreferenceRound:
    return make_round(course, papers)


@pytest.fixture
def staff(instructor: Membership) -> User:
    return instructor.user


def run(round_: PreferenceRound, staff: User | None, at: Any = AFTER) -> Allocation:
    return Allocation.objects.get(code=allocate_round(round_.pk, staff, at)["code"])


def placed(round_: PreferenceRound, run_: Allocation) -> dict[str, str | None]:
    rows = rows_of(round_, run_.outcome)
    return {row.membership.user.name: row.paper.key if row.paper else row.reason for row in rows}


# --- allocate ---------------------------------------------------------------------------------


def test_allocate_round_stores_what_the_pure_function_says(
    round_: PreferenceRound, staff: User, course: Course
) -> None:
    zero, gpipe, megatron = keys_of(round_)
    ada, ben, cleo, dan = make_students(course, 4)
    make_submitted(round_, ben, [zero, gpipe])
    make_submitted(round_, ada, [zero, gpipe])
    make_submitted(round_, cleo, [gpipe, zero])
    run_ = run(round_, staff)
    assert placed(round_, run_) == {
        ben.user.name: zero,
        ada.user.name: gpipe,
        cleo.user.name: "all_full",
        dan.user.name: "no_list",
    }
    expected = rules.allocate(inputs_of(round_))
    assert canonical_bytes(run_.outcome) == expected.to_json()
    assert run_.input_hash == canonical_hash(run_.inputs) == inputs_of(round_).hash()
    assert (run_.run, run_.run_by, run_.rule_version) == (1, staff, str(rules.RULE_VERSION))
    round_.refresh_from_db()
    assert round_.closed_at == AFTER
    assert [entry.verb for entry in AuditEntry.objects.filter(actor=staff)] == ["allocate_round"]
    assert Message.objects.exclude(kind="presentations/mail/list_received").count() == 0
    assert megatron not in placed(round_, run_).values()


def test_allocate_round_again_on_the_same_facts_gives_the_same_bytes(
    round_: PreferenceRound, staff: User, student: Membership
) -> None:
    make_submitted(round_, student, keys_of(round_))
    first, second = run(round_, staff), run(round_, staff, AFTER + timedelta(days=1))
    assert (first.run, second.run) == (1, 2)
    assert first.input_hash == second.input_hash
    assert canonical_bytes(first.outcome) == canonical_bytes(second.outcome)


def test_replay_of_a_stored_run_gives_the_stored_bytes(
    round_: PreferenceRound, staff: User, student: Membership, other_student: Membership
) -> None:
    make_submitted(round_, other_student, keys_of(round_)[::-1])
    make_submitted(round_, student, keys_of(round_))
    run_ = run(round_, staff)
    assert replay_bytes(run_) == canonical_bytes(run_.outcome)


@pytest.mark.parametrize("at", [DURING, CLOSES, TOO_EARLY])
def test_allocate_round_too_early_is_refused_with_the_time(
    round_: PreferenceRound, staff: User, at: Any
) -> None:
    with pytest.raises(Refused, match="from Fri 24 Oct 2025, 18:01 Berlin time") as refused:
        allocate_round(round_.pk, staff, at)
    assert (refused.value.code, refused.value.status) == ("too_early", 409)
    round_.refresh_from_db()
    assert (round_.closed_at, Allocation.objects.count()) == (None, 0)


def test_allocate_round_by_a_double_click_runs_once(round_: PreferenceRound, staff: User) -> None:
    answers = [allocate_round(round_.pk, staff, AFTER, "nonce-0001") for _ in range(2)]
    assert answers[0] == answers[1]
    assert Allocation.objects.count() == 1


def test_allocate_round_leaves_out_who_left(
    round_: PreferenceRound, staff: User, student: Membership, other_student: Membership
) -> None:
    zero, gpipe, _megatron = keys_of(round_)
    make_submitted(round_, student, [zero, gpipe])
    make_submitted(round_, other_student, [zero, gpipe])
    Membership.objects.filter(pk=student.pk).update(state="withdrawn")
    assert placed(round_, run(round_, staff)) == {other_student.user.name: zero}


def test_allocate_round_counts_talks_of_other_rounds(
    course: Course, staff: User, meeting: Meeting, student: Membership, other_student: Membership
) -> None:
    """One talk per person over all rounds, and the meeting's time is shared."""
    make_talk(course, student, meeting=meeting, minutes=110, changeover_minutes=0)
    late = make_paper(course, meeting=meeting, key="late")
    round_ = make_round(course, [late])
    make_submitted(round_, student, ["late"])
    make_submitted(round_, other_student, ["late"])
    assert placed(round_, run(round_, staff)) == {
        student.user.name: "already_presents",
        other_student.user.name: "meetings_full",
    }


def test_allocate_round_never_gives_a_paper_of_a_cancelled_meeting(
    round_: PreferenceRound, staff: User, student: Membership, meeting: Meeting
) -> None:
    make_submitted(round_, student, keys_of(round_))
    Meeting.objects.filter(pk=meeting.pk).update(cancelled_at=DURING)
    assert placed(round_, run(round_, staff)) == {student.user.name: "none_possible"}


def test_allocate_round_serves_first_who_lost_a_talk_with_its_meeting(
    course: Course, staff: User, papers: list[Paper], student: Membership, other_student: Membership
) -> None:
    cancelled = make_meeting(course, date(2025, 11, 3), cancelled_at=DURING)
    talk = make_talk(course, other_student, meeting=cancelled, cancelled_at=DURING)
    Presenter.objects.filter(presentation=talk).update(ended_at=AFTER + timedelta(days=9))
    round_ = make_round(course, papers)
    make_submitted(round_, student, ["zero", "gpipe"])
    make_submitted(round_, other_student, ["zero", "gpipe"])
    assert placed(round_, run(round_, staff)) == {
        other_student.user.name: "zero",
        student.user.name: "gpipe",
    }


@pytest.mark.plants_violation("I-01", reason="the paper has fewer places than presenters now")
def test_allocate_round_keeps_who_presents_a_paper_that_lost_places(
    course: Course, staff: User, round_: PreferenceRound, papers: list[Paper], student: Membership
) -> None:
    holders = make_students(course, 2)
    make_talk(course, *holders, paper=papers[0])
    make_submitted(round_, student, ["zero", "gpipe"])
    assert placed(round_, run(round_, staff)) == {
        student.user.name: "gpipe",
        **{holder.user.name: "already_presents" for holder in holders},
    }


# --- publish ----------------------------------------------------------------------------------


def test_publish_allocation_creates_talks_in_the_order_of_the_papers(
    round_: PreferenceRound, staff: User, course: Course
) -> None:
    zero, gpipe, megatron = keys_of(round_)
    ada, ben = make_students(course, 2)
    make_submitted(round_, ada, [megatron, gpipe])
    make_submitted(round_, ben, [zero, gpipe])
    run_ = run(round_, staff)
    answer = publish_allocation(run_.pk, staff, AFTER)
    assert answer == {"code": run_.code, "talks": 2, "told": 2}
    talks = Presentation.objects.order_by("position")
    assert [(t.paper.key, t.position, t.minutes, t.allocation) for t in talks if t.paper] == [
        (zero, 1, 20, run_),
        (megatron, 2, 20, run_),
    ]
    people = Presenter.objects.order_by("presentation__position")
    assert [(p.membership, p.choice, p.reason, p.since) for p in people] == [
        (ben, 1, "first_choice", AFTER),
        (ada, 1, "first_choice", AFTER),
    ]
    run_.refresh_from_db()
    assert (run_.published_at, run_.published_by) == (AFTER, staff)


def test_publish_allocation_tells_everybody_once_unplaced_people_too(
    course: Course, staff: User, papers: list[Paper]
) -> None:
    round_ = make_round(course, papers[:1])
    ada, ben, cleo = make_students(course, 3)
    make_submitted(round_, ada, ["zero"])
    make_submitted(round_, ben, ["zero"])
    Message.objects.all().delete()
    publish_allocation(run(round_, staff).pk, staff, AFTER)
    mails = {mail.to: mail for mail in Message.objects.all()}
    assert {who: mail.subject for who, mail in mails.items()} == {
        ada.user: "[ELLM] You present on Mon 10 Nov 2025",
        ben.user: "[ELLM] Papers assigned; none for you yet",
        cleo.user: "[ELLM] Papers assigned; none for you yet",
    }
    text = mails[ada.user].text
    assert "ZeRO\nMon 10 Nov 2025, 16:00 Berlin time, E1 5 room 029\nLength: 20 minutes" in text
    assert "You are number 1.\nYou get your first choice: ZeRO." in text
    assert "Your first choice, ZeRO, went to someone before you." in mails[ben.user].text
    assert "You submitted no list." in mails[cleo.user].text
    assert "What happens next" in mails[cleo.user].text
    assert "Student 000" not in mails[ben.user].text


def test_publish_allocation_tells_holders_of_talks_only_if_they_sent_a_list(
    course: Course, staff: User, papers: list[Paper]
) -> None:
    asked, bystander = make_students(course, 2)
    for member in (asked, bystander):
        make_talk(course, member)
    round_ = make_round(course, papers[:1])
    make_submitted(round_, asked, ["zero"])
    Message.objects.all().delete()
    publish_allocation(run(round_, staff).pk, staff, AFTER)
    assert list(Message.objects.values_list("to", "subject")) == [
        (asked.user_id, "[ELLM] Papers assigned; your talk stays")
    ]


def test_publish_allocation_of_a_shared_paper_seats_both_and_names_the_partner(
    course: Course, staff: User, meeting: Meeting
) -> None:
    paper = make_paper(course, meeting=meeting, capacity=2)
    round_ = make_round(course, [paper])
    ada, ben = make_students(course, 2)
    for member in (ada, ben):
        make_submitted(round_, member, [paper.key])
    publish_allocation(run(round_, staff).pk, staff, AFTER)
    seats = Presenter.objects.order_by("seat").values_list("seat", "membership")
    assert list(seats) == [(0, ada.pk), (1, ben.pk)]
    mail = Message.objects.get(to=ada.user, kind="presentations/mail/placed")
    assert "Together with Student 001" in mail.text


def test_publish_allocation_follows_talks_that_are_there_already(
    round_: PreferenceRound, staff: User, course: Course, student: Membership, meeting: Meeting
) -> None:
    make_talk(course, make_member(course), meeting=meeting, position=4)
    make_submitted(round_, student, keys_of(round_))
    publish_allocation(run(round_, staff).pk, staff, AFTER)
    assert Presentation.objects.get(allocation__isnull=False).position == 5


def test_publish_allocation_twice_is_refused_and_a_double_click_is_not(
    round_: PreferenceRound, staff: User, student: Membership
) -> None:
    make_submitted(round_, student, keys_of(round_))
    run_ = run(round_, staff)
    first = publish_allocation(run_.pk, staff, AFTER, "nonce-0001")
    assert publish_allocation(run_.pk, staff, AFTER, "nonce-0001") == first
    with pytest.raises(Refused) as refused:
        publish_allocation(run_.pk, staff, AFTER, "nonce-0002")
    assert refused.value.code == "published"
    assert Presenter.objects.count() == 1


def test_allocate_round_after_publication_is_refused(
    round_: PreferenceRound, staff: User, student: Membership
) -> None:
    publish_allocation(run(round_, staff).pk, staff, AFTER)
    with pytest.raises(Refused) as refused:
        allocate_round(round_.pk, staff, AFTER)
    assert refused.value.code == "published"


def test_publish_allocation_of_an_older_run_is_refused(
    round_: PreferenceRound, staff: User
) -> None:
    old, _new = run(round_, staff), run(round_, staff)
    with pytest.raises(Refused) as refused:
        publish_allocation(old.pk, staff, AFTER)
    assert refused.value.code == "not_the_newest_run"


def test_publish_allocation_after_somebody_left_is_refused(
    round_: PreferenceRound, staff: User, student: Membership
) -> None:
    make_submitted(round_, student, keys_of(round_))
    run_ = run(round_, staff)
    Membership.objects.filter(pk=student.pk).update(state="withdrawn")
    with pytest.raises(Refused) as refused:
        publish_allocation(run_.pk, staff, AFTER)
    assert refused.value.code == "outdated_run"
    assert (Presentation.objects.count(), Presenter.objects.count()) == (0, 0)


def test_submit_list_after_the_round_was_allocated_is_refused(
    round_: PreferenceRound, staff: User, student: Membership
) -> None:
    run(round_, staff)
    with pytest.raises(Refused) as refused:
        submit_list(round_.pk, student, keys_of(round_), "", DURING)
    assert refused.value.code == "closed"


def test_allocate_and_publish_by_the_command_line_have_no_actor(
    round_: PreferenceRound, student: Membership
) -> None:
    run_ = run(round_, None)
    publish_allocation(run_.pk, None, AFTER)
    run_.refresh_from_db()
    assert (run_.run_by, run_.published_by, run_.published_at) == (None, None, AFTER)
