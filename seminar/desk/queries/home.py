"""The first page of a course: what to do next, in one list, most urgent first."""

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from courses.models import Announcement, Course, Meeting, Membership
from presentations.models import Presentation, Presenter
from seminar.accounts.models import User


@dataclass(frozen=True)
class Step:
    """One thing to do or to know: a link, a word of the vocabulary, and when it matters."""

    title: str
    url: str
    action: str
    status: str = ""
    at: datetime | None = None
    is_deadline: bool = False
    note: str = ""


@dataclass(frozen=True)
class HomePage:
    """What a role sees first. ``steps`` is never hidden below anything else."""

    heading: str
    nothing: str
    steps: list[Step] = field(default_factory=list)
    talks: list[Presentation] = field(default_factory=list)
    next_meeting: Meeting | None = None
    announcements: list[Announcement] = field(default_factory=list)


def memberships_of(user: User | AnonymousUser) -> list[Membership]:
    """Return a person's courses in whatever state, but the ones left behind. One query."""
    if isinstance(user, AnonymousUser):
        return []
    gone = (Membership.State.DECLINED, Membership.State.WITHDRAWN)
    rows = Membership.objects.filter(user=user).exclude(state__in=gone)
    return list(rows.select_related("course").order_by("course__title"))


def open_courses(*, without: list[Membership]) -> QuerySet[Course]:
    """Return the active courses a person is not in. One query."""
    known = [membership.course_id for membership in without]
    return Course.objects.filter(state=Course.State.ACTIVE).exclude(pk__in=known)
