"""Jobs of the outbox."""

from celery import shared_task

from seminar.lib import clock
from seminar.notifications import actions


@shared_task(name="notifications.deliver")
def deliver() -> None:
    """Beat, every 5 seconds. Send what is due; safe to run twice at once."""
    actions.deliver(now=clock.now)
