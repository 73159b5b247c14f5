"""What the public course page says, read from the same rows the course runs on."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from assignments.models import Assignment
from courses.models import Announcement, Course, Meeting, Membership, Module, Prerequisite
from grading.queries import pass_rule_words
from grading.queries.rows import ComponentRow, ItemRow, parts_of
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

    component: ComponentRow
    made_of: list[ComponentRow | ItemRow]


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
    """Read the public course page. Nine queries at any size."""
    meetings = list(course.meetings.all())
    for meeting in meetings:
        meeting.course = course
    assignments = list(course.assignments.all())
    staff = course.memberships.active().staff().select_related("user")
    return AboutPage(
        prerequisites=list(course.prerequisites.all()),
        staff=list(staff.order_by("role", "user__name")),
        announcements=list(course.announcements.filter(public=True, published_at__lte=at)[:5]),
        meetings=meetings,
        contents=table_of_contents(course, meetings, assignments),
        weights=weights_of(course),
        assignments=assignments,
        rounds=list(course.rounds.all()),
        pass_rule=pass_rule_words(course),
    )


def weights_of(course: Course) -> list[Weight]:
    """Return the parts of the grade in order, each with what it is made of. One query."""
    components, items, _policy = parts_of(course)
    made_of: dict[int, list[ComponentRow | ItemRow]] = defaultdict(list)
    for component in components.values():
        if component.parent is not None:
            made_of[component.parent].append(component)
    for item in items.values():
        made_of[item.component].append(item)
    return [
        Weight(component, made_of[component.id])
        for component in components.values()
        if component.parent is None
    ]


def table_of_contents(
    course: Course, meetings: list[Meeting], assignments: list[Assignment]
) -> list[TocLine]:
    """Return the modules in reading order with depth and L/H/IP/FP/R/A marks. One query."""
    modules: dict[int, Module] = {}
    taught: dict[int, list[int]] = defaultdict(list)
    for row in course.modules.annotate(taught_in=F("meetings")):  # a module once per meeting
        modules[row.pk] = row
        taught[row.taught_in].append(row.pk)
    children: dict[int | None, list[Module]] = defaultdict(list)
    for module in modules.values():
        children[module.parent_id].append(module)
    marks = marks_of(meetings, taught, assignments)
    lines: list[TocLine] = []

    def walk(parent: int | None, depth: int) -> None:
        for module in children[parent]:
            lines.append(TocLine(module, depth, tuple(dict.fromkeys(marks[module.pk]))))
            walk(module.pk, depth + 1)

    walk(None, 0)
    return lines


def marks_of(
    meetings: list[Meeting], taught: dict[int, list[int]], assignments: list[Assignment]
) -> dict[int, list[str]]:
    """Return the letters of each module by its id, in the order of the meetings.

    ``taught``: ids of the modules of each meeting, by its id.
    """
    marks: dict[int, list[str]] = defaultdict(list)
    for meeting in meetings:
        if meeting.cancelled_at is None:
            for module in taught[meeting.pk]:
                marks[module].append(meeting.letter)
    for assignment in assignments:
        if assignment.module_id:
            marks[assignment.module_id].append(LETTERS[assignment.kind])
    return marks
