"""The API of grading: scoring, release, attendance, standings, results.

What a student is answered rests on released facts only: the same functions as the pages.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import INSTRUCTOR, STAFF, STUDENT, CourseApi
from courses.models import Meeting, Membership
from grading import actions, queries, rules
from grading.actions import Change, Grade, Mark
from grading.models import AttendanceMark, GradeItem
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.numbers import NumberError, exact, parse_weight, plain
from seminar.lib.rest import (
    Answer,
    Body,
    Nothing,
    Number,
    Points,
    Quantity,
    Text,
    Whole,
    Window,
    Worded,
    listed,
    operation,
)

# --- Shapes that several answers share -------------------------------------------------------


class Exact(serializers.CharField):
    """A fraction in lowest terms."""

    def to_representation(self, value: Any) -> str:
        return exact(value)


class Student(Answer):
    """A student by public code."""

    code = serializers.CharField()
    name = serializers.CharField(source="user.name")


class PartNumbers(Number):
    """Percent of a part: what is sure, what is still possible, what is decided so far."""

    ceiling = Number()
    running = Number(allow_null=True)


class Folded(Answer):
    """What the history of a grade comes to."""

    score = Points(allow_null=True)
    excused = serializers.BooleanField()
    override = Points(allow_null=True)


class Cell(Answer):
    """One item as far as the reader may know it. ``points`` have late deductions taken off."""

    item = serializers.CharField(source="item.key")
    title = serializers.CharField(source="item.title")
    kind = serializers.CharField(source="item.kind")
    weight = Points(source="item.weight")
    max_points = Points(source="item.max_points")
    status = serializers.CharField(help_text="a word of the status vocabulary")
    points = Quantity(allow_null=True)
    raw = Folded(allow_null=True)
    late_days = serializers.IntegerField()
    due = serializers.DateTimeField(allow_null=True)
    present = serializers.IntegerField(help_text="meetings attended, for attendance")
    taken = serializers.IntegerField(help_text="meetings that count so far, for attendance")


class Component(Answer):
    """A part of the grade with its items. ``at_least`` is its pass mark in percent."""

    key = serializers.CharField()
    title = serializers.CharField()
    weight = Points()
    at_least = Exact(allow_null=True)
    numbers = PartNumbers()
    items = Cell(many=True)


class Clause(Answer):
    """One condition of the pass rule; ``component`` null is the total."""

    component = serializers.CharField(allow_null=True)
    at_least = serializers.CharField()
    holds = serializers.BooleanField(allow_null=True)


class Standing(Answer):
    """Where a student stands, in words first. Numbers are percent."""

    sentence = serializers.CharField()
    verdict = serializers.CharField(help_text="secured, open, unreachable")
    passed = serializers.BooleanField(allow_null=True, help_text="the published result")
    rule = serializers.ListField(child=serializers.CharField())
    clauses = Clause(many=True)
    total = PartNumbers()
    components = Component(many=True)


def components_of(groups: Sequence[Any], content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return components with their numbers, as runs of results store them."""
    return [
        {
            "key": group.component.key,
            "title": group.component.title,
            "weight": group.component.weight,
            "at_least": group.at_least,
            "numbers": content["components"][group.component.key],
            "items": group.cells,
        }
        for group in groups
    ]


class GradingApi(CourseApi):
    """A view that finds items, students and meetings of its course."""

    def item(self, key: str) -> GradeItem:
        """Return the item. Raises Http404."""
        found = queries.item_by_key(self.course, key)
        if found is None:
            raise Http404
        return found

    def student(self, code: str) -> Membership:
        """Return the student. Raises Http404."""
        found = queries.student_by_code(self.course, code)
        if found is None:
            raise Http404
        return found

    def meeting(self, key: str) -> Meeting:
        """Return the meeting. Raises Http404."""
        found = queries.meeting_by_key(self.course, key)
        if found is None:
            raise Http404
        return found


# --- Scoring ---------------------------------------------------------------------------------


