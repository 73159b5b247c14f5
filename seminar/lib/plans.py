"""What a file would do before it does it: one step a row, in words, with a hash of it all.

A plan is computed by a pure rule from the rows of a file and the facts of now. The preview of a
page, ``--dry-run`` and the API show it; the action computes it again under its lock and applies it
only if its hash is the one that was shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, NoReturn, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seminar.lib.canonical import canonical_hash
from seminar.lib.errors import Refused
from seminar.lib.tables import MOST_PROBLEMS, Problem, Table
from seminar.lib.words import Words

Change = TypeVar("Change")


@dataclass(frozen=True)
class Step(Generic[Change]):
    """What becomes of one row. Without ``change`` nothing is written, and ``words`` say why.

    ``line`` is 0 for what is not in the file. ``notice`` marks what somebody should look at.
    """

    line: int
    subject: str
    code: str
    words: Words
    change: Change | None = None
    notice: bool = False


@dataclass(frozen=True)
class Plan(Generic[Change]):
    """All steps in the order of the file, and all that forbids them. Applied whole or not at all."""

    steps: tuple[Step[Change], ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def changes(self) -> list[Step[Change]]:
        """The steps that write something."""
        return [step for step in self.steps if step.change is not None]

    @property
    def notices(self) -> list[Step[Change]]:
        """What is left as it is although the file says something else, or leaves it out."""
        return [step for step in self.steps if step.change is None and step.notice]

    @property
    def same(self) -> list[Step[Change]]:
        """What stands already as the file says."""
        return [step for step in self.steps if step.change is None and not step.notice]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many steps have which code."""
        return Counter(step.code for step in self.steps)

    @property
    def hash(self) -> str:
        """The SHA-256 of what would be done, equal for equal files over equal facts."""
        return canonical_hash(
            [[step.line, step.subject, step.code, _plain(step.change)] for step in self.steps]
        )


def _plain(change: Any) -> Any:
    return None if change is None else asdict(change)


def preview_data(table: Table, plan: Plan[Any]) -> dict[str, Any]:
    """Return a plan as JSON data, in the language that is active now."""
    return {
        "plan": plan.hash,
        "delimiter": table.delimiter_name,
        "encoding": table.encoding,
        "columns": list(table.names),
        "sample": [list(row) for row in table.sample],
        "changes": len(plan.changes),
        "counts": dict(plan.counts),
        "steps": [
            {
                "line": step.line or None,
                "subject": step.subject,
                "code": step.code,
                "changes": step.change is not None,
                "words": step.words.text(),
            }
            for step in plan.steps
        ],
        "problems": [problem.data() for problem in plan.problems],
    }


def refuse_problems(problems: Sequence[Problem]) -> None:
    """Raise Refused("file_refused", 422) with every problem, in the order of the lines, if any."""
    if not problems:
        return
    shown = sorted(problems, key=lambda problem: problem.line)[:MOST_PROBLEMS]
    words = ngettext(
        "Nothing was changed: %(n)d problem in the file.",
        "Nothing was changed: %(n)d problems in the file.",
        len(shown),
    )
    raise Refused(
        "file_refused",
        words % {"n": len(shown)},
        status=422,
        problems=[problem.data() for problem in shown],
    )


def sound(plan: Plan[Change]) -> Plan[Change]:
    """Return a plan that can be carried out. Raises what ``refuse_problems`` raises."""
    refuse_problems(plan.problems)
    return plan


def refuse_other_plan(plan: Plan[Any], expected: str | None) -> None:
    """Raise Refused("preview_outdated", 409) if this is not what the preview showed."""
    if expected is not None and plan.hash != expected:
        refuse_outdated()


def refuse_outdated() -> NoReturn:
    """Raise Refused("preview_outdated", 409)."""
    raise Refused(
        "preview_outdated",
        _("Something changed since this preview, so nothing was imported. Look at the new one."),
    )


def repeated(lines: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    """Return the lines of each value that stands there more than once."""
    found: dict[str, list[int]] = {}
    for line, value in lines:
        found.setdefault(value, []).append(line)
    return {value: numbers for value, numbers in found.items() if len(numbers) > 1}
