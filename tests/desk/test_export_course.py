"""A course written as a course file: the same course again, byte for byte."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from courses.actions import announce, correct
from courses.models import Announcement, Course, Meeting, Membership
from courses.rules import FixedTime
from seminar.accounts.models import User
from seminar.desk.actions.load_course import LoadReport, load_course
from seminar.desk.queries.course_file import export_course, wall_time
from seminar.desk.rules.course_file import CourseFile, course_file_text, parse
from seminar.desk.rules.course_file.plaintext import plain_text
from tests.desk.test_course_file_checks import SMALL
from tests.desk.test_course_file_examples import EXAMPLES, SEMINAR
from tests.factories.courses import make_member

AT = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)

LINES = st.text(max_size=160).map(plain_text).map(lambda text: " ".join(text.split()))
TITLES = LINES.filter(lambda text: any(character.isalpha() for character in text))
PROSE = st.lists(st.text(max_size=60), max_size=5).map("\n".join).map(plain_text)
TRAPS = st.sampled_from(
    ["no", "on", "Null", "~", "12:30", "2025-10-20", "1_000", ".nan", "0x1F", "1e3", "=", "<<",
     "- a", "a: b", "a #b", "#", "*a", "&a", "!a", "%a", "@a", "`a", "'a'", '"a"', "a\\", "{{ a }}",
     "[a]", "a:", "?", "| a", "> a", "--- a", "... a", "---", "...", "a, b", "é\u2028f", "a\tb"]
)  # fmt: skip


def parsed(text: str) -> CourseFile:
    result = parse(text.encode())
    assert [str(problem) for problem in result.problems] == []
    assert result.file is not None
    return result.file


def load(text: str, **options: Any) -> LoadReport:
    return load_course(parsed(text), **{"by": None, "at": AT} | options)


def exported(slug: str) -> str:
    return export_course(Course.objects.get(slug=slug))


def again(text: str) -> str:
    """Return the export of a course made from a text where there was nothing, and undo it."""
    with transaction.atomic():
        report = load(text)
        found = exported(report.slug)
        transaction.set_rollback(True)
    return found


# --- Text --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_course_file_text_says_what_was_read(path: Path) -> None:
    file = parsed(path.read_text())

    assert parsed(course_file_text(file)) == file


@settings(max_examples=50, deadline=None)
@given(
    titles=st.lists(TITLES | TRAPS.filter(lambda t: "\t" not in t and t != "~"), min_size=4,
                    max_size=4),
    prose=st.lists(PROSE | TRAPS, min_size=3, max_size=3),
    capacity=st.integers(0, 10_000),
    flags=st.lists(st.booleans(), min_size=5, max_size=5),
)  # fmt: skip
def test_course_file_text_of_any_text_reads_as_the_same(
    titles: list[str], prose: list[str], capacity: int, flags: list[bool]
) -> None:
    file = parsed(SMALL)
    about = file.course.about.model_copy(update={"description": prose[0], "talks": prose[1]})
    names = ("edit_keeps_number", "sealed", "auto_submit", "incomplete_may_submit")
    changed = file.model_copy(
        update={
            "course": file.course.model_copy(
                update={"title": titles[0] or "x", "about": about, "capacity": capacity}
            ),
            "policies": file.policies.model_copy(
                update=dict(zip(names, flags, strict=False))
                | {"late_percent_per_day": Decimal(capacity) / 100}
            ),
            "staff": (file.staff[0].model_copy(update={"name": titles[1], "contact": titles[2]}),),
            "modules": (
                file.modules[0].model_copy(update={"title": titles[3], "description": prose[2]}),
                *file.modules[1:],
            ),
        }
    )

    text = course_file_text(changed)

    assert parsed(text) == changed
    assert course_file_text(parsed(text)) == text


@pytest.mark.parametrize(
    "trap", ["no", "on", "12:30", "2025-10-20", "1_000", ".nan", "0x1F", "null", "~a: b", "1e3"]
)
def test_course_file_text_is_text_for_other_readers_of_yaml(trap: str) -> None:
    file = parsed(SMALL)
    course = file.course.model_copy(update={"title": trap})

    read = yaml.safe_load(course_file_text(file.model_copy(update={"course": course})))

    assert read["course"]["title"] == trap


def test_course_file_text_is_made_to_be_read() -> None:
    lines = course_file_text(parsed(SEMINAR.read_text())).splitlines()

    assert lines[:6] == [
        "# The course efficient-llm-training. How this file is read: docs/course-file.md",
        "course_file: 1",
        "",
        "course:",
        "  slug: efficient-llm-training",
        '  title: "Efficient Training of Large Language Models: From Basics to Fine-Tuning"',
    ]
    assert "    opens: end of last lecture of phases" in lines
    assert "    description: |" in lines
    assert max(map(len, lines)) <= 160


# --- Courses -----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_export_course_then_load_is_the_identity(path: Path) -> None:
    report = load(path.read_text())
    text = exported(report.slug)

    assert load(text).total == 0
    assert exported(report.slug) == text


@pytest.mark.django_db
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_export_course_of_a_loaded_export_is_the_same_bytes(path: Path) -> None:
    text = again(path.read_text())

    assert again(text) == text
    assert not Course.objects.exists()


@pytest.mark.django_db
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_export_course_of_any_course_is_the_identity(data: st.DataObject) -> None:
    file = _mixed(parsed(EXAMPLES[data.draw(st.integers(0, 1))].read_text()), data)

    with transaction.atomic():
        report = load_course(file, by=None, at=AT)
        text = exported(report.slug)
        assert load(text).changes == ()
        assert exported(report.slug) == text
        transaction.set_rollback(True)
    assert again(text) == text


def _mixed(file: CourseFile, data: st.DataObject) -> CourseFile:
    """Return the course with other texts, switches, thresholds, and other rows left out."""
    draw = data.draw
    minutes = st.integers(1, 600)

    def other(part: Any, **fields: Any) -> Any:
        return part.model_copy(update=fields)

    return other(
        file,
        course=other(
            file.course,
            capacity=draw(st.integers(0, 10_000)),
            state=draw(st.sampled_from(["draft", "active", "archived"])),
            mode=draw(LINES.filter(lambda text: not text or any(map(str.isalpha, text)))),
            about=other(file.course.about, audience=draw(PROSE), reports=draw(PROSE)),
        ),
        policies=other(
            file.policies,
            sealed=draw(st.booleans()),
            late_days=draw(st.integers(0, 365)),
            late_attendance_factor=draw(st.decimals(0, 1, places=2)),
        ),
        meetings=tuple(
            other(
                meeting,
                topics=draw(PROSE),
                room=draw(st.sampled_from([None, "Room 1", "Room 2"])),
                talk_minutes=draw(st.none() | minutes),
            )
            for meeting in file.meetings
        ),
        papers=tuple(
            other(paper, title=draw(TITLES | st.just("no")), capacity=draw(st.integers(0, 100)))
            for paper in file.papers
        ),
        pass_rule=tuple(
            other(clause, at_least=draw(st.decimals(0, 100, places=3)))
            for clause in draw(st.permutations(file.pass_rule))
        ),
        announcements=draw(st.sampled_from([(), file.announcements])),
    )


@pytest.mark.django_db
def test_export_course_holds_news_written_on_the_pages() -> None:
    load(SMALL)
    course = Course.objects.get()
    instructor = Membership.objects.get(role="instructor")
    at = datetime(2026, 9, 3, 9, 8, 7, 654321, tzinfo=UTC)
    news = announce(
        course, title="No: #1", body="a\r\n\r\nb\u200b", public=False, by=instructor, at=at
    )

    text = exported("small")

    last = parsed(text).announcements[-1]
    assert (last.key, last.title, last.body, last.public) == (
        news.code.lower(), "No: #1", "a\n\nb", False,
    )  # fmt: skip
    assert load(text).total == 0
    assert list(Announcement.objects.filter(pk=news.pk).values_list("published_at", "body")) == [
        (at, "a\r\n\r\nb\u200b")
    ]
    assert load(SMALL).removed == {}
    assert again_elsewhere(text) == text


def again_elsewhere(text: str) -> str:
    """Return the export of the course of a text under another slug, said with the first slug."""
    slug = parsed(text).course.slug
    other = again(text.replace(f"slug: {slug}", "slug: zz-other").replace(slug, "zz-other", 1))
    return other.replace("zz-other", slug)


@pytest.mark.django_db
def test_export_course_holds_what_was_corrected_and_moved() -> None:
    load(SEMINAR.read_text())
    course = Course.objects.get()
    user = User.objects.first()
    assert user is not None
    meeting = course.meetings.get(key="phases-talks")
    correct(
        meeting,
        changes={"room": "Annex 2", "topics": "a\r\nb"},
        seen={"room": meeting.room, "topics": meeting.topics},
        by=user,
        at=AT,
    )
    Meeting.objects.filter(pk=meeting.pk).update(date=date(2025, 11, 11), starts=time(15, 15))

    text = exported(course.slug)

    (found,) = (part for part in parsed(text).meetings if part.key == "phases-talks")
    assert (found.date, found.starts, found.ends, found.room, found.topics) == (
        date(2025, 11, 11), time(15, 15), None, "Annex 2", "a\nb",
    )  # fmt: skip
    assert again_elsewhere(text) == text


@pytest.mark.django_db
def test_export_course_names_active_staff_only_and_keeps_who_led() -> None:
    load(SEMINAR.read_text())
    course = Course.objects.get()
    meeting = course.meetings.filter(led_by__isnull=False).first()
    assert meeting is not None
    left = make_member(course, "ta", name="Lee Left", state="withdrawn")
    meeting.led_by.add(left)

    text = exported(course.slug)

    assert left.user.email not in text
    assert load(text).total == 0
    assert left in meeting.led_by.all()


@pytest.mark.django_db
def test_export_course_reads_as_often_for_many_rows_as_for_few(
    django_assert_max_num_queries: Any,
) -> None:
    load(SMALL)
    load(SEMINAR.read_text())

    for slug in ("small", "efficient-llm-training"):
        course = Course.objects.get(slug=slug)
        with django_assert_max_num_queries(9):
            export_course(course)


def test_wall_time_says_which_of_two_equal_times_is_meant() -> None:
    first = datetime(2025, 10, 26, 0, 30, 59, tzinfo=UTC)
    second = datetime(2025, 10, 26, 1, 30, tzinfo=UTC)

    assert wall_time(first, "Europe/Berlin") == FixedTime(date(2025, 10, 26), time(2, 30), 0)
    assert wall_time(second, "Europe/Berlin") == FixedTime(date(2025, 10, 26), time(2, 30), 1)
    assert wall_time(first, "Pacific/Auckland") == FixedTime(date(2025, 10, 26), time(13, 30))


# --- The command -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_export_course_prints_and_writes_the_same(tmp_path: Path) -> None:
    load(SMALL)
    out, error = StringIO(), StringIO()
    target = tmp_path / "course.yaml"

    call_command("export_course", "small", stdout=out, stderr=error)
    call_command("export_course", "small", "--output", str(target), stdout=StringIO())

    assert out.getvalue() == exported("small") == target.read_text()
    assert error.getvalue() == ""


@pytest.mark.django_db
def test_export_course_says_what_a_file_refuses() -> None:
    load(SMALL)
    Course.objects.update(contact="not an address")
    error = StringIO()

    call_command("export_course", "small", stdout=StringIO(), stderr=error)

    assert "course.contact" in error.getvalue()


@pytest.mark.django_db
def test_export_course_refuses_an_unknown_course_and_a_bad_path(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no course nowhere"):
        call_command("export_course", "nowhere")
    load(SMALL)
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_course", "small", "--output", str(tmp_path / "no" / "f.yaml"))
