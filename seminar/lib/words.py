"""A sentence for a person, kept as data until a page, a mail or a command prints it.

Rules decide in plain values and know no language. They return ``Words``: a message id, marked for
translation with ``gettext_noop``, and the values that go into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from django.utils.dateformat import format as format_date
from django.utils.dateformat import time_format
from django.utils.translation import gettext

DAY_FORMAT = "D j M Y"
TIME_FORMAT = "H:i"


@dataclass(frozen=True)
class Words:
    """A message id with ``%(name)s`` places, and what fills them.

    ``params`` may hold further ``Words`` ("end of" + "the lecture on 20 Oct"), days, wall times,
    whole numbers and strings.
    """

    template: str
    params: Mapping[str, str | int | date | time | Words] = field(default_factory=dict)

    def text(self) -> str:
        """Return the sentence in the language that is active now."""
        return gettext(self.template) % {name: _shown(value) for name, value in self.params.items()}

    def plain(self) -> str:
        """Return the sentence untranslated, for exceptions and logs. Needs no settings."""
        return self.template % {
            name: value.plain() if isinstance(value, Words) else str(value)
            for name, value in self.params.items()
        }


def _shown(value: str | int | date | time | Words) -> str:
    if isinstance(value, Words):
        return value.text()
    if isinstance(value, date):
        return format_date(value, DAY_FORMAT)
    if isinstance(value, time):
        return time_format(value, TIME_FORMAT)
    return str(value)
