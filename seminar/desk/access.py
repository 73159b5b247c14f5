"""Who may open pages that belong to staff, but to no course."""

from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from seminar.accounts.access import View, lacks_second_factor, lead_to_second_factor
from seminar.desk.queries.home import staffs_any_course
from seminar.lib.access import Policy, declare

STAFF_SOMEWHERE = Policy("staff_somewhere")


def staff_somewhere(view: View) -> View:
    """Let operators and the active staff of any course open this page; 404 for other people."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if not user.is_superuser and not staffs_any_course(user):
            raise Http404
        if lacks_second_factor(request):
            return lead_to_second_factor(request)
        return view(request, *args, **kwargs)

    return declare(login_required(guarded), STAFF_SOMEWHERE)
