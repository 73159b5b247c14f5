"""What is due, one task, and the papers of a report."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from assignments import actions, queries
from assignments.access import assignment_or_404
from assignments.forms import PapersForm
from assignments.models import Assignment, Draft
from courses.access import STUDENT, CourseRequest, course_page
from seminar.lib import clock
from seminar.lib.errors import Refused

GROUPS = ("late", "week", "later", "done")


@require_safe
@course_page(STUDENT)
def work(request: CourseRequest) -> HttpResponse:
    """List what is due, by urgency."""
    items = queries.work_of(request.membership, clock.now())
    groups = [(name, [item for item in items if item.group == name]) for name in GROUPS]
    context = {
        "groups": [(name, members) for name, members in groups if members],
        "nav_active": "work",
    }
    return render(request, "assignments/work.html", context)


@require_safe
@course_page(STUDENT)
def task(request: CourseRequest, key: str) -> HttpResponse:
    """Show what is asked, when, and how far the student is."""
    assignment = assignment_or_404(request, key)
    item = queries.task_of(assignment, request.membership, clock.now())
    opens_words, closes_words = queries.times_in_words(assignment)
    context = {
        "item": item,
        "assignment": assignment,
        "opens_words": opens_words,
        "closes_words": closes_words,
        "nav_active": "work",
    }
    return render(request, "assignments/task.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STUDENT)
def choose_papers(request: CourseRequest, key: str) -> HttpResponse:
    """Choose what the report is about; this starts it."""
    assignment = assignment_or_404(request, key, Assignment.Kind.REPORT)
    draft = queries.draft_of(assignment, request.membership)
    form = PapersForm(
        request.POST if request.method == "POST" else None,
        offered=queries.reportable_papers(assignment),
        asked=assignment.papers_asked,
        initial={"papers": [row.paper.key for row in draft.papers.all()] if draft else []},
    )
    at = clock.now()
    if request.method == "POST":
        keys = request.POST.getlist("papers")
        try:
            actions.choose_papers(assignment, request.membership, keys=keys, at=at)
        except Refused as refusal:
            if not form.errors:
                form.add_error("papers", str(refusal))
            return render_papers(request, assignment, form, draft, status=refusal.status)
        return redirect("assignments:edit", request.course.slug, key)
    if queries.refusal_of(assignment, request.membership, at):
        return redirect("assignments:task", request.course.slug, key)  # it says why and until when
    return render_papers(request, assignment, form, draft)


def render_papers(
    request: CourseRequest,
    assignment: Assignment,
    form: PapersForm,
    draft: Draft | None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Answer with the reading list to choose from."""
    context = {"assignment": assignment, "form": form, "draft": draft, "nav_active": "work"}
    return render(request, "assignments/choose_papers.html", context, status=status)
