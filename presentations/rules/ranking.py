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
    is_listed = paper in order
    has_place = move != "to" or (place is not None and place >= 1)
    if move not in MOVES or is_listed == (move == "add") or not has_place:
        message = f"impossible move: {move} {paper} {place}"
        raise ValueError(message)
    if move == "add":
        return (*order, paper)
    at = order.index(paper)
    order.pop(at)
    if move == "remove":
        return tuple(order)
    targets = {"up": max(at - 1, 0), "down": at + 1, "to": (place or 1) - 1}
    order.insert(targets[move], paper)
    return tuple(order)
