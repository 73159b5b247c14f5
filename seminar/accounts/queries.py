"""Reads about people."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from seminar.accounts.models import ApiToken, Nonce, User
from seminar.accounts.rules import digest_of, token_parts


def display_name(user: User) -> str:
    """Return what a person is called on pages and in mails."""
    return user.name


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return a person's tokens, newest first, ended and revoked ones too. One query."""
    return user.api_tokens.all()


def token_by_text(text: str) -> ApiToken | None:
    """Return the token that a script sent, with its owner; None for what is none. One query.

    It is found by the digest of its secret: how long that takes says nothing about the secret.
    """
    parts = token_parts(text)
    if parts is None:
        return None
    code, secret = parts
    return (
        ApiToken.objects.select_related("user").filter(digest=digest_of(secret), code=code).first()
    )


def was_answered(user: User, nonce: str, verbs: Collection[str]) -> bool:
    """Return whether one of these verbs was done already with this nonce. At most one query."""
    if not (verbs and nonce and nonce.isprintable()):
        return False
    return Nonce.objects.filter(user=user, nonce=nonce, verb__in=verbs).exists()


def user_by_address(address: str) -> User | None:
    """Return who signs in with an address; None for nobody. At most two queries.

    An address that somebody only claims does not count: it must be confirmed, or the account's own.
    """
    own = User.objects.filter(email=address).first()
    if own is not None:
        return own
    confirmed = EmailAddress.objects.filter(email=address, verified=True).select_related("user")
    row = confirmed.first()
    return row.user if row else None


class Account(NamedTuple):
    """Who signs in with an address.

    ``is_claimed``: somebody signed up with it, and nobody ever proved to read its mail.
    """

    user: User
    is_claimed: bool


def accounts_by_address(addresses: Iterable[str]) -> dict[str, Account]:
    """Return who signs in with each of these addresses; nobody's are left out. Three queries.

    What somebody confirmed counts before what somebody else only typed at sign-up.
    """
    asked = list(addresses)
    confirmed = EmailAddress.objects.filter(email__in=asked, verified=True)
    proven = {row.email: row.user for row in confirmed.select_related("user")}
    found = {user.email: user for user in User.objects.filter(email__in=asked)} | proven
    known = EmailAddress.objects.filter(user__in={user.pk for user in found.values()})
    rows = list(known.values_list("user_id", "verified"))
    sure = {pk for pk, verified in rows if verified}
    typed = {pk for pk, _verified in rows}
    return {
        address: Account(user, user.pk not in sure and (user.pk in typed or _has_password(user)))
        for address, user in found.items()
    }


def _has_password(user: User) -> bool:
    return bool(user.password) and user.has_usable_password()


def second_factors_of(user: User) -> frozenset[str]:
    """Return what somebody signs in with beside the password: "totp", "webauthn". One query.

    Recovery codes are the way back to a factor, not one.
    """
    kinds = Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True)
    return frozenset(kinds) - {Authenticator.Type.RECOVERY_CODES.value}


def has_authenticator(user: User | AnonymousUser, ids: Collection[int]) -> bool:
    """Return whether one of these authenticators is still somebody's. One query."""
    found: bool = Authenticator.objects.filter(user_id=user.pk, pk__in=ids).exists()
    return found
