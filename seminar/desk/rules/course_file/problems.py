"""What can be wrong with a course file, said so that its author finds the place at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

SHOWN = 100
LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file; both numbers count from 1, as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: where it stands, what is written there, which rule it breaks."""

    line: int
    column: int
    path: str
    code: str
    value: str
    rule: str
    hint: str = ""

    def __str__(self) -> str:
        """Say it in one line: ``12:5 components[0].weight = "5O": rule. Hint.``."""
        place = f"{self.line}:{self.column} {self.path}".rstrip()
        value = f' = "{self.value}"' if self.value else ""
        return " ".join(filter(None, [f"{place}{value}: {self.rule}", self.hint]))


class Unreadable(Exception):
    """The text cannot be read any further, so nothing behind this place is known."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def written(path: Path) -> str:
    """Write a path the way it is read: ``items[2].rubric[0].max``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def shortened(value: str) -> str:
    """Fit a value into one line of a message."""
    value = " ".join(value.split())
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 3]}..."


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort by place in the file and drop what is said twice."""
    return tuple(sorted(set(problems)))


def did_you_mean(value: str, known: Sequence[str]) -> str:
    """Return a hint naming the known word that is nearest to ``value``, or nothing."""
    near = get_close_matches(value[:60], known, n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else ""
