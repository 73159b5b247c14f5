"""Places that change hands: offers, swaps, places given back, other capacities."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import INSTRUCTOR, STUDENT, CourseApi
from courses.models import Paper
from presentations import actions
from presentations.api.talks import OnePresentation, OnStage, PlaceApi, Reassigned, unknown
from presentations.models import PlaceOffer, Presenter, Swap
from presentations.queries import capacity as capacities
from presentations.queries import changes
from seminar.lib import clock
from seminar.lib.rest import Answer, Body, Nothing, Text, Whole, Window, listed, operation

# --- Offers ----------------------------------------------------------------------------------


class Offer(Answer):
    """A free place that the reader is offered."""

    code = serializers.CharField()
    paper = serializers.CharField(source="paper.key")
    meeting = serializers.CharField(source="paper.meeting.key")
    starts_at = serializers.DateTimeField(
        source="paper.meeting.starts_at", help_text="when the meeting begins"
    )
    choice = serializers.IntegerField(help_text="where the paper stands on the own list, from 1")
    number = serializers.IntegerField(help_text="the own number in the queue")
    offered_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="until when it can be answered")
    state = serializers.CharField(help_text="open, accepted, declined, expired, withdrawn")
    refusal = serializers.SerializerMethodField(help_text="why it cannot be answered now, or null")

    def get_refusal(self, found: PlaceOffer) -> str | None:
        """Return the code that answering would be refused with."""
        refusal = changes.offer_refusal(found, self.context["at"])
        return refusal.code if refusal else None


class OfferApi(CourseApi):
    """A view of one's own offers."""

    def offers(self) -> QuerySet[PlaceOffer]:
        """Return one's own offers here, newest first."""
        return changes.offers_of(self.membership).select_related("paper__course")

    def offer(self, code: str) -> PlaceOffer:
        """Return one's own offer. Raises Http404."""
        return get_object_or_404(self.offers(), code=code)


class Offers(OfferApi):
    policy = STUDENT

    @operation(
        "list_offers", "The own offers that wait for an answer", answer=listed(Offer), query=Window
    )
    def get(self, request: Request, slug: str) -> Response:
        at = clock.now()
        rows = self.offers().filter(state=PlaceOffer.State.OPEN, expires_at__gt=at)
        return self.window(Offer, rows, at=at)


class OneOffer(OfferApi):
    policy = STUDENT

    @operation("read_offer", "One of the own offers", answer=Offer)
    def get(self, request: Request, slug: str, code: str) -> Response:
        return self.answer(Offer, self.offer(code), at=clock.now())


