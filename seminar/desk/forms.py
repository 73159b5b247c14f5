"""Forms of pages that span apps."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ClockForm(forms.Form):
    """A wall time in the course's zone that the demo's clock shall show."""

    date = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}))
    time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}))
