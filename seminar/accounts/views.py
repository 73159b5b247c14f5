"""Pages about the own account."""

from urllib.parse import urlencode

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seminar.accounts import actions, queries
from seminar.accounts.access import (
    SignedInRequest,
    lacks_second_factor,
    lead_to_second_factor,
    shows_second_factor,
    signed_in,
    way_back,
)
from seminar.accounts.forms import AccountForm, TokenForm
from seminar.lib import clock
from seminar.lib.access import public
from seminar.lib.codes import new_code
from seminar.lib.context import THEMES
from seminar.lib.scopes import STAFF_SCOPES

AFTER_SECOND_FACTOR = "after_second_factor"
YEAR = 365 * 24 * 3600
HEADER = "Authorization: Bearer sem_…"


@require_http_methods(["GET", "HEAD", "POST"])
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
    response = HttpResponseRedirect(way_back(request, request.POST.get("next")))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        secure = request.is_secure()
        response.set_cookie("theme", theme, max_age=YEAR, samesite="Lax", secure=secure)
    else:
        response.delete_cookie("theme")
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def second_factor(request: SignedInRequest) -> HttpResponse:
    """Lead staff to their second factor: say why, let them set it up or confirm it, then go on.

    Where they wanted to go is kept in the session, because the pages in between do not hand it on.
    """
    if "next" in request.GET:
        request.session[AFTER_SECOND_FACTOR] = way_back(request, request.GET["next"])
    if shows_second_factor(request):
        return redirect(request.session.pop(AFTER_SECOND_FACTOR, "/"))
    factors = queries.second_factors_of(request.user)
    if not factors:
        return render(request, "accounts/second_factor.html")
    ask = "mfa_reauthenticate" if "totp" in factors else "mfa_reauthenticate_webauthn"
    here = urlencode({"next": reverse("accounts:second_factor")})
    return redirect(f"{reverse(ask)}?{here}")


@require_safe
@signed_in
def no_password(request: SignedInRequest) -> HttpResponse:
    """Say what to do where somebody shall confirm that it is them and has nothing to do it with.

    People of the demo and of a roster have no password; allauth lets them through unasked.
    """
    onward = way_back(request, request.GET.get("next"))
    if request.user.has_usable_password() or queries.second_factors_of(request.user):
        return redirect(onward)
    return render(request, "accounts/no_password.html", {"onward": onward})


@require_safe
@signed_in
def tokens(request: SignedInRequest) -> HttpResponse:
    """List the own tokens; a form to make one."""
    return tokens_page(request, TokenForm(at=clock.now()))


@signed_in
@require_POST
@reauthentication_required
def create_token(request: SignedInRequest) -> HttpResponse:
    """Make a token and show it, this once: the answer is the page itself and kept nowhere."""
    at = clock.now()
    form = TokenForm(request.POST, at=at)
    if not form.is_valid():
        return tokens_page(request, form)
    if STAFF_SCOPES.intersection(form.cleaned_data["scopes"]) and lacks_second_factor(request):
        return lead_to_second_factor(request, reverse("accounts:tokens"))
    made = actions.create_token(
        request.user, **form.facts(), at=at, nonce=request.POST.get("nonce", "")
    )
    return render(request, "accounts/token_made.html", {"made": made, "header": HEADER})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def revoke_token(request: SignedInRequest, code: str) -> HttpResponse:
    """Ask whether a token shall end; end it."""
    token = get_object_or_404(queries.tokens_of(request.user), code=code)
    if request.method != "POST":
        return render(request, "accounts/revoke_token.html", {"token": token})
    actions.revoke_token(token, by=request.user, at=clock.now())
    messages.success(request, _("The token “%(name)s” is revoked.") % {"name": token.name})
    return redirect("accounts:tokens")


def tokens_page(request: SignedInRequest, form: TokenForm) -> HttpResponse:
    """Answer with the list and the form; a form that comes back keeps its nonce."""
    context = {
        "form": form,
        "live": [token for token in queries.tokens_of(request.user) if token.is_live(form.at)],
        "nonce": request.POST.get("nonce") or new_code(),
        "zone": request.user.zone or "UTC",
    }
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)
