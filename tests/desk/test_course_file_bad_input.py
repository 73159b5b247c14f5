"""What people really feed to ``load_course``: each named by line, key, rule and value; none written.

Source: reliability, bad input, course definition file. What stops the reading of bytes is looked
at closely in ``test_course_file_reading``, each rule of the schema in ``test_course_file_checks``.
"""

import json
import tracemalloc
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from courses.models import Announcement, Course
from seminar.accounts.models import AuditEntry, User
from seminar.desk.rules.course_file import parse
from tests.desk.test_course_file_checks import SMALL

LAUGHS = "\n".join(
    ["l0: &l0 [ha]", *(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 60))]
)
MIB = 1024 * 1024


def small(*pairs: tuple[str, str]) -> str:
    text = SMALL
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


# What it is, the file, and the problems: line, key, code, value.
BYTES: list[tuple[str, bytes, tuple[int, str, str, str]]] = [
    ("empty", b"", (1, "", "empty", "")),
    ("only comments", b"# nothing\n# here\n", (1, "", "empty", "")),
    ("tab", SMALL.replace("  slug", "\tslug", 1).encode(), (3, "", "syntax", "")),
    ("syntax", SMALL.replace("[basics]", "[basics", 1).encode(), (26, "", "syntax", "")),
    ("UTF-16", SMALL.encode("utf-16"), (1, "", "encoding", "")),
    ("UTF-16 without mark", SMALL.encode("utf-16-be"), (1, "", "control_character", "U+0000")),
    ("UTF-32", SMALL.encode("utf-32"), (1, "", "encoding", "")),
    ("Latin-1", SMALL.replace("Iris", "Irène").encode("latin-1"), (9, "", "encoding", "0xE8")),
    ("alias bomb", LAUGHS.encode(), (1, "l0", "alias", "&l0")),
    ("deep", b"a: " + b"[" * 5000 + b"]" * 5000, (1, "", "too_deep", "")),
    ("large", b"#" * (MIB + 1), (1, "", "too_large", "")),
    (
        "newer version",
        SMALL.replace("course_file: 1", "course_file: 2").encode(),
        (1, "course_file", "version", "2"),
    ),
]
VALUES: list[tuple[tuple[str, str], tuple[int, str, str, str]]] = [
    # Objects, keys.
    (("term: Summer 2026", "term: !!python/object:os.system x"), (6, "course.term", "tag", "!!")),
    (("term: Summer 2026", "slug: again"), (6, "course.slug", "duplicate_key", "slug")),
    (("    opens: end", "    opnes: end"), (50, "rounds[0].opnes", "unknown_key", "")),
    # YAML 1.1: nothing is guessed; a number, a flag, a time is what the key asks for.
    (("max: 10", "max: 1_000"), (75, "items[0].max", "number", "1_000")),
    (("max: 10", "max: .nan"), (75, "items[0].max", "number", ".nan")),
    (("max: 10", "max: 0x10"), (75, "items[0].max", "number", "0x10")),
    (("max: 10", "max: 1e400"), (75, "items[0].max", "number", "1e400")),
    (("starts: 16:00", "starts: 960"), (23, "meetings[0].starts", "clock", "960")),
    (("starts: 16:00", "starts: 24:00"), (23, "meetings[0].starts", "clock", "24:00")),
    (("reportable: yes", "reportable: on"), (38, "papers[0].reportable", "flag", "on")),
    # Weights: exact, positive, whole.
    (("weight: 60", "weight: 59.99"), (61, "components", "top_not_100", "59.99 + 40 = 99.99")),
    (("weight: 60", "weight: 60.01"), (61, "components", "top_not_100", "60.01 + 40 = 100.01")),
    (("weight: 60", "weight: 0"), (64, "components[0].weight", "number", "0")),
    (("weight: 60", "weight: -1"), (64, "components[0].weight", "number", "-1")),
    (("max: 10", "max: 0"), (75, "items[0].max", "number", "0")),
    (("max: 10", "max: -5"), (75, "items[0].max", "number", "-5")),
    # Slugs.
    (("slug: small", "slug: admin"), (3, "course.slug", "reserved", "admin")),
    (("slug: small", "slug: .."), (3, "course.slug", "key", "..")),
    (("slug: small", "slug: \uff53mall"), (3, "course.slug", "key", "\uff53mall")),
    (("slug: small", "slug: " + "a" * 300), (3, "course.slug", "key", "a" * 77 + "...")),
    # Dates and zones.
    (("date: 2026-04-13", "date: 9999-04-13"), (22, "meetings[0].date", "year", "9999-04-13")),
    (("date: 2026-04-13", "date: 0001-04-13"), (22, "meetings[0].date", "year", "0001-04-13")),
    (("date: 2026-04-13", "date: 1900-04-13"), (22, "meetings[0].date", "year", "1900-04-13")),
    (("date: 2026-04-13", "date: 2026-02-29"), (22, "meetings[0].date", "date", "2026-02-29")),
    (("date: 2026-04-13", "date: 20260413"), (22, "meetings[0].date", "date", "20260413")),
    (
        ("published: 2026-04-01 12:00", "published: 2026-03-29 02:30"),
        (91, "announcements[0].published", "wall_time_gap", "2026-03-29 02:30"),
    ),
    (
        ("published: 2026-04-01 12:00", "published: 2025-10-26 02:30"),
        (91, "announcements[0].published", "wall_time_fold", "2025-10-26 02:30"),
    ),
    (("date: 2026-04-20", "date: 2026-04-13"), (30, "meetings[1].date", "overlap", "2026-04-13")),
    (("zone: Europe/Berlin", "zone: CET"), (7, "course.zone", "zone", "CET")),
    (("zone: Europe/Berlin", "zone: +01:00"), (7, "course.zone", "zone", "+01:00")),
    (("zone: Europe/Berlin", "zone: Europe/Berlni"), (7, "course.zone", "zone", "Europe/Berlni")),
    # Places.
    (
        ("zone: Europe/Berlin", "zone: Europe/Berlin\n  capacity: -1"),
        (8, "course.capacity", "whole_number", "-1"),
    ),
    (
        ("zone: Europe/Berlin", "zone: Europe/Berlin\n  capacity: 1000000000"),
        (8, "course.capacity", "whole_number", "1000000000"),
    ),
]