class AcceptOffer(OfferApi):
    policy = STUDENT
    reads = OneOffer

    @operation(
        "accept_offer",
        "Take the place; the one held now goes to the next person",
        body=Nothing,
        answer=Reassigned,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        offer = self.offer(code)
        self.body(Nothing)
        done = actions.accept_offer(offer.pk, self.membership, clock.now(), self.nonce)
        return self.answer(Reassigned, done)


class DeclineOffer(OfferApi):
    policy = STUDENT
    reads = OneOffer

    @operation(
        "decline_offer",
        "Leave the place to the next person, for good",
        body=Nothing,
        answer=Offer,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        offer, at = self.offer(code), clock.now()
        self.body(Nothing)
        actions.decline_offer(offer.pk, self.membership, at, self.nonce)
        return self.answer(Offer, self.offer(code), at=at)


# --- The own place, and somebody else's ------------------------------------------------------


class Withdrawal(Body):
    """Why the place is given back; the person concerned and the instructors read it."""

    reason = Text(max_length=2000, help_text="kept with the change")


class Confirmed(Answer):
    """The talk that is confirmed."""

    talk = serializers.CharField()


class ChangeApi(PlaceApi):
    """A view of a place, which may have ended: the action says so, or that it did this already."""

    def latest(self, code: str, member: str) -> Presenter | None:
        """Return somebody's place in a talk, the newest if there were several."""
        rows = changes.presenters_of(self.course)
        own = rows.filter(presentation__code=code, membership__code=member)
        return own.order_by("-since", "-pk").first()

    def held(self, code: str, member: str) -> Presenter:
        """Return the same. Raises Http404."""
        found = self.latest(code, member)
        if found is None:
            raise Http404
        return found

    def withdraw(self, place: Presenter) -> Response:
        """Give a place back and answer with who is told."""
        reason, by = self.body(Withdrawal)["reason"], self.membership.user
        done = actions.withdraw_from_talk(place.pk, reason, by, clock.now(), self.nonce)
        return self.answer(Reassigned, done)


class ConfirmPresence(ChangeApi):
    policy = STUDENT
    reads = OnePresentation

    @operation(
        "confirm_presence",
        "Say that one comes and presents",
        body=Nothing,
        answer=Confirmed,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        place = self.held(code, self.membership.code)
        self.body(Nothing)
        done = actions.confirm_presence(place.pk, self.membership, clock.now(), self.nonce)
        return self.answer(Confirmed, done)


class WithdrawFromTalk(ChangeApi):
    policy = STUDENT
    reads = OnePresentation

    @operation(
        "withdraw_from_talk",
        "Give the own place back; it goes to the next person",
        body=Withdrawal,
        answer=Reassigned,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        return self.withdraw(self.held(code, self.membership.code))


class WithdrawPresenter(ChangeApi):
    policy = INSTRUCTOR
    reads = OnePresentation

    @operation(
        "withdraw_presenter",
        "Give somebody's place back for them; it goes to the next person",
        body=Withdrawal,
        answer=Reassigned,
        idempotent=("withdraw_from_talk",),
    )
    def post(self, request: Request, slug: str, code: str, member: str) -> Response:
        return self.withdraw(self.held(code, member))


# --- Swaps -----------------------------------------------------------------------------------


class SwapPlace(Answer):
    """One of the two places of a swap: a talk and who presents it."""

    talk = serializers.CharField(source="presentation.code")
    title = serializers.CharField(source="presentation.__str__")
    starts_at = serializers.DateTimeField(
        source="presentation.meeting.starts_at", help_text="when the meeting begins"
    )
    member = serializers.CharField(source="membership.code")
    name = serializers.CharField(source="membership.user.name")


class SwapProposal(Answer):
    """A proposal to change places, as the two it is between see it."""

    code = serializers.CharField()
    mine = SwapPlace(help_text="of whoever proposed it")
    theirs = SwapPlace(help_text="of whoever can accept or decline it")
    message = serializers.CharField()
    proposed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="until when it can be answered")
    state = serializers.CharField(help_text="open, accepted, declined, expired, withdrawn")
    refusal = serializers.SerializerMethodField(help_text="why it cannot be answered now, or null")

    def get_refusal(self, found: Swap) -> str | None:
        """Return the code that answering would be refused with."""
        refusal = changes.swap_answer_refusal(found, self.context["at"])
        return refusal.code if refusal else None


class Partner(Body):
    """With whom: a talk and one of its presenters, who stay named so after the swap as well."""

    talk = Text(max_length=16, help_text="code of the other talk")
    member = Text(max_length=16, help_text="code of the membership of its presenter")


class NewSwap(Partner):
    """With whom, and what they read."""

    message = Text(max_length=500, allow_blank=True, default="")


class StaffSwap(Partner):
    """With whom, and why."""

    reason = Text(max_length=2000, help_text="kept with the change")


class SwapApi(ChangeApi):
    """A view of the swaps that one's own place is part of."""

    def swaps(self) -> QuerySet[Swap]:
        """Return one's own swaps here, newest first."""
        who = self.membership
        own = Q(mine__membership=who) | Q(theirs__membership=who)
        return changes.swaps_of(self.course).filter(own).order_by("-proposed_at", "-id")

    def swap(self, code: str) -> Swap:
        """Return one of them. Raises Http404."""
        return get_object_or_404(self.swaps(), code=code)

    def partner(self, sent: dict[str, Any]) -> Presenter:
        """Return the place that a body names. Raises Refused."""
        found = self.latest(sent["talk"], sent["member"])
        if found is None:
            raise unknown("member", sent["member"])
        return found

    def end(self, code: str, action: Callable[..., dict[str, Any]]) -> Response:
        """Say no through the action, and answer with the swap as it stands."""
        swap, at = self.swap(code), clock.now()
        self.body(Nothing)
        action(swap.pk, self.membership, at, self.nonce)
        return self.answer(SwapProposal, self.swap(code), at=at)


class Swaps(SwapApi):
    policy = STUDENT

    @operation(
        "list_swaps",
        "The own swaps that wait for an answer",
        answer=listed(SwapProposal),
        query=Window,
    )
    def get(self, request: Request, slug: str) -> Response:
        at = clock.now()
        rows = self.swaps().filter(state=Swap.State.OPEN, expires_at__gt=at)
        return self.window(SwapProposal, rows, at=at)


class OneSwap(SwapApi):
    policy = STUDENT

    @operation("read_swap", "One of the own swaps", answer=SwapProposal)
    def get(self, request: Request, slug: str, code: str) -> Response:
        return self.answer(SwapProposal, self.swap(code), at=clock.now())


class ProposeSwap(SwapApi):
    policy = STUDENT
    reads = OnePresentation

    @operation(
        "propose_swap",
        "Ask another presenter to change places; nothing changes unless they accept",
        body=NewSwap,
        answer=SwapProposal,
        status=201,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        place, sent, at = self.held(code, self.membership.code), self.body(NewSwap), clock.now()
        theirs, by = self.partner(sent), self.membership
        done = actions.propose_swap(place.pk, theirs.pk, sent["message"], by, at, self.nonce)
        return self.answer(SwapProposal, self.swap(done["swap"]), 201, at=at)


class AcceptSwap(SwapApi):
    policy = STUDENT
    reads = OneSwap

    @operation(
        "accept_swap",
        "Give the second consent: both places change hands at once",
        body=Nothing,
        answer=Reassigned,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        swap = self.swap(code)
        self.body(Nothing)
        done = actions.accept_swap(swap.pk, self.membership, clock.now(), self.nonce)
        return self.answer(Reassigned, done)


class DeclineSwap(SwapApi):
    policy = STUDENT
    reads = OneSwap

    @operation(
        "decline_swap",
        "Keep the own talk; both stay as they are",
        body=Nothing,
        answer=SwapProposal,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        return self.end(code, actions.decline_swap)


class WithdrawSwap(SwapApi):
    policy = STUDENT
    reads = OneSwap

    @operation(
        "withdraw_swap",
        "Take the own proposal back; both talks stay as they are",
        body=Nothing,
        answer=SwapProposal,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        return self.end(code, actions.withdraw_swap)


class SwapPresenters(SwapApi):
    policy = INSTRUCTOR
    reads = OnePresentation

    @operation(
        "swap_presenters",
        "Let two presenters change places, with a reason",
        body=StaffSwap,
        answer=Reassigned,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, code: str, member: str) -> Response:
        place, sent = self.held(code, member), self.body(StaffSwap)
        other, by, at = self.partner(sent), self.membership.user, clock.now()
        done = actions.swap_presenters(place.pk, other.pk, sent["reason"], by, at, self.nonce)
        return self.answer(Reassigned, done)


# --- Capacity --------------------------------------------------------------------------------


class Move(Body):
    """Who gives up their place, and what they get instead."""

    member = Text(max_length=16, help_text="code of the membership")
    paper = Text(max_length=50, allow_null=True, help_text="key of another paper; null for none")


class NewCapacity(Body):
    """How many should present a paper, who moves, and why."""

    capacity = Whole(max_value=capacities.MOST)
    moves = Move(many=True, default=list, help_text="needed where fewer places than people remain")
    reason = Text(max_length=2000, help_text="kept with the change; who moves reads it")

    def validate_moves(self, moves: list[dict[str, Any]]) -> dict[str, str]:
        """Return them as the action takes them: papers by membership, "" for none."""
        found = {move["member"]: move["paper"] or "" for move in moves}
        if len(found) != len(moves):
            raise serializers.ValidationError(_("Name each person once."))
        return found


class Mover(OnStage):
    """Somebody who would give up their place."""

    paper = serializers.CharField(allow_null=True, help_text="what they get instead, or null")


class Invited(Answer):
    """Somebody who would be offered a place."""

    code = serializers.CharField()
    name = serializers.CharField(source="user.name")


class CapacityPreview(Answer):
    """What another capacity would do; nothing is done."""

    paper = serializers.CharField(source="paper.key")
    capacity = serializers.IntegerField()
    movers = Mover(many=True)
    withdrawn = OnStage(many=True, help_text="whose offers would end, for want of a place")
    offered = Invited(many=True)


class CapacityChanged(Answer):
    """The paper, and how many people are told."""

    paper = serializers.CharField()
    told = serializers.IntegerField()


class CapacityApi(CourseApi):
    """A view of how many present one paper."""

    def paper(self, key: str) -> Paper:
        """Return the paper. Raises Http404."""
        found = get_object_or_404(self.course.papers.select_related("meeting"), key=key)
        found.course = self.course
        return found


class PreviewCapacity(CapacityApi):
    policy = INSTRUCTOR

    @operation(
        "preview_capacity",
        "Who would move, lose an offer or get one",
        body=NewCapacity,
        answer=CapacityPreview,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        paper, sent, at = self.paper(key), self.body(NewCapacity), clock.now()
        facts = (sent["capacity"], sent["moves"], sent["reason"], at)
        change = capacities.capacity_preview(paper, *facts)
        movers = [{"membership": p.membership, "paper": to or None} for p, to in change.movers]
        return self.answer(CapacityPreview, vars(change) | {"movers": movers})


class ChangeCapacity(CapacityApi):
    policy = INSTRUCTOR

    @operation(
        "change_capacity",
        "Change how many present a paper; move people, offer or withdraw places",
        body=NewCapacity,
        answer=CapacityChanged,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        paper, sent = self.paper(key), self.body(NewCapacity)
        who: dict[str, Any] = {"by": self.membership.user, "at": clock.now(), "nonce": self.nonce}
        moves, reason = sent["moves"], sent["reason"]
        done = actions.change_capacity(paper.pk, sent["capacity"], moves, reason=reason, **who)
        return self.answer(CapacityChanged, done)
