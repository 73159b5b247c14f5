"""Why a student got what they got, as sentences in data: a code and what fills it.

Never a name, a list or a demand count of others: only the student's own papers and numbers.
Source: PRODUCT 3.3.3, 3.3.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from presentations.rules.allocation import Trace


@dataclass(frozen=True)
class Sentence:
    """A code of ``SENTENCES`` and its values: ``number``, ``choice``, ``paper``."""

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


SENTENCES = frozenset(
    {
        "your_number",  # number
        "no_list",
        "went_before",  # choice, paper: all its places went to people served before
        "meeting_full",  # choice, paper: its meeting has no time left for another talk
        "unavailable",  # choice, paper: the student cannot be there
        "unwanted",  # choice, paper: ranked, and said not to be wanted
        "not_offered",  # choice, paper: it was taken off the round
        "placed",  # choice, paper
        "pinned",  # paper: staff chose it; it may be on the list
        "kept_off",  # unwanted papers were passed over where the round filled
        "filled",  # paper: not on the list, the round fills free places
        "already_presents",
        "unplaced",  # no listed paper was possible
        "no_place_left",  # not even an unlisted one was
    }
)

_SKIPS = {
    "full": "went_before",
    "meeting_full": "meeting_full",
    "unavailable": "unavailable",
    "unwanted": "unwanted",
    "not_offered": "not_offered",
}


def explain(trace: Trace) -> tuple[Sentence, ...]:
    """Return the sentences that tell one student how their outcome came about, in order.

    Papers the student did not list are mentioned only where one was given.
    """
    opening = (
        Sentence("no_list")
        if trace.number is None
        else Sentence("your_number", {"number": trace.number})
    )
    told = [opening]
    for step in trace.steps:
        params: dict[str, str | int] = {"paper": step.paper}
        if step.choice is not None:
            params["choice"] = step.choice
        if step.outcome in {"placed", "pinned", "filled"}:
            told.append(Sentence(step.outcome, params))
        elif step.choice is not None:
            told.append(Sentence(_SKIPS[step.outcome], params))
    if any(step.choice is None and step.outcome == "unwanted" for step in trace.steps):
        told.append(Sentence("kept_off"))
    return (*told, *_ending(trace.end))


def _ending(end: str) -> tuple[Sentence, ...]:
    if end in {"already_presents", "no_place_left"}:
        return (Sentence(end),)
    if end in {"all_full", "all_unavailable", "meetings_full", "none_possible"}:
        return (Sentence("unplaced"),)
    return ()
