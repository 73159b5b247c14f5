"""Reads about people."""

from collections.abc import Collection

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


def was_answered(user: User, nonce: str) -> bool:
    """Return whether a request with this nonce was done already. One query."""
    return bool(nonce) and Nonce.objects.filter(user=user, nonce=nonce).exists()


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
