"""The API of a course: reading list, news, joining it, its people."""

from functools import partial
from typing import Any

from django.db.models import CharField, PositiveSmallIntegerField, TextField
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses import actions, queries
from courses.access import COURSE_APPLICANT, INSTRUCTOR, MEMBER, STAFF, CourseApi
from courses.models import Announcement as AnnouncementRow
from courses.models import Application, Course, Meeting, Membership, Module
from courses.models import Paper as PaperRow
from courses.rules import ROSTER_COLUMNS, check_prerequisites
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.rest import Answer, Body, Line, Nothing, Text, Whole, Window, listed, operation
from seminar.lib.table_api import Imported, TableFile, imported
from seminar.lib.tables import Table

# --- Reading list and news -------------------------------------------------------------------


class Paper(Answer):
    """Reading material and what it may be used for."""

    key = serializers.CharField()
    title = serializers.CharField()
    authors = serializers.CharField()
    venue = serializers.CharField()
    year = serializers.IntegerField(allow_null=True)
    link = serializers.CharField()
    abstract = serializers.CharField()
    module = serializers.CharField(source="module.key")
    meeting = serializers.CharField(source="meeting.key", allow_null=True)
    reportable = serializers.BooleanField()
    presentable = serializers.BooleanField()
    capacity = serializers.IntegerField(help_text="how many present it together")


class Papers(CourseApi):
    policy = MEMBER

    @operation("list_papers", "The reading list", answer=listed(Paper), query=Window)
    def get(self, request: Request, slug: str) -> Response:
        return self.window(Paper, queries.papers_of(self.course))


class OnePaper(CourseApi):
    policy = MEMBER

    @operation("read_paper", "One paper", answer=Paper)
    def get(self, request: Request, slug: str, key: str) -> Response:
        return self.answer(Paper, get_object_or_404(queries.papers_of(self.course), key=key))


class Announcement(Answer):
    """News of a course. ``body`` is Markdown."""

    code = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    public = serializers.BooleanField()
    published_at = serializers.DateTimeField()
    author = serializers.CharField(source="author.name", allow_null=True)


class News(Body):
    """What is announced."""

    title = Line(max_length=200)
    body = Text(help_text="Markdown")
    public = serializers.BooleanField(help_text="on the public page too")


class Announcements(CourseApi):
    policy = MEMBER

    @operation(
        "list_announcements", "News, newest first", answer=listed(Announcement), query=Window
    )
    def get(self, request: Request, slug: str) -> Response:
        until = None if self.membership.is_staff else clock.now()
        return self.window(Announcement, queries.announcements_of(self.course, until=until))


