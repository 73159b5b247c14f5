"""From a rule and the schedule to an instant. Pure.

A problem is an answer, not an exception: staff see it as a blocker beside the rule.
Source: PRODUCT 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property

from django.utils.translation import gettext_noop as _

from courses.rules.instants import WallTimeError, day_start, local_instant
from courses.rules.openings import (
    BeforeMeetingDate,
    BeforePresentations,
    DaysAfterMeeting,
    FixedTime,
    LastLectureEnd,
    MeetingEnd,
    MeetingStart,
    TimeRule,
)
from seminar.lib.words import Words


class MeetingKind(StrEnum):
    """What happens in a meeting: L, H, IP, FP of the table of contents."""

    LECTURE = "lecture"
    HANDS_ON = "hands_on"
    IN_CLASS_PRESENTATIONS = "in_class_presentations"
    FINAL_PRESENTATIONS = "final_presentations"


@dataclass(frozen=True)
class MeetingFact:
    """What the rules need of a meeting: wall date and times in the course's zone."""

    key: str
    kind: MeetingKind
    day: date
    starts: time
    ends: time
    cancelled: bool = False
    modules: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ModuleFact:
    """What the rules need of a module. ``anchor`` is the meeting given by hand, if any."""

    key: str
    parent: str | None = None
    anchor: str | None = None
    title: str = ""


@dataclass(frozen=True)
class Problem:
    """Why a rule has no instant: a code for programs, the key it is about, words for people."""

    code: str
    key: str
    words: Words


@dataclass(frozen=True)
class Resolved:
    """The instant of a rule and the meeting it hangs on (None for a fixed time).

    With a ``blocker`` the instant is the last one known: it stands until staff decide.
    """

    instant: datetime
    anchor: str | None = None
    blocker: Problem | None = None


@dataclass(frozen=True)
class Schedule:
    """The meetings and modules of one course, and its IANA zone. Order does not matter."""

    meetings: tuple[MeetingFact, ...]
    modules: tuple[ModuleFact, ...]
    zone: str

    @cached_property
    def by_key(self) -> dict[str, MeetingFact]:
        """Meetings by key."""
        return {meeting.key: meeting for meeting in self.meetings}

    @cached_property
    def module_by_key(self) -> dict[str, ModuleFact]:
        """Modules by key."""
        return {module.key: module for module in self.modules}

    @cached_property
    def in_order(self) -> tuple[MeetingFact, ...]:
        """Meetings by date and start, cancelled ones left out."""
        held = (meeting for meeting in self.meetings if not meeting.cancelled)
        return tuple(sorted(held, key=lambda meeting: (meeting.day, meeting.starts, meeting.key)))


def resolve(rule: TimeRule, schedule: Schedule, last: Resolved | None = None) -> Resolved | Problem:
    """Return the instant of ``rule``, or why there is none.

    ``last`` is what this same rule resolved to before (None for a new or changed rule). Where its
    anchor has been cancelled, that instant stands and carries the problem as a blocker; a meeting
    that would come next does not silently take the place of the cancelled one.
    """
    if last is not None and last.anchor is not None:
        anchor = schedule.by_key.get(last.anchor)
        if anchor is not None and anchor.cancelled:
            return Resolved(last.instant, last.anchor, _cancelled(anchor))
    try:
        return _resolve(rule, schedule)
    except WallTimeError as error:
        return Problem(f"wall_time_{error.code}", "", error.words)


def module_anchor(module: str, schedule: Schedule) -> MeetingFact | Problem:
    """Return the meeting before whose date a module's report is due, or why there is none.

    It is the first in-class-presentations meeting after the module's last lecture that covers the
    module or, failing that, its nearest ancestor that has one; else the anchor given by hand.
    Cancelled meetings are never found; a cancelled anchor given by hand is a problem.
    """
    fact = schedule.module_by_key.get(module)
    if fact is None:
        return _unknown_module(module)
    lecture = _last_lecture(module, schedule)
    for key in _lineage(module, schedule):
        for meeting in schedule.in_order:
            if (
                meeting.kind is MeetingKind.IN_CLASS_PRESENTATIONS
                and key in meeting.modules
                and (lecture is None or _moment(meeting) > _moment(lecture))
            ):
                return meeting
    if fact.anchor is not None:
        return _meeting(fact.anchor, schedule)
    words = _("No presentations follow the last lecture of “%(module)s”. Name a meeting for it.")
    return Problem("no_anchor", module, Words(words, {"module": fact.title or module}))


def last_lecture(module: str, schedule: Schedule) -> MeetingFact | Problem:
    """Return the last lecture that covers a module or a part of it, or why there is none."""
    fact = schedule.module_by_key.get(module)
    if fact is None:
        return _unknown_module(module)
    lecture = _last_lecture(module, schedule)
    if lecture is None:
        words = _("No lecture covers “%(module)s”.")
        return Problem("no_lecture", module, Words(words, {"module": fact.title or module}))
    return lecture


