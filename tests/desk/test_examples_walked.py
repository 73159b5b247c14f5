"""Two courses of others, from the file to the pass list: every number was worked out by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from assignments.actions import HandIn, submit_file, submit_report
from assignments.models import Assignment
from courses.models import Course, Meeting, Membership
from grading import actions
from grading.actions import Grade, Mark
from grading.models import GradeItem, Result
from grading.queries import facts_of, student_standing
from grading.rules import Verdict
from presentations.actions import (
    allocate_round,
    publish_allocation,
    schedule_final_talk,
    submit_list,
)
from presentations.models import Allocation, Presentation
from seminar.desk.actions.load_course import load_course
from seminar.desk.rules.course_file import parse
from tests.desk.test_course_file_examples import NEW_YORK, SANTIAGO
from tests.factories.assignments import make_draft, make_pdf
from tests.factories.courses import make_member

pytestmark = pytest.mark.django_db


def opened(path: Path, at: datetime) -> Course:
    file = parse(path.read_bytes()).file
    assert file is not None
    load_course(file, by=None, at=at)
    return Course.objects.get(slug=file.course.slug)


def staff(course: Course, role: str) -> Membership:
    found = Membership.objects.filter(course=course, role=role).order_by("pk").first()
    assert found is not None
    return found


def item(course: Course, key: str) -> GradeItem:
    return GradeItem.objects.select_related("course", "assignment").get(course=course, key=key)


def closings(course: Course) -> dict[str, str]:
    rows = Assignment.objects.filter(course=course).values_list("key", "closes_at")
    return {key: f"{at:%Y-%m-%d %H:%M}Z" for key, at in rows}


def hand_in(course: Course, key: str, member: Membership, days_late: int = 0) -> None:
    """Hand something in an hour before the deadline, or so many days after it."""
    assignment = course.assignments.select_related("course", "module").get(key=key)
    at = assignment.closes_at + (timedelta(days=days_late) - timedelta(hours=1))
    sent = HandIn(nonce="", received_at=at)
    if assignment.kind == Assignment.Kind.REPORT:
        make_draft(assignment, member, saved_at=at)
        submit_report(assignment, member, hand_in=sent, at=at)
        return
    pdf = [make_pdf(assignment.pages_min)]
    submit_file(assignment, member, chunks=pdf, name="work.pdf", hand_in=sent, at=at)


def grade(
    course: Course, key: str, member: Membership, points: str | dict[str, str], at: datetime
) -> None:
    scored = Grade(0, picks=points) if isinstance(points, dict) else Grade(0, points=points)
    actions.grade_item(item(course, key), member, scored, by=staff(course, "ta"), at=at)


def shown(course: Course, member: Membership, at: datetime) -> tuple[Fraction, Fraction, Verdict]:
    """Return floor, ceiling and verdict as the student's own page shows them."""
    judged = student_standing(facts_of(course, only=member), member, at=at)
    return judged.standing.total.floor, judged.standing.total.ceiling, judged.outcome.verdict


def outcomes(course: Course) -> dict[str, tuple[str, bool | None]]:
    """Return each student's exact total and whether they passed, from the newest run."""
    rows = Result.objects.filter(run__course=course).order_by("-run__number")
    newest = rows[0].run_id
    return {
        row.membership.user.name: (row.content["total"]["exact"], row.passed)
        for row in rows.filter(run=newest).select_related("membership__user")
    }


def finish(course: Course, at: datetime) -> None:
    """Compute by the job, freeze and publish."""
    by = staff(course, "instructor")
    actions.request_results(course, by=by.user, at=at)
    assert actions.compute_results(at=at) == 1
    computed = outcomes(course)
    actions.freeze_results(course, by=by.user, at=at)
    actions.publish_results(course, by=by, at=at)
    assert outcomes(course) == computed


# --- Santiago: one component, the worst of four dropped, late work at a price ------------------

DONE = datetime(2026, 7, 10, 12, 0, tzinfo=UTC)


