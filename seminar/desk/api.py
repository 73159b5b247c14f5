"""The API of what spans apps: courses, their public facts, their schedule; the schema, its page."""

from typing import Any

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import COURSE_PUBLIC, CourseApi
from courses.models import Membership
from seminar.accounts.access import SIGNED_IN
from seminar.desk.queries.about import about_page
from seminar.desk.queries.home import memberships_of, open_courses
from seminar.desk.queries.schedule import schedule_rows
from seminar.lib import clock
from seminar.lib.access import PUBLIC
from seminar.lib.rest import Answer, ApiView, Points, Window, Worded, listed, operation

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


class Courses(ApiView):
    policy = PUBLIC

    @operation(
        "list_courses",
        "The own courses, then the other active ones",
        answer=listed(CourseLine),
        query=Window,
    )
    def get(self, request: Request) -> Response:
        mine = memberships_of(request.user)
        lines = [course_line(membership.course, membership) for membership in mine]
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


urlpatterns = [
    path("courses", Courses.as_view(), name="courses"),
    path("courses/<slug:slug>", OneCourse.as_view(), name="course"),
    path("courses/<slug:slug>/schedule", Schedule.as_view(), name="schedule"),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="docs"),
]
