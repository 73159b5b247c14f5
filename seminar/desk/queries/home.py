"""The first page of a course: what to do next, in one list, most urgent first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from courses.models import Announcement, Course, Meeting, Membership
from grading.queries import facts_of, late_joiners_in, queue_in, staff_standings
from seminar.accounts.models import User
from seminar.desk.queries.steps import (
    Step,
    allocation_steps,
    attendance_steps,
    entrance_of,
    grading_steps,
    late_joiner_steps,
    people_steps,
    release_steps,
    round_steps,
    talk_steps,
    unplaced_steps,
    work_steps,
)


@dataclass(frozen=True)
class HomePage:
    """What a role sees first. ``steps`` is never hidden below anything else."""

    heading: str
    nothing: str
    steps: list[Step] = field(default_factory=list)
    next_meeting: Meeting | None = None
    announcements: list[Announcement] = field(default_factory=list)


def memberships_of(user: User | AnonymousUser) -> list[Membership]:
    """Return a person's courses in whatever state, but the ones left behind. One query."""
    if isinstance(user, AnonymousUser):
        return []
    gone = (Membership.State.DECLINED, Membership.State.WITHDRAWN)
    rows = Membership.objects.filter(user=user).exclude(state__in=gone)
    return list(rows.select_related("course").order_by("course__title"))


def staffs_any_course(user: User | AnonymousUser) -> bool:
    """Say whether somebody is active staff anywhere. One query."""
    if isinstance(user, AnonymousUser):
        return False
    staff = Membership.objects.filter(user=user, role__in=Membership.STAFF)
    return staff.filter(state=Membership.State.ACTIVE).exists()


def open_courses(*, without: list[Membership]) -> QuerySet[Course]:
    """Return the active courses a person is not in. One query."""
    known = [membership.course_id for membership in without]
    return Course.objects.filter(state=Course.State.ACTIVE).exclude(pk__in=known)


def student_home(membership: Membership, *, at: datetime) -> HomePage:
    """Return what a student does next: rank, write, present; then what is known already.

    Nine queries at any size.
    """
    course = membership.course
    steps = [*round_steps(membership, at=at), *work_steps(membership, at=at)]
    steps.extend(talk_steps(membership, at=at))
    return HomePage(
        heading=_("Hello %(name)s") % {"name": membership.user.get_short_name()},
        nothing=_("Nothing is due. Your next meeting is below."),
        steps=steps,
        next_meeting=next_meeting(course, at=at),
        announcements=latest_news(course, at=at),
    )


def auditor_home(membership: Membership, *, at: datetime) -> HomePage:
    """Return what an auditor reads; auditors hand in nothing. Two queries."""
    course = membership.course
    return HomePage(
        heading=_("Hello %(name)s") % {"name": membership.user.get_short_name()},
        nothing=_("You read along: schedule, papers and talks are open to you."),
        next_meeting=next_meeting(course, at=at),
        announcements=latest_news(course, at=at),
    )


def ta_home(membership: Membership, *, at: datetime) -> HomePage:
    """Return what waits for a TA: grading first, then attendance. Eight queries at any size."""
    course = membership.course
    facts = facts_of(course)
    queue = queue_in(facts, staff_standings(facts, at=at), at=at)
    return HomePage(
        heading=_("Hello %(name)s") % {"name": membership.user.get_short_name()},
        nothing=_("Nothing waits for you."),
        steps=[*grading_steps(course, queue), *attendance_steps(facts.rows, at=at)],
        next_meeting=first_to_end(facts.rows.meetings, at=at),
        announcements=latest_news(course, at=at),
    )


def instructor_home(membership: Membership, *, at: datetime) -> HomePage:
    """Return what needs an instructor: people, allocation, then everything a TA sees.

    Nine queries at any size.
    """
    course = membership.course
    facts = facts_of(course)
    judged = staff_standings(facts, at=at)
    queue = queue_in(facts, judged, at=at)
    entrance = entrance_of(course)
    steps = [
        *people_steps(course, entrance),
        *allocation_steps(course, entrance, at=at),
        *unplaced_steps(facts.rows, entrance),
        *late_joiner_steps(course, late_joiners_in(facts, judged)),
        *grading_steps(course, queue),
        *release_steps(course, queue),
        *attendance_steps(facts.rows, at=at),
    ]
    return HomePage(
        heading=_("Hello %(name)s") % {"name": membership.user.get_short_name()},
        nothing=_("Nothing needs you today."),
        steps=steps,
        next_meeting=first_to_end(facts.rows.meetings, at=at),
        announcements=latest_news(course, at=at),
    )


def next_meeting(course: Course, *, at: datetime) -> Meeting | None:
    """Return the meeting that takes place next, or now. One query."""
    # The local day may be one behind the day in UTC.
    meetings = list(course.meetings.filter(date__gte=at.date() - timedelta(days=1)))
    for meeting in meetings:
        meeting.course = course
    return first_to_end(meetings, at=at)


def first_to_end(meetings: Iterable[Meeting], *, at: datetime) -> Meeting | None:
    """Return the first of the meetings, which are in order of time, that is not over. No query."""
    return next((m for m in meetings if m.cancelled_at is None and m.ends_at > at), None)


def latest_news(course: Course, *, at: datetime) -> list[Announcement]:
    """Return what was announced last. One query."""
    return list(course.announcements.filter(published_at__lte=at)[:3])
