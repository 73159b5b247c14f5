"""When work is taken, when it is late, when a draft is handed in by itself.

Source: PRODUCT 3.2, 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from courses.rules import late_days

GRACE = timedelta(minutes=5)
"""Counts as on time, and is told to nobody."""


@dataclass(frozen=True)
class LatePolicy:
    """Late work is taken for so many started days; 0 means not at all."""

    days: int = 0


def effective_deadline(base: datetime, extension: datetime | None) -> datetime:
    """Return the later of the base and the student's extension: an exclusive instant."""
    return base if extension is None else max(base, extension)


def days_late(at: datetime, deadline: datetime, zone: str) -> int:
    """Return the started wall-clock days by which ``at`` is late; 0 within the grace."""
    return 0 if at < deadline + GRACE else late_days(at, deadline, zone)


def submit_refusal(
    at: datetime, opens_at: datetime, deadline: datetime, policy: LatePolicy, zone: str
) -> str | None:
    """Return why nothing is taken at ``at``: ``not_open_yet``, ``closed``, or None if it is.

    ``at`` is when the whole request had been received; ``deadline`` is the effective one.
    """
    if at < opens_at:
        return "not_open_yet"
    return "closed" if days_late(at, deadline, zone) > policy.days else None


@dataclass(frozen=True)
class DraftFacts:
    """A draft as it was saved before ``auto_submit_cut``, whatever was typed since.

    ``saved_at`` is the last such save, None if there was none.
    """

    complete: bool
    saved_at: datetime | None
    has_submission: bool


def auto_submit_cut(deadline: datetime) -> datetime:
    """Return the instant before which saved text counts, and from which a draft is handed in."""
    return deadline + GRACE


def due_for_auto_submit(
    at: datetime, deadline: datetime, draft: DraftFacts, *, enabled: bool
) -> bool:
    """Tell whether a draft is to be handed in for its author now.

    Only where there is no submission, and only a complete draft. A sweep that runs hours late
    decides as one on time: text saved after the cut is no part of ``draft``. ``deadline`` is the
    effective one, so that a later extension stops it.
    """
    cut = auto_submit_cut(deadline)
    return (
        enabled
        and at >= cut
        and not draft.has_submission
        and draft.complete
        and draft.saved_at is not None
        and draft.saved_at < cut
    )
