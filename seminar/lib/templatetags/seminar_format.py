"""How times, status words, icons and form controls are written on every page.

Instants come in aware and leave as text in the zone of the course: a page never shows a time
without saying whose clock it is. Nothing here reads a clock; `now` is always handed in.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from django import template
from django.utils import dateformat
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from heroicons.templatetags.heroicons import heroicon_mini

if TYPE_CHECKING:
    from django.forms import BoundField
    from django.utils.functional import _StrPromise

register = template.Library()

DAY_FORMAT = "D j M Y"
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


# --- Time ------------------------------------------------------------------------------------


def _zone(zone: str | ZoneInfo) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(str(zone))


def _local(at: datetime, zone: str | ZoneInfo) -> datetime:
    assert at.tzinfo is not None, "only aware instants are shown"
    return at.astimezone(_zone(zone))


def _is_day_end(local: datetime) -> bool:
    return local.time() == time(0, 0)


def _day_end(local: datetime) -> datetime:
    """The last minute of the day that ends at the local midnight `local`."""
    return datetime.combine(local.date() - timedelta(days=1), time(23, 59), local.tzinfo)


def _day_and_time(local: datetime, zone: str | ZoneInfo) -> str:
    return _("%(day)s, %(time)s %(zone)s") % {
        "day": dateformat.format(local, DAY_FORMAT),
        "time": dateformat.format(local, "H:i"),
        "zone": zone_words(zone),
    }


@register.filter
def zone_city(zone: str | ZoneInfo) -> str:
    """The place an IANA key names: `America/New_York` is "New York", `Etc/UTC` is "UTC"."""
    return str(zone).rsplit("/", 1)[-1].replace("_", " ")


@register.filter
def zone_words(zone: str | ZoneInfo) -> str:
    """The zone as it is said after a time: "Berlin time", or plain "UTC"."""
    city = zone_city(zone)
    if city in {"UTC", "GMT"}:
        return city
    return _("%(city)s time") % {"city": city}


@register.filter
def course_date(at: datetime | None, zone: str | ZoneInfo) -> str:
    """The day of an instant in `zone`: "Sun 9 Nov 2025". Nothing for None."""
    return "" if at is None else dateformat.format(_local(at, zone), DAY_FORMAT)


@register.filter
def course_clock(at: datetime | None, zone: str | ZoneInfo) -> str:
    """The wall time of an instant in `zone`, without day and zone: "16:20". Nothing for None."""
    return "" if at is None else dateformat.format(_local(at, zone), "H:i")


@register.filter
def course_time(at: datetime | None, zone: str | ZoneInfo) -> str:
    """An instant in `zone`: "Sun 9 Nov 2025, 18:00 Berlin time". Nothing for None."""
    return "" if at is None else _day_and_time(_local(at, zone), zone)


@register.filter
def deadline(at: datetime | None, zone: str | ZoneInfo) -> str:
    """An exclusive instant as a person says it: local 00:00 is 23:59 of the day before."""
    if at is None:
        return ""
    local = _local(at, zone)
    return _day_and_time(_day_end(local) if _is_day_end(local) else local, zone)


@register.filter
def iso(at: datetime | None) -> str:
    """The value of `<time datetime>`: UTC with seconds."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@register.filter
def relative(at: datetime | None, now: datetime | None) -> str:
    """How far `at` lies from `now`, in the largest whole unit: "in 2 days", "3 hours ago"."""
    if at is None or now is None:
        return ""
    seconds = int((at - now).total_seconds())
    distance = _distance(abs(seconds))
    if not distance:
        return _("now")
    if seconds > 0:
        return _("in %(distance)s") % {"distance": distance}
    return _("%(distance)s ago") % {"distance": distance}


