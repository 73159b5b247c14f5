"""How allauth meets our accounts and our outbox. Named in settings.ACCOUNT_ADAPTER."""

from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from seminar.accounts.models import User
from seminar.accounts.queries import user_by_address
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.notifications import actions

# Codes of allauth's errors, and how long ACCOUNT_RATE_LIMITS["login_failed"] looks back.
TOO_OFTEN = frozenset({"too_many_login_attempts", "rate_limited"})
GUESSING_ENDS_SECONDS = 300
DAY_SECONDS = 24 * 3600


class AccountAdapter(DefaultAccountAdapter):
    """Keeps the name given at sign-up, and sends account mails through the outbox."""

    def save_user(
        self,
        request: HttpRequest,
        user: User,
        form: Any,
        commit: bool = True,  # noqa: FBT001,FBT002 - allauth's signature
    ) -> User:
        user.name = form.cleaned_data.get("name", "")
        return super().save_user(request, user, form, commit)

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """Change the password and, in the same transaction, end the person's API tokens.

        Both flows of allauth, change and reset, come here; the tokens end in
        ``seminar.accounts.access.TokensEndWithThePassword``.
        """
        super().set_password(user, password)

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """Ask people with a second factor for that, not for the password once more.

        A recovery code counts, and so does a factor set up in this very session. Who has neither,
        as the demo's people, is told so by a page instead of a bare refusal.
        """
        ways = super().get_reauthentication_methods(user)
        stronger = [way for way in ways if way["id"] != "reauthenticate"]
        if user.is_anonymous:  # nobody to ask: the sign-in page comes first
            return ways
        telling = {"id": "no_password", "description": _("Set a password")}
        return stronger or ways or [telling | {"url": reverse("accounts:no_password")}]

    def validation_error(self, code: str, *args: object) -> Exception:
        """Answer too many guesses with a page of their own, 429, instead of beside a field."""
        if code in TOO_OFTEN:
            page = render(self.request, "account/too_many_tries.html", status=429)
            page["Retry-After"] = str(GUESSING_ENDS_SECONDS)
            raise ImmediateHttpResponse(page)
        return super().validation_error(code, *args)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count guesses by account: whatever Host header, address or spelling they come with.

        allauth counts by Host and address as typed; a port added to the Host, or a second address
        of the same person, would each give five more tries. Addresses nobody has count too, so
        that the limit tells nobody which ones exist.
        """
        typed = str(credentials.get("email", "")).strip().lower()
        known = user_by_address(typed)
        return f"user:{known.pk}" if known else f"address:{typed}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail into the outbox: a mail server that is down cannot break sign-up.

        Its links start with SITE_URL, whatever name the visitor reached this server by.
        """
        at, to = clock.now(), User.objects.filter(email=email.lower()).first()
        facts = {
            "site": settings.SITE_URL,
            "at": at,
            "zone": (to and to.zone) or "UTC",
            "confirm_days": app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS,
            "reset_days": settings.PASSWORD_RESET_TIMEOUT // DAY_SECONDS,
        }
        mail = self.render_mail(template_prefix, email, facts | context)
        reached_by = self.request.build_absolute_uri("/")
        actions.write(
            key=f"account:{template_prefix}:{new_code()}",
            to=to,
            address=email,
            kind=template_prefix,
            subject=mail.subject,
            text=mail.body.replace(reached_by, f"{settings.SITE_URL}/"),
            at=at,
        )
