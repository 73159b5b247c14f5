"""Reads of the demo."""

from typing import Any

from seminar.accounts.models import User
from seminar.desk.rules.demo import ACCOUNTS, EMAILS


def demo_accounts() -> list[dict[str, Any]]:
    """Return the people one can be with one click, as the sign-in page shows them. One query.

    Empty where the demo was not loaded.
    """
    known = {user.email: user for user in User.objects.filter(email__in=EMAILS)}
    return [
        {"label": account.label, "hint": account.hint, "code": known[account.email].code}
        for account in ACCOUNTS
        if account.email in known
    ]


def demo_user(code: str) -> User | None:
    """Return a person of the demo by code; nobody else's account can be entered this way."""
    return User.objects.filter(code=code, email__in=EMAILS).first()
