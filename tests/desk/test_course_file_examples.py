"""The courses in ``examples``: what a newcomer loads first, and what the demo shows."""

import json
import re
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from courses.rules import FixedTime, MeetingFact, Resolved, module_anchor, parse_rule, resolve
from seminar.desk.rules.course_file import CourseFile, parse, shifted
from seminar.desk.rules.course_file.checks.work import round_papers
from seminar.desk.rules.course_file.draft import draft_of
from seminar.desk.rules.course_file.parsing import model_in
from seminar.desk.rules.course_file.reading import read
from seminar.desk.rules.course_file.schema import completed

ROOT = Path(__file__).parents[2]
SEMINAR = ROOT / "examples/efficient-llm-training.yaml"
AUCKLAND = ROOT / "examples/reading-group-auckland.yaml"
SANTIAGO = ROOT / "examples/lectura-grafos-santiago.yaml"
NEW_YORK = ROOT / "examples/decisions-weekly-new-york.yaml"
EXAMPLES = (SEMINAR, AUCKLAND, SANTIAGO, NEW_YORK)


def load(path: Path) -> CourseFile:
    parsed = parse(path.read_bytes())
    assert parsed.problems == ()
    assert parsed.file is not None
    return parsed.file


def instant(path: Path, rule: str) -> str:
    schedule = draft_of(read(path.read_bytes()).plain()).schedule()
    assert schedule is not None
    resolved = resolve(parse_rule(rule), schedule)
    assert isinstance(resolved, Resolved)
    return resolved.instant.strftime("%Y-%m-%d %H:%MZ")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_has_no_problem_and_parses_fast(path: Path) -> None:
    started = time.process_time()

    load(path)

    assert time.process_time() - started < 2


def test_the_seminar_has_its_thirteen_mondays() -> None:
    file = load(SEMINAR)
    meetings = [completed(meeting, file.meeting_defaults) for meeting in file.meetings]

    assert [(meeting.date, meeting.kind) for meeting in meetings] == [
        (date(2025, 10, 20), "lecture"),
        (date(2025, 10, 27), "lecture"),
        (date(2025, 11, 3), "lecture"),
        (date(2025, 11, 10), "in_class_presentations"),
        (date(2025, 11, 17), "hands_on"),
        (date(2025, 11, 24), "lecture"),
        (date(2025, 12, 1), "lecture"),
        (date(2025, 12, 8), "lecture"),
        (date(2025, 12, 15), "lecture"),
        (date(2026, 1, 5), "in_class_presentations"),
        (date(2026, 1, 12), "lecture"),
        (date(2026, 1, 19), "hands_on"),
        (date(2026, 1, 26), "final_presentations"),
    ]
    assert {meeting.date.weekday() for meeting in meetings} == {0}
    assert {f"{meeting.starts:%H:%M}-{meeting.ends:%H:%M}" for meeting in meetings} == {
        "16:00-18:00"
    }
    assert {meeting.room for meeting in meetings} == {"Building E1 5, room 029"}
    assert file.course.zone == "Europe/Berlin"


def test_the_seminar_opens_and_closes_as_decided() -> None:
    file = load(SEMINAR)
    (round_,) = file.rounds

    times = {
        part.key: (instant(SEMINAR, part.opens), instant(SEMINAR, part.closes))
        for part in (round_, *file.assignments)
    }

    assert times == {
        "in-class-talks": ("2025-10-20 16:00Z", "2025-10-24 16:00Z"),
        "report-1": ("2025-11-03 17:00Z", "2025-11-09 23:00Z"),
        "report-2": ("2025-12-15 17:00Z", "2026-01-04 23:00Z"),
        "report-3": ("2026-01-12 17:00Z", "2026-01-25 23:00Z"),
        "mini-1": ("2025-11-17 17:00Z", "2025-12-01 15:00Z"),
        "mini-2": ("2026-01-19 17:00Z", "2026-02-02 17:00Z"),
    }


def test_the_anchors_of_the_seminar() -> None:
    schedule = draft_of(read(SEMINAR.read_bytes()).plain()).schedule()
    assert schedule is not None

    anchors = {
        key: anchor.key if isinstance(anchor, MeetingFact) else anchor.code
        for key in ("introduction", "phases", "system-level", "model-level")
        for anchor in [module_anchor(key, schedule)]
    }

    assert anchors == {
        "introduction": "no_anchor",
        "phases": "phases-talks",
        "system-level": "system-talks",
        "model-level": "final-presentations",
    }


def test_everybody_gets_a_talk_in_class_and_at_the_end() -> None:
    """Places that fit into the talk time, over both meetings: enough for 24, with room to choose."""
    file = load(SEMINAR)
    meetings = {m.key: completed(m, file.meeting_defaults) for m in file.meetings}
    places = 0
    for key in ("phases-talks", "system-talks"):
        papers = [
            paper for paper in round_papers(file.rounds[0], file.papers) if paper.meeting == key
        ]
        assert len(papers) >= 6
        talks = 120 // (meetings[key].talk_minutes + meetings[key].changeover_minutes)
        places += sum(sorted((paper.capacity for paper in papers), reverse=True)[:talks])
    final = meetings["final-presentations"]

    assert (file.course.capacity, places) == (24, 30)
    assert (final.talk_minutes, final.changeover_minutes) == (10, 2)
    assert 120 // (final.talk_minutes + final.changeover_minutes) * 3 >= file.course.capacity


