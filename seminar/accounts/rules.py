"""What a token looks like, how long it may live, when its use is written down. Pure."""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from seminar.lib.codes import ALPHABET, LENGTH
from seminar.lib.scopes import SCOPES

LONGEST = timedelta(days=366)
USE_IS_NEWS_AFTER = timedelta(minutes=10)
SECRET_BYTES = 32
TOKEN = re.compile(rf"sem_([{ALPHABET}]{{{LENGTH}}})_([A-Za-z0-9_-]{{43}})", re.ASCII)


def token_text(code: str, secret: str) -> str:
    """Return what a script sends; the prefix lets scanners for lost secrets find it."""
    return f"sem_{code}_{secret}"


def token_parts(text: str) -> tuple[str, str] | None:
    """Return code and secret of a token, or None for what was never one."""
    found = TOKEN.fullmatch(text)
    return (found[1], found[2]) if found else None


def digest_of(secret: str) -> str:
    """Return what is stored of a secret. It is random: no salt and no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def scopes_text(chosen: Iterable[str]) -> str:
    """Return scopes in their one order. Unknown ones are left out; nothing chosen is empty."""
    wanted = set(chosen)
    return " ".join(scope for scope in SCOPES if scope in wanted)


def expiry_refusal(*, at: datetime, expires_at: datetime) -> str:
    """Return why a token may not end then: "past", "too_long", or "" if it may."""
    if expires_at <= at:
        return "past"
    return "too_long" if expires_at - at > LONGEST else ""


def use_is_news(last_used_at: datetime | None, *, at: datetime) -> bool:
    """Whether a use is written down: one line each ten minutes says enough."""
    return last_used_at is None or at - last_used_at >= USE_IS_NEWS_AFTER
