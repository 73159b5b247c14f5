"""Who may open pages that belong to no course."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from seminar.accounts import actions
from seminar.accounts.models import ApiToken, User
from seminar.accounts.queries import has_authenticator, token_by_text
from seminar.lib import clock
from seminar.lib.access import Policy, declare
from seminar.lib.errors import Refused

View = Callable[..., HttpResponse]


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in; for annotations."""

    user: User


@dataclass(frozen=True)
class StaffPolicy(Policy):
    """Lets in people who act, or come to act, as staff: a token needs a scope of staff."""

    @property
    def for_staff(self) -> bool:
        """Nobody else comes in."""
        return True


SIGNED_IN = Policy("signed_in")
COURSE_CREATOR = StaffPolicy("course_creator")
OPERATOR = Policy("operator")
DEMO = Policy("demo")


def signed_in(view: View) -> View:
    """Let everybody with an account open this page; others are sent to sign in."""
    return declare(login_required(view), SIGNED_IN)


def operator(view: View) -> View:
    """Let operators of the installation open this page; 403 with the reason for others.

    An operator whose session lacks the second factor is led to it first.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied(_("Only operators of this installation can open this page."))
        if lacks_second_factor(request):
            return lead_to_second_factor(request)
        return view(request, *args, **kwargs)

    return declare(login_required(guarded), OPERATOR)


def course_creator(view: View) -> View:
    """Let people open this page whom the operator lets create courses; 403 for others.

    Who creates a course becomes its staff: a session that lacks the second factor is led to it.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not creates_courses(request.user):
            raise PermissionDenied(may_not_create().message)
        if lacks_second_factor(request):
            return lead_to_second_factor(request)
        return view(request, *args, **kwargs)

    return declare(login_required(guarded), COURSE_CREATOR)


def require_course_creator(request: HttpRequest) -> None:
    """Keep out, for the API, whom ``course_creator`` keeps out of pages.

    Call with somebody who is signed in. Raises Refused: "may_not_create", "second_factor_required"
    (403).
    """
    if not creates_courses(request.user):
        raise may_not_create()
    if lacks_second_factor(request):
        raise second_factor_required()


def creates_courses(user: User | AnonymousUser) -> bool:
    """Say whether the operator lets somebody create courses."""
    return isinstance(user, User) and user.may_create_courses


def may_not_create() -> Refused:
    """Return the refusal of whoever has no right to create courses."""
    words = _(
        "Only people to whom the operator gave this right can create courses. "
        "Ask the operator of this installation for it."
    )
    return Refused("may_not_create", words, status=403)


def demo_only(view: View) -> View:
    """Let everybody open this page in the demo; elsewhere it does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return declare(guarded, DEMO)


# --- the second factor -------------------------------------------------------------------------
#
# Staff rights wait until the session has shown a second factor, where settings.STAFF_SECOND_FACTOR
# says so. Each door that leads to staff rights asks here: ``courses.access`` for everything in a
# course, ``operator`` and ``course_creator`` above, ``desk.access``, the admin's ``has_permission``.


def shows_second_factor(request: HttpRequest) -> bool:
    """Say whether this session was opened, or confirmed since, with a second factor.

    The factor must still exist: one that was reset, or given up, takes its sessions' rights along.
    One query, once per request.
    """
    known: bool | None = getattr(request, "second_factor_shown", None)
    if known is None:
        records = get_authentication_records(request, request.user)
        shown = [record["id"] for record in records if record["method"] == "mfa"]
        known = bool(shown) and has_authenticator(request.user, shown)
        request.second_factor_shown = known  # type: ignore[attr-defined]
    return known


def lacks_second_factor(request: HttpRequest) -> bool:
    """Say whether staff rights must wait for the second factor in this request.

    A token of the API needs none: one with a staff scope is made only where this is False.
    """
    if not settings.STAFF_SECOND_FACTOR or getattr(request, "auth", None) is not None:
        return False
    return not shows_second_factor(request)


def lead_to_second_factor(request: HttpRequest, back: str = "") -> HttpResponse:
    """Send the browser to the page that sets up or asks for the second factor, and back after."""
    back = back or (request.get_full_path() if request.method in ("GET", "HEAD") else "/")
    address = f"{reverse('accounts:second_factor')}?{urlencode({'next': back})}"
    if not request.headers.get("HX-Request"):
        return redirect(address)
    answer = HttpResponse(status=204)  # the whole browser goes, not a panel of the page
    answer["HX-Redirect"] = address
    return answer


def second_factor_required() -> Refused:
    """Return what the API answers where a page leads to the second factor."""
    words = _("Staff need a second factor. Sign in on the site and set it up or confirm it there.")
    return Refused("second_factor_required", words, status=403)


def way_back(request: HttpRequest, asked: str | None) -> str:
    """Return where somebody asked to be led afterwards if it is a path of this site, else ``/``."""
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()})
    return asked if asked and safe and asked.startswith("/") else "/"


class Bearer(BaseAuthentication):
    """A personal token in ``Authorization: Bearer``: no cookie, no CSRF token.

    Sent at all, it decides: a bad token is 401 even beside a good session. Whatever is wrong with
    it, the words are the same. Named in settings.REST_FRAMEWORK.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return person and token, or None where none was sent. Raises AuthenticationFailed."""
        sent = request.headers.get("Authorization", "")
        scheme, _space, text = sent.partition(" ")
        if scheme.lower() != "bearer":
            return None
        at, token = clock.now(), token_by_text(text)
        if token is None or not token.is_live(at) or not token.user.is_active:
            raise AuthenticationFailed(_("This token is not valid. Make a new one."))
        actions.note_token_use(token, at=at)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Name both ways to come in; 401 carries it."""
        return 'Bearer realm="seminar", Session'


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the token."""

    target_class = Bearer
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the part of the document about it."""
        return {"type": "http", "scheme": "bearer"}


class TokensEndWithThePassword:
    """Ends a person's tokens whenever their password is changed, by whatever way.

    Django calls ``password_changed`` of every validator in settings.AUTH_PASSWORD_VALIDATORS after
    it saved a new password; ``AccountAdapter`` puts both into one transaction.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Refuse no password."""

    def get_help_text(self) -> str:
        """Ask nothing of a password either."""
        return ""

    def password_changed(self, password: str, user: User | None = None) -> None:
        """End the tokens of whose password was changed."""
        if user is not None and user.pk:
            actions.revoke_tokens_of(user, at=clock.now(), reason="password changed")
