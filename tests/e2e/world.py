"""The world of a walk: the example seminar from its file, its people, and its clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from assignments import actions as assignments
from assignments.models import Assignment
from courses.models import Course, Meeting, Membership
from grading import actions as grading
from presentations import actions as presentations
from presentations.models import PreferenceRound
from seminar.accounts.models import User
from seminar.desk.actions.load_course import load_course
from seminar.desk.rules.course_file import parse
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.numbers import plain
from tests.factories.assignments import make_pdf
from tests.factories.courses import make_member, make_user

FILE = Path(settings.BASE_DIR, "examples", "efficient-llm-training.yaml")
BERLIN = ZoneInfo("Europe/Berlin")


def berlin(on: date, hour: int = 12, minute: int = 0) -> datetime:
    """Return an instant of the wall clock in the room where the seminar meets."""
    return datetime.combine(on, time(hour, minute), BERLIN).astimezone(UTC)


FINALS_ARE_PLANNED = berlin(date(2026, 1, 19))


@dataclass
class World:
    """The loaded course and who is in it. Ada has an account and no place yet."""

    course: Course
    ada: User
    ben: Membership
    cleo: Membership

    @property
    def slug(self) -> str:
        return self.course.slug

    @property
    def home(self) -> str:
        return f"/c/{self.slug}/"

    @property
    def round(self) -> PreferenceRound:
        return self.course.rounds.get(key="in-class-talks")

    @property
    def instructor(self) -> Membership:
        return self.staff("helena.brandt")

    @property
    def ta(self) -> Membership:
        return self.staff("arjun.mehta")

    def staff(self, name: str) -> Membership:
        return self.course.memberships.get(user__email=f"{name}@example.org")

    def member(self, user: User) -> Membership:
        return self.course.memberships.get(user=user)

    def let_in(self, user: User, at: datetime) -> Membership:
        """Make a person a student without the way through the pages."""
        return make_member(self.course, user=user, joined_at=at)


def set_clock(at: datetime) -> None:
    """Let the server's clock stand at an instant from now on; it goes on ticking."""
    clock.set_offset(at - datetime.now(UTC))


def load_world() -> World:
    """Load the example with its true dates, and three students: Ben and Cleo are members."""
    at = berlin(date(2025, 10, 1))
    set_clock(at)
    parsed = parse(FILE.read_bytes())
    assert parsed.file is not None, parsed.problems
    report = load_course(parsed.file, by=None, at=at)
    course = Course.objects.get(slug=report.slug)
    return World(
        course=course,
        ada=make_user("Ada Okafor", email="ada.okafor@example.org"),
        ben=make_member(course, name="Ben Novak", joined_at=at),
        cleo=make_member(course, name="Cleo Marchetti", joined_at=at),
    )


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    """The example seminar on 1 October, before the term."""
    yield load_world()
    clock.set_offset(timedelta(0))


# --- what happens between the chapters: the same actions that the pages call ----------------------


def report_texts() -> dict[str, str]:
    """Return a complete report by the labels of the form."""
    parts = {"strength": 3, "weakness": 3}
    texts = {}
    for letter in "AB":
        texts[f"Paper {letter}, summary"] = SUMMARY
        for part, number in parts.items():
            for n in range(1, number + 1):
                texts[f"Paper {letter}, {part} {n}"] = f"The {part} no. {n} of paper {letter}."
        for part in ("improvement", "extension"):
            texts[f"Paper {letter}, {part}"] = f"One {part} of paper {letter}, with a reason."
    return texts


SUMMARY = (
    "The authors ask how a fixed budget is best spent. They train many models of many sizes. "
    "Loss falls as a power of size and data. Most large models saw too little text. "
    "A smaller model trained for longer does better."
)


def submit_list(world: World, member: Membership, *, at: datetime, skip: int = 0) -> None:
    """Submit a list of six papers as they stand in the round, after the first few to ``skip``."""
    keys = list(world.round.papers.values_list("key", flat=True)[skip : skip + 6])
    presentations.submit_list(world.round.pk, member, keys, "", at)


