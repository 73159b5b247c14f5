"""The way back for staff who lost phone and recovery codes: an operator removes the factor."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from seminar.accounts.actions import audit
from seminar.accounts.models import User
from seminar.lib.errors import Refused
from seminar.lib.scopes import STAFF_SCOPES
from seminar.notifications.actions import enqueue


@transaction.atomic
def reset_second_factor(address: str, *, reason: str, at: datetime) -> User:
    """Remove a person's apps, keys and recovery codes, so that they set up new ones. Locks the user.

    Sessions that were opened with them lose staff rights with the next request; tokens with a scope
    of staff end, since each was made by showing a factor. Locks these too. Queues
    ``accounts/mail/second_factor_reset`` to the person: who did not ask for it must hear of it.

    Raises Refused: "unknown_person" (404) for an address without an account, "reason_missing"
    (422), "no_second_factor" (409) where there is nothing to remove.
    """
    user = User.objects.select_for_update().filter(email=address.strip().lower()).first()
    if user is None:
        raise Refused("unknown_person", _("There is no account with this address."), status=404)
    if not reason.strip():
        raise Refused("reason_missing", _("Say why; it is kept in the audit log."), status=422)
    factors = Authenticator.objects.filter(user_id=user.pk)
    kinds = sorted(factors.values_list("type", flat=True))
    if not kinds:
        raise Refused("no_second_factor", _("This account has no second factor."))
    factors.delete()
    ended = _end_staff_tokens(user, at=at)
    entry = audit(
        "reset_second_factor",
        at=at,
        actor=None,
        subject=f"user {user.code}",
        before={"factors": kinds},
        after={"factors": [], "ended_tokens": ended},
        reason=reason,
    )
    enqueue(
        "accounts/mail/second_factor_reset",
        key=f"second_factor_reset:{entry.pk}",
        to=user,
        at=at,
        context={},
    )
    return user


def _end_staff_tokens(user: User, *, at: datetime) -> list[str]:
    """End a person's tokens that carry a scope of staff; return their codes."""
    live = user.api_tokens.select_for_update().filter(revoked_at=None)
    staff = [token.code for token in live if STAFF_SCOPES.intersection(token.scope_list)]
    user.api_tokens.filter(code__in=staff).update(revoked_at=at)
    return sorted(staff)
