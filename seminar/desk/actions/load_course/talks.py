"""The talks of a course whose meetings move: whether they still fit, and whom it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from courses.models import Course, Membership
from presentations.queries import MeetingTalks, Talk, talks_by_meeting
from presentations.rules import TalkTime, used_minutes
from seminar.desk.actions.load_course.context import Load
from seminar.notifications.actions import enqueue


@dataclass(frozen=True)
class MovedTalk:
    """A talk that begins at another time, and the names of those who present it.

    ``told`` of them get a mail: active students, unless the talk is over by both times or its
    meeting is cancelled.
    """

    code: str
    title: str
    before: datetime
    after: datetime
    presenters: tuple[str, ...]
    told: int


@dataclass(frozen=True)
class Plan:
    """All live talks of a course at one moment: by code, and how they fill their meetings.

    ``minutes`` are, by key of the meeting, how many the talks take and how many there are.
    """

    talks: Mapping[str, Talk]
    minutes: Mapping[str, tuple[int, int]]


class Move(NamedTuple):
    """A talk as it is now, and when it began before."""

    talk: Talk
    before: datetime


def plan_of(course: Course | None) -> Plan:
    """Read when each talk begins, as the course is now. Two queries."""
    meetings = talks_by_meeting(course) if course else []
    talks = {talk.presentation.code: talk for found in meetings for talk in found.talks}
    return Plan(talks, {found.meeting.key: _minutes(found) for found in meetings})


def _minutes(found: MeetingTalks) -> tuple[int, int]:
    times = [
        TalkTime(talk.presentation.minutes, talk.presentation.changeover_minutes)
        for talk in found.talks
    ]
    return used_minutes(times), found.meeting.minutes


def check_talks_fit(load: Load, before: Plan, after: Plan) -> None:
    """Refuse a meeting that becomes too short for the talks it has. Source: PRODUCT 3.3.4."""
    for index, part in enumerate(load.file.meetings):
        used, minutes = after.minutes.get(part.key, (0, 0))
        _used, were = before.minutes.get(part.key, (0, minutes))
        if used > minutes and minutes != were:
            words = _("Its talks take %(used)s minutes; it would have %(minutes)s.")
            rule = words % {"used": used, "minutes": minutes}
            load.ledger.refuse(("meetings", index, "ends"), "talks_do_not_fit", part.key, rule)


def moved_talks(before: Plan, after: Plan, *, at: datetime) -> tuple[MovedTalk, ...]:
    """Return the talks that begin at another time, in order of the new time. No query."""
    found = [
        MovedTalk(
            code=code,
            title=str(talk.presentation),
            before=before.talks[code].starts_at,
            after=talk.starts_at,
            presenters=tuple(row.membership.user.name for row in talk.presenters),
            told=len(_told(before.talks[code], talk, at)),
        )
        for code, talk in after.talks.items()
        if code in before.talks and before.talks[code].starts_at != talk.starts_at
    ]
    return tuple(sorted(found, key=lambda row: (row.after, row.code)))


def tell_presenters(load: Load, before: Plan, after: Plan, *, key: str) -> int:
    """Tell each presenter once which talks begin when now; return how many are told.

    Call inside the transaction that moves them. ``key`` names this load and no other. Queues
    ``desk/mail/talks_moved``.
    """
    moves: dict[Membership, list[Move]] = {}
    for row in moved_talks(before, after, at=load.at):
        talk = after.talks[row.code]
        for member in _told(before.talks[row.code], talk, load.at):
            moves.setdefault(member, []).append(Move(talk, row.before))
    for member, found in moves.items():
        enqueue(
            "desk/mail/talks_moved",
            key=f"{key}-{member.code}",
            to=member.user,
            at=load.at,
            context={"course": load.course, "moves": found},
            course_slug=load.course.slug,
        )
    return len(moves)


def _told(before: Talk, after: Talk, at: datetime) -> list[Membership]:
    """Return whom a move is news to: nobody once the talk is over, or while nothing takes place."""
    if max(before.ends_at, after.ends_at) <= at or after.presentation.meeting.cancelled_at:
        return []
    people = (row.membership for row in after.presenters)
    return [one for one in people if one.state == Membership.State.ACTIVE and one.user.is_active]
