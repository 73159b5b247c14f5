"""The reading list."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from courses.access import MEMBER, CourseRequest, course_page
from courses.queries import modules_tree, papers_of


@require_safe
@course_page(MEMBER)
def papers(request: CourseRequest) -> HttpResponse:
    """List what is read, module by module, and what each paper may be used for."""
    context = {"modules": modules_tree(request.course), "nav_active": "papers"}
    return render(request, "courses/papers.html", context)


@require_safe
@course_page(MEMBER)
def paper(request: CourseRequest, key: str) -> HttpResponse:
    """Show one paper: what it is, where to read it, what it may be used for."""
    found = get_object_or_404(papers_of(request.course), key=key)
    if found.meeting:
        found.meeting.course = request.course
    return render(request, "courses/paper.html", {"paper": found, "nav_active": "papers"})
