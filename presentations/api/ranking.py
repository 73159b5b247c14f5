"""A student's own list in a preference round."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import STUDENT, CourseApi
from presentations import actions, queries, rules
from presentations.forms import LONGEST
from presentations.models import PreferenceRound
from seminar.lib import clock
from seminar.lib.rest import Answer, Body, Nothing, Text, Whole, Window, listed, operation


class RankedPaper(Answer):
    """A paper of a round, with the meeting it would be presented in."""

    key = serializers.CharField()
    title = serializers.CharField()
    meeting = serializers.CharField(source="meeting.key", allow_null=True)


class Round(Answer):
    """A preference round and the own number in it."""

    key = serializers.CharField(source="round.key")
    title = serializers.CharField(source="round.title")
    state = serializers.CharField(help_text="upcoming, open, closing, closed")
    opens_at = serializers.DateTimeField(source="round.opens_at")
    closes_at = serializers.DateTimeField(source="round.closes_at")
    number = serializers.IntegerField(allow_null=True)


class Outcome(Answer):
    """What the reader gets, or would get if the round closed now, and every reason for it."""

    number = serializers.IntegerField(allow_null=True)
    paper = serializers.CharField(source="paper.key", allow_null=True)
    choice = serializers.IntegerField(allow_null=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())


class OwnRound(Answer):
    """The own view of a round. ``outcome`` is null while it is sealed or nothing is submitted."""

    key = serializers.CharField(source="round.key")
    title = serializers.CharField(source="round.title")
    opens_at = serializers.DateTimeField(source="round.opens_at")
    closes_at = serializers.DateTimeField(source="round.closes_at")
    min_length = serializers.IntegerField(source="round.min_length")
    max_length = serializers.IntegerField(source="round.max_length")
    max_unwanted = serializers.IntegerField(source="round.max_unwanted")
    state = serializers.CharField(source="page.state")
    number = serializers.IntegerField(source="page.number", allow_null=True)
    version = serializers.IntegerField(source="page.version")
    ranked = RankedPaper(source="page.ranked", many=True)
    unranked = RankedPaper(source="page.unranked", many=True)
    unwanted = RankedPaper(source="page.unwanted", many=True)
    unavailable = serializers.ListField(
        child=serializers.CharField(),
        source="page.preferences.unavailable",
        help_text="meetings at which the reader cannot present",
    )
    keeps_number = serializers.BooleanField(source="page.keeps_number")
    sealed = serializers.BooleanField(source="page.sealed")
    published = serializers.BooleanField(source="page.is_published")
    outcome = Outcome(source="page.outcome", allow_null=True)
    talk = serializers.CharField(
        source="page.talk.presentation.code", allow_null=True, help_text="the own talk"
    )


class RoundApi(CourseApi):
    """A view of one round of the course."""

    def found(self, key: str) -> PreferenceRound:
        """Return the round. Raises Http404."""
        round_ = queries.round_by_key(self.course, key)
        if round_ is None:
            raise Http404
        return round_

    def own(self, round_: PreferenceRound) -> Response:
        """Answer with the round as its student sees it now."""
        page = queries.preferences_page(round_, self.membership, clock.now())
        return self.answer(OwnRound, {"round": round_, "page": page})


class Rounds(CourseApi):
    policy = STUDENT

    @operation("list_rounds", "The preference rounds", answer=listed(Round), query=Window)
    def get(self, request: Request, slug: str) -> Response:
        return self.window(Round, queries.round_lines(self.membership, clock.now()))


class OneRound(RoundApi):
    policy = STUDENT

    @operation("read_round", "The own list and provisional outcome", answer=OwnRound)
    def get(self, request: Request, slug: str, key: str) -> Response:
        return self.own(self.found(key))


def keys(words: str, **options: Any) -> Any:
    """Return a field that holds keys of papers or meetings."""
    child = Text(max_length=50)
    return serializers.ListField(child=child, max_length=LONGEST, help_text=words, **options)


class WholeList(Body):
    """The whole list: what it does not name is not on it."""

    ranked = keys("papers, best first")
    unwanted = keys("papers not wanted, at most `max_unwanted`, none of them ranked", default=list)
    unavailable = keys("meetings of the round at which one cannot present", default=list)


class Ranking(WholeList):
    """The whole list, and the version it was made over (0: none)."""

    version = Whole()


def wanted(sent: dict[str, Any]) -> rules.Preferences:
    """Return the list of a body."""
    parts = (sent["ranked"], sent["unwanted"], sent["unavailable"])
    return rules.Preferences(*map(tuple, parts))


class SaveList(RoundApi):
    policy = STUDENT
    reads = OneRound

    @operation(
        "save_list",
        "Save a list: a prepared one, or a submitted one",
        body=Ranking,
        answer=OwnRound,
        idempotent=("prepare_list", "change_list"),
    )
    def put(self, request: Request, slug: str, key: str) -> Response:
        round_, sent = self.found(key), self.body(Ranking)
        list_ = queries.list_of(round_, self.membership)
        submitted = list_ is not None and list_.number is not None
        save: Callable[..., Any] = actions.change_list if submitted else actions.prepare_list
        save(round_.pk, self.membership, wanted(sent), sent["version"], self.nonce, clock.now())
        return self.own(round_)


class SubmitList(RoundApi):
    policy = STUDENT
    reads = OneRound

    @operation(
        "submit_list",
        "Submit the list: this gives the queue number",
        body=WholeList,
        answer=OwnRound,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        round_, sent = self.found(key), wanted(self.body(WholeList))
        actions.submit_list(round_.pk, self.membership, sent, self.nonce, clock.now())
        return self.own(round_)


class WithdrawList(RoundApi):
    policy = STUDENT
    reads = OneRound

    @operation(
        "withdraw_list",
        "Take the list back: the number is gone",
        body=Nothing,
        answer=OwnRound,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        round_ = self.found(key)
        self.body(Nothing)
        actions.withdraw_list(round_.pk, self.membership, self.nonce, clock.now())
        return self.own(round_)
