"""The API of preferences and talks: ranking, allocation, who presents what."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import INSTRUCTOR, MEMBER, STUDENT, CourseApi
from courses.models import Membership
from presentations import actions, queries
from presentations.forms import LONGEST
from presentations.models import Allocation, PreferenceRound, Presentation, Presenter
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.rest import Answer, Body, Nothing, Text, Whole, Window, listed, operation

# --- Ranking: a student's own list -----------------------------------------------------------


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
    state = serializers.CharField(source="page.state")
    number = serializers.IntegerField(source="page.number", allow_null=True)
    version = serializers.IntegerField(source="page.version")
    ranked = RankedPaper(source="page.ranked", many=True)
    unranked = RankedPaper(source="page.unranked", many=True)
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


def ranking() -> Any:
    """Return the field of a ranking: keys of papers, best first."""
    return serializers.ListField(child=Text(max_length=50), max_length=LONGEST)


class Ranking(Body):
    """The whole list, best first, and the version it was made over (0: none)."""

    ranked = ranking()
    version = Whole()


class Submitted(Body):
    """The whole list, best first."""

    ranked = ranking()


class SaveList(RoundApi):
    policy = STUDENT

    @operation(
        "save_list",
        "Save an order: of a prepared list, or of a submitted one",
        body=Ranking,
        answer=OwnRound,
        idempotent=True,
    )
    def put(self, request: Request, slug: str, key: str) -> Response:
        round_, sent = self.found(key), self.body(Ranking)
        list_ = queries.list_of(round_, self.membership)
        submitted = list_ is not None and list_.number is not None
        save: Callable[..., Any] = actions.change_list if submitted else actions.prepare_list
        where = (sent["ranked"], sent["version"], self.nonce, clock.now())
        save(round_.pk, self.membership, *where)
        return self.own(round_)


class SubmitList(RoundApi):
    policy = STUDENT

    @operation(
        "submit_list",
        "Submit the list: this gives the queue number",
        body=Submitted,
        answer=OwnRound,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        round_, ranked = self.found(key), self.body(Submitted)["ranked"]
        actions.submit_list(round_.pk, self.membership, ranked, self.nonce, clock.now())
        return self.own(round_)


class WithdrawList(RoundApi):
    policy = STUDENT

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


# --- Allocation: instructors -----------------------------------------------------------------


class Demand(Answer):
    """How often a paper stands on submitted lists, and how often first."""

    paper = serializers.CharField(source="paper.key")
    listed = serializers.IntegerField()
    first = serializers.IntegerField()


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


# --- Talks -----------------------------------------------------------------------------------


class OnStage(Answer):
    """Somebody who presents."""

    code = serializers.CharField(source="membership.code")
    name = serializers.CharField(source="membership.user.name")


class Talk(Answer):
    """A talk in its slot."""

    code = serializers.CharField(source="presentation.code")
    kind = serializers.CharField(source="presentation.kind")
    title = serializers.CharField(source="presentation.__str__")
    paper = serializers.CharField(source="presentation.paper.key", allow_null=True)
    meeting = serializers.CharField(source="presentation.meeting.key")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    presenters = OnStage(many=True)


class TalkDetail(Talk):
    """A talk; to its presenters also why they have it."""

    why = Outcome(allow_null=True)


class Presentations(CourseApi):
    policy = MEMBER

    @operation(
        "list_presentations", "Who presents what and when", answer=listed(Talk), query=Window
    )
    def get(self, request: Request, slug: str) -> Response:
        meetings = queries.talks_by_meeting(self.course)
        return self.window(Talk, [talk for meeting in meetings for talk in meeting.talks])


class OnePresentation(CourseApi):
    policy = MEMBER

    @operation("read_presentation", "One talk", answer=TalkDetail)
    def get(self, request: Request, slug: str, code: str) -> Response:
        talk = queries.talk_by_code(self.course, code)
        if talk is None:
            raise Http404
        mine = [row for row in talk.presenters if row.membership_id == self.membership.pk]
        why = queries.why_of(mine[0]) if mine else None
        facts = {name: getattr(talk, name) for name in talk.__dataclass_fields__}
        return self.answer(TalkDetail, facts | {"why": why})


class Candidate(Answer):
    """A student who could take a place, and what speaks for it."""

    code = serializers.CharField(source="membership.code")
    name = serializers.CharField(source="membership.user.name")
    choice = serializers.IntegerField(allow_null=True)
    number = serializers.IntegerField(allow_null=True)
    free = serializers.BooleanField(source="is_free")


class Successor(Body):
    """Who would take the place: the code of a membership."""

    to = Text(max_length=16)


class Reassign(Successor):
    """Who takes the place, and why; the reason is kept with the change."""

    reason = Text(max_length=2000)


class Told(Answer):
    """Somebody who gets a mail about it, and which."""

    mail = serializers.CharField()
    name = serializers.CharField(source="member.user.name")


class Preview(Answer):
    """What a reassignment would do, and who is told about it."""

    choice = serializers.IntegerField(allow_null=True)
    told = Told(many=True)


class Reassigned(Answer):
    """The talk, and how many people are told."""

    talk = serializers.CharField()
    told = serializers.IntegerField()


class PlaceApi(CourseApi):
    """A view of one person's place in one talk."""

    def place(self, code: str, member: str) -> Presenter:
        """Return the live place. Raises Http404."""
        places = Presenter.objects.live().select_related(
            "membership__user",
            "presentation__paper",
            "presentation__meeting__course",
            "presentation__allocation",
        )
        own = {"presentation__course": self.course, "membership__course": self.course}
        return get_object_or_404(places, presentation__code=code, membership__code=member, **own)

    def person(self, code: str) -> Membership:
        """Return somebody of the course. Raises Refused."""
        found = self.course.memberships.select_related("user").filter(code=code).first()
        if found is None:
            raise unknown("to", code)
        found.course = self.course
        return found


