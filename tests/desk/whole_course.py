"""A small course from its first list to its published results, every step by its action."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from assignments.actions import HandIn, grant_extension, submit_file, submit_report
from assignments.models import Assignment, Submission
from courses.models import Course, Meeting, Membership
from grading.actions import (
    Change,
    Grade,
    Mark,
    freeze_results,
    give_participation,
    grade_item,
    override_item,
    publish_results,
    release_item,
    take_attendance,
)
from grading.models import GradeItem
from presentations.actions import (
    allocate_round,
    change_list,
    publish_allocation,
    submit_list,
    withdraw_list,
)
from presentations.models import Allocation, PreferenceRound
from seminar.notifications.actions import deliver
from tests.factories.assignments import DEADLINE, make_draft, make_mini, make_pdf, make_report
from tests.factories.courses import make_course, make_meeting, make_member, make_module, make_paper
from tests.factories.grading import make_component, make_item, make_pass_rule
from tests.factories.presentations import AFTER, DURING, make_round

HELD = datetime.fromisoformat("2025-11-10T17:30:00+00:00")
FROZEN = datetime.fromisoformat("2026-01-20T10:00:00+00:00")
NOW = datetime.fromisoformat("2026-02-01T10:00:00+00:00")


@dataclass(frozen=True)
class WholeCourse:
    """The course, and what a test may want to spoil."""

    course: Course
    students: list[Membership]
    ta: Membership
    instructor: Membership
    meeting: Meeting
    round: PreferenceRound
    allocation: Allocation
    report: Assignment
    mini: Assignment
    items: dict[str, GradeItem]


def make_whole_course() -> WholeCourse:
    """Three students, one round, one meeting of talks, one report, one mini-assignment."""
    course = make_course()
    ta, instructor = make_member(course, "ta"), make_member(course, "instructor")
    students = [make_member(course, name=f"Student {name}") for name in ("One", "Two", "Three")]
    module = make_module(course)
    meeting = make_meeting(course, modules=[module])
    papers = [make_paper(course, module=module, meeting=meeting) for _ in range(3)]
    round_ = make_round(course, papers, opens_rule="2025-10-20 18:00")
    report = make_report(course, module=module)
    mini = make_mini(course)
    world = WholeCourse(
        course=course,
        students=students,
        ta=ta,
        instructor=instructor,
        meeting=meeting,
        round=round_,
        allocation=rank_and_allocate(round_, students, [paper.key for paper in papers], instructor),
        report=report,
        mini=mini,
        items=make_scheme(course, report, mini),
    )
    hand_work_in(world)
    mark_the_meeting(world)
    grade_everything(world)
    freeze_results(course, by=instructor.user, at=FROZEN)
    publish_results(course, by=instructor, at=FROZEN)
    deliver(now=lambda: NOW)
    return world


def rank_and_allocate(
    round_: PreferenceRound, students: list[Membership], keys: list[str], instructor: Membership
) -> Allocation:
    one, two, three = students
    submit_list(round_.pk, one, keys, "", DURING)
    submit_list(round_.pk, two, keys[:2], "", DURING)
    submit_list(round_.pk, three, keys, "", DURING)
    change_list(round_.pk, two, keys[1:], 1, "", DURING)
    withdraw_list(round_.pk, one, "", DURING)
    submit_list(round_.pk, one, keys[::-1], "", DURING)
    code = allocate_round(round_.pk, instructor.user, AFTER)["code"]
    allocation = Allocation.objects.get(code=code)
    publish_allocation(allocation.pk, instructor.user, AFTER)
    return Allocation.objects.get(code=code)


def make_scheme(course: Course, report: Assignment, mini: Assignment) -> dict[str, GradeItem]:
    """Work 60 (report 30, mini 30), talks 20, participation 20 (attendance 10, class 10)."""
    work = make_component(course, "work", 60)
    talks = make_component(course, "talks", 20)
    part = make_component(course, "participation", 20)
    make_pass_rule(course, [(work, "50"), (None, "50")])
    half, tenth = Decimal(30), Decimal(10)
    return {
        "report": make_item(work, assignment=report, weight=half),
        "mini": make_item(work, assignment=mini, weight=half),
        "talk": make_item(talks, kind="presentation", talk_kind="in_class"),
        "attendance": make_item(part, kind="attendance", weight=tenth),
        "class": make_item(
            part, kind="participation", weight=tenth, max_points=Decimal(2), meeting_cap=Decimal(2)
        ),
    }


def hand_work_in(world: WholeCourse) -> None:
    """Everyone in time, the second report a day late by an extension, one file replaced."""
    before, nonce = DEADLINE - timedelta(days=1), iter(range(100))
    for member in world.students:
        make_draft(world.report, member)
        times = HandIn(f"report-{next(nonce):04}", before)
        if member == world.students[1]:
            grant_extension(
                world.report,
                member,
                until=DEADLINE + timedelta(days=2),
                reason="Ill",
                by=world.instructor,
                at=before,
            )
            times = HandIn(f"report-{next(nonce):04}", DEADLINE + timedelta(days=1))
        submit_report(world.report, member, hand_in=times, at=times.received_at)
        for pages in (1, 2) if member == world.students[0] else (1,):
            file = HandIn(f"file-{next(nonce):06}", before)
            pdf = make_pdf(pages)
            submit_file(world.mini, member, chunks=[pdf], name="essay.pdf", hand_in=file, at=before)


def mark_the_meeting(world: WholeCourse) -> None:
    marks = {member.code: Mark("in_room", 0) for member in world.students}
    take_attendance(world.meeting, marks, by=world.ta, at=HELD)
    for member in world.students:
        give_participation(
            world.items["class"], world.meeting, member, Decimal(1), by=world.ta, at=HELD
        )


def grade_everything(world: WholeCourse) -> None:
    at = FROZEN - timedelta(days=7)
    for key in ("report", "mini", "talk"):
        item = GradeItem.objects.select_related("course", "assignment").get(pk=world.items[key].pk)
        for member in world.students:
            latest = Submission.objects.filter(
                assignment=item.assignment, membership=member
            ).first()
            version = latest.code if latest else ""
            grade = Grade(0, points="7.5", submission=version)
            grade_item(item, member, grade, by=world.ta, at=at)
    first = world.students[0]
    override_item(
        world.items["report"], first, "8", Change("Recounted", 1), by=world.instructor, at=at
    )
    release_item(world.items["report"], by=world.instructor, at=at)
