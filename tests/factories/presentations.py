"""Rounds, lists and talks for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from courses.models import Course, Membership, Paper
from presentations.actions import submit_list
from presentations.models import PlaceOffer, PreferenceRound, Presentation, Presenter, Swap
from tests.factories.courses import NUMBERS, make_meeting, make_member, make_paper

# The round of the example: from the end of the first lecture, Mon 20 Oct 2025, 18:00 in Berlin,
# to Fri 24 Oct, 18:00.
OPENS = datetime(2025, 10, 20, 16, 0, tzinfo=UTC)
CLOSES = datetime(2025, 10, 24, 16, 0, tzinfo=UTC)
DURING = datetime(2025, 10, 21, 9, 30, tzinfo=UTC)
AFTER = datetime(2025, 10, 24, 16, 1, tzinfo=UTC)


def make_round(course: Course, papers: list[Paper] | None = None, **fields: Any) -> PreferenceRound:
    """A round with three papers of one meeting on 10 November, lists of 2 to 3."""
    if papers is None:
        meeting = make_meeting(course)
        papers = [make_paper(course, meeting=meeting) for _ in range(3)]
    round_ = PreferenceRound.objects.create(
        **{
            "course": course,
            "key": f"round-{next(NUMBERS)}",
            "title": "In-class papers",
            "opens_rule": "end of meeting first",
            "opens_at": OPENS,
            "closes_rule": "2025-10-24 18:00",
            "closes_at": CLOSES,
            "min_length": min(2, len(papers)),
            "max_length": len(papers),
        }
        | fields
    )
    round_.papers.set(papers)
    return round_


def keys_of(round_: PreferenceRound) -> list[str]:
    """The papers of a round by key, in the order of the reading list."""
    return list(round_.papers.order_by("position").values_list("key", flat=True))


def make_students(course: Course, count: int) -> list[Membership]:
    return [make_member(course, name=f"Student {number:03}") for number in range(count)]


def make_submitted(
    round_: PreferenceRound, membership: Membership, ranked: list[str], at: datetime = DURING
) -> int:
    """Submit a list through the action and return its number."""
    number: int = submit_list(round_.pk, membership, ranked, "", at)["number"]
    return number


def make_talk(course: Course, *members: Membership, **fields: Any) -> Presentation:
    """A talk in class with its presenters, as staff or an allocation gave it."""
    paper = fields.pop("paper", None)
    if paper is None:
        meeting = fields.pop("meeting", None) or make_meeting(course)
        paper = make_paper(course, meeting=meeting, capacity=max(1, len(members)))
    talk = Presentation.objects.create(
        **{
            "course": course,
            "kind": Presentation.Kind.IN_CLASS,
            "paper": paper,
            "meeting": paper.meeting,
            "position": next(NUMBERS),
            "minutes": paper.meeting.talk_minutes,
            "changeover_minutes": paper.meeting.changeover_minutes,
        }
        | fields
    )
    for seat, member in enumerate(members):
        Presenter.objects.create(
            presentation=talk,
            membership=member,
            kind=talk.kind,
            seat=seat,
            reason="first_choice",
            since=OPENS,
        )
    return talk


def make_offer(round_: PreferenceRound, paper: Paper, to: Membership, at: datetime) -> PlaceOffer:
    """An open offer of the first place of a paper; it is open for two days."""
    return PlaceOffer.objects.create(
        round=round_,
        paper=paper,
        seat=0,
        membership=to,
        number=1,
        choice=1,
        offered_at=at,
        expires_at=at + timedelta(days=2),
    )


def make_swap(mine: Presentation, theirs: Presentation, at: datetime) -> Swap:
    """An open swap between the first presenters of two talks; it is open for two days."""
    one, two = (talk.presenters.earliest("seat") for talk in (mine, theirs))
    until = at + timedelta(days=2)
    return Swap.objects.create(mine=one, theirs=two, proposed_at=at, expires_at=until)
