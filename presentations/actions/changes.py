"""What every change of places does: end one, take one, settle what follows, tell each person once.

The caller holds the lock of the course's talks and is inside its transaction.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from courses.models import Course, Membership, Paper
from presentations.actions.allocations import next_position
from presentations.models import PlaceOffer, Presentation, Presenter, Swap
from presentations.queries import talk_by_code
from presentations.queries.changes import RoundOffers, due_changes, offer_rounds
from presentations.rules import changes
from seminar.accounts.models import User
from seminar.lib.codes import new_code
from seminar.notifications.actions import enqueue

# What heads a mail that says several things.
WEIGHT = (
    "talk_mine",
    "talk_gone",
    "offer_made",
    "swap_proposed",
    "swap_ended",
    "offer_ended",
    "partner_came",
    "partner_left",
    "meeting_changed",
    "staff_told",
)


@dataclass
class News:
    """What each person is to be told about one action: however much it is, it is one mail."""

    course: Course
    at: datetime
    by: User | None = None
    ref: str = field(default_factory=new_code)
    items: dict[Membership, list[dict[str, Any]]] = field(default_factory=dict)

    def tell(self, member: Membership, kind: str, **facts: Any) -> None:
        """Note one thing for one person; ``kind`` is one of ``WEIGHT``."""
        assert kind in WEIGHT, kind
        self.items.setdefault(member, []).append({"kind": kind} | facts)

    def tell_partners(self, presentation: Presentation, kind: str, who: Membership) -> None:
        """Note for everybody else on stage that ``who`` came or left. One query."""
        rows = Presenter.objects.live().filter(presentation=presentation)
        for row in rows.exclude(membership=who).select_related("membership__user"):
            self.tell(row.membership, kind, presentation=presentation, who=who)

    def tell_staff(
        self, verb: str, presentation: Presentation, who: Membership, **more: Any
    ) -> None:
        """Note for the instructors what happened, except for the one who did it. One query."""
        staff = self.course.memberships.active().filter(role=Membership.Role.INSTRUCTOR)
        for member in staff.select_related("user"):
            if member.user != self.by:
                self.tell(
                    member, "staff_told", verb=verb, presentation=presentation, who=who, **more
                )

    def people(self) -> list[tuple[Membership, list[dict[str, Any]]]]:
        """Return who is told what, the weightiest first; closed accounts get no mail."""
        return [
            (member, sorted(items, key=lambda item: WEIGHT.index(item["kind"])))
            for member, items in self.items.items()
            if member.user.is_active
        ]

    def send(self) -> int:
        """Queue ``presentations/mail/news`` for each person; return for how many."""
        talks: dict[str, Any] = {}
        told = self.people()
        for member, items in told:
            for item in items:
                code = item["presentation"].code if item.get("presentation") else ""
                if code and code not in talks:
                    talks[code] = talk_by_code(self.course, code)
                item["talk"] = talks.get(code)
            enqueue(
                "presentations/mail/news",
                key=f"news-{self.ref}-{member.code}",
                to=member.user,
                at=self.at,
                context={"course": self.course, "head": items[0], "items": items},
                course_slug=self.course.slug,
            )
        return len(told)


@dataclass(frozen=True)
class Settled:
    """What followed from a change: codes of the offers made, and of offers and swaps ended."""

    offers: tuple[str, ...]
    ended: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.offers or self.ended)

    def facts(self) -> dict[str, list[str]]:
        """Return it for the audit log."""
        return {"offers": list(self.offers), "ended": list(self.ended)}


def settle(course: Course, news: News) -> Settled:
    """End the offers and swaps that are over or have lost their ground, then offer what is free.

    Every action that changes who has what ends with this, and so does the beat job: asked twice
    it changes nothing. Notes the news. Locks nothing: the caller holds the talks.
    """
    ended = _end_due(course, news)
    return Settled(tuple(_make_offers(course, news)), tuple(ended))


def _end_due(course: Course, news: News) -> list[str]:
    due = due_changes(course, news.at)
    for offer, expired in due.offers:
        state = PlaceOffer.State.EXPIRED if expired else PlaceOffer.State.WITHDRAWN
        answer(offer, state, news.at)
        if offer.membership.is_student:
            news.tell(offer.membership, "offer_ended", offer=offer)
    for swap, expired in due.swaps:
        answer(swap, Swap.State.EXPIRED if expired else Swap.State.WITHDRAWN, news.at)
        for place in (swap.mine, swap.theirs):
            if place.membership.is_student:
                news.tell(place.membership, "swap_ended", swap=swap)
    return [offer.code for offer, _ in due.offers] + [swap.code for swap, _ in due.swaps]


def answer(row: PlaceOffer | Swap, state: str, at: datetime) -> None:
    """Write down how an open offer or swap ended. Its time never lies before it began."""
    began = row.offered_at if isinstance(row, PlaceOffer) else row.proposed_at
    row.state, row.answered_at = state, max(at, began)
    row.save(update_fields=["state", "answered_at"])


def _make_offers(course: Course, news: News) -> list[str]:
    """Offer round by round; after a round that gave something the facts are read anew."""
    made: list[str] = []
    found, turn = offer_rounds(course), 0
    while turn < len(found):
        new = changes.offers(found[turn].facts, found[turn].free, news.at)
        made += [_make(found[turn], offer, news) for offer in new]
        turn += 1
        if new and turn < len(found):
            found = offer_rounds(course)
    return made


def _make(found: RoundOffers, new: changes.NewOffer, news: News) -> str:
    member, own = found.members[new.student], found.facts.holds.get(new.student)
    offer = PlaceOffer.objects.create(
        round=found.round,
        paper=found.papers[new.place.paper],
        seat=new.place.seat,
        membership=member,
        number=new.number,
        choice=new.choice,
        offered_at=news.at,
        expires_at=new.expires_at,
    )
    news.tell(member, "offer_made", offer=offer, has_talk=own is not None)
    return str(offer.code)


def end_place(place: Presenter, reason: str, at: datetime) -> None:
    """End somebody's place; never before it began, even where the demo's clock was set back."""
    place.ended_at, place.ended_reason = max(at, place.since), reason
    place.save(update_fields=["ended_at", "ended_reason"])


def take_place(
    talk: Presentation,
    member: Membership,
    *,
    seat: int,
    choice: int | None,
    reason: str,
    at: datetime,
) -> Presenter:
    """Give a free seat of a talk to somebody."""
    return Presenter.objects.create(
        presentation=talk,
        membership=member,
        kind=talk.kind,
        seat=seat,
        choice=choice,
        reason=reason,
        since=at,
    )


def talk_on(paper: Paper, course: Course) -> Presentation:
    """Return the live talk of a paper; where there is none, make it at the end of its meeting."""
    found = Presentation.objects.filter(paper=paper, cancelled_at__isnull=True)
    talk = found.select_related("meeting", "paper").first()
    meeting = talk.meeting if talk else paper.meeting
    assert meeting is not None, "only papers with a meeting are given"
    meeting.course = course
    return talk or Presentation.objects.create(
        course=course,
        kind=Presentation.Kind.IN_CLASS,
        paper=paper,
        meeting=meeting,
        position=next_position(meeting),
        minutes=meeting.talk_minutes,
        changeover_minutes=meeting.changeover_minutes,
    )
