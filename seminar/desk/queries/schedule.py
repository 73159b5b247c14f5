"""The schedule: meetings with what is taught, presented and due."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from assignments.models import Assignment
from courses.models import Course, Meeting
from presentations.models import Presentation, Presenter


@dataclass(frozen=True)
class Row:
    """One meeting on the schedule. ``status`` is a word of the vocabulary."""

    meeting: Meeting
    status: str
    talks: list[Presentation] = field(default_factory=list)
    due: list[Assignment] = field(default_factory=list)


def schedule_rows(course: Course, *, at: datetime, with_people: bool) -> list[Row]:
    """Return the meetings in order, each with its talks and what is due before it.

    ``with_people`` adds the presenters; strangers never get names. A constant number of queries
    (tests: 5 for strangers, 6 for members).
    """
    meetings = list(course.meetings.prefetch_related("modules", "led_by__user"))
    for meeting in meetings:
        meeting.course = course
    talks = defaultdict(list)
    for talk in talks_of(course, with_people=with_people):
        talks[talk.meeting_id].append(talk)
    due = due_before(meetings, list(course.assignments.all()))
    return [
        Row(meeting, status_of(meeting, at=at), talks[meeting.pk], due[meeting.pk])
        for meeting in meetings
    ]


def talks_of(course: Course, *, with_people: bool) -> list[Presentation]:
    """Return the published talks in running order, with presenters where asked for."""
    talks = course.presentations.filter(cancelled_at=None).select_related("paper")
    if with_people:
        live = Presenter.objects.live().select_related("membership__user")
        talks = talks.prefetch_related(Prefetch("presenters", live, to_attr="people"))
    return list(talks)


def due_before(
    meetings: list[Meeting], assignments: list[Assignment]
) -> dict[int, list[Assignment]]:
    """Hang each deadline on the first meeting that ends after it; later ones on the last."""
    due: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in assignments:
        after = [meeting for meeting in meetings if meeting.ends_at >= assignment.closes_at]
        if meetings:
            due[(after or meetings[-1:])[0].pk].append(assignment)
    return due


def status_of(meeting: Meeting, *, at: datetime) -> str:
    """Say where a meeting stands on its local day: cancelled, done, today or planned."""
    if meeting.cancelled_at:
        return "cancelled"
    if meeting.ends_at <= at:
        return "done"
    today: date = at.astimezone(ZoneInfo(meeting.course.zone)).date()
    return "today" if meeting.date == today else "planned"
