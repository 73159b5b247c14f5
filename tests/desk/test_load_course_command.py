"""``manage.py load_course`` as an operator meets it: words, JSON, exit status."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from courses.models import Course
from seminar.accounts.models import User
from tests.desk.test_course_file_checks import SMALL
from tests.factories.courses import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "course.yaml"
    file.write_text(SMALL)
    return file


def run(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("load_course", str(path), *options, stdout=out)
    return out.getvalue()


def test_load_course_says_what_it_made_and_then_that_nothing_is_to_do(path: Path) -> None:
    first = run(path).splitlines()

    assert first[0] == "course small: created"
    assert first[-1] == "small: 19 changes made"
    assert run(path) == "small: 0 changes\n"


def test_load_course_dry_run_says_what_would_be_made(path: Path) -> None:
    assert run(path, "--dry-run").splitlines()[-1] == "small: 19 changes would be made"
    assert (Course.objects.count(), User.objects.count()) == (0, 0)


def test_load_course_names_a_change_with_both_values(path: Path) -> None:
    run(path)
    path.write_text(SMALL.replace("short_name: Small", "short_name: Tiny"))

    assert run(path) == "course small: short_name: Small -> Tiny\nsmall: 1 change made\n"


def test_load_course_prints_json(path: Path) -> None:
    run(path)
    path.write_text(SMALL.replace("short_name: Small", "short_name: Tiny"))

    report = json.loads(run(path, "--json"))

    assert (report["slug"], report["total"], report["created"], report["changed"]) == (
        "small", 1, {}, {"course": 1},
    )  # fmt: skip
    assert report["changes"] == [
        {"kind": "course", "key": "small", "field": "short_name", "before": "Small",
         "after": "Tiny", "removed": False},
    ]  # fmt: skip


def test_load_course_says_every_problem_with_its_line_and_writes_nothing(path: Path) -> None:
    not_100 = "The weights of the top components add up to 99.99, not to exactly 100."
    text = SMALL.replace("weight: 60", "weight: 59.99", 1).replace("slug: small", "slug: admin")
    path.write_text(text)

    with pytest.raises(CommandError) as error:
        run(path)

    assert str(error.value).splitlines() == [
        '3:9 course.slug = "admin": The application itself uses this word. Choose another slug.',
        f'61:1 components = "59.99 + 40 = 99.99": {not_100}',
        '64:13 components[0].weight = "60 = 60": Its parts add up to 60, not to exactly 59.99.',
        "Nothing was changed: 3 problem(s).",
    ]
    assert (Course.objects.count(), User.objects.count()) == (0, 0)


def test_load_course_prints_problems_as_json(path: Path) -> None:
    path.write_bytes("course_file: 1\ncourse: René\n".encode("latin-1"))
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("load_course", str(path), "--json", stdout=out)

    assert json.loads(out.getvalue()) == {
        "problems": [
            {
                "line": 2,
                "column": 12,
                "path": "",
                "code": "encoding",
                "value": "0xE9",
                "rule": "This byte is not UTF-8; the file may be Latin-1. Save it as UTF-8.",
                "hint": "",
            }
        ]
    }


def test_load_course_gives_a_conflict_its_line(path: Path) -> None:
    run(path)
    make_member(Course.objects.get())
    path.write_text(SMALL.replace("zone: Europe/Berlin", "zone: Europe/Berlin\n  capacity: 0"))

    with pytest.raises(CommandError) as error:
        run(path)

    assert str(error.value).splitlines() == [
        '8:13 course.capacity = "0": 1 places are taken; the course cannot have fewer.',
        "Nothing was changed: 1 problem(s).",
    ]


def test_load_course_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.yaml cannot be read: No such file"):
        run(tmp_path / "missing.yaml")


def test_load_course_shows_a_hundred_problems_and_counts_the_rest(path: Path) -> None:
    path.write_text(SMALL + "".join(f"unknown{number}: 1\n" for number in range(150)))

    with pytest.raises(CommandError) as error:
        run(path)

    lines = str(error.value).splitlines()
    assert (len(lines), lines[100], lines[101]) == (
        102, "... and 50 more", "Nothing was changed: 150 problem(s).",
    )  # fmt: skip


def test_load_course_ends_with_status_1(tmp_path: Path) -> None:
    """The real command line, before any database is touched."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("course_file: 1\na: &x 1\n")
    command: list[Any] = [sys.executable, "manage.py", "load_course", str(bad)]

    done = subprocess.run(  # noqa: S603 - our own command line
        command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "2:4 a = " in done.stderr
