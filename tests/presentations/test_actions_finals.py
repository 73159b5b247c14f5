"""Cancelling a final talk: who becomes free, who is told, until when; refusals with their field."""

from datetime import date, timedelta
from typing import Any

import pytest

from courses.models import Course, Meeting, Membership
from presentations.actions import cancel_final_talk, schedule_final_talk
from presentations.models import Presentation, Presenter
from presentations.queries import cancel_final_preview, finals_page, talks_of_meeting
from seminar.accounts.models import AuditEntry, User
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_meeting
from tests.factories.presentations import make_students, make_talk


@pytest.fixture
def staff(instructor: Membership) -> User:
    return instructor.user


@pytest.fixture
def finals(course: Course) -> Meeting:
    return make_meeting(
        course,
        on=date(2026, 1, 26),
        kind=Meeting.Kind.FINAL,
        talk_minutes=10,
        changeover_minutes=2,
        title="Final presentations",
    )


def schedule(meeting: Meeting, staff: User, *members: Membership, title: str = "Talk") -> Any:
    """Schedule a talk and return it; its mails are not what these tests are about."""
    answer = schedule_final_talk(
        meeting, title, "literature_review", members, by=staff, at=NOON - timedelta(days=1)
    )
    Message.objects.all().delete()
    return Presentation.objects.select_related("meeting__course").get(code=answer["talk"])


def test_cancel_final_talk_frees_its_presenters_and_keeps_the_history(
    course: Course, staff: User, finals: Meeting
) -> None:
    ada, ben = make_students(course, 2)
    talk = schedule(finals, staff, ada, ben)
    answer = cancel_final_talk(talk.pk, " Group split up ", staff, NOON)
    assert answer == {"talk": talk.code, "told": 2}
    talk.refresh_from_db()
    assert talk.cancelled_at == NOON
    ended = Presenter.objects.values_list("membership", "ended_at", "ended_reason")
    assert list(ended) == [(ada.pk, NOON, "Group split up"), (ben.pk, NOON, "Group split up")]
    assert finals_page(course, NOON).free == (ada, ben)
    entry = AuditEntry.objects.get(verb="cancel_final_talk")
    assert (entry.actor, entry.subject, entry.reason, entry.before) == (
        staff,
        talk.code,
        "Group split up",
        {"meeting": finals.key, "members": [ada.code, ben.code]},
    )
    again = schedule(finals, staff, ada, title="Another")
    assert [t.presentation for t in talks_of_meeting(finals)] == [again]


def test_cancel_final_talk_tells_the_group_and_those_who_begin_earlier(
    course: Course, staff: User, finals: Meeting
) -> None:
    people = make_students(course, 3)
    _first, second, third = (schedule(finals, staff, who) for who in people)
    preview = cancel_final_preview(second, NOON)
    assert [(kind, who) for kind, _talk, who in preview.told] == [
        ("final_cancelled", people[1]),
        ("final_moved", people[2]),
    ]
    assert ([talk.presentation for talk in preview.moved], preview.minutes) == ([third], 12)
    cancel_final_talk(second.pk, "Ill", staff, NOON)
    mails = Message.objects.order_by("id").values_list("to", "kind", "subject")
    assert list(mails) == [
        (
            people[1].user_id,
            "presentations/mail/final_cancelled",
            "[ELLM] Your final talk on Mon 26 Jan 2026 is cancelled",
        ),
        (
            people[2].user_id,
            "presentations/mail/final_moved",
            "[ELLM] Your talk on Mon 26 Jan 2026 begins earlier",
        ),
    ]
    texts = list(Message.objects.order_by("id").values_list("text", flat=True))
    assert "Mon 26 Jan 2026, 16:12 Berlin time" in texts[0]
    assert "12 minutes earlier" in texts[1]
    assert "Mon 26 Jan 2026, 16:12 Berlin time" in texts[1]
    assert "Ill" not in "".join(texts)


