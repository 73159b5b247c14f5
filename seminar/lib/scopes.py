"""What a token may do: four scopes, derived from a view's policy, so that no view can forget one.

A scope only ever takes away. What is left must still be allowed to the person, by their role, now.
"""

from typing import Protocol

READ, WRITE = "read", "write"
STAFF_READ, STAFF_WRITE = "staff:read", "staff:write"
SCOPES = (READ, WRITE, STAFF_READ, STAFF_WRITE)
STAFF_SCOPES = frozenset({STAFF_READ, STAFF_WRITE})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard(Protocol):
    """What is asked of a policy here."""

    @property
    def for_staff(self) -> bool:
        """Whether it lets in nobody but staff."""


def scope_of(policy: Guard, method: str, *, as_staff: bool = False) -> str:
    """Return the one scope that a request needs.

    ``as_staff``: the reader is staff of the course they ask about. What a view shows to every
    member, it may show more of to staff; a token for one's own things must not carry that.
    """
    staff = policy.for_staff or as_staff
    if method.upper() in SAFE_METHODS:
        return STAFF_READ if staff else READ
    return STAFF_WRITE if staff else WRITE
