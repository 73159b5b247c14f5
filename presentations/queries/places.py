"""Reads for giving a free place after publication: who has no talk, which places are free."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch
from django.utils.translation import gettext as _

from courses.models import Course, Meeting, Membership, Paper
from presentations import rules
from presentations.models import (
    PlaceOffer,
    PreferenceChoice,
    PreferenceRound,
    Presentation,
    Presenter,
)
from seminar.lib.errors import Refused


@dataclass(frozen=True)
class Place:
    """A paper as it could be given to one student.

    ``talk`` is its live talk, if there is one, ``presenters`` those who hold it now, ``seat`` the
    lowest free one. ``choice`` is where the student ranked the paper. ``refusal`` says why it
    cannot be given, as a code: ``not_published talk_over paper_full offered meeting_full``.
    ``kept`` are the free seats for which somebody has an open offer.
    """

    paper: Paper
    talk: Presentation | None
    presenters: tuple[Presenter, ...]
    choice: int | None
    refusal: str | None
    kept: frozenset[int] = frozenset()

    @property
    def meeting(self) -> Meeting:
        """Where it is presented: the meeting of its talk, or else the paper's."""
        return meeting_of(self.paper, self.talk)

    @property
    def is_free(self) -> bool:
        """Tell whether the place can be given as things stand."""
        return self.refusal is None

    @property
    def seat(self) -> int:
        """The lowest seat that nobody has or is offered."""
        taken = {row.seat for row in self.presenters} | self.kept
        return next(seat for seat in range(len(taken) + 1) if seat not in taken)

    @property
    def words(self) -> str:
        """Why it cannot be given, for staff; only for places that cannot."""
        return {
            "not_published": _("on offer in a round that is not published yet"),
            "talk_over": _("its meeting is over or cancelled"),
            "paper_full": _("no place is free"),
            "offered": _("its free place is offered to somebody who asked for it"),
            "meeting_full": _("its meeting has no time left for another talk"),
        }[self.refusal or ""]


def meeting_of(paper: Paper, talk: Presentation | None) -> Meeting:
    """Return where a paper is presented. No query where both come with their meeting."""
    meeting = talk.meeting if talk else paper.meeting
    assert meeting is not None, "only papers with a meeting are places"
    return meeting


@dataclass(frozen=True)
class Assignment:
    """What giving a place would do. ``told`` are all who get a mail about it, and no others."""

    place: Place
    to: Membership
    told: tuple[tuple[str, Membership], ...]


def students_without_talk(course: Course) -> list[Membership]:
    """Return the active students without a live talk in class, by name. One query."""
    live = Presenter.objects.live().filter(
        membership=OuterRef("pk"), kind=Presentation.Kind.IN_CLASS
    )
    students = Membership.objects.active().students().filter(~Exists(live), course=course)
    return list(students.select_related("user").order_by("user__name", "id"))


def places_for(course: Course, to: Membership, at: datetime) -> list[Place]:
    """Return every paper presented in class as a place for ``to``. Seven queries at any size.

    Free ones first, and of those what the student ranked, best first; then by date. The page, the
    preview and the action all read this, so that they cannot disagree.
    """
    papers = list(
        course.papers.filter(
            presentable=True, meeting__isnull=False, meeting__cancelled_at__isnull=True
        ).select_related("meeting")
    )
    talks = talks_by_paper(course)
    kept = kept_seats(course)
    left = minutes_left_for(papers, talks, kept, course)
    ranks = _ranks(to)
    waiting = papers_not_published(course)
    found = [
        _place(
            paper,
            talks.get(paper.pk),
            left,
            ranks.get(paper.pk),
            at,
            kept=kept.get(paper.pk, frozenset()),
            is_waiting=paper.pk in waiting,
        )
        for paper in papers
    ]
    return sorted(found, key=_suitability)


def _place(  # noqa: PLR0913 - the facts of one place
    paper: Paper,
    talk: Presentation | None,
    left: Mapping[int, int],
    choice: int | None,
    at: datetime,
    *,
    kept: frozenset[int],
    is_waiting: bool,
) -> Place:
    meeting = meeting_of(paper, talk)
    presenters = tuple(talk.on_stage) if talk else ()  # type: ignore[attr-defined]
    refusal = rules.place_refusal(
        rules.PlaceFacts(
            is_published=not is_waiting,
            is_over=meeting.cancelled_at is not None or at >= meeting.ends_at,
            capacity=paper.capacity,
            taken=len(presenters),
            has_talk=talk is not None,
            minutes_left=left.get(meeting.pk, 0),
            talk=rules.TalkTime(meeting.talk_minutes, meeting.changeover_minutes),
            offered=len(kept),
        )
    )
    return Place(paper, talk, presenters, choice, refusal, kept)


