"""Reassigning and scheduling: who is told, what is refused, what stays in the history."""

from datetime import date, timedelta
from typing import Any

import pytest

from courses.models import Course, Meeting, Membership
from presentations.actions import (
    allocate_round,
    publish_allocation,
    reassign_presentation,
    schedule_final_talk,
)
from presentations.models import Allocation, Presentation, Presenter
from presentations.queries import candidates_for, reassign_preview, talks_of_meeting
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


def test_reassign_presentation_ends_one_place_and_starts_the_other(
    course: Course, staff: User, student: Membership, other_student: Membership
) -> None:
    talk = make_talk(course, student)
    place = talk.presenters.get()
    answer = reassign_presentation(place.pk, other_student, " Left the course ", staff, NOON)
    assert answer == {"talk": talk.code, "told": 2}
    place.refresh_from_db()
    assert (place.ended_at, place.ended_reason) == (NOON, "Left the course")
    new = talk.presenters.live().get()
    assert (new.membership, new.seat, new.reason, new.since) == (
        other_student,
        0,
        "reassigned",
        NOON,
    )
    audit = AuditEntry.objects.get(verb="reassign_presentation")
    assert (audit.before, audit.after, audit.reason) == (
        {"presenter": student.code},
        {"presenter": other_student.code},
        "Left the course",
    )


def test_reassign_presentation_tells_exactly_those_whom_the_preview_names(
    course: Course, staff: User
) -> None:
    leaving, partner, coming, _bystander = make_students(course, 4)
    talk = make_talk(course, leaving, partner)
    place = talk.presenters.get(membership=leaving)
    preview = reassign_preview(place, coming, NOON)
    assert preview.told == (
        ("talk_taken", leaving),
        ("talk_given", coming),
        ("partner_changed", partner),
    )
    reassign_presentation(place.pk, coming, "Ill", staff, NOON)
    mails = Message.objects.order_by("id").values_list("to", "kind", "subject")
    assert list(mails) == [
        (
            leaving.user_id,
            "presentations/mail/talk_taken",
            "[ELLM] You do not present on Mon 10 Nov 2025",
        ),
        (
            coming.user_id,
            "presentations/mail/talk_given",
            "[ELLM] You now present on Mon 10 Nov 2025",
        ),
        (
            partner.user_id,
            "presentations/mail/partner_changed",
            "[ELLM] New partner for your talk on Mon 10 Nov 2025",
        ),
    ]
    assert "Together with Student 001" in Message.objects.get(to=coming.user).text
    assert "Ill" not in "".join(Message.objects.values_list("text", flat=True))


def test_reassign_presentation_keeps_the_rank_of_the_new_person(
    course: Course, staff: User
) -> None:
    ada, ben = make_students(course, 2)
    meeting = make_meeting(course)
    one, two = (make_paper(course, meeting=meeting) for _ in range(2))
    round_ = make_round(course, [one, two], max_length=2, min_length=1)
    make_submitted(round_, ada, [one.key])
    make_submitted(round_, ben, [one.key])
    code = allocate_round(round_.pk, staff, AFTER)["code"]
    publish_allocation(Allocation.objects.get(code=code).pk, staff, AFTER)
    place = Presenter.objects.get(membership=ada)
    reassign_presentation(place.pk, ben, "Swap agreed", staff, NOON)
    assert Presenter.objects.live().get(membership=ben).choice == 1


