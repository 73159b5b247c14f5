"""Moving the demo's clock."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from seminar.accounts.actions import audit
from seminar.accounts.models import User
from seminar.lib import clock
from seminar.lib.errors import Refused

FURTHEST = timedelta(days=3660)


@transaction.atomic
def set_clock(to: datetime, *, by: User, at: datetime) -> None:
    """Let the demo's clock show ``to`` from now on; ``at`` is what it showed until now.

    Locks nothing, queues nothing; web and worker follow at their next reading.
    Raises Refused("not_demo", 404) outside the demo, Refused("clock_too_far", 422).
    """
    if not settings.DEMO:
        raise Refused("not_demo", _("Only the demo has a clock that can be moved."), status=404)
    ahead = to - (at - clock.offset())
    if abs(ahead) > FURTHEST:
        raise Refused("clock_too_far", _("Choose a time within ten years of today."), status=422)
    audit("set_clock", at=at, actor=by, subject="clock", before=at, after=to)
    clock.set_offset(ahead)
