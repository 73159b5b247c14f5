"""Jobs of the outbox."""

from threading import Lock

from celery import shared_task

from seminar.lib import clock
from seminar.notifications import actions

# One mail at a time is under way in a process, so that its end doubles one at most (PRODUCT 3.6).
_under_way = Lock()


@shared_task(name="notifications.deliver")
def deliver() -> None:
    """Beat, every 5 seconds. Send what is due; safe to run twice at once.

    While another thread of this process delivers, there is nothing to do: that one goes on until
    nothing is due.
    """
    if _under_way.acquire(blocking=False):
        try:
            actions.deliver(now=clock.now)
        finally:
            _under_way.release()
