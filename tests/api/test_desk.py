import pytest
from django.test import Client

from courses.models import Course, Membership
from tests.api.calls import ask, call, get, refused, results
from tests.factories.courses import NOON, make_course, make_meeting, make_module
from tests.factories.grading import make_component, make_pass_rule, make_talk

pytestmark = pytest.mark.usefixtures("set_clock")


def test_courses_lists_the_own_and_the_open_ones(student: Membership, other_course: Course) -> None:
    make_course(state="draft")

    def listed(who: Membership | None) -> list[tuple[str, str | None, str | None]]:
        rows = ask(who, "GET", "/api/v1/courses").json()["results"]
        return [(row["slug"], row["role"], row["membership"]) for row in rows]

    mine = (student.course.slug, "student", "active")
    assert listed(student) == [mine, (other_course.slug, None, None)]
    assert listed(None) == [
        (other_course.slug, None, None),
        (student.course.slug, None, None),
    ]


def test_courses_take_the_same_queries_at_two_sizes(
    student: Membership, django_assert_num_queries
) -> None:
    client = Client()
    client.force_login(student.user)

    with django_assert_num_queries(4):
        client.get("/api/v1/courses")
    for _ in range(3):
        make_course()
    with django_assert_num_queries(4):
        client.get("/api/v1/courses")


def test_a_course_is_public(ta: Membership, student: Membership) -> None:
    course = ta.course
    module = make_module(course, title="Systems")
    make_meeting(course, modules=[module])
    half = make_component(course, "talks", 100)
    make_pass_rule(course, [(half, "50")])

    found = get(None, course)

    assert (found["slug"], found["zone"], found["places"]) == (course.slug, "Europe/Berlin", 30)
    assert found["staff"] == [
        {"name": "Tilda Assistant", "role": "ta", "contact": "", "office_hours": ""}
    ]
    assert found["contents"] == [
        {"key": module.key, "title": "Systems", "description": "", "depth": 0, "marks": ["IP"]}
    ]
    assert found["pass_rule"] == ["at least 50 % in Talks"]
    assert [(part["key"], part["weight"]) for part in found["weights"]] == [("talks", "100")]


def test_a_draft_course_is_for_its_staff(outsider: Membership, db: None) -> None:
    course = make_course(state="draft")

    assert refused(call(None, "GET", course)) == (404, "not_found")
    assert refused(call(outsider, "GET", course)) == (404, "not_found")


def test_the_schedule_names_people_and_links_to_members_only(
    student: Membership, outsider: Membership
) -> None:
    course = student.course
    meeting = make_meeting(course, NOON.date(), online_link="https://example.org/room")
    talk = make_talk(meeting, student)

    for who in (None, outsider):
        row = results(who, course, "schedule")[0]
        assert (row["online_link"], row["talks"][0]["presenters"]) == (None, None)
    assert results(student, course, "schedule") == [
        {
            "key": meeting.key,
            "kind": "in_class_presentations",
            "title": "In-class presentations",
            "topics": "",
            "date": "2025-10-27",
            "starts_at": "2025-10-27T15:00:00Z",
            "ends_at": "2025-10-27T17:00:00Z",
            "room": "E1 5 room 029",
            "online_link": "https://example.org/room",
            "status": "today",
            "modules": [],
            "talks": [{"code": talk.code, "title": talk.title, "presenters": ["Ada Student"]}],
            "due": [],
        }
    ]
