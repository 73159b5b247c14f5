"""CSV files: read strictly and completely, written so that no spreadsheet runs a cell.

A file is read into rows by column name, or into everything that is wrong with it, each with its
line and column. Nothing is guessed that a person could not see: delimiter and encoding are part of
what is returned, and bytes that do not fit the encoding are errors, never other letters.

What ``write_table`` adds to a dangerous cell, ``read_table`` takes away again, and nothing else.
Source: RFC 4180; OWASP, CSV injection.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_noop as _

from seminar.lib.words import Words

LARGEST = 2 * 1024 * 1024
MOST_ROWS = 5_000
LARGEST_CELL = 32 * 1024
MOST_PROBLEMS = 100
SAMPLE = 3
SHOWN = 60

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "windows-1252": "Windows-1252",
    "latin-1": "Latin-1",
    "utf-16": "UTF-16",
}
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

csv.field_size_limit(LARGEST)  # the file's own limit; a cell's is looked at here, with its line


class Problem(NamedTuple):
    """One thing that is wrong: where, what stands there, and the rule it breaks.

    ``line`` counts the lines of the file from 1; ``column`` is the column's name, or empty.
    """

    line: int
    column: str
    value: str
    code: str
    words: Words

    def data(self) -> dict[str, str | int]:
        """Return it as JSON data, in the language that is active now."""
        place = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return {
            "field": place,
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "rule": self.words.text(),
        }


class Row(NamedTuple):
    """One record: the line it begins on, and its cells by the name of their column."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Columns:
    """What the first line may name. ``counted`` "choice_" stands for choice_1, choice_2, …"""

    required: tuple[str, ...]
    counted: str = ""

    def knows(self, name: str) -> bool:
        """Tell whether a column may be called so."""
        return name in self.required or bool(self.number(name))

    def number(self, name: str) -> int:
        """Return the number of a counted column; 0 for any other."""
        tail = name.removeprefix(self.counted) if self.counted else ""
        found = tail != name and tail.isascii() and tail.isdigit() and not tail.startswith("0")
        return int(tail) if found and len(tail) < 4 else 0

    def written(self) -> str:
        """Return the first line as it is asked for."""
        more = [f"{self.counted}1", f"{self.counted}2", "…"] if self.counted else []
        return ",".join([*self.required, *more])


@dataclass(frozen=True)
class Table:
    """A file as it was read. With ``problems``, ``rows`` are those that could be read anyway."""

    delimiter: str = ""
    encoding: str = "utf-8"
    names: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def delimiter_name(self) -> str:
        """``comma``, ``semicolon`` or ``tab``; empty if the file could not be read so far."""
        return DELIMITERS.get(self.delimiter, "")

    @property
    def encoding_name(self) -> str:
        """How people call the encoding."""
        return ENCODINGS[self.encoding]

    @property
    def sample(self) -> tuple[tuple[str, ...], ...]:
        """The first rows, shortened, so that a person sees whether letters and columns are right."""
        rows = self.rows[:SAMPLE]
        return tuple(tuple(shortened(row.cells[name]) for name in self.names) for row in rows)


class UnreadableError(Exception):
    """The file cannot be read any further; ``problems`` say why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


def read_table(raw: bytes, columns: Columns, encoding: str = "utf-8") -> Table:
    """Read a CSV file whose first line names its columns.

    Takes comma, semicolon or tab, whichever the first line uses; quotes; LF, CRLF or CR; a byte
    order mark. ``encoding`` is one of ``ENCODINGS``; UTF-8 unless somebody chose. Lines without any
    text are passed over. ``raw`` may be one byte longer than ``LARGEST``, to show that it is.
    At most ``MOST_PROBLEMS`` problems are returned. Takes time linear in the size.
    """
    names: tuple[str, ...] = ()
    rows: list[Row] = []
    delimiter = ""
    try:
        text = decoded(raw, encoding)
        delimiter = delimiter_of(text, columns)
        records = records_of(text, delimiter)
        line, header = next(records, (1, []))
        names = names_of(header, columns, line)
        problems = read_rows(records, names, rows)
    except UnreadableError as unreadable:
        problems = list(unreadable.problems)
    return Table(delimiter, encoding, names, tuple(rows), tuple(problems[:MOST_PROBLEMS]))


def write_table(names: Sequence[str], rows: Iterable[Sequence[str | int | Decimal | None]]) -> str:
    """Return a CSV file as text: comma, CRLF. Encode it with ``utf-8-sig`` for spreadsheets.

    Text that a spreadsheet could run is disarmed; numbers stay numbers; None is an empty cell.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(names)
    writer.writerows([written(cell) for cell in row] for row in rows)
    return file.getvalue()


def written(cell: str | int | Decimal | None) -> str:
    """Return one cell as ``write_table`` writes it."""
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    return f"'{cell}" if is_dangerous(cell) else cell


