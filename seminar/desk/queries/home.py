"""The first page of a course: what to do next, in one list, most urgent first."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from courses.models import Announcement, Course, Meeting, Membership
from grading.queries import (
    facts_of,
    late_joiners_in,
    queue_in,
    queue_of,
    staff_standings,
)
from seminar.accounts.models import User
from seminar.desk.queries.steps import (
    Step,
    allocation_steps,
    attendance_steps,
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
    """Return what a student does next: rank, write, present; then what is known already."""
    course = membership.course
    steps = [*round_steps(membership, at=at), *work_steps(membership, at=at)]
    steps.extend(talk_steps(membership, at=at))
    return HomePage(
        heading=_("Hello %(name)s") % {"name": membership.user.get_short_name()},
        nothing=_("Nothing is due. Your next meeting is below."),
        steps=steps,
        **around(course, at=at),
    )


def auditor_home(membership: Membership, *, at: datetime) -> HomePage:
    """Return what an auditor reads; auditors hand in nothing."""
    return HomePage(
        heading=_("Hello %(name)s") % {"name": membership.user.get_short_name()},
        nothing=_("You read along: schedule, papers and talks are open to you."),
        **around(membership.course, at=at),
    )


def ta_home(membership: Membership, *, at: datetime) -> HomePage:
    """Return what waits for a TA: grading first, then attendance."""
    course = membership.course
    return HomePage(
        heading=_("Hello %(name)s") % {"name": membership.user.get_short_name()},
        nothing=_("Nothing waits for you."),
        steps=[*grading_steps(course, queue_of(course, at=at)), *attendance_steps(course, at=at)],
        **around(course, at=at),
    )


def instructor_home(membership: Membership, *, at: datetime) -> HomePage:
    """Return what needs an instructor: people, allocation, then everything a TA sees."""
    course = membership.course
    facts = facts_of(course)
    judged = staff_standings(facts, at=at)
    queue = queue_in(facts, judged, at=at)
    steps = [
        *people_steps(course),
        *allocation_steps(course, at=at),
        *unplaced_steps(course),
        *late_joiner_steps(course, late_joiners_in(facts, judged)),
        *grading_steps(course, queue),
        *release_steps(course, queue),
        *attendance_steps(course, at=at),
    ]
    return HomePage(
        heading=_("Hello %(name)s") % {"name": membership.user.get_short_name()},
        nothing=_("Nothing needs you today."),
        steps=steps,
        **around(course, at=at),
    )


def around(course: Course, *, at: datetime) -> dict[str, Any]:
    """Return what stands on every home: the next meeting and the latest news. Two queries."""
    meetings = course.meetings.filter(cancelled_at=None, date__gte=at.date() - timedelta(days=1))
    coming = []
    for meeting in meetings[:3]:
        meeting.course = course
        if meeting.ends_at > at:
            coming.append(meeting)
    news = course.announcements.filter(published_at__lte=at)[:3]
    return {"next_meeting": coming[0] if coming else None, "announcements": list(news)}
