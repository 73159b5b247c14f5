"""News of a course."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from courses import actions
from courses.access import MEMBER, STAFF, CourseRequest, course_page
from courses.forms import AnnouncementForm
from courses.queries import announcements_of, recipients
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


@require_safe
@course_page(MEMBER)
def announcements(request: CourseRequest) -> HttpResponse:
    """List news, newest first; staff write here too, and see what appears later."""
    return render_announcements(request, AnnouncementForm())


@require_POST
@course_page(STAFF)
def announce(request: CourseRequest) -> HttpResponse:
    """Publish news and mail it to every member."""
    form = AnnouncementForm(request.POST)
    if not form.is_valid():
        return render_announcements(request, form, status=422)
    facts = form.cleaned_data | {"by": request.membership, "at": clock.now()}
    try:
        actions.announce(request.course, **facts, nonce=request.POST.get("nonce", ""))
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return render_announcements(request, form, status=refusal.status)
    messages.success(request, _("Published. Everybody in the course gets a mail."))
    return redirect("courses:announcements", request.course.slug)


def render_announcements(
    request: CourseRequest, form: AnnouncementForm, *, status: int = 200
) -> HttpResponse:
    """Answer with the list and, for staff, the form; a form that comes back keeps its nonce."""
    at = clock.now()
    until = None if request.membership.is_staff else at
    context = {
        "announcements": announcements_of(request.course, until=until),
        "at": at,
        "form": form,
        "nonce": request.POST.get("nonce") or new_code(),
        "told": recipients(request.course).exclude(user=request.user).count(),
        "nav_active": "announcements",
    }
    return render(request, "courses/announcements.html", context, status=status)