def meant(cell: str) -> str:
    """Return what was written: without the apostrophe that ``written`` put before it."""
    return cell[1:] if cell.startswith("'") and is_dangerous(cell[1:]) else cell


def is_dangerous(text: str) -> bool:
    """Tell whether a spreadsheet could take a cell for a formula.

    So it may where the first character that counts is ``= + - @``, in any width or form, or where
    a tab, line break or NUL stands before it. Blanks, quotes and apostrophes do not count.
    """
    for character in text:
        if character in "\t\r\n\0":
            return True
        is_quote = character in "'\"\u2018\u2019\u201c\u201d`\u00b4"
        if is_quote or character.isspace() or unicodedata.category(character) == "Cf":
            continue
        return unicodedata.normalize("NFKC", character)[0] in "=+-@"
    return False


def shortened(text: str) -> str:
    """Return a value for a message: its beginning, control characters made visible."""
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:SHOWN])
    return plain + ("…" if len(text) > SHOWN else "")


# --- From bytes to text ----------------------------------------------------------------------


def decoded(raw: bytes, encoding: str) -> str:
    """Return the text of a file, without its byte order mark. Raises UnreadableError."""
    if len(raw) > LARGEST:
        words = _("The file has more than 2 MiB. Split it.")
        raise UnreadableError(Problem(1, "", "", "file_too_big", Words(words)))
    if not raw.strip(b"\r\n\t ,;\0\xef\xbb\xbf\xff\xfe"):
        raise UnreadableError(Problem(1, "", "", "file_empty", Words(_("The file is empty."))))
    if encoding == "utf-16":
        return utf_16(raw)
    if raw.startswith(UTF_16_MARKS):
        words = _("This file is UTF-16. Choose that encoding, or save the file as UTF-8.")
        raise UnreadableError(Problem(1, "", "", "encoding", Words(words)))
    if encoding == "utf-8":
        raw = raw.removeprefix(codecs.BOM_UTF8)
    elif is_other_utf_8(raw):
        words = _("This file is UTF-8. Choose that encoding: otherwise letters become others.")
        raise UnreadableError(Problem(1, "", "", "encoding", Words(words)))
    problems = list(undecodable(raw, encoding))
    if problems:
        raise UnreadableError(*problems)
    return raw.decode(encoding)


def is_other_utf_8(raw: bytes) -> bool:
    """Tell whether a file with letters outside ASCII is UTF-8, whatever somebody chose."""
    try:
        return not raw.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


def utf_16(raw: bytes) -> str:
    """Return the text of a UTF-16 file. Raises UnreadableError."""
    if raw.startswith(UTF_16_MARKS):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError:
            pass
    words = _("This file is not UTF-16. Choose another encoding.")
    raise UnreadableError(Problem(1, "", "", "encoding", Words(words)))


def undecodable(raw: bytes, encoding: str) -> Iterator[Problem]:
    """Yield each line with a byte that the encoding does not have, at most ``MOST_PROBLEMS``."""
    found = 0
    for number, line in enumerate(raw.splitlines(), start=1):
        place = bad_byte(line, encoding)
        if place is not None:
            yield bad_byte_problem(number, place, line, encoding)
            found += 1
        if found == MOST_PROBLEMS:
            return


def bad_byte(line: bytes, encoding: str) -> int | None:
    """Return where in a line the first byte stands that is no letter of the encoding."""
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    if encoding == "latin-1":  # these are control characters there, and letters in Windows-1252
        return next((at for at, c in enumerate(text) if "\x80" <= c <= "\x9f"), None)
    return None


def bad_byte_problem(line: int, place: int, raw: bytes, encoding: str) -> Problem:
    """Say which byte it is, and the way out."""
    words = {
        "utf-8": _(
            "Byte %(place)s of this line is no UTF-8. Save the file as UTF-8, or choose the "
            "encoding it has: Windows-1252 for most files from Excel."
        ),
        "latin-1": _("Byte %(place)s of this line is no letter in Latin-1. Choose Windows-1252."),
    }.get(encoding, _("Byte %(place)s of this line is no letter in this encoding. Choose another."))
    return Problem(line, "", f"0x{raw[place]:02X}", "encoding", Words(words, {"place": place + 1}))


# --- From text to rows -----------------------------------------------------------------------


def delimiter_of(text: str, columns: Columns) -> str:
    """Return the delimiter that makes the most of the first line: known columns, then columns."""

    def worth(delimiter: str) -> tuple[int, int]:
        first = io.StringIO(text[: 4 * LARGEST_CELL], newline="")
        names = next(csv.reader(first, delimiter=delimiter), [])
        return sum(columns.knows(normal_name(name)) for name in names), len(names)

    return max(DELIMITERS, key=worth)


def records_of(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that has any text with the line it begins on. Raises UnreadableError."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            words = _(
                "The quotes of this row do not match: a cell in quotes ends with a quote, and a "
                "quote inside it is written twice. Nothing after this line could be read."
            )
            raise UnreadableError(Problem(line, "", "", "quotes", Words(words))) from None
        if any(cell.strip() for cell in record):
            yield line, record


