"""What the rules decided, in words for the person who writes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assignments.rules import (
    Part,
    PartState,
    ReportProblem,
    ReportSpec,
    part_states,
    read_content,
)
from seminar.lib.templatetags.seminar_format import course_time, deadline

LETTERS = "ABCDEFGHIJ"


def ordinal_words(index: int) -> str:
    """Return "first", "second" ... for the index of a text; "11th" beyond ten."""
    words = (
        *(_("first"), _("second"), _("third"), _("fourth"), _("fifth")),
        *(_("sixth"), _("seventh"), _("eighth"), _("ninth"), _("tenth")),
    )
    return words[index] if index < len(words) else _("%(n)dth") % {"n": index + 1}


def part_words(name: str, *, several: bool = True) -> str:
    """Return what a part id stands for, "Paper A, strength 3"; no number where one is asked for."""
    slot, _dot, rest = name.partition(".")
    part, _dot, index = rest.partition(".")
    words = {
        "paper": _("choice of paper"),
        Part.SUMMARY: _("summary"),
        Part.STRENGTH: _("strength"),
        Part.WEAKNESS: _("weakness"),
        Part.IMPROVEMENT: _("improvement"),
        Part.EXTENSION: _("extension"),
    }[part]
    place = {"letter": LETTERS[int(slot)], "part": words, "n": int(index or 0) + 1}
    if part in {"paper", Part.SUMMARY} or not several:
        return _("Paper %(letter)s, %(part)s") % place
    return _("Paper %(letter)s, %(part)s %(n)d") % place


def problem_words(problem: ReportProblem) -> str:
    """Say what to do about a missing part: "Write a third strength for paper A"."""
    slot, _dot, rest = problem.part.partition(".")
    part, _dot, index = rest.partition(".")
    place = {"letter": LETTERS[int(slot)]}
    if problem.code != "empty":
        return {
            "no_paper": _("Choose paper %(letter)s"),
            "same_paper": _("Choose another paper %(letter)s: it is the same as an earlier one"),
            "unknown_paper": _(
                "Choose another paper %(letter)s: this one is no longer on the list"
            ),
            "too_few_sentences": _("The summary of paper %(letter)s is short"),
            "too_many_sentences": _("The summary of paper %(letter)s is long"),
        }[problem.code] % place
    if part == Part.SUMMARY:
        return _("Write a summary of paper %(letter)s") % place
    if part in {Part.IMPROVEMENT, Part.EXTENSION} and int(index) == 0:
        words = _("Write an improvement for paper %(letter)s")
        if part == Part.EXTENSION:
            words = _("Write an extension for paper %(letter)s")
        return words % place
    ordinals = {
        Part.STRENGTH: _("Write a %(ordinal)s strength for paper %(letter)s"),
        Part.WEAKNESS: _("Write a %(ordinal)s weakness for paper %(letter)s"),
        Part.IMPROVEMENT: _("Write a %(ordinal)s improvement for paper %(letter)s"),
        Part.EXTENSION: _("Write a %(ordinal)s extension for paper %(letter)s"),
    }
    return ordinals[Part(part)] % (place | {"ordinal": ordinal_words(int(index))})


def sentence_words(found: int, *, least: int, most: int) -> str:
    """Say how many sentences there are and how many to aim for. It warns and never blocks."""
    count = ngettext("%(n)d sentence.", "%(n)d sentences.", found) % {"n": found}
    if least == most:
        return f"{count} " + _("Aim for %(n)d.") % {"n": most}
    return f"{count} " + _("Aim for %(least)d to %(most)d.") % {"least": least, "most": most}


@dataclass(frozen=True)
class ChecklistLine:
    """One part of one paper: the text to go to, its label, its state, the words for that.

    ``state`` is empty, started, short, long or ok.
    """

    name: str
    label: str
    state: str
    words: str


def checklist(spec: ReportSpec, content: dict[str, Any]) -> list[tuple[str, list[ChecklistLine]]]:
    """Return the parts of a report by the letter of their paper, five for each. No query."""
    by_part: dict[tuple[int, str], list[PartState]] = {}
    for state in part_states(spec, read_content(content)):
        slot, _dot, rest = state.part.partition(".")
        part = rest.partition(".")[0]
        if part != "paper":
            by_part.setdefault((int(slot), part), []).append(state)
    return [
        (
            LETTERS[slot],
            [_line(part, states) for (of, part), states in by_part.items() if of == slot],
        )
        for slot in range(spec.papers)
    ]


def _line(part: str, states: list[PartState]) -> ChecklistLine:
    label = {
        Part.SUMMARY: _("Summary"),
        Part.STRENGTH: _("Strengths"),
        Part.WEAKNESS: _("Weaknesses"),
        Part.IMPROVEMENT: _("Improvements"),
        Part.EXTENSION: _("Extensions"),
    }[Part(part)]
    empty = [state for state in states if state.state == "empty"]
    filled = len(states) - len(empty)
    if not empty:
        worst = next((state for state in states if state.state != "ok"), states[0])
        words = {"short": _("short"), "long": _("long"), "ok": _("done")}[worst.state]
        return ChecklistLine(states[0].part, label, worst.state, words)
    if not filled:
        return ChecklistLine(empty[0].part, label, "empty", _("empty"))
    words = _("%(filled)d of %(asked)d") % {"filled": filled, "asked": len(states)}
    return ChecklistLine(empty[0].part, label, "started", words)


def refusal_words(code: str, *, opens_at: datetime, closes_at: datetime, zone: str) -> str:
    """Say why nothing is taken now: not open yet, or closed since when."""
    if code == "not_open_yet":
        return _("This opens on %(time)s. Nothing can be handed in before.") % {
            "time": course_time(opens_at, zone)
        }
    return _("The deadline was %(time)s. Ask your instructor if you need more time.") % {
        "time": deadline(closes_at, zone)
    }
