"""Whatever bytes come, every parser answers with a value or with a mistake it can name.

In `make test` a few hundred inputs each; `make campaign` goes on for two minutes each, every time
from another start, which it prints.
"""

from __future__ import annotations

import random
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from courses.rules.openings import RuleTextError, parse_rule, rule_text
from seminar.desk.rules.course_file.parsing import parse
from seminar.desk.rules.course_file.writing import course_file_text
from seminar.lib.markdown import render
from seminar.lib.numbers import NumberError, parse_score
from seminar.lib.page_counter import pages_in
from seminar.lib.tables import Columns, UnreadableError, read_table
from tests.factories.assignments import make_pdf
from tests.fuzz.mutation import chance_from, damaged

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
Parser = Callable[[bytes, random.Random], None]
INPUTS = 150
CAMPAIGN_SECONDS = 120
# How long one input may take. Generous, for a busy machine; a bomb takes minutes.
SLOWEST = 30

ROSTER = (
    "name,email,role,matriculation\n"
    'Ada Ōkafor,ada@example.org,student,0012345\n"Müller, Jo",jo@example.org,ta,\n'
).encode()
RULES = (
    b"2025-10-24 18:00",
    b"2025-10-26 02:30 second",
    b"end of meeting intro-1",
    b"end of last lecture of phases",
    b"before the presentations of phases",
    b"7 days after meeting hands-on-2 at 18:00",
)
TEXT = b"# A *list*\n\n- [x](https://example.org)\n\n| a | b |\n|---|---|\n| `c` | <b>d</b> |\n"


def course_file(data: bytes, chance: random.Random) -> None:
    found = parse(data)
    assert (found.file is None) == bool(found.problems)
    for problem in found.problems:
        assert (problem.line, problem.column) >= (1, 1)
        assert problem.rule
    if found.file is not None:  # what was understood is written back as what was understood
        assert parse(course_file_text(found.file).encode()).file == found.file


def table(data: bytes, chance: random.Random) -> None:
    encoding = chance.choice(("utf-8", "windows-1252", "latin-1", "utf-16"))
    columns = Columns(("name", "email", "role", "matriculation"))
    try:
        found = read_table(data, columns, encoding)
    except UnreadableError as unreadable:
        found = None
        problems = unreadable.problems
    else:
        problems = found.problems
    assert problems or (found and found.rows)


def score(data: bytes, chance: random.Random) -> None:
    text = data.decode(errors="replace")
    try:
        found = parse_score(text)
    except NumberError:
        return
    assert text.strip().replace(",", ".").count(".") <= 1
    assert 0 <= found < 10_000
    assert found == found.quantize(found.__class__("0.01"))


def time_rule(data: bytes, chance: random.Random) -> None:
    try:
        rule = parse_rule(data.decode(errors="replace"))
    except RuleTextError:
        return
    assert parse_rule(rule_text(rule)) == rule


def markdown(data: bytes, chance: random.Random) -> None:
    html = render(data.decode(errors="replace")).lower()
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html


GOOD: dict[Parser, tuple[bytes, ...]] = {
    course_file: tuple(path.read_bytes() for path in sorted((ROOT / "examples").glob("*.yaml"))),
    table: (ROSTER, ROSTER.replace(b",", b";"), ROSTER.decode().encode("utf-16")),
    score: (b"7.5", b"10", b"0,25", b"9999.99"),
    time_rule: RULES,
    markdown: (TEXT,),
}


def feed(parser: Parser, chance: random.Random) -> tuple[float, bytes]:
    """Damage one good file and read it; return the seconds it took, and it.

    A failure names the file.
    """
    data = damaged(chance.choice(GOOD[parser]), chance)
    begun = time.monotonic()
    try:
        parser(data, chance)
    except Exception as error:
        error.add_note(f"{parser.__name__} was given {data[:2000]!r}")
        raise
    return time.monotonic() - begun, data[:2000]


@pytest.mark.parametrize("parser", GOOD, ids=lambda parser: parser.__name__)
def test_a_damaged_file_is_refused_in_words(parser: Parser) -> None:
    chance = chance_from(20251020)
    inputs = INPUTS // 10 if parser is course_file else INPUTS

    slowest = max(feed(parser, chance) for _ in range(inputs))

    assert slowest[0] < SLOWEST, slowest


def test_a_damaged_pdf_has_an_unknown_number_of_pages(tmp_path: Path) -> None:
    chance, path = chance_from(20251020), tmp_path / "damaged.pdf"

    for _ in range(INPUTS):
        path.write_bytes(damaged(make_pdf(3), chance))
        assert pages_in(path).isalnum()


@pytest.mark.campaign
@pytest.mark.timeout(900)
@pytest.mark.parametrize("parser", GOOD, ids=lambda parser: parser.__name__)
def test_no_file_breaks_a_parser_for_a_long_time(parser: Parser) -> None:
    start = secrets.randbits(64)
    chance, inputs, slowest = chance_from(start), 0, (0.0, b"")
    end = time.monotonic() + CAMPAIGN_SECONDS
    sys.stdout.write(f"{parser.__name__}: start {start}\n")

    while time.monotonic() < end:
        slowest = max(slowest, feed(parser, chance))
        inputs += 1

    sys.stdout.write(f"{parser.__name__}: {inputs} inputs\n")
    assert slowest[0] < SLOWEST, slowest
