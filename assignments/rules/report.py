"""What a report must hold, what it lacks, and what its author should look at again.

Missing parts block submitting, never saving. Sentence counts warn and never block.
Source: PRODUCT 3.4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from assignments.rules.sentences import sentence_count
from seminar.lib.canonical import Json, canonical_hash


class Part(StrEnum):
    """The texts of a report about one paper."""

    SUMMARY = "summary"
    STRENGTH = "strength"
    WEAKNESS = "weakness"
    IMPROVEMENT = "improvement"
    EXTENSION = "extension"


@dataclass(frozen=True)
class ReportSpec:
    """The numbers of one report assignment; they are data of the assignment."""

    papers: int = 2
    summary_min: int = 5
    summary_max: int = 6
    strengths: int = 3
    weaknesses: int = 3
    improvements: int = 1
    extensions: int = 1

    def wanted(self, part: Part) -> int:
        """Return how many texts of a part are asked for at least."""
        return {
            Part.SUMMARY: 1,
            Part.STRENGTH: self.strengths,
            Part.WEAKNESS: self.weaknesses,
            Part.IMPROVEMENT: self.improvements,
            Part.EXTENSION: self.extensions,
        }[part]


@dataclass(frozen=True)
class PaperReport:
    """What is written about one paper; texts by part, in order. ``paper`` is its key, or None."""

    paper: str | None = None
    texts: dict[Part, tuple[str, ...]] = field(default_factory=dict)

    def filled(self, part: Part) -> int:
        """Return how many texts of a part are more than white space."""
        return sum(bool(text.strip()) for text in self.texts.get(part, ()))

    def text(self, part: Part, index: int) -> str:
        """Return one text without surrounding white space, "" where there is none."""
        texts = self.texts.get(part, ())
        return texts[index].strip() if index < len(texts) else ""


ReportContent = tuple[PaperReport, ...]

_KEYS = {
    Part.STRENGTH: "strengths",
    Part.WEAKNESS: "weaknesses",
    Part.IMPROVEMENT: "improvements",
    Part.EXTENSION: "extensions",
}


def read_content(data: dict[str, Any]) -> ReportContent:
    """Read stored content: {"papers": [{"paper", "summary", "strengths": [...], ...}]}."""
    return tuple(
        PaperReport(
            entry.get("paper"),
            {Part.SUMMARY: (entry.get("summary", ""),)}
            | {part: tuple(entry.get(key, ())) for part, key in _KEYS.items()},
        )
        for entry in data.get("papers", ())
    )


@dataclass(frozen=True)
class PartState:
    """One line of the checklist.

    ``part`` is an id: ``0.paper``, ``0.summary.0``, ``1.strength.2`` (slot, part, index).
    ``state``: ``empty short long ok``; short and long belong to summaries, with ``found``
    sentences.
    """

    part: str
    state: str
    found: int = 0


@dataclass(frozen=True)
class ReportProblem:
    """A part id and a code, with what was found and wanted where it is about a number.

    Blocking: ``no_paper same_paper unknown_paper empty``. Warning: ``too_few_sentences
    too_many_sentences``.
    """

    part: str
    code: str
    found: int = 0
    wanted: int = 0


@dataclass(frozen=True)
class ReportCheck:
    """All that a report lacks (blocks submitting) and all that it is warned of."""

    missing: tuple[ReportProblem, ...]
    warnings: tuple[ReportProblem, ...]


def part_states(spec: ReportSpec, content: ReportContent) -> tuple[PartState, ...]:
    """Return the checklist: every part that is asked for, in the order of the form.

    Where a part asks for several texts, any that are filled count, wherever they stand.
    """
    return tuple(
        state for slot in range(spec.papers) for state in _slot_states(spec, content, slot)
    )


def report_problems(
    spec: ReportSpec, content: ReportContent, offered: Collection[str] | None = None
) -> ReportCheck:
    """Return what is missing and what to look at again.

    ``offered`` are the keys of the module's reportable papers; None leaves them unchecked.
    """
    missing = [p for slot in range(spec.papers) for p in _paper_problems(content, slot, offered)]
    warnings = []
    for state in part_states(spec, content):
        if state.state == "empty" and not state.part.endswith(".paper"):
            missing.append(ReportProblem(state.part, "empty"))
        if state.state == "short":
            warnings.append(
                ReportProblem(state.part, "too_few_sentences", state.found, spec.summary_min)
            )
        if state.state == "long":
            warnings.append(
                ReportProblem(state.part, "too_many_sentences", state.found, spec.summary_max)
            )
    return ReportCheck(tuple(missing), tuple(warnings))


def is_complete(
    spec: ReportSpec, content: ReportContent, offered: Collection[str] | None = None
) -> bool:
    """Tell whether a report may be submitted: nothing is missing."""
    return not report_problems(spec, content, offered).missing


def content_hash(content: Json) -> str:
    """Return the SHA-256 on a receipt: that of the content's canonical JSON."""
    return canonical_hash(content)


def page_warning(pages: int | None, least: int, most: int) -> str | None:
    """Return ``too_few_pages``, ``too_many_pages``, ``pages_unknown``, or None. Never blocks."""
    if pages is None:
        return "pages_unknown"
    if pages < least:
        return "too_few_pages"
    return "too_many_pages" if pages > most else None


def _about(content: ReportContent, slot: int) -> PaperReport:
    return content[slot] if slot < len(content) else PaperReport()


def _slot_states(spec: ReportSpec, content: ReportContent, slot: int) -> Iterator[PartState]:
    about = _about(content, slot)
    yield PartState(f"{slot}.paper", "ok" if about.paper else "empty")
    for part in Part:
        wanted = spec.wanted(part)
        enough = about.filled(part) >= wanted
        for index in range(wanted):
            text = about.text(part, index)
            name = f"{slot}.{part}.{index}"
            if part is Part.SUMMARY and text:
                yield _summary_state(spec, name, text)
            else:
                yield PartState(name, "ok" if text or enough else "empty")


def _summary_state(spec: ReportSpec, name: str, text: str) -> PartState:
    found = sentence_count(text)
    if found < spec.summary_min:
        return PartState(name, "short", found)
    return PartState(name, "long" if found > spec.summary_max else "ok", found)


def _paper_problems(
    content: ReportContent, slot: int, offered: Collection[str] | None
) -> Iterator[ReportProblem]:
    paper = _about(content, slot).paper
    name = f"{slot}.paper"
    if not paper:
        yield ReportProblem(name, "no_paper")
    elif offered is not None and paper not in offered:
        yield ReportProblem(name, "unknown_paper")
    elif paper in {earlier.paper for earlier in content[:slot]}:
        yield ReportProblem(name, "same_paper")
