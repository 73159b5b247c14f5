"""Write a course as a course file: what ``parsing.parse`` reads, made for people to read.

The order is the schema's, what is as usual is left out, prose stands in blocks, and text is quoted
wherever a YAML 1.1 reader would take it for something else. The same course gives the same bytes.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

from pydantic_core import PydanticUndefined
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from courses.rules import FixedTime, rule_text
from seminar.desk.rules.course_file.schema import CourseFile, Part
from seminar.lib.numbers import plain

WIDTH = 100
PLAIN = re.compile(r"[^\W_](?:[^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff:#]|:(?=[^ ])|(?<! )#)*")
BRACKETS = re.compile(r"[\[\]{},]")
SPECIAL_BREAKS = str.maketrans(
    {"\x85": "\\N", "\u2028": "\\L", "\u2029": "\\P", "\ufeff": "\\uFEFF"}
)
RESOLVER: Any = Resolver()
A_TEXT = "tag:yaml.org,2002:str"


def course_file_text(file: CourseFile) -> str:
    """Return the text of a course file. ``parse`` of it gives ``file`` again."""
    head = f"# The course {file.course.slug}. How this file is read: docs/course-file.md"
    sections = ("\n".join(_entry(name, value, "")) for name, value in _said(file))
    return "\n\n".join([f"{head}\n{next(sections)}", *sections]) + "\n"


def _said(part: Part) -> Iterator[tuple[str, object]]:
    """Yield what differs from what the schema says anyway."""
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if field.default is PydanticUndefined or value != field.default:
            yield name, value


def _entry(name: str, value: object, indent: str) -> Iterator[str]:
    """Yield the lines of one key and its value."""
    start = f"{indent}{name}:"
    if isinstance(value, Part):
        lines = [line for key, one in _said(value) for line in _entry(key, one, f"{indent}  ")]
        yield from [start, *lines] if lines else [f"{start} {{}}"]
    elif isinstance(value, tuple):
        yield from _list(start, value, indent)
    elif isinstance(value, str):
        yield from _text(start, value, f"{indent}  ")
    else:
        yield f"{start} {_typed(value)}"


def _list(start: str, rows: Sequence[object], indent: str) -> Iterator[str]:
    """Yield a list: of words in one line if they fit, of parts one after the other."""
    words = [_word(row, in_line=True) for row in rows if isinstance(row, str)]
    line = f"{start} [{', '.join(words)}]"
    if len(words) == len(rows) and len(line) <= WIDTH:
        yield line
        return
    yield start
    yield from (f"{indent}  - {word}" for word in words)
    for part in (row for row in rows if isinstance(row, Part)):
        lines = [line for key, one in _said(part) for line in _entry(key, one, f"{indent}    ")]
        yield f"{indent}  - {lines[0].lstrip()}"
        yield from lines[1:]


def _text(start: str, text: str, indent: str) -> Iterator[str]:
    """Yield a text: in one line, folded where that is too long, in a block where it has lines."""
    if "\n" in text and _fits_block(text):
        yield f"{start} |"
        yield from (f"{indent}{line}".rstrip(" ") if not line else f"{indent}{line}"
                    for line in text.split("\n"))  # fmt: skip
        return
    word = _word(text)
    words = text.split(" ")
    if len(start) + len(word) < WIDTH or not _fits_fold(words):
        yield f"{start} {word}"
        return
    yield f"{start} >-"
    room = max(WIDTH - len(indent), 40)
    yield from (
        f"{indent}{line}"
        for line in textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    )


def _fits_block(text: str) -> bool:
    """Tell whether a block says it: nothing that YAML takes for a line break, or that it drops."""
    if text.translate(SPECIAL_BREAKS) != text or text[0] in " \t\n":
        return False
    return not any(line and not line.strip() for line in text.split("\n"))


def _fits_fold(words: Sequence[str]) -> bool:
    """Tell whether the text is the same when its words are joined by single blanks again."""
    return len(words) > 1 and all(word and word.split() == [word] for word in words)


def _word(text: str, *, in_line: bool = False) -> str:
    """Return a text in one line, in quotes where without them it might be read otherwise.

    ``in_line``: it stands in a list between brackets, where these and commas mean something.
    """
    tag = RESOLVER.resolve(ScalarNode, text, (True, False))
    is_plain = PLAIN.fullmatch(text) and text == text.strip()
    if tag == A_TEXT and is_plain and not (in_line and BRACKETS.search(text)):
        return text
    return json.dumps(text, ensure_ascii=False).translate(SPECIAL_BREAKS)


def _typed(value: object) -> str:
    """Return a value that the schema knows to be no text."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return plain(value)
        case time():
            return f"{value:%H:%M}"
        case FixedTime():
            return rule_text(value)
        case date():
            return value.isoformat()
    return str(value)
