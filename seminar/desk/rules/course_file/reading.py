"""Read YAML without letting it decide anything: every value stays the text its author wrote.

YAML 1.1 turns ``no`` into false, ``12:30`` into 750, ``2025-10-20`` into a date and ``1_000`` into
a thousand. Here nothing is converted; the schema knows what a field must be. Anchors, aliases and
tags are refused while the text is scanned, before anything is built: a bomb has nothing to unfold.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from seminar.desk.rules.course_file.problems import (
    Mark,
    Path,
    Problem,
    Unreadable,
    shortened,
    written,
)

LARGEST = 1024 * 1024
DEEPEST = 20
MOST_VALUES = 50_000
LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
UTF16 = (b"\xff\xfe", b"\xfe\xff")
UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Text:
    """One value, exactly as written (quotes and folding removed)."""

    value: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Rows:
    """A list."""

    items: list["Node"]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with values; ``keys`` knows where each key stands. An empty value is left out."""

    entries: dict[str, "Node"]
    keys: dict[str, Mark]
    mark: Mark


Node: TypeAlias = Text | Rows | Mapping


@dataclass(frozen=True, slots=True)
class Tree:
    """The file as read, with the problems that did not stop the reading."""

    root: Mapping
    problems: tuple[Problem, ...]

    def find(self, path: Path) -> tuple[Mark, str]:
        """Return where the value of a path stands and what is written there.

        Of a list or a mapping it is the place of its key; of a missing value, of its parent.
        """
        node: Node | None = self.root
        mark = self.root.mark
        for step in path:
            if isinstance(node, Mapping) and isinstance(step, str):
                mark = node.keys.get(step, mark)
            node = _child(node, step)
            if node is None:
                return mark, ""
            if not isinstance(step, str) or isinstance(node, Text):
                mark = node.mark
        return mark, shortened(node.value) if isinstance(node, Text) else ""

    def find_key(self, path: Path) -> Mark:
        """Return where the last key of a path stands."""
        node: Node | None = self.root
        for step in path[:-1]:
            node = _child(node, step)
        key = path[-1]
        if isinstance(node, Mapping) and isinstance(key, str) and key in node.keys:
            return node.keys[key]
        return self.find(path)[0]

    def plain(self) -> dict[str, object]:
        """Return nested dicts, lists and texts for the schema."""
        return {key: _plain(value) for key, value in self.root.entries.items()}

    def keys_at(self, path: Path) -> tuple[str, ...]:
        """Return the keys written in the mapping at ``path``."""
        node: Node | None = self.root
        for step in path:
            node = _child(node, step)
        return tuple(node.keys) if isinstance(node, Mapping) else ()


def placed(problems: list[dict[str, Any]], tree: Tree | None) -> list[dict[str, Any]]:
    """Give each conflict of an applied file its line: what ``Problem`` says, as a mapping.

    Each has ``place``, the path of its key; one without stands at the start of the file.
    """
    said = []
    for problem in problems:
        mark = tree.find(tuple(problem["place"]))[0] if tree else Mark(1, 1)
        words = {name: problem[name] for name in ("path", "code", "value", "rule")}
        said.append({"line": mark.line, "column": mark.column, **words, "hint": ""})
    return said


def read(data: bytes) -> Tree:
    """Read the bytes of a course file.

    Raises Unreadable with one problem, code ``too_large encoding control_character syntax empty
    alias too_deep too_many several_documents needs_mapping``.
    Problems that leave the rest readable (``duplicate_key tag key_not_text``) are in the tree.
    """
    text = _decoded(data)
    reader = _Reader(text)
    try:
        root = reader.document()
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax(error)) from None
    except yaml.YAMLError as error:
        raise Unreadable(Problem(1, 1, "", "syntax", "", f"This is not YAML: {error}.")) from None
    if not isinstance(root, Mapping):
        rule = "A course file is a mapping: it starts with `course_file: 1`."
        raise Unreadable(Problem(root.mark.line, root.mark.column, "", "needs_mapping", "", rule))
    return Tree(root, tuple(reader.problems))


