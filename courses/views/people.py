"""The people of a course: who asks to join, who is in, who left."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from courses import actions
from courses.access import INSTRUCTOR, STAFF, CourseRequest, course_page
from courses.forms import DecisionForm
from courses.models import Membership
from courses.queries import (
    applications_waiting,
    members,
    offered_keys,
    places_taken,
    prerequisites_of,
)
from seminar.lib import clock
from seminar.lib.errors import Refused

IN_COURSE = (Membership.State.ACTIVE, Membership.State.SUSPENDED)
# What became of somebody, said to the instructor who decided it.
TOLD = {
    Membership.State.ACTIVE: gettext_lazy("%(name)s is in the course now, and is told by mail."),
    Membership.State.WAITLISTED: gettext_lazy(
        "%(name)s is on the waiting list now, and is told by mail."
    ),
    Membership.State.DECLINED: gettext_lazy("%(name)s is declined, and is told why by mail."),
    Membership.State.SUSPENDED: gettext_lazy("%(name)s is suspended now, and is told by mail."),
    Membership.State.WITHDRAWN: gettext_lazy(
        "%(name)s is no longer in the course, and is told by mail."
    ),
}


@require_safe
@course_page(STAFF)
def people(request: CourseRequest) -> HttpResponse:
    """List applications that wait, with what they state, and members by role or state."""
    return render_people(request)


@require_POST
@course_page(INSTRUCTOR)
def decide_application(request: CourseRequest, code: str) -> HttpResponse:
    """Accept, waitlist or decline one application."""
    membership = get_object_or_404(Membership, course=request.course, code=code)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return render_people(request, problem=form.errors.as_text(), about=code, status=422)
    try:
        decided = actions.decide_application(
            membership, **form.cleaned_data, by=request.membership, at=clock.now()
        )
    except Refused as refusal:
        return render_people(request, problem=str(refusal), about=code, status=refusal.status)
    messages.success(request, told(decided))
    return redirect("courses:people", request.course.slug)


@require_POST
@course_page(INSTRUCTOR)
def accept_applications(request: CourseRequest) -> HttpResponse:
    """Accept all chosen applications, or none of them."""
    codes = request.POST.getlist("code")
    try:
        count = actions.accept_applications(
            request.course, codes=codes, by=request.membership, at=clock.now()
        )
    except Refused as refusal:
        return render_people(request, problem=str(refusal), status=refusal.status)
    done = ngettext("%d application accepted.", "%d applications accepted.", count)
    messages.success(request, done % count)
    return redirect("courses:people", request.course.slug)


def told(member: Membership) -> str:
    """Return what became of somebody, in words."""
    return TOLD[Membership.State(member.state)] % {"name": member.user.name}


def render_people(request: CourseRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    """Answer with the page; ``problem`` is what was refused, ``about`` the application it is of."""
    everybody, taken = list(members(request.course)), places_taken(request.course)
    role, state = request.GET.get("role", ""), request.GET.get("state", "")
    chosen = [
        person
        for person in everybody
        if not person.is_waiting
        and (not role or person.role == role)
        and (person.state == state if state else person.state in IN_COURSE)
    ]
    context |= {
        "waiting": waiting(request),
        "people": chosen,
        "chips": chips(everybody, role=role, state=state),
        "filtered": bool(role or state),
        "taken": taken,
        "full": taken >= request.course.capacity,
        "typed": request.POST.get("reason", ""),
        "nav_active": "people",
    }
    return render(request, "courses/people.html", context, status=status)


def waiting(request: CourseRequest) -> list[dict[str, Any]]:
    """Return each waiting application with its prerequisites judged."""
    needed, offered = request.course.prerequisites_needed, offered_keys(request.course)
    return [
        {
            "application": application,
            "judged": prerequisites_of(application, needed=needed, offered=offered),
        }
        for application in applications_waiting(request.course)
    ]


def chips(everybody: list[Membership], *, role: str, state: str) -> list[dict[str, Any]]:
    """Return the filters that find somebody, with how many: roles of who is in, then who left."""
    inside = [person for person in everybody if person.state in IN_COURSE]
    found = [{"label": _("All"), "query": "", "count": len(inside), "on": not role and not state}]
    for value, label in Membership.Role.choices:
        count = sum(person.role == value for person in inside)
        found.append(
            {"label": label, "query": f"role={value}", "count": count, "on": role == value}
        )
    for value in (
        Membership.State.SUSPENDED,
        Membership.State.WITHDRAWN,
        Membership.State.DECLINED,
    ):
        count = sum(person.state == value for person in everybody)
        query = f"state={value}"
        found.append({"label": value.label, "query": query, "count": count, "on": state == value})
    return [chip for chip in found if chip["count"] or chip["on"]]
