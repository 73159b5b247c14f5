"""The public course page, the schedule and the homes."""

from datetime import date, time, timedelta

import pytest
from django.test import Client

from assignments.models import Assignment
from courses.models import Course, Meeting, Membership
from grading.models import Component
from presentations.actions import allocate_round, publish_allocation
from presentations.models import Allocation, PreferenceList
from tests.factories.assignments import make_draft, make_report
from tests.factories.courses import (
    NOON,
    make_announcement,
    make_application,
    make_course,
    make_meeting,
    make_member,
    make_module,
    make_prerequisite,
)
from tests.factories.grading import make_component, make_item, make_pass_rule
from tests.factories.presentations import keys_of, make_round, make_submitted, make_talk

LINK = "https://meet.example.org/secret-room"


@pytest.fixture
def full_course(course: Course, instructor: Membership, student: Membership) -> Course:
    """A course with a little of everything that its public page shows."""
    module = make_module(course, title="Phases of training")
    make_meeting(
        course,
        date(2025, 11, 3),
        kind=Meeting.Kind.LECTURE,
        title="Pre-training",
        online_link=LINK,
        modules=[module],
    )
    talks = make_meeting(course, title="Talks on training", modules=[module], online_link=LINK)
    make_talk(course, student, meeting=talks)
    make_prerequisite(course, title="Machine Learning")
    make_announcement(course, title="Welcome to the seminar", published_at=NOON)
    make_report(course, module=module, title="Report 1")
    talks_part = make_component(course, "presentations", 40)
    make_component(course, "reports", 60)
    make_pass_rule(course, [(talks_part, "50")])
    return course