def finish_term(world: World) -> None:
    """Everything that is left of the term but what staff decide at its end.

    Ada and Cleo hand in what is due after the first report and hold their talks. Ben hands in
    nothing and holds the final talk only. All are marked for every meeting, and the two have
    spoken up in five of them.
    """
    ada = world.member(world.ada)
    for meeting in world.course.meetings.order_by("date"):
        mark_meeting(world, meeting, [ada, world.ben, world.cleo])
    for meeting in world.course.meetings.order_by("date")[:5]:
        for member in (ada, world.cleo):
            speak_up(world, member, meeting)
    hold_final_talk(world, [ada, world.ben, world.cleo])
    grade(world, world.ben, "final-talk")
    for member in (ada, world.cleo):
        for key in ("mini-1", "mini-2"):
            hand_in_file(world, member, key)
        for key in ("report-2", "report-3"):
            hand_in_report(world, member, key)
        for key in ("mini-1", "mini-2", "report-2", "report-3", "in-class-talk", "final-talk"):
            grade(world, member, key)


def mark_meeting(world: World, meeting: Meeting, members: list[Membership]) -> None:
    known = set(meeting.attendance.values_list("membership_id", flat=True))
    marks = {m.code: grading.Mark("in_room", 0) for m in members if m.pk not in known}
    if marks:
        grading.take_attendance(meeting, marks, by=world.ta, at=meeting.ends_at)


def speak_up(world: World, member: Membership, meeting: Meeting) -> None:
    item = world.course.grade_items.get(key="class-participation")
    grading.give_participation(item, meeting, member, Decimal(1), by=world.ta, at=meeting.ends_at)


def hold_final_talk(
    world: World, members: list[Membership], *, at: datetime = FINALS_ARE_PLANNED
) -> None:
    presentations.schedule_final_talk(
        world.course.meetings.get(key="final-presentations"),
        "What came after LoRA",
        "literature_review",
        members,
        by=world.instructor.user,
        at=at,
        nonce=new_code(),
    )


def hand_in_file(world: World, member: Membership, key: str) -> None:
    assignment = world.course.assignments.get(key=key)
    at = assignment.closes_at - timedelta(days=1)
    assignments.submit_file(
        assignment,
        member,
        chunks=[make_pdf(2)],
        name=f"{key}.pdf",
        hand_in=assignments.HandIn(new_code(), at),
        at=at,
    )


def write_report(world: World, member: Membership, key: str, *, at: datetime) -> Assignment:
    """Write a complete draft about the first two papers of the module."""
    assignment = world.course.assignments.get(key=key)
    keys = list(assignment.module.papers.values_list("key", flat=True)[:2])
    assignments.choose_papers(assignment, member, keys=keys, at=at)
    texts = [
        assignments.Typed(slot, part, index, text_of(part), 0)
        for slot in range(2)
        for part, number in PARTS.items()
        for index in range(number)
    ]
    assignments.save_draft(assignment, member, texts=texts, at=at)
    return assignment


PARTS = {"summary": 1, "strength": 3, "weakness": 3, "improvement": 1, "extension": 1}


def text_of(part: str) -> str:
    return SUMMARY if part == "summary" else f"A {part} that the paper shows in its experiments."


def hand_in_report(world: World, member: Membership, key: str) -> None:
    at = world.course.assignments.get(key=key).closes_at - timedelta(days=1)
    assignment = write_report(world, member, key, at=at)
    assignments.submit_report(assignment, member, hand_in=assignments.HandIn(new_code(), at), at=at)


def grade(world: World, member: Membership, key: str) -> None:
    """Give the best level of each row, on 3 February."""
    item = world.course.grade_items.get(key=key)
    picks = {row.key: plain(row.max_points) for row in item.rubric.all()}
    sheet = grading.Grade(base_seq=0, picks=picks, feedback="Well done.")
    grading.grade_item(item, member, sheet, by=world.ta, at=berlin(date(2026, 2, 3)))
