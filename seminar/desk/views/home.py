"""The first page of a person, and of each role in a course."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from courses.access import COURSE_PUBLIC, PublicCourseRequest, course_page
from courses.models import Membership
from seminar.desk.queries import home as queries
from seminar.lib import clock
from seminar.lib.access import public

SHOWN_BY_ROLE = {
    Membership.Role.STUDENT: queries.student_home,
    Membership.Role.AUDITOR: queries.auditor_home,
    Membership.Role.TA: queries.ta_home,
    Membership.Role.INSTRUCTOR: queries.instructor_home,
}


@require_safe
@public
def home(request: HttpRequest) -> HttpResponse:
    """Where to go: the one course of a person, the choice among several, or the open courses."""
    memberships = queries.memberships_of(request.user)
    if len(memberships) == 1 and memberships[0].is_active:
        return redirect("desk:course_home", memberships[0].course.slug)
    courses = queries.open_courses(without=memberships)
    return render(request, "desk/home.html", {"memberships": memberships, "courses": courses})


@require_safe
@course_page(COURSE_PUBLIC)
def course_home(request: PublicCourseRequest) -> HttpResponse:
    """What to do next, by role; strangers are led to the public page."""
    membership = request.membership
    if membership is None or not membership.is_active:
        return redirect("desk:about", request.course.slug)
    page = SHOWN_BY_ROLE[Membership.Role(membership.role)](membership, at=clock.now())
    return render(request, "desk/course_home.html", {"page": page, "nav_active": "home"})