class QueueRow(Answer):
    """One item with how much of it is done."""

    item = serializers.CharField(source="item.key")
    title = serializers.CharField(source="item.title")
    kind = serializers.CharField(source="item.kind")
    waiting = serializers.IntegerField()
    graded = serializers.IntegerField()
    released = serializers.IntegerField()
    open = serializers.IntegerField()
    students = serializers.IntegerField()


class Queue(CourseApi):
    policy = STAFF

    @operation("read_queue", "What waits to be graded", answer=listed(QueueRow), query=Window)
    def get(self, request: Request, slug: str) -> Response:
        return self.window(QueueRow, queries.queue_of(self.course, at=clock.now()))


class ItemRow(Answer):
    """One student at one item."""

    code = serializers.CharField(source="row.member.code")
    name = serializers.CharField(source="row.member.user.name")
    status = serializers.CharField(source="row.status")
    released = serializers.BooleanField(source="row.released")
    due = serializers.DateTimeField(source="row.due", allow_null=True)
    ready = serializers.BooleanField(source="row.ready", help_text="can be graded now")
    base_seq = serializers.IntegerField(source="row.score.seq")
    grade = Folded(source="row.score")
    talk = serializers.CharField(source="talk.code", allow_null=True)


class ItemWindow(Window):
    """Which students of an item are asked for."""

    show = serializers.ChoiceField(("all", "waiting", "graded"), default="all")


class Item(GradingApi):
    policy = STAFF

    @operation("read_item", "The students of one item", answer=listed(ItemRow), query=ItemWindow)
    def get(self, request: Request, slug: str, key: str) -> Response:
        asked = self.query(ItemWindow)
        page = queries.item_page(self.course, key, at=clock.now())
        if page is None:
            raise Http404
        rows = [{"row": waiting, "talk": talk} for waiting, talk in page.shown(asked["show"])]
        return self.window(ItemRow, rows, asked=asked)


class Next(Answer):
    """What should be graded next; both null where nothing waits."""

    item = serializers.CharField(allow_null=True)
    student = serializers.CharField(allow_null=True)


class NextQuery(Body):
    """Of which item; of any where none is named."""

    item = Text(max_length=50, required=False)


class NextToGrade(CourseApi):
    policy = STAFF

    @operation("next_to_grade", "What should be graded next", answer=Next, query=NextQuery)
    def get(self, request: Request, slug: str) -> Response:
        key = self.query(NextQuery).get("item", "")
        found = queries.next_waiting(self.course, at=clock.now(), item_key=key) or (None, None)
        return self.answer(Next, {"item": found[0], "student": found[1]})


class Level(Answer):
    """One choice of a criterion."""

    points = serializers.CharField(source="value")
    text = serializers.CharField()


class RubricRow(Answer):
    """One criterion. ``free``: any points up to the maximum may be given too."""

    key = serializers.CharField(source="row.key")
    title = serializers.CharField(source="row.title")
    hint = serializers.CharField(source="row.hint")
    max_points = Points(source="row.max_points")
    free = serializers.BooleanField()
    levels = Level(many=True)


class Entry(Answer):
    """One line of a grade's history, for staff."""

    item = serializers.CharField(source="item.key")
    seq = serializers.IntegerField()
    kind = serializers.CharField(help_text="score, excuse, override, clear")
    points = Points(allow_null=True)
    picks = serializers.DictField(source="rubric", child=serializers.CharField())
    feedback = serializers.CharField()
    note = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.CharField(source="by.user.name", allow_null=True)


class ReadWork(Answer):
    """The version that counts."""

    code = serializers.CharField()
    number = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    late_days = serializers.IntegerField()
    content = serializers.JSONField()


class GradeDetail(Answer):
    """One student's work at one item, beside the rubric and the history."""

    item = serializers.CharField(source="item.key")
    max_points = Points(source="item.max_points")
    student = Student(source="member")
    rubric = RubricRow(many=True)
    history = Entry(many=True)
    base_seq = serializers.IntegerField(source="folded.seq", help_text="what a save names")
    grade = Folded(source="folded")
    submission = ReadWork(allow_null=True)
    talk = serializers.CharField(source="talk.presentation.code", allow_null=True)
    released = serializers.BooleanField(source="visible")
    ready_at = serializers.DateTimeField(allow_null=True)
    ready = serializers.BooleanField()


