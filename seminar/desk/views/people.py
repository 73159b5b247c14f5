"""Changing the state of somebody's membership, with all that hangs on it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from courses.access import INSTRUCTOR, CourseRequest, course_page
from courses.forms import StateForm
from courses.models import Membership
from seminar.desk.actions import leaving
from seminar.desk.queries.leaving import talks_to_come
from seminar.lib import clock
from seminar.lib.errors import Refused

# What became of somebody, said to the instructor who decided it.
TOLD = {
    Membership.State.ACTIVE: gettext_lazy("%(name)s is in the course now, and is told by mail."),
    Membership.State.WAITLISTED: gettext_lazy(
        "%(name)s is on the waiting list now, and is told by mail."
    ),
    Membership.State.SUSPENDED: gettext_lazy("%(name)s is suspended now, and is told by mail."),
    Membership.State.WITHDRAWN: gettext_lazy(
        "%(name)s is no longer in the course, and is told by mail."
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def change_state(request: CourseRequest, code: str) -> HttpResponse:
    """Suspend a member, end a membership, or let somebody in again, with a reason."""
    membership = get_object_or_404(request.course.memberships.select_related("user"), code=code)
    form = StateForm(request.POST or None, membership=membership)
    status, at = 422 if form.errors else 200, clock.now()
    if form.is_bound and form.is_valid():
        try:
            changed = leaving.change_state(membership, **form.cleaned_data, by=request.user, at=at)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
        else:
            words = TOLD[Membership.State(changed.state)]
            messages.success(request, words % {"name": changed.user.name})
            return redirect("courses:people", request.course.slug)
    context = {
        "form": form,
        "person": membership,
        "talks": talks_to_come(membership, at),
        "nav_active": "people",
    }
    return render(request, "courses/change_state.html", context, status=status)
