"""What other apps read of a course, and in how many queries."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from courses.models import Course, CoursePolicy, Membership
from courses.queries import (
    active_students,
    announcements_of,
    course_and_membership,
    modules_tree,
    places_taken,
    policy_in_force,
    recipients,
    schedule_facts,
    staff_of,
)
from courses.rules import MeetingFact, MeetingKind, ModuleFact, Schedule
from tests.factories.courses import (
    NOON,
    make_announcement,
    make_meeting,
    make_member,
    make_module,
    make_paper,
)


def test_course_and_membership_are_read_together(
    course: Course, everybody: dict[str, Membership], django_assert_num_queries: Any
) -> None:
    for member in everybody.values():
        with django_assert_num_queries(1):
            found, own = course_and_membership(course.slug, member.user)
            assert (found, own) == (course, member if member.course == course else None)
            assert own is None or (own.course is found and own.user is member.user)
        assert found is not None
        assert vars(found).keys() == vars(course).keys()
        assert found.memberships.count() == course.memberships.count()


def test_course_and_membership_of_nobody_and_nowhere(
    course: Course, student: Membership, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        assert course_and_membership(course.slug, AnonymousUser()) == (course, None)
        assert course_and_membership("nowhere", student.user) == (None, None)


def test_active_students_are_those_who_are_graded(
    course: Course, everybody: dict[str, Membership], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        names = [student.user.name for student in active_students(course)]

    assert names == ["Ada Student", "Ben Other"]


def test_staff_of_is_instructors_before_tas(
    course: Course, everybody: dict[str, Membership], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        names = [member.user.name for member in staff_of(course)]

    assert names == ["Iris Instructor", "Tilda Assistant"]


def test_recipients_are_active_with_open_accounts(
    course: Course, everybody: dict[str, Membership]
) -> None:
    closed = make_member(course)
    closed.user.is_active = False
    closed.user.save()

    names = [member.user.name for member in recipients(course)]

    assert names == [
        "Ada Student",
        "Aude Auditor",
        "Ben Other",
        "Iris Instructor",
        "Tilda Assistant",
    ]


def test_places_taken_counts_active_and_suspended_students(
    course: Course, everybody: dict[str, Membership]
) -> None:
    make_member(course, state="suspended")

    assert places_taken(course) == 3


def test_policy_in_force_is_the_newest_version(course: Course) -> None:
    CoursePolicy.objects.create(course=course, version=2, sealed=True, created_at=NOON)

    assert (policy_in_force(course).version, policy_in_force(course).sealed) == (2, True)


@pytest.mark.parametrize("size", [1, 4])
def test_modules_tree_holds_meetings_and_papers_in_three_queries(
    course: Course, size: int, django_assert_num_queries: Any
) -> None:
    phases = make_module(course, title="Phases", position=1)
    part = make_module(course, title="Part", parent=phases, position=2)
    late = make_meeting(course, date(2025, 12, 1), modules=[phases])
    early = make_meeting(course, date(2025, 11, 3), modules=[phases, part])
    papers = [make_paper(course, module=part) for _ in range(size)]

    with django_assert_num_queries(3):
        (node,) = modules_tree(course)
        starts = [meeting.starts_at for meeting in node.meetings]

    assert node.module == phases
    assert node.meetings == (early, late)
    assert starts == sorted(starts)
    assert node.papers == ()
    assert [below.module for below in node.parts] == [part]
    assert node.parts[0].papers == tuple(papers)


@pytest.mark.parametrize("size", [1, 4])
def test_schedule_facts_in_three_queries(
    course: Course, size: int, django_assert_num_queries: Any
) -> None:
    anchor = make_meeting(course, date(2026, 1, 26), key="final", kind="final_presentations")
    phases = make_module(course, key="phases", title="Phases")
    part = make_module(course, key="part", title="Part", parent=phases, anchor=anchor)
    for number in range(size):
        make_meeting(course, key=f"l{number}", kind="lecture", modules=[phases, part])
    gone = make_meeting(course, date(2025, 12, 1), key="gone", cancelled_at=NOON)

    with django_assert_num_queries(3):
        schedule = schedule_facts(course)

    assert isinstance(schedule, Schedule)
    assert schedule.zone == "Europe/Berlin"
    assert schedule.by_key["l0"] == MeetingFact(
        key="l0",
        kind=MeetingKind.LECTURE,
        day=date(2025, 11, 10),
        starts=time(16),
        ends=time(18),
        modules=frozenset({"phases", "part"}),
    )
    assert schedule.by_key[gone.key].cancelled
    assert schedule.modules == (
        ModuleFact("phases", title="Phases"),
        ModuleFact("part", parent="phases", anchor="final", title="Part"),
    )


def test_announcements_of_hides_what_is_for_members(course: Course) -> None:
    public, own = make_announcement(course), make_announcement(course, public=False)

    assert list(announcements_of(course)) == [own, public]
    assert list(announcements_of(course, public_only=True)) == [public]


def test_announcements_of_leaves_out_what_appears_later(course: Course) -> None:
    now = make_announcement(course)
    later = make_announcement(course, published_at=NOON + timedelta(seconds=1))

    assert list(announcements_of(course)) == [later, now]
    assert list(announcements_of(course, until=NOON)) == [now]
