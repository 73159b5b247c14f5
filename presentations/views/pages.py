"""Pages of members: who presents what; the way to the allocation board."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from courses.access import INSTRUCTOR, MEMBER, CourseRequest, course_page
from presentations import queries


@require_safe
@course_page(MEMBER)
def presentations(request: CourseRequest) -> HttpResponse:
    """Show who presents what and when, meeting by meeting."""
    context = {
        "meetings": queries.talks_by_meeting(request.course),
        "nav_active": "presentations",
    }
    return render(request, "presentations/presentations.html", context)


@require_safe
@course_page(INSTRUCTOR)
def allocation(request: CourseRequest) -> HttpResponse:
    """Lead to the allocation board in the admin."""
    found = list(queries.rounds_of(request.course)[:2])
    if len(found) == 1:
        return redirect("admin:presentations_preferenceround_change", found[0].pk)
    page = reverse("admin:presentations_preferenceround_changelist")
    return redirect(f"{page}?course={request.course.slug}")
