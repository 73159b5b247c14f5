"""Handing in: the check page and its one button, the upload of a PDF."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from assignments import actions, queries, rules
from assignments.access import assignment_or_404
from assignments.actions import HandIn
from assignments.forms import FileForm
from assignments.models import Assignment
from courses.access import STUDENT, CourseRequest, course_page
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


def hand_in_of(request: CourseRequest) -> HandIn:
    """Return what a hand-in form carries. Its body has arrived in full when a view runs."""
    return HandIn(
        nonce=request.POST.get("nonce", ""),
        received_at=clock.now(),
        confirm_late="confirm_late" in request.POST,
    )


@require_safe
@course_page(STUDENT)
def check(request: CourseRequest, key: str) -> HttpResponse:
    """Show the whole report as it will be graded, what is missing, and the one button."""
    assignment = assignment_or_404(request, key, Assignment.Kind.REPORT)
    return render_check(request, assignment)


@require_POST
@course_page(STUDENT)
def submit_report(request: CourseRequest, key: str) -> HttpResponse:
    """Submit the draft that is on the server; nothing of it comes from this request."""
    assignment = assignment_or_404(request, key, Assignment.Kind.REPORT)
    hand_in = hand_in_of(request)
    try:
        submission = actions.submit_report(
            assignment, request.membership, hand_in=hand_in, at=hand_in.received_at
        )
    except Refused as refusal:
        return render_check(request, assignment, refusal=refusal)
    return redirect("assignments:receipt", request.course.slug, key, submission.code)


def render_check(
    request: CourseRequest, assignment: Assignment, *, refusal: Refused | None = None
) -> HttpResponse:
    """Answer with the text as graders see it; a refusal stands on top, with its own nonce."""
    item = queries.task_of(assignment, request.membership, clock.now())
    if item.draft is None:
        return redirect("assignments:choose_papers", request.course.slug, assignment.key)
    content = queries.draft_content(item.draft)
    found = queries.report_check(item.draft, content)
    context = {
        "assignment": assignment,
        "item": item,
        "content": content,
        "missing": [problem_line(problem) for problem in found.missing],
        "warnings": [problem_line(problem) for problem in found.warnings],
        "refusal": refusal,
        "nonce": request.POST.get("nonce") or new_code(),
        "nav_active": "work",
    }
    status = refusal.status if refusal else 200
    return render(request, "assignments/check.html", context, status=status)


def problem_line(problem: rules.ReportProblem) -> dict[str, str]:
    """Return a problem as a line with the text it is about."""
    words = queries.problem_words(problem)
    if problem.wanted:
        words += f" ({problem.found})"
    return {"text": words, "anchor": f"t-{problem.part}", "code": problem.code}


@require_safe
@course_page(STUDENT)
def upload(request: CourseRequest, key: str) -> HttpResponse:
    """Show the form for a PDF."""
    assignment = assignment_or_404(request, key, Assignment.Kind.MINI)
    return render_upload(request, assignment, FileForm())


@require_POST
@course_page(STUDENT)
def submit_file(request: CourseRequest, key: str) -> HttpResponse:
    """Submit a PDF."""
    assignment = assignment_or_404(request, key, Assignment.Kind.MINI)
    hand_in = hand_in_of(request)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return render_upload(request, assignment, form, status=422)
    file = form.cleaned_data["file"]
    try:
        submission = actions.submit_file(
            assignment,
            request.membership,
            chunks=file.chunks(),
            name=file.name,
            hand_in=hand_in,
            at=hand_in.received_at,
        )
    except Refused as refusal:
        form.add_error("file", str(refusal))
        return render_upload(request, assignment, form, status=refusal.status)
    return redirect("assignments:receipt", request.course.slug, key, submission.code)


def render_upload(
    request: CourseRequest, assignment: Assignment, form: FileForm, *, status: int = 200
) -> HttpResponse:
    """Answer with the form. It always has a new nonce: another file is another request."""
    item = queries.task_of(assignment, request.membership, clock.now())
    context = {
        "assignment": assignment,
        "item": item,
        "form": form,
        "nonce": new_code(),
        "nav_active": "work",
    }
    return render(request, "assignments/upload.html", context, status=status)
