"""Jobs of presentations."""

from celery import shared_task

from presentations import actions
from seminar.lib import clock


@shared_task(name="presentations.offer_free_places")
def offer_free_places() -> None:
    """Beat, each minute. End what is over and offer what is free; safe to run twice at once."""
    actions.offer_all_free_places(clock.now())
