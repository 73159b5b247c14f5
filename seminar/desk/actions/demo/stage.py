"""Where the demo's story is played: one course, its people by name, and what happens when."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from assignments.models import Assignment
from courses.models import Course, Meeting, Membership
from grading.models import GradeItem
from presentations.models import PreferenceRound
from seminar.desk.rules.demo import PaperTexts, Story, Term

Deed = Callable[[datetime], object]


@dataclass
class Script:
    """What is going to happen. Deeds are added in any order and done in order of time."""

    deeds: list[tuple[datetime, Deed]] = field(default_factory=list)

    def add(self, at: datetime, deed: Deed) -> None:
        """Let something happen at an instant; of equal instants the first added comes first."""
        self.deeds.append((at, deed))

    def play(self, *, until: datetime) -> None:
        """Do everything, in order of time. Nothing may lie after ``until``."""
        for at, deed in sorted(self.deeds, key=lambda due: due[0]):
            assert at <= until, "a story is about the past"
            deed(at)


@dataclass(frozen=True)
class Stage:
    """One course with its story. Rows are read anew each time: they change while it is played.

    ``starts``: the instants at which its meetings start, in order.
    """

    slug: str
    term: Term
    story: Story
    texts: dict[str, PaperTexts]
    starts: tuple[datetime, ...]

    @property
    def course(self) -> Course:
        """The course, once it is made."""
        return Course.objects.get(slug=self.slug)

    def member(self, who: str) -> Membership:
        """Return a person of the course by the part of the address before the @."""
        people = Membership.objects.select_related("user", "course")
        return people.get(course__slug=self.slug, user__email__startswith=f"{who}@")

    @property
    def lead(self) -> Membership:
        """The instructor who decides."""
        return self.member(self.story.lead)

    def assistant(self, index: int) -> Membership:
        """Return one of those who mark and grade, in turn."""
        return self.member(self.story.assistants[index % len(self.story.assistants)])

    def assignment(self, key: str) -> Assignment:
        """Return an assignment with its course."""
        return Assignment.objects.select_related("course").get(course__slug=self.slug, key=key)

    def item(self, key: str) -> GradeItem:
        """Return a grade item with its course and assignment."""
        found = GradeItem.objects.select_related("course", "assignment")
        return found.get(course__slug=self.slug, key=key)

    def round(self, key: str = "") -> PreferenceRound:
        """Return a round by key, or the only one."""
        rounds = PreferenceRound.objects.filter(course__slug=self.slug)
        return rounds.get(key=key) if key else rounds.get()

    def meeting(self, number: int) -> Meeting:
        """Return the course's meeting with this number, counted from 0 in order of time."""
        meetings = Meeting.objects.filter(course__slug=self.slug).select_related("course")
        return meetings.order_by("date", "starts")[number]
