"""What a student sees: released facts only."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from courses.access import STUDENT, CourseRequest, course_page
from grading import queries
from seminar.lib import clock


@require_safe
@course_page(STUDENT)
def standing(request: CourseRequest) -> HttpResponse:
    """Say where the student stands, in words first."""
    page = queries.standing_page(request.membership, at=clock.now())
    return render(request, "grading/standing.html", {"page": page, "nav_active": "standing"})


@require_safe
@course_page(STUDENT)
def feedback(request: CourseRequest, key: str) -> HttpResponse:
    """Show points and comments of one item once they are released."""
    found = queries.feedback_of(request.course, request.membership, key, at=clock.now())
    if found is None:
        raise Http404
    return render(request, "grading/feedback.html", {"found": found, "nav_active": "standing"})
