"""Jobs of courses."""

from celery import shared_task

from courses import actions
from seminar.lib import clock


@shared_task(name="courses.forget_tables")
def forget_tables() -> int:
    """Beat, every 60 seconds. Delete uploaded files of days past; safe to run twice at once."""
    return actions.forget_tables(at=clock.now())
