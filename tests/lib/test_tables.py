# ruff: noqa: RUF001 - look-alikes are what this is about
"""CSV files: everything that arrives is read or refused by line; everything that leaves is inert."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seminar.lib import tables
from seminar.lib.tables import Columns, Table, is_dangerous, meant, read_table, write_table, written

PEOPLE = Columns(("name", "email"))
LISTS = Columns(("email",), counted="choice_")
# What a database can hold: no NUL, no lone surrogate.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
DANGEROUS = "=+-@\t\r\n\0＝＋－＠"


def read(text: str, columns: Columns = PEOPLE) -> Table:
    return read_table(text.encode(), columns)


def cells(table: Table) -> list[tuple[str, ...]]:
    assert table.problems == ()
    return [tuple(row.cells.values()) for row in table.rows]


def codes(table: Table) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.code) for problem in table.problems]


# --- What can be read ------------------------------------------------------------------------


@pytest.mark.parametrize(("delimiter", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab")])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_read_table_finds_the_dialect(delimiter: str, name: str, ending: str, mark: str) -> None:
    lines = [["name", "email"], ["Ada", "ada@example.org"], ['"Bo; B, X"', "bo@example.org"], []]
    text = mark + ending.join(delimiter.join(line) for line in lines)

    table = read(text)

    assert cells(table) == [("Ada", "ada@example.org"), ("Bo; B, X", "bo@example.org")]
    assert [row.line for row in table.rows] == [2, 3]
    assert (table.delimiter_name, table.encoding_name) == (name, "UTF-8")
    assert table.sample == (("Ada", "ada@example.org"), ("Bo; B, X", "bo@example.org"))


def test_read_table_counts_lines_through_quoted_line_breaks() -> None:
    table = read('name,email\n"A\r\nda\n",a\n\n,,\n"B ""x""",b\n')

    assert [(row.line, row.cells["name"]) for row in table.rows] == [(2, "A\r\nda\n"), (7, 'B "x"')]


def test_read_table_knows_columns_however_they_are_written() -> None:
    assert cells(read("EMAIL , Name,,\na,b,,\nc,d\n")) == [
        ("a", "b"),
        ("c", "d"),
    ]


def test_read_table_orders_counted_columns_by_name() -> None:
    table = read("choice_2;email;choice_1\nb;a@x;a\n", LISTS)

    assert table.rows[0].cells == {"choice_2": "b", "email": "a@x", "choice_1": "a"}


@pytest.mark.parametrize(
    ("encoding", "raw"),
    [
        ("windows-1252", "name;email\nJürgen Groß €;a".encode("windows-1252")),
        ("utf-16", "name;email\nJürgen Groß €;a".encode("utf-16")),
        ("utf-8", "name;email\nJürgen Groß €;a".encode("utf-8-sig")),
    ],
)
def test_read_table_reads_the_encoding_that_was_chosen(encoding: str, raw: bytes) -> None:
    assert cells(read_table(raw, PEOPLE, encoding)) == [("Jürgen Groß €", "a")]


def test_read_table_reads_latin_1() -> None:
    raw = "name,email\nJürgen Groß,a\n".encode("latin-1")

    assert cells(read_table(raw, PEOPLE, "latin-1")) == [("Jürgen Groß", "a")]


# --- Never other letters ---------------------------------------------------------------------


def test_read_table_names_line_and_byte_of_what_is_no_utf_8() -> None:
    raw = "name,email\nAda,a\nJürgen,b\nBo,c\nGroß,d\n".encode("latin-1")

    problems = read_table(raw, PEOPLE).problems

    assert [(p.line, p.value, p.code) for p in problems] == [
        (3, "0xFC", "encoding"),
        (5, "0xDF", "encoding"),
    ]
    assert "Byte 2 of this line" in problems[0].words.plain()
    assert "Windows-1252" in problems[0].words.plain()


