"""Who may become what in a course, what an applicant brings, and how a course may be called.

Source: PRODUCT 2 (Membership, Application).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

SLUG = re.compile(r"[a-z0-9-]{1,50}", re.ASCII)
RESERVED_SLUGS = frozenset(
    [
        "about",
        "accounts",
        "admin",
        "api",
        "apply",
        "archive",
        "c",
        "course",
        "courses",
        "demo",
        "export",
        "feed",
        "healthz",
        "help",
        "home",
        "import",
        "join",
        "login",
        "logout",
        "mail",
        "manage",
        "media",
        "me",
        "metrics",
        "new",
        "readyz",
        "schema",
        "search",
        "settings",
        "signup",
        "static",
        "staff",
        "test",
    ]
)


class Role(StrEnum):
    """What a person is in a course."""

    STUDENT = "student"
    AUDITOR = "auditor"
    TA = "ta"
    INSTRUCTOR = "instructor"


class State(StrEnum):
    """Where a membership stands. Memberships are never deleted."""

    APPLIED = "applied"
    WAITLISTED = "waitlisted"
    ACTIVE = "active"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"


class Actor(StrEnum):
    """Who moves a membership: the person it belongs to, or staff of the course."""

    SELF = "self"
    STAFF = "staff"


_BOTH = frozenset(Actor)
_SELF = frozenset({Actor.SELF})
_STAFF = frozenset({Actor.STAFF})

TRANSITIONS: dict[tuple[State | None, State], frozenset[Actor]] = {
    (None, State.APPLIED): _SELF,
    (None, State.ACTIVE): _STAFF,
    (State.APPLIED, State.WAITLISTED): _STAFF,
    (State.APPLIED, State.ACTIVE): _STAFF,
    (State.APPLIED, State.DECLINED): _STAFF,
    (State.APPLIED, State.WITHDRAWN): _BOTH,
    (State.WAITLISTED, State.ACTIVE): _STAFF,
    (State.WAITLISTED, State.DECLINED): _STAFF,
    (State.WAITLISTED, State.WITHDRAWN): _BOTH,
    (State.ACTIVE, State.WITHDRAWN): _BOTH,
    (State.ACTIVE, State.SUSPENDED): _STAFF,
    (State.DECLINED, State.WAITLISTED): _STAFF,
    (State.DECLINED, State.ACTIVE): _STAFF,
    (State.WITHDRAWN, State.APPLIED): _SELF,
    (State.WITHDRAWN, State.ACTIVE): _STAFF,
    (State.SUSPENDED, State.ACTIVE): _STAFF,
    (State.SUSPENDED, State.WITHDRAWN): _STAFF,
}
"""Every move there is, and who may make it. ``None`` is "no membership yet"."""


def may_move(before: State | None, after: State, by: Actor) -> bool:
    """Tell whether ``by`` may move a membership from ``before`` to ``after``.

    A declined application is reopened by staff only; who left may apply again.
    """
    return by in TRANSITIONS.get((before, after), frozenset())


def next_states(before: State | None, by: Actor) -> tuple[State, ...]:
    """Return the states ``by`` may move a membership to, in the order of ``State``."""
    return tuple(after for after in State if may_move(before, after, by))


@dataclass(frozen=True)
class Prerequisites:
    """What an application says about prerequisites: ``met``, ``equivalent`` or ``too_few``.

    Only ``too_few`` warns. It never blocks: staff decide, with a reason.
    """

    code: str
    ticked: int
    needed: int

    @property
    def warns(self) -> bool:
        """Tell whether staff should look twice."""
        return self.code == "too_few"


def check_prerequisites(
    needed: int, ticked: Collection[str], offered: Collection[str], equivalent: str
) -> Prerequisites:
    """Judge the prerequisite courses an applicant ticked against the course's list.

    Courses that are not on the list, and repeats, do not count. Fewer than ``needed`` are made up
    for by an equivalent in words, which staff then read.
    """
    count = len(set(ticked) & set(offered))
    if count >= needed:
        return Prerequisites("met", count, needed)
    code = "equivalent" if equivalent.strip() else "too_few"
    return Prerequisites(code, count, needed)


def slug_refusal(slug: str) -> str | None:
    """Return why a course may not be called so: ``grammar``, ``reserved``, or None if it may."""
    if not SLUG.fullmatch(slug):
        return "grammar"
    return "reserved" if slug in RESERVED_SLUGS else None