def _suitability(place: Place) -> tuple[bool, bool, int, datetime, int, int]:
    return (
        not place.is_free,
        place.choice is None,
        place.choice or 0,
        place.meeting.starts_at,
        place.paper.position,
        place.paper.pk,
    )


def talks_by_paper(course: Course) -> dict[int | None, Presentation]:
    """Return the live talks in class by paper, each with those ``on_stage``. Two queries."""
    live = Presenter.objects.live().select_related("membership__user").order_by("seat")
    rows = (
        Presentation.objects.filter(course=course, cancelled_at__isnull=True, paper__isnull=False)
        .select_related("meeting", "paper")
        .prefetch_related(Prefetch("presenters", live, to_attr="on_stage"))
    )
    found: dict[int | None, Presentation] = {}
    for talk in rows:
        talk.meeting.course = course
        found[talk.paper_id] = talk
    return found


def kept_seats(course: Course) -> dict[int, frozenset[int]]:
    """Return by paper the seats for which somebody has an open offer. One query."""
    rows = PlaceOffer.objects.filter(paper__course=course, state=PlaceOffer.State.OPEN)
    found: dict[int, set[int]] = {}
    for paper, seat in rows.values_list("paper_id", "seat"):
        found.setdefault(paper, set()).add(seat)
    return {paper: frozenset(seats) for paper, seats in found.items()}


def minutes_left_for(
    papers: list[Paper],
    talks: Mapping[int | None, Presentation],
    kept: Mapping[int, frozenset[int]],
    course: Course,
) -> dict[int, int]:
    """Return the free talk time by meeting. One query.

    A talk without presenters keeps its slot; an open offer of a talk that is still to be made
    keeps one too.
    """
    meetings: dict[int, Meeting] = {}
    used: dict[int, list[rules.TalkTime]] = {}
    for paper in papers:
        assert paper.meeting is not None, "only papers with a meeting are places"
        meeting = paper.meeting
        meeting.course = course
        meetings[meeting.pk] = meeting
        slots = used.setdefault(meeting.pk, [])
        if paper.pk in kept and paper.pk not in talks:
            slots.append(rules.TalkTime(meeting.talk_minutes, meeting.changeover_minutes))
    rows = Presentation.objects.filter(meeting__in=meetings, cancelled_at__isnull=True)
    for pk, minutes, changeover in rows.values_list("meeting", "minutes", "changeover_minutes"):
        used[pk].append(rules.TalkTime(minutes, changeover))
    return {pk: meeting.minutes - rules.used_minutes(used[pk]) for pk, meeting in meetings.items()}


def _ranks(to: Membership) -> dict[int, int]:
    """Return where somebody ranked each paper; the newest round's list says it."""
    rows = PreferenceChoice.objects.filter(list__membership=to, list__number__isnull=False)
    return dict(
        rows.order_by("list__round__opens_at", "list__round_id").values_list("paper_id", "position")
    )


def papers_not_published(course: Course) -> set[int]:
    """Return the papers that a round still has to give away by its queue. One query."""
    waiting = PreferenceRound.objects.filter(course=course).exclude(
        allocations__published_at__isnull=False
    )
    return set(waiting.filter(papers__isnull=False).values_list("papers", flat=True))


def assign_preview(paper: Paper, to: Membership, at: datetime) -> Assignment:
    """Return who is affected by giving a free place of ``paper`` to ``to``. Eight queries.

    The page before and the action itself both read this; ``to`` and ``paper`` belong to one
    course. Raises Refused ``not_a_student``, ``not_presented`` (422), ``has_a_talk``,
    ``not_published``, ``talk_over``, ``paper_full``, ``offered``, ``meeting_full`` (409).
    """
    _require_without_talk(paper, to)
    places = places_for(paper.course, to, at)
    place = next((place for place in places if place.paper.pk == paper.pk), None)
    if place is None:
        words = _("“%(paper)s” is not presented in any meeting that takes place.")
        raise Refused("not_presented", words % {"paper": paper.title}, status=422)
    if place.refusal is not None:
        words = _("“%(paper)s” cannot be given: %(reason)s.")
        raise Refused(place.refusal, words % {"paper": paper.title, "reason": place.words})
    told = [("assigned", to), *(("partner_changed", row.membership) for row in place.presenters)]
    return Assignment(place, to, tuple(entry for entry in told if entry[1].user.is_active))


def _require_without_talk(paper: Paper, to: Membership) -> None:
    name = to.user.name
    if to.course_id != paper.course_id or not to.is_student:
        words = _("%(name)s is not an active student of this course.")
        raise Refused("not_a_student", words % {"name": name}, status=422)
    if Presenter.objects.live().filter(membership=to, kind=Presentation.Kind.IN_CLASS).exists():
        words = _("%(name)s has a talk of this kind already. Each person has one.")
        raise Refused("has_a_talk", words % {"name": name})
