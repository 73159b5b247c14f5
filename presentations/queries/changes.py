"""Reads about places that change hands: what is free, who is next, what is offered to whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from courses.models import Course, Meeting, Membership, Paper
from presentations.models import (
    PlaceOffer,
    PreferenceList,
    PreferenceRound,
    Presentation,
    Presenter,
    Swap,
)
from presentations.queries.places import (
    kept_seats,
    meeting_of,
    minutes_left_for,
    papers_not_published,
    talks_by_paper,
)
from presentations.rules import changes
from seminar.lib.errors import Refused
from seminar.lib.templatetags.seminar_format import course_time

IN_CLASS = Presentation.Kind.IN_CLASS


@dataclass(frozen=True)
class RoundOffers:
    """What decides about offers in one published round, and the rows that the keys stand for.

    ``free`` are the places of its papers that nobody has or is offered. ``papers`` are those the
    round gives away; a paper of several rounds belongs to the newest published one.
    """

    round: PreferenceRound
    facts: changes.OfferFacts
    free: tuple[changes.Place, ...]
    members: Mapping[str, Membership]
    papers: Mapping[str, Paper]

    def wishes_of(self, student: str) -> changes.Wishes | None:
        """Return the submitted list of a student by code, if there is one. No query."""
        return next((wishes for wishes in self.facts.lists if wishes.student == student), None)


def offer_rounds(course: Course) -> list[RoundOffers]:
    """Return the facts about offers by published round, oldest first. Fifteen queries at any size.

    Exact only for a caller that holds the lock of the course's talks. Papers that a round has
    still to give away are in none of them.
    """
    rounds = list(
        course.rounds.filter(allocations__published_at__isnull=False)
        .distinct()
        .prefetch_related("papers")
        .order_by("opens_at", "id")
    )
    if not rounds:
        return []
    papers = list(
        course.papers.filter(
            presentable=True, meeting__isnull=False, meeting__cancelled_at__isnull=True
        )
        .select_related("meeting")
        .order_by("position", "id")
    )
    talks, kept = talks_by_paper(course), kept_seats(course)
    minutes = minutes_left_for(papers, talks, kept, course)
    waiting = papers_not_published(course)
    home = {paper.pk: round_.pk for round_ in rounds for paper in round_.papers.all()}
    holds, front, past, offered = _history(course, talks)
    lists = _lists(rounds)
    left = {p.meeting.key: minutes[p.meeting.pk] for p in papers if p.meeting}
    found = []
    for round_ in rounds:
        own = [p for p in papers if home.get(p.pk) == round_.pk and p.pk not in waiting]
        rows = lists.get(round_.pk, [])
        facts = changes.OfferFacts(
            tuple(_wishes(row) for row in rows), holds, front, past, offered, left
        )
        free = [seat for paper in own for seat in _free(paper, talks.get(paper.pk), kept)]
        members = {row.membership.code: row.membership for row in rows}
        by_key = {paper.key: paper for paper in own}
        found.append(RoundOffers(round_, facts, tuple(free), members, by_key))
    return found


def _lists(rounds: Iterable[PreferenceRound]) -> dict[int, list[PreferenceList]]:
    """Return the submitted lists of active students by round. Four queries."""
    rows = (
        PreferenceList.objects.filter(
            round__in=rounds,
            number__isnull=False,
            membership__state=Membership.State.ACTIVE,
            membership__role=Membership.Role.STUDENT,
        )
        .select_related("membership__user")
        .prefetch_related("choices__paper", "unwanted__paper", "unavailable__meeting")
        .order_by("round_id", "number")
    )
    found: dict[int, list[PreferenceList]] = {}
    for row in rows:
        found.setdefault(row.round_id, []).append(row)
    return found


def _wishes(row: PreferenceList) -> changes.Wishes:
    return changes.Wishes(
        student=row.membership.code,
        number=row.number or 0,
        papers=tuple(choice.paper.key for choice in row.choices.all()),
        unwanted=frozenset(unwanted.paper.key for unwanted in row.unwanted.all()),
        unavailable=frozenset(day.meeting.key for day in row.unavailable.all()),
    )


def _free(
    paper: Paper, talk: Presentation | None, kept: Mapping[int, frozenset[int]]
) -> list[changes.Place]:
    meeting = meeting_of(paper, talk)
    if meeting.cancelled_at is not None:
        return []
    on_stage: list[Presenter] = talk.on_stage if talk else []  # type: ignore[attr-defined]
    taken = {row.seat for row in on_stage} | kept.get(paper.pk, frozenset())
    room = max(0, paper.capacity - len(taken))
    free = [seat for seat in range(paper.capacity) if seat not in taken][:room]
    # A second place of a talk that is still to be made takes no time of its own; it waits for the
    # first to be taken, so that the time is asked for once.
    needed = 0 if talk else meeting.talk_minutes + meeting.changeover_minutes
    if needed and paper.pk in kept:
        return []
    return [
        changes.Place(paper.key, seat, meeting.key, meeting.starts_at, needed)
        for seat in (free[:1] if needed else free)
    ]


def _history(
    course: Course, talks: Mapping[int | None, Presentation]
) -> tuple[
    dict[str, changes.Place],
    frozenset[str],
    frozenset[tuple[str, str]],
    frozenset[tuple[str, str]],
]:
    """Return what everybody has now, who lost it with a meeting, had or refused, is offered.

    Two queries.
    """
    holds = {
        row.membership.code: place_of(row, talk)
        for talk in talks.values()
        for row in talk.on_stage  # type: ignore[attr-defined]
    }
    ended = Presenter.objects.filter(
        presentation__course=course, kind=IN_CLASS, ended_at__isnull=False
    ).values_list(
        "membership__code", "presentation__paper__key", "presentation__meeting__cancelled_at"
    )
    lost: set[str] = set()
    past: set[tuple[str, str]] = set()
    for student, paper, cancelled_at in ended:
        if cancelled_at is not None:
            lost.add(student)
        else:
            past.add((student, paper))
    offered: set[tuple[str, str]] = set()
    answered = PlaceOffer.objects.filter(paper__course=course, state__in=GONE_OR_OPEN)
    for student, paper, state in answered.values_list("membership__code", "paper__key", "state"):
        (offered if state == PlaceOffer.State.OPEN else past).add((student, paper))
    return holds, frozenset(lost - set(holds)), frozenset(past), frozenset(offered)


GONE_OR_OPEN = (PlaceOffer.State.OPEN, PlaceOffer.State.DECLINED, PlaceOffer.State.EXPIRED)


def place_of(row: Presenter, talk: Presentation) -> changes.Place:
    """Return somebody's place in a talk in class as the rules know it. No query."""
    assert talk.paper is not None, "a talk in class has a paper"
    return changes.Place(talk.paper.key, row.seat, talk.meeting.key, talk.meeting.starts_at)


