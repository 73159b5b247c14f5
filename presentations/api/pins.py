"""Pins and late lists, for instructors."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import INSTRUCTOR
from courses.models import Membership
from presentations import actions, queries
from presentations.api.ranking import RoundApi
from presentations.forms import LONGEST
from presentations.models import PreferenceRound
from seminar.lib import clock
from seminar.lib.rest import Answer, Body, Text, operation


class PinRow(Answer):
    """A place that staff set ahead of the queue."""

    student = serializers.CharField(source="membership.code")
    name = serializers.CharField(source="membership.user.name")
    paper = serializers.CharField(source="paper.key")
    reason = serializers.CharField()
    set_at = serializers.DateTimeField()


class Pins(Answer):
    """The live pins of a round, oldest first."""

    pins = PinRow(many=True)


class NewPin(Body):
    """Who presents which paper, and why."""

    student = Text(max_length=50)
    paper = Text(max_length=50)
    reason = Text(max_length=500)


class Lifting(Body):
    """Why a pin is taken back."""

    reason = Text(max_length=500)


class LateList(Body):
    """Whose list it is, and the papers by key, best first."""

    student = Text(max_length=50)
    ranked = serializers.ListField(child=Text(max_length=50), max_length=LONGEST)


class LateNumber(Answer):
    """The number that a list got."""

    student = serializers.CharField()
    number = serializers.IntegerField()


class PinApi(RoundApi):
    """A view of the pins of a round."""

    def student(self, code: str) -> Membership:
        """Return somebody of the course. Raises Http404."""
        people = self.course.memberships.select_related("user")
        return get_object_or_404(people, code=code)

    def pins(self, round_: PreferenceRound, status: int = 200) -> Response:
        """Answer with the live pins."""
        return self.answer(Pins, {"pins": queries.pins_of(round_)}, status)

    def who(self) -> dict[str, Any]:
        """Return by whom, when, and the nonce."""
        return {"by": self.membership.user, "at": clock.now(), "nonce": self.nonce}


class RoundPins(PinApi):
    policy = INSTRUCTOR

    @operation("list_pins", "The places set by staff", answer=Pins)
    def get(self, request: Request, slug: str, key: str) -> Response:
        return self.pins(self.found(key))

    @operation(
        "pin_student",
        "Set who presents a paper, ahead of the queue",
        body=NewPin,
        answer=Pins,
        status=201,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        round_, sent = self.found(key), self.body(NewPin)
        paper = get_object_or_404(round_.papers.all(), key=sent["paper"])
        place = (self.student(sent["student"]), paper)
        actions.pin_student(round_.pk, place, reason=sent["reason"], **self.who())
        return self.pins(round_, 201)


class LiftPin(PinApi):
    policy = INSTRUCTOR
    reads = RoundPins

    @operation("lift_pin", "Take a pin back", body=Lifting, answer=Pins, idempotent=True)
    def post(self, request: Request, slug: str, key: str, code: str) -> Response:
        round_, to = self.found(key), self.student(code)
        actions.lift_pin(round_.pk, to, reason=self.body(Lifting)["reason"], **self.who())
        return self.pins(round_)


class EnterLateList(PinApi):
    policy = INSTRUCTOR

    @operation(
        "enter_late_list",
        "Give somebody's list the next number after the round closed",
        body=LateList,
        answer=LateNumber,
        status=201,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        round_, sent = self.found(key), self.body(LateList)
        to = self.student(sent["student"])
        done = actions.enter_late_list(round_.pk, to, sent["ranked"], **self.who())
        return self.answer(LateNumber, done, 201)
