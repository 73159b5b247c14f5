"""What the pages of students and graders show, each read in a constant number of queries."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef

from assignments.models import Extension, Submission
from assignments.queries import late_days_of
from assignments.rules import GRACE, effective_deadline
from courses.models import Course, Membership
from grading import rules
from grading.models import GradeEntry, GradeItem, Release, Result, ResultRun
from grading.queries.results import published_result
from grading.queries.rows import ItemRow
from grading.queries.standings import (
    COMPUTED,
    Facts,
    Judged,
    facts_of,
    guard_of,
    staff_standings,
    student_standing,
)
from grading.queries.tables import Group, groups_of
from grading.queries.wording import Bar, bars_of, rule_words, standing_words
from grading.queries.work import (
    DECIDED,
    Row,
    Waiting,
    history_of,
    rubric_of,
    submission_of,
    talk_of,
    waiting_of,
)
from presentations.models import Presentation, Presenter
from seminar.lib.numbers import NumberError, parse_score, plain
from seminar.lib.words import Words


@dataclass(frozen=True)
class StandingPage:
    """A student's own standing: a sentence, bars, a table, the rule, what was published."""

    judged: Judged
    sentence: Words
    bars: list[Bar]
    groups: list[Group]
    rule: list[Words]
    result: Result | None
    total_mark: Fraction | None


def standing_page(member: Membership, *, at: datetime) -> StandingPage:
    """Return the page of one student, from released facts. Eight queries."""
    course = member.course
    facts = facts_of(course, only=member)
    judged = student_standing(facts, member, at=at)
    result = published_result(member)
    contacts = course.memberships.active().filter(role=Membership.Role.INSTRUCTOR)
    people = list(contacts.select_related("user").order_by("pk")[:1])
    passed = result.passed if result else None
    return StandingPage(
        judged=judged,
        sentence=standing_words(facts, judged, people, passed=passed),
        bars=bars_of(facts, judged),
        groups=groups_of(facts, judged, at=at, staff=False),
        rule=rule_words(facts),
        result=result,
        total_mark=guard_of(facts.clauses, None),
    )


@dataclass(frozen=True)
class ItemPage:
    """One item with every student's state, and their talks if it scores talks."""

    item: ItemRow
    rows: list[tuple[Waiting, Presentation | None]]

    def shown(self, show: str) -> list[tuple[Waiting, Presentation | None]]:
        """Return the rows of one filter: waiting, graded, or all."""
        if show == "waiting":
            return [row for row in self.rows if row[0].ready]
        if show == "graded":
            return [row for row in self.rows if row[0].state in DECIDED]
        return self.rows

    @property
    def counts(self) -> dict[str, int]:
        """Return how many rows each filter has."""
        return {show: len(self.shown(show)) for show in ("all", "waiting", "graded")}


def item_page(course: Course, key: str, *, at: datetime) -> ItemPage | None:
    """Return one scored item of the course by key; None if unknown. Eight queries."""
    facts = facts_of(course)
    item = next((i for i in facts.rows.items.values() if i.key == key), None)
    if item is None:
        return None
    rows = waiting_of(facts, staff_standings(facts, at=at), item, at=at)
    talks: dict[int, Presentation] = {}
    if item.talk_kind:
        live = Presenter.objects.live().filter(
            kind=item.talk_kind,
            presentation__course=course,
            presentation__cancelled_at__isnull=True,
        )
        for presenter in live.select_related("presentation__paper", "presentation__meeting"):
            talks[presenter.membership_id] = presenter.presentation
    return ItemPage(item, [(row, talks.get(row.member.pk)) for row in rows])


class GradeForm(NamedTuple):
    """What stands in the grading form: what was sent, or what was last saved."""

    picks: dict[str, str]
    points: str
    feedback: str
    note: str
    reason: str

    @property
    def total(self) -> str:
        """The points this comes to, as far as what is typed are numbers."""
        try:
            points = [parse_score(text) for text in self.picks.values()]
        except NumberError:
            return ""
        return plain(sum(points, Decimal(0))) if points else self.points


