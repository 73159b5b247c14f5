"""Who can be tried out with one click in the demo. Pure."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class DemoAccount:
    """One button of the demo's sign-in page."""

    email: str
    label: object
    hint: object


ACCOUNTS = (
    DemoAccount(
        "ada.okafor@students.example.org",
        _("Sign in as a student"),
        _("Ada Okafor: her next report waits, her talk is published."),
    ),
    DemoAccount(
        "arjun.mehta@example.org",
        _("Sign in as a TA"),
        _("Arjun Mehta: reports wait to be graded."),
    ),
    DemoAccount(
        "helena.brandt@example.org",
        _("Sign in as the instructor"),
        _("Helena Brandt: people, allocation, results."),
    ),
)
EMAILS = frozenset(account.email for account in ACCOUNTS)
