"""Who presents what, and the slides."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from courses.models import Course, Meeting, Membership, Paper
from presentations.models.allocations import Allocation
from presentations.models.projects import FinalProject
from seminar.lib.append_only import AppendOnly
from seminar.lib.constraints import between, one_of
from seminar.lib.fields import CodeField


class Presentation(models.Model):
    """A talk: a paper in class, or a final talk of a group. ``position`` is the running order."""

    class Kind(models.TextChoices):
        IN_CLASS = "in_class", _("In-class presentation")
        FINAL = "final", _("Final presentation")

    class Mode(models.TextChoices):
        REVIEW = "literature_review", _("Literature review")
        MECHANISM = "new_mechanism", _("New mechanism")

    code = CodeField()
    course = models.ForeignKey(Course, models.PROTECT, related_name="presentations")
    kind = models.CharField(max_length=10, choices=Kind)
    paper = models.ForeignKey(
        Paper, models.PROTECT, null=True, blank=True, related_name="presentations"
    )
    project = models.ForeignKey(
        FinalProject, models.PROTECT, null=True, blank=True, related_name="talks"
    )
    title = models.CharField(max_length=300, blank=True)
    mode = models.CharField(max_length=20, choices=Mode, blank=True)
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="presentations")
    allocation = models.ForeignKey(
        Allocation, models.PROTECT, null=True, blank=True, related_name="presentations"
    )
    position = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField()
    changeover_minutes = models.PositiveSmallIntegerField(default=0)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["meeting__date", "meeting__starts", "position", "id"]
        verbose_name = _("presentation")
        verbose_name_plural = _("presentations")
        constraints = [
            one_of("kind", ("in_class", "final"), name="presentations_presentation_kind_known"),
            one_of(
                "mode",
                ("", "literature_review", "new_mechanism"),
                name="presentations_presentation_mode_known",
            ),
            CheckConstraint(
                condition=Q(kind="in_class", paper__isnull=False)
                | Q(kind="final", paper__isnull=True, title__length__gte=1),
                name="presentations_presentation_paper_or_title",
            ),
            UniqueConstraint(
                fields=["paper"],
                condition=Q(cancelled_at__isnull=True, paper__isnull=False),
                name="presentations_presentation_one_live_per_paper",
            ),
            UniqueConstraint(
                fields=["project"],
                condition=Q(cancelled_at__isnull=True, project__isnull=False),
                name="presentations_presentation_one_live_per_project",
            ),
            UniqueConstraint(
                fields=["meeting", "position"],
                condition=Q(cancelled_at__isnull=True),
                name="presentations_presentation_order_once",
            ),
            between("minutes", 1, 600, name="presentations_presentation_minutes_sane"),
        ]

    def __str__(self) -> str:
        return self.paper.title if self.paper else self.title


class PresenterQuerySet(models.QuerySet["Presenter"]):
    """Reads of presenters."""

    def live(self) -> Self:
        """Return those who still present."""
        return self.filter(ended_at__isnull=True)


class Presenter(models.Model):
    """One person's place in one talk. Never deleted: losing it stamps the time and the reason.

    ``seat`` counts from 0 below the paper's capacity; two people on one seat, or one person in two
    talks of a kind, cannot be stored.
    """

    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="presenters")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="talks")
    kind = models.CharField(max_length=10, choices=Presentation.Kind)
    seat = models.PositiveSmallIntegerField()
    choice = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=40)
    since = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)

    objects = PresenterQuerySet.as_manager()

    class Meta:
        ordering = ["seat", "id"]
        verbose_name = _("presenter")
        verbose_name_plural = _("presenters")
        constraints = [
            UniqueConstraint(
                fields=["presentation", "seat"],
                condition=Q(ended_at__isnull=True),
                name="presentations_presenter_seat_once",
            ),
            UniqueConstraint(
                fields=["membership", "kind"],
                condition=Q(ended_at__isnull=True),
                name="presentations_presenter_one_live_talk_per_kind",
            ),
            one_of("kind", ("in_class", "final"), name="presentations_presenter_kind_known"),
            between("seat", 0, 99, name="presentations_presenter_seat_sane"),
            CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since")),
                name="presentations_presenter_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.presentation}"


class Slides(AppendOnly):
    """One uploaded version of a talk's slides; the highest ``version`` is shown in the room.

    The file lies under its hash, as every upload does (``seminar.lib.uploads``).
    """

    code = CodeField()
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="slides")
    version = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    pages = models.PositiveIntegerField(null=True)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-version"]
        verbose_name = _("slides")
        verbose_name_plural = _("slides")
        constraints = [
            UniqueConstraint(
                fields=["presentation", "version"], name="presentations_slides_version_once"
            ),
            CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="presentations_slides_sha256"
            ),
            CheckConstraint(condition=Q(version__gte=1), name="presentations_slides_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.presentation} {self.version}"