class OneGrade(GradingApi):
    policy = STAFF

    @operation("read_grade", "A student's work beside the rubric", answer=GradeDetail)
    def get(self, request: Request, slug: str, key: str, code: str) -> Response:
        page = queries.grade_page(self.item(key), self.student(code), at=clock.now())
        return self.answer(GradeDetail, page)


class NewGrade(Body):
    """A score: picks by rubric row, or points where there is no rubric; over ``base_seq``."""

    base_seq = Whole(help_text="the last line of the history that was seen; 0: none")
    picks = serializers.DictField(child=Text(max_length=10), default=dict)
    points = Text(max_length=10, allow_blank=True, trim_whitespace=False, default="")
    feedback = Text(allow_blank=True, default="")
    note = Text(allow_blank=True, default="", help_text="for staff only")
    reason = Text(allow_blank=True, default="", help_text="needed once students see the grade")
    submission = Text(
        max_length=16, allow_blank=True, default="", help_text="the version that was read"
    )


class GradeItemView(GradingApi):
    policy = STAFF

    @operation("grade_item", "Score a student's work", body=NewGrade, answer=Entry, status=201)
    def post(self, request: Request, slug: str, key: str, code: str) -> Response:
        """Add a score to the history; over a stale ``base_seq`` nothing is saved: 409 with both."""
        item, member, sent = self.item(key), self.student(code), Grade(**self.body(NewGrade))
        try:
            done = actions.grade_item(item, member, sent, by=self.membership, at=clock.now())
        except Refused as refusal:
            raise both_versions(refusal, item, member, sent) from None
        return self.answer(Entry, done, 201)


def both_versions(refusal: Refused, item: GradeItem, member: Membership, sent: Grade) -> Refused:
    """Return a stale save's refusal with what was sent beside what is saved."""
    page = queries.grade_page(item, member, at=clock.now())
    last = page.last
    if refusal.code != "stale" or last is None:
        return refusal
    points = "" if last.points is None else plain(last.points)
    saved = {"points": points, "feedback": last.feedback, "note": last.note}
    mine = {"points": sent.points, "feedback": sent.feedback, "note": sent.note}
    for row in sorted({*last.rubric, *sent.picks}):
        saved[f"picks.{row}"] = str(last.rubric.get(row, ""))
        mine[f"picks.{row}"] = sent.picks.get(row, "")
    problems = [
        {"field": name, "mine": mine[name], "theirs": theirs, "version": last.seq}
        for name, theirs in saved.items()
    ]
    return Refused(refusal.code, refusal.message, status=refusal.status, problems=problems)


class Exceptional(Body):
    """An exception with its reason. ``points`` are for ``override`` alone."""

    verb = serializers.ChoiceField(("excuse", "override", "clear"))
    base_seq = Whole()
    reason = Text()
    points = Text(max_length=10, allow_blank=True, trim_whitespace=False, default="")


class DecideItem(GradingApi):
    policy = STAFF

    @operation(
        "decide_item",
        "Excuse, override or clear an item of a student",
        body=Exceptional,
        answer=Entry,
        status=201,
    )
    def post(self, request: Request, slug: str, key: str, code: str) -> Response:
        item, member, sent = self.item(key), self.student(code), self.body(Exceptional)
        change = Change(sent["reason"], sent["base_seq"])
        who: dict[str, Any] = {"by": self.membership, "at": clock.now()}
        if sent["verb"] == "override":
            done = actions.override_item(item, member, sent["points"], change, **who)
        elif sent["points"]:
            raise serializers.ValidationError({"points": [_("Only an override has points.")]})
        else:
            save = actions.excuse_item if sent["verb"] == "excuse" else actions.clear_item
            done = save(item, member, change, **who)
        return self.answer(Entry, done, 201)


# --- Release ---------------------------------------------------------------------------------


class ReleaseRow(Answer):
    """One item: who would see it from now on, how many see it, how many have no grade yet."""

    item = serializers.CharField(source="item.key")
    title = serializers.CharField(source="item.title")
    new = Student(many=True)
    shown = serializers.IntegerField()
    waiting = serializers.IntegerField()


