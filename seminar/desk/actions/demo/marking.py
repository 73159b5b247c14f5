"""The demo's marks: attendance, class participation, grades, what was released of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from courses.models import Membership
from grading.actions import (
    Change,
    Grade,
    Mark,
    compute_results,
    excuse_item,
    give_participation,
    grade_item,
    override_item,
    release_item,
    request_results,
    take_attendance,
)
from grading.queries import histories_of
from presentations.models import Presenter
from seminar.desk.actions.demo.stage import Script, Stage
from seminar.desk.rules.demo import StudentWork, TalkGrade, drawn, moment_between, points_for
from seminar.desk.rules.demo.story import Times
from seminar.lib.numbers import plain

LETTERS = {"r": "in_room", "o": "online", "l": "late", "e": "excused", "a": "absent"}
GOOD, FAIR = 8, 5
HAS_GRADE = {"graded", "released", "twice", "automatic"}


def add_marks(script: Script, stage: Stage) -> None:
    """Add what was marked in meetings, and what was graded and released where there are grades."""
    held = max(len(work.attendance) for work in stage.story.students)
    for number in range(held):
        start = stage.starts[number]
        script.add(start + timedelta(minutes=9), partial(mark, stage, number))
        script.add(start + timedelta(minutes=112), partial(give_points, stage, number))
    if stage.story.times:
        add_grades(script, stage, stage.story.times)
        add_exceptions(script, stage, stage.story.times)


def add_grades(script: Script, stage: Stage, times: Times) -> None:
    """Add the grades of written work and talks, and their release."""
    at = stage.term.at
    for work in stage.story.students:
        for key, (state, span) in {
            "report-1": (work.report_1, times.grade_report_1),
            "mini-1": (work.mini_1, times.grade_mini_1),
        }.items():
            if state in HAS_GRADE:
                moment = moment_between(f"{work.who} {key} graded", *span)
                script.add(at(moment), partial(grade, stage, key, work))
    for talk in stage.story.talks:
        moment = moment_between(f"talk {talk.paper}", *times.grade_talks)
        script.add(at(moment), partial(grade_talk, stage, talk))
        if talk.state == "released":
            script.add(at(times.release_talks), partial(release_talk, stage, talk))
    script.add(at(times.release_report_1), partial(release_work, stage, "report-1"))
    script.add(at(times.release_mini_1), partial(release_work, stage, "mini-1"))
    script.add(at(times.release_points), partial(release_points, stage))


def add_exceptions(script: Script, stage: Stage, times: Times) -> None:
    """Add what was excused and settled by hand, and the results computed so far."""
    at = stage.term.at
    for work in stage.story.students:
        if work.report_1 == "excused":
            script.add(at(times.excuse), partial(excuse, stage, work.who))
    if stage.story.override:
        script.add(at(stage.story.override.at), partial(settle_participation, stage))
    script.add(at(times.compute), partial(compute, stage))


def mark(stage: Stage, number: int, at: datetime) -> None:
    """Take attendance of one meeting: everybody who is in by then, and has a letter for it."""
    meeting = stage.meeting(number)
    letters = {work.who: work.attendance[number : number + 1] for work in stage.story.students}
    members = active(stage, [who for who, letter in letters.items() if letter in LETTERS])
    marks = {member.code: Mark(LETTERS[letters[who]], 0) for who, member in members.items()}
    take_attendance(meeting, marks, by=stage.assistant(number), at=at)


def active(stage: Stage, names: Iterable[str]) -> Mapping[str, Membership]:
    """Return those of the people who are active students now, by name."""
    students = Membership.objects.filter(course__slug=stage.slug).active().students()
    people = {row.user.email.partition("@")[0]: row for row in students.select_related("user")}
    return {who: people[who] for who in names if who in people}


def give_points(stage: Stage, number: int, at: datetime) -> None:
    """Give points for taking part in one meeting."""
    points = {work.who: work.points[number : number + 1] for work in stage.story.students}
    earned = {who: Decimal(digit) for who, digit in points.items() if digit not in {"", "0"}}
    for index, (who, member) in enumerate(active(stage, earned).items()):
        give_participation(
            stage.item("class-participation"),
            stage.meeting(number),
            member,
            earned[who],
            by=stage.assistant(number),
            at=at + timedelta(seconds=7 * index),
        )


def grade(stage: Stage, key: str, work: StudentWork, at: datetime) -> None:
    """Grade one piece of written work by its rubric, with a comment."""
    item, member = stage.item(key), stage.member(work.who)
    picks = {
        row.key: plain(points_for(f"{work.who} {key} {row.key}", work.quality, row.max_points))
        for row in item.rubric.all()
    }
    grader = stage.assistant(0 if key == "report-1" else 1)
    feedback = comment(stage, f"{work.who} {key}", work.quality)
    sent = Grade(base_seq=0, picks=picks, feedback=feedback)
    grade_item(item, member, sent, by=grader, at=at)


def comment(stage: Stage, seed: str, quality: int) -> str:
    """Return what a grader writes about work of this quality."""
    comments = stage.story.comments
    assert comments is not None, "grades come with comments"
    if quality >= GOOD:
        return drawn(seed, comments.good, 1)[0]
    return drawn(seed, comments.fair if quality >= FAIR else comments.weak, 1)[0]


def excuse(stage: Stage, who: str, at: datetime) -> None:
    """Excuse somebody who joined late from the first report and the first meeting."""
    change = Change("Joined from the waiting list when the first topic was half over.", 0)
    excuse_item(stage.item("report-1"), stage.member(who), change, by=stage.lead, at=at)
    late = {stage.member(who).code: Mark(LETTERS["e"], 0)}
    take_attendance(stage.meeting(0), late, by=stage.lead, at=at)


def release_work(stage: Stage, key: str, at: datetime) -> None:
    """Release the grades of one assignment to those who are to see them already."""
    states = {"report-1": {"released", "twice", "automatic"}, "mini-1": {"released"}}[key]
    seen = [
        stage.member(work.who)
        for work in stage.story.students
        if (work.report_1 if key == "report-1" else work.mini_1) in states
    ]
    release_item(stage.item(key), by=stage.lead, at=at, memberships=seen)


def presenters(stage: Stage, paper: str) -> list[Membership]:
    """Return who gave the talk on a paper."""
    found = Presenter.objects.live().filter(
        presentation__course__slug=stage.slug, presentation__paper__key=paper
    )
    return [row.membership for row in found.select_related("membership__user")]


def grade_talk(stage: Stage, talk: TalkGrade, at: datetime) -> None:
    """Grade everybody who gave a talk alike."""
    picks = {"explanation": talk.explanation, "assessment": talk.assessment}
    sent = Grade(base_seq=0, picks=picks, feedback=talk.feedback)
    for member in presenters(stage, talk.paper):
        grade_item(stage.item("in-class-talk"), member, sent, by=stage.lead, at=at)


def release_talk(stage: Stage, talk: TalkGrade, at: datetime) -> None:
    """Release a talk's grades to its presenters."""
    who = presenters(stage, talk.paper)
    release_item(stage.item("in-class-talk"), by=stage.lead, at=at, memberships=who)


def release_points(stage: Stage, at: datetime) -> None:
    """Show everybody the points for class participation."""
    release_item(stage.item("class-participation"), by=stage.lead, at=at)


def settle_participation(stage: Stage, at: datetime) -> None:
    """Settle one student's class participation early."""
    settled = stage.story.override
    assert settled is not None, "added only where there is one"
    member, item = stage.member(settled.who), stage.item("class-participation")
    before = [line for line in histories_of(member) if line.item_id == item.pk]
    change = Change(settled.reason, before[0].seq if before else 0)
    override_item(item, member, settled.points, change, by=stage.lead, at=at)


def compute(stage: Stage, at: datetime) -> None:
    """Ask for results and let the job compute them, as after a click on Compute."""
    request_results(stage.course, by=stage.lead.user, at=at)
    compute_results(at=at + timedelta(seconds=3))
