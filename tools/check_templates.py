"""Refuse templates that cannot be translated or that break the content security policy.

    python tools/check_templates.py [FOLDER]

In .html: text outside {% translate %} and {% blocktranslate %}; literal text in attributes that
people read or hear; literal text handed to a component; <style>, <script> without src, style=,
on...=, hx-on..., javascript: addresses; |safe and {% autoescape off %}.
In .txt (mails): text outside {% translate %} and {% blocktranslate %}.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]

# Text that is the same in every language, each with its reason. Nothing else is let through.
SAME_EVERYWHERE = {
    "Seminar": "the product's name",
    "arXiv": "a name",
    "BibTeX": "a name",
    "CSV": "a format's name",
    "DOI": "a name",
    "iCalendar": "a format's name",
    "JSON": "a format's name",
    "PDF": "a format's name",
    "RSS": "a format's name",
    "URL": "an abbreviation",
    "UTC": "a time zone's name",
    "YAML": "a format's name",
    "x": "a multiplication sign on keyboards",
}
# What stands in these is for machines, or is quoted as typed; translate="no" says so elsewhere.
NOT_LANGUAGE = {"code", "kbd", "pre", "samp", "script", "style"}
VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
}  # fmt: skip
SPOKEN_ATTRIBUTES = {
    "alt",
    "aria-description",
    "aria-label",
    "aria-roledescription",
    "placeholder",
    "title",
}
BUTTON_TYPES = {"button", "reset", "submit"}
SPOKEN_ARGUMENTS = {
    "action", "body", "button", "caption", "description", "empty", "heading", "help", "hint",
    "label", "legend", "message", "summary", "text", "title",
}  # fmt: skip

COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment\b.*?%\}.*?\{%\s*endcomment\s*%\}", re.DOTALL)
TRANSLATED = re.compile(
    r"\{%\s*(blocktrans(?:late)?)\b.*?%\}.*?\{%\s*end\1\s*%\}", re.DOTALL
)  # fmt: skip
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
# A block that fills a class attribute of the layout: {% block wrap_class %}wrap-narrow{% endblock %}
CLASS_BLOCK = re.compile(r"\{%\s*block\s+\w+_class\s*%\}[\w\s-]*\{%\s*endblock\b.*?%\}")
INCLUDE = re.compile(r"\{%\s*include\b(.*?)%\}", re.DOTALL)
ARGUMENT = re.compile(r"\b(\w+)=(?:\"([^\"]*)\"|'([^']*)')")
ADDRESS_PATH = re.compile(r"/[\w./-]*")
UNESCAPED = re.compile(r"\|\s*safe(?:seq)?\b|\{%\s*autoescape\s+off\b")
LETTER = re.compile(r"[^\W\d_]")
EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class Finding(NamedTuple):
    path: Path
    line: int
    fault: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.fault}"


def blank(pattern: re.Pattern[str], source: str) -> str:
    """Overwrite each match with spaces, so that what is left keeps its line."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)


def is_language(text: str) -> bool:
    words = EDGES.sub("", " ".join(text.split()))
    return bool(LETTER.search(words)) and words not in SAME_EVERYWHERE


class TextCheck(HTMLParser):
    """Finds text and spoken attributes that no translation reaches."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[tuple[int, str]] = []
        self.inside_quote: list[str] = []  # open elements, from the outermost untranslatable one

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.check_attributes(tag, values)
        quotes = tag in NOT_LANGUAGE or values.get("translate") == "no"
        if tag not in VOID and (quotes or self.inside_quote):
            self.inside_quote.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.check_attributes(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        while tag in self.inside_quote and self.inside_quote.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self.inside_quote and is_language(data):
            before = data[: len(data) - len(data.lstrip())].count("\n")
            self.add(f'untranslated text "{" ".join(data.split())}"', after=before)

    def check_attributes(self, tag: str, values: dict[str, str]) -> None:
        spoken = set(SPOKEN_ATTRIBUTES)
        if tag == "input" and values.get("type") in BUTTON_TYPES:
            spoken.add("value")
        for name in sorted(spoken & values.keys()):
            if is_language(values[name]):
                self.add(f'untranslated {name}="{values[name].strip()}"')

    def add(self, fault: str, *, after: int = 0) -> None:
        self.faults.append((self.getpos()[0] + after, fault))


class PolicyCheck(HTMLParser):
    """Finds what a content security policy without 'unsafe-inline' and 'unsafe-eval' refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in names):
            self.add(f"inline <{tag}>")
        for name, value in attrs:
            if name == "style" or name.startswith(("on", "hx-on")):
                self.add(f"inline {name}= on <{tag}>")
            if (value or "").strip().lower().startswith(("javascript:", "js:")):
                self.add(f"script in {name}= on <{tag}>")

    def add(self, fault: str) -> None:
        self.faults.append((self.getpos()[0], fault))


def line_of(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1


def faults_in_html(source: str) -> Iterator[tuple[int, str]]:
    text, policy = TextCheck(), PolicyCheck()
    text.feed(blank(TAG, blank(CLASS_BLOCK, blank(TRANSLATED, source))))
    text.close()
    policy.feed(blank(TAG, source))
    policy.close()
    yield from text.faults
    yield from policy.faults
    for include in INCLUDE.finditer(source):
        for argument in ARGUMENT.finditer(include.group(1)):
            name, value = argument.group(1), argument.group(2) or argument.group(3) or ""
            if name in SPOKEN_ARGUMENTS and is_language(value):
                line = line_of(source, include.start(1) + argument.start())
                yield line, f'untranslated {name}="{value}"; write {name}=_("{value}")'
    for unescaped in UNESCAPED.finditer(source):
        yield line_of(source, unescaped.start()), "output without escaping"


def faults_in_text(source: str) -> Iterator[tuple[int, str]]:
    # A link in a mail is an address put together from variables; what stands between is no text.
    left = blank(ADDRESS_PATH, blank(TAG, blank(TRANSLATED, source)))
    for number, line in enumerate(left.splitlines(), start=1):
        if is_language(line):
            yield number, f'untranslated text "{" ".join(line.split())}"'


def check(folder: Path) -> list[Finding]:
    findings = []
    for path in sorted(folder.rglob("*")):
        if path.suffix not in {".html", ".txt"}:
            continue
        source = blank(COMMENT, path.read_text(encoding="utf-8"))
        faults = faults_in_html(source) if path.suffix == ".html" else faults_in_text(source)
        findings += [Finding(path, line, fault) for line, fault in sorted(faults)]
    return findings


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "templates"
    findings = check(folder)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