def test_cancel_final_talk_asked_twice_happens_once(
    course: Course, staff: User, student: Membership, finals: Meeting
) -> None:
    talk = schedule(finals, staff, student)
    answers = [cancel_final_talk(talk.pk, "Ill", staff, NOON, "nonce-0001") for _ in range(2)]
    assert answers == [{"talk": talk.code, "told": 1}] * 2
    assert Message.objects.count() == 1
    with pytest.raises(Refused) as refused:
        cancel_final_talk(talk.pk, "Ill", staff, NOON, "nonce-0002")
    assert refused.value.code == "talk_cancelled"


def test_cancel_final_talk_once_it_can_be_graded_is_refused(
    staff: User, student: Membership, finals: Meeting
) -> None:
    talk = schedule(finals, staff, student)
    with pytest.raises(Refused, match="has begun") as refused:
        cancel_final_talk(talk.pk, "Ill", staff, finals.starts_at)
    assert (refused.value.code, refused.value.status) == ("talk_begun", 409)
    before = finals.starts_at - timedelta(seconds=1)
    assert cancel_final_talk(talk.pk, "Ill", staff, before)["told"] == 1


def test_cancel_final_talk_of_a_cancelled_meeting_moves_nobody(
    course: Course, staff: User, finals: Meeting
) -> None:
    ada, ben = make_students(course, 2)
    talk = schedule(finals, staff, ada)
    schedule(finals, staff, ben)
    Meeting.objects.update(cancelled_at=NOON)
    late = finals.ends_at + timedelta(days=1)
    assert cancel_final_talk(talk.pk, "No meeting", staff, late)["told"] == 1
    assert Message.objects.get().to == ada.user


def test_cancel_final_talk_without_a_reason_or_of_a_talk_in_class_is_refused(
    course: Course, staff: User, student: Membership, finals: Meeting
) -> None:
    talk = schedule(finals, staff, student)
    with pytest.raises(Refused) as refused:
        cancel_final_talk(talk.pk, "  ", staff, NOON)
    assert (refused.value.code, refused.value.status) == ("no_reason", 422)
    with pytest.raises(Refused) as refused:
        cancel_final_talk(make_talk(course, student).pk, "Ill", staff, NOON)
    assert (refused.value.code, refused.value.status) == ("not_a_final_talk", 422)
    assert Presenter.objects.live().count() == 2


def test_schedule_final_talk_refusals_name_their_field(
    course: Course, staff: User, finals: Meeting
) -> None:
    people = make_students(course, 12)
    for member in people[:10]:
        schedule(finals, staff, member)

    def problems(member: Membership, at: Any = NOON) -> list[tuple[str, str]]:
        with pytest.raises(Refused) as refused:
            schedule_final_talk(finals, "Talk", "new_mechanism", [member], by=staff, at=at)
        return [(refused.value.code, problem["field"]) for problem in refused.value.problems]

    assert problems(people[10]) == [("meeting_full", "meeting")]
    cancel_final_talk(Presentation.objects.latest("pk").pk, "Ill", staff, NOON)
    assert problems(people[0]) == [("has_a_talk", "members")]
    assert problems(people[10], finals.ends_at) == [("bad_final_talk", "meeting")]


def test_finals_page_counts_minutes_and_names_who_has_no_talk(
    course: Course, staff: User, finals: Meeting, withdrawn: Membership
) -> None:
    over = make_meeting(course, on=date(2025, 10, 20), kind=Meeting.Kind.FINAL)
    make_meeting(course)
    people = make_students(course, 9)
    for member in people[:7]:
        schedule(finals, staff, member)
    page = finals_page(course, NOON)
    assert [
        (day.meeting, len(day.talks), day.used, day.left, day.takes_talks) for day in page.meetings
    ] == [(over, 0, 0, 120, False), (finals, 7, 84, 36, True)]
    assert [day.meeting for day in page.choices] == [finals]
    assert (page.students, page.free) == (tuple(people), tuple(people[7:]))
