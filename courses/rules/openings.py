"""The small language in which openings and deadlines are written, and its words for people.

    2025-10-24 18:00 [first|second]          an instant in the course's zone
    start of meeting KEY                     end of meeting KEY
    end of last lecture of MODULE
    before the date of meeting KEY           00:00 of that date, exclusive
    before the presentations of MODULE       the same, of the module's anchor
    N days after meeting KEY [at HH:MM]      calendar days from the meeting's end

Rules are stored as this text. ``parse_rule`` and ``rule_text`` are inverse to each other.
Source: PRODUCT 3.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import TypeAlias

from django.utils.translation import gettext_noop as _

from courses.rules.instants import FIRST, SECOND
from seminar.lib.words import Words

MOST_DAYS = 366
_FOLDS = {"first": FIRST, "second": SECOND}


@dataclass(frozen=True)
class FixedTime:
    """A wall time in the course's zone; ``fold`` chooses where it happens twice."""

    day: date
    at: time
    fold: int | None = None


@dataclass(frozen=True)
class MeetingStart:
    """The start of one meeting."""

    meeting: str


@dataclass(frozen=True)
class MeetingEnd:
    """The end of one meeting."""

    meeting: str


@dataclass(frozen=True)
class LastLectureEnd:
    """The end of the last lecture that covers a module or a part of it."""

    module: str


@dataclass(frozen=True)
class BeforeMeetingDate:
    """00:00 of the date of one meeting."""

    meeting: str


@dataclass(frozen=True)
class BeforePresentations:
    """00:00 of the date of a module's anchor."""

    module: str


@dataclass(frozen=True)
class DaysAfterMeeting:
    """So many dates after one meeting, at a wall time, or at the time the meeting ends."""

    days: int
    meeting: str
    at: time | None = None


TimeRule: TypeAlias = (
    FixedTime
    | MeetingStart
    | MeetingEnd
    | LastLectureEnd
    | BeforeMeetingDate
    | BeforePresentations
    | DaysAfterMeeting
)


class RuleTextError(ValueError):
    """A text that is no rule. Holds the ``text`` and what is wrong with it, in ``words``."""

    def __init__(self, text: str, words: Words) -> None:
        self.text = text
        self.words = words
        super().__init__(words.plain())


_KEY = r"(?P<key>[a-z0-9][a-z0-9-]{0,49})"
_CLOCK = r"(?P<clock>[0-9]{2}:[0-9]{2})"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], TimeRule]], ...] = (
    (
        re.compile(
            rf"(?P<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}) {_CLOCK}(?: (?P<fold>first|second))?"
        ),
        lambda m: FixedTime(_day(m["day"]), _clock(m["clock"]), _FOLDS.get(m["fold"] or "")),
    ),
    (re.compile(rf"start of meeting {_KEY}"), lambda m: MeetingStart(m["key"])),
    (re.compile(rf"end of meeting {_KEY}"), lambda m: MeetingEnd(m["key"])),
    (re.compile(rf"end of last lecture of {_KEY}"), lambda m: LastLectureEnd(m["key"])),
    (re.compile(rf"before the date of meeting {_KEY}"), lambda m: BeforeMeetingDate(m["key"])),
    (re.compile(rf"before the presentations of {_KEY}"), lambda m: BeforePresentations(m["key"])),
    (
        re.compile(rf"(?P<days>[0-9]{{1,3}}) days? after meeting {_KEY}(?: at {_CLOCK})?"),
        lambda m: DaysAfterMeeting(
            _days(m["days"]), m["key"], _clock(m["clock"]) if m["clock"] else None
        ),
    ),
)


def parse_rule(text: str) -> TimeRule:
    """Read a rule. Blanks around and between its words may be any number.

    Raises RuleTextError naming the text and the rule it breaks.
    """
    line = " ".join(text.split())
    for pattern, build in _FORMS:
        match = pattern.fullmatch(line)
        if match:
            try:
                return build(match)
            except ValueError:
                words = _(
                    "“%(text)s” names a date, a time or a number of days that does not exist."
                )
                raise RuleTextError(text, Words(words, {"text": text})) from None
    words = _(
        "“%(text)s” is not a time. Write a date and a time as in “2025-10-24 18:00”, or a rule "
        "such as “end of meeting KEY” or “before the presentations of MODULE”."
    )
    raise RuleTextError(text, Words(words, {"text": text}))


def rule_text(rule: TimeRule) -> str:  # noqa: PLR0911 - one return per form
    """Write a rule as the text ``parse_rule`` reads."""
    match rule:
        case FixedTime(day, at, fold):
            choice = "" if fold is None else " second" if fold else " first"
            return f"{day.isoformat()} {at:%H:%M}{choice}"
        case MeetingStart(key):
            return f"start of meeting {key}"
        case MeetingEnd(key):
            return f"end of meeting {key}"
        case LastLectureEnd(key):
            return f"end of last lecture of {key}"
        case BeforeMeetingDate(key):
            return f"before the date of meeting {key}"
        case BeforePresentations(key):
            return f"before the presentations of {key}"
    unit = "day" if rule.days == 1 else "days"
    clock = f" at {rule.at:%H:%M}" if rule.at else ""
    return f"{rule.days} {unit} after meeting {rule.meeting}{clock}"


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _clock(text: str) -> time:
    return time.fromisoformat(text)


def _days(text: str) -> int:
    days = int(text)
    if days > MOST_DAYS:
        raise ValueError(text)
    return days
