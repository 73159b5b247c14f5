"""A course as the course file that would make it: what ``export_course`` prints.

What a file cannot hold is not in it: people other than active staff, cancellations, who wrote the
news and in which second, earlier versions of the switches and of the pass rule, and all work.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar, cast
from zoneinfo import ZoneInfo

from django.db.models import Q, Subquery

from assignments.models import Assignment
from courses.models import Course, CoursePolicy, Meeting, Membership, Module, Paper
from courses.rules import FixedTime, WallTimeError, local_instant
from grading.models import PassRule
from presentations.models import PreferenceRound
from seminar.desk.rules.course_file import schema
from seminar.desk.rules.course_file.checks.references import TOTAL
from seminar.desk.rules.course_file.plaintext import plain_text
from seminar.desk.rules.course_file.writing import course_file_text
from seminar.lib.aggregates import Ids, ids_of

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
RUBRIC_COLUMNS = ("key", "title", "hint", "max_points")
CLAUSE_ORDER = ("pass_rules__clauses__position", "pass_rules__clauses")
SCHEME_ORDER = (
    *("items__position", "items", "items__rubric__position", "items__rubric"),
    *("-items__rubric__levels__points", "items__rubric__levels"),
)
Row: TypeAlias = dict[str, Any]
SHARED_TEXTS = ("room", "online_link", "online_note")


def export_course(course: Course) -> str:
    """Return the text of the course file of a course. Nine queries at any size."""
    return course_file_text(course_file(course))


def course_file(course: Course) -> schema.CourseFile:
    """Return the course file that says what the course is now.

    Loading it into the same course changes nothing. Rows stand in the order of their positions,
    meetings and news in order of time, staff with instructors first.
    """
    staff, meetings = _staff(course), _meetings(course)
    papers = list(course.papers.select_related("module", "meeting"))
    modules = list(course.modules.select_related("parent", "anchor"))
    defaults = _defaults(meetings)
    policies, prerequisites, pass_rule = _terms(course)
    components, items = _scheme(course)
    return _part(
        schema.CourseFile,
        course_file=schema.VERSION,
        course=_course(course),
        policies=policies,
        prerequisites=_part(
            schema.Prerequisites,
            needed=course.prerequisites_needed,
            courses=prerequisites,
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
            for row in modules
        ),
        meeting_defaults=defaults,
        meetings=tuple(_meeting(row, defaults, modules, staff) for row in meetings),
        papers=tuple(_paper(row) for row in papers),
        rounds=tuple(_round(row, papers) for row in _rounds(course)),
        assignments=tuple(
            _assignment(row) for row in course.assignments.select_related("module")
        ),
        components=components,
        items=items,
        pass_rule=pass_rule,
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


def _terms(
    course: Course,
) -> tuple[schema.Policies, tuple[schema.Prerequisite, ...], tuple[schema.Clause, ...]]:
    """Return the switches in force, the prerequisites and the newest pass rule's clauses.

    One query: each prerequisite beside each clause, both few.
    """
    switches = CoursePolicy.objects.filter(course=course).order_by("-version").values("pk")[:1]
    newest = PassRule.objects.filter(course=course).order_by("-version").values("pk")[:1]
    in_force = Q(pass_rules=None) | Q(pass_rules=Subquery(newest))
    rows = list(
        Course.objects.filter(in_force, pk=course.pk, policies=Subquery(switches))
        .order_by("prerequisites__position", "prerequisites", *CLAUSE_ORDER)
        .values(
            *(f"policies__{name}" for name in schema.Policies.model_fields),
            *("prerequisites", "prerequisites__key", "prerequisites__title"),
            *("pass_rules__clauses", "pass_rules__clauses__at_least"),
            "pass_rules__clauses__component__key",
        )
    )
    policies = _part(schema.Policies, **_of(rows[0], "policies__", *schema.Policies.model_fields))
    prerequisites = _once(rows, "prerequisites")
    clauses = _once(rows, "pass_rules__clauses")
    return (
        policies,
        tuple(
            _part(schema.Prerequisite, **_of(row, "prerequisites__", "key", "title"))
            for row in prerequisites
        ),
        tuple(
            _part(
                schema.Clause,
                of=row["pass_rules__clauses__component__key"] or TOTAL,
                at_least=row["pass_rules__clauses__at_least"],
            )
            for row in clauses
        ),
    )


def _once(rows: Iterable[Row], column: str) -> Iterable[Row]:
    """Return the first of the joined rows for each id in a column, in their order."""
    found: dict[int, Row] = {}
    for row in rows:
        if row[column] is not None:
            found.setdefault(row[column], row)
    return found.values()


def _of(row: Row, prefix: str, *names: str) -> Row:
    """Pick columns of one table out of a joined row."""
    return {name: row[prefix + name] for name in names}


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


def _meetings(course: Course) -> list[Meeting]:
    """Return the meetings, each with the ids of its modules and of who leads it. One query."""
    ids = {"covered": Ids("modules", distinct=True), "leaders": Ids("led_by", distinct=True)}
    return list(course.meetings.annotate(**ids))


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
    row: Meeting,
    defaults: schema.MeetingDefaults,
    modules: Sequence[Module],
    staff: Sequence[Membership],
) -> schema.Meeting:
    own: dict[str, Any] = {}
    for name in schema.MeetingDefaults.model_fields:
        value = getattr(row, name)
        value = plain_text(value) if isinstance(value, str) else value
        own[name] = None if value == getattr(defaults, name) else value
    covered, leaders = ids_of(row.covered), ids_of(row.leaders)  # type: ignore[attr-defined]
    return _part(
        schema.Meeting,
        **_named(row, "key", "kind", "title", "date", "topics"),
        **own,
        covers=tuple(module.key for module in modules if module.pk in covered),
        led_by=tuple(person.user.email for person in staff if person.pk in leaders),
    )


def _paper(row: Paper) -> schema.Paper:
    names = schema.Paper.model_fields.keys() - {"module", "meeting"}
    return _part(
        schema.Paper, module=row.module.key, meeting=_key(row.meeting), **_named(row, *names)
    )


def _rounds(course: Course) -> list[PreferenceRound]:
    """Return the rounds by opening, each with the ids of its papers. One query."""
    return list(course.rounds.annotate(ranked=Ids("papers")).order_by("opens_at", "key"))


def _round(row: PreferenceRound, papers: Sequence[Paper]) -> schema.Round:
    """Name the meetings of a round where it has all their papers, else each paper."""
    ranked = ids_of(row.ranked)  # type: ignore[attr-defined]
    chosen = [paper for paper in papers if paper.pk in ranked]
    keys = {paper.meeting_id: _key(paper.meeting) for paper in chosen}
    bound = {paper.pk for paper in papers if paper.presentable and paper.meeting_id in keys}
    whole = None not in keys and bound == ranked
    return _part(
        schema.Round,
        **_named(row, "key", "title", "min_length", "max_unwanted", "fill"),
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


def _scheme(course: Course) -> tuple[tuple[schema.Component, ...], tuple[schema.Item, ...]]:
    """Return the components, and the items with their rubrics. One query: a row for each level."""
    component = ("id", "position", "key", "title", "weight", "drop_lowest", "parent__key")
    item = ("position", "key", "title", "kind", "weight", "meeting_cap", "bonus", "max_points")
    rows = list(
        course.components.order_by(*SCHEME_ORDER).values(
            *component,
            *("items", *(f"items__{name}" for name in item)),
            *("items__assignment__key", "items__talk_kind"),
            *("items__rubric", *(f"items__rubric__{name}" for name in RUBRIC_COLUMNS)),
            *("items__rubric__levels", "items__rubric__levels__points"),
            "items__rubric__levels__text",
        )
    )
    components = sorted(_once(rows, "id"), key=itemgetter("position", "id"))
    items = _grouped(rows, "items")
    return (
        tuple(
            _part(schema.Component, parent=row["parent__key"],
                  **_of(row, "", "key", "title", "weight", "drop_lowest"))
            for row in components
        ),
        tuple(_item(found) for found in items),
    )  # fmt: skip


def _grouped(rows: Iterable[Row], column: str) -> list[list[Row]]:
    """Return the joined rows of each id in a column together, in their order."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        if row[column] is not None:
            found.setdefault(row[column], []).append(row)
    return list(found.values())


def _item(rows: Sequence[Row]) -> schema.Item:
    first = rows[0]
    return _part(
        schema.Item,
        **_of(first, "items__", "key", "title", "kind", "weight", "meeting_cap", "bonus"),
        component=first["key"],
        assignment=first["items__assignment__key"],
        presentation=first["items__talk_kind"] or None,
        max=first["items__max_points"],
        rubric=tuple(_rubric_row(found) for found in _grouped(rows, "items__rubric")),
    )


def _rubric_row(rows: Sequence[Row]) -> schema.RubricRow:
    return _part(
        schema.RubricRow,
        **_of(rows[0], "items__rubric__", "key", "title", "hint"),
        max=rows[0]["items__rubric__max_points"],
        levels=tuple(
            _part(schema.Level, **_of(row, "items__rubric__levels__", "points", "text"))
            for row in _once(rows, "items__rubric__levels")
        ),
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