@dataclass(frozen=True)
class Due:
    """Open offers and swaps that end now, and whether because their time is over.

    What is not expired has lost its ground: somebody left, a place is gone, a talk was moved.
    """

    offers: tuple[tuple[PlaceOffer, bool], ...]
    swaps: tuple[tuple[Swap, bool], ...]


def open_offers(course: Course) -> QuerySet[PlaceOffer]:
    """Return the open offers of a course with all that a page or mail says about them."""
    return PlaceOffer.objects.filter(
        paper__course=course, state=PlaceOffer.State.OPEN
    ).select_related("round", "paper__meeting", "membership__user")


def open_swaps(course: Course) -> QuerySet[Swap]:
    """Return the open swaps of a course with both places, their talks and people."""
    return swaps_of(course).filter(state=Swap.State.OPEN)


def swaps_of(course: Course) -> QuerySet[Swap]:
    """Return all swaps of a course with both places, their talks and people."""
    places = [
        f"{side}__{rest}"
        for side in ("mine", "theirs")
        for rest in ("membership__user", "presentation__paper", "presentation__meeting__course")
    ]
    return Swap.objects.filter(mine__presentation__course=course).select_related(*places)


def due_changes(course: Course, at: datetime) -> Due:
    """Return the open offers and swaps that end at ``at``. Six queries at any size, two if none.

    Exact only for a caller that holds the lock of the course's talks.
    """
    offers = list(open_offers(course))
    ending: list[tuple[PlaceOffer, bool]] = []
    if offers:
        talks, waiting = talks_by_paper(course), papers_not_published(course)
        lists = {(row.round_id, row.membership.code): row for row in _all_lists(course, offers)}
        for offer in offers:
            talk = talks.get(offer.paper_id)
            meeting = meeting_of(offer.paper, talk)
            meeting.course = course
            row = lists.get((offer.round_id, offer.membership.code))
            held = _held(talks, offer.membership)
            stands = offer.paper_id not in waiting and _stands(offer, talk, meeting, row, held)
            if offer.expires_at <= at or not stands:
                ending.append((offer, offer.expires_at <= at))
    swaps = [
        (swap, swap.expires_at <= at)
        for swap in open_swaps(course)
        if swap.expires_at <= at or not _both_live(swap)
    ]
    return Due(tuple(ending), tuple(swaps))


