"""The command ``check_invariants``, and the list of what it checks."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from courses.models import Course
from seminar.desk.queries.invariants import FAST, FILES, all_invariants, chosen, reading, run
from seminar.desk.queries.invariants.platform import HAPPENED, our_models
from tests.desk.breaking import broken_database, execute, promised, update
from tests.factories.courses import NOON, make_course, make_member

BREAKS = pytest.mark.plants_violation("I-53", reason="shows what the command says about it")


@pytest.fixture
def sound(db: None) -> Course:
    course = make_course()
    make_member(course, "instructor")
    return course


def check(*arguments: str) -> tuple[int, str]:
    """Run the command and return its exit status and what it printed."""
    out = StringIO()
    try:
        call_command("check_invariants", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_check_invariants_ends_with_0_where_all_holds(sound: Course) -> None:
    status, words = check("--only", *promised())

    count = len(promised())
    assert (status, words) == (0, f"{count} checked, {count} hold.\n")


@BREAKS
def test_check_invariants_ends_with_1_and_says_what_is_wrong(sound: Course) -> None:
    update(type(sound.policies.get()), sound.policies.get().pk, version=3)

    status, words = check("--level", "0")

    count = len(chosen(level=FAST))
    assert status == 1
    assert words.splitlines() == [
        (
            "I-53 (critical): The versions of each course's policy and pass rule are numbered 1, 2, 3, "
            "and each course has a policy."
        ),
        f"    course {sound.slug}: 1 policies, the last is version 3; should be: no gap",
        "",
        f"{count} checked, {count - 1} hold, 1 violated.",
    ]


@BREAKS
def test_check_invariants_prints_one_json_object(sound: Course) -> None:
    update(type(sound.policies.get()), sound.policies.get().pk, version=3)

    status, text = check("--json", "--only", "I-53", "I-05")

    assert (status, json.loads(text)) == (
        1,
        {
            "status": 1,
            "level": 1,
            "checked": ["I-05", "I-53"],
            "findings": [
                {
                    "id": "I-53",
                    "severity": "critical",
                    "explain": "The versions of each course's policy and pass rule are numbered "
                    "1, 2, 3, and each course has a policy.",
                    "error": "",
                    "violations": [
                        {
                            "where": f"course {sound.slug}",
                            "found": "1 policies, the last is version 3",
                            "expected": "no gap",
                        }
                    ],
                }
            ],
        },
    )


def test_check_invariants_ends_with_2_where_a_check_fails_and_runs_the_others(
    sound: Course,
) -> None:
    with broken_database():
        execute("ALTER TABLE notifications_message RENAME COLUMN message_id TO gone")
        status, text = check("--json", "--only", "I-27", "I-53")
        write_one_message()
        failing_status, failing = check("--json", "--only", "I-27", "I-53")

    assert (status, json.loads(text)["findings"]) == (0, [])
    assert failing_status == 2
    found = json.loads(failing)
    assert found["checked"] == ["I-27", "I-53"]
    assert [finding["id"] for finding in found["findings"]] == ["I-27"]
    assert "message_id" in found["findings"][0]["error"]


def write_one_message() -> None:
    """One row, past the model: a column of it has another name now."""
    values: dict[str, Any] = {
        "code": "X", "key": "k", "address": "a@example.org", "course_slug": "", "kind": "x",
        "stream": "required", "subject": "s", "text": "t", "html": "", "gone": "m",
        "queued_at": NOON, "due_at": NOON, "state": "queued", "lease": "", "attempts": 0,
        "uncertain": False, "last_error": "",
    }  # fmt: skip
    marks = ", ".join(["%s"] * len(values))
    execute(
        f"INSERT INTO notifications_message ({', '.join(values)}) VALUES ({marks})",  # noqa: S608
        *values.values(),
    )


def test_check_invariants_ends_with_2_without_tables(db: None) -> None:
    with broken_database():
        execute("ALTER TABLE accounts_auditentry RENAME TO elsewhere")
        with pytest.raises(CommandError, match="is it migrated") as end:
            call_command("check_invariants")

    assert end.value.returncode == 2


def test_check_invariants_refuses_an_unknown_id(db: None) -> None:
    with pytest.raises(CommandError, match="No such invariant: I-99, odd") as end:
        call_command("check_invariants", "--only", "I-01", "odd", "I-99")

    assert end.value.returncode == 2


def test_check_invariants_lists_what_it_checks() -> None:
    status, words = check("--list")

    assert status == 0
    assert [line.split("  ")[0] for line in words.splitlines()] == [
        found.id for found in all_invariants()
    ]
    listed = json.loads(check("--list", "--json")[1])["invariants"]
    assert [found["id"] for found in listed] == [found.id for found in all_invariants()]


def test_the_documentation_lists_every_invariant() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "invariants.md").read_text("utf-8")
    listed = re.findall(r"^\| (I-\d\d) \| (\d) \| (\w+) \| (.+) \|$", text, re.M)

    assert listed == [
        (found.id, str(found.level), found.severity.value, found.explain)
        for found in all_invariants()
    ]


def test_levels_include_the_ones_below() -> None:
    counts = [len(chosen(level=level)) for level in range(FILES + 1)]

    assert counts == sorted(set(counts))
    assert counts[-1] == len(all_invariants())


def test_every_time_something_happened_is_a_column() -> None:
    for model, name in HAPPENED:
        assert model._meta.get_field(name).get_internal_type() == "DateTimeField"


def test_our_models_are_all_of_the_projects_apps() -> None:
    assert {model.__module__.split(".")[0] for model in our_models()} == {
        "seminar", "courses", "presentations", "assignments", "grading",
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_check_invariants_cannot_write_and_lets_others_write() -> None:
    make_course()

    with reading.one_moment(), pytest.raises(Exception, match=r"read.?only"):
        execute("UPDATE courses_course SET title = 'x'")
    Course.objects.update(title="Written after")

    assert Course.objects.get().title == "Written after"
    assert not connection.in_atomic_block


def test_run_asks_nothing_of_empty_tables(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        found = list(run(at=NOON))

    assert [finding.violations for finding in found] == [()] * len(found)
