"""Writes about people: the audit log, answered requests, the own account."""

import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from seminar.accounts import rules
from seminar.accounts.models import ApiToken, AuditEntry, Nonce, User
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
    if not (8 <= len(nonce) <= 64 and nonce.isascii() and nonce.isprintable()):
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
def confirm_only_address(user: User, *, at: datetime) -> bool:
    """Note that a person reads the mail of their one address; return whether that was new.

    For a password set by a mailed link. People of a roster have an address nobody confirmed, and
    would have to follow a second link to the same mailbox. Whoever wrote down another address
    still has to confirm it: the link does not tell to which one it went. Locks the user row.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    others = EmailAddress.objects.filter(user=locked).exclude(email=locked.email)
    confirmed = EmailAddress.objects.filter(email=locked.email, verified=True)
    if others.exists() or confirmed.exists():
        return False
    EmailAddress.objects.update_or_create(
        user=locked, email=locked.email, defaults={"verified": True, "primary": True}
    )
    audit("confirm_address", at=at, actor=user, subject=f"user {locked.code}")
    return True


@transaction.atomic
def set_rights(
    user: User, *, is_active: bool, may_create_courses: bool, by: User, at: datetime
) -> User:
    """Close or reopen an account, and say whether it may create courses. Locks the user row.

    Closing ends the person's sessions and API tokens: an account opened again starts without any.
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
    if not is_active:
        revoke_tokens_of(locked, at=at, reason="account closed", by=by)
        end_sessions_of([locked])
    return locked


def end_sessions_of(users: Collection[User]) -> int:
    """Sign people out everywhere; return how many sessions that ended. Reads every session."""
    ids = {str(user.pk) for user in users}
    if not ids:
        return 0
    keys = [
        session.session_key
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) in ids
    ]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


@transaction.atomic
def take_back_claims(names: Mapping[int, str], *, by: User | None, at: datetime) -> list[User]:
    """Take accounts from whoever typed somebody else's address at sign-up; return them by id.

    For people whom a file names and whose address nobody ever confirmed: password, sessions,
    tokens and links to confirm end, and the name is the file's. Who reads the mail of the address
    comes in by resetting the password. ``names`` by id of the user. Locks the user rows.
    """
    users = list(User.objects.select_for_update().filter(pk__in=names).order_by("pk"))
    if not users:
        return users
    for user in users:
        user.name = names[user.pk]
        user.set_unusable_password()
    User.objects.bulk_update(users, ["name", "password"], batch_size=200)
    EmailAddress.objects.filter(user__in=users, verified=False).delete()
    ApiToken.objects.filter(user__in=users, revoked_at=None).update(revoked_at=at)
    end_sessions_of(users)
    for user in users:
        audit("take_back_claim", at=at, actor=by, subject=f"user {user.code}")
    return users


# --- Tokens ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewToken:
    """A token that was made. ``text`` is what a script sends: known here and never again.

    It is empty where the same request was sent before: then its first answer showed it.
    """

    token: ApiToken
    text: str


@transaction.atomic
def create_token(
    user: User, *, name: str, scopes: Sequence[str], expires_at: datetime, at: datetime, nonce: str
) -> NewToken:
    """Make a token for a person's scripts. Locks the user row.

    ``expires_at`` is an aware instant, exclusive, at most 366 days ahead. Neither the audit entry
    nor the remembered answer holds the secret.

    Raises Refused (422): "no_scope" for none, "expiry" for a time that has passed or is too far,
    and what ``once`` raises.
    """
    User.objects.select_for_update().get(pk=user.pk)
    facts: dict[str, Any] = {
        "name": name,
        "scopes": rules.scopes_text(scopes),
        "expires_at": expires_at,
    }
    made: list[str] = []

    def do() -> dict[str, Any]:
        refuse_token(facts["scopes"], expires_at=expires_at, at=at)
        secret = secrets.token_urlsafe(rules.SECRET_BYTES)
        token = ApiToken.objects.create(
            user=user, digest=rules.digest_of(secret), created_at=at, **facts
        )
        made.append(rules.token_text(token.code, secret))
        audit("create_token", at=at, actor=user, subject=f"token {token.code}", after=facts)
        return {"code": token.code}

    done = once(nonce, user=user, verb="create_token", body=facts, at=at, do=do)
    return NewToken(user.api_tokens.get(code=done["code"]), "".join(made))


def refuse_token(scopes: str, *, expires_at: datetime, at: datetime) -> None:
    """Refuse a token that could do nothing or would live too long. Raises Refused."""
    if not scopes:
        raise refused_field("no_scope", "scopes", _("Choose what the token may do."))
    why = rules.expiry_refusal(at=at, expires_at=expires_at)
    if why:
        words = {
            "past": _("Choose a day that is still to come."),
            "too_long": _("A token can live for 366 days at most. Choose an earlier day."),
        }
        raise refused_field("expiry", "expires_at", words[why])


def refused_field(code: str, field: str, words: str) -> Refused:
    """Return the refusal of one field."""
    return Refused(code, words, status=422, problems=[{"field": field, "rule": words}])


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User, at: datetime) -> ApiToken:
    """End a token at once. Locks its row; done again, it changes nothing.

    A request that is being answered may still end; the next one is refused.
    """
    locked = ApiToken.objects.select_for_update().get(pk=token.pk)
    if locked.revoked_at is None:
        locked.revoked_at = at
        locked.save(update_fields=["revoked_at"])
        audit("revoke_token", at=at, actor=by, subject=f"token {locked.code}")
    return locked


@transaction.atomic
def revoke_tokens_of(user: User, *, at: datetime, reason: str, by: User | None = None) -> int:
    """End all tokens of a person, and return how many there were. Locks their rows.

    ``by`` is who does it, if not the person.
    """
    live = user.api_tokens.select_for_update().filter(revoked_at=None)
    codes = sorted(token.code for token in live)
    if codes:
        user.api_tokens.filter(code__in=codes).update(revoked_at=at)
        subject, after = f"user {user.code}", {"tokens": codes}
        actor = by or user
        audit("revoke_tokens_of", at=at, actor=actor, subject=subject, after=after, reason=reason)
    return len(codes)


def note_token_use(token: ApiToken, *, at: datetime) -> None:
    """Write down that a token was used, at most once in ten minutes whoever else does so."""
    if rules.use_is_news(token.last_used_at, at=at):
        stale = Q(last_used_at=None) | Q(last_used_at__lte=at - rules.USE_IS_NEWS_AFTER)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)
