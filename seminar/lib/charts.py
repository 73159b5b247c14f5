"""Where the marks of a picture lie, in whole SVG units. Pure: a template draws them.

Colours are classes, so that light, dark and print are the style sheet's; every number is printed,
so that nobody needs the colour. Beside each picture stands the same as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

LEVELS = 4
"""The steps of the ramp above zero: classes ``h0`` (nothing) to ``h4`` (most)."""

_CHARACTER = 7
"""Width of a character of the pictures' type size, rounded up."""


@dataclass(frozen=True)
class Mark:
    """A rectangle with a class of the style sheet."""

    x: int
    y: int
    width: int
    height: int
    look: str


@dataclass(frozen=True)
class Label:
    """A line of text; ``anchor`` is ``start``, ``middle`` or ``end``, ``y`` its baseline."""

    x: int
    y: int
    text: str
    anchor: str = "start"
    look: str = "chart-text"


@dataclass(frozen=True)
class Drawing:
    """All marks and texts of a picture, and its size."""

    width: int
    height: int
    marks: tuple[Mark, ...] = ()
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A drawing with the sentence that states its finding, and the same as a table."""

    title: str
    drawing: Drawing | None
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def level(value: int, most: int) -> int:
    """Return the step of the ramp for a count: 0 for none, ``LEVELS`` for the most."""
    if value <= 0 or most <= 0:
        return 0
    return max(1, -(-value * LEVELS // most))


def shortened(text: str, characters: int) -> str:
    """Return a text that fits, with an ellipsis where it was cut."""
    return text if len(text) <= characters else f"{text[: characters - 1].rstrip()}…"


def heat_map(
    rows: Sequence[tuple[str, Sequence[int], str]], columns: Sequence[str], last: str
) -> Drawing:
    """Return a grid of counts: one row per label, one column per name, and a text at its right end.

    ``rows`` are ``(label, counts, text at the end)``; the darkest cell has the highest count.
    """
    left, cell, line, top = 230, 44, 26, 24
    most = max((count for _, counts, _ in rows for count in counts), default=0)
    end = left + cell * len(columns) + 12
    marks: list[Mark] = []
    labels = [
        Label(left + cell * n + cell // 2, 16, name, "middle", "chart-quiet")
        for n, name in enumerate(columns)
    ]
    labels.append(Label(end, 16, last, "start", "chart-quiet"))
    for n, (label, counts, text) in enumerate(rows):
        y = top + line * n
        labels.append(Label(0, y + 17, shortened(label, left // _CHARACTER)))
        labels.append(Label(end, y + 17, text))
        for place, count in enumerate(counts):
            x = left + cell * place
            marks.append(Mark(x, y, cell - 2, line - 2, f"h{level(count, most)}"))
            labels.append(Label(x + cell // 2 - 1, y + 17, str(count), "middle"))
    longest = max((len(text) for *_, text in rows), default=0)
    width = end + _CHARACTER * max(longest, len(last))
    return Drawing(width, top + line * len(rows), tuple(marks), tuple(labels))


def bars(names: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> Drawing:
    """Return horizontal bars, one group per name and one bar per series, all on one scale.

    ``series`` are ``(name, values)``, each with one value per name; the classes are ``s0``, ``s1``…
    """
    left, full, bar, gap, top = 120, 320, 20, 10, 24 if len(series) > 1 else 0
    most = max((value for _, values in series for value in values), default=0)
    marks: list[Mark] = []
    labels: list[Label] = []
    for n, (name, _) in enumerate(series if len(series) > 1 else ()):
        marks.append(Mark(left + 180 * n, 4, 12, 12, f"s{n}"))
        labels.append(Label(left + 180 * n + 18, 15, name, "start", "chart-quiet"))
    y = top
    for place, name in enumerate(names):
        labels.append(Label(0, y + (bar * len(series)) // 2 + 5, name))
        for n, (_, values) in enumerate(series):
            length = full * values[place] // most if most else 0
            marks.append(Mark(left, y, max(length, 1), bar - 4, f"s{n}"))
            labels.append(Label(left + max(length, 1) + 6, y + 13, str(values[place])))
            y += bar
        y += gap
    return Drawing(left + full + 40, max(y - gap, top), tuple(marks), tuple(labels))


@dataclass(frozen=True)
class Chip:
    """A person in a slot and how much they wanted it: ``first high low none``."""

    text: str
    look: str


@dataclass(frozen=True)
class Slot:
    """A line of the strip: when, what, and who."""

    when: str
    text: str
    chips: tuple[Chip, ...] = field(default=())


def strip(groups: Sequence[tuple[str, Sequence[Slot]]]) -> Drawing:
    """Return slots under the headings of their groups, each with chips of people."""
    left, text, line, head = 56, 300, 28, 30
    start = left + text + 10
    marks: list[Mark] = []
    labels: list[Label] = []
    y, right = 0, start + 80
    for heading, slots in groups:
        labels.append(Label(0, y + 20, heading, "start", "chart-head"))
        y += head
        for slot in slots:
            labels.append(Label(0, y + 18, slot.when, "start", "chart-quiet"))
            labels.append(Label(left, y + 18, shortened(slot.text, text // _CHARACTER)))
            x = start
            for chip in slot.chips:
                width = _CHARACTER * len(chip.text) + 18
                marks.append(Mark(x, y + 2, width, line - 5, f"chip-{chip.look}"))
                labels.append(Label(x + width // 2, y + 18, chip.text, "middle"))
                x += width + 6
            right = max(right, x)
            y += line
        y += 8
    return Drawing(right, max(y - 8, 0), tuple(marks), tuple(labels))
