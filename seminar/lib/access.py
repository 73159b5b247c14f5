"""Every view declares who may open it. A view without a policy does not pass ``manage.py check``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])

ATTRIBUTE = "access_policy"


@dataclass(frozen=True)
class Policy:
    """A named rule about who may open a page. The name is what the access matrix lists."""

    name: str

    @property
    def for_staff(self) -> bool:
        """Whether it lets in nobody but staff: a token then needs a scope of staff."""
        return False


PUBLIC = Policy("public")


def declare(view: View, policy: Policy) -> View:
    """Write the policy on the view, where the check and the access matrix read it."""
    setattr(view, ATTRIBUTE, policy)
    return view


def public(view: View) -> View:
    """Let everybody open this page, signed in or not."""
    return declare(view, PUBLIC)


def policy_of(view: Callable[..., Any]) -> Policy | None:
    """Return what a view declared, or None if it declared nothing."""
    return getattr(view, ATTRIBUTE, None)
