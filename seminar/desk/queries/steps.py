"""The things to do that a home page lists, each with a link and when it matters."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Exists, FilteredRelation, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assignments.queries import WorkItem, work_of
from courses.models import Course, Membership
from grading.queries.joining import LateJoiner
from grading.queries.rows import Rows
from grading.queries.work import QueueRow
from presentations.models import Allocation, PreferenceList, Presentation, Presenter
from presentations.rules import RoundState, round_state


@dataclass(frozen=True)
class Step:
    """One thing to do or to know: a link, a word of the vocabulary, and when it matters."""

    title: str
    url: str
    action: str
    status: str = ""
    at: datetime | None = None
    is_deadline: bool = False
    note: str = ""
    primary: bool = False


def round_steps(membership: Membership, *, at: datetime) -> list[Step]:
    """Return one step per round that is open or opens next, with the own number once given.

    One query.
    """
    course = membership.course
    mine = FilteredRelation("lists", condition=Q(lists__membership=membership))
    steps = []
    rounds = course.rounds.annotate(own=mine)
    for round_ in rounds.select_related("own"):  # type: ignore[misc]  # the plugin: no such field
        state = round_state(at, round_.opens_at, round_.closes_at, round_.closed_at)
        own: PreferenceList | None = getattr(round_, "own", None)
        url = reverse("presentations:preferences", args=[course.slug, round_.key])
        if state == RoundState.UPCOMING:
            note = _("You can prepare your list now; it counts once you submit it.")
            steps.append(
                Step(round_.title, url, _("Prepare"), "not_open", round_.opens_at, note=note)
            )
        elif state == RoundState.OPEN and (own is None or own.number is None):
            note = _("First come, first served: submit your list to get a number.")
            steps.append(
                Step(
                    round_.title,
                    url,
                    _("Rank papers"),
                    "open",
                    round_.closes_at,
                    is_deadline=True,
                    note=note,
                    primary=True,
                )
            )
        elif state == RoundState.OPEN and own is not None:
            note = _("You are number %(number)s.") % {"number": own.number}
            steps.append(Step(round_.title, url, _("See the outcome"), "submitted", note=note))
    return steps


def work_steps(membership: Membership, *, at: datetime) -> list[Step]:
    """Return the open assignments a student has not handed in, most urgent first."""
    return [
        Step(
            work.assignment.title,
            reverse("assignments:task", args=[membership.course.slug, work.assignment.key]),
            _("Continue") if work.state == "draft" else _("Start"),
            work.state,
            work.closes_at,
            is_deadline=True,
            note=draft_words(work),
            primary=True,
        )
        for work in work_of(membership, at)
        if work.latest is None and work.refusal is None
    ]


def draft_words(work: WorkItem) -> str:
    """Say how far a draft is; nothing for work that was not started."""
    if work.draft is None or not work.asked:
        return ""
    return _("%(done)s of %(asked)s parts done") % {"done": work.done, "asked": work.asked}


def talk_steps(membership: Membership, *, at: datetime) -> list[Step]:
    """Return the own talks that are still to be held. One query."""
    course = membership.course
    rows = Presenter.objects.live().filter(membership=membership, presentation__cancelled_at=None)
    steps = []
    for row in rows.select_related("presentation__paper", "presentation__meeting"):
        talk = row.presentation
        talk.meeting.course = course
        if talk.meeting.ends_at > at:
            url = reverse("presentations:presentation", args=[course.slug, talk.code])
            note = _("Your talk")
            steps.append(
                Step(str(talk), url, _("Open"), "assigned", talk.meeting.starts_at, note=note)
            )
    return steps


class RoundRow(NamedTuple):
    """A preference round with how many lists are in, and whether its allocation is published."""

    title: str
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    lists: int
    published: bool


@dataclass(frozen=True)
class Entrance:
    """Who waits to come into a course, and the rounds that give them their talks."""

    applied: int
    waitlisted: int
    rounds: tuple[RoundRow, ...]


def entrance_of(course: Course) -> Entrance:
    """Return who waits and the rounds of a course. One query at any size."""
    mine = Membership.objects.filter(course=OuterRef("pk")).order_by().values("course")
    number = mine.annotate(n=Count("pk")).values("n")
    lists = PreferenceList.objects.filter(round=OuterRef("rounds__pk"), number__isnull=False)
    published = Allocation.objects.filter(round=OuterRef("rounds__pk"), published_at__isnull=False)
    found = Course.objects.filter(pk=course.pk).annotate(
        applied=Subquery(number.filter(state=Membership.State.APPLIED)),
        waitlisted=Subquery(number.filter(state=Membership.State.WAITLISTED)),
        lists=Subquery(lists.order_by().values("round").annotate(n=Count("pk")).values("n")),
        published=Exists(published),
    )
    rows = found.order_by("rounds__opens_at", "rounds__pk").values_list(
        *("applied", "waitlisted", "rounds__title", "rounds__opens_at"),
        *("rounds__closes_at", "rounds__closed_at", "lists", "published"),
    )
    applied, waitlisted, rounds = 0, 0, []
    for new, listed, title, opens_at, closes_at, closed_at, in_, is_published in rows:
        applied, waitlisted = new or 0, listed or 0
        if title is not None:  # a course without rounds is one row without any
            rounds.append(RoundRow(title, opens_at, closes_at, closed_at, in_ or 0, is_published))
    return Entrance(applied, waitlisted, tuple(rounds))


def people_steps(course: Course, entrance: Entrance) -> list[Step]:
    """Return one step for new applications and one for the waiting list. No query."""
    new, listed = entrance.applied, entrance.waitlisted
    url = reverse("courses:people", args=[course.slug])
    steps = []
    if new:
        title = ngettext("%(n)s application waits", "%(n)s applications wait", new) % {"n": new}
        steps.append(Step(title, url, _("Decide"), "applied", primary=True))
    if listed:
        title = ngettext(
            "%(n)s person is on the waiting list", "%(n)s people are on the waiting list", listed
        )
        note = _("Accept them when a place becomes free.")
        steps.append(Step(title % {"n": listed}, url, _("Look"), "waitlisted", note=note))
    return steps


def late_joiner_steps(course: Course, rows: list[LateJoiner]) -> list[Step]:
    """Return one step per student with work that was due before they joined. No query."""
    return [
        Step(
            row.member.user.name,
            reverse("grading:student", args=[course.slug, row.member.code]),
            _("Look"),
            "missing",
            note=ngettext(
                "%(n)s item was due before they joined; excuse it or let it count 0",
                "%(n)s items were due before they joined; excuse them or let them count 0",
                len(row.items),
            )
            % {"n": len(row.items)},
        )
        for row in rows
    ]


def unplaced_steps(rows: Rows, entrance: Entrance) -> list[Step]:
    """Return one step if students have no talk although a round is published. No query."""
    kind = Presentation.Kind.IN_CLASS.value
    unplaced = sum((kind, student.pk) not in rows.talks for student in rows.students)
    if not unplaced or not any(round_.published for round_ in entrance.rounds):
        return []
    words = ngettext("%(n)s student has no talk", "%(n)s students have no talk", unplaced)
    url = reverse("presentations:allocation", args=[rows.course.slug])
    return [Step(words % {"n": unplaced}, url, _("Give a place"), "unassigned", primary=True)]


def allocation_steps(course: Course, entrance: Entrance, *, at: datetime) -> list[Step]:
    """Return one step per round that is open, or that waits to be allocated or published.

    No query.
    """
    url = reverse("presentations:allocation", args=[course.slug])
    steps = []
    for round_ in entrance.rounds:
        if round_.published:
            continue
        state = round_state(at, round_.opens_at, round_.closes_at, round_.closed_at)
        words = ngettext("%(n)s list is in", "%(n)s lists are in", round_.lists)
        note = words % {"n": round_.lists}
        if state == RoundState.OPEN:
            steps.append(
                Step(
                    round_.title,
                    url,
                    _("Look"),
                    "open",
                    round_.closes_at,
                    is_deadline=True,
                    note=note,
                )
            )
        elif state in (RoundState.CLOSING, RoundState.CLOSED):
            steps.append(
                Step(round_.title, url, _("Allocate"), "provisional", note=note, primary=True)
            )
    return steps


def attendance_steps(rows: Rows, *, at: datetime) -> list[Step]:
    """Return the last held meetings of which attendance was not taken. No query."""
    taken = {meeting for marks in rows.marks.values() for meeting in marks}
    held = [
        meeting
        for meeting in rows.meetings
        if meeting.cancelled_at is None and meeting.pk not in taken and meeting.starts_at <= at
    ]
    return [
        Step(
            meeting.title,
            reverse("grading:take_attendance", args=[rows.course.slug, meeting.key]),
            _("Take attendance"),
            "not_taken",
            meeting.starts_at,
            primary=True,
        )
        for meeting in held[-3:]
    ]


def grading_steps(course: Course, queue: list[QueueRow]) -> list[Step]:
    """Return one step per grade item with work that waits for a grade."""
    return [
        Step(
            row.item.title,
            reverse("grading:item", args=[course.slug, row.item.key]),
            _("Grade"),
            "being_graded",
            note=ngettext("%(n)s waits for a grade", "%(n)s wait for a grade", row.waiting)
            % {"n": row.waiting},
            primary=True,
        )
        for row in queue
        if row.waiting
    ]


def release_steps(course: Course, queue: list[QueueRow]) -> list[Step]:
    """Return one step per item with grades that students do not see yet. No query."""
    url = reverse("grading:release", args=[course.slug])
    return [
        Step(
            row.item.title,
            url,
            _("Release"),
            "graded_not_released",
            note=ngettext("%(n)s grade is not released", "%(n)s grades are not released", hidden)
            % {"n": hidden},
            primary=True,
        )
        for row in queue
        if (hidden := row.graded - row.released) > 0
    ]