def test_the_weights_of_the_seminar() -> None:
    file = load(SEMINAR)

    assert [(item.key, item.component, item.weight) for item in file.items] == [
        ("report-1", "reports-and-assignments", Decimal(10)),
        ("mini-1", "reports-and-assignments", Decimal(10)),
        ("report-2", "reports-and-assignments", Decimal(10)),
        ("report-3", "reports-and-assignments", Decimal(10)),
        ("mini-2", "reports-and-assignments", Decimal(10)),
        ("in-class-talk", "presentations", Decimal(15)),
        ("final-talk", "presentations", Decimal(15)),
        ("attendance", "participation", Decimal(10)),
        ("class-participation", "participation", Decimal(10)),
    ]
    assert [(c.key, c.weight) for c in file.components] == [
        ("reports-and-assignments", Decimal(50)),
        ("presentations", Decimal(30)),
        ("participation", Decimal(20)),
    ]
    assert [(clause.of, clause.at_least) for clause in file.pass_rule] == [
        ("reports-and-assignments", Decimal(50)),
        ("presentations", Decimal(50)),
        ("participation", Decimal(50)),
    ]


def test_every_paper_is_one_of_a_kind() -> None:
    for path in EXAMPLES:
        ids = [paper.arxiv for paper in load(path).papers]
        assert len(ids) == len(set(ids))
        assert all(paper.authors and paper.year and paper.arxiv for paper in load(path).papers)


def test_the_examples_name_no_real_address() -> None:
    for path in EXAMPLES:
        file = load(path)
        assert {member.email.partition("@")[2] for member in file.staff} == {"example.org"}


def test_the_examples_are_all_there_is() -> None:
    assert sorted(EXAMPLES) == sorted((ROOT / "examples").glob("*.yaml"))


def test_the_examples_differ_in_every_dimension() -> None:
    files = [load(path) for path in EXAMPLES]

    for said in (
        [file.course.zone for file in files],
        [len(file.components) for file in files],
        [len(file.rounds) for file in files[1:]],
        [tuple(file.policies.model_dump().values()) for file in files],
        [tuple(file.pass_rule) for file in files if file.course.slug != "lectura-grafos"],
        [file.meeting_defaults.starts for file in files],
    ):
        assert len(set(said)) == len(said)
    assert {file.course.language for file in files} == {"English", "Español"}
    assert [any(item.bonus for item in file.items) for file in files] == [False, False, False, True]


def test_the_second_course_differs_where_it_should() -> None:
    file = load(AUCKLAND)

    assert file.course.zone == "Pacific/Auckland"
    assert [(clause.of, clause.at_least) for clause in file.pass_rule] == [("total", Decimal(50))]
    assert (file.policies.sealed, file.policies.edit_keeps_number) == (True, False)
    assert (instant(AUCKLAND, "end of meeting lecture-1"),
            instant(AUCKLAND, "end of meeting talks-1")) == (
        "2025-09-16 04:00Z", "2025-10-07 03:00Z",
    )  # fmt: skip


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_shifted_moves_every_date_and_keeps_weekday_and_wall_time(path: Path) -> None:
    file = load(path)

    moved = shifted(file, 60)

    assert {
        (new.date - old.date).days for old, new in zip(file.meetings, moved.meetings, strict=True)
    } == {420}
    assert [meeting.starts for meeting in moved.meetings] == [m.starts for m in file.meetings]
    assert [
        (new.published.day - old.published.day).days
        for old, new in zip(file.announcements, moved.announcements, strict=True)
    ] == [420] * len(file.announcements)
    label = {"term": file.course.term}
    back = shifted(moved, -60)
    assert back.model_copy(update={"course": back.course.model_copy(update=label)}) == file
    assert shifted(file, 0) == file


def test_shifted_names_the_months_that_the_term_has_then() -> None:
    file = load(SEMINAR)
    assert shifted(file, 0).course.term == "Winter semester 2025/26"
    assert shifted(file, 52).course.term == "Oct 2026 to Jan 2027"


def test_shifted_moves_openings_that_name_a_date_and_no_others() -> None:
    (auckland,) = shifted(load(AUCKLAND), 1).rounds
    (berlin,) = shifted(load(SEMINAR), 1).rounds

    assert (auckland.opens, auckland.closes) == ("2025-09-24 09:00", "2025-10-08 17:00")
    assert (berlin.opens, berlin.closes) == (
        "end of meeting intro-1",
        "4 days after meeting intro-1 at 18:00",
    )


def test_shifted_forgets_which_of_two_equal_times_was_meant() -> None:
    file = load(SEMINAR)
    news = file.announcements[0].model_copy(
        update={
            "published": FixedTime(
                date(2025, 10, 26), datetime(2025, 1, 1, 2, 30, tzinfo=UTC).time(), 1
            )
        }
    )
    moved = shifted(file.model_copy(update={"announcements": (news,)}), 1)

    assert moved.announcements[0].published.fold is None


def test_the_json_schema_in_the_repository_is_current() -> None:
    written = json.loads((ROOT / "docs/course-file.schema.json").read_text())

    assert written == CourseFile.model_json_schema()


LINES = SEMINAR.read_bytes().splitlines(keepends=True)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from(
        [b"", b"- \n", b"  x: [\n", b"key: *a\n", b"\xff\n", b"    weight: 1e9\n", b"? a\n"]
    ),
)
def test_parse_answers_any_damage_with_problems_or_a_course(line: int, damage: bytes) -> None:
    parsed = parse(b"".join([*LINES[:line], damage, *LINES[line + 1 :]]))

    assert (parsed.file is None) == bool(parsed.problems)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_parse_never_raises(data: bytes) -> None:
    assert parse(data).problems


def test_the_documentation_names_every_key() -> None:
    text = (ROOT / "docs/course-file.md").read_text()
    keys = {name for model in _models(CourseFile) for name in model.model_fields}

    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", text)] == []


def _models(model: type[BaseModel]) -> set[type[BaseModel]]:
    found = {model}
    for field in model.model_fields.values():
        part = model_in(field.annotation)
        found |= _models(part) if part else set()
    return found
