"""One task as staff see it: dates, how far the course is, extensions."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assignments import actions, queries
from assignments.access import assignment_or_404
from assignments.forms import ExtensionForm
from assignments.models import Assignment
from courses.access import STAFF, CourseRequest, course_page
from courses.queries import active_students, policy_in_force
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


@require_safe
@course_page(STAFF)
def manage_task(request: CourseRequest, key: str) -> HttpResponse:
    """Show dates and rules of a task, how many have started, and who has more time."""
    assignment = assignment_or_404(request, key)
    return render_task(request, assignment, extension_form(request))


@require_POST
@course_page(STAFF)
def grant_extension(request: CourseRequest, key: str) -> HttpResponse:
    """Give one student more time, also after the deadline."""
    assignment = assignment_or_404(request, key)
    form = extension_form(request)
    if not form.is_valid():
        return render_task(request, assignment, form, status=422)
    facts = form.cleaned_data
    student = facts["student"]
    try:
        actions.grant_extension(
            assignment,
            student,
            until=facts["until"],
            reason=facts["reason"],
            by=request.membership,
            at=clock.now(),
            nonce=request.POST.get("nonce", ""),
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return render_task(request, assignment, form, status=refusal.status)
    told = _("%(name)s has more time and gets a mail.") % {"name": student.user.name}
    messages.success(request, told)
    return redirect("assignments:manage_task", request.course.slug, key)


def extension_form(request: CourseRequest) -> ExtensionForm:
    """Return the form for the students and the zone of the request's course."""
    return ExtensionForm(
        request.POST or None,
        students=active_students(request.course),
        zone=request.course.zone,
    )


def render_task(
    request: CourseRequest, assignment: Assignment, form: ExtensionForm, *, status: int = 200
) -> HttpResponse:
    """Answer with the page of the task; a form that comes back keeps its nonce."""
    opens_words, closes_words = queries.times_in_words(assignment)
    context = {
        "assignment": assignment,
        "counts": queries.task_counts(assignment),
        "extensions": queries.extensions_to(assignment),
        "opens_words": opens_words,
        "closes_words": closes_words,
        "policy": policy_in_force(request.course),
        "form": form,
        "nonce": request.POST.get("nonce") or new_code(),
        "nav_active": "grading",
    }
    return render(request, "assignments/manage_task.html", context, status=status)
