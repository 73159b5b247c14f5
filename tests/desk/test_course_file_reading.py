"""Bytes that are no course file: one line each, found before anything is built."""

import time

import pytest

from seminar.desk.rules.course_file.problems import Mark, Unreadable
from seminar.desk.rules.course_file.reading import Text, read


def refused(data: bytes | str) -> tuple[int, int, str, str]:
    with pytest.raises(Unreadable) as stop:
        read(data.encode() if isinstance(data, str) else data)
    problem = stop.value.problem
    return problem.line, problem.column, problem.code, problem.value


def noted(text: str) -> list[tuple[int, int, str, str]]:
    return [(p.line, p.column, p.code, p.path) for p in read(text.encode()).problems]


def test_read_keeps_every_value_as_written() -> None:
    text = "a: no\nb: 12:30\nc: 2025-10-20\nd: 1_000\ne: .nan\nf: 010\ng: 0x1F\nh: null\ni: ~\nj: '7'\n"

    plain = read(text.encode()).plain()

    assert plain == {
        "a": "no", "b": "12:30", "c": "2025-10-20", "d": "1_000", "e": ".nan", "f": "010",
        "g": "0x1F", "h": "null", "i": "~", "j": "7",
    }  # fmt: skip


def test_read_leaves_out_an_empty_value_but_not_an_empty_text() -> None:
    assert read(b"a:\nb: ''\n").plain() == {"b": ""}


def test_read_accepts_a_byte_order_mark() -> None:
    assert read(b"\xef\xbb\xbfa: 1\n").plain() == {"a": "1"}


def test_read_composes_accents() -> None:
    assert read("a: Rene\u0301\n".encode()).plain() == {"a": "Ren\u00e9"}


def test_find_points_at_keys_and_at_values_of_lists() -> None:
    tree = read(b"a:\n  - b: 1\n    c: [x, y]\n")

    assert tree.find(("a", 0, "b")) == (Mark(2, 8), "1")
    assert tree.find(("a", 0, "c", 1)) == (Mark(3, 12), "y")
    assert tree.find(("a", 0, "c")) == (Mark(3, 5), "")
    assert tree.find_key(("a", 0, "b")) == Mark(2, 5)
    assert tree.find(("a", 0, "missing", "deeper")) == (Mark(2, 5), "")
    assert tree.root.entries["a"].items[0].entries["b"] == Text("1", Mark(2, 8))


def test_read_refuses_latin_1_naming_the_byte() -> None:
    assert refused("a: 1\nb: René\n".encode("latin-1")) == (2, 7, "encoding", "0xE9")


def test_read_refuses_utf_16() -> None:
    assert refused("a: 1\n".encode("utf-16")) == (1, 1, "encoding", "")
    assert refused("a: 1\n".encode("utf-16-le")) == (1, 2, "control_character", "U+0000")


def test_read_refuses_control_characters() -> None:
    assert refused("a: 1\nb: x\x07\n") == (2, 5, "control_character", "U+0007")


def test_read_refuses_more_than_a_mebibyte() -> None:
    assert refused(b"#" * (1024 * 1024 + 1)) == (1, 1, "too_large", "")
    assert refused(b"#" * (1024 * 1024)) == (1, 1, "empty", "")


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "--- ''\n"])
def test_read_refuses_an_empty_file(text: str) -> None:
    assert refused(text) == (1, 1, "empty", "")


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n"])
def test_read_refuses_what_is_no_mapping(text: str) -> None:
    assert refused(text) == (1, 1, "needs_mapping", "")


def test_read_refuses_a_syntax_error_at_its_place() -> None:
    assert refused("a: 1\nb: [1, 2\nc: 3\n")[2] == "syntax"
    assert refused("a:\n\tb: 2\n") == (2, 1, "syntax", "")


def test_read_refuses_a_second_document() -> None:
    assert refused("a: 1\n---\nb: 2\n") == (2, 1, "several_documents", "")


def test_read_refuses_anchors_and_aliases() -> None:
    assert refused("a: &x 1\nb: *x\n") == (1, 4, "alias", "&x")
    assert refused("a: *x\n") == (1, 4, "alias", "*x")
    assert refused("&k a: 1\n") == (1, 1, "alias", "&k")


def test_read_refuses_an_alias_bomb_at_once() -> None:
    levels = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 40)]
    bomb = "\n".join(["l0: &l0 [lol]", *levels])

    started = time.process_time()
    problem = refused(bomb)

    assert problem == (1, 5, "alias", "&l0")
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize("text", ["{}[{}]", "{}{{a: {}}}"])
def test_read_refuses_deep_nesting(text: str) -> None:
    opener, closer = ("[", "]") if "[" in text else ("{a: ", "}")
    deep = "a: " + opener * 200_000 + closer * 200_000

    line, _, code, _ = refused(deep)

    assert (line, code) == (1, "too_deep")


def test_read_accepts_twenty_levels_and_no_more() -> None:
    assert read(("a: " + "[" * 20 + "]" * 20).encode()).problems == ()
    assert refused("a: " + "[" * 21 + "]" * 21) == (1, 24, "too_deep", "")


def test_read_refuses_too_many_values() -> None:
    assert refused("a: [" + "1," * 60_000 + "]")[2] == "too_many"


def test_read_notes_tags_and_reads_on() -> None:
    text = "a: !!python/object/apply:os.system [x]\nb: !own 1\nc: !!str 2\n"

    assert noted(text) == [(1, 4, "tag", "a"), (2, 4, "tag", "b"), (3, 4, "tag", "c")]


def test_read_notes_a_repeated_key_with_the_first_line() -> None:
    tree = read(b"a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")

    assert [(p.line, p.column, p.path, p.code) for p in tree.problems] == [
        (4, 3, "b.c", "duplicate_key"),
        (5, 1, "a", "duplicate_key"),
    ]
    assert [p.rule for p in tree.problems] == [
        "This key is already in line 3; keep one of the two.",
        "This key is already in line 1; keep one of the two.",
    ]
    assert tree.plain() == {"a": "1", "b": {"c": "1"}}


def test_read_notes_a_key_that_is_a_list() -> None:
    assert noted("? [a, b]\n: 1\nc: 2\n") == [(1, 3, "key_not_text", "")]
