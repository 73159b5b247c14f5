"""Reads about talks: who presents what, when each talk begins, how much time is left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet

from courses.models import Course, Meeting, Membership
from presentations import rules
from presentations.models import Presentation, Presenter
from presentations.queries.explanations import Outcome, final_outcome
from presentations.queries.rounds import papers_of_round

GIVEN_LATER = frozenset({"assigned", "reassigned", "scheduled", "accepted", "swapped", "moved"})


@dataclass(frozen=True)
class Talk:
    """A live talk with its instants and those who present it now."""

    presentation: Presentation
    starts_at: datetime
    ends_at: datetime
    presenters: tuple[Presenter, ...]


@dataclass(frozen=True)
class MeetingTalks:
    """A meeting and its talks in running order."""

    meeting: Meeting
    talks: tuple[Talk, ...]


def talks_by_meeting(course: Course) -> list[MeetingTalks]:
    """Return all live talks of a course by meeting, in order of time. Two queries at any size."""
    grouped: dict[Meeting, list[Presentation]] = {}
    for presentation in _live(course.presentations.all()):
        presentation.meeting.course = course
        grouped.setdefault(presentation.meeting, []).append(presentation)
    return [MeetingTalks(meeting, _timed(meeting, found)) for meeting, found in grouped.items()]


def talks_of_meeting(meeting: Meeting) -> tuple[Talk, ...]:
    """Return the live talks of one meeting in running order. Two queries; reads its course."""
    return _timed(meeting, list(_live(Presentation.objects.filter(meeting=meeting))))


def talk_by_code(course: Course, code: str) -> Talk | None:
    """Return one live talk of the course with its start, or None. Four queries."""
    found = course.presentations.filter(code=code, cancelled_at__isnull=True).first()
    if found is None:
        return None
    found.meeting.course = course
    return next(
        talk for talk in talks_of_meeting(found.meeting) if talk.presentation.pk == found.pk
    )


def own_talk(membership: Membership, kind: str = Presentation.Kind.IN_CLASS) -> Presenter | None:
    """Return somebody's live place in a talk of this kind with talk and meeting. One query."""
    return (
        Presenter.objects.live()
        .filter(membership=membership, kind=kind)
        .select_related("presentation__paper", "presentation__meeting__course")
        .first()
    )


def why_of(presenter: Presenter) -> Outcome | None:
    """Return why somebody has this talk, as the allocation that gave it decided. One query.

    None for a place that came later, by staff, an offer or a swap, and for a final talk.
    """
    allocation = presenter.presentation.allocation
    if allocation is None or presenter.reason in GIVEN_LATER:
        return None
    return final_outcome(allocation, presenter.membership, papers_of_round(allocation.round))


def minutes_left(meeting: Meeting) -> int:
    """Return the talk time of a meeting that no live talk has taken yet. One query.

    A talk without presenters keeps its slot here: staff decide what becomes of it.
    """
    rows = Presentation.objects.filter(meeting=meeting, cancelled_at__isnull=True).values_list(
        "minutes", "changeover_minutes"
    )
    return meeting.minutes - rules.used_minutes([rules.TalkTime(*row) for row in rows])


def _live(talks: QuerySet[Presentation]) -> QuerySet[Presentation]:
    presenters = Presenter.objects.live().select_related("membership__user").order_by("seat")
    return (
        talks.filter(cancelled_at__isnull=True)
        .select_related("paper__module", "meeting", "allocation__round__course")
        .prefetch_related(Prefetch("presenters", presenters, to_attr="on_stage"))
        .order_by("meeting__date", "meeting__starts", "meeting_id", "position")
    )


def _timed(meeting: Meeting, presentations: Iterable[Presentation]) -> tuple[Talk, ...]:
    order = list(presentations)
    offsets = rules.start_offsets(
        [rules.TalkTime(talk.minutes, talk.changeover_minutes) for talk in order]
    )
    return tuple(
        Talk(
            presentation,
            meeting.starts_at + timedelta(minutes=offset),
            meeting.starts_at + timedelta(minutes=offset + presentation.minutes),
            tuple(presentation.on_stage),  # type: ignore[attr-defined]
        )
        for presentation, offset in zip(order, offsets, strict=True)
    )