def _all_lists(course: Course, offers: Iterable[PlaceOffer]) -> list[PreferenceList]:
    people = {offer.membership_id for offer in offers}
    rows = PreferenceList.objects.filter(round__course=course, membership__in=people)
    return list(rows.select_related("membership").prefetch_related("choices__paper"))


def _held(talks: Mapping[int | None, Presentation], member: Membership) -> str | None:
    for talk in talks.values():
        if any(row.membership_id == member.pk for row in talk.on_stage):  # type: ignore[attr-defined]
            return talk.paper.key if talk.paper else None
    return None


def _stands(
    offer: PlaceOffer,
    talk: Presentation | None,
    meeting: Meeting,
    row: PreferenceList | None,
    held: str | None,
) -> bool:
    on_stage: list[Presenter] = talk.on_stage if talk else []  # type: ignore[attr-defined]
    papers = [choice.paper.key for choice in row.choices.all()] if row else []
    return (
        offer.membership.is_student
        and meeting.cancelled_at is None
        and offer.expires_at <= meeting.starts_at - changes.FROZEN
        and offer.seat < offer.paper.capacity
        and offer.seat not in {presenter.seat for presenter in on_stage}
        and changes.wants_more(papers, offer.paper.key, held)
    )


def _both_live(swap: Swap) -> bool:
    return all(is_live(place) for place in (swap.mine, swap.theirs))


def is_live(place: Presenter) -> bool:
    """Tell whether somebody still has a place in a talk that takes place. No query."""
    talk = place.presentation
    return (
        place.ended_at is None
        and talk.cancelled_at is None
        and talk.meeting.cancelled_at is None
        and place.membership.is_student
    )


def offers_of(membership: Membership) -> QuerySet[PlaceOffer]:
    """Return somebody's offers, open and answered, newest first."""
    return (
        PlaceOffer.objects.filter(membership=membership)
        .select_related("round", "paper__meeting__course", "membership__user")
        .order_by("-offered_at", "-id")
    )


def swaps_with(place: Presenter) -> QuerySet[Swap]:
    """Return the open swaps that somebody's place is part of."""
    course = place.presentation.course
    return open_swaps(course).filter(Q(mine=place) | Q(theirs=place))


def partners_for_swap(place: Presenter, at: datetime, *, by_staff: bool = False) -> list[Presenter]:
    """Return those with whom this place could be swapped at ``at``, by date. Two queries."""
    course = place.presentation.course
    rows = (
        Presenter.objects.live()
        .filter(
            presentation__course=course,
            kind=IN_CLASS,
            presentation__cancelled_at__isnull=True,
            presentation__meeting__cancelled_at__isnull=True,
            membership__state=Membership.State.ACTIVE,
        )
        .exclude(presentation=place.presentation_id)
        .select_related("membership__user", "presentation__paper", "presentation__meeting")
        .order_by("presentation__meeting__date", "presentation__position", "seat")
    )
    found = []
    for row in rows:
        row.presentation.meeting.course = course
        if swap_code(place, row, at, by_staff=by_staff) is None:
            found.append(row)
    return found


def swap_code(
    mine: Presenter, theirs: Presenter, at: datetime, *, by_staff: bool = False
) -> str | None:
    """Return why two places cannot change hands, as a code, or None. No query."""
    talks = mine.presentation, theirs.presentation
    facts = changes.SwapFacts(
        both_live=is_live(mine) and is_live(theirs),
        both_in_class=mine.kind == theirs.kind == IN_CLASS,
        same_talk=talks[0].pk == talks[1].pk,
        first_starts_at=min(talk.meeting.starts_at for talk in talks),
        by_staff=by_staff,
    )
    return changes.swap_refusal(facts, at)


