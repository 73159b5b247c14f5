"""Every policy of a course page against every person."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from courses import access
from courses.models import Course, Membership
from seminar.accounts.models import User
from seminar.lib.access import policy_of
from tests.factories.courses import make_course, make_member
from tests.people import PEOPLE

IN, SIGN_IN, FORBIDDEN, MISSING = "in", "sign in", "403", "404"
MATRIX = {
    access.COURSE_PUBLIC: dict.fromkeys([*PEOPLE, "anonymous", "operator"], IN),
    access.COURSE_APPLICANT: dict.fromkeys([*PEOPLE, "operator"], IN) | {"anonymous": SIGN_IN},
    access.MEMBER: {
        "anonymous": SIGN_IN,
        "student": IN,
        "other_student": IN,
        "auditor": IN,
        "ta": IN,
        "instructor": IN,
    },
    access.STUDENT: {
        "anonymous": SIGN_IN,
        "student": IN,
        "other_student": IN,
        "auditor": FORBIDDEN,
        "ta": FORBIDDEN,
        "instructor": FORBIDDEN,
    },
    access.STAFF: {
        "anonymous": SIGN_IN,
        "student": FORBIDDEN,
        "other_student": FORBIDDEN,
        "auditor": FORBIDDEN,
        "ta": IN,
        "instructor": IN,
    },
    access.INSTRUCTOR: {
        "anonymous": SIGN_IN,
        "student": FORBIDDEN,
        "other_student": FORBIDDEN,
        "auditor": FORBIDDEN,
        "ta": FORBIDDEN,
        "instructor": IN,
    },
}
# Who is not active in this course learns nothing, not even that the page exists.
OUTSIDE = ("applicant", "withdrawn", "outsider", "other_ta", "operator")


def outcome(policy: access.CoursePolicy, user: Any, slug: str) -> str:
    """Open a page guarded by ``policy`` and say what came of it."""
    request = RequestFactory().get(f"/c/{slug}/page")
    request.user = user

    @access.course_page(policy)
    def page(request: access.CourseRequest) -> HttpResponse:
        assert request.course.slug == slug
        return HttpResponse(b"in")

    assert policy_of(page) == policy
    try:
        response = page(request, slug)
    except Http404:
        return MISSING
    except PermissionDenied as refusal:
        return FORBIDDEN if refusal.args == (str(policy.words),) else repr(refusal)
    return IN if response.status_code == 200 else SIGN_IN


@pytest.mark.parametrize("policy", MATRIX, ids=lambda policy: policy.name)
def test_course_page_lets_in_who_the_policy_names(
    policy: access.CoursePolicy,
    course: Course,
    everybody: dict[str, Membership],
    operator: User,
) -> None:
    users = {name: person.user for name, person in everybody.items()}
    users |= {"anonymous": AnonymousUser(), "operator": operator}

    found = {name: outcome(policy, user, course.slug) for name, user in users.items()}

    assert found == dict.fromkeys(OUTSIDE, MISSING) | MATRIX[policy]


@pytest.mark.parametrize("policy", MATRIX, ids=lambda policy: policy.name)
def test_course_page_of_a_draft_exists_for_its_staff_only(
    policy: access.CoursePolicy, db: None
) -> None:
    course = make_course(state="draft")
    student, ta = make_member(course), make_member(course, "ta")

    assert outcome(policy, AnonymousUser(), course.slug) == MISSING
    assert outcome(policy, student.user, course.slug) == MISSING
    assert outcome(policy, ta.user, course.slug) != MISSING


@pytest.mark.parametrize("policy", MATRIX, ids=lambda policy: policy.name)
def test_course_page_of_no_course_is_missing(
    policy: access.CoursePolicy, student: Membership
) -> None:
    assert outcome(policy, student.user, "no-such-course") == MISSING


@pytest.mark.parametrize("state", ["applied", "waitlisted", "declined", "withdrawn", "suspended"])
def test_course_page_ends_with_the_membership(course: Course, state: str) -> None:
    member = make_member(course, "instructor", state=state)

    assert outcome(access.MEMBER, member.user, course.slug) == MISSING
    assert outcome(access.INSTRUCTOR, member.user, course.slug) == MISSING
    assert outcome(access.COURSE_APPLICANT, member.user, course.slug) == IN