class _Reader:
    """Turns the stream of parser events into nodes, refusing on the way what is not allowed."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=LOADER)
        self.problems: list[Problem] = []
        self.values = 0

    def document(self) -> Node:
        """Read the only document of the stream."""
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    rule = "A course file holds one document; a second one starts here (`---`)."
                    raise _stop(event, (), "several_documents", "", rule)
                root = self.node(next(self.events), ())
        if root is None or (isinstance(root, Text) and not root.value):
            rule = "The file is empty. Start with `course_file: 1`."
            raise Unreadable(Problem(1, 1, "", "empty", "", rule))
        return root

    def node(self, event: yaml.Event, path: Path) -> Node:
        """Read the value that starts with ``event``."""
        self._admit(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._rows(event, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, path)
        value = str(getattr(event, "value", ""))
        return Text(unicodedata.normalize("NFC", value), _mark(event))

    def _admit(self, event: yaml.Event, path: Path) -> None:
        """Count and check one value. Source: reliability, course definition file."""
        self.values += 1
        if self.values > MOST_VALUES:
            raise _stop(event, path, "too_many", "", f"At most {MOST_VALUES} values are read.")
        if len(path) > DEEPEST:
            raise _stop(event, (), "too_deep", "", f"At most {DEEPEST} levels may be nested.")
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            rule = "Anchors (`&`) and aliases (`*`) are not read. Write the value out, or quote it."
            raise _stop(event, path, "alias", f"{sign}{anchor}", rule)
        tag = getattr(event, "tag", None)
        if tag is not None:
            rule = "Tags (`!`) are not read: the field decides its type. Remove it or quote it."
            self._note(event, path, "tag", tag, rule)

    def _rows(self, event: yaml.Event, path: Path) -> Rows:
        items: list[Node] = []
        while not isinstance(following := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(following, (*path, len(items))))
        return Rows(items, _mark(event))

    def _mapping(self, event: yaml.Event, path: Path) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        while not isinstance(following := next(self.events), yaml.MappingEndEvent):
            key = self.node(following, path)
            value_event = next(self.events)
            if not isinstance(key, Text):
                rule = "A key is one word, not a list or a mapping."
                self._note(following, path, "key_not_text", "", rule)
                self.node(value_event, (*path, "?"))
                continue
            value = self.node(value_event, (*path, key.value))
            if key.value in keys:
                rule = f"This key is already in line {keys[key.value].line}; keep one of the two."
                self._note(following, (*path, key.value), "duplicate_key", key.value, rule)
                continue
            keys[key.value] = key.mark
            if not _is_empty(value, value_event):
                entries[key.value] = value
        return Mapping(entries, keys, _mark(event))

    def _note(self, event: yaml.Event, path: Path, code: str, value: str, rule: str) -> None:
        self.problems.append(_stop(event, path, code, value, rule).problem)


def _decoded(data: bytes) -> str:
    if len(data) > LARGEST:
        rule = f"The file has {len(data)} bytes; at most {LARGEST} are read."
        raise Unreadable(Problem(1, 1, "", "too_large", "", rule))
    if data.startswith(UTF16):
        rule = "The file is UTF-16. Save it as UTF-8."
        raise Unreadable(Problem(1, 1, "", "encoding", "", rule))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", errors="replace")
        mark = _mark_after(before)
        value = f"0x{data[error.start]:02X}"
        rule = "This byte is not UTF-8; the file may be Latin-1. Save it as UTF-8."
        raise Unreadable(Problem(mark.line, mark.column, "", "encoding", value, rule)) from None
    if found := UNPRINTABLE.search(text):
        mark = _mark_after(text[: found.start()])
        value = f"U+{ord(found.group()):04X}"
        rule = "Control characters are not allowed. Remove this one."
        raise Unreadable(Problem(mark.line, mark.column, "", "control_character", value, rule))
    return text


def _mark_after(before: str) -> Mark:
    return Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _mark(event: yaml.Event) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else Mark(1, 1)


def _stop(event: yaml.Event, path: Path, code: str, value: str, rule: str) -> Unreadable:
    mark = _mark(event)
    return Unreadable(Problem(mark.line, mark.column, written(path), code, shortened(value), rule))


def _syntax(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    parts = [part for part in (error.context, error.problem) if part]
    rule = f"This is not YAML: {', '.join(parts)}."
    hint = "Nothing after it was read. Indent with spaces; quote text that holds `: ` or ` #`."
    return Problem(line, column, "", "syntax", "", rule, hint)


def _is_empty(value: Node, event: yaml.Event) -> bool:
    return value == Text("", _mark(event)) and getattr(event, "implicit", (False,))[0] is True


def _child(node: Node | None, step: str | int) -> Node | None:
    if isinstance(node, Mapping) and isinstance(step, str):
        return node.entries.get(step)
    if isinstance(node, Rows) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def _plain(node: Node) -> object:
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Rows):
        return [_plain(item) for item in node.items]
    return {key: _plain(value) for key, value in node.entries.items()}
