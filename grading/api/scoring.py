"""Scoring a student's work, exceptions, release."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import INSTRUCTOR, STAFF, CourseApi
from courses.models import Membership
from grading import actions, queries
from grading.actions import Change, Grade
from grading.api.shapes import Folded, GradingApi, Student
from grading.models import GradeItem
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.numbers import plain
from seminar.lib.rest import (
    Answer,
    Body,
    Points,
    Text,
    Whole,
    Window,
    listed,
    operation,
)


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
    reads = OneGrade

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
    reads = OneGrade

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
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        sent = self.body(ReleaseChoice)
        item = self.item(sent["item"])
        chosen = [self.student(sent["student"])] if "student" in sent else None
        who: dict[str, Any] = {"by": self.membership, "at": clock.now(), "nonce": self.nonce}
        new = actions.release_item(item, memberships=chosen, **who)
        return self.answer(Released, {"released": new})