class ReleaseChoice(Body):
    """What is released; to all whose grade is decided, or to one student."""

    item = Text(max_length=50)
    student = Text(max_length=16, required=False)


class Released(Answer):
    """Who sees it from now on."""

    released = Student(many=True)


class Release(GradingApi):
    policy = INSTRUCTOR

    @operation("read_release", "What a release would show", answer=listed(ReleaseRow), query=Window)
    def get(self, request: Request, slug: str) -> Response:
        return self.window(ReleaseRow, queries.release_rows(self.course, at=clock.now()))

    @operation(
        "release_item",
        "Make grades visible; each student gets a mail without the grade",
        body=ReleaseChoice,
        answer=Released,
    )
    def post(self, request: Request, slug: str) -> Response:
        sent = self.body(ReleaseChoice)
        item = self.item(sent["item"])
        chosen = [self.student(sent["student"])] if "student" in sent else None
        who: dict[str, Any] = {"by": self.membership, "at": clock.now()}
        return self.answer(
            Released, {"released": actions.release_item(item, memberships=chosen, **who)}
        )


# --- Meetings --------------------------------------------------------------------------------


class AttendanceRow(Answer):
    """One meeting with how many are marked."""

    meeting = serializers.CharField(source="meeting.key")
    title = serializers.CharField(source="meeting.title")
    date = serializers.DateField(source="meeting.date")
    state = serializers.CharField()
    marked = serializers.IntegerField()
    present = serializers.IntegerField()
    students = serializers.IntegerField()


class Attendance(CourseApi):
    policy = STAFF

    @operation(
        "list_attendance", "Meetings and their marks", answer=listed(AttendanceRow), query=Window
    )
    def get(self, request: Request, slug: str) -> Response:
        return self.window(AttendanceRow, queries.attendance_rows(self.course, at=clock.now()))


class Tile(Answer):
    """One person at one meeting. ``status`` is empty while not taken."""

    student = serializers.CharField(source="member.code")
    name = serializers.CharField(source="member.user.name")
    status = serializers.CharField()
    version = serializers.IntegerField()


class Tiles(Answer):
    """Everybody who can be marked at a meeting, by name."""

    tiles = Tile(many=True)


class NewMark(Body):
    """What one person is marked as, over the version that was seen; empty takes it back."""

    student = Text(max_length=16)
    status = serializers.ChoiceField(AttendanceMark.Status.choices, allow_blank=True)
    version = Whole()


class Marks(Body):
    """The marks that change: all are saved, or none."""

    marks = NewMark(many=True)


class TakeAttendance(GradingApi):
    policy = STAFF

    @operation("read_attendance", "Who is marked as what", answer=Tiles)
    def get(self, request: Request, slug: str, key: str) -> Response:
        return self.answer(Tiles, {"tiles": queries.attendance_tiles(self.meeting(key))})

    @operation("take_attendance", "Mark people, all or none", body=Marks, answer=Tiles)
    def put(self, request: Request, slug: str, key: str) -> Response:
        meeting, sent = self.meeting(key), self.body(Marks)["marks"]
        marks = {mark["student"]: Mark(mark["status"], mark["version"]) for mark in sent}
        if len(marks) != len(sent):
            raise serializers.ValidationError({"marks": [_("Somebody stands there twice.")]})
        actions.take_attendance(meeting, marks, by=self.membership, at=clock.now())
        return self.answer(Tiles, {"tiles": queries.attendance_tiles(meeting)})


class Given(Answer):
    """One person's points in one meeting; ``full``: the meeting can give no more."""

    student = serializers.CharField(source="member.code")
    name = serializers.CharField(source="member.user.name")
    points = Points()
    full = serializers.BooleanField()


class Grid(Answer):
    """One item of class participation in one meeting."""

    item = serializers.CharField(source="item.key")
    given = Given(many=True)


class Grids(Answer):
    """All items of class participation in one meeting."""

    grids = Grid(many=True)


class Gift(Body):
    """One step of points for one person: given, or the last one taken back."""

    item = Text(max_length=50)
    student = Text(max_length=16)
    verb = serializers.ChoiceField(("give", "undo"))


