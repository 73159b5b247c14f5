"""Jobs that span apps."""

from celery import shared_task

from seminar.desk.actions.reminders import plan_reminders as plan
from seminar.lib import clock


@shared_task(name="desk.plan_reminders")
def plan_reminders() -> None:
    """Beat, each minute. Write the reminders that are due; safe to run twice at once."""
    plan(at=clock.now())
