"""Runs over a round, and the places that staff set before."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from courses.models import Membership, Paper
from presentations.models.preferences import PreferenceRound
from seminar.lib.constraints import together
from seminar.lib.fields import CodeField


class Pin(models.Model):
    """A place that staff set in a round: it goes first, and every run keeps it until it is lifted.

    Never deleted: lifting it stamps who, when and why.
    """

    round = models.ForeignKey(PreferenceRound, models.PROTECT, related_name="pins")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="pins")
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="+")
    reason = models.TextField()
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifted_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["set_at", "id"]
        constraints = [
            UniqueConstraint(
                fields=["round", "membership"],
                condition=Q(lifted_at__isnull=True),
                name="presentations_pin_one_live_per_student",
            ),
            CheckConstraint(condition=Q(reason__length__gte=1), name="presentations_pin_reason"),
            together("lifted_at", "lifted_by", name="presentations_pin_lifted_by_someone"),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.paper}"


class Allocation(models.Model):
    """One run over a round. Inputs and output are stored, so that a replay gives the same bytes."""

    code = CodeField()
    round = models.ForeignKey(PreferenceRound, models.PROTECT, related_name="allocations")
    run = models.PositiveIntegerField()
    run_at = models.DateTimeField()
    run_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Nobody: the command line."),
    )
    rule_version = models.CharField(max_length=20)
    input_hash = models.CharField(max_length=64)
    inputs = models.JSONField()
    outcome = models.JSONField()
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-run"]
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = [
            UniqueConstraint(fields=["round", "run"], name="presentations_allocation_run_once"),
            UniqueConstraint(
                fields=["round"],
                condition=Q(published_at__isnull=False),
                name="presentations_allocation_one_published",
            ),
            CheckConstraint(
                condition=Q(published_by__isnull=True) | Q(published_at__isnull=False),
                name="presentations_allocation_published_by",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} run {self.run}"
