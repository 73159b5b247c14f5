"""How texts, weights and the letters of the table of contents are written on every page."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from seminar.lib import markdown as lib_markdown

register = template.Library()

MARKS = {
    "L": _("Lecture"),
    "H": _("Hands-on"),
    "IP": _("In-class presentations"),
    "FP": _("Final presentations"),
    "R": _("Report"),
    "A": _("Mini-assignment"),
}


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as safe HTML."""
    return lib_markdown.render(text)


@register.filter
def percent(value: Decimal) -> str:
    """A weight without idle zeros, and never broken off its sign: "15 %", "12.5 %"."""
    return f"{value.normalize():f}\u00a0%"


@register.filter
def mark_words(mark: str) -> str:
    """What a letter of the table of contents stands for."""
    return str(MARKS.get(mark, mark))


@register.filter
def local_date(at: datetime, zone: str) -> str:
    """The day of an instant in a zone, as a date input wants it."""
    return at.astimezone(ZoneInfo(zone)).date().isoformat()
