"""Work that was replaced after it was graded: what grader and student read."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Course, Membership
from grading.models import GradeItem
from tests.factories.assignments import make_extension
from tests.factories.grading import DUE, hand_in, make_component, make_item, release, score

pytestmark = pytest.mark.usefixtures("set_clock")


@pytest.fixture
def replaced(course: Course, student: Membership, ta: Membership) -> GradeItem:
    """Version 1 scored and released, version 2 handed in a day late."""
    course.policies.update(late_days=3, late_percent_per_day=Decimal(10))
    item = make_item(make_component(course, "reports", 100))
    first = hand_in(item, student)
    score(item, student, "9", submission=first, feedback="Clear and short.")
    release(item, student, by=ta)
    hand_in(item, student, received_at=DUE + timedelta(hours=1), late_days=1)
    return item


def read(client: Client, member: Membership, name: str, *args: str) -> str:
    client.force_login(member.user)
    answer = client.get(reverse(f"grading:{name}", args=[member.course.slug, *args]))
    return " ".join(answer.content.decode().split())


def test_grade_says_that_an_earlier_version_was_graded(client, replaced, student, ta):
    page = read(client, ta, "grade", replaced.key, student.code)
    assert "Version 1 was graded. This newer version counts now" in page
    assert "Version 2, received" in page


def test_feedback_tells_no_points_of_a_version_that_was_replaced(client, replaced, student):
    page = read(client, student, "feedback", replaced.assignment.key)
    assert "A newer version came in after this was graded." in page
    assert "No points yet" in page
    assert "taken off" not in page
    assert "Clear and short." in page


def test_grade_calls_work_late_by_the_deadline_as_it_is_now(client, replaced, student, ta):
    assert "Submitted late" in read(client, ta, "grade", replaced.key, student.code)
    make_extension(replaced.assignment, student, DUE + timedelta(days=1), granted_by=ta)
    assert "Submitted late" not in read(client, ta, "grade", replaced.key, student.code)
