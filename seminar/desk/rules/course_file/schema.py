"""The shape of a course file: one flat list per kind of thing, each naming others by key.

Defaults are the product's, so that a short file is a complete course. What these models accept is
well formed; whether the parts fit together is decided in ``checks``. Times are wall times in the
course's zone; openings and closings are texts in the language of ``courses.rules.openings``.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from courses.rules import MeetingKind
from seminar.desk.rules.course_file.fields import (
    ArxivId,
    Clock,
    Day,
    Email,
    Flag,
    Key,
    Line,
    Moment,
    Prose,
    RuleText,
    Slug,
    Url,
    Zone,
    choice,
    line,
    number,
    whole,
)

VERSION = 1
DEFAULT_CAPACITY = 30

Percent = Annotated[Decimal, number("0", "100", places=3)]
Weight = Annotated[Decimal, number("0.001", "100", places=3)]
Points = Annotated[Decimal, number("0", "9999")]
MaxPoints = Annotated[Decimal, number("0.01", "9999")]


class Part(BaseModel):
    """A part of the file. A key it does not know is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class About(Part):
    """What the public course page says, in Markdown."""

    description: Prose = ""
    audience: Prose = ""
    structure: Prose = ""
    reports: Prose = ""
    talks: Prose = ""
    final_presentations: Prose = ""
    mini_assignments: Prose = ""


class Course(Part):
    """The seminar itself."""

    slug: Slug
    title: Line
    short_name: Annotated[str, line(20)]
    term: Annotated[str, line(60)]
    language: Annotated[str, line(60)] = "English"
    zone: Zone
    capacity: Annotated[int, whole(0, 10_000)] = DEFAULT_CAPACITY
    state: Annotated[str, choice("draft", "active", "archived")] = "draft"
    mode: Line = ""
    room: Annotated[str, line(120)] = ""
    contact: Email = ""
    forum_url: Url = ""
    about: About = About()


class Policies(Part):
    """The switches of the course; a change makes a new version."""

    edit_keeps_number: Flag = True
    sealed: Flag = False
    auto_submit: Flag = True
    incomplete_may_submit: Flag = False
    presenter_may_report: Flag = True
    late_days: Annotated[int, whole(0, 365)] = 0
    late_percent_per_day: Annotated[Decimal, number("0", "100")] = Decimal(0)
    late_attendance_factor: Annotated[Decimal, number("0", "1")] = Decimal("0.5")


class Prerequisite(Part):
    """A course an applicant may have passed."""

    key: Key
    title: Line


class Prerequisites(Part):
    """How many courses of which list an applicant needs, or their equivalent."""

    needed: Annotated[int, whole(0, 50)] = 0
    courses: tuple[Prerequisite, ...] = ()


class StaffMember(Part):
    """A person who runs the course."""

    name: Line
    email: Email
    role: Annotated[str, choice("instructor", "ta")]
    contact: Line = ""
    office_hours: Line = ""


class Module(Part):
    """A node of the table of contents, in the order of the file."""

    key: Key
    title: Line
    parent: Key | None = None
    description: Prose = ""
    anchor: Key | None = None


class Meeting(Part):
    """One class session. What it leaves out, ``meeting_defaults`` says."""

    key: Key
    kind: Annotated[str, choice(*MeetingKind)]
    title: Line
    date: Day
    starts: Clock | None = None
    ends: Clock | None = None
    room: Annotated[str, line(120)] | None = None
    online_link: Url | None = None
    online_note: Line | None = None
    talk_minutes: Annotated[int, whole(1, 600)] | None = None
    changeover_minutes: Annotated[int, whole(0, 120)] | None = None
    covers: tuple[Key, ...] = ()
    led_by: tuple[Email, ...] = ()
    topics: Prose = ""


class MeetingDefaults(Part):
    """What holds for every meeting that does not say otherwise."""

    starts: Clock | None = None
    ends: Clock | None = None
    room: Annotated[str, line(120)] = ""
    online_link: Url = ""
    online_note: Line = ""
    talk_minutes: Annotated[int, whole(1, 600)] = 20
    changeover_minutes: Annotated[int, whole(0, 120)] = 0