class Participation(GradingApi):
    policy = STAFF

    @operation("read_participation", "Points for taking part in a meeting", answer=Grids)
    def get(self, request: Request, slug: str, key: str) -> Response:
        return self.answer(Grids, {"grids": queries.participation_grids(self.meeting(key))})

    @operation("give_participation", "Give points or take them back", body=Gift, answer=Grids)
    def post(self, request: Request, slug: str, key: str) -> Response:
        meeting, sent = self.meeting(key), self.body(Gift)
        item, member = self.item(sent["item"]), self.student(sent["student"])
        if item.kind != GradeItem.Kind.PARTICIPATION:
            raise Http404
        step = min(Decimal(1), item.meeting_cap)
        points = step if sent["verb"] == "give" else -step
        actions.give_participation(
            item, meeting, member, points, by=self.membership, at=clock.now()
        )
        return self.answer(Grids, {"grids": queries.participation_grids(meeting)})


# --- Standings -------------------------------------------------------------------------------


class OwnStanding(CourseApi):
    policy = STUDENT

    @operation("read_standing", "Where one stands, by released facts only", answer=Standing)
    def get(self, request: Request, slug: str) -> Response:
        page = queries.standing_page(self.membership, at=clock.now())
        content = queries.content_of(page.judged)
        found = {
            "sentence": page.sentence.text(),
            "passed": page.result.passed if page.result else None,
            "rule": [words.text() for words in page.rule],
            "components": components_of(page.groups, content),
        }
        wanted = {name: content[name] for name in ("verdict", "clauses", "total")}
        return self.answer(Standing, wanted | found)


class Pick(Answer):
    """One criterion as it was judged."""

    title = serializers.CharField()
    points = serializers.CharField()
    max_points = serializers.CharField()
    level = serializers.CharField()


class Feedback(Answer):
    """Points and comments of one item: empty before the release."""

    item = Cell(source="cell")
    feedback = serializers.CharField(source="entry.feedback", allow_null=True)
    picks = Pick(many=True)


class OwnFeedback(CourseApi):
    policy = STUDENT

    @operation("read_feedback", "Points and comments once they are released", answer=Feedback)
    def get(self, request: Request, slug: str, key: str) -> Response:
        found = queries.feedback_of(self.course, self.membership, key, at=clock.now())
        if found is None:
            raise Http404
        names = tuple(Pick().fields)
        picks = [dict(zip(names, pick, strict=True)) for pick in found.picks]
        return self.answer(Feedback, {"cell": found.cell, "entry": found.entry, "picks": picks})


class GradebookPart(PartNumbers):
    """The numbers of one top component."""

    component = serializers.CharField()


class GradebookLine(Answer):
    """One row of the gradebook, by all facts."""

    student = Student(source="member")
    status = serializers.CharField()
    total = PartNumbers()
    components = GradebookPart(many=True)
    items = Cell(many=True, source="cells")


class Gradebook(CourseApi):
    policy = STAFF

    @operation(
        "read_gradebook",
        "All students and items, by all facts",
        answer=listed(GradebookLine),
        query=Window,
    )
    def get(self, request: Request, slug: str) -> Response:
        at = clock.now()
        facts = queries.facts_of(self.course)
        lines = queries.gradebook_of(facts, queries.staff_standings(facts, at=at), at=at)
        return self.window(GradebookLine, [gradebook_line(line) for line in lines])


def gradebook_line(line: Any) -> dict[str, Any]:
    """Return one row with its numbers as runs of results store them."""
    content = queries.content_of(line.judged)
    parts = [{"component": p.key} | content["components"][p.key] for p in line.parts]
    own = {"member": line.member, "status": line.status, "cells": line.cells}
    return own | {"total": content["total"], "components": parts}


class StudentDetail(Answer):
    """One student by all facts, with the history of each grade, newest first."""

    student = Student()
    verdict = serializers.CharField()
    rule = serializers.ListField(child=serializers.CharField())
    clauses = Clause(many=True)
    total = PartNumbers()
    components = Component(many=True)
    history = Entry(many=True)


