"""The end of the term: results, and the rule they follow."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import INSTRUCTOR, CourseApi
from grading import actions, queries, rules
from grading.api.shapes import PartNumbers, Student
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.numbers import NumberError, parse_weight
from seminar.lib.rest import (
    Answer,
    Body,
    Nothing,
    Points,
    Text,
    Whole,
    Window,
    Worded,
    listed,
    operation,
)


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
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        self.body(Nothing)
        who: dict[str, Any] = {"by": self.user, "at": clock.now(), "nonce": self.nonce}
        return self.answer(ResultRun, actions.request_results(self.course, **who), 202)


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
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        reason = self.body(Reason)["reason"]
        who: dict[str, Any] = {"by": self.user, "at": clock.now(), "nonce": self.nonce}
        return self.answer(
            ResultRun, actions.freeze_results(self.course, reason=reason, **who), 201
        )


class PublishResults(CourseApi):
    policy = INSTRUCTOR

    @operation(
        "publish_results",
        "Show the frozen results and all grades they rest on",
        body=Nothing,
        answer=ResultRun,
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        self.body(Nothing)
        who: dict[str, Any] = {"by": self.membership, "at": clock.now(), "nonce": self.nonce}
        return self.answer(ResultRun, actions.publish_results(self.course, **who))


class RuleClause(Answer):
    """One condition in force; ``component`` null is the total."""

    component = serializers.CharField(allow_null=True)
    at_least = Points()


class RuleInForce(Answer):
    """The pass rule in force. ``version`` 0: there is none."""

    version = serializers.IntegerField(help_text="what a change names")
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
    """A pass rule to put in force, why, and over which version (0: none)."""

    reason = Text()
    version = Whole(required=False, help_text="left out: whatever is in force is replaced")


class VerdictChange(Answer):
    """Whose verdict another rule changes, from what to what."""

    student = Student(source="member")
    before = serializers.CharField(source="status_before")
    after = serializers.CharField(source="status_after")


def clauses_of(sent: Sequence[Mapping[str, Any]]) -> list[rules.Clause]:
    """Return the conditions as the rules know them. Raises Refused naming the value."""
    clauses = []
    for place, one in enumerate(sent):
        try:
            clauses.append(rules.Clause(one["component"], parse_weight(one["at_least"])))
        except NumberError as error:
            words = error.words.text()
            field = f"clauses.{place}.at_least"
            problem = {"field": field, "value": one["at_least"], "rule": words}
            raise Refused("pass_rule", words, status=422, problems=[problem]) from None
    return clauses


class PassRule(CourseApi):
    policy = INSTRUCTOR

    @operation("read_pass_rule", "The pass rule in force", answer=RuleInForce)
    def get(self, request: Request, slug: str) -> Response:
        facts = queries.facts_of(self.course)
        version = queries.version_in_force(self.course)
        found = {"clauses": facts.clauses, "rule": queries.rule_words(facts), "version": version}
        return self.answer(RuleInForce, found)

    @operation(
        "change_pass_rule",
        "Put another pass rule in force",
        body=NewRule,
        answer=RuleInForce,
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Put another rule in force; over another ``version`` than the newest nothing is changed: 409."""
        sent = self.body(NewRule)
        clauses = clauses_of(sent["clauses"])
        why: dict[str, Any] = {"reason": sent["reason"], "over": sent.get("version")}
        who: dict[str, Any] = {"by": self.membership, "at": clock.now(), "nonce": self.nonce}
        actions.change_pass_rule(self.course, clauses, **why, **who)
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
