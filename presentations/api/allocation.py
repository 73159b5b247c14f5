"""Running and publishing the allocation, for instructors."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import INSTRUCTOR
from presentations import actions, queries
from presentations.api.ranking import RoundApi
from presentations.models import Allocation, PreferenceRound
from seminar.lib import clock
from seminar.lib.rest import Answer, Nothing, operation


class Demand(Answer):
    """How often a paper stands on submitted lists, and how often first."""

    paper = serializers.CharField(source="paper.key")
    listed = serializers.IntegerField()
    first = serializers.IntegerField()


class Budget(Answer):
    """The talk time of a meeting if everything on offer were presented in it."""

    meeting = serializers.CharField(source="time.meeting")
    talks = serializers.IntegerField(source="time.talks")
    each = serializers.IntegerField(source="time.each", help_text="minutes with changeover")
    needed = serializers.IntegerField(source="time.needed", help_text="minutes")
    minutes = serializers.IntegerField(source="time.minutes")
    used_minutes = serializers.IntegerField(source="time.used_minutes")
    fit = serializers.IntegerField(source="time.fit", help_text="talks that can be given")
    warning = serializers.SerializerMethodField(help_text="why not all fit, or null")

    def get_warning(self, found: queries.MeetingBudget) -> str | None:
        """Return the words of the board."""
        return found.words if found.time.is_short else None


class AllocationRun(Answer):
    """One run of the allocation."""

    code = serializers.CharField()
    run = serializers.IntegerField()
    run_at = serializers.DateTimeField()
    input_hash = serializers.CharField()
    published_at = serializers.DateTimeField(allow_null=True)


class Board(Answer):
    """A round as instructors see it. ``refusal``: why no allocation may run now."""

    students = serializers.IntegerField(source="board.students")
    submitted = serializers.IntegerField(source="board.submitted")
    prepared = serializers.IntegerField(source="board.prepared")
    demand = Demand(source="board.demand", many=True)
    meetings = Budget(source="board.room.meetings", many=True)
    missing = serializers.IntegerField(
        source="board.room.missing", help_text="students for whom no place fits into the meetings"
    )
    refusal = serializers.CharField(allow_null=True)
    runs = AllocationRun(many=True)


class AllocationBoard(RoundApi):
    policy = INSTRUCTOR

    @operation("read_board", "How a round stands: answers, demand, runs", answer=Board)
    def get(self, request: Request, slug: str, key: str) -> Response:
        round_ = self.found(key)
        found = {
            "board": queries.board(round_),
            "refusal": queries.allocation_refusal(round_, clock.now()),
            "runs": round_.allocations.all(),
        }
        return self.answer(Board, found)


class Placed(Answer):
    """One student's place in a run; ``paper`` is null for who got none."""

    student = serializers.CharField(source="membership.code")
    name = serializers.CharField(source="membership.user.name")
    number = serializers.IntegerField(allow_null=True)
    paper = serializers.CharField(source="paper.key", allow_null=True)
    choice = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()
    explanation = serializers.ListField(
        child=serializers.CharField(), source="reasons", help_text="what this student reads"
    )


class RunDetail(AllocationRun):
    """A run with everybody in it, and whether it can still be published."""

    rows = Placed(many=True)
    told = serializers.IntegerField(help_text="how many people get a mail when it is published")
    newest = serializers.BooleanField()
    current = serializers.BooleanField(help_text="whether its facts still hold")


def run_detail(round_: PreferenceRound, run: Allocation) -> dict[str, Any]:
    """Return a run as ``RunDetail`` shows it."""
    view = queries.run_view(round_, run)
    own = ("code", "run", "run_at", "input_hash", "published_at")
    return {name: getattr(run, name) for name in own} | {
        "rows": queries.rows_of(round_, run.outcome),
        "told": view.told,
        "newest": view.is_newest,
        "current": view.is_current,
    }


class AllocationApi(RoundApi):
    """A view of one run of a round."""

    def run(self, round_: PreferenceRound, code: str) -> Allocation:
        """Return the run. Raises Http404."""
        return get_object_or_404(round_.allocations, code=code)


class Allocate(AllocationApi):
    policy = INSTRUCTOR

    @operation(
        "allocate_round",
        "Run the allocation; nobody is told",
        body=Nothing,
        answer=RunDetail,
        status=201,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        round_ = self.found(key)
        self.body(Nothing)
        who = self.membership.user
        done = actions.allocate_round(round_.pk, who, clock.now(), self.nonce)
        return self.answer(RunDetail, run_detail(round_, self.run(round_, done["code"])), 201)


class OneRun(AllocationApi):
    policy = INSTRUCTOR

    @operation("read_allocation", "One run: who gets what and why", answer=RunDetail)
    def get(self, request: Request, slug: str, key: str, code: str) -> Response:
        round_ = self.found(key)
        return self.answer(RunDetail, run_detail(round_, self.run(round_, code)))


class Publish(AllocationApi):
    policy = INSTRUCTOR
    reads = OneRun

    @operation(
        "publish_allocation",
        "Publish a run and tell everybody in the round",
        body=Nothing,
        answer=RunDetail,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str, code: str) -> Response:
        round_ = self.found(key)
        run = self.run(round_, code)
        self.body(Nothing)
        actions.publish_allocation(run.pk, self.membership.user, clock.now(), self.nonce)
        return self.answer(RunDetail, run_detail(round_, self.run(round_, code)))


class ReplayAnswer(Answer):
    """A stored run computed again; the hashes are SHA-256."""

    same = serializers.BooleanField(help_text="whether the same bytes came out")
    input_hash = serializers.CharField()
    outcome_hash = serializers.CharField(source="stored")
    recomputed_hash = serializers.CharField(source="recomputed", allow_null=True)


class Replay(AllocationApi):
    policy = INSTRUCTOR

    @operation("replay_allocation", "Compute a stored run again", answer=ReplayAnswer)
    def get(self, request: Request, slug: str, key: str, code: str) -> Response:
        return self.answer(ReplayAnswer, queries.replay(self.run(self.found(key), code)))
