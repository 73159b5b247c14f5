"""How receipts write instants, and how tasks write their parts."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.utils import dateformat
from django.utils.translation import gettext as _

from seminar.lib.templatetags.seminar_format import DAY_FORMAT, zone_words

register = template.Library()


@register.filter
def course_seconds(at: datetime, zone: str) -> str:
    """An instant to the second, as a receipt says it: "Sun 9 Nov 2025, 21:14:08 Berlin time"."""
    local = at.astimezone(ZoneInfo(zone))
    return _("%(day)s, %(time)s %(zone)s") % {
        "day": dateformat.format(local, DAY_FORMAT),
        "time": dateformat.format(local, "H:i:s"),
        "zone": zone_words(zone),
    }


@register.filter
def deadline_day(at: datetime, zone: str) -> str:
    """The last day of an exclusive deadline: local midnight belongs to the day before."""
    return dateformat.format(
        (at - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)), DAY_FORMAT
    )


@register.filter
def in_groups(digest: str) -> str:
    """A long hash in groups of eight, so that two can be compared by eye."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))