def unknown(field: str, value: str) -> Refused:
    """Return the refusal of a code or key that is nothing in this course."""
    words = _("The course has nothing of this name.")
    problem = {"field": field, "value": value, "rule": words}
    return Refused("unknown", words, status=422, problems=[problem])


class Candidates(PlaceApi):
    policy = INSTRUCTOR

    @operation(
        "list_candidates",
        "Who could take a place, the likeliest first",
        answer=listed(Candidate),
        query=Window,
    )
    def get(self, request: Request, slug: str, code: str, member: str) -> Response:
        return self.window(Candidate, queries.candidates_for(self.place(code, member)))


class ReassignPreview(PlaceApi):
    policy = INSTRUCTOR

    @operation(
        "preview_reassignment",
        "Who would be affected and told",
        answer=Preview,
        query=Successor,
        errors=(409,),
    )
    def get(self, request: Request, slug: str, code: str, member: str) -> Response:
        place = self.place(code, member)
        to = self.person(self.query(Successor)["to"])
        change = queries.reassign_preview(place, to, clock.now())
        told = [{"mail": mail, "member": member} for mail, member in change.told]
        return self.answer(Preview, {"choice": change.choice, "told": told})


class ReassignPresentation(PlaceApi):
    policy = INSTRUCTOR

    @operation(
        "reassign_presentation",
        "Give a place to another student and tell those affected",
        body=Reassign,
        answer=Reassigned,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str, member: str) -> Response:
        place, sent = self.place(code, member), self.body(Reassign)
        to, by = self.person(sent["to"]), self.membership.user
        answer = actions.reassign_presentation(
            place.pk, to, sent["reason"], by, clock.now(), self.nonce
        )
        return self.answer(Reassigned, answer)


class FinalTalk(Body):
    """A group's final talk: where, what, who."""

    meeting = Text(max_length=50, help_text="key of a meeting of final presentations")
    title = Text(max_length=300)
    mode = serializers.ChoiceField(Presentation.Mode.choices)
    members = serializers.ListField(child=Text(max_length=16), max_length=20)


class Finals(PlaceApi):
    policy = INSTRUCTOR

    @operation(
        "schedule_final_talk",
        "Put a group's final talk at the end of a meeting",
        body=FinalTalk,
        answer=Reassigned,
        status=201,
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        sent = self.body(FinalTalk)
        meeting = self.course.meetings.filter(key=sent["meeting"]).first()
        if meeting is None:
            raise unknown("meeting", sent["meeting"])
        group = [self.person(code) for code in sent["members"]]
        who: dict[str, Any] = {"by": self.membership.user, "at": clock.now(), "nonce": self.nonce}
        answer = actions.schedule_final_talk(meeting, sent["title"], sent["mode"], group, **who)
        return self.answer(Reassigned, answer, 201)


PLACE = "presentations/<slug:code>/presenters/<slug:member>"
urlpatterns = [
    path("rounds", Rounds.as_view(), name="rounds"),
    path("rounds/<slug:key>", OneRound.as_view(), name="round"),
    path("rounds/<slug:key>/list", SaveList.as_view(), name="save_list"),
    path("rounds/<slug:key>/list/submission", SubmitList.as_view(), name="submit_list"),
    path("rounds/<slug:key>/list/withdrawal", WithdrawList.as_view(), name="withdraw_list"),
    path("rounds/<slug:key>/board", AllocationBoard.as_view(), name="board"),
    path("rounds/<slug:key>/allocations", Allocate.as_view(), name="allocate_round"),
    path("rounds/<slug:key>/allocations/<slug:code>", OneRun.as_view(), name="allocation"),
    path(
        "rounds/<slug:key>/allocations/<slug:code>/publication",
        Publish.as_view(),
        name="publish_allocation",
    ),
    path("presentations", Presentations.as_view(), name="presentations"),
    path("presentations/finals", Finals.as_view(), name="schedule_final_talk"),
    path("presentations/<slug:code>", OnePresentation.as_view(), name="presentation"),
    path(f"{PLACE}/candidates", Candidates.as_view(), name="candidates"),
    path(f"{PLACE}/preview", ReassignPreview.as_view(), name="reassign_preview"),
    path(f"{PLACE}/reassignment", ReassignPresentation.as_view(), name="reassign_presentation"),
]