def test_santiago_keeps_its_wall_times_when_the_clocks_go_back() -> None:
    course = opened(SANTIAGO, datetime(2026, 2, 20, tzinfo=UTC))
    meetings = {meeting.key: meeting for meeting in course.meetings.select_related("course")}

    assert [f"{meetings[key].starts_at:%H:%M}Z" for key in ("sesion-2", "sesion-3")] == [
        "21:30Z", "22:30Z",
    ]  # fmt: skip
    assert closings(course) == {
        "informe-1": "2026-04-08 00:30Z",
        "informe-2": "2026-05-23 03:00Z",
        "tarea": "2026-06-02 04:00Z",
        "informe-3": "2026-07-01 00:00Z",
    }


def test_santiago_from_the_first_report_to_the_pass_list() -> None:
    course = opened(SANTIAGO, datetime(2026, 2, 20, tzinfo=UTC))
    ana, bruno = make_member(course, name="Ana Soto"), make_member(course, name="Bruno Paz")
    for member, key, late in (
        (ana, "informe-1", 0), (ana, "informe-2", 1), (ana, "tarea", 0),
        (bruno, "informe-1", 0), (bruno, "tarea", 0),
    ):  # fmt: skip
        hand_in(course, key, member, late)
    grade(course, "informe-1", ana, "5.5", DONE)
    grade(course, "informe-1", bruno, "7", DONE)
    grade(course, "informe-2", ana, "6", DONE)
    grade(course, "tarea", ana, {"pregunta": "6", "experimento": "4", "lectura": "3"}, DONE)
    grade(course, "tarea", bruno, {"pregunta": "3", "experimento": "4", "lectura": "2"}, DONE)

    # Nothing is released. Ana can still have 1, 1 and, a day late, 0.85; Bruno 1, 1 and 0.
    assert shown(course, ana, DONE) == (0, 95, Verdict.OPEN)
    assert shown(course, bruno, DONE) == (0, Fraction(200, 3), Verdict.OPEN)

    actions.release_item(item(course, "informe-1"), by=staff(course, "instructor"), at=DONE)

    # Ana: 11/14, two open, one missing that is dropped: (11/14)/3 and (11/14 + 0.85 + 1)/3.
    assert shown(course, ana, DONE) == (Fraction(550, 21), Fraction(615, 7), Verdict.OPEN)

    finish(course, DONE)

    # Ana: 5.5/7; 6/7 less 15 % of 7 for one late day = 4.95/7; 13/20; 0 dropped. The mean is 5/7.
    # Bruno: 7/7; 9/20; 0; the other 0 dropped. The mean is 29/60.
    assert outcomes(course) == {"Ana Soto": ("500/7", True), "Bruno Paz": ("145/3", False)}
    assert shown(course, ana, DONE) == (Fraction(500, 7), Fraction(500, 7), Verdict.SECURED)
    assert shown(course, bruno, DONE)[2] is Verdict.UNREACHABLE


# --- New York: nested parts, a bonus on top ----------------------------------------------------

OVER = datetime(2025, 12, 12, 12, 0, tzinfo=UTC)


def test_new_york_keeps_its_wall_times_when_the_clocks_go_back() -> None:
    course = opened(NEW_YORK, datetime(2025, 8, 1, tzinfo=UTC))
    meetings = {meeting.key: meeting for meeting in course.meetings.select_related("course")}

    assert [f"{meetings[key].starts_at:%H:%M}Z" for key in ("week-8", "week-9")] == [
        "14:00Z", "15:00Z",
    ]  # fmt: skip
    assert closings(course) == {
        "report-values": "2025-10-02 04:00Z",
        "problems-1": "2025-10-09 21:00Z",
        "problems-2": "2025-11-06 16:45Z",
        "challenge": "2025-11-20 22:00Z",
        "report-preferences": "2025-12-04 05:00Z",
    }