def words(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_about_shows_every_section_to_a_stranger(
    client: Client, set_clock: object, full_course: Course, instructor: Membership
) -> None:
    page = words(client, f"/c/{full_course.slug}/about")

    for expected in (
        "Welcome to the seminar",
        "What it is about",
        "Machine Learning",
        "Who teaches",
        instructor.user.name,
        "How it is graded",
        "40\u00a0%",
        "at least 50 % in",
        "Phases of training",
        "Report 1",
        "Sun 9 Nov 2025, 23:59 Berlin time",
        "Mon 10 Nov 2025",
    ):
        assert expected in page, expected


@pytest.mark.parametrize("path", ["about", "schedule"])
def test_public_pages_name_no_student_and_no_online_link(
    client: Client, set_clock: object, full_course: Course, student: Membership, path: str
) -> None:
    page = words(client, f"/c/{full_course.slug}/{path}")

    assert student.user.name not in page
    assert LINK not in page


def test_schedule_shows_members_who_presents_and_where_to_join(
    client: Client, set_clock: object, full_course: Course, student: Membership
) -> None:
    client.force_login(student.user)

    page = words(client, f"/c/{full_course.slug}/schedule")

    assert student.user.name in page
    assert LINK in page


def test_schedule_hangs_deadlines_on_the_next_meeting(
    client: Client, set_clock: object, full_course: Course
) -> None:
    rows = client.get(f"/c/{full_course.slug}/schedule").context["rows"]

    assert [(row.meeting.title, [due.title for due in row.due]) for row in rows] == [
        ("Pre-training", []),
        ("Talks on training", ["Report 1"]),
    ]


def test_schedule_keeps_the_wall_time_across_the_clock_change(
    client: Client, set_clock: object, course: Course
) -> None:
    """20 and 27 Oct 2025, both 16:00 Berlin, are 169 hours apart."""
    for day in (date(2025, 10, 20), date(2025, 10, 27)):
        make_meeting(course, day, starts=time(16), ends=time(18))

    rows = client.get(f"/c/{course.slug}/schedule").context["rows"]

    first, second = (row.meeting.starts_at for row in rows)
    assert second - first == timedelta(hours=169)


@pytest.mark.parametrize("path", ["", "about", "schedule"])
def test_a_draft_course_does_not_exist_for_strangers(client: Client, db: None, path: str) -> None:
    draft = make_course(state=Course.State.DRAFT)
    ta = make_member(draft, "ta")

    assert client.get(f"/c/{draft.slug}/{path}").status_code == 404
    client.force_login(ta.user)
    assert client.get(f"/c/{draft.slug}/{path}").status_code == 200


def test_home_lists_open_courses_to_strangers(client: Client, course: Course) -> None:
    assert list(client.get("/").context["courses"]) == [course]


def test_home_leads_into_the_only_course(client: Client, student: Membership) -> None:
    client.force_login(student.user)

    answer = client.get("/")

    assert (answer.status_code, answer.url) == (302, f"/c/{student.course.slug}/")


def test_home_offers_the_choice_among_several(client: Client, student: Membership) -> None:
    second = make_member(make_course(title="Zebra"), "ta", user=student.user)
    client.force_login(student.user)

    assert client.get("/").context["memberships"] == [student, second]


def test_course_home_leads_strangers_to_the_public_page(
    client: Client, course: Course, outsider: Membership, applicant: Membership
) -> None:
    for person in (None, outsider, applicant):
        if person:
            client.force_login(person.user)
        answer = client.get(f"/c/{course.slug}/")
        assert (answer.status_code, answer.url) == (302, f"/c/{course.slug}/about")


def test_course_home_of_a_student_says_what_to_do(
    client: Client, set_clock: object, course: Course, student: Membership
) -> None:
    report = make_report(course, title="Report 1")
    make_round(course, title="Talks", opens_at=NOON, closes_at=NOON + timedelta(days=1))
    client.force_login(student.user)

    steps = client.get(f"/c/{course.slug}/").context["page"].steps

    assert [(step.title, step.status, step.at) for step in steps] == [
        ("Talks", "open", NOON + timedelta(days=1)),
        ("Report 1", "not_started", report.closes_at),
    ]


def test_course_home_of_staff_says_what_waits(
    client: Client, set_clock: object, course: Course, instructor: Membership, applicant: Membership
) -> None:
    make_meeting(course, date(2025, 10, 20), title="Introduction")
    client.force_login(instructor.user)

    steps = client.get(f"/c/{course.slug}/").context["page"].steps

    assert [(step.title, step.status) for step in steps] == [
        ("1 application waits", "applied"),
        ("Introduction", "not_taken"),
    ]


def test_course_home_of_staff_tells_the_waiting_list_from_new_applications(
    client: Client, set_clock: object, course: Course, instructor: Membership
) -> None:
    for state in ("applied", "waitlisted", "waitlisted"):
        make_member(course, state=state)
    client.force_login(instructor.user)

    steps = client.get(f"/c/{course.slug}/").context["page"].steps

    assert [(step.title, step.status, step.primary) for step in steps] == [
        ("1 application waits", "applied", True),
        ("2 people are on the waiting list", "waitlisted", False),
    ]


@pytest.mark.parametrize("rows", [1, 4])
def test_about_query_count(
    client: Client, set_clock: object, course: Course, rows: int, django_assert_num_queries: object
) -> None:
    add_rows(course, rows)
    with django_assert_num_queries(10):  # type: ignore[operator]
        client.get(f"/c/{course.slug}/about")


@pytest.mark.parametrize("rows", [1, 4])
def test_schedule_query_count(
    client: Client, set_clock: object, course: Course, rows: int, django_assert_num_queries: object
) -> None:
    add_rows(course, rows)
    member = make_member(course)
    client.force_login(member.user)
    with django_assert_num_queries(10):  # type: ignore[operator]
        client.get(f"/c/{course.slug}/schedule")


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize(
    ("role", "needed"), [("student", 12), ("auditor", 5), ("ta", 11), ("instructor", 12)]
)
def test_course_home_query_count(  # noqa: PLR0917
    client: Client,
    set_clock: object,
    course: Course,
    rows: int,
    role: str,
    needed: int,
    django_assert_num_queries: object,
) -> None:
    add_rows(course, rows)
    member = make_member(course, role)
    for report in Assignment.objects.all():
        make_draft(report, member)
    for number in range(rows):
        make_application(course)
        make_meeting(course, date(2025, 9, 1 + number))
        round_ = make_round(course)
        make_submitted(round_, make_member(course), keys_of(round_))
    client.force_login(member.user)

    with django_assert_num_queries(needed):  # type: ignore[operator]
        assert client.get(f"/c/{course.slug}/").status_code == 200


@pytest.mark.parametrize("rows", [1, 4])
def test_about_query_count_of_a_member(
    client: Client, course: Course, rows: int, django_assert_num_queries: object
) -> None:
    add_rows(course, rows)
    client.force_login(make_member(course).user)
    with django_assert_num_queries(12):  # type: ignore[operator]
        client.get(f"/c/{course.slug}/about")


def test_course_home_of_an_instructor_counts_lists_and_leaves_published_rounds_out(
    client: Client, set_clock: object, course: Course, instructor: Membership
) -> None:
    long_ago = NOON - timedelta(days=9)
    done = make_round(course, title="Done", opens_at=long_ago, closes_at=NOON - timedelta(days=8))
    allocate_round(done.pk, instructor.user, NOON - timedelta(days=7))
    publish_allocation(Allocation.objects.get().pk, instructor.user, NOON - timedelta(days=7))
    coming = make_round(course, title="Open", opens_at=long_ago, closes_at=NOON + timedelta(days=9))
    later = NOON + timedelta(days=20)
    make_round(course, title="Later", opens_at=later, closes_at=later + timedelta(days=1))
    for _ in range(2):
        make_submitted(coming, make_member(course), keys_of(coming))
    PreferenceList.objects.create(round=coming, membership=make_member(course), changed_at=NOON)
    client.force_login(instructor.user)

    steps = client.get(f"/c/{course.slug}/").context["page"].steps

    assert [(step.title, step.note) for step in steps] == [
        ("Open", "2 lists are in"),
        ("3 students have no talk", ""),
    ]


def add_rows(course: Course, rows: int) -> None:
    for number in range(rows):
        module = make_module(course)
        meeting = make_meeting(course, date(2025, 11, 3 + number), modules=[module])
        ta = make_member(course, "ta")
        meeting.led_by.add(ta)
        make_talk(course, make_member(course), meeting=meeting)
        make_prerequisite(course)
        make_announcement(course)
        make_report(course, module=module)
        make_component(course, f"part-{number}", 10)
    assert Assignment.objects.count() == rows
    assert Component.objects.count() == rows


def test_course_home_of_an_instructor_names_who_came_late_and_who_has_no_talk(
    client: Client, set_clock: object, course: Course, instructor: Membership
) -> None:
    report = make_report(
        course,
        title="Report 1",
        opens_at=NOON - timedelta(days=9),
        closes_at=NOON - timedelta(days=2),
    )
    make_item(make_component(course, "reports", 100), assignment=report)
    late = make_member(course, name="Lea Late", joined_at=NOON - timedelta(days=1))
    make_round(
        course, title="Talks", opens_at=NOON - timedelta(days=9), closes_at=NOON - timedelta(days=8)
    )
    week_ago = NOON - timedelta(days=7)
    allocate_round(course.rounds.get().pk, instructor.user, week_ago)
    publish_allocation(Allocation.objects.get().pk, instructor.user, week_ago)
    client.force_login(instructor.user)

    steps = client.get(f"/c/{course.slug}/").context["page"].steps

    assert [(step.title, step.status) for step in steps] == [
        ("1 student has no talk", "unassigned"),
        ("Lea Late", "missing"),
    ]
    assert steps[1].url == f"/c/{course.slug}/manage/gradebook/{late.code}"
