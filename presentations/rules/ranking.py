"""What a button of the ranking page does to a list. Pure. Source: PRODUCT 3.3.1-3.3.2."""

from __future__ import annotations

from collections.abc import Sequence

MOVES = frozenset({"up", "down", "to", "add", "remove"})


def moved(
    ranked: Sequence[str], move: str, paper: str, place: int | None = None
) -> tuple[str, ...]:
    """Return the list after one move of one paper; ``ranked`` is not changed.

    ``place`` counts from 1 and is used by ``to`` alone; a place beyond the end means the end.
    Moving up what is first, or down what is last, changes nothing. ``add`` puts at the end.

    Raises ValueError for a move that does not exist, a paper that is not on the list (for ``add``:
    is on it), or a place below 1.
    """
    order = list(ranked)
    if move not in MOVES:
        raise ValueError(move)
    if move == "add":
        if paper in order:
            raise ValueError(paper)
        return (*order, paper)
    at = order.index(paper)
    order.pop(at)
    if move == "remove":
        return tuple(order)
    if move == "to":
        if place is None or place < 1:
            raise ValueError(place)
        at = place - 1
    else:
        at += -1 if move == "up" else 1
    order.insert(max(at, 0), paper)
    return tuple(order)