def rule_words(rule: TimeRule, schedule: Schedule) -> Words:  # noqa: PLR0911 - one return per form
    """Say a rule in words: "end of the lecture on Mon 20 Oct 2025".

    Keys that are not on the schedule are shown as they are.
    """
    match rule:
        case FixedTime(day, at):
            return Words(_("%(day)s at %(time)s"), {"day": day, "time": at})
        case MeetingStart(key):
            return Words(_("start of %(meeting)s"), {"meeting": _meeting_words(key, schedule)})
        case MeetingEnd(key):
            return Words(_("end of %(meeting)s"), {"meeting": _meeting_words(key, schedule)})
        case LastLectureEnd(key):
            module = _module_title(key, schedule)
            return Words(_("end of the last lecture of “%(module)s”"), {"module": module})
        case BeforeMeetingDate(key):
            meeting = _meeting_words(key, schedule)
            return Words(_("before the day of %(meeting)s"), {"meeting": meeting})
        case BeforePresentations(key):
            module = _module_title(key, schedule)
            words = _("before the day of the presentations of “%(module)s”")
            return Words(words, {"module": module})
    return _days_words(rule, schedule)


def _resolve(  # noqa: PLR0911 - one return per form
    rule: TimeRule, schedule: Schedule
) -> Resolved | Problem:
    zone = schedule.zone
    match rule:
        case FixedTime(day, at, fold):
            return Resolved(local_instant(day, at, zone, fold))
        case MeetingStart(key):
            return _at(_meeting(key, schedule), lambda m: local_instant(m.day, m.starts, zone))
        case MeetingEnd(key):
            return _at(_meeting(key, schedule), lambda m: local_instant(m.day, m.ends, zone))
        case LastLectureEnd(key):
            return _at(last_lecture(key, schedule), lambda m: local_instant(m.day, m.ends, zone))
        case BeforeMeetingDate(key):
            return _at(_meeting(key, schedule), lambda m: day_start(m.day, zone))
        case BeforePresentations(key):
            return _at(module_anchor(key, schedule), lambda m: day_start(m.day, zone))
    return _at(
        _meeting(rule.meeting, schedule),
        lambda m: local_instant(m.day + timedelta(days=rule.days), rule.at or m.ends, zone),
    )


def _at(
    found: MeetingFact | Problem, instant: Callable[[MeetingFact], datetime]
) -> Resolved | Problem:
    return found if isinstance(found, Problem) else Resolved(instant(found), found.key)


def _meeting(key: str, schedule: Schedule) -> MeetingFact | Problem:
    meeting = schedule.by_key.get(key)
    if meeting is None:
        words = _("There is no meeting “%(meeting)s”.")
        return Problem("unknown_meeting", key, Words(words, {"meeting": key}))
    return _cancelled(meeting) if meeting.cancelled else meeting


def _cancelled(meeting: MeetingFact) -> Problem:
    words = _("%(meeting)s was cancelled. Choose another meeting or a fixed time.")
    return Problem("anchor_cancelled", meeting.key, Words(words, {"meeting": _kind_words(meeting)}))


def _unknown_module(key: str) -> Problem:
    words = Words(_("There is no module “%(module)s”."), {"module": key})
    return Problem("unknown_module", key, words)


def _last_lecture(module: str, schedule: Schedule) -> MeetingFact | None:
    parts = {key for key in schedule.module_by_key if module in _lineage(key, schedule)}
    lectures = [
        meeting
        for meeting in schedule.in_order
        if meeting.kind is MeetingKind.LECTURE and parts & meeting.modules
    ]
    return lectures[-1] if lectures else None


def _lineage(module: str, schedule: Schedule) -> Iterator[str]:
    """Yield a module, its parent and so on; a loop in the data ends the walk."""
    seen: set[str] = set()
    key: str | None = module
    while key is not None and key not in seen and key in schedule.module_by_key:
        seen.add(key)
        yield key
        key = schedule.module_by_key[key].parent


def _moment(meeting: MeetingFact) -> tuple[date, time]:
    return meeting.day, meeting.starts


def _module_title(key: str, schedule: Schedule) -> str:
    module = schedule.module_by_key.get(key)
    return module.title or key if module else key


def _meeting_words(key: str, schedule: Schedule) -> Words | str:
    meeting = schedule.by_key.get(key)
    return _kind_words(meeting) if meeting else key


_KINDS = {
    MeetingKind.LECTURE: _("the lecture on %(day)s"),
    MeetingKind.HANDS_ON: _("the hands-on meeting on %(day)s"),
    MeetingKind.IN_CLASS_PRESENTATIONS: _("the in-class presentations on %(day)s"),
    MeetingKind.FINAL_PRESENTATIONS: _("the final presentations on %(day)s"),
}


def _kind_words(meeting: MeetingFact) -> Words:
    return Words(_KINDS[meeting.kind], {"day": meeting.day})


def _days_words(rule: DaysAfterMeeting, schedule: Schedule) -> Words:
    words = _("1 day after %(meeting)s") if rule.days == 1 else _("%(days)s days after %(meeting)s")
    after = Words(words, {"days": rule.days, "meeting": _meeting_words(rule.meeting, schedule)})
    if rule.at is None:
        return Words(_("%(after)s, when it ends"), {"after": after})
    return Words(_("%(after)s, at %(time)s"), {"after": after, "time": rule.at})


def every_problem(
    rules: Iterable[TimeRule], schedule: Schedule
) -> tuple[tuple[TimeRule, Problem], ...]:
    """Return each rule that has no instant, with its problem: what blocks activating a course."""
    found = ((rule, resolve(rule, schedule)) for rule in rules)
    return tuple((rule, result) for rule, result in found if isinstance(result, Problem))
