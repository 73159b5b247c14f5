"""Pages of the demo: being somebody with one click, the clock, the mailbox."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from courses.rules import WallTimeError, local_instant
from seminar.accounts.access import SignedInRequest, demo_only
from seminar.desk.actions.clock import set_clock
from seminar.desk.forms import ClockForm
from seminar.desk.queries.calendar import demo_moments, is_staff_anywhere, zone_of
from seminar.desk.queries.demo import demo_user
from seminar.lib import clock as system_clock
from seminar.lib.access import Policy, declare
from seminar.lib.errors import Refused
from seminar.notifications.models import Message

BACKEND = "django.contrib.auth.backends.ModelBackend"
MAILBOX = Policy("mailbox")
LOOPBACK = ("127.0.0.1", "::1")
View = Callable[..., HttpResponse]


@demo_only
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo's people, without a password."""
    user = demo_user(request.POST.get("code", ""))
    if user is None:
        raise Http404
    login(request, user, backend=BACKEND)
    return redirect("desk:home")


@require_http_methods(["GET", "HEAD", "POST"])
@demo_only
def clock(request: SignedInRequest) -> HttpResponse:
    """Show what time the demo has; staff move it, by a jump to what happens next or to any time."""
    at, zone = system_clock.now(), zone_of(request.user)
    may = is_staff_anywhere(request.user)
    form = ClockForm(request.POST or None)
    if request.method == "POST":
        if not may:
            raise PermissionDenied(_("Only TAs and instructors can move the demo's clock."))
        if form.is_valid() and move(request, form, zone=zone, at=at):
            return redirect("desk:clock")
    context: dict[str, Any] = {
        "form": form,
        "zone": zone,
        "at": at,
        "offset": system_clock.offset(),
        "may": may,
        "moments": demo_moments(request.user, at=at),
        "nav_active": "clock",
    }
    return render(request, "desk/clock.html", context, status=422 if form.errors else 200)


def move(request: SignedInRequest, form: ClockForm, *, zone: str, at: datetime) -> bool:
    """Move the clock to the wall time of the form; write what is wrong with it on the form."""
    day, time = form.cleaned_data["date"], form.cleaned_data["time"]
    try:
        set_clock(local_instant(day, time, zone), by=request.user, at=at)
    except (WallTimeError, Refused) as error:
        form.add_error("date", str(error))
        return False
    messages.success(request, _("The demo's clock is set. Jobs follow within a minute."))
    return True


def mailbox_page(view: View) -> View:
    """Open a page where mail ends in the mailbox: to everybody in the demo, else on this machine.

    Account mails hold sign-in links, so that outside the demo only who sits at the machine reads.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        local = request.META.get("REMOTE_ADDR") in LOOPBACK
        if not settings.MAILBOX or not (settings.DEMO or local):
            raise Http404
        return view(request, *args, **kwargs)

    return declare(guarded, MAILBOX)


@require_safe
@mailbox_page
def mailbox(request: HttpRequest) -> HttpResponse:
    """List what this installation would have mailed, newest first. The demo hides nothing."""
    rows = Message.objects.all()
    whose = request.GET.get("whose", "mine" if request.user.is_authenticated else "all")
    if whose == "mine" and request.user.is_authenticated:
        rows = rows.filter(to=request.user)
    page = Paginator(rows, 25).get_page(request.GET.get("page"))
    context = {"page_obj": page, "zone": zone_of(request.user), "whose": whose}
    return render(request, "desk/mailbox.html", context)


@require_safe
@mailbox_page
def mailbox_message(request: HttpRequest, code: str) -> HttpResponse:
    """Show one mail as its reader gets it."""
    message = get_object_or_404(Message, code=code)
    context = {"mail": message, "zone": zone_of(request.user)}
    return render(request, "desk/mailbox_message.html", context)