def refused(data: bytes) -> list[dict[str, Any]]:
    """Return the problems of the bytes, and check that the rule is said in words."""
    problems = parse(data).problems
    assert all(problem.rule.endswith((".", ">")) for problem in problems)
    return [{"line": p.line, "path": p.path, "code": p.code, "value": p.value} for p in problems]


@pytest.mark.parametrize(("data", "where"), [row[1:] for row in BYTES], ids=[r[0] for r in BYTES])
def test_bad_bytes_are_refused_at_their_place(
    data: bytes, where: tuple[int, str, str, str]
) -> None:
    (problem,) = refused(data)

    assert tuple(problem.values()) == where


@pytest.mark.parametrize(("pair", "where"), VALUES, ids=[row[0][1][:40] for row in VALUES])
def test_a_bad_value_is_refused_at_its_place(
    pair: tuple[str, str], where: tuple[int, str, str, str]
) -> None:
    found = [tuple(problem.values()) for problem in refused(small(pair).encode())]

    line, path, code, value = where
    if code in {"tag", "unknown_key"}:
        assert (line, path, code) in [one[:3] for one in found]
    else:
        assert (line, path, code, value) in found


def test_an_unknown_key_comes_with_the_one_that_was_meant() -> None:
    (problem,) = (p for p in parse(small(("title: A", "titel: A")).encode()).problems
                  if p.code == "unknown_key")  # fmt: skip

    assert problem.hint == "Did you mean `title`?"


def test_three_times_33_33_is_not_rounded_up() -> None:
    text = small(
        ("weight: 60", "weight: 33.33"),
        ("weight: 40", "weight: 33.33\n  - {key: x, title: X, weight: 33.33}"),
    )

    assert ("components", "33.33 + 33.33 + 33.33 = 99.99") in [
        (p.path, p.value) for p in parse(text.encode()).problems
    ]


@pytest.mark.parametrize("data", [LAUGHS.encode(), b"a: " + b"[" * 400_000, b"- " * 500_000])
def test_bad_bytes_take_little_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        assert len(parse(data).problems) == 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 50 * MIB


def test_a_mark_at_the_start_is_no_mistake() -> None:
    assert parse(b"\xef\xbb\xbf" + SMALL.encode()).problems == ()


def test_a_time_that_happens_twice_says_which() -> None:
    for which in ("first", "second"):
        text = small(("published: 2026-04-01 12:00", f"published: 2025-10-26 02:30 {which}"))
        assert parse(text.encode()).problems == ()


def test_no_places_means_closed() -> None:
    text = small(("zone: Europe/Berlin", "zone: Europe/Berlin\n  capacity: 0"))

    file = parse(text.encode()).file

    assert file is not None
    assert file.course.capacity == 0


@pytest.mark.django_db
def test_load_course_writes_nothing_of_a_bad_file(tmp_path: Path) -> None:
    path = tmp_path / "course.yaml"
    for data in [row[1] for row in BYTES] + [small(pair).encode() for pair, _where in VALUES]:
        path.write_bytes(data)
        with pytest.raises(CommandError, match=r"Nothing was changed: \d+ problem"):
            call_command("load_course", str(path), stdout=StringIO())

    assert [kind.objects.count() for kind in (Course, User, AuditEntry)] == [0, 0, 0]


@pytest.mark.django_db
def test_load_course_twice_makes_0_changes_and_the_same_export(tmp_path: Path) -> None:
    path, out = tmp_path / "course.yaml", StringIO()
    path.write_text(SMALL)
    call_command("load_course", str(path), stdout=StringIO())
    call_command("load_course", str(path), "--dry-run", "--json", stdout=out)

    found = json.loads(out.getvalue())

    assert (found["total"], found["changes"], found["deadlines"]) == (0, [], [])


@pytest.mark.django_db
def test_markup_and_templates_are_shown_as_they_are_written(tmp_path: Path, client: Client) -> None:
    path = tmp_path / "course.yaml"
    path.write_text(
        small(
            ("title: A small course", "title: '<script>{{ 7|add:1 }}</script>{% now %}'"),
            ("title: Basics", "title: '<img src=x onerror=alert(1)>'"),
            ("zone: Europe/Berlin", "zone: Europe/Berlin\n  state: active"),
            ("body: Welcome.", "body: 'Come <b onclick=x>in</b> {{ csrf_token }}'"),
        )
    )
    call_command("load_course", str(path), stdout=StringIO())
    Announcement.objects.update(published_at="2025-01-01T00:00Z")

    html = client.get("/c/small/about").content.decode()

    assert "&lt;script&gt;{{ 7|add:1 }}&lt;/script&gt;{% now %}" in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "{{ csrf_token }}" in html
    assert "<script>{{" not in html
    assert "<img src=x" not in html
    assert "<b onclick" not in html
