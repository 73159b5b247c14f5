"""What one student asks for in a round, and what a button of the ranking page does to it. Pure.

Source: PRODUCT 3.3.1-3.3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

MOVES = frozenset({"up", "down", "to", "add", "remove", "unwant"})


@dataclass(frozen=True)
class Preferences:
    """A whole list: papers best first, papers not wanted, and meetings one cannot present at.

    All are keys. Only the order of ``ranked`` means anything.
    """

    ranked: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    unavailable: tuple[str, ...] = ()

    @classmethod
    def of(cls, wanted: Preferences | Sequence[str]) -> Preferences:
        """Return ``wanted`` in its one spelling; keys of papers alone are a list without wishes."""
        if not isinstance(wanted, Preferences):
            return cls(tuple(wanted))
        return replace(
            wanted,
            unwanted=tuple(sorted(wanted.unwanted)),
            unavailable=tuple(sorted(wanted.unavailable)),
        )

    @property
    def wishes(self) -> dict[str, list[str]]:
        """The rest of the list beside its order, as the log of the queue keeps it."""
        return {"unwanted": list(self.unwanted), "unavailable": list(self.unavailable)}


def moved(wanted: Preferences, move: str, paper: str, place: int | None = None) -> Preferences:
    """Return the list after one move of one paper; ``wanted`` is not changed.

    ``up`` and ``down`` move a ranked paper by one; at the edge they change nothing. ``to`` ranks
    any paper at ``place``, counted from 1; a place beyond the end means the end. ``add`` ranks
    what is not ranked last. ``unwant`` says not to want it, ``remove`` makes it a paper of which
    nothing is said.

    Raises ValueError for a move that does not exist or that this paper cannot make, and for a
    place below 1.
    """
    is_ranked = paper in wanted.ranked
    possible = {
        "up": is_ranked,
        "down": is_ranked,
        "to": place is not None and place >= 1,
        "add": not is_ranked,
        "remove": is_ranked or paper in wanted.unwanted,
        "unwant": paper not in wanted.unwanted,
    }
    if not possible.get(move, False):
        message = f"impossible move: {move} {paper} {place}"
        raise ValueError(message)
    others = [key for key in wanted.ranked if key != paper]
    at = wanted.ranked.index(paper) if is_ranked else len(others)
    targets = {"up": max(at - 1, 0), "down": at + 1, "to": (place or 1) - 1, "add": at}
    if move in targets:
        others.insert(targets[move], paper)
    unwanted = [key for key in wanted.unwanted if key != paper]
    if move == "unwant":
        unwanted.append(paper)
    return replace(wanted, ranked=tuple(others), unwanted=tuple(unwanted))
