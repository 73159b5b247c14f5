"""When the talks of a meeting begin, and whether they fit. Pure. Source: PRODUCT 3.3.4."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple


class TalkTime(NamedTuple):
    """What a talk takes of its meeting, in minutes."""

    minutes: int
    changeover: int

    @property
    def total(self) -> int:
        """Talk and changeover together."""
        return self.minutes + self.changeover


def start_offsets(talks: Sequence[TalkTime]) -> tuple[int, ...]:
    """Return for each talk, in running order, how many minutes into the meeting it begins."""
    return tuple(accumulate((talk.total for talk in talks[:-1]), initial=0)) if talks else ()


def used_minutes(talks: Sequence[TalkTime]) -> int:
    """Return how much of a meeting's talk time these talks take together."""
    return sum(talk.total for talk in talks)


def talks_that_fit(minutes: int, talk: TalkTime) -> int:
    """Return how many talks of one length fit into ``minutes``."""
    return minutes // talk.total


class PlaceFacts(NamedTuple):
    """What decides whether one more person can present a paper.

    ``minutes_left`` is the free talk time of its meeting; ``talk`` what a new talk would take;
    ``offered`` counts free places that are kept for somebody who has an open offer.
    """

    is_published: bool
    is_over: bool
    capacity: int
    taken: int
    has_talk: bool
    minutes_left: int
    talk: TalkTime
    offered: int = 0


def place_refusal(facts: PlaceFacts) -> str | None:
    """Return why nobody can be given this paper, as a code, or None. Source: PRODUCT 3.3.4, 3.3.6.

    A paper with a talk has its slot already; without one the talk has to fit into the meeting.
    """
    if not facts.is_published:
        return "not_published"
    if facts.is_over:
        return "talk_over"
    if facts.taken >= facts.capacity:
        return "paper_full"
    if facts.taken + facts.offered >= facts.capacity:
        return "offered"
    if not facts.has_talk and facts.talk.total > facts.minutes_left:
        return "meeting_full"
    return None
