"""Pages of a course that span apps: its public page, its schedule."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from courses.access import COURSE_PUBLIC, PublicCourseRequest, course_page
from seminar.desk.queries.about import about_page
from seminar.desk.queries.schedule import schedule_rows
from seminar.lib import clock


@require_safe
@course_page(COURSE_PUBLIC)
def about(request: PublicCourseRequest) -> HttpResponse:
    """Everything a person needs to decide whether to join, from the rows the course runs on."""
    page = about_page(request.course, at=clock.now())
    return render(request, "desk/about.html", {"page": page, "nav_active": "about"})


@require_safe
@course_page(COURSE_PUBLIC)
def schedule(request: PublicCourseRequest) -> HttpResponse:
    """Every meeting with what is taught, presented and due; names only for members."""
    member = bool(request.membership and request.membership.is_active)
    rows = schedule_rows(request.course, at=clock.now(), with_people=member)
    context = {"rows": rows, "member": member, "nav_active": "schedule"}
    return render(request, "desk/schedule.html", context)
