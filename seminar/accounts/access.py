"""Who may open pages that belong to no course."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from seminar.accounts.models import User
from seminar.lib.access import Policy, declare

View = Callable[..., HttpResponse]


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in; for annotations."""

    user: User


SIGNED_IN = Policy("signed_in")
OPERATOR = Policy("operator")
DEMO = Policy("demo")


def signed_in(view: View) -> View:
    """Let everybody with an account open this page; others are sent to sign in."""
    return declare(login_required(view), SIGNED_IN)


def operator(view: View) -> View:
    """Let operators of the installation open this page; 403 with the reason for others."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied(_("Only operators of this installation can open this page."))
        return view(request, *args, **kwargs)

    return declare(login_required(guarded), OPERATOR)


def demo_only(view: View) -> View:
    """Let everybody open this page in the demo; elsewhere it does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return declare(guarded, DEMO)