def clashes(mine: Presenter, theirs: Presenter) -> list[tuple[Membership, Meeting]]:
    """Return who said that they cannot present where a swap would put them. One query."""
    gets = {mine.membership_id: theirs, theirs.membership_id: mine}
    rows = PreferenceList.objects.filter(membership__in=gets, number__isnull=False).filter(
        unavailable__meeting__in=[place.presentation.meeting_id for place in gets.values()]
    )
    said = set(rows.values_list("membership_id", "unavailable__meeting_id"))
    return [
        (giver.membership, gets[giver.membership_id].presentation.meeting)
        for giver in (mine, theirs)
        if (giver.membership_id, gets[giver.membership_id].presentation.meeting_id) in said
    ]


def presenters_of(course: Course) -> QuerySet[Presenter]:
    """Return all places of a course, past and present, with talk, meeting, paper and person."""
    return Presenter.objects.filter(presentation__course=course).select_related(
        "membership__user", "presentation__paper", "presentation__meeting__course"
    )


@dataclass(frozen=True)
class Happening:
    """One line of a talk's history. ``kind``: ``came left offered answered swap``."""

    at: datetime
    kind: str
    who: Membership
    words: str = ""
    state: str = ""
    other: Membership | None = None


def history_of(talk: Presentation) -> list[Happening]:
    """Return what happened to the places of a talk, newest first. Three queries."""
    lines: list[Happening] = []
    for row in talk.presenters.select_related("membership__user"):
        lines.append(Happening(row.since, "came", row.membership, row.reason))
        if row.confirmed_at:
            lines.append(Happening(row.confirmed_at, "confirmed", row.membership))
        if row.ended_at:
            lines.append(Happening(row.ended_at, "left", row.membership, row.ended_reason))
    offers = PlaceOffer.objects.filter(paper=talk.paper_id).select_related("membership__user")
    for offer in offers if talk.paper_id else ():
        lines.append(Happening(offer.offered_at, "offered", offer.membership))
        if offer.answered_at:
            lines.append(
                Happening(offer.answered_at, "answered", offer.membership, state=offer.state)
            )
    swaps = swaps_of(talk.course).filter(Q(mine__presentation=talk) | Q(theirs__presentation=talk))
    for swap in swaps:
        one, two = swap.mine.membership, swap.theirs.membership
        lines.append(Happening(swap.proposed_at, "proposed", one, swap.message, other=two))
        if swap.answered_at:
            lines.append(Happening(swap.answered_at, "swap", one, state=swap.state, other=two))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def cascade_of(offer: PlaceOffer, course: Course, at: datetime) -> list[tuple[str, str]]:
    """Return who would move where if this offer and all that follow are taken; for staff.

    Each line is the name of a person and the title of a paper. Fifteen queries.
    """
    for found in offer_rounds(course):
        if found.round.pk == offer.round_id and offer.paper.key in found.papers:
            paper = found.papers[offer.paper.key]
            assert paper.meeting is not None, "only papers with a meeting are offered"
            place = changes.Place(paper.key, offer.seat, paper.meeting.key, paper.meeting.starts_at)
            steps = changes.cascade(found.facts, place, at, offer.membership.code)
            return [
                (found.members[step.student].user.name, found.papers[step.place.paper].title)
                for step in steps
                if step.student in found.members and step.place.paper in found.papers
            ]
    return []


def courses_with_places(at: datetime) -> list[int]:
    """Return the courses in which something may be due: by id, in order. One query.

    Those with open offers or swaps, and those with a published round and a meeting to come.
    """
    published = Q(
        state=Course.State.ACTIVE,
        rounds__allocations__published_at__isnull=False,
        meetings__kind=Meeting.Kind.IN_CLASS,
        meetings__date__gt=at.date(),
        meetings__cancelled_at__isnull=True,
    )
    open_now = Q(papers__offers__state=PlaceOffer.State.OPEN) | Q(
        presentations__presenters__swaps_proposed__state=Swap.State.OPEN
    )
    found = Course.objects.filter(published | open_now).order_by("id").distinct()
    return list(found.values_list("id", flat=True))


def offer_refusal(offer: PlaceOffer, at: datetime) -> Refused | None:
    """Return why an offer cannot be answered any more, or None. No query."""
    states = PlaceOffer.State
    if offer.state == states.OPEN and at < offer.expires_at:
        return None
    words = {
        states.ACCEPTED: _("You have accepted this offer already."),
        states.DECLINED: _("You have declined this offer. It does not come back."),
        states.WITHDRAWN: _("This offer was withdrawn: the place is not free any more."),
    }
    state = states(offer.state)
    gone = _("This offer ended %(when)s. The place goes to the next person.")
    when = course_time(offer.expires_at, offer.paper.course.zone)
    code = "offer_expired" if state == states.OPEN else f"offer_{state}"
    return Refused(code, words.get(state) or gone % {"when": when})


