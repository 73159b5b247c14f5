"""Giving a free place after publication: which places are free, who is told, what is refused."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from courses.models import Course, Meeting, Membership, Paper
from presentations.actions import allocate_round, assign_presenter, publish_allocation
from presentations.models import Allocation, Presentation, Presenter
from presentations.queries import (
    assign_preview,
    places_for,
    students_without_talk,
    talks_of_meeting,
    why_of,
)
from seminar.accounts.models import AuditEntry, User
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_meeting, make_member, make_paper
from tests.factories.presentations import (
    AFTER,
    make_round,
    make_students,
    make_submitted,
    make_talk,
)


@pytest.fixture
def staff(instructor: Membership) -> User:
    return instructor.user


@pytest.fixture
def meeting(course: Course) -> Meeting:
    return make_meeting(course)


def refusal(paper: Paper, to: Membership, by: User, at: datetime = NOON) -> tuple[str, int]:
    with pytest.raises(Refused) as refused:
        assign_presenter(paper, to, "Late", by, at)
    assert AuditEntry.objects.filter(verb="assign_presenter").count() == 0
    return refused.value.code, refused.value.status


def test_assign_presenter_creates_the_talk_at_the_end_of_the_meeting(
    course: Course, staff: User, meeting: Meeting, student: Membership, other_student: Membership
) -> None:
    make_talk(course, other_student, meeting=meeting, position=3)
    paper = make_paper(course, meeting=meeting, position=1)
    answer = assign_presenter(paper, student, " Joined late ", staff, NOON)
    talks = talks_of_meeting(meeting)
    assert [(talk.presentation.position, talk.starts_at) for talk in talks] == [
        (3, meeting.starts_at),
        (4, meeting.starts_at + timedelta(minutes=20)),
    ]
    talk, place = talks[1].presentation, talks[1].presenters[0]
    assert answer == {"talk": talk.code, "told": 1}
    assert (talk.paper, talk.kind, talk.minutes, talk.allocation) == (paper, "in_class", 20, None)
    assert (place.membership, place.seat, place.choice, place.reason, place.since) == (
        student,
        0,
        None,
        "assigned",
        NOON,
    )
    assert why_of(place) is None
    entry = AuditEntry.objects.get(verb="assign_presenter")
    assert (entry.actor, entry.subject, entry.after, entry.reason) == (
        staff,
        talk.code,
        {"paper": paper.key, "presenter": student.code},
        "Joined late",
    )


def test_assign_presenter_tells_only_the_new_one_and_the_partners(
    course: Course, staff: User, meeting: Meeting, other_student: Membership
) -> None:
    ada, ben, noor = make_students(course, 3)
    paper = make_paper(course, meeting=meeting, capacity=3)
    talk = make_talk(course, ada, ben, paper=paper)
    Presenter.objects.filter(membership=ada).update(ended_at=NOON)
    make_talk(course, other_student, meeting=meeting)
    assert assign_preview(paper, noor, NOON).told == (
        ("assigned", noor),
        ("partner_changed", ben),
    )
    answer = assign_presenter(paper, noor, "Late", staff, NOON)
    assert answer == {"talk": talk.code, "told": 2}
    assert Presenter.objects.live().get(membership=noor).seat == 0
    mails = Message.objects.order_by("id").values_list("to", "kind", "subject")
    assert list(mails) == [
        (
            noor.user_id,
            "presentations/mail/assigned",
            "[ELLM] You have a talk: Mon 10 Nov 2025",
        ),
        (
            ben.user_id,
            "presentations/mail/partner_changed",
            "[ELLM] New partner for your talk on Mon 10 Nov 2025",
        ),
    ]
    text = Message.objects.get(to=noor.user).text
    assert "Mon 10 Nov 2025, 16:00 Berlin time" in text
    assert "Together with Student 001" in text
    assert "Late" not in text


def test_assign_presenter_keeps_the_rank_and_waits_for_publication(
    course: Course, staff: User, meeting: Meeting, student: Membership, other_student: Membership
) -> None:
    papers = [make_paper(course, meeting=meeting) for _ in range(3)]
    round_ = make_round(course, papers)
    make_submitted(round_, other_student, [papers[0].key, papers[1].key])
    make_submitted(round_, student, [papers[0].key, papers[1].key])
    late = make_member(course)
    assert refusal(papers[2], late, staff) == ("not_published", 409)
    code = allocate_round(round_.pk, staff, AFTER)["code"]
    publish_allocation(Allocation.objects.get(code=code).pk, staff, AFTER)
    assert students_without_talk(course) == [late]
    Presenter.objects.filter(membership=student).update(ended_at=NOON)
    assert assign_presenter(papers[1], student, "Came back", staff, NOON)["told"] == 1
    assert Presenter.objects.live().get(membership=student).choice == 2
    assert assign_presenter(papers[2], late, "Late", staff, NOON)["told"] == 1
    assert students_without_talk(course) == []


def test_assign_presenter_asked_twice_happens_once(
    course: Course, staff: User, meeting: Meeting, student: Membership
) -> None:
    paper = make_paper(course, meeting=meeting)
    asked = (paper, student, "Late", staff, NOON, "nonce-0001")
    assert assign_presenter(*asked) == assign_presenter(*asked)
    assert (Presenter.objects.count(), Message.objects.count()) == (1, 1)
    with pytest.raises(Refused) as refused:
        assign_presenter(paper, student, "Other", staff, NOON, "nonce-0001")
    assert refused.value.code == "nonce_reused"


def test_assign_presenter_beyond_a_limit_is_refused(
    course: Course, staff: User, meeting: Meeting, student: Membership, other_student: Membership
) -> None:
    full = make_talk(course, other_student, meeting=meeting).paper
    assert full is not None
    assert refusal(full, student, staff) == ("paper_full", 409)
    assert refusal(full, other_student, staff) == ("has_a_talk", 409)
    paper = make_paper(course, meeting=meeting)
    assert refusal(paper, student, staff, meeting.ends_at) == ("talk_over", 409)
    Meeting.objects.update(talk_minutes=101)
    assert refusal(paper, student, staff) == ("meeting_full", 409)
    Meeting.objects.update(talk_minutes=100)
    assert assign_presenter(paper, student, "Late", staff, NOON)["told"] == 1


def test_assign_presenter_to_a_talk_with_its_slot_needs_no_time(
    course: Course, staff: User, meeting: Meeting, student: Membership, other_student: Membership
) -> None:
    paper = make_paper(course, meeting=meeting, capacity=2)
    make_talk(course, other_student, paper=paper, minutes=120)
    assert assign_presenter(paper, student, "Late", staff, NOON)["told"] == 2


@pytest.mark.parametrize("who", ["auditor", "ta", "withdrawn", "applicant", "outsider"])
def test_assign_presenter_to_anybody_but_an_active_student_is_refused(
    course: Course, staff: User, meeting: Meeting, who: str, request: pytest.FixtureRequest
) -> None:
    paper = make_paper(course, meeting=meeting)
    to = request.getfixturevalue(who)
    assert refusal(paper, to, staff) == ("not_a_student", 422)


def test_assign_presenter_to_a_paper_nobody_can_present_is_refused(
    course: Course, staff: User, meeting: Meeting, student: Membership
) -> None:
    without = make_paper(course)
    only_read = make_paper(course, meeting=meeting, presentable=False)
    off = make_paper(course, meeting=make_meeting(course, cancelled_at=NOON))
    answers = {refusal(paper, student, staff) for paper in (without, only_read, off)}
    assert answers == {("not_presented", 422)}
    assert Presentation.objects.count() == 0


def test_assign_presenter_without_a_reason_is_refused(
    course: Course, staff: User, meeting: Meeting, student: Membership
) -> None:
    with pytest.raises(Refused) as refused:
        assign_presenter(make_paper(course, meeting=meeting), student, " ", staff, NOON)
    assert (refused.value.code, refused.value.status) == ("no_reason", 422)


def test_places_for_puts_free_and_ranked_ones_first(
    course: Course, meeting: Meeting, student: Membership, other_student: Membership
) -> None:
    papers = [make_paper(course, meeting=meeting) for _ in range(3)]
    round_ = make_round(course, papers)
    make_submitted(round_, student, [papers[2].key, papers[1].key])
    Allocation.objects.create(
        round=round_,
        run=1,
        run_at=AFTER,
        rule_version="1",
        input_hash="0" * 64,
        inputs={},
        outcome={},
        published_at=AFTER,
    )
    make_talk(course, other_student, paper=papers[2])
    found: list[Any] = [
        (place.paper, place.choice, place.refusal) for place in places_for(course, student, NOON)
    ]
    assert found == [
        (papers[1], 2, None),
        (papers[0], None, None),
        (papers[2], 1, "paper_full"),
    ]
