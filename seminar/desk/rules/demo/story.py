"""What happened in a course of the demo, as its file says. Pure.

People are named by the part of their address before the @; times are wall times of the course.
"""

from datetime import datetime
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict


class Fact(BaseModel):
    """A line of the file. What it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Staff(Fact):
    """Somebody who runs this course besides those of the course file."""

    name: str
    email: str
    role: Literal["instructor", "ta"]
    office_hours: str = ""


class Applicant(Fact):
    """Who asked for a place, and what they stated."""

    name: str
    email: str
    level: str
    passed: tuple[str, ...]
    equivalent: str = ""
    knows: str = "PyTorch, Hugging Face Transformers"
    why: str
    applied: datetime


class Decision(Fact):
    """One act of the instructor on applications or members: exactly one of the four verbs."""

    at: datetime
    accept: tuple[str, ...] = ()
    waitlist: str = ""
    decline: str = ""
    withdraw: str = ""
    reason: str = ""


class Auditor(Fact):
    """Somebody who reads along."""

    name: str
    email: str
    at: datetime


class RankedAt(Fact):
    """A preference list: when it was prepared, submitted, changed, withdrawn, submitted again."""

    who: str
    first: tuple[str, ...]
    prepared: datetime | None = None
    at: datetime | None = None
    changed: datetime | None = None
    then: tuple[str, ...] = ()
    withdrawn: datetime | None = None
    again: datetime | None = None


class RoundEnd(Fact):
    """When a round was allocated and published."""

    round: str
    at: datetime
    published: datetime


class StudentWork(Fact):
    """How a student's term went so far. ``quality`` is from 0 to 10."""

    who: str
    attendance: str = ""
    points: str = ""
    quality: int = 7
    report_1: Literal[
        "released", "graded", "waiting", "twice", "automatic", "extended", "incomplete", "excused",
        "missing",
    ] = "missing"  # fmt: skip
    mini_1: Literal["released", "graded", "waiting", "long", "missing"] = "missing"
    report_2: Literal["none", "chosen", "draft", "submitted"] = "none"
    parts: int = 0


class TalkGrade(Fact):
    """How a talk was graded: the same for all who gave it."""

    paper: str
    explanation: str
    assessment: str
    state: Literal["released", "graded"]
    feedback: str


class ExtensionGiven(Fact):
    """A later deadline for one student."""

    who: str
    assignment: str
    until: datetime
    at: datetime
    reason: str


class Override(Fact):
    """Class participation that was settled by hand."""

    who: str
    at: datetime
    points: str
    reason: str


class FinalTalk(Fact):
    """A group's final talk."""

    at: datetime
    title: str
    mode: Literal["literature_review", "new_mechanism"]
    who: tuple[str, ...]


class News(Fact):
    """An announcement."""

    at: datetime
    by: str
    public: bool
    title: str
    body: str


class Comments(Fact):
    """What graders write, by how good the work is."""

    good: tuple[str, ...]
    fair: tuple[str, ...]
    weak: tuple[str, ...]


Span = tuple[datetime, datetime]


class Times(Fact):
    """Between when work was written and graded, and when grades were released."""

    write_report_1: Span
    write_at_the_end: Span
    write_in_extension: Span
    write_mini_1: Span
    write_report_2: Span
    grade_report_1: Span
    grade_mini_1: Span
    grade_talks: Span
    release_report_1: datetime
    release_mini_1: datetime
    release_talks: datetime
    release_points: datetime
    excuse: datetime
    compute: datetime


class Story(Fact):
    """All of it. ``until`` lies after everything here; the load moves it to less than a week ago."""

    created: datetime
    until: datetime
    lead: str
    assistants: tuple[str, ...]
    staff: tuple[Staff, ...] = ()
    applicants: tuple[Applicant, ...]
    decisions: tuple[Decision, ...]
    auditor: Auditor | None = None
    lists: tuple[RankedAt, ...]
    allocation: RoundEnd | None = None
    students: tuple[StudentWork, ...]
    sweeps: tuple[datetime, ...] = ()
    talks: tuple[TalkGrade, ...] = ()
    extensions: tuple[ExtensionGiven, ...] = ()
    override: Override | None = None
    finals: tuple[FinalTalk, ...] = ()
    comments: Comments | None = None
    times: Times | None = None
    news: tuple[News, ...] = ()


def read_story(text: str) -> Story:
    """Read a story; raises pydantic's ValidationError for what is none."""
    return Story.model_validate(yaml.safe_load(text))
