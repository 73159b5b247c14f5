"""Who was there, who took part."""

from decimal import Decimal

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import STAFF, CourseApi
from grading import actions, queries
from grading.actions import Mark
from grading.api.shapes import GradingApi
from grading.models import AttendanceMark, GradeItem
from seminar.lib import clock
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

    @operation(
        "give_participation",
        "Give points or take them back",
        body=Gift,
        answer=Grids,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        meeting, sent = self.meeting(key), self.body(Gift)
        item, member = self.item(sent["item"]), self.student(sent["student"])
        if item.kind != GradeItem.Kind.PARTICIPATION:
            raise Http404
        step = min(Decimal(1), item.meeting_cap)
        points = step if sent["verb"] == "give" else -step
        actions.give_participation(
            item, meeting, member, points, by=self.membership, at=clock.now(), nonce=self.nonce
        )
        return self.answer(Grids, {"grids": queries.participation_grids(meeting)})
