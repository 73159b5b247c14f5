"""Writes about people: the audit log, answered requests, the own account."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from seminar.accounts.models import AuditEntry, Nonce, User
from seminar.lib.errors import Refused


def audit(  # noqa: PLR0913 - the facts of one entry
    verb: str,
    *,
    at: datetime,
    actor: User | None,
    subject: str,
    course_slug: str = "",
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> AuditEntry:
    """Write down one thing that was done. Call inside the transaction that does it.

    ``actor`` is None for jobs. ``before`` and ``after`` are JSON; never put a password, a token or
    a file's content there.
    """
    return AuditEntry.objects.create(
        at=at,
        actor=actor,
        verb=verb,
        subject=subject[:120],
        course_slug=course_slug,
        before=before,
        after=after,
        reason=reason,
    )


def once(
    nonce: str,
    *,
    user: User,
    verb: str,
    body: Any,
    at: datetime,
    do: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Do something at most once per nonce; a repetition gets the first answer again.

    Call inside the action's transaction, after the contested row is locked: the lock also keeps two
    equal requests apart, and the unique (user, nonce) catches what no lock covers: what this
    request did is then taken back with its transaction. ``body`` is what was asked for, as JSON;
    ``do`` returns the answer, as JSON. An empty nonce means "no protection asked for" (commands,
    imports).

    Raises Refused: "nonce_malformed" (422) for what no form of ours sends, "nonce_reused" (422) for
    the same nonce with another verb or body, "busy" (409) for an equal request that was answered
    while this one ran.
    """
    if not nonce:
        return do()
    if not (8 <= len(nonce) <= 64 and nonce.isprintable()):
        raise Refused("nonce_malformed", _("Reload the page and send the form again."), status=422)
    canonical = json.dumps([verb, body], sort_keys=True, cls=DjangoJSONEncoder)
    body_hash = hashlib.sha256(canonical.encode()).hexdigest()
    seen = Nonce.objects.filter(user=user, nonce=nonce).first()
    if seen is None:
        answer = do()
        _remember(
            Nonce(
                user=user, nonce=nonce, verb=verb, body_hash=body_hash, answer=answer, created_at=at
            )
        )
        return answer
    _need_same_body(seen, body_hash)
    answer = seen.answer
    assert isinstance(answer, dict)
    return answer


def _remember(answered: Nonce) -> None:
    """Store an answer, unless another request with this nonce was quicker."""
    try:
        with transaction.atomic():
            answered.save()
    except IntegrityError:
        quicker = Nonce.objects.get(user=answered.user, nonce=answered.nonce)
        _need_same_body(quicker, answered.body_hash)
        raise Refused(
            "busy", _("This is being done already. Reload the page to see what came of it.")
        ) from None


def _need_same_body(seen: Nonce, body_hash: str) -> None:
    if seen.body_hash != body_hash:
        raise Refused(
            "nonce_reused",
            _("This form was already sent with other content. Reload the page and send it again."),
            status=422,
        )


@transaction.atomic
def update_account(user: User, *, name: str, zone: str, at: datetime) -> User:
    """Change the name a person goes by and the zone they read times in. Locks the user row."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    before = {"name": locked.name, "zone": locked.zone}
    locked.name, locked.zone = name, zone
    locked.save(update_fields=["name", "zone"])
    audit(
        "update_account",
        at=at,
        actor=user,
        subject=f"user {locked.code}",
        before=before,
        after={"name": name, "zone": zone},
    )
    return locked


@transaction.atomic
def set_rights(
    user: User, *, is_active: bool, may_create_courses: bool, by: User, at: datetime
) -> User:
    """Close or reopen an account, and say whether it may create courses. Locks the user row.

    Operators only. Raises Refused("own_account", status 422) for closing one's own account.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked == by and not is_active:
        raise Refused("own_account", _("You cannot close your own account."), status=422)
    before = {"is_active": locked.is_active, "may_create_courses": locked.may_create_courses}
    after = {"is_active": is_active, "may_create_courses": may_create_courses}
    if before == after:
        return locked
    locked.is_active, locked.may_create_courses = is_active, may_create_courses
    locked.save(update_fields=list(after))
    audit("set_rights", at=at, actor=by, subject=f"user {locked.code}", before=before, after=after)
    return locked