class NewAnnouncement(CourseApi):
    policy = STAFF

    @operation(
        "announce",
        "Publish news and mail it to every member",
        body=News,
        answer=Announcement,
        status=201,
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        facts = self.body(News)
        who: dict[str, Any] = {"by": self.membership, "at": clock.now(), "nonce": self.nonce}
        return self.answer(Announcement, actions.announce(self.course, **facts, **who), 201)


# --- Joining ---------------------------------------------------------------------------------


class Passed(Answer):
    """A course of the list of prerequisites."""

    key = serializers.CharField()
    title = serializers.CharField()


class StatedApplication(Answer):
    """What an applicant stated, and what was decided about it."""

    level = serializers.CharField()
    courses_passed = Passed(many=True, source="courses_passed.all")
    equivalent = serializers.CharField()
    frameworks = serializers.CharField()
    motivation = serializers.CharField()
    sent_at = serializers.DateTimeField()
    decision = serializers.CharField(help_text="accepted, waitlisted, declined; empty while open")
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()


class Enrolment(Answer):
    """Where the own membership stands. ``application`` is null for who was enrolled by staff."""

    code = serializers.CharField()
    role = serializers.CharField()
    state = serializers.CharField()
    joined_at = serializers.DateTimeField(allow_null=True)
    application = StatedApplication(allow_null=True)


def enrolment_of(found: Membership) -> dict[str, Any]:
    """Return a membership with its application."""
    names = ("code", "role", "state", "joined_at")
    own = {name: getattr(found, name) for name in names}
    return own | {"application": queries.application_of(found)}


class OwnEnrolment(CourseApi):
    policy = COURSE_APPLICANT

    @operation("read_enrolment", "The own membership and application", answer=Enrolment)
    def get(self, request: Request, slug: str) -> Response:
        if self.member is None:
            raise Http404
        return self.answer(Enrolment, enrolment_of(self.member))


class Statement(Body):
    """What an applicant states. ``anyway``: apply although prerequisites are missing."""

    level = Line(max_length=100)
    courses_passed = serializers.ListField(child=Text(max_length=50), max_length=100, default=list)
    equivalent = Text(max_length=2000, allow_blank=True, default="")
    frameworks = Text(max_length=1000, allow_blank=True, default="")
    motivation = Text(max_length=4000, allow_blank=True, default="")
    anyway = serializers.BooleanField(default=False)


class Join(CourseApi):
    policy = COURSE_APPLICANT

    @operation(
        "send_application",
        "Apply for a place",
        body=Statement,
        answer=Enrolment,
        status=201,
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        facts = self.body(Statement)
        anyway = facts.pop("anyway")
        stated = actions.Statement(**facts | {"courses_passed": tuple(facts["courses_passed"])})
        if not anyway:
            self.refuse_unprepared(stated)
        application = actions.send_application(
            self.course, user=self.user, statement=stated, at=clock.now(), nonce=self.nonce
        )
        return self.answer(Enrolment, enrolment_of(application.membership), 201)

    def refuse_unprepared(self, stated: actions.Statement) -> None:
        """Say once that prerequisites are missing, as the page does. Raises Refused."""
        needed, offered = self.course.prerequisites_needed, queries.offered_keys(self.course)
        if check_prerequisites(needed, stated.courses_passed, offered, stated.equivalent).warns:
            words = _("You have passed too few of the courses asked for. Send “anyway” to apply.")
            raise Refused("prerequisites_missing", words, status=422)


class WithdrawApplication(CourseApi):
    policy = COURSE_APPLICANT

    @operation(
        "withdraw_application",
        "Take the own application back",
        body=Nothing,
        answer=Enrolment,
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        self.body(Nothing)
        if self.member is None:
            raise Http404
        actions.withdraw_application(self.member, at=clock.now(), nonce=self.nonce)
        self.member.refresh_from_db(fields=["state"])
        return self.answer(Enrolment, enrolment_of(self.member))


# --- People ----------------------------------------------------------------------------------


class Member(Answer):
    """A person in the course, for staff."""

    code = serializers.CharField()
    name = serializers.CharField(source="user.name")
    email = serializers.CharField(source="user.email")
    role = serializers.CharField()
    state = serializers.CharField()
    matriculation = serializers.CharField()
    joined_at = serializers.DateTimeField(allow_null=True)


class MemberWindow(Window):
    """Which members are asked for."""

    role = serializers.ChoiceField(Membership.Role.choices, required=False)
    state = serializers.ChoiceField(Membership.State.choices, required=False)


class Members(CourseApi):
    policy = STAFF

    @operation(
        "list_members", "Everybody who ever was in it", answer=listed(Member), query=MemberWindow
    )
    def get(self, request: Request, slug: str) -> Response:
        asked = self.query(MemberWindow)
        wanted = {name: asked[name] for name in ("role", "state") if name in asked}
        return self.window(Member, queries.members(self.course).filter(**wanted), asked=asked)


class WaitingApplication(Answer):
    """An application that waits for a decision, its prerequisites judged."""

    code = serializers.CharField(source="membership.code", help_text="of the membership")
    name = serializers.CharField(source="membership.user.name")
    email = serializers.CharField(source="membership.user.email")
    state = serializers.CharField(source="membership.state")
    level = serializers.CharField()
    courses_passed = Passed(many=True, source="courses_passed.all")
    equivalent = serializers.CharField()
    frameworks = serializers.CharField()
    motivation = serializers.CharField()
    sent_at = serializers.DateTimeField()
    prerequisites_missing = serializers.SerializerMethodField()

    def get_prerequisites_missing(self, found: Application) -> bool:
        judged = queries.prerequisites_of(
            found, needed=self.context["needed"], offered=self.context["offered"]
        )
        return judged.warns


class Applications(CourseApi):
    policy = STAFF

    @operation(
        "list_applications",
        "Applications nobody has settled, oldest first",
        answer=listed(WaitingApplication),
        query=Window,
    )
    def get(self, request: Request, slug: str) -> Response:
        return self.window(
            WaitingApplication,
            queries.applications_waiting(self.course),
            needed=self.course.prerequisites_needed,
            offered=queries.offered_keys(self.course),
        )


class Decision(Body):
    """One decision about one application. Declining needs a reason; the person reads it."""

    decision = serializers.ChoiceField(Application.Decision.choices)
    reason = Text(max_length=2000, allow_blank=True, default="")


class Decide(CourseApi):
    policy = INSTRUCTOR

    @operation(
        "decide_application",
        "Accept, waitlist or decline an application",
        body=Decision,
        answer=Member,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        found = get_object_or_404(Membership, course=self.course, code=code)
        facts = self.body(Decision)
        decided = actions.decide_application(found, **facts, by=self.membership, at=clock.now())
        return self.answer(Member, decided)


class ChosenApplications(Body):
    """Whose applications are accepted: codes of memberships."""

    codes = serializers.ListField(child=Text(max_length=16), max_length=1000)


class Accepted(Answer):
    """How many people were let in just now."""

    accepted = serializers.IntegerField()


class Accept(CourseApi):
    policy = INSTRUCTOR

    @operation(
        "accept_applications",
        "Accept all of these or none",
        body=ChosenApplications,
        answer=Accepted,
    )
    def post(self, request: Request, slug: str) -> Response:
        codes = self.body(ChosenApplications)["codes"]
        count = actions.accept_applications(
            self.course, codes=codes, by=self.membership, at=clock.now()
        )
        return self.answer(Accepted, {"accepted": count})


# --- Corrections -----------------------------------------------------------------------------


class PlainFacts(CourseApi):
    """A view of the facts of one row that may be mended in place: what the admin lets edit.

    Dates, places, roles and the like have side effects and their own operations.
    """

    policy = INSTRUCTOR

    def row(self) -> Any:
        """Return the row. Raises Http404."""
        return self.course

    def correct(self, kind: type[Answer], row: Any, sent: dict[str, Any]) -> Response:
        """Mend it, then answer with its facts. Raises ValidationError, Refused."""
        changes, seen = sent["changes"], sent["seen"]
        missing = [name for name in changes if name not in seen]
        if missing:
            rule = _("Say what it was when you read it.")
            raise serializers.ValidationError({"seen": {name: [rule] for name in missing}})
        who: dict[str, Any] = {"by": self.user, "at": clock.now()}
        return self.answer(kind, actions.correct(row, changes=changes, seen=seen, **who))


def plain_facts(model: type[Any], rows: str = "", lookup: str = "key") -> Any:
    """Return the view that shows and mends the plain facts of one kind of row."""
    name = model.__name__
    verb = name.lower()
    meta = type("Meta", (), {"model": model, "fields": actions.CORRECTABLE[model]})
    base = (serializers.ModelSerializer,)
    mapping = serializers.ModelSerializer.serializer_field_mapping | {
        CharField: Line,
        TextField: Text,
        PositiveSmallIntegerField: Whole,
    }
    own = {"Meta": meta, "serializer_field_mapping": mapping}
    facts: Any = type(f"{name}Facts", (Answer, *base), own | {"__doc__": f"Plain facts: {verb}."})
    optional: dict[str, dict[str, Any]]
    optional = {field: {"required": False} for field in meta.fields}  # type: ignore[attr-defined]
    if "year" in optional:
        first, last = actions.PAPER_YEARS
        optional["year"] |= {"min_value": first, "max_value": last}
    own = own | {"Meta": type("Meta", (meta,), {"extra_kwargs": optional})}
    part: Any = type(f"{name}Part", (Body, *base), own | {"__doc__": "Those that are meant."})
    fields = {
        "changes": part(help_text="new values"),
        "seen": part(help_text="what the same fields held when they were read"),
        "__doc__": "Corrections, and what they are made over.",
    }
    body: Any = type(f"{name}Correction", (Body,), fields)

    class View(PlainFacts):
        def row(self) -> Any:
            if not rows:
                return self.course
            found = getattr(self.course, rows).select_related("course")
            return get_object_or_404(found, **{lookup: self.kwargs[lookup]})

        @operation(f"read_{verb}_facts", "Facts that may be mended in place", answer=facts)
        def get(self, request: Request, slug: str, **key: str) -> Response:
            return self.answer(facts, self.row())

        @operation(f"correct_{verb}", "Mend plain facts; nobody is told", body=body, answer=facts)
        def put(self, request: Request, slug: str, **key: str) -> Response:
            """Mend some facts; where somebody gave one another value meanwhile: 409."""
            row = self.row()
            return self.correct(facts, row, self.body(body))

    View.__name__ = View.__qualname__ = f"{name}PlainFacts"
    return View


class ImportRoster(CourseApi):
    policy = INSTRUCTOR

    @operation(
        "import_roster",
        "Make the people of a roster members: name,email,role,matriculation; mails nobody",
        body=TableFile,
        answer=Imported,
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        facts = self.body(TableFile)
        who: dict[str, Any] = {"by": self.membership, "at": clock.now(), "nonce": self.nonce}

        def apply(table: Table, plan: str | None) -> dict[str, Any]:
            return actions.import_roster(self.course, table, expected=plan, **who)

        plan = partial(actions.plan_of_roster, self.course)
        return self.answer(Imported, imported(facts, ROSTER_COLUMNS, plan, apply))


urlpatterns = [
    path("facts", plain_facts(Course).as_view(), name="correct_course"),
    path(
        "meetings/<slug:key>/facts",
        plain_facts(Meeting, "meetings").as_view(),
        name="correct_meeting",
    ),
    path(
        "modules/<slug:key>/facts",
        plain_facts(Module, "modules").as_view(),
        name="correct_module",
    ),
    path(
        "papers/<slug:key>/facts",
        plain_facts(PaperRow, "papers").as_view(),
        name="correct_paper",
    ),
    path(
        "announcements/<slug:code>/facts",
        plain_facts(AnnouncementRow, "announcements", "code").as_view(),
        name="correct_announcement",
    ),
    path("papers", Papers.as_view(), name="papers"),
    path("papers/<slug:key>", OnePaper.as_view(), name="paper"),
    path("announcements", Announcements.as_view(), name="announcements"),
    path("announcements/new", NewAnnouncement.as_view(), name="announce"),
    path("enrolment", OwnEnrolment.as_view(), name="enrolment"),
    path("enrolment/withdrawal", WithdrawApplication.as_view(), name="withdraw_application"),
    path("join", Join.as_view(), name="join"),
    path("people", Members.as_view(), name="people"),
    path("people/import", ImportRoster.as_view(), name="import_roster"),
    path("applications", Applications.as_view(), name="applications"),
    path("applications/acceptances", Accept.as_view(), name="accept_applications"),
    path("applications/<slug:code>/decision", Decide.as_view(), name="decide_application"),
]