def test_reassign_presentation_by_a_double_click_happens_once(
    course: Course, staff: User, student: Membership, other_student: Membership
) -> None:
    place = make_talk(course, student).presenters.get()
    answers = [
        reassign_presentation(place.pk, other_student, "Ill", staff, NOON, "nonce-0001")
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert (Presenter.objects.count(), Message.objects.count()) == (2, 2)


def test_reassign_presentation_back_is_possible(
    course: Course, staff: User, student: Membership, other_student: Membership
) -> None:
    talk = make_talk(course, student)
    reassign_presentation(talk.presenters.get().pk, other_student, "Ill", staff, NOON)
    back = talk.presenters.live().get()
    reassign_presentation(back.pk, student, "Well again", staff, NOON + timedelta(hours=1))
    assert talk.presenters.live().get().membership == student


@pytest.mark.parametrize(
    "who", ["auditor", "ta", "instructor", "applicant", "withdrawn", "outsider"]
)
def test_reassign_presentation_to_others_than_active_students_is_refused(
    course: Course, staff: User, student: Membership, who: str, request: pytest.FixtureRequest
) -> None:
    place = make_talk(course, student).presenters.get()
    with pytest.raises(Refused) as refused:
        reassign_presentation(place.pk, request.getfixturevalue(who), "Ill", staff, NOON)
    assert (refused.value.code, refused.value.status) == ("not_a_student", 422)
    assert (Presenter.objects.live().get(), Message.objects.count()) == (place, 0)


def test_reassign_presentation_refusals(
    course: Course, staff: User, student: Membership, other_student: Membership
) -> None:
    place = make_talk(course, student).presenters.get()
    over = place.presentation.meeting.ends_at

    def code(to: Membership, reason: str = "Ill", at: Any = NOON) -> tuple[str, int]:
        with pytest.raises(Refused) as refused:
            reassign_presentation(place.pk, to, reason, staff, at)
        return refused.value.code, refused.value.status

    assert code(other_student, "  ") == ("no_reason", 422)
    assert code(student) == ("same_person", 422)
    assert code(other_student, at=over) == ("talk_over", 409)
    make_talk(course, other_student)
    assert code(other_student) == ("has_a_talk", 409)
    Presentation.objects.filter(pk=place.presentation_id).update(cancelled_at=NOON)
    assert code(other_student) == ("talk_cancelled", 409)
    Presenter.objects.filter(pk=place.pk).update(ended_at=NOON)
    assert code(other_student) == ("not_presenting", 409)
    assert (Message.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_candidates_for_puts_who_ranked_the_paper_and_is_free_first(course: Course) -> None:
    holder, free, second, first, busy = make_students(course, 5)
    meeting = make_meeting(course)
    one, two = (make_paper(course, meeting=meeting) for _ in range(2))
    round_ = make_round(course, [one, two], max_length=2, min_length=1)
    make_submitted(round_, second, [two.key, one.key])
    make_submitted(round_, first, [one.key])
    make_submitted(round_, busy, [one.key])
    place = make_talk(course, holder, paper=one).presenters.get()
    make_talk(course, busy)
    found = [(c.membership, c.choice, c.number, c.is_free) for c in candidates_for(place)]
    assert found == [
        (first, 1, 2, True),
        (second, 2, 1, True),
        (free, None, None, True),
        (busy, 1, 3, False),
    ]


# --- final talks ------------------------------------------------------------------------------


@pytest.fixture
def finals(course: Course) -> Meeting:
    return make_meeting(
        course,
        date(2026, 1, 26),
        kind=Meeting.Kind.FINAL,
        talk_minutes=50,
        changeover_minutes=10,
        title="Final presentations",
    )


def test_schedule_final_talk_puts_it_after_the_others_and_tells_the_group(
    course: Course, staff: User, finals: Meeting
) -> None:
    ada, ben, cleo = make_students(course, 3)
    schedule_final_talk(finals, "One", "new_mechanism", [cleo], by=staff, at=NOON)
    answer = schedule_final_talk(
        finals, " Sparse optimisers ", "literature_review", [ada, ben], by=staff, at=NOON
    )
    talks = talks_of_meeting(finals)
    assert [(str(t.presentation), len(t.presenters)) for t in talks] == [
        ("One", 1),
        ("Sparse optimisers", 2),
    ]
    assert talks[1].starts_at - talks[0].starts_at == timedelta(minutes=60)
    assert answer == {"talk": talks[1].presentation.code, "told": 2}
    mail = Message.objects.get(to=ada.user)
    assert mail.subject == "[ELLM] Your final talk is on Mon 26 Jan 2026"
    assert "Mon 26 Jan 2026, 17:00 Berlin time" in mail.text
    assert "Together with Student 001" in mail.text


def test_schedule_final_talk_beyond_the_meetings_time_is_refused(
    course: Course, staff: User, finals: Meeting
) -> None:
    people = make_students(course, 3)
    for member in people[:2]:
        schedule_final_talk(finals, "Talk", "new_mechanism", [member], by=staff, at=NOON)
    with pytest.raises(Refused, match="0 minutes left and a talk takes 60") as refused:
        schedule_final_talk(finals, "Talk", "new_mechanism", people[2:], by=staff, at=NOON)
    assert refused.value.code == "meeting_full"


def test_schedule_final_talk_for_who_has_one_is_refused(
    course: Course, staff: User, finals: Meeting, student: Membership, other_student: Membership
) -> None:
    schedule_final_talk(finals, "Talk", "new_mechanism", [student], by=staff, at=NOON)
    with pytest.raises(Refused, match="Ada Student: a final talk is scheduled already") as refused:
        schedule_final_talk(
            finals, "Other", "new_mechanism", [other_student, student], by=staff, at=NOON
        )
    assert refused.value.code == "has_a_talk"
    assert Presentation.objects.count() == 1


def test_schedule_final_talk_names_everything_that_is_wrong_at_once(
    course: Course, staff: User, outsider: Membership
) -> None:
    with pytest.raises(Refused) as refused:
        schedule_final_talk(make_meeting(course), " ", "poem", [outsider], by=staff, at=NOON)
    assert (refused.value.code, refused.value.status) == ("bad_final_talk", 422)
    assert [problem["field"] for problem in refused.value.problems] == [
        "meeting",
        "title",
        "mode",
        "members",
    ]
    assert Presentation.objects.count() == 0


def test_schedule_final_talk_without_members_is_refused(staff: User, finals: Meeting) -> None:
    with pytest.raises(Refused, match="Choose one or more students"):
        schedule_final_talk(finals, "Talk", "new_mechanism", [], by=staff, at=NOON)


def test_a_final_talk_does_not_block_a_talk_in_class(
    course: Course, staff: User, finals: Meeting, student: Membership
) -> None:
    schedule_final_talk(finals, "Talk", "new_mechanism", [student], by=staff, at=NOON)
    place = make_talk(course, make_member(course)).presenters.get()
    reassign_presentation(place.pk, student, "Ill", staff, NOON)
    assert Presenter.objects.live().filter(membership=student).count() == 2
