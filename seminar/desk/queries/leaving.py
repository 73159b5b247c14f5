"""Reads about what somebody leaves behind with a course."""

from datetime import datetime

from courses.models import Membership
from presentations.models import Presenter
from presentations.queries.changes import leave_refusal, presenters_of


def talks_to_come(membership: Membership, at: datetime) -> list[Presenter]:
    """Return the places that somebody would give up by leaving the course at ``at``. One query."""
    rows = presenters_of(membership.course).filter(membership=membership, ended_at__isnull=True)
    return [place for place in rows if leave_refusal(place, at, with_course=True) is None]
