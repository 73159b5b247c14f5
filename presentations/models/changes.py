"""Places that change hands after publication: offered by number, or swapped by two consents."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from courses.models import Membership, Paper
from presentations.models.preferences import PreferenceRound
from presentations.models.talks import Presenter
from seminar.lib.constraints import between, one_of
from seminar.lib.fields import CodeField


class PlaceOffer(models.Model):
    """A freed place offered to the next student of the queue who wanted it more than their own.

    One open offer for each seat of a paper. What was declined or has expired does not come back to
    the same student. Source: PRODUCT 3.3.6.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    code = CodeField()
    round = models.ForeignKey(PreferenceRound, models.PROTECT, related_name="offers")
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="offers")
    seat = models.PositiveSmallIntegerField()
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="offers")
    number = models.PositiveIntegerField()
    choice = models.PositiveSmallIntegerField()
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["offered_at", "id"]
        verbose_name = _("offer of a place")
        verbose_name_plural = _("offers of places")
        constraints = [
            UniqueConstraint(
                fields=["paper", "seat"],
                condition=Q(state="open"),
                name="presentations_offer_one_open_per_place",
            ),
            UniqueConstraint(
                fields=["paper", "membership"],
                condition=Q(state__in=["open", "declined", "expired"]),
                name="presentations_offer_does_not_return",
            ),
            one_of(
                "state",
                ("open", "accepted", "declined", "expired", "withdrawn"),
                name="presentations_offer_state_known",
            ),
            CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True)
                | (~Q(state="open") & Q(answered_at__isnull=False)),
                name="presentations_offer_answered_iff_not_open",
            ),
            CheckConstraint(
                condition=Q(expires_at__gt=F("offered_at")),
                name="presentations_offer_expires_later",
            ),
            between("seat", 0, 99, name="presentations_offer_seat_sane"),
            between("choice", 1, 1000, name="presentations_offer_choice_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.paper}: {self.membership}"


class Swap(models.Model):
    """Two presenters who want to change places. Proposing is the first consent, accepting the second.

    ``mine`` is the place of whoever proposed it, ``theirs`` the other one.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    code = CodeField()
    mine = models.ForeignKey(Presenter, models.PROTECT, related_name="swaps_proposed")
    theirs = models.ForeignKey(Presenter, models.PROTECT, related_name="swaps_received")
    message = models.CharField(max_length=500, blank=True)
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["proposed_at", "id"]
        verbose_name = _("swap")
        verbose_name_plural = _("swaps")
        constraints = [
            UniqueConstraint(
                fields=["mine", "theirs"],
                condition=Q(state="open"),
                name="presentations_swap_proposed_once",
            ),
            CheckConstraint(condition=~Q(mine=F("theirs")), name="presentations_swap_between_two"),
            one_of(
                "state",
                ("open", "accepted", "declined", "expired", "withdrawn"),
                name="presentations_swap_state_known",
            ),
            CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True)
                | (~Q(state="open") & Q(answered_at__isnull=False)),
                name="presentations_swap_answered_iff_not_open",
            ),
            CheckConstraint(
                condition=Q(expires_at__gt=F("proposed_at")),
                name="presentations_swap_expires_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mine} / {self.theirs}"
