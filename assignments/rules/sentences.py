"""How many sentences a text has: one rule, used by the page, the submission and the grader.

A sentence ends with ``. ! ?`` or an ellipsis (closing quotes and brackets included) before white
space and a capital letter or a digit, or at the end of a paragraph; or with a full-width stop anywhere. No
sentence ends after an abbreviation ("et al.", "e.g.", "Fig."), an initial ("J. Doe", "U.S."), or
the number that starts a list item ("1. First"). A piece without a letter or digit is none. What
has no full stop is still a sentence. The cases are in tests/assignments/sentences.json.
"""

from __future__ import annotations

import re

_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n")
_STOP = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?:\s++|$)|[。！？]++\s*+")  # noqa: RUF001
_OPENERS = "\"'“‘«([*_"  # noqa: RUF001
_WORD = re.compile(r"[^\W_]")
_INITIALS = re.compile(r"(?:[A-HJ-Z]|(?:[A-Za-z]\.)+[A-Za-z])")
_LAST_TOKEN = re.compile(r"\S{1,20}$")
_ABBREVIATIONS = frozenset(
    {
        *("al", "approx", "bzw", "ca", "cf", "dr", "eds", "eq", "eqn", "eqs", "esp", "fig", "figs"),
        *("incl", "mr", "mrs", "prof", "resp", "viz", "vs"),
    }
)
_BEFORE_NUMBERS = frozenset(
    {*("app", "chap", "no", "nos", "nr", "p", "pp", "ref", "refs", "sec", "secs", "tab", "vol")}
)
"""Words of their own ("The answer is no."), and abbreviations only before a number ("No. 5")."""


def sentence_count(text: str) -> int:
    """Return the number of sentences in ``text``. Linear in its length."""
    return sum(_in_paragraph(part.strip()) for part in _PARAGRAPHS.split(text))


def _in_paragraph(text: str) -> int:
    count = start = 0
    for stop in _STOP.finditer(text):
        if _ends(text, start, stop):
            count += _has_word(text[start : stop.end()])
            start = stop.end()
    return count + _has_word(text[start:])


def _ends(text: str, start: int, stop: re.Match[str]) -> bool:
    mark = stop.group().rstrip()
    if stop.end() == len(text) or mark[0] in "。！？":  # noqa: RUF001
        return True
    following = text[stop.end() : stop.end() + 4].lstrip(_OPENERS)[:1]
    if not (following.isupper() or following.isdigit()):
        return False
    before = text[max(start, stop.start() - 24) : stop.start()]
    return mark != "." or not _is_abbreviated(before, before_number=following.isdigit())


def _is_abbreviated(before: str, *, before_number: bool) -> bool:
    """Tell whether the full stop after ``before`` belongs to its last token."""
    found = _LAST_TOKEN.search(before)
    token = found.group().lstrip(_OPENERS) if found else ""
    if token.isdigit():
        return token == before.strip()
    if before_number and token.lower() in _BEFORE_NUMBERS:
        return True
    return token.lower() in _ABBREVIATIONS or bool(_INITIALS.fullmatch(token))


def _has_word(text: str) -> bool:
    return bool(_WORD.search(text))