@pytest.mark.parametrize(
    ("raw", "chosen"),
    [
        ("name,email\nJürgen,a\n".encode(), "latin-1"),
        ("name,email\nJürgen,a\n".encode(), "windows-1252"),
        ("name,email\n“Jo”,a\n".encode("windows-1252"), "latin-1"),
        (b"name,email\n\x81,a\n", "windows-1252"),
        ("name,email\nJürgen,a\n".encode("utf-16"), "utf-8"),
        ("name,email\nJürgen,a\n".encode("utf-16"), "windows-1252"),
        (b"name,email\nJ,a\n", "utf-16"),
        ("name,email\nJ,a\n".encode("utf-16") + b"\0", "utf-16"),
        ("\ufeffname,email\n\ud800,a\n".encode("utf-16-le", "surrogatepass"), "utf-16"),
        (b"name,email\n\xed\xa0\x80,a\n", "utf-8"),
        (b"name,email\n\xc0\xaf,a\n", "utf-8"),
    ],
)
def test_read_table_refuses_an_encoding_that_would_make_other_letters(
    raw: bytes, chosen: str
) -> None:
    table = read_table(raw, PEOPLE, chosen)

    assert {problem.code for problem in table.problems} == {"encoding"}
    assert table.rows == ()


# --- What is wrong, all of it ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [(1, "", "file_empty")]),
        ("\n\r\n ,;\t\n", [(1, "", "file_empty")]),
        ("\ufeff", [(1, "", "file_empty")]),
        ("Ada,ada@example.org\n", [(1, "", "header_missing")]),
        ("name\nAda\n", [(1, "email", "column_missing")]),
        ("name,email\n", [(1, "", "no_rows")]),
        ("name,email,name\na,b,c\n", [(1, "name", "column_repeated")]),
        ("name,email,age\na,b,c\n", [(1, "age", "column_unknown")]),
        ("name,,email\na,,c\n", [(1, "", "column_unknown")]),
        ("name,email\na\nb,c\nd,e,f\n", [(2, "", "ragged"), (4, "", "ragged")]),
        ("name,email\na\0,b\nc,\0d\n", [(2, "name", "nul"), (3, "email", "nul")]),
        ('name,email\na,b\n"c,d\n', [(3, "", "quotes")]),
        ('name,email\na,b\n"c"d,e\n', [(3, "", "quotes")]),
        ("name,email\n" + "a" * 32_769 + ",b\n", [(2, "name", "cell_too_big")]),
        ("name,email\n" + "ü" * 16_385 + ",b\n", [(2, "name", "cell_too_big")]),
    ],
)
def test_read_table_says_what_is_wrong(text: str, found: list[tuple[int, str, str]]) -> None:
    assert codes(read(text)) == found


def test_read_table_suggests_the_name_that_was_meant() -> None:
    problems = read("name,e-mail\nAda,a\n").problems

    assert problems[0].words.plain() == "There is no such column. Do you mean “email”?"
    assert codes(read("name,e-mail\nAda,a\n")) == [
        (1, "e-mail", "column_unknown"),
        (1, "email", "column_missing"),
    ]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("email", (1, "choice_1", "column_missing")),
        ("email,choice_1,choice_3", (1, "choice_2", "column_missing")),
        ("email,choice_1,choice_02", (1, "choice_02", "column_unknown")),
        ("email,choice_1,choice_0", (1, "choice_0", "column_unknown")),
        ("email,choice_1,choice_1000", (1, "choice_1000", "column_unknown")),
    ],
)
def test_read_table_wants_counted_columns_without_a_gap(
    header: str, found: tuple[int, str, str]
) -> None:
    assert codes(read(f"{header}\na\n", LISTS)) == [found]


def test_read_table_reports_at_most_a_hundred_problems_at_once() -> None:
    problems = read("name,email\n" + "a\n" * 500).problems

    assert [problem.line for problem in problems] == list(range(2, 102))


def test_read_table_keeps_sound_rows_beside_problems() -> None:
    table = read("name,email\na,b\nc\nd,e\n")

    assert [row.line for row in table.rows] == [2, 4]
    assert codes(table) == [(3, "", "ragged")]