def normal_name(name: str) -> str:
    """Return the name of a column as it is compared: letters, not how they are written."""
    return unicodedata.normalize("NFKC", name).strip().casefold().replace(" ", "_")


def names_of(header: list[str], columns: Columns, line: int) -> tuple[str, ...]:
    """Return the columns of a file. Raises UnreadableError with all that is wrong with them."""
    names = [normal_name(name) for name in header]
    while names and not names[-1]:
        names.pop()
    if not any(columns.knows(name) for name in names):
        words = Words(_("The first line must name the columns: %(names)s"), _named(columns))
        value = shortened(",".join(header))
        raise UnreadableError(Problem(line, "", value, "header_missing", words))
    problems = [*strange_names(names, columns, line), *lacking_names(names, columns, line)]
    if problems:
        raise UnreadableError(*problems)
    return tuple(names)


def strange_names(names: list[str], columns: Columns, line: int) -> Iterator[Problem]:
    """Yield a problem for each column that is not asked for, or stands there twice."""
    free = [name for name in columns.required if name not in names]
    for name, times in Counter(names).items():
        if not columns.knows(name):
            near = difflib.get_close_matches(name.replace("-", ""), free, n=1, cutoff=0.6)
            words = Words(_("There is no such column. Columns: %(names)s"), _named(columns))
            if near:
                words = Words(
                    _("There is no such column. Do you mean “%(near)s”?"), {"near": near[0]}
                )
            yield Problem(line, shortened(name), shortened(name), "column_unknown", words)
        elif times > 1:
            words = Words(_("This column stands there more than once."))
            yield Problem(line, name, name, "column_repeated", words)


def lacking_names(names: list[str], columns: Columns, line: int) -> Iterator[Problem]:
    """Yield a problem for each column that is missing; counted ones go 1, 2, 3 without a gap."""
    numbers = {columns.number(name) for name in names} - {0}
    last = max(numbers, default=1) if columns.counted else 0
    needed = [*columns.required, *(f"{columns.counted}{n}" for n in range(1, last + 1))]
    for name in needed:
        if name not in names:
            words = Words(_("This column is missing. Columns: %(names)s"), _named(columns))
            yield Problem(line, name, "", "column_missing", words)


def _named(columns: Columns) -> dict[str, str]:
    return {"names": columns.written()}


def read_rows(
    records: Iterator[tuple[int, list[str]]], names: tuple[str, ...], rows: list[Row]
) -> list[Problem]:
    """Fill ``rows`` with every sound record; return what is wrong with the others."""
    problems: list[Problem] = []
    try:
        for count, (line, record) in enumerate(records, start=1):
            if count > MOST_ROWS:
                words = Words(_("A file can have at most 5,000 rows. Split it."))
                problems.append(Problem(line, "", "", "too_many_rows", words))
                break
            found = list(row_problems(line, record, names))
            problems += found
            if not found:
                cells = (meant(cell) for cell in record)
                rows.append(Row(line, dict(zip(names, cells, strict=False))))
            if len(problems) >= MOST_PROBLEMS:
                break
    except UnreadableError as unreadable:
        problems += unreadable.problems
    if not rows and not problems:
        words = Words(_("There are no rows below the first line."))
        problems.append(Problem(1, "", "", "no_rows", words))
    return problems


def row_problems(line: int, record: list[str], names: tuple[str, ...]) -> Iterator[Problem]:
    """Yield what is wrong with one record before anybody looks at what it means."""
    if len(record) < len(names) or any(cell.strip() for cell in record[len(names) :]):
        words = Words(
            _("This row has %(cells)s cells; the first line names %(names)s columns."),
            {"cells": len(record), "names": len(names)},
        )
        yield Problem(line, "", shortened(",".join(record)), "ragged", words)
    for name, cell in zip(names, record, strict=False):
        if len(cell) > LARGEST_CELL or len(cell.encode(errors="replace")) > LARGEST_CELL:
            words = Words(_("A cell can have at most 32 KiB."))
            yield Problem(line, name, shortened(cell), "cell_too_big", words)
        elif "\0" in cell:
            words = Words(_("There is a NUL character in this cell. Delete it."))
            yield Problem(line, name, shortened(cell), "nul", words)


def csv_response(
    name: str, names: Sequence[str], rows: Iterable[Sequence[str | int | Decimal | None]]
) -> HttpResponse:
    """Answer with a CSV file to be saved, never kept by a cache.

    ``name`` is made of slugs and keys, so it needs no quoting; UTF-8 with a mark, which Excel needs.
    """
    response = HttpResponse(
        write_table(names, rows).encode("utf-8-sig"), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{name}.csv"
    )
    response["Cache-Control"] = "private, no-store"
    return response