def leave_refusal(place: Presenter, at: datetime, *, with_course: bool = False) -> Refused | None:
    """Return why a place cannot be given back at ``at``, or None. No query.

    ``with_course``: for somebody who leaves the course, or confirms; a final talk counts too.
    Codes: ``not_presenting not_in_class talk_begun``.
    """
    talk = place.presentation
    if place.ended_at is not None or talk.cancelled_at is not None:
        return Refused("not_presenting", _("This place is not taken any more."))
    if place.kind != IN_CLASS and not with_course:
        words = _("A place in a final talk belongs to a group. Ask your instructor to change it.")
        return Refused("not_in_class", words, status=422)
    if at >= talk.meeting.starts_at:
        return Refused("talk_begun", _("The meeting of this talk has begun."))
    return None


def swap_refusal(
    mine: Presenter, theirs: Presenter, at: datetime, *, by_staff: bool = False
) -> Refused | None:
    """Return why two places cannot change hands at ``at``, in words, or None. No query.

    Codes: ``not_presenting not_in_class same_talk talk_soon talk_begun``.
    """
    code = swap_code(mine, theirs, at, by_staff=by_staff)
    words = {
        "not_presenting": _("One of you does not present any more. Look at the list of talks."),
        "not_in_class": _("Only places in talks in class can be swapped."),
        "same_talk": _("You present the same talk already."),
        "talk_soon": _("One of the talks is less than a day away. Ask your instructor."),
        "talk_begun": _("One of the meetings has begun."),
    }
    return Refused(code, words[code]) if code else None


def swap_answer_refusal(swap: Swap, at: datetime) -> Refused | None:
    """Return why a swap cannot be answered any more, or None. No query.

    Codes: ``swap_expired swap_accepted swap_declined swap_withdrawn``.
    """
    states = Swap.State
    if swap.state == states.OPEN and at < swap.expires_at:
        return None
    words = {
        states.ACCEPTED: _("This swap is done already."),
        states.DECLINED: _("This swap was declined. Both talks stay as they are."),
        states.WITHDRAWN: _("This swap was withdrawn. Both talks stay as they are."),
    }
    state = states(swap.state)
    gone = _("This swap was not accepted in time. Both talks stay as they are.")
    code = "swap_expired" if state == states.OPEN else f"swap_{state}"
    return Refused(code, words.get(state) or gone)


@dataclass(frozen=True)
class OwnChange:
    """What a presenter can do about the own place now, and what is open about it."""

    can_leave: bool
    can_confirm: bool
    can_swap: bool
    swaps: tuple[Swap, ...]


def own_change(place: Presenter, course: Course, at: datetime) -> OwnChange:
    """Return what the page of a talk offers to its presenter. One query."""
    meeting = place.presentation.meeting
    meeting.course = course
    swaps = open_swaps(course).filter(Q(mine=place.pk) | Q(theirs=place.pk))
    return OwnChange(
        can_leave=leave_refusal(place, at) is None,
        can_confirm=place.confirmed_at is None and at < meeting.starts_at,
        can_swap=place.kind == IN_CLASS and at < meeting.starts_at - changes.SWAP_ENDS,
        swaps=tuple(swaps),
    )


@dataclass(frozen=True)
class StaffView:
    """What instructors see of a talk: history, open offers with what they would lead to."""

    history: tuple[Happening, ...]
    offers: tuple[tuple[PlaceOffer, tuple[tuple[str, str], ...]], ...]
    can_change: bool


def staff_view(talk: Presentation, course: Course, at: datetime) -> StaffView:
    """Return the staff part of the page of a talk. Five queries, twenty for each open offer."""
    talk.course = course
    offers = open_offers(course).filter(paper=talk.paper_id) if talk.paper_id else ()
    chains = ((offer, tuple(cascade_of(offer, course, at))) for offer in offers)
    can_change = talk.kind == IN_CLASS and at < talk.meeting.starts_at
    return StaffView(tuple(history_of(talk)), tuple(chains), can_change)


def is_frozen(place: Presenter, at: datetime) -> bool:
    """Tell whether it is too late to offer this place to anybody else. No query."""
    return at >= place.presentation.meeting.starts_at - changes.FROZEN
