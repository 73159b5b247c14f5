"""Who wants to present what, in which order they asked, and who presents."""

from typing import Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from courses.models import Course, Meeting, Membership, Paper
from seminar.lib.append_only import AppendOnly
from seminar.lib.constraints import between, one_of, together
from seminar.lib.fields import CodeField


class PreferenceRound(models.Model):
    """A time in which students rank papers. ``last_number`` is given out under this row's lock."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="rounds")
    key = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    opens_rule = models.CharField(max_length=200)
    opens_at = models.DateTimeField()
    closes_rule = models.CharField(max_length=200)
    closes_at = models.DateTimeField()
    min_length = models.PositiveSmallIntegerField()
    max_length = models.PositiveSmallIntegerField()
    fill = models.BooleanField(_("place people on papers they did not rank"), default=False)
    papers = models.ManyToManyField(Paper, related_name="rounds")
    last_number = models.PositiveIntegerField(default=0)
    last_event = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["opens_at", "id"]
        verbose_name = _("preference round")
        verbose_name_plural = _("preference rounds")
        constraints = [
            UniqueConstraint(fields=["course", "key"], name="presentations_round_key_once"),
            CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="presentations_round_closes_later"
            ),
            CheckConstraint(
                condition=Q(min_length__gte=1) & Q(max_length__gte=F("min_length")),
                name="presentations_round_lengths",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class PreferenceList(models.Model):
    """One student's ranking in a round. ``number`` is the place in the queue, once submitted."""

    round = models.ForeignKey(PreferenceRound, models.PROTECT, related_name="lists")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="preference_lists")
    number = models.PositiveIntegerField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["number", "id"]
        verbose_name = _("preference list")
        verbose_name_plural = _("preference lists")
        constraints = [
            UniqueConstraint(
                fields=["round", "membership"], name="presentations_list_once_per_student"
            ),
            UniqueConstraint(fields=["round", "number"], name="presentations_list_number_once"),
            together("number", "submitted_at", name="presentations_list_number_iff_submitted"),
            CheckConstraint(
                condition=Q(number__isnull=True) | Q(number__gte=1),
                name="presentations_list_number_from_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership} in {self.round}"


class PreferenceChoice(models.Model):
    """One place of a ranking: position 1 is what the student wants most."""

    list = models.ForeignKey(PreferenceList, models.CASCADE, related_name="choices")
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            UniqueConstraint(
                fields=["list", "position"], name="presentations_choice_position_once"
            ),
            UniqueConstraint(fields=["list", "paper"], name="presentations_choice_paper_once"),
            CheckConstraint(condition=Q(position__gte=1), name="presentations_choice_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.paper}"


class QueueEvent(AppendOnly):
    """One line of a round's log: what came in, in the order it was served.

    ``seq`` is given under the round's lock, so that the log is the order in which the queue was
    really served. ``number`` is what was given out or burned; ``papers`` is the list then.
    ``imported``: staff entered it, collected on paper.
    """

    class Kind(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        CHANGED = "changed", _("Changed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    round = models.ForeignKey(PreferenceRound, models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    papers = models.JSONField(encoder=DjangoJSONEncoder)
    imported = models.BooleanField(db_default=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["seq"]
        constraints = [
            UniqueConstraint(fields=["round", "seq"], name="presentations_event_seq_once"),
            UniqueConstraint(
                fields=["round", "number"],
                condition=Q(kind="submitted"),
                name="presentations_event_number_given_once",
            ),
            one_of(
                "kind",
                ("submitted", "changed", "withdrawn"),
                name="presentations_event_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind} {self.number}"


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
