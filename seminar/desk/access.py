"""Who may open pages that belong to staff, but to no course."""

from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from seminar.accounts.access import View
from seminar.desk.queries.home import staffs_any_course
from seminar.lib.access import Policy, declare

STAFF_SOMEWHERE = Policy("staff_somewhere")
CREATOR = Policy("creator")


def staff_somewhere(view: View) -> View:
    """Let operators and the active staff of any course open this page; 404 for other people."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if not user.is_superuser and not staffs_any_course(user):
            raise Http404
        return view(request, *args, **kwargs)

    return declare(login_required(guarded), STAFF_SOMEWHERE)


def creator(view: View) -> View:
    """Let those open this page whom the operator lets create courses; 403 with the reason."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.may_create_courses:  # type: ignore[union-attr]
            words = _("Only people whom the operator has given this right can create courses.")
            raise PermissionDenied(words)
        return view(request, *args, **kwargs)

    return declare(login_required(guarded), CREATOR)
