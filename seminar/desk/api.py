"""The API of what spans apps: courses, their public facts, their schedule; the schema, its page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import COURSE_PUBLIC, INSTRUCTOR, CourseApi
from courses.forms import StateForm
from courses.models import Course, Membership
from courses.rules import Actor, State, next_states
from seminar.accounts.access import COURSE_CREATOR, SIGNED_IN, require_course_creator
from seminar.desk.actions import leaving
from seminar.desk.actions.load_course import change_course, create_course
from seminar.desk.queries.about import about_page
from seminar.desk.queries.course_file import export_course
from seminar.desk.queries.home import memberships_of, open_courses
from seminar.desk.queries.schedule import schedule_rows
from seminar.desk.rules.course_file import CourseFile, parse
from seminar.desk.rules.course_file.reading import Tree, placed
from seminar.lib import clock
from seminar.lib.access import PUBLIC
from seminar.lib.errors import Refused
from seminar.lib.rest import (
    Answer,
    ApiView,
    Body,
    Points,
    Text,
    Window,
    Worded,
    listed,
    operation,
)
from seminar.lib.scopes import STAFF_READ

# --- Courses ---------------------------------------------------------------------------------


class CourseLine(Answer):
    """A course of the reader, or one that is open to all."""

    slug = serializers.CharField(source="course.slug")
    title = serializers.CharField(source="course.title")
    term = serializers.CharField(source="course.term")
    state = serializers.CharField(source="course.state")
    role = serializers.CharField(allow_null=True)
    membership = serializers.CharField(allow_null=True, help_text="its state")


def course_line(found: Any, membership: Membership | None = None) -> dict[str, Any]:
    """Return a course with the reader's own part in it."""
    role = membership.role if membership else None
    return {
        "course": found,
        "role": role,
        "membership": membership.state if membership else None,
    }


def not_in_draft(memberships: list[Membership]) -> list[Membership]:
    """Return those of courses that others than their staff may know of."""
    draft = Course.State.DRAFT
    return [membership for membership in memberships if membership.course.state != draft]


class Courses(ApiView):
    policy = PUBLIC

    @operation(
        "list_courses",
        "The own courses, then the other active ones",
        answer=listed(CourseLine),
        query=Window,
    )
    def get(self, request: Request) -> Response:
        token: Any = request.auth
        mine = memberships_of(request.user)
        listed_ = mine if token is None or token.allows(STAFF_READ) else not_in_draft(mine)
        lines = [course_line(membership.course, membership) for membership in listed_]
        lines += [course_line(course) for course in open_courses(without=mine)]
        return self.window(CourseLine, lines)


class Key(serializers.CharField):
    """A row by its key."""

    def to_representation(self, value: Any) -> str:
        return str(value.key)


class PrerequisiteLine(Answer):
    """A course that applicants may have passed."""

    key = serializers.CharField()
    title = serializers.CharField()


class StaffMember(Answer):
    """Somebody who runs the course; what the public page says about them."""

    name = serializers.CharField(source="user.name")
    role = serializers.CharField()
    contact = serializers.CharField()
    office_hours = serializers.CharField()


class ModuleLine(Answer):
    """A module of the table of contents with its marks: L, H, IP, FP, R, A."""

    key = serializers.CharField(source="module.key")
    title = serializers.CharField(source="module.title")
    description = serializers.CharField(source="module.description")
    depth = serializers.IntegerField()
    marks = serializers.ListField(child=serializers.CharField())


class WeightPart(Answer):
    """A smaller part of a component: a component or an item."""

    key = serializers.CharField()
    title = serializers.CharField()
    weight = Points()
    bonus = serializers.BooleanField(default=False, help_text="on top of the component's weight")


class WeightLine(Answer):
    """A component of the grade, in percent of the whole, and what it is made of."""

    key = serializers.CharField(source="component.key")
    title = serializers.CharField(source="component.title")
    weight = Points(source="component.weight")
    made_of = WeightPart(many=True)


class PublicAssignment(Answer):
    """An assignment as the public page names it."""

    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()


class PublicNews(Answer):
    """News that stand on the public page."""

    code = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField(help_text="Markdown")
    published_at = serializers.DateTimeField()


class CourseDetail(Answer):
    """What the public course page says. No student's name, no online link."""

    slug = serializers.CharField(source="course.slug")
    title = serializers.CharField(source="course.title")
    short_name = serializers.CharField(source="course.short_name")
    term = serializers.CharField(source="course.term")
    state = serializers.CharField(source="course.state")
    language = serializers.CharField(source="course.language")
    zone = serializers.CharField(source="course.zone")
    mode = serializers.CharField(source="course.mode")
    room = serializers.CharField(source="course.room")
    places = serializers.IntegerField(source="course.capacity")
    description = serializers.CharField(source="course.description")
    audience = serializers.CharField(source="course.audience")
    structure = serializers.CharField(source="course.structure")
    reports_text = serializers.CharField(source="course.reports_text")
    talks_text = serializers.CharField(source="course.talks_text")
    finals_text = serializers.CharField(source="course.finals_text")
    minis_text = serializers.CharField(source="course.minis_text")
    forum_url = serializers.CharField(source="course.forum_url")
    contact = serializers.CharField(source="course.contact")
    prerequisites_needed = serializers.IntegerField(source="course.prerequisites_needed")
    prerequisites = PrerequisiteLine(source="page.prerequisites", many=True)
    staff = StaffMember(source="page.staff", many=True)
    announcements = PublicNews(source="page.announcements", many=True)
    contents = ModuleLine(source="page.contents", many=True)
    weights = WeightLine(source="page.weights", many=True)
    assignments = PublicAssignment(source="page.assignments", many=True)
    pass_rule = serializers.ListField(source="page.pass_rule", child=Worded())


