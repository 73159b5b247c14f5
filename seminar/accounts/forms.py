"""Forms about the own account."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import available_timezones

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import ResetPasswordKeyForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from seminar.accounts import actions
from seminar.accounts.rules import LONGEST
from seminar.lib import clock
from seminar.lib.form_fields import LineField, NameField
from seminar.lib.scopes import READ, SCOPES

SCOPE_WORDS = (
    _("Read what I see as a student or applicant, and public pages"),
    _("Write what I may write as a student or applicant"),
    _("Read what I see as a TA or instructor"),
    _("Write what I may write as a TA or instructor, grades included"),
)
DAYS = (7, 30, 90, 180, LONGEST.days)


class SignupForm(AllauthSignupForm):
    """Sign-up asks for the name too: it stands on rosters and receipts."""

    name = NameField(
        label=_("Your name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["name", "email", "password1"]


class ChangePasswordForm(AllauthChangePasswordForm):
    """Takes the current password as the sign-in does: guesses count against the same limit."""

    def clean_oldpassword(self) -> str:
        typed: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, typed):
            raise get_adapter().validation_error("enter_current_password")
        return typed


class NewPasswordForm(ResetPasswordKeyForm):
    """Takes the password chosen by a mailed link; who can read that mail has shown the address too."""

    def save(self) -> None:
        super().save()
        actions.confirm_only_address(self.user, at=clock.now())


class UsedOnce:
    """Refuses a code of an app that was used, for as long as the code would be right.

    allauth forgets it after one period; with MFA_TOTP_TOLERANCE it is right for longer.
    """

    def clean_code(self: Any) -> str:
        typed: str = normalize_user_code(self.cleaned_data["code"])
        key = f"code-used:{sha256(f'{self.user.pk}:{typed}'.encode()).hexdigest()}"
        if cache.get(key):
            check_rate_limit(self.user)
            raise mfa_adapter().validation_error("incorrect_code")
        super().clean_code()  # type: ignore[misc]
        right_for = (2 * app_settings.TOTP_TOLERANCE + 1) * app_settings.TOTP_PERIOD
        cache.set(key, "used", right_for)
        return typed


class ActivateAppForm(UsedOnce, ActivateTOTPForm):
    """The code typed to show that a new app is set up; it signs nobody in afterwards."""


class CodeForm(UsedOnce, AuthenticateForm):
    """The code asked for at sign-in."""


class CodeAgainForm(UsedOnce, ReauthenticateForm):
    """The code asked for to confirm that it is still the same person."""


class AddKeyForm(AddWebAuthnForm):
    """Adds a key or passkey; says what the two kinds mean."""

    name = LineField(required=False, max_length=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        alone = self.fields["passwordless"]
        alone.label = _("Sign in with it alone, as a passkey")
        alone.help_text = _(
            "Then no address and no password are asked for: the key itself asks for your "
            "fingerprint, your face or a PIN. Without it, the key comes after your password."
        )


class AccountForm(forms.Form):
    """The name a person goes by, and the zone they read times in beside the course's."""

    name = NameField(label=_("Your name"), max_length=200)
    zone = forms.ChoiceField(
        label=_("Your time zone"),
        required=False,
        help_text=_("Times are shown in the course's zone. Yours is added where it differs."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if "/" in zone)
        choices = [("", _("Same as the course")), *((zone, zone) for zone in zones)]
        self.fields["zone"].choices = choices  # type: ignore[attr-defined]


class TokenForm(forms.Form):
    """A new token: what it is for, what it may do, for how long."""

    name = LineField(
        label=_("Name"),
        max_length=100,
        help_text=_("What will use it, so that you know it again: “backup script on my laptop”."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=list(zip(SCOPES, SCOPE_WORDS, strict=True)),
        widget=forms.CheckboxSelectMultiple,
        initial=[READ],
        error_messages={"required": _("Choose what the token may do.")},
        help_text=_(
            "Never more than you may do yourself at that moment. Choose as little as works."
        ),
    )
    days = forms.TypedChoiceField(
        label=_("How long it works"),
        coerce=int,
        initial=90,
        help_text=_("Revoke it at any time; it also ends when you change your password."),
    )

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (days, ngettext("%(days)d day", "%(days)d days", days) % {"days": days})
            for days in DAYS
        ]

    def facts(self) -> dict[str, Any]:
        """Return what the action takes. Only for a valid form."""
        kept = {name: self.cleaned_data[name] for name in ("name", "scopes")}
        return kept | {"expires_at": self.at + timedelta(days=self.cleaned_data["days"])}
