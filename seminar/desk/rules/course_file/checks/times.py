"""Meetings happen at times that exist, one after the other; what opens closes later."""

from collections.abc import Iterator
from datetime import datetime

from courses.rules import (
    FixedTime,
    Problem,
    Schedule,
    WallTimeError,
    local_instant,
    parse_rule,
    resolve,
)
from seminar.desk.rules.course_file import schema
from seminar.desk.rules.course_file.draft import Draft, Found, Row
from seminar.desk.rules.course_file.problems import Path, did_you_mean

UNKNOWN = frozenset({"unknown_meeting", "unknown_module"})


def check_meetings(draft: Draft) -> Iterator[Found]:
    """Refuse a meeting without times, one that ends before it starts, a time clocks skip."""
    for row in draft.meetings:
        meeting = schema.completed(row.part, draft.defaults)
        for name in ("starts", "ends"):
            if getattr(meeting, name) is None:
                rule = f"Neither the meeting nor `meeting_defaults` says when it {name}."
                yield Found((*row.path, name), "missing", rule)
        if meeting.starts is None or meeting.ends is None:
            continue
        if meeting.ends <= meeting.starts:
            rule = f"It starts at {meeting.starts:%H:%M}; it has to end later on the same day."
            yield Found(_own(row, "ends"), "ends_before_start", rule, value=f"{meeting.ends:%H:%M}")
        for name, at in (("starts", meeting.starts), ("ends", meeting.ends)):
            found = _wall_time(_own(row, name), FixedTime(meeting.date, at), draft.zone)
            if found:
                yield found


def check_overlaps(draft: Draft) -> Iterator[Found]:
    """Refuse two meetings at the same time."""
    timed = [(row, schema.completed(row.part, draft.defaults)) for row in draft.meetings]
    held = sorted(
        (meeting.date, meeting.starts, meeting.ends, row.path, meeting.key)
        for row, meeting in timed
        if meeting.starts and meeting.ends and meeting.starts < meeting.ends
    )
    last = held[:1]
    for this in held[1:]:
        (that,) = last
        if this[0] == that[0] and this[1] < that[2]:
            earlier, later = sorted((that, this), key=lambda meeting: meeting[3][-1])
            rule = f"It overlaps with meeting `{earlier[4]}`."
            yield Found((*later[3], "date"), "overlap", rule)
        last = [max(this, that, key=lambda meeting: (meeting[0], meeting[2]))]


def check_openings(draft: Draft) -> Iterator[Found]:
    """Refuse an opening or closing that has no instant, and a closing not after its opening."""
    schedule = draft.schedule()
    if schedule is None:
        return
    dated: tuple[Row[schema.Round] | Row[schema.Assignment], ...]
    dated = (*draft.rounds, *draft.assignments)
    for row in dated:
        opens = _resolved((*row.path, "opens"), row.part.opens, schedule, draft)
        closes = _resolved((*row.path, "closes"), row.part.closes, schedule, draft)
        for result in (opens, closes):
            if isinstance(result, Found):
                yield result
        if isinstance(opens, datetime) and isinstance(closes, datetime) and closes <= opens:
            rule = f"It opens at {_shown(opens)} and would close at {_shown(closes)}."
            yield Found((*row.path, "closes"), "closes_before_opening", rule)


def check_announcement_times(draft: Draft) -> Iterator[Found]:
    """Refuse an announcement published at a time that clocks skip, or at one of two times."""
    for row in draft.announcements:
        found = _wall_time((*row.path, "published"), row.part.published, draft.zone)
        if found:
            yield found


def _own(row: Row[schema.Meeting], name: str) -> Path:
    """Return where a time of a meeting is written: at the meeting itself, or by its date."""
    return (*row.path, name if getattr(row.part, name) is not None else "date")


def _wall_time(path: Path, moment: FixedTime, zone: str | None) -> Found | None:
    if zone is None:
        return None
    try:
        local_instant(moment.day, moment.at, zone, moment.fold)
    except WallTimeError as error:
        value = f"{moment.day} {moment.at:%H:%M}"
        return Found(path, f"wall_time_{error.code}", error.words.plain(), value=value)
    return None


def _resolved(path: Path, text: str, schedule: Schedule, draft: Draft) -> datetime | Found | None:
    """Return the instant of a rule, what is wrong with it, or None if that is not knowable yet."""
    result = resolve(parse_rule(text), schedule)
    if not isinstance(result, Problem):
        return result.instant
    known = {*draft.meetings.keys, *draft.modules.keys}
    whole = draft.meetings.complete and draft.modules.complete
    timed = len(schedule.meetings) == len(draft.meetings.rows)
    if not (whole and timed) and (result.code not in UNKNOWN or result.key in known):
        return None
    return Found(path, result.code, result.words.plain(), _near(result, draft))


def _near(problem: Problem, draft: Draft) -> str:
    section = {"unknown_meeting": draft.meetings, "unknown_module": draft.modules}.get(problem.code)
    return did_you_mean(problem.key, list(section.keys)) if section else ""


def _shown(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
