"""A course as the course file that would make it: what ``export_course`` prints.

What a file cannot hold is not in it: people other than active staff, cancellations, who wrote the
news and in which second, earlier versions of the switches and of the pass rule, and all work.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from assignments.models import Assignment
from courses.models import Course, Meeting, Membership, Paper
from courses.queries import policy_in_force
from courses.rules import FixedTime, WallTimeError, local_instant
from grading.models import GradeItem, PassRule
from presentations.models import PreferenceRound
from seminar.desk.rules.course_file import schema
from seminar.desk.rules.course_file.checks.references import TOTAL
from seminar.desk.rules.course_file.plaintext import plain_text
from seminar.desk.rules.course_file.writing import course_file_text

PartT = TypeVar("PartT", bound=schema.Part)
ABOUT_FIELDS = {
    "description": "description",
    "audience": "audience",
    "structure": "structure",
    "reports": "reports_text",
    "talks": "talks_text",
    "final_presentations": "finals_text",
    "mini_assignments": "minis_text",
}
SHARED_TEXTS = ("room", "online_link", "online_note")


def export_course(course: Course) -> str:
    """Return the text of the course file of a course. 22 queries at any size."""
    return course_file_text(course_file(course))


def course_file(course: Course) -> schema.CourseFile:
    """Return the course file that says what the course is now.

    Loading it into the same course changes nothing. Rows stand in the order of their positions,
    meetings and news in order of time, staff with instructors first.
    """
    staff = _staff(course)
    meetings = list(course.meetings.prefetch_related("modules", "led_by"))
    papers = list(course.papers.select_related("module", "meeting"))
    defaults = _defaults(meetings)
    return _part(
        schema.CourseFile,
        course_file=schema.VERSION,
        course=_course(course),
        policies=_policies(course),
        prerequisites=_part(
            schema.Prerequisites,
            needed=course.prerequisites_needed,
            courses=tuple(
                _part(schema.Prerequisite, key=row.key, title=row.title)
                for row in course.prerequisites.all()
            ),
        ),
        staff=tuple(
            _part(schema.StaffMember, name=row.user.name, email=row.user.email, **_named(
                row, "role", "contact", "office_hours"
            ))
            for row in staff
        ),
        modules=tuple(
            _part(schema.Module, parent=_key(row.parent), anchor=_key(row.anchor),
                  **_named(row, "key", "title", "description"))
            for row in course.modules.select_related("parent", "anchor")
        ),
        meeting_defaults=defaults,
        meetings=tuple(_meeting(row, defaults, staff) for row in meetings),
        papers=tuple(_paper(row) for row in papers),
        rounds=tuple(_round(row, papers) for row in _rounds(course)),
        assignments=tuple(
            _assignment(row) for row in course.assignments.select_related("module")
        ),
        components=tuple(
            _part(schema.Component, parent=_key(row.parent),
                  **_named(row, "key", "title", "weight", "drop_lowest"))
            for row in course.components.select_related("parent")
        ),
        items=tuple(_item(row) for row in _items(course)),
        pass_rule=_pass_rule(course),
        announcements=_announcements(course),
    )  # fmt: skip


def _part(kind: type[PartT], /, **fields: Any) -> PartT:
    """Build a part without its checks: the values come from rows; texts as a file can hold them."""
    said: dict[str, Any] = {
        name: plain_text(value) if isinstance(value, str) else value
        for name, value in fields.items()
    }
    return cast(PartT, kind.model_construct(None, **said))


def _named(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _key(row: Any) -> str | None:
    return row.key if row else None


def _course(course: Course) -> schema.Course:
    about = {name: getattr(course, column) for name, column in ABOUT_FIELDS.items()}
    names = schema.Course.model_fields.keys() - {"about"}
    return _part(schema.Course, about=_part(schema.About, **about), **_named(course, *names))


def _policies(course: Course) -> schema.Policies:
    return _part(schema.Policies, **_named(policy_in_force(course), *schema.Policies.model_fields))


def _staff(course: Course) -> list[Membership]:
    """Return who runs the course now, instructors first. One query."""
    rows = course.memberships.active().staff().select_related("user")
    return sorted(
        rows,
        key=lambda row: (
            row.role != Membership.Role.INSTRUCTOR,
            row.user.name.casefold(),
            row.user.email,
        ),
    )


def _defaults(meetings: Sequence[Meeting]) -> schema.MeetingDefaults:
    """Return what most meetings have in common.

    A text that is empty somewhere is no default: a meeting cannot say that it has none.
    """
    found: dict[str, Any] = {
        name: _usual(getattr(row, name) for row in meetings)
        for name in ("starts", "ends", "talk_minutes", "changeover_minutes")
    }
    for name in SHARED_TEXTS:
        texts = [plain_text(getattr(row, name)) for row in meetings]
        found[name] = _usual(texts) if all(texts) else None
    given = {name: value for name, value in found.items() if value is not None}
    return schema.MeetingDefaults.model_construct(**given)


def _usual(values: Iterable[Any]) -> Any:
    """Return the value that stands most often, at least twice; of equals the smallest."""
    counted = Counter(values).most_common()
    if not counted or counted[0][1] < 2:
        return None
    return min(value for value, times in counted if times == counted[0][1])


def _meeting(
    row: Meeting, defaults: schema.MeetingDefaults, staff: Sequence[Membership]
) -> schema.Meeting:
    own: dict[str, Any] = {}
    for name in schema.MeetingDefaults.model_fields:
        value = getattr(row, name)
        value = plain_text(value) if isinstance(value, str) else value
        own[name] = None if value == getattr(defaults, name) else value
    leaders = {leader.pk for leader in row.led_by.all()}
    return _part(
        schema.Meeting,
        **_named(row, "key", "kind", "title", "date", "topics"),
        **own,
        covers=tuple(module.key for module in row.modules.all()),
        led_by=tuple(person.user.email for person in staff if person.pk in leaders),
    )


def _paper(row: Paper) -> schema.Paper:
    names = schema.Paper.model_fields.keys() - {"module", "meeting"}
    return _part(
        schema.Paper, module=row.module.key, meeting=_key(row.meeting), **_named(row, *names)
    )


def _rounds(course: Course) -> list[PreferenceRound]:
    return list(course.rounds.prefetch_related("papers").order_by("opens_at", "key"))


def _round(row: PreferenceRound, papers: Sequence[Paper]) -> schema.Round:
    """Name the meetings of a round where it has all their papers, else each paper."""
    ranked = {paper.pk for paper in row.papers.all()}
    chosen = [paper for paper in papers if paper.pk in ranked]
    keys = {paper.meeting_id: _key(paper.meeting) for paper in chosen}
    bound = {paper.pk for paper in papers if paper.presentable and paper.meeting_id in keys}
    whole = None not in keys and bound == ranked
    return _part(
        schema.Round,
        **_named(row, "key", "title", "min_length", "fill"),
        opens=row.opens_rule,
        closes=row.closes_rule,
        meetings=tuple(keys.values()) if whole else (),
        papers=() if whole else tuple(paper.key for paper in chosen),
        max_length=None if row.max_length == len(chosen) else row.max_length,
    )


def _assignment(row: Assignment) -> schema.Assignment:
    report = schema.Report.model_construct(
        papers=row.papers_asked,
        extensions=row.extensions_asked,
        **_named(row, "summary_min", "summary_max", "strengths", "weaknesses", "improvements"),
    )
    pages = schema.Pages.model_construct(min=row.pages_min, max=row.pages_max)
    is_report = row.kind == Assignment.Kind.REPORT
    return _part(
        schema.Assignment,
        **_named(row, "key", "kind", "title", "brief"),
        module=_key(row.module),
        opens=row.opens_rule,
        closes=row.closes_rule,
        report=report if is_report and report != schema.Report() else None,
        pages=pages if not is_report and pages != schema.Pages() else None,
    )


def _items(course: Course) -> list[GradeItem]:
    rows = course.grade_items.select_related("component", "assignment")
    return list(rows.prefetch_related("rubric__levels"))


def _item(row: GradeItem) -> schema.Item:
    return _part(
        schema.Item,
        **_named(row, "key", "title", "kind", "weight", "meeting_cap", "bonus"),
        component=row.component.key,
        assignment=_key(row.assignment),
        presentation=row.talk_kind or None,
        max=row.max_points,
        rubric=tuple(
            _part(
                schema.RubricRow,
                **_named(one, "key", "title", "hint"),
                max=one.max_points,
                levels=tuple(
                    _part(schema.Level, points=level.points, text=level.text)
                    for level in one.levels.all()
                ),
            )
            for one in row.rubric.all()
        ),
    )


def _pass_rule(course: Course) -> tuple[schema.Clause, ...]:
    """Return the newest pass rule's clauses. Two queries."""
    rule = PassRule.objects.filter(course=course).order_by("-version").first()
    clauses = rule.clauses.select_related("component") if rule else ()
    return tuple(
        _part(schema.Clause, of=_key(row.component) or TOTAL, at_least=row.at_least)
        for row in clauses
    )


def _announcements(course: Course) -> tuple[schema.Announcement, ...]:
    """Return the news, oldest first. What was written on the pages has its code as its key."""
    rows = (
        _part(
            schema.Announcement,
            key=row.key or row.code.lower(),
            title=row.title,
            published=wall_time(row.published_at, course.zone),
            public=row.public,
            body=row.body,
        )
        for row in course.announcements.all()
    )
    return tuple(sorted(rows, key=lambda row: (row.published.day, row.published.at, row.key)))


def wall_time(instant: datetime, zone: str) -> FixedTime:
    """Return the minute of an instant in a zone, with a choice where clocks show it twice."""
    local = instant.astimezone(ZoneInfo(zone))
    day, at = local.date(), local.time().replace(second=0, microsecond=0, fold=0)
    try:
        local_instant(day, at, zone)
    except WallTimeError:
        return FixedTime(day, at, local.fold)
    return FixedTime(day, at)
