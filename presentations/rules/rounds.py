"""A preference round over time, and what a list must be. Source: PRODUCT 3.3.1-3.3.4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from presentations.rules.ranking import Preferences

SETTLING = timedelta(seconds=60)
"""How long after closing an allocation waits for requests that were received in time."""


class RoundState(StrEnum):
    """Where a round stands. ``closing``: no more lists, and no allocation yet."""

    UPCOMING = "upcoming"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


def round_state(
    at: datetime, opens_at: datetime | None, closes_at: datetime | None, closed_at: datetime | None
) -> RoundState:
    """Return the state at ``at``; all instants are aware.

    Lists count from ``opens_at`` until just before ``closes_at``. A round without an opening is
    upcoming; without a closing it stays open until an allocation closes it (``closed_at``).
    """
    if closed_at is not None:
        return RoundState.CLOSED
    if opens_at is None or at < opens_at:
        return RoundState.UPCOMING
    if closes_at is None or at < closes_at:
        return RoundState.OPEN
    return RoundState.CLOSING if at < closes_at + SETTLING else RoundState.CLOSED


def submit_refusal(
    at: datetime, opens_at: datetime | None, closes_at: datetime | None, closed_at: datetime | None
) -> str | None:
    """Return why no list is taken at ``at``: ``not_open_yet``, ``closed``, or None if it is."""
    state = round_state(at, opens_at, closes_at, closed_at)
    if state is RoundState.OPEN:
        return None
    return "not_open_yet" if state is RoundState.UPCOMING else "closed"


def allocate_refusal(
    at: datetime, closes_at: datetime | None, published_at: datetime | None
) -> str | None:
    """Return why no allocation may run: ``published``, ``no_closing``, ``too_early``, or None.

    It may run, and run again, from 60 s after closing until it is published.
    """
    if published_at is not None:
        return "published"
    if closes_at is None:
        return "no_closing"
    return "too_early" if at < closes_at + SETTLING else None


@dataclass(frozen=True)
class ListRefusal:
    """What is wrong with a list: ``unknown repeated too_short too_long``, and the paper if one.

    ``limit`` is the length that was asked for, where length is the trouble.
    """

    code: str
    paper: str | None = None
    limit: int | None = None


def list_refusals(
    ranked: Sequence[str], papers: Collection[str], min_length: int, max_length: int
) -> tuple[ListRefusal, ...]:
    """Return all that is wrong with a list, in list order, lengths last; empty if it is valid.

    Every entry counts for ``too_long``; only distinct papers on offer count for ``too_short``. A
    round that offers fewer papers than ``min_length`` asks for all of them.
    """
    times = Counter(ranked)
    found = []
    for paper, count in times.items():
        if paper not in papers:
            found.append(ListRefusal("unknown", paper))
        if count > 1:
            found.append(ListRefusal("repeated", paper))
    least = min(min_length, len(set(papers)))
    if len(set(times) & set(papers)) < least:
        found.append(ListRefusal("too_short", limit=least))
    if len(ranked) > max_length:
        found.append(ListRefusal("too_long", limit=max_length))
    return tuple(found)


@dataclass(frozen=True)
class WishRefusal:
    """What is wrong with a wish beside the ranking: ``unknown repeated ranked too_many``.

    ``field`` is ``unwanted`` or ``unavailable``; ``key`` the paper or meeting, if it is about one;
    ``limit`` how many papers may be unwanted, where there are too many.
    """

    field: str
    code: str
    key: str | None = None
    limit: int | None = None


def wish_refusals(
    wanted: Preferences,
    papers: Collection[str],
    meetings: Collection[str],
    max_unwanted: int,
) -> tuple[WishRefusal, ...]:
    """Return all that is wrong with what stands beside a ranking; empty if nothing is.

    ``papers`` are those of the round, ``meetings`` those they are presented in. A paper is ranked
    or unwanted, never both. Source: PRODUCT 3.3.4.
    """
    found = [
        *_unusable("unwanted", wanted.unwanted, papers),
        *(
            WishRefusal("unwanted", "ranked", key)
            for key in dict.fromkeys(wanted.unwanted)
            if key in wanted.ranked
        ),
    ]
    if len(wanted.unwanted) > max_unwanted:
        found.append(WishRefusal("unwanted", "too_many", limit=max_unwanted))
    return (*found, *_unusable("unavailable", wanted.unavailable, meetings))


def _unusable(field: str, keys: Sequence[str], known: Collection[str]) -> Iterator[WishRefusal]:
    for key, count in Counter(keys).items():
        if key not in known:
            yield WishRefusal(field, "unknown", key)
        if count > 1:
            yield WishRefusal(field, "repeated", key)


def change_effect(before: Preferences, after: Preferences, *, keeps_number: bool) -> str:
    """Return what saving a submitted list again does: ``unchanged``, ``keeps`` or ``loses``.

    ``keeps_number`` is the course's queue policy. Any change that could change an outcome is an
    edit: of the order, of what is not wanted, and of the dates. Else a student could take a good
    number first and say afterwards when they have time. Saying the same again is no edit.
    """
    if Preferences.of(before) == Preferences.of(after):
        return "unchanged"
    return "keeps" if keeps_number else "loses"
