"""What happens next, over all courses of a person."""

from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from assignments.models import Assignment
from courses.models import Meeting, Membership
from presentations.models import PreferenceRound
from seminar.accounts.models import User


class Moment(NamedTuple):
    """One instant worth jumping to: what happens then, in words."""

    at: datetime
    words: str
    zone: str


def is_staff_anywhere(user: User | AnonymousUser) -> bool:
    """Say whether somebody teaches in any course, or runs the installation. One query at most."""
    if isinstance(user, AnonymousUser):
        return False
    return user.is_superuser or Membership.objects.active().staff().filter(user=user).exists()


def zone_of(user: User | AnonymousUser) -> str:
    """Return the zone to show site-wide times in: of the person's first course, else UTC."""
    if isinstance(user, AnonymousUser):
        return "UTC"
    first = Membership.objects.active().filter(user=user).select_related("course").first()
    return user.zone or (first.course.zone if first else "UTC")


def demo_moments(user: User | AnonymousUser, *, at: datetime) -> list[Moment]:
    """Return what happens after ``at`` in the courses of a person, in order, ten at most."""
    if isinstance(user, AnonymousUser):
        return []
    courses = Membership.objects.active().filter(user=user).values("course")
    moments = [
        Moment(instant, words % {"title": row.title}, row.course.zone)
        for rows, told in (
            (
                PreferenceRound.objects.filter(course__in=courses),
                (("opens_at", _("%(title)s opens")), ("closes_at", _("%(title)s closes"))),
            ),
            (
                Assignment.objects.filter(course__in=courses),
                (("opens_at", _("%(title)s opens")), ("closes_at", _("%(title)s closes"))),
            ),
            (
                Meeting.objects.filter(course__in=courses, cancelled_at=None),
                (("starts_at", _("%(title)s starts")), ("ends_at", _("%(title)s ends"))),
            ),
        )
        for row in rows.select_related("course")
        for name, words in told
        if (instant := getattr(row, name)) > at
    ]
    return sorted(moments)[:10]