def test_new_york_from_the_first_list_to_the_pass_list() -> None:
    course = opened(NEW_YORK, datetime(2025, 8, 1, tzinfo=UTC))
    cleo, drew = make_member(course, name="Cleo Marsh"), make_member(course, name="Drew Lin")
    instructor = staff(course, "instructor")

    # Both want the same paper first; it has two places. They also show a project together.
    round_ = course.rounds.get(key="first-talks")
    submit_list(round_.pk, cleo, ["dqn", "double-q"], "", round_.opens_at)
    submit_list(round_.pk, drew, ["dqn", "prioritized-replay"], "", round_.opens_at)
    closed = round_.closes_at + timedelta(minutes=2)
    allocate_round(round_.pk, instructor.user, closed)
    publish_allocation(Allocation.objects.get(round=round_).pk, instructor.user, closed)
    talk = Presentation.objects.get(course=course, kind="in_class")
    assert (talk.paper.key, talk.presenters.count()) == ("dqn", 2)
    projects = course.meetings.get(key="projects")
    schedule_final_talk(
        projects, "Which trick matters?", "literature_review", [cleo, drew],
        by=instructor.user, at=closed,
    )  # fmt: skip

    for key in ("report-values", "report-preferences"):
        hand_in(course, key, cleo)
    for key in ("problems-1", "problems-2", "challenge"):
        hand_in(course, key, cleo)
        hand_in(course, key, drew)
    attend(course, cleo, ["in_room"] * 8 + ["late"] * 2 + ["absent"])
    attend(course, drew, ["online"] * 11)
    for member, given in ((cleo, "2 2 1"), (drew, "2 2 2")):
        for key, points in zip(("week-1", "week-2", "week-3"), given.split(), strict=True):
            meeting = course.meetings.get(key=key)
            actions.give_participation(
                item(course, "discussion"), meeting, member, Decimal(points),
                by=instructor, at=OVER,
            )  # fmt: skip
    marks = {
        "report-values": ("24", None),
        "report-preferences": ("15", None),
        "problems-1": ("9", "12"),
        "problems-2": ("6", "11"),
        "challenge": ("6", "8"),
        "talk": ("8", "10"),
        "project": ("7", "7"),
    }
    for key, (hers, his) in marks.items():
        grade(course, key, cleo, hers, OVER)
        if his:
            grade(course, key, drew, his, OVER)

    finish(course, OVER)

    # Cleo: reports 13/20; problems 5/8 + 4/20 * 3/4 = 31/40; written (30*13/20 + 20*31/40)/50.
    # Talks (20*8/10 + 15*7/10)/35; attendance (8 + 2*0.8)/11; discussion 5/6; in class 26/33.
    # Drew: no report; problems 23/24 + 4/20 is cut to 1, so that written is 20/50: just enough.
    assert parts(cleo) == {
        "written": "70",
        "reports": "65",
        "problems": "155/2",
        "oral": "2600/33",
        "talks": "530/7",
        "taking-part": "8510/99",
    }
    assert parts(drew) == {
        "written": "40",
        "reports": "0",
        "problems": "100",
        "oral": "91",
        "talks": "610/7",
        "taking-part": "100",
    }
    assert outcomes(course) == {
        "Cleo Marsh": ("2455/33", True),
        "Drew Lin": ("131/2", True),
    }
    assert shown(course, drew, OVER) == (Fraction(131, 2), Fraction(131, 2), Verdict.SECURED)


def parts(member: Membership) -> dict[str, str]:
    result = Result.objects.filter(membership=member).order_by("-run__number")[0]
    return {key: part["exact"] for key, part in result.content["components"].items()}


def attend(course: Course, member: Membership, statuses: list[str]) -> None:
    meetings = Meeting.objects.filter(course=course).select_related("course")
    for meeting, status in zip(meetings, statuses, strict=True):
        marks = {member.code: Mark(status, 0)}
        actions.take_attendance(meeting, marks, by=staff(course, "ta"), at=OVER)
