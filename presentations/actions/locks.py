"""The two locks of this app. Each is taken as the first statement of its action.

Order: round before course. SQLite has no row locks; there BEGIN IMMEDIATE, which every
transaction starts with, keeps writers apart.
"""

from courses.models import Course, Membership
from presentations.models import PreferenceRound


def locked_round(round_id: int) -> PreferenceRound:
    """Lock a round and return it as it is under the lock: whoever has it owns the queue."""
    rounds = PreferenceRound.objects.select_related("course").select_for_update(of=("self",))
    return rounds.get(pk=round_id)


def locked_talks(course_id: int) -> Course:
    """Lock the talks of a course: who presents what, and the order and time of meetings.

    NO KEY UPDATE, so that rows which merely point to the course can still be written.
    """
    return Course.objects.select_for_update(no_key=True).get(pk=course_id)


def current(membership: Membership) -> Membership:
    """Return a membership as it stands now: its role and state decide under the lock."""
    return Membership.objects.select_related("user").get(pk=membership.pk)