@dataclass(frozen=True)
class GradePage:
    """One student's work at one item, beside the rubric and the history.

    ``late_days``: of the version that counts, by the student's deadline as it is now.
    """

    item: GradeItem
    member: Membership
    rubric: list[Row]
    history: list[GradeEntry]
    submission: Submission | None
    talk: Presenter | None
    folded: rules.Folded
    released: bool
    visible: bool
    ready_at: datetime | None
    ready: bool
    late_days: int

    @property
    def last(self) -> GradeEntry | None:
        """The newest line of the history."""
        return self.history[-1] if self.history else None

    @property
    def scored(self) -> GradeEntry | None:
        """The newest line that is a score: what the form starts from."""
        scores = [line for line in self.history if line.kind == GradeEntry.Kind.SCORE]
        return scores[-1] if scores else None

    @property
    def replaced(self) -> Submission | None:
        """The version that was scored, if another one counts now."""
        line = self.scored
        if line is None or line.submission is None or self.submission is None:
            return None
        return None if line.submission == self.submission else line.submission

    def filled(self, sent: Any) -> GradeForm:
        """Return the form's content: what was sent and refused, else what was saved last."""
        if sent is not None:
            return GradeForm(dict(sent.picks), sent.points, sent.feedback, sent.note, sent.reason)
        line = self.scored
        if line is None or line.points is None:
            return GradeForm({}, "", "", "", "")
        return GradeForm(line.rubric, plain(line.points), line.feedback, line.note, "")


def grade_page(item: GradeItem, member: Membership, *, at: datetime) -> GradePage:
    """Return what the grading page shows. Six or seven queries."""
    history = history_of(item, member)
    released = Release.objects.filter(item=item, membership=member)
    frozen = ResultRun.objects.filter(course=item.course, frozen_at__isnull=False)
    known = Membership.objects.filter(pk=member.pk).annotate(
        seen=Exists(released),
        frozen=Exists(frozen),
        until=Extension.objects.filter(
            membership=OuterRef("pk"), assignment=item.assignment_id
        ).values("until")[:1],
    )
    seen, is_frozen, until = known.values_list("seen", "frozen", "until").get()
    talk = talk_of(item, member) if item.talk_kind else None
    submission = submission_of(item, member)
    ready_at, late_days = None, 0
    if submission is not None and item.assignment is not None:
        closes_at = effective_deadline(item.assignment.closes_at, until)
        ready_at = closes_at + GRACE
        late_days = late_days_of(submission, closes_at, item.course.zone)
    elif talk is not None:
        talk.presentation.meeting.course = item.course
        ready_at = talk.presentation.meeting.starts_at
    return GradePage(
        item=item,
        member=member,
        rubric=rubric_of(item),
        history=history,
        submission=submission,
        talk=talk,
        folded=rules.current(
            rules.Entry(line.seq, rules.EntryKind(line.kind), line.points) for line in history
        ),
        released=seen,
        visible=seen or is_frozen,
        ready_at=ready_at,
        ready=ready_at is not None and at >= ready_at,
        late_days=late_days,
    )


class ReleaseRow(NamedTuple):
    """One item: who would see it from now on, who sees it, who has no grade yet."""

    item: ItemRow
    new: list[Membership]
    shown: int
    waiting: int
    computed: bool


def release_rows(course: Course, *, at: datetime) -> list[ReleaseRow]:
    """Return what releasing each item would do. Seven queries."""
    facts = facts_of(course)
    judged = staff_standings(facts, at=at)
    return [release_row(item, facts, judged) for item in facts.rows.items.values()]


def release_row(item: ItemRow, facts: Facts, judged: list[Judged]) -> ReleaseRow:
    """Return what releasing one item would do. No query."""
    ready = [student for student in judged if is_releasable(item, student)]
    shown = [student for student in judged if student.member.pk in facts.rows.released[item.id]]
    seen = {student.member.pk for student in shown}
    return ReleaseRow(
        item=item,
        new=[student.member for student in ready if student.member.pk not in seen],
        shown=len(shown),
        waiting=sum(student.states[item.key] is rules.ItemState.AWAITING for student in judged),
        computed=item.kind in COMPUTED,
    )


def is_releasable(item: ItemRow, student: Judged) -> bool:
    """Say whether one student's grade of an item is there to be shown. No query.

    Class participation is decided line by line: releasing it shows the points so far and to come.
    Attendance is known to students anyway; only what overrides it is released.
    """
    if item.kind == GradeItem.Kind.PARTICIPATION:
        return True
    if item.kind == GradeItem.Kind.ATTENDANCE:
        return student.facts[item.key].folded.override is not None
    return student.states[item.key] in DECIDED


def releasable(facts: Facts, item: GradeItem, *, at: datetime) -> list[Membership]:
    """Return the students whose grade of an item can be shown, shown already or not. No query."""
    row = facts.rows.items[item.pk]
    judged = staff_standings(facts, at=at)
    return [student.member for student in judged if is_releasable(row, student)]
