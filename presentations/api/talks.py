"""Who presents what, and giving a place to somebody else."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import INSTRUCTOR, MEMBER, CourseApi
from courses.models import Membership, Paper
from presentations import actions, queries
from presentations.api.ranking import Outcome
from presentations.models import Presentation, Presenter
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.rest import Answer, Body, Line, Text, Window, listed, operation


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


class Assignment(Answer):
    """Who is told when a place is given."""

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
    title = Line(max_length=300)
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


class Cancellation(Body):
    """Why; it is kept with the change and told to those affected."""

    reason = Text(max_length=2000)


class CancelFinal(PlaceApi):
    policy = INSTRUCTOR

    @operation(
        "cancel_final_talk",
        "Take a final talk out of its meeting and tell those affected",
        body=Cancellation,
        answer=Reassigned,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        talk = get_object_or_404(Presentation, course=self.course, code=code)
        sent, by = self.body(Cancellation), self.membership.user
        answer = actions.cancel_final_talk(talk.pk, sent["reason"], by, clock.now(), self.nonce)
        return self.answer(Reassigned, answer)


class AssignPresenter(PlaceApi):
    policy = INSTRUCTOR

    @operation(
        "assign_presenter",
        "Give a free place of a paper to a student without a talk",
        body=Reassign,
        answer=Reassigned,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        paper = get_object_or_404(Paper, course=self.course, key=key)
        sent = self.body(Reassign)
        to, by = self.person(sent["to"]), self.membership.user
        answer = actions.assign_presenter(paper, to, sent["reason"], by, clock.now(), self.nonce)
        return self.answer(Reassigned, answer)


class FreePlace(Answer):
    """A paper as a place for one student. ``refusal``: why it cannot be given now."""

    paper = serializers.CharField(source="paper.key")
    meeting = serializers.CharField(source="meeting.key")
    choice = serializers.IntegerField(allow_null=True)
    refusal = serializers.CharField(allow_null=True)


class Places(PlaceApi):
    policy = INSTRUCTOR

    @operation(
        "list_places",
        "Which papers could be given to a student, the likeliest first",
        answer=listed(FreePlace),
        query=Window,
    )
    def get(self, request: Request, slug: str, code: str) -> Response:
        to = get_object_or_404(self.course.memberships.select_related("user"), code=code)
        return self.window(FreePlace, queries.places_for(self.course, to, clock.now()))


class AssignPreview(PlaceApi):
    policy = INSTRUCTOR

    @operation(
        "preview_assignment",
        "Who would be told if a student got this place",
        answer=Assignment,
        query=Successor,
        errors=(409,),
    )
    def get(self, request: Request, slug: str, key: str) -> Response:
        paper = get_object_or_404(Paper, course=self.course, key=key)
        paper.course = self.course
        to = self.person(self.query(Successor)["to"])
        change = queries.assign_preview(paper, to, clock.now())
        told = [{"mail": mail, "member": member} for mail, member in change.told]
        return self.answer(Assignment, {"told": told})