def _distance(seconds: int) -> str:
    """Whole days, hours or minutes, never rounded up: a deadline never looks later than it is."""
    if seconds >= DAY:
        return ngettext("%(n)d day", "%(n)d days", seconds // DAY) % {"n": seconds // DAY}
    if seconds >= HOUR:
        return ngettext("%(n)d hour", "%(n)d hours", seconds // HOUR) % {"n": seconds // HOUR}
    if seconds >= MINUTE:
        count = seconds // MINUTE
        return ngettext("%(n)d minute", "%(n)d minutes", count) % {"n": count}
    return ""


# --- Status words ----------------------------------------------------------------------------


class Status(NamedTuple):
    """One word of the vocabulary: the word itself, its tone and the icon beside it."""

    word: _StrPromise | str
    tone: str
    icon: str


STATUSES: dict[str, Status] = {
    # work
    "not_open": Status(gettext_lazy("Not open"), "neutral", "lock-closed"),
    "not_started": Status(gettext_lazy("Not started"), "neutral", "minus-circle"),
    "draft": Status(gettext_lazy("Draft"), "neutral", "pencil"),
    "submitted": Status(gettext_lazy("Submitted"), "ok", "check"),
    "submitted_late": Status(gettext_lazy("Submitted late"), "warn", "clock"),
    "missing": Status(gettext_lazy("Missing"), "bad", "x-mark"),
    "excused": Status(gettext_lazy("Excused"), "neutral", "hand-raised"),
    "being_graded": Status(gettext_lazy("Being graded"), "info", "pencil-square"),
    "graded_not_released": Status(gettext_lazy("Graded, not released"), "info", "eye-slash"),
    "released": Status(gettext_lazy("Released"), "ok", "check-circle"),
    # meetings
    "planned": Status(gettext_lazy("Planned"), "neutral", "calendar"),
    "changed": Status(gettext_lazy("Changed"), "warn", "arrow-path"),
    "today": Status(gettext_lazy("Today"), "info", "calendar-days"),
    "done": Status(gettext_lazy("Done"), "neutral", "check"),
    "cancelled": Status(gettext_lazy("Cancelled"), "bad", "no-symbol"),
    # presentations
    "unassigned": Status(gettext_lazy("Unassigned"), "warn", "user-minus"),
    "provisional": Status(gettext_lazy("Provisional"), "info", "clock"),
    "assigned": Status(gettext_lazy("Assigned"), "info", "user"),
    "confirmed": Status(gettext_lazy("Confirmed"), "ok", "check"),
    "slides_in": Status(gettext_lazy("Slides in"), "ok", "presentation-chart-bar"),
    "held": Status(gettext_lazy("Held"), "ok", "check-circle"),
    # attendance
    "in_room": Status(gettext_lazy("In room"), "ok", "map-pin"),
    "online": Status(gettext_lazy("Online"), "ok", "video-camera"),
    "late": Status(gettext_lazy("Late"), "warn", "clock"),
    "absent": Status(gettext_lazy("Absent"), "bad", "x-mark"),
    "not_taken": Status(gettext_lazy("Not taken"), "neutral", "minus-circle"),
    # membership
    "applied": Status(gettext_lazy("Applied"), "info", "inbox"),
    "waitlisted": Status(gettext_lazy("Waiting list"), "warn", "queue-list"),
    "active": Status(gettext_lazy("Active"), "ok", "check"),
    "declined": Status(gettext_lazy("Declined"), "bad", "x-mark"),
    "withdrawn": Status(gettext_lazy("Withdrawn"), "neutral", "arrow-uturn-left"),
    "suspended": Status(gettext_lazy("Suspended"), "bad", "pause-circle"),
    # rounds
    "open": Status(gettext_lazy("Open"), "info", "lock-open"),
    "closed": Status(gettext_lazy("Closed"), "neutral", "lock-closed"),
    "published": Status(gettext_lazy("Published"), "ok", "megaphone"),
    # grade items and verdicts
    "not_due": Status(gettext_lazy("Not due"), "neutral", "calendar"),
    "graded": Status(gettext_lazy("Graded"), "info", "check"),
    "overridden": Status(gettext_lazy("Overridden"), "warn", "pencil-square"),
    "secured": Status(gettext_lazy("Secured"), "ok", "check-circle"),
    "not_reachable": Status(gettext_lazy("No longer reachable"), "bad", "x-circle"),
    "passed": Status(gettext_lazy("Passed"), "ok", "check-circle"),
    "not_passed": Status(gettext_lazy("Not passed"), "bad", "x-circle"),
}


def status_of(status: object) -> Status:
    """The vocabulary entry for a code or a word ("submitted_late", "Submitted late").

    What is not in the vocabulary is shown as it came, in the neutral tone.
    """
    code = str(status).strip().lower().replace(",", "").replace(" ", "_")
    return STATUSES.get(code) or Status(str(status), "neutral", "minus-circle")


@register.filter
def pill_tone(status: object) -> str:
    """`neutral`, `info`, `ok`, `warn` or `bad`."""
    return status_of(status).tone


@register.filter
def pill_icon(status: object) -> str:
    """The name of the icon beside the status word."""
    return status_of(status).icon


@register.filter
def status_word(status: object) -> str:
    """The status as people read it."""
    return str(status_of(status).word)


# --- Icons -----------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _icon(name: str) -> SafeString:
    svg = heroicon_mini(name, size=None, **{"class": "icon"})
    # The drawing comes from the wheel; only its name comes from a template.
    return mark_safe(svg.replace(' data-slot="icon"', "").replace(" />", "/>"))  # noqa: S308


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing beside a word, hidden from screen readers: `{% icon "check" %}`."""
    return _icon(str(name))


# --- Lists of names ----------------------------------------------------------------------------


@register.filter
def first_names(names: str, length: int) -> str:
    """As many whole names of a list with commas as fit into `length` characters, then "et al."."""
    if len(names) <= length:
        return names
    first, *others = [name.strip() for name in names.split(",")]
    shown = first
    for name in others:
        if len(f"{shown}, {name}") > length:
            break
        shown = f"{shown}, {name}"
    return _("%(names)s et al.") % {"names": shown} if shown != names else names


# --- Numbers in pictures ---------------------------------------------------------------------


@register.filter
def share(value: str | int | Decimal | Fraction, whole: str | int | Decimal | Fraction) -> str:
    """`value` as a percentage of `whole` for an SVG length, between "0%" and "100%"."""
    total = Fraction(str(whole) or "0")
    if total <= 0:
        return "0%"
    part = min(max(Fraction(str(value) or "0") / total, Fraction(0)), Fraction(1))
    hundredths = part * 10000 // 1
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


@register.filter
def plus(value: str | int | Decimal | Fraction, other: str | int | Decimal | Fraction) -> str:
    """The exact sum of two numbers, for the left edge of the next part of a bar."""
    return str(Fraction(str(value) or "0") + Fraction(str(other) or "0"))


# --- Form fields -----------------------------------------------------------------------------


@register.filter
def control_kind(field: BoundField) -> str:
    """`group` (radios, checkboxes), `checkbox`, `file`, `hidden` or `single`."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    if widget.use_fieldset:
        return "group"
    return {"checkbox": "checkbox", "file": "file"}.get(getattr(widget, "input_type", ""), "single")


@register.filter
def error_target(field: BoundField) -> str:
    """The id a link of the error summary leads to: the control, in a group its first choice."""
    own = field.id_for_label
    return own or f"{field.auto_id}_0"


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The control itself, tied to its hint and its error for screen readers."""
    described = [str(field.field.widget.attrs.get("aria-describedby", ""))]
    described += [f"{field.auto_id}_hint"] if field.help_text else []
    described += [f"{field.auto_id}_error"] if field.errors else []
    attrs = {"aria-describedby": " ".join(filter(None, described)) or False}
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)
