"""Form fields that read what people type by one grammar each: lines, names, numbers, days, times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from seminar.lib.addresses import AddressError, clean_name
from seminar.lib.plaintext import PlainError, clean_line

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
WHOLE = re.compile(r"[0-9]{1,9}")
FIRST_YEAR, LAST_YEAR = 2000, 2100


def plain_whole(text: str) -> int:
    """Return a whole number in at most nine plain ASCII digits. Raises ValueError."""
    if not WHOLE.fullmatch(text.strip()):
        raise ValueError(text)
    return int(text)


def validated_line(text: str) -> str:
    """Return a text of one line as it is kept. Raises ValidationError."""
    try:
        return clean_line(text)
    except PlainError as error:
        raise ValidationError(error.words.text(), code=error.code) from None


def validated_name(text: str) -> str:
    """Return a person's name as it is kept. Raises ValidationError."""
    try:
        return clean_name(text)
    except AddressError as error:
        raise ValidationError(error.words.text(), code="name") from None


class LineField(forms.CharField):
    """A title or another text of one line. See ``seminar.lib.plaintext.clean_line``."""

    read: Callable[[str], str] = staticmethod(validated_line)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return type(self).read(text) if text else text


class NameField(LineField):
    """A person's name. See ``seminar.lib.addresses.clean_name``."""

    read = staticmethod(validated_name)


class WholeField(forms.IntegerField):
    """A whole number in plain ASCII digits: no sign, no grouping, no exponent, no other digits."""

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and value.strip() and not WHOLE.fullmatch(value.strip()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class DayField(forms.DateField):
    """A day as browsers send it and as it can be meant in one way only: 2025-10-20."""

    default_error_messages = {
        "invalid": _("Write the day as year, month and day: 2025-10-20."),
        "year": _("This day is outside the years 2000 to 2100."),
    }

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, str) and value.strip() and not DAY.fullmatch(value.strip()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        day = super().to_python(value)
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(self.error_messages["year"], code="year")
        return day


class ClockTimeField(forms.TimeField):
    """A wall time from 00:00 to 23:59:59, as browsers send it."""

    default_error_messages = {"invalid": _("Write the time in 24 hours: 18:05.")}

    def to_python(self, value: Any) -> time | None:
        if isinstance(value, str) and value.strip() and not TIME.fullmatch(value.strip()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)
