"""The history of a grade folded into what holds now, and the state of an item from facts.

Source: PRODUCT 3.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Protocol


class EntryKind(StrEnum):
    """What a line of the history says."""

    SCORE = "score"
    EXCUSE = "excuse"
    OVERRIDE = "override"
    CLEAR = "clear"


class Line(Protocol):
    """What a line of the history has to tell; see ``Entry``."""

    @property
    def seq(self) -> int:
        """Its place, from 1."""

    @property
    def kind(self) -> EntryKind:
        """What it says."""

    @property
    def points(self) -> Decimal | None:
        """For scores and overrides."""

    @property
    def submission(self) -> int | None:
        """Which version of the work a score is about."""


@dataclass(frozen=True)
class Entry:
    """One append-only line. ``points`` belong to scores and overrides.

    ``submission`` tells which version of the work a score is about; None for a talk.
    """

    seq: int
    kind: EntryKind
    points: Decimal | None = None
    submission: int | None = None


@dataclass(frozen=True)
class Folded:
    """What a history comes to.

    ``score`` and ``excused`` are the grade as given (one of them at most); ``override`` lies over
    it and wins while it is there. ``seq`` is the last line's number, 0 without lines: a save that
    names another is stale. ``submission`` is the version that ``score`` is about.
    """

    score: Decimal | None = None
    excused: bool = False
    override: Decimal | None = None
    seq: int = 0
    submission: int | None = None


NO_LINES = Folded()


def current(entries: Iterable[Line]) -> Folded:
    """Fold entries, in any order, by their sequence numbers.

    A score or an excuse replaces the one before. An override lies over both, survives later scores
    and is final. ``clear`` takes away the override if there is one, else the score or excuse.
    """
    score: Decimal | None = None
    submission: int | None = None
    override: Decimal | None = None
    excused = False
    seq = 0
    for entry in sorted(entries, key=attrgetter("seq")):
        seq = entry.seq
        if entry.kind is EntryKind.OVERRIDE:
            override = entry.points
        elif entry.kind is EntryKind.CLEAR and override is not None:
            override = None
        else:
            scored = entry.kind is EntryKind.SCORE
            score, submission = (entry.points, entry.submission) if scored else (None, None)
            excused = entry.kind is EntryKind.EXCUSE
    return Folded(score, excused, override, seq, submission)


class ItemState(StrEnum):
    """Where one item of one student stands."""

    NOT_DUE = "not_due"
    MISSING = "missing"
    AWAITING = "awaiting"
    GRADED = "graded"
    EXCUSED = "excused"
    UNRELEASED = "unreleased"
    OVERRIDDEN = "overridden"
    NEEDS_DECISION = "needs_decision"


@dataclass(frozen=True)
class ItemFacts:
    """What the state of an item follows from.

    ``due`` is the effective deadline with its grace; for a talk, the end of the last meeting of
    its kind; None while unknown. ``done``: submitted, or the talk was held. ``talk`` tells talks
    from work handed in. ``released``: the student may know this score. ``newest`` is the version
    of the work that counts.
    """

    due: datetime | None
    done: bool
    folded: Folded = Folded()
    released: bool = False
    talk: bool = False
    newest: int | None = None

    @property
    def outdated(self) -> bool:
        """Tell whether the score is about another version than the one that counts.

        So it is where a late version replaced one that was graded already.
        """
        scored = self.folded.submission
        return scored is not None and self.newest is not None and scored != self.newest


def staff_state(facts: ItemFacts, at: datetime) -> ItemState:
    """Return the state as staff see it: every fact counts, released or not.

    Work replaced after it was scored waits to be graded again. Source: PRODUCT 3.2.
    """
    if facts.folded.override is not None:
        return ItemState.OVERRIDDEN
    if facts.folded.excused:
        return ItemState.EXCUSED
    if facts.folded.score is not None and not facts.outdated:
        return ItemState.GRADED
    if facts.done:
        return ItemState.AWAITING
    if facts.due is None or at < facts.due:
        return ItemState.NOT_DUE
    return ItemState.NEEDS_DECISION if facts.talk else ItemState.MISSING


def student_state(facts: ItemFacts, at: datetime) -> ItemState:
    """Return the state as its student sees it.

    Before release it is the same whether a score exists or not, so that neither its presence nor
    its time shows: ``unreleased`` ("Being graded") for what was done, else what the facts without
    scores say. An excuse is no score; it shows at once.
    """
    if facts.released:
        return staff_state(facts, at)
    if facts.folded.excused:
        return ItemState.EXCUSED
    bare = staff_state(ItemFacts(facts.due, facts.done, talk=facts.talk), at)
    return ItemState.UNRELEASED if bare is ItemState.AWAITING else bare
