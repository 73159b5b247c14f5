"""The page of final talks: what it counts, what it refuses and where, and that a click is one."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Course, Meeting, Membership
from presentations.actions import schedule_final_talk
from presentations.models import Presentation, Presenter
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_course, make_meeting, make_member
from tests.factories.presentations import make_students, make_talk


@pytest.fixture
def meeting(course: Course) -> Meeting:
    return make_meeting(
        course,
        on=date(2026, 1, 26),
        kind=Meeting.Kind.FINAL,
        talk_minutes=10,
        changeover_minutes=2,
        title="Final presentations",
    )


@pytest.fixture
def browser(client: Client, instructor: Membership, set_clock: Any) -> Client:
    set_clock(NOON)
    client.force_login(instructor.user)
    return client


@pytest.fixture
def url(meeting: Meeting) -> str:
    return reverse("presentations:finals", args=[meeting.course.slug])


def schedule(meeting: Meeting, by: Membership, *members: Membership) -> Presentation:
    answer = schedule_final_talk(
        meeting, "Talk", "new_mechanism", members, by=by.user, at=NOON - timedelta(days=1)
    )
    return Presentation.objects.get(code=answer["talk"])


def nonce_of(page: str) -> str:
    found = re.search(r'name="nonce" value="(\w+)"', page)
    assert found
    return found[1]


def errors_of(page: str) -> dict[str, str]:
    """What stands at each field as its error."""
    found = re.findall(
        r'id="id_(\w+)_error"><span class="vh">Error:</span> ([^<]+)</p>', page, re.DOTALL
    )
    return {field: text.strip() for field, text in found}


def facts(meeting: Meeting, *members: Membership, **changed: Any) -> dict[str, Any]:
    sent = {
        "nonce": "nonce-0001",
        "title": "What came after LoRA",
        "mode": "literature_review",
        "meeting": meeting.key,
        "members": [member.code for member in members],
    }
    return sent | changed


def test_finals_shows_order_times_minutes_and_who_is_free(
    browser: Client, url: str, course: Course, meeting: Meeting, instructor: Membership
) -> None:
    people = make_students(course, 9)
    for member in people[:7]:
        schedule(meeting, instructor, member)
    page = browser.get(url).content.decode()
    assert "7 talks, 84 of 120 minutes; 36 left." in page
    assert "2 of 9 students have no final talk yet. Times are Berlin time." in page
    starts = ["16:00", "16:12", "16:24", "16:36", "16:48", "17:00", "17:12"]
    assert re.findall(r"<time[^>]*>(\d\d:\d\d)</time>", page) == starts
    assert re.findall(r'name="members" value="(\w+)"', page) == [m.code for m in people[7:]]
    assert "Mon 26 Jan 2026, 16:00 Berlin time · 36 minutes left" in page


def test_finals_schedules_a_talk_from_its_own_form(
    browser: Client, url: str, course: Course, meeting: Meeting
) -> None:
    ada, ben, cleo = make_students(course, 3)
    page = browser.get(url).content.decode()
    sent = facts(meeting, ada, cleo, nonce=nonce_of(page))
    answers = [browser.post(url, sent) for _ in range(2)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, url)] * 2
    talk = Presentation.objects.get()
    assert (talk.title, talk.mode, talk.kind) == (
        "What came after LoRA",
        "literature_review",
        "final",
    )
    assert list(talk.presenters.values_list("membership", flat=True)) == [ada.pk, cleo.pk]
    assert list(Message.objects.order_by("id").values_list("to", flat=True)) == [
        ada.user_id,
        cleo.user_id,
    ]
    page = browser.get(url).content.decode()
    assert "The talk is scheduled. Mails to 2 people are on their way." in page
    assert re.findall(r'name="members" value="(\w+)"', page) == [ben.code]


def test_finals_names_everything_that_is_missing_at_its_field(
    browser: Client, url: str, course: Course, meeting: Meeting, student: Membership
) -> None:
    answer = browser.post(url, {"nonce": "nonce-0001", "title": "  "})
    assert answer.status_code == 422
    assert errors_of(answer.content.decode()) == {
        "title": "Give the talk a title.",
        "mode": "Choose a literature review or a new mechanism.",
        "meeting": "Choose a meeting.",
        "members": "Choose one or more students.",
    }


def test_finals_refuses_who_has_a_talk_at_the_members_and_keeps_what_was_typed(
    browser: Client, url: str, meeting: Meeting, student: Membership, instructor: Membership
) -> None:
    schedule(meeting, instructor, student)
    answer = browser.post(url, facts(meeting, student))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert errors_of(page) == {
        "members": "Ada Student: a final talk is scheduled already. Each person has one."
    }
    assert 'value="What came after LoRA"' in page
    assert re.search(rf'value="{student.code}"[^>]* checked', page)
    assert Presentation.objects.count() == 1


def test_finals_refuses_a_full_meeting_at_the_meeting(
    browser: Client, url: str, course: Course, meeting: Meeting, instructor: Membership
) -> None:
    people = make_students(course, 11)
    for member in people[:10]:
        schedule(meeting, instructor, member)
    answer = browser.post(url, facts(meeting, people[10]))
    assert answer.status_code == 409
    assert errors_of(answer.content.decode()) == {
        "meeting": "The meeting has 0 minutes left and a talk takes 12."
    }


def test_finals_refuses_people_and_meetings_that_are_not_on_offer(
    browser: Client,
    url: str,
    course: Course,
    meeting: Meeting,
    ta: Membership,
    outsider: Membership,
) -> None:
    foreign = make_meeting(make_course(), kind=Meeting.Kind.FINAL)
    in_class = make_meeting(course)
    people = [facts(meeting, who) for who in (ta, outsider)]
    meetings = [facts(day, make_member(course)) for day in (foreign, in_class)]
    answers = [browser.post(url, sent) for sent in people + meetings]
    assert [answer.status_code for answer in answers] == [422] * 4
    assert [list(errors_of(answer.content.decode())) for answer in answers] == [
        ["members"],
        ["members"],
        ["meeting"],
        ["meeting"],
    ]
    assert Presentation.objects.count() == 0


def test_finals_without_a_meeting_or_students_says_so(
    browser: Client, course: Course, meeting: Meeting, url: str
) -> None:
    assert "This course has no active students." in browser.get(url).content.decode()
    meeting.delete()
    page = browser.get(url).content.decode()
    assert "No meeting of final presentations" in page
    assert "<form class=" not in page


def test_finals_is_reached_by_instructors_from_the_presentations(
    browser: Client, url: str, course: Course, ta: Membership
) -> None:
    talks = reverse("presentations:presentations", args=[course.slug])
    assert f'href="{url}"' in browser.get(talks).content.decode()
    browser.force_login(ta.user)
    assert f'href="{url}"' not in browser.get(talks).content.decode()


def test_cancel_final_talk_says_who_is_told_then_does_it_once(
    browser: Client, url: str, course: Course, meeting: Meeting, instructor: Membership
) -> None:
    ada, ben = make_students(course, 2)
    talk, _later = schedule(meeting, instructor, ada), schedule(meeting, instructor, ben)
    Message.objects.all().delete()
    cancel = reverse("presentations:cancel_final_talk", args=[course.slug, talk.code])
    assert f'href="{cancel}"' in browser.get(url).content.decode()
    page = browser.get(cancel).content.decode()
    assert "2 mails go out" in page
    assert "The talk after it begins 12 minutes earlier." in page
    assert Presenter.objects.live().count() == 2
    sent = {"nonce": nonce_of(page), "reason": "Group split up"}
    answers = [browser.post(cancel, sent) for _ in range(2)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, url)] * 2
    assert Presenter.objects.live().get().membership == ben
    assert Message.objects.count() == 2
    assert "The talk is cancelled. Mails to 2 people" in browser.get(url).content.decode()


def test_cancel_final_talk_without_a_reason_asks_for_it(
    browser: Client, course: Course, meeting: Meeting, instructor: Membership, student: Membership
) -> None:
    talk = schedule(meeting, instructor, student)
    cancel = reverse("presentations:cancel_final_talk", args=[course.slug, talk.code])
    answer = browser.post(cancel, {"nonce": "nonce-0001", "reason": " "})
    assert answer.status_code == 422
    assert "Say why: it is kept with the change." in answer.content.decode()
    assert Presenter.objects.live().count() == 1


def test_cancel_final_talk_that_has_begun_says_why_not(
    browser: Client,
    course: Course,
    meeting: Meeting,
    instructor: Membership,
    student: Membership,
    set_clock: Any,
) -> None:
    talk = schedule(meeting, instructor, student)
    set_clock(meeting.starts_at)
    cancel = reverse("presentations:cancel_final_talk", args=[course.slug, talk.code])
    answer = browser.get(cancel)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The meeting of this talk has begun" in page
    assert 'name="reason"' not in page
    assert browser.post(cancel, {"nonce": "nonce-0001", "reason": "Ill"}).status_code == 409
    finals = browser.get(reverse("presentations:finals", args=[course.slug])).content.decode()
    assert cancel not in finals
    assert Presenter.objects.live().count() == 1


def test_cancel_final_talk_of_another_course_or_in_class_is_not_found(
    browser: Client, course: Course, student: Membership
) -> None:
    other = make_course()
    foreign = make_talk(other, make_member(other))
    for talk in (foreign, make_talk(course, student)):
        cancel = reverse("presentations:cancel_final_talk", args=[course.slug, talk.code])
        sent = {"nonce": "nonce-0001", "reason": "Mine"}
        answers = (browser.get(cancel), browser.post(cancel, sent))
        assert [answer.status_code for answer in answers] == [404, 404]
    assert Presenter.objects.live().count() == 2


@pytest.mark.parametrize("size", [2, 10])
def test_finals_asks_a_bounded_number_of_questions(
    browser: Client,
    course: Course,
    meeting: Meeting,
    instructor: Membership,
    django_assert_num_queries: Any,
    size: int,
) -> None:
    make_students(course, size)
    talks = [schedule(meeting, instructor, who) for who in make_students(course, size)]
    url = reverse("presentations:finals", args=[course.slug])
    cancel = reverse("presentations:cancel_final_talk", args=[course.slug, talks[0].code])
    with django_assert_num_queries(7):
        assert browser.get(url).status_code == 200
    with django_assert_num_queries(6):
        assert browser.get(cancel).status_code == 200
