"""Applying to a course, and what became of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from courses import actions
from courses.access import COURSE_APPLICANT, CourseRequest, course_page
from courses.forms import ApplicationForm
from courses.models import Course, Membership
from courses.queries import application_of
from courses.rules import Actor, State, may_move
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(COURSE_APPLICANT)
def join(request: CourseRequest) -> HttpResponse:
    """Ask for a place. Too few prerequisites are said once, before sending; they never block."""
    before = State(request.membership.state) if request.membership is not None else None
    if not may_move(before, State.APPLIED, Actor.SELF):
        return redirect("courses:enrolment", request.course.slug)
    form = ApplicationForm(request.POST or None, course=request.course)
    if not form.is_bound:
        return render_join(request, form)
    if not form.is_valid():
        return render_join(request, form, status=422)
    judged = form.prerequisites()
    if judged.warns and "anyway" not in request.POST:
        return render_join(request, form, judged=judged, status=422)
    return send_application(request, form)


def send_application(request: CourseRequest, form: ApplicationForm) -> HttpResponse:
    """Send a valid application; what is refused is said above the form."""
    try:
        actions.send_application(
            request.course,
            user=request.user,
            statement=form.statement(),
            at=clock.now(),
            nonce=request.POST.get("nonce", ""),
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return render_join(request, form, status=refusal.status)
    messages.success(request, _("Your application is sent. A receipt comes by mail."))
    return redirect("courses:enrolment", request.course.slug)


def render_join(
    request: CourseRequest, form: ApplicationForm, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Answer with the form; a page that comes back keeps its nonce."""
    context |= {
        "form": form,
        "nonce": request.POST.get("nonce") or new_code(),
        "nav_active": "join",
        "archived": request.course.state == Course.State.ARCHIVED,
    }
    return render(request, "courses/join.html", context, status=status)


@require_safe
@course_page(COURSE_APPLICANT)
def enrolment(request: CourseRequest) -> HttpResponse:
    """Show where one's own application or membership stands, step by step."""
    if request.membership is None:
        return redirect("courses:join", request.course.slug)
    application = application_of(request.membership)
    context = {
        "application": application,
        "nonce": new_code(),
        "nav_active": "join",
        "may_apply": request.membership.state == Membership.State.WITHDRAWN,
    }
    return render(request, "courses/enrolment.html", context)


@require_POST
@course_page(COURSE_APPLICANT)
def withdraw_application(request: CourseRequest) -> HttpResponse:
    """Take the own application back."""
    if request.membership is None:
        return redirect("courses:join", request.course.slug)
    nonce = request.POST.get("nonce", "")
    actions.withdraw_application(request.membership, at=clock.now(), nonce=nonce)
    messages.success(request, _("Your application is withdrawn."))
    return redirect("courses:enrolment", request.course.slug)
