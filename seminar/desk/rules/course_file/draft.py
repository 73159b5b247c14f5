"""What of a file is well formed, so that one mistake does not hide the others.

Checks run over a draft: rows that the schema refused are missing from it, but their keys are known,
so that nobody is told that a thing is missing which is only misspelt inside.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import ValidationError

from courses.rules import MeetingFact, MeetingKind, ModuleFact, Schedule
from seminar.desk.rules.course_file import schema
from seminar.desk.rules.course_file.fields import WHOLE, is_zone
from seminar.desk.rules.course_file.problems import Path

PartT_co = TypeVar("PartT_co", bound=schema.Part, covariant=True)


@dataclass(frozen=True)
class Found:
    """A rule that the thing at ``path`` breaks. ``value`` replaces the text found there."""

    path: Path
    code: str
    rule: str
    hint: str = ""
    value: str | None = None


@dataclass(frozen=True)
class Row(Generic[PartT_co]):
    """One well-formed entry of a list and where it stands."""

    path: Path
    part: PartT_co


@dataclass(frozen=True)
class Section(Generic[PartT_co]):
    """A list of the file: its well-formed rows and the keys of all rows, first place each.

    ``nameless``: a row has no readable key, so a key that is not here may still be meant.
    """

    name: str
    rows: tuple[Row[PartT_co], ...] = ()
    keys: dict[str, Path] = field(default_factory=dict)
    repeated: tuple[tuple[str, Path], ...] = ()
    complete: bool = True
    nameless: bool = False

    def __iter__(self) -> Iterator[Row[PartT_co]]:
        return iter(self.rows)


@dataclass(frozen=True)
class Draft:
    """The lists of a course file, and the few single values that checks need."""

    zone: str | None
    capacity: int | None
    prerequisites_needed: int
    defaults: schema.MeetingDefaults
    prerequisites: Section[schema.Prerequisite]
    staff: Section[schema.StaffMember]
    modules: Section[schema.Module]
    meetings: Section[schema.Meeting]
    papers: Section[schema.Paper]
    rounds: Section[schema.Round]
    assignments: Section[schema.Assignment]
    components: Section[schema.Component]
    items: Section[schema.Item]
    pass_rule: Section[schema.Clause]
    announcements: Section[schema.Announcement]

    def schedule(self) -> Schedule | None:
        """Return what opening rules are resolved against; None while the zone is unknown."""
        if self.zone is None:
            return None
        meetings = (schema.completed(row.part, self.defaults) for row in self.meetings)
        return Schedule(
            meetings=tuple(
                MeetingFact(
                    key=meeting.key,
                    kind=MeetingKind(meeting.kind),
                    day=meeting.date,
                    starts=meeting.starts,
                    ends=meeting.ends,
                    modules=frozenset(meeting.covers),
                )
                for meeting in meetings
                if meeting.starts and meeting.ends
            ),
            modules=tuple(
                ModuleFact(part.key, part.parent, part.anchor, part.title)
                for part in (row.part for row in self.modules)
            ),
            zone=self.zone,
        )


def draft_of(data: dict[str, object]) -> Draft:
    """Take from nested dicts, lists and texts whatever the schema accepts, row by row."""
    course = _mapping(data, "course")
    asked = _mapping(data, "prerequisites")
    zone = course.get("zone")
    return Draft(
        zone=zone if isinstance(zone, str) and is_zone(zone) else None,
        capacity=_number(course.get("capacity"), schema.DEFAULT_CAPACITY),
        prerequisites_needed=_number(asked.get("needed"), 0) or 0,
        defaults=_part(schema.MeetingDefaults, _mapping(data, "meeting_defaults"))[0]
        or schema.MeetingDefaults(),
        prerequisites=_section(schema.Prerequisite, ("prerequisites", "courses"), asked),
        staff=_section(schema.StaffMember, ("staff",), data, "email"),
        modules=_section(schema.Module, ("modules",), data),
        meetings=_section(schema.Meeting, ("meetings",), data),
        papers=_section(schema.Paper, ("papers",), data),
        rounds=_section(schema.Round, ("rounds",), data),
        assignments=_section(schema.Assignment, ("assignments",), data),
        components=_section(schema.Component, ("components",), data),
        items=_section(schema.Item, ("items",), data),
        pass_rule=_section(schema.Clause, ("pass_rule",), data, "of"),
        announcements=_section(schema.Announcement, ("announcements",), data),
    )


def _section(
    model: type[PartT_co], path: Path, holder: dict[str, object], key: str = "key"
) -> Section[PartT_co]:
    name = str(path[-1])
    raw = holder.get(name, [])
    if not isinstance(raw, list):
        return Section(name, complete=False, nameless=True)
    rows: list[Row[PartT_co]] = []
    keys: dict[str, Path] = {}
    repeated: list[tuple[str, Path]] = []
    nameless = False
    for index, item in enumerate(raw):
        part, refused = _part(model, item)
        if part is not None:
            rows.append(Row((*path, index), part))
        if key in refused or "" in refused:
            nameless = True
            continue
        value = str(getattr(part, key, "") or item[key])
        if value in keys:
            repeated.append((value, (*path, index, key)))
        keys.setdefault(value, (*path, index, key))
    complete = len(rows) == len(raw)
    return Section(name, tuple(rows), keys, tuple(repeated), complete, nameless)


def _part(model: type[PartT_co], raw: object) -> tuple[PartT_co | None, set[str]]:
    """Return the part, or None and the keys whose values the schema refused ("" for the whole)."""
    try:
        return model.model_validate(raw), set()
    except ValidationError as error:
        return None, {str(one["loc"][0]) if one["loc"] else "" for one in error.errors()}


def _mapping(data: dict[str, object], key: str) -> dict[str, object]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _number(value: object, default: int) -> int | None:
    if value is None:
        return default
    return int(value) if isinstance(value, str) and WHOLE.fullmatch(value) else None