class OneCourse(CourseApi):
    policy = COURSE_PUBLIC

    @operation("read_course", "The public facts of a course", answer=CourseDetail)
    def get(self, request: Request, slug: str) -> Response:
        page = about_page(self.course, at=clock.now())
        return self.answer(CourseDetail, {"course": self.course, "page": page})


# --- Schedule --------------------------------------------------------------------------------


class ScheduledTalk(Answer):
    """A talk of a meeting; names are for members only, null for everybody else."""

    code = serializers.CharField()
    title = serializers.CharField(source="__str__")
    presenters = serializers.SerializerMethodField()

    def get_presenters(self, talk: Any) -> list[str] | None:
        if not self.context["member"]:
            return None
        return [row.membership.user.name for row in talk.people]


class MeetingRow(Answer):
    """A meeting; times are instants, the wall time is in the course's zone."""

    key = serializers.CharField(source="meeting.key")
    kind = serializers.CharField(source="meeting.kind")
    title = serializers.CharField(source="meeting.title")
    topics = serializers.CharField(source="meeting.topics")
    date = serializers.DateField(source="meeting.date")
    starts_at = serializers.DateTimeField(source="meeting.starts_at")
    ends_at = serializers.DateTimeField(source="meeting.ends_at")
    room = serializers.CharField(source="meeting.room")
    online_link = serializers.SerializerMethodField(help_text="for members only")
    status = serializers.CharField(help_text="planned, today, done, cancelled")
    modules = serializers.ListField(source="meeting.modules.all", child=Key())
    talks = ScheduledTalk(many=True)
    due = serializers.ListField(child=Key(), help_text="assignments due before it ends")

    def get_online_link(self, row: Any) -> str | None:
        return row.meeting.online_link if self.context["member"] else None


class Schedule(CourseApi):
    policy = COURSE_PUBLIC

    @operation(
        "read_schedule",
        "Meetings with what is presented and due",
        answer=listed(MeetingRow),
        query=Window,
    )
    def get(self, request: Request, slug: str) -> Response:
        member = bool(self.member and self.member.is_active)
        rows = schedule_rows(self.course, at=clock.now(), with_people=member)
        return self.window(MeetingRow, rows, member=member)


# --- The course file -------------------------------------------------------------------------


