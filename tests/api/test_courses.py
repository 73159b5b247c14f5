import pytest

from courses.models import Announcement, Application, Course, Membership
from seminar.notifications.models import Message
from tests.api.calls import call, fields_of, get, refused, results, sent
from tests.factories.courses import (
    make_application,
    make_course,
    make_member,
    make_paper,
    make_prerequisite,
    make_user,
)

pytestmark = pytest.mark.usefixtures("set_clock")

STATEMENT = {"level": "Master", "motivation": "To learn."}


def newcomer(course: Course) -> Membership:
    """Somebody with an account who is not in the course; only ``user`` is used."""
    return Membership(course=course, user=make_user("Nora New"))


def test_papers_are_listed_in_order(student: Membership) -> None:
    first = make_paper(student.course, title="LoRA", arxiv="2106.09685", capacity=2)
    second = make_paper(student.course, title="ZeRO")

    found = get(student, student.course, "papers?limit=1")

    assert (found["count"], found["limit"], found["offset"]) == (2, 1, 0)
    assert found["results"] == [
        {
            "key": first.key,
            "title": "LoRA",
            "authors": "",
            "venue": "",
            "year": None,
            "link": "https://arxiv.org/abs/2106.09685",
            "abstract": "",
            "module": first.module.key,
            "meeting": None,
            "reportable": True,
            "presentable": True,
            "capacity": 2,
        }
    ]
    assert results(student, student.course, "papers?offset=1")[0]["key"] == second.key
    assert get(student, student.course, f"papers/{second.key}")["title"] == "ZeRO"


def test_announce_publishes_and_mails(student: Membership, ta: Membership) -> None:
    body = {"title": "Room", "body": "We meet in **024**.", "public": False}

    answer = sent(call(ta, "POST", ta.course, "announcements/new", body), 201)

    news = Announcement.objects.get()
    assert answer == body | {
        "code": news.code,
        "published_at": "2025-10-27T12:00:00Z",
        "author": "Tilda Assistant",
    }
    assert results(student, student.course, "announcements") == [answer]
    assert [mail.address for mail in Message.objects.all()] == [student.user.email]


def test_send_application_makes_an_applicant(course: Course) -> None:
    new = newcomer(course)

    answer = sent(call(new, "POST", course, "join", STATEMENT, key="apply-once-1"), 201)

    assert answer == {
        "code": Membership.objects.get(user=new.user).code,
        "role": "student",
        "state": "applied",
        "joined_at": None,
        "application": {
            "level": "Master",
            "courses_passed": [],
            "equivalent": "",
            "frameworks": "",
            "motivation": "To learn.",
            "sent_at": "2025-10-27T12:00:00Z",
            "decision": "",
            "decided_at": None,
            "reason": "",
        },
    }
    assert get(new, course, "enrolment") == answer
    assert refused(call(new, "POST", course, "join", STATEMENT)) == (409, "already_in")


def test_missing_prerequisites_are_said_once(db: None) -> None:
    course = make_course(prerequisites_needed=1)
    passed = make_prerequisite(course)
    new, body = newcomer(course), {"level": "Master"}

    assert refused(call(new, "POST", course, "join", body)) == (422, "prerequisites_missing")
    wrong = call(new, "POST", course, "join", body | {"courses_passed": ["x"], "anyway": True})
    assert refused(wrong) == (422, "unknown_course")
    done = sent(call(new, "POST", course, "join", body | {"courses_passed": [passed.key]}), 201)
    assert done["application"]["courses_passed"] == [{"key": passed.key, "title": passed.title}]


def test_who_never_applied_has_no_enrolment(course: Course) -> None:
    new = newcomer(course)

    assert refused(call(new, "GET", course, "enrolment")) == (404, "not_found")
    assert refused(call(new, "POST", course, "enrolment/withdrawal", {})) == (404, "not_found")


def test_withdraw_application_takes_it_back(course: Course) -> None:
    application = make_application(course)
    who = application.membership

    answer = sent(call(who, "POST", course, "enrolment/withdrawal", {}))

    assert answer["state"] == "withdrawn"
    assert refused(call(who, "POST", course, "enrolment/withdrawal", {})) == (409, "not_waiting")


def test_members_are_listed_for_staff(ta: Membership, withdrawn: Membership) -> None:
    found = results(ta, ta.course, "people?state=withdrawn")

    assert found == [
        {
            "code": withdrawn.code,
            "name": "Wim Withdrawn",
            "email": withdrawn.user.email,
            "role": "student",
            "state": "withdrawn",
            "matriculation": "",
            "joined_at": "2025-10-27T12:00:00Z",
        }
    ]
    assert [row["code"] for row in results(ta, ta.course, "people?role=ta")] == [ta.code]
    assert refused(call(ta, "GET", ta.course, "people?role=boss")) == (422, "invalid")


def test_decide_application_lets_in_and_tells(instructor: Membership) -> None:
    course = instructor.course
    application = make_application(course, name="Ann Asks")
    code = application.membership.code
    assert [row["code"] for row in results(instructor, course, "applications")] == [code]
    path = f"applications/{code}/decision"

    assert refused(call(instructor, "POST", course, path, {"decision": "declined"})) == (
        422,
        "reason_missing",
    )
    assert fields_of(call(instructor, "POST", course, path, {"decision": "perhaps"})) == [
        "decision"
    ]
    answer = sent(call(instructor, "POST", course, path, {"decision": "accepted"}))

    assert (answer["code"], answer["state"]) == (code, "active")
    assert Application.objects.get().decision == "accepted"
    assert refused(call(instructor, "POST", course, path, {"decision": "accepted"})) == (
        409,
        "already_decided",
    )


def test_a_ta_reads_applications_and_does_not_decide(ta: Membership) -> None:
    application = make_application(ta.course)
    path = f"applications/{application.membership.code}/decision"

    assert len(results(ta, ta.course, "applications")) == 1
    assert refused(call(ta, "POST", ta.course, path, {"decision": "accepted"}))[0] == 403


def test_accept_applications_takes_all_or_none(db: None) -> None:
    course = make_course(capacity=1)
    boss = make_member(course, "instructor")
    codes = [make_application(course).membership.code for _ in range(2)]

    both = call(boss, "POST", course, "applications/acceptances", {"codes": codes})
    one = call(boss, "POST", course, "applications/acceptances", {"codes": codes[:1]})

    assert refused(both) == (409, "full")
    assert sent(one) == {"accepted": 1}


def test_change_state_suspends_with_a_reason(instructor: Membership, student: Membership) -> None:
    path = f"people/{student.code}/state"
    body = {"state": "suspended", "reason": "Asked for a break."}

    answer = sent(call(instructor, "POST", instructor.course, path, body))

    assert answer["state"] == "suspended"
    assert refused(call(instructor, "POST", instructor.course, path, body)) == (
        409,
        "not_possible",
    )
    assert refused(call(student, "GET", student.course, "papers")) == (404, "not_found")
