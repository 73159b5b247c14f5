"""Tokens of scripts: what a thief of the database could do with them."""

import re
from collections.abc import Iterator
from datetime import datetime

from seminar.accounts.models import ApiToken
from seminar.accounts.rules import LONGEST
from seminar.desk.queries.invariants.registry import Severity, Violation, invariant

SHA256 = re.compile(r"[0-9a-f]{64}")


@invariant("I-34", severity=Severity.CRITICAL, reads=(ApiToken,))
def tokens(at: datetime) -> Iterator[Violation]:
    """Of an API token only a SHA-256 is stored, and each one ends within a year."""
    found = ApiToken.objects.values_list("code", "digest", "created_at", "expires_at")
    for code, digest, created_at, expires_at in found.iterator():
        if not SHA256.fullmatch(digest):
            yield Violation(f"token {code}", "something other than a SHA-256", "a SHA-256")
        if expires_at - created_at > LONGEST:
            yield Violation(f"token {code}", f"valid until {expires_at:%Y-%m-%d}", "at most a year")
