"""A published round to change places in, and what people were told."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from courses.models import Course
from presentations.actions import (
    accept_offer,
    allocate_round,
    publish_allocation,
    withdraw_from_talk,
)
from presentations.models import Allocation, PlaceOffer, Presenter
from seminar.accounts.models import AuditEntry, User
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.courses import make_meeting, make_member, make_paper
from tests.factories.presentations import AFTER, make_round, make_submitted

LATER = AFTER + timedelta(hours=1)


class Scene:
    """A published round: papers a, b, c in December, one place each; lists are given by word."""

    def __init__(self, course: Course, staff: User, *lists: str) -> None:
        self.course, self.staff = course, staff
        self.meeting = make_meeting(course, on=date(2025, 12, 1))
        self.papers = {
            key: make_paper(course, key=key, title=f"Paper {key}", meeting=self.meeting)
            for key in "abc"
        }
        self.round = make_round(course, list(self.papers.values()), min_length=1)
        self.people = [make_member(course, name=f"Student {n}") for n in range(len(lists))]
        for who, ranked in zip(self.people, lists, strict=True):
            make_submitted(self.round, who, list(ranked))
        allocate_round(self.round.pk, staff, AFTER)
        publish_allocation(Allocation.objects.get(round=self.round).pk, staff, AFTER)
        Message.objects.all().delete()

    def place(self, number: int) -> Presenter:
        return Presenter.objects.live().get(membership=self.people[number])

    def held(self) -> list[str | None]:
        """The paper of each student by number."""
        rows = Presenter.objects.live().filter(presentation__course=self.course)
        papers = dict(rows.values_list("membership_id", "presentation__paper__key"))
        return [papers.get(who.pk) for who in self.people]

    def leave(self, number: int, at: datetime = LATER) -> dict[str, Any]:
        who = self.people[number]
        return withdraw_from_talk(self.place(number).pk, "Too much", who.user, at)

    def offers(self) -> list[tuple[int, str, str]]:
        """Who was offered what, and how it stands."""
        number = {who.pk: n for n, who in enumerate(self.people)}
        rows = PlaceOffer.objects.order_by("id").values_list("membership_id", "paper__key", "state")
        return [(number[who], paper, state) for who, paper, state in rows]

    def offer(self) -> PlaceOffer:
        return PlaceOffer.objects.get(state="open")

    def accept(self, at: datetime = LATER) -> dict[str, Any]:
        offer = self.offer()
        return accept_offer(offer.pk, offer.membership, at)


def told() -> list[tuple[str, str]]:
    rows = Message.objects.order_by("id").values_list("to__name", "subject")
    return [(name, subject.partition("] ")[2]) for name, subject in rows]


def refusal(ask: Callable[[], Any]) -> tuple[str, int]:
    before = AuditEntry.objects.count(), Message.objects.count()
    with pytest.raises(Refused) as refused:
        ask()
    assert (AuditEntry.objects.count(), Message.objects.count()) == before
    return refused.value.code, refused.value.status
