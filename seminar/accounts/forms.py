"""Forms about the own account."""

from typing import Any
from zoneinfo import available_timezones

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.utils.translation import gettext_lazy as _


class SignupForm(AllauthSignupForm):
    """Sign-up asks for the name too: it stands on rosters and receipts."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["name", "email", "password1"]


class AccountForm(forms.Form):
    """The name a person goes by, and the zone they read times in beside the course's."""

    name = forms.CharField(label=_("Your name"), max_length=200)
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