class OneStudent(GradingApi):
    policy = STAFF

    @operation("read_student", "One student's standing, by all facts", answer=StudentDetail)
    def get(self, request: Request, slug: str, code: str) -> Response:
        member, at = self.student(code), clock.now()
        facts = queries.facts_of(self.course, only=member)
        judged = queries.staff_standings(facts, at=at)[0]
        content = queries.content_of(judged)
        groups = queries.groups_of(facts, judged, at=at, staff=True)
        found = {
            "student": member,
            "rule": [words.text() for words in queries.rule_words(facts)],
            "components": components_of(groups, content),
            "history": queries.histories_of(member),
        }
        return self.answer(StudentDetail, content | found)


# --- The end of the term ---------------------------------------------------------------------


class ResultRun(Answer):
    """One computing of all standings."""

    number = serializers.IntegerField()
    requested_at = serializers.DateTimeField()
    computed_at = serializers.DateTimeField(allow_null=True)
    content_hash = serializers.CharField()
    frozen_at = serializers.DateTimeField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()


class Blocker(Answer):
    """What must be decided before results can be frozen."""

    code = serializers.CharField()
    item = serializers.CharField(source="item.key", allow_null=True)
    meeting = serializers.CharField(source="meeting.key", allow_null=True)
    students = Student(source="members", many=True)


class ResultLine(Answer):
    """One student's outcome now. ``lost``: the conditions that can no longer be reached."""

    student = Student(source="member")
    status = serializers.CharField(help_text="passed, open, not_passed")
    total = PartNumbers()
    lost = serializers.ListField(child=serializers.CharField())


class Results(CourseApi):
    policy = INSTRUCTOR

    @operation(
        "list_results", "Every student's verdict now", answer=listed(ResultLine), query=Window
    )
    def get(self, request: Request, slug: str) -> Response:
        page = queries.results_page(self.course, at=clock.now())
        return self.window(ResultLine, page.lines)


class ResultsState(Answer):
    """The end of the term: the runs so far, what blocks a freeze, the rule in words."""

    runs = ResultRun(many=True)
    fresh = serializers.BooleanField(help_text="the newest run still says what is true now")
    blockers = Blocker(many=True)
    rule = serializers.ListField(child=Worded())


class ReadResultsState(CourseApi):
    policy = INSTRUCTOR

    @operation("read_results_state", "Runs, and what blocks a freeze", answer=ResultsState)
    def get(self, request: Request, slug: str) -> Response:
        return self.answer(ResultsState, queries.results_page(self.course, at=clock.now()))


class RequestResults(CourseApi):
    policy = INSTRUCTOR

    @operation(
        "request_results",
        "Ask for all standings to be computed; a job does it within seconds",
        body=Nothing,
        answer=ResultRun,
        status=202,
    )
    def post(self, request: Request, slug: str) -> Response:
        self.body(Nothing)
        by = self.membership.user
        return self.answer(
            ResultRun, actions.request_results(self.course, by=by, at=clock.now()), 202
        )


class Reason(Body):
    """Why a correction is made; not needed for the first freeze."""

    reason = Text(allow_blank=True, default="")


class FreezeResults(CourseApi):
    policy = INSTRUCTOR

    @operation(
        "freeze_results",
        "Write the final outcome of the term",
        body=Reason,
        answer=ResultRun,
        status=201,
    )
    def post(self, request: Request, slug: str) -> Response:
        reason, by = self.body(Reason)["reason"], self.membership.user
        run = actions.freeze_results(self.course, by=by, at=clock.now(), reason=reason)
        return self.answer(ResultRun, run, 201)


class PublishResults(CourseApi):
    policy = INSTRUCTOR

    @operation(
        "publish_results",
        "Show the frozen results and all grades they rest on",
        body=Nothing,
        answer=ResultRun,
    )
    def post(self, request: Request, slug: str) -> Response:
        self.body(Nothing)
        run = actions.publish_results(self.course, by=self.membership, at=clock.now())
        return self.answer(ResultRun, run)


class RuleClause(Answer):
    """One condition in force; ``component`` null is the total."""

    component = serializers.CharField(allow_null=True)
    at_least = Points()


class RuleInForce(Answer):
    """The pass rule in force."""

    clauses = RuleClause(many=True)
    rule = serializers.ListField(child=Worded())


