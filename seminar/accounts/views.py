"""Pages about the own account."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from seminar.accounts import actions
from seminar.accounts.access import SignedInRequest, signed_in
from seminar.accounts.forms import AccountForm
from seminar.lib import clock
from seminar.lib.access import public
from seminar.lib.context import THEMES

YEAR = 365 * 24 * 3600


@signed_in
def me(request: SignedInRequest) -> HttpResponse:
    """Show and change the own name and time zone."""
    user = request.user
    form = AccountForm(request.POST or None, initial={"name": user.name, "zone": user.zone})
    if request.method == "POST" and form.is_valid():
        actions.update_account(user, at=clock.now(), **form.cleaned_data)
        messages.success(request, _("Your account is changed."))
        return redirect("accounts:me")
    status = 422 if form.errors else 200
    return render(request, "accounts/me.html", {"form": form}, status=status)


@public
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep light, dark or the system's choice in a cookie, so that the server can write it."""
    back = request.POST.get("next", "/")
    here = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    response = HttpResponseRedirect(back if here and back.startswith("/") else "/")
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=YEAR, samesite="Lax")
    else:
        response.delete_cookie("theme")
    return response
