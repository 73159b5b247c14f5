"""What the public course page says, read from the same rows the course runs on."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from assignments.models import Assignment
from courses.models import Announcement, Course, Meeting, Membership, Module, Prerequisite
from grading.models import Component, GradeItem
from grading.queries import pass_rule_words
from presentations.models import PreferenceRound
from seminar.lib.words import Words

REPORT, MINI = "R", "A"
LETTERS: dict[str, str] = {Assignment.Kind.REPORT: REPORT, Assignment.Kind.MINI: MINI}


@dataclass(frozen=True)
class TocLine:
    """A module in the table of contents: how deep it lies, and which marks stand behind it."""

    module: Module
    depth: int
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Weight:
    """A part of the grade, and the smaller parts or items it is made of."""

    component: Component
    made_of: list[Component | GradeItem]


@dataclass(frozen=True)
class AboutPage:
    """Everything the public course page shows. No student's name, no online link."""

    prerequisites: list[Prerequisite]
    staff: list[Membership]
    announcements: list[Announcement]
    meetings: list[Meeting]
    contents: list[TocLine]
    weights: list[Weight]
    assignments: list[Assignment]
    rounds: list[PreferenceRound]
    pass_rule: list[Words]


def about_page(course: Course, *, at: datetime) -> AboutPage:
    """Read the public course page. Eleven queries at any size."""
    meetings = list(course.meetings.prefetch_related("modules"))
    for meeting in meetings:
        meeting.course = course
    assignments = list(course.assignments.all())
    staff = course.memberships.active().staff().select_related("user")
    return AboutPage(
        prerequisites=list(course.prerequisites.all()),
        staff=list(staff.order_by("role", "user__name")),
        announcements=list(course.announcements.filter(public=True, published_at__lte=at)[:5]),
        meetings=meetings,
        contents=table_of_contents(list(course.modules.all()), meetings, assignments),
        weights=weights_of(course),
        assignments=assignments,
        rounds=list(course.rounds.all()),
        pass_rule=pass_rule_words(course),
    )


def weights_of(course: Course) -> list[Weight]:
    """Return the parts of the grade in order, each with what it is made of. Two queries."""
    components = list(course.components.all())
    made_of: dict[int, list[Component | GradeItem]] = defaultdict(list)
    for component in components:
        if component.parent_id:
            made_of[component.parent_id].append(component)
    for item in course.grade_items.all():
        made_of[item.component_id].append(item)
    return [
        Weight(component, made_of[component.pk])
        for component in components
        if component.parent_id is None
    ]


def table_of_contents(
    modules: list[Module], meetings: list[Meeting], assignments: list[Assignment]
) -> list[TocLine]:
    """Return the modules in reading order with their depth and their L/H/IP/FP/R/A marks."""
    children: dict[int | None, list[Module]] = {}
    for module in modules:
        children.setdefault(module.parent_id, []).append(module)
    marks = marks_of(meetings, assignments)
    lines: list[TocLine] = []

    def walk(parent: int | None, depth: int) -> None:
        for module in children.get(parent, []):
            lines.append(TocLine(module, depth, tuple(dict.fromkeys(marks[module.pk]))))
            walk(module.pk, depth + 1)

    walk(None, 0)
    return lines


def marks_of(meetings: list[Meeting], assignments: list[Assignment]) -> dict[int, list[str]]:
    """Return the letters of each module by its id, in the order of the meetings."""
    marks: dict[int, list[str]] = defaultdict(list)
    for meeting in meetings:
        if meeting.cancelled_at is None:
            for module in meeting.modules.all():
                marks[module.pk].append(meeting.letter)
    for assignment in assignments:
        if assignment.module_id:
            marks[assignment.module_id].append(LETTERS[assignment.kind])
    return marks