class SentClause(Body):
    """At least so many percent of a component; of the total where it is null."""

    component = Text(max_length=50, allow_null=True)
    at_least = Text(max_length=10, help_text="0 to 100, such as 12.5")


class TriedRule(Body):
    """A pass rule to try."""

    clauses = SentClause(many=True)


class NewRule(TriedRule):
    """A pass rule to put in force, and why."""

    reason = Text()


class VerdictChange(Answer):
    """Whose verdict another rule changes, from what to what."""

    student = Student(source="member")
    before = serializers.CharField(source="status_before")
    after = serializers.CharField(source="status_after")


def clauses_of(sent: Sequence[Mapping[str, Any]]) -> list[rules.Clause]:
    """Return the conditions as the rules know them. Raises Refused naming the value."""
    try:
        return [rules.Clause(one["component"], parse_weight(one["at_least"])) for one in sent]
    except NumberError as error:
        raise Refused("pass_rule", error.words.text(), status=422) from None


class PassRule(CourseApi):
    policy = INSTRUCTOR

    @operation("read_pass_rule", "The pass rule in force", answer=RuleInForce)
    def get(self, request: Request, slug: str) -> Response:
        facts = queries.facts_of(self.course)
        found = {"clauses": facts.clauses, "rule": queries.rule_words(facts)}
        return self.answer(RuleInForce, found)

    @operation(
        "change_pass_rule", "Put another pass rule in force", body=NewRule, answer=RuleInForce
    )
    def post(self, request: Request, slug: str) -> Response:
        sent = self.body(NewRule)
        clauses, who = clauses_of(sent["clauses"]), self.membership
        actions.change_pass_rule(
            self.course, clauses, reason=sent["reason"], by=who, at=clock.now()
        )
        return self.get(request, slug)


class PassRulePreview(CourseApi):
    policy = INSTRUCTOR

    @operation(
        "preview_pass_rule",
        "Whose verdict a rule would change; nothing is written",
        body=TriedRule,
        query=Window,
        answer=listed(VerdictChange),
    )
    def post(self, request: Request, slug: str) -> Response:
        clauses = clauses_of(self.body(TriedRule)["clauses"])
        facts = queries.facts_of(self.course)
        if rules.pass_rule_refusals(clauses, facts.scheme):
            raise Refused("pass_rule", _("This pass rule cannot be used."), status=422)
        changes = queries.verdict_changes(facts, clauses, at=clock.now())
        return self.window(VerdictChange, changes)


urlpatterns = [
    path("grading", Queue.as_view(), name="queue"),
    path("grading/next", NextToGrade.as_view(), name="next"),
    path("grading/<slug:key>", Item.as_view(), name="item"),
    path("grading/<slug:key>/<slug:code>", OneGrade.as_view(), name="grade"),
    path("grading/<slug:key>/<slug:code>/entries", GradeItemView.as_view(), name="grade_item"),
    path("grading/<slug:key>/<slug:code>/exceptions", DecideItem.as_view(), name="decide_item"),
    path("release", Release.as_view(), name="release"),
    path("attendance", Attendance.as_view(), name="attendance"),
    path("attendance/<slug:key>", TakeAttendance.as_view(), name="take_attendance"),
    path("participation/<slug:key>", Participation.as_view(), name="participation"),
    path("standing", OwnStanding.as_view(), name="standing"),
    path("work/<slug:key>/feedback", OwnFeedback.as_view(), name="feedback"),
    path("gradebook", Gradebook.as_view(), name="gradebook"),
    path("gradebook/<slug:code>", OneStudent.as_view(), name="student"),
    path("results", Results.as_view(), name="results"),
    path("results/state", ReadResultsState.as_view(), name="results_state"),
    path("results/computation", RequestResults.as_view(), name="request_results"),
    path("results/freeze", FreezeResults.as_view(), name="freeze_results"),
    path("results/publication", PublishResults.as_view(), name="publish_results"),
    path("pass-rule", PassRule.as_view(), name="pass_rule"),
    path("pass-rule/preview", PassRulePreview.as_view(), name="pass_rule_preview"),
]