class Paper(Part):
    """Reading material of a module; ``capacity`` is how many present it together."""

    key: Key
    module: Key
    title: Annotated[str, line(300)]
    authors: Annotated[str, line(500)] = ""
    venue: Line = ""
    year: Annotated[int, whole(1900, 2100)] | None = None
    arxiv: ArxivId = ""
    url: Url = ""
    abstract: Prose = ""
    reportable: Flag = False
    presentable: Flag = False
    meeting: Key | None = None
    capacity: Annotated[int, whole(0, 100)] = 1


class Round(Part):
    """A time in which students rank papers: those named, or the presentable ones of meetings."""

    key: Key
    title: Line
    opens: RuleText
    closes: RuleText
    meetings: tuple[Key, ...] = ()
    papers: tuple[Key, ...] = ()
    min_length: Annotated[int, whole(1, 100)] = 1
    max_length: Annotated[int, whole(1, 100)] | None = None
    max_unwanted: Annotated[int, whole(0, 100)] = 0
    fill: Flag = False


class Report(Part):
    """What a report asks of each paper; sentences are counted, never enforced."""

    papers: Annotated[int, whole(1, 10)] = 2
    summary_min: Annotated[int, whole(1, 100)] = 5
    summary_max: Annotated[int, whole(1, 100)] = 6
    strengths: Annotated[int, whole(0, 20)] = 3
    weaknesses: Annotated[int, whole(0, 20)] = 3
    improvements: Annotated[int, whole(0, 20)] = 1
    extensions: Annotated[int, whole(0, 20)] = 1


class Pages(Part):
    """How many pages the PDF of a mini-assignment should have."""

    min: Annotated[int, whole(1, 500)] = 1
    max: Annotated[int, whole(1, 500)] = 2


class Assignment(Part):
    """A report or a mini-assignment."""

    key: Key
    kind: Annotated[str, choice("report", "mini_assignment")]
    title: Line
    module: Key | None = None
    opens: RuleText
    closes: RuleText
    brief: Prose = ""
    report: Report | None = None
    pages: Pages | None = None


class Component(Part):
    """A weighted part of the grade, in percent of the whole; a tree of depth two at most."""

    key: Key
    title: Line
    weight: Weight
    parent: Key | None = None
    drop_lowest: Annotated[int, whole(0, 50)] = 0


class Level(Part):
    """Points of a rubric row and what they stand for."""

    points: Points
    text: Annotated[str, line(300)]


class RubricRow(Part):
    """One criterion."""

    key: Key
    title: Line
    max: Points
    hint: Prose = ""
    levels: tuple[Level, ...] = ()


class Item(Part):
    """What is scored in a component. Attendance and participation are computed."""

    key: Key
    title: Line
    component: Key
    kind: Annotated[str, choice("assignment", "presentation", "attendance", "participation")]
    assignment: Key | None = None
    presentation: Annotated[str, choice("in_class", "final")] | None = None
    weight: Weight
    max: MaxPoints
    meeting_cap: Points = Decimal(1)
    bonus: Flag = False
    rubric: tuple[RubricRow, ...] = ()


class Clause(Part):
    """One condition of passing: at least so many percent of a component, or of ``total``."""

    of: Key
    at_least: Percent


class Announcement(Part):
    """News of the course."""

    key: Key
    title: Line
    published: Moment
    public: Flag = True
    body: Prose


class CourseFile(Part):
    """A whole course."""

    course_file: Annotated[int, whole(VERSION, VERSION)]
    course: Course
    policies: Policies = Policies()
    prerequisites: Prerequisites = Prerequisites()
    staff: tuple[StaffMember, ...]
    modules: tuple[Module, ...]
    meeting_defaults: MeetingDefaults = MeetingDefaults()
    meetings: tuple[Meeting, ...]
    papers: tuple[Paper, ...] = ()
    rounds: tuple[Round, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    components: tuple[Component, ...]
    items: tuple[Item, ...]
    pass_rule: tuple[Clause, ...]
    announcements: tuple[Announcement, ...] = ()


def completed(meeting: Meeting, defaults: MeetingDefaults) -> Meeting:
    """Return the meeting with what it leaves out taken from the defaults."""
    given = {
        name: getattr(defaults, name)
        for name in MeetingDefaults.model_fields
        if getattr(meeting, name) is None
    }
    return meeting.model_copy(update=given)