class WholeText(serializers.CharField):
    """A text of any length that a request can have, blanks at its ends included."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class CourseFileText(Answer):
    """A course as a course file: docs/course-file.md."""

    slug = serializers.CharField()
    text = serializers.CharField(help_text="YAML")


class NewCourseFile(Body):
    """A course file, and whether it is only to be looked at."""

    text = WholeText(help_text="YAML, at most 1 MiB")
    dry_run = serializers.BooleanField(default=False)
    expected = Text(
        default="",
        allow_blank=True,
        max_length=64,
        help_text="`preview` of a dry run: nothing is done unless it would come to the same",
    )


class ChangedCourseFile(NewCourseFile):
    """A course file for a course that is there."""

    confirm_scheme = serializers.BooleanField(
        default=False, help_text="weights and the pass rule may change although marks exist"
    )


class FileChange(Answer):
    """One field of one row; a new or removed row has no field."""

    kind = serializers.CharField()
    key = serializers.CharField()
    field = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    removed = serializers.BooleanField()


class MovedDeadline(Answer):
    """An assignment that closes at another time; ``keep`` have an extension that ends later."""

    key = serializers.CharField()
    title = serializers.CharField()
    before = serializers.DateTimeField()
    after = serializers.DateTimeField()
    students = serializers.IntegerField()
    keep = serializers.IntegerField()


class MovedVerdict(Answer):
    """A student whose verdict becomes another one, by all facts."""

    name = serializers.CharField()
    email = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class MovedTalk(Answer):
    """A talk that begins at another time; ``told`` of its presenters get a mail."""

    code = serializers.CharField()
    title = serializers.CharField()
    before = serializers.DateTimeField()
    after = serializers.DateTimeField()
    presenters = serializers.ListField(child=serializers.CharField())
    told = serializers.IntegerField()


class FileReport(Answer):
    """What a file changed, or would change. ``preview`` is empty unless it was looked at first.

    ``told``: how many presenters were told by mail that a talk moves.
    """

    slug = serializers.CharField()
    dry_run = serializers.BooleanField()
    total = serializers.IntegerField()
    preview = serializers.CharField()
    changes = FileChange(many=True)
    deadlines = MovedDeadline(many=True)
    verdicts = MovedVerdict(many=True)
    talks = MovedTalk(many=True)
    told = serializers.IntegerField()


def parsed_file(text: str) -> tuple[CourseFile, Tree | None]:
    """Return the course in a text. Raises Refused("course_file_problems", 422) with all problems."""
    parsed = parse(text.encode(errors="surrogatepass"))
    if parsed.file is None:
        words = _("The file cannot be used yet. Nothing was changed.")
        problems = [file_problem(asdict(problem)) for problem in parsed.problems]
        raise Refused("course_file_problems", words, status=422, problems=problems)
    return parsed.file, parsed.tree


def file_problem(problem: dict[str, Any]) -> dict[str, Any]:
    """Return a problem of a file as the API says problems: the key is the field."""
    rule = " ".join(filter(None, [str(problem["rule"]), problem["hint"]]))
    same = {name: problem[name] for name in ("code", "value", "line")}
    return {"field": problem["path"], "rule": rule, **same}


@contextmanager
def with_lines(tree: Tree | None) -> Iterator[None]:
    """Give the problems of a refusal their lines in the file."""
    try:
        yield
    except Refused as refusal:
        refusal.problems = [file_problem(one) for one in placed(refusal.problems, tree)]
        raise


class OneCourseFile(CourseApi):
    policy = INSTRUCTOR

    @operation("export_course", "The course as a course file", answer=CourseFileText)
    def get(self, request: Request, slug: str) -> Response:
        found = {"slug": self.course.slug, "text": export_course(self.course)}
        return self.answer(CourseFileText, found)

    @operation(
        "load_course",
        "Bring the course to what a course file says, or say what would change",
        body=ChangedCourseFile,
        answer=FileReport,
    )
    def post(self, request: Request, slug: str) -> Response:
        facts = self.body(ChangedCourseFile)
        file, tree = parsed_file(facts.pop("text"))
        with with_lines(tree):
            report = change_course(self.course, file, by=self.membership, at=clock.now(), **facts)
        return self.answer(FileReport, report)


class CreateCourse(ApiView):
    policy = COURSE_CREATOR

    def admit(self) -> None:
        """Let in whom the page lets in."""
        super().admit()
        require_course_creator(self.request)

    @operation(
        "create_course",
        "Make the course of a course file; for whom the operator lets create courses",
        body=NewCourseFile,
        answer=FileReport,
        status=201,
    )
    def post(self, request: Request) -> Response:
        facts = self.body(NewCourseFile)
        file, tree = parsed_file(facts.pop("text"))
        with with_lines(tree):
            report = create_course(file, by=request.user, at=clock.now(), **facts)  # type: ignore[arg-type]
        return self.answer(FileReport, report, 201)


# --- The schema ------------------------------------------------------------------------------


class Schema(ApiView, SpectacularAPIView):
    """The OpenAPI 3 document of everything here."""

    policy = SIGNED_IN
    schema = None
    renderer_classes = SpectacularAPIView.renderer_classes


class Docs(ApiView, SpectacularSwaggerSplitView):
    """A page to read and try the API; its scripts come from this server."""

    policy = SIGNED_IN
    schema = None
    renderer_classes = [TemplateHTMLRenderer]
    url_name = "api:schema"
    template_name = "desk/api_docs.html"


# --- People ----------------------------------------------------------------------------------


class ChangedMember(Answer):
    """A person in the course, and what became of them."""

    code = serializers.CharField()
    name = serializers.CharField(source="user.name")
    role = serializers.CharField()
    state = serializers.CharField()


class NewState(Body):
    """Where a membership goes next, with the reason the person reads."""

    state = serializers.ChoiceField([state.value for state in StateForm.WORDS])
    reason = Text(max_length=2000)


class ChangeState(CourseApi):
    policy = INSTRUCTOR

    @operation(
        "change_state",
        "Suspend a member, end a membership, or let somebody in again",
        body=NewState,
        answer=ChangedMember,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        found = get_object_or_404(self.course.memberships.select_related("user"), code=code)
        facts = self.body(NewState)
        if State(facts["state"]) not in next_states(State(found.state), Actor.STAFF):
            raise Refused("not_possible", _("This membership cannot become that."))
        changed = leaving.change_state(found, **facts, by=self.user, at=clock.now())
        return self.answer(ChangedMember, changed)


urlpatterns = [
    path("courses", Courses.as_view(), name="courses"),
    path("courses/<slug:slug>", OneCourse.as_view(), name="course"),
    path("courses/<slug:slug>/schedule", Schedule.as_view(), name="schedule"),
    path("courses/<slug:slug>/course-file", OneCourseFile.as_view(), name="course_file"),
    path(
        "courses/<slug:slug>/people/<slug:code>/state", ChangeState.as_view(), name="change_state"
    ),
    path("course-files", CreateCourse.as_view(), name="create_course"),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="docs"),
]
