"""`manage.py allocate`: the same run as on the board, named by e-mail and key."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from courses.models import Course, Membership
from presentations.models import Allocation, PreferenceRound, Presenter
from seminar.notifications.models import Message
from tests.factories.courses import make_meeting, make_paper
from tests.factories.presentations import AFTER, DURING, make_round, make_submitted


@pytest.fixture
def round_(course: Course, set_clock: Any) -> PreferenceRound:
    set_clock(AFTER)
    meeting = make_meeting(course, key="talks-1")
    paper = make_paper(course, meeting=meeting, key="zero")
    return make_round(course, [paper], key="first")


def allocate(course: Course, *options: str, key: str = "first") -> str:
    out = StringIO()
    call_command("allocate", course.slug, key, *options, stdout=out)
    return out.getvalue()


def test_allocate_prints_placements_and_unplaced_as_json(
    course: Course, round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    make_submitted(round_, student, ["zero"])
    make_submitted(round_, other_student, ["zero"])
    printed = json.loads(allocate(course, "--json"))
    run = Allocation.objects.get()
    assert printed == {
        "input_hash": run.input_hash,
        "placements": [
            {
                "student": student.user.email,
                "number": 1,
                "paper": "zero",
                "meeting": "talks-1",
                "choice": 1,
                "reason": "first_choice",
            }
        ],
        "unplaced": [{"student": other_student.user.email, "number": 2, "reason": "all_full"}],
    }
    assert Presenter.objects.count() == 0


def test_allocate_dry_run_prints_the_same_and_stores_nothing(
    course: Course, round_: PreferenceRound, student: Membership
) -> None:
    make_submitted(round_, student, ["zero"])
    dry = allocate(course, "--dry-run", "--json")
    round_.refresh_from_db()
    assert (Allocation.objects.count(), round_.closed_at) == (0, None)
    assert dry == allocate(course, "--json")


def test_allocate_publish_creates_talks_and_tells(
    course: Course, round_: PreferenceRound, student: Membership
) -> None:
    make_submitted(round_, student, ["zero"])
    allocate(course, "--publish")
    assert Presenter.objects.get().membership == student
    assert Message.objects.filter(kind="presentations/mail/placed").count() == 1


def test_allocate_prints_lines_for_people(
    course: Course, round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    make_submitted(round_, student, ["zero"])
    lines = allocate(course).splitlines()
    assert lines[1:] == [
        f"    1  {student.user.email}  zero  talks-1  choice 1  first_choice",
        f"    -  {other_student.user.email}  no paper: no_list",
    ]


def test_allocate_names_what_does_not_exist(course: Course, round_: PreferenceRound) -> None:
    with pytest.raises(CommandError, match=r"There is no round “last”.* Its rounds: first"):
        allocate(course, key="last")
    with pytest.raises(CommandError, match="There is no course “ghost”"):
        call_command("allocate", "ghost", "first")


def test_allocate_too_early_says_from_when(
    course: Course, round_: PreferenceRound, set_clock: Any
) -> None:
    set_clock(DURING)
    with pytest.raises(CommandError, match="from Fri 24 Oct 2025, 18:01 Berlin time"):
        allocate(course)


def test_allocate_does_not_publish_a_dry_run(course: Course, round_: PreferenceRound) -> None:
    with pytest.raises(CommandError, match="exclude each other"):
        allocate(course, "--dry-run", "--publish")


def replay(*args: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("replay_allocation", *args, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def test_replay_allocation_says_same_bytes(
    course: Course, round_: PreferenceRound, student: Membership
) -> None:
    make_submitted(round_, student, ["zero"])
    allocate(course)
    run = Allocation.objects.get()
    status, printed = replay(run.code)
    assert (status, printed.splitlines()[-1]) == (0, "same bytes")
    status, printed = replay(run.code, "--json")
    facts = json.loads(printed)
    assert (status, facts["same"], facts["input_hash"]) == (0, True, run.input_hash)
    assert facts["outcome_hash"] == facts["recomputed_hash"]


@pytest.mark.plants_violation("I-04", reason="the stored outcome is changed")
def test_replay_allocation_of_a_changed_outcome_ends_with_1(
    course: Course, round_: PreferenceRound, student: Membership
) -> None:
    make_submitted(round_, student, ["zero"])
    allocate(course)
    run = Allocation.objects.get()
    run.outcome["placements"][0]["number"] = 9
    run.save()
    status, printed = replay(run.code)
    assert (status, printed.splitlines()[-1]) == (1, "NOT the same bytes")
    run.inputs = {}
    run.save()
    status, printed = replay(run.code, "--json")
    assert (status, json.loads(printed)["recomputed_hash"]) == (1, None)


def test_replay_allocation_names_what_does_not_exist(db: None) -> None:
    with pytest.raises(CommandError, match="There is no allocation “ghost”"):
        call_command("replay_allocation", "ghost")
