"""Jobs of assignments."""

from celery import shared_task

from assignments import actions
from seminar.lib import clock


@shared_task(name="assignments.submit_complete_drafts")
def submit_complete_drafts() -> None:
    """Beat, every 60 seconds. Settle drafts whose deadline has passed; safe to run twice at once."""
    actions.submit_complete_drafts(at=clock.now())