# --- Bounded work ----------------------------------------------------------------------------


def test_read_table_stops_after_five_thousand_rows() -> None:
    fits = "name,email\n" + "a,b\n" * 5_000

    assert len(read(fits).rows) == 5_000
    table = read("name,email\n" + "a,b\n" * 100_000)
    assert codes(table) == [(5_002, "", "too_many_rows")]
    assert len(table.rows) == 5_000


def test_read_table_refuses_a_cell_of_ten_mebibytes_unread() -> None:
    table = read_table(b"name,email\n" + b"a" * (10 * 1024 * 1024) + b",b\n", PEOPLE)

    assert (codes(table), table.rows) == ([(1, "", "file_too_big")], ())


def test_read_table_refuses_a_cell_that_fills_the_file() -> None:
    text = "name,email\n" + "a" * (tables.LARGEST - 20) + ",b\n"

    assert codes(read(text)) == [(2, "name", "cell_too_big")]


@given(st.binary(max_size=300), st.sampled_from(list(tables.ENCODINGS)))
def test_read_table_answers_any_bytes(raw: bytes, encoding: str) -> None:
    for start in (b"", b"name,email\n"):
        table = read_table(start + raw, PEOPLE, encoding)
        assert table.rows or table.problems
        assert all(set(row.cells) == {"name", "email"} for row in table.rows)


# --- Cells that no spreadsheet runs ----------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@x", "\t=1", "\r1", "\n1", "\0", "＝1", "＋1", "－1", "＠x"),
        *(" =1", "  -1", "'=1", "''=1", '"=1', ' "=1', "\u00a0=1", "\ufeff=1", "\u200b=1", "﹢1"),
    ],
)
def test_written_disarms_what_a_spreadsheet_could_run(text: str) -> None:
    assert written(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "'", "a=1", "1-1", "O'Neil", "'tis", "(=1)", "–", "₤-"])
def test_written_leaves_other_text_as_it_is(text: str) -> None:
    assert written(text) == text


@pytest.mark.parametrize(
    ("number", "cell"), [(-5, "-5"), (Decimal("-7.50"), "-7.50"), (0, "0"), (None, "")]
)
def test_written_keeps_numbers_numbers(number: Any, cell: str) -> None:
    assert written(number) == cell


@given(st.text())
def test_written_never_begins_with_what_starts_a_formula(text: str) -> None:
    bare = written(text).lstrip(' "')

    assert bare[:1] not in set(DANGEROUS) or not bare


@given(TEXT)
def test_meant_takes_away_exactly_what_written_added(text: str) -> None:
    assert meant(written(text)) == text


@given(st.lists(st.tuples(TEXT, TEXT).filter(lambda row: any(cell.strip() for cell in row))))
def test_reading_what_was_written_gives_the_original(rows: list[tuple[str, str]]) -> None:
    text = write_table(("name", "email"), rows)

    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        table = read_table(text.encode(encoding), PEOPLE, encoding.removesuffix("-sig"))
        expected = [] if rows else [(1, "", "no_rows")]
        assert codes(table) == expected
        assert [tuple(row.cells.values()) for row in table.rows] == rows


@given(st.lists(st.tuples(TEXT, st.integers(), st.decimals(allow_nan=False, allow_infinity=False))))
def test_write_table_writes_what_every_csv_reader_reads(rows: list[tuple[Any, ...]]) -> None:
    text = write_table(("a", "b", "c"), rows)

    found = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert found == [["a", "b", "c"], *([written(cell) for cell in row] for row in rows)]


def test_is_dangerous_sees_through_every_form_of_the_four_signs() -> None:
    assert {c for c in map(chr, range(0x110000)) if is_dangerous(c)} == set(
        "=+-@\t\r\n\0＝＋－＠⁺₊⁼₌﹢﹣﹦﹫﬩⩵⩶"
    )
