"""Tokens of people."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.test import Client

from seminar.accounts.actions import NewToken, create_token
from seminar.accounts.models import User
from seminar.lib.scopes import SCOPES
from tests.factories.courses import NOON


def make_token(
    user: User,
    *scopes: str,
    at: datetime = NOON,
    expires_at: datetime = NOON + timedelta(days=90),
    nonce: str = "",
) -> NewToken:
    """Make a token; with no scope named, with all of them."""
    chosen: Sequence[str] = scopes or SCOPES
    return create_token(
        user, name="Script", scopes=chosen, expires_at=expires_at, at=at, nonce=nonce
    )


def with_token(text: str, method: str, address: str, body: object = None) -> HttpResponse:
    """Ask the API with this token and nothing else."""
    more = {} if body is None else {"data": body, "content_type": "application/json"}
    client = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {text}"}
    answer: HttpResponse = getattr(client, method.lower())(address, headers=headers, **more)
    return answer
