"""Who wants to present what, in which order they asked."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from courses.models import Course, Meeting, Membership, Paper
from seminar.lib.append_only import AppendOnly
from seminar.lib.constraints import between, one_of, together


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
    max_unwanted = models.PositiveSmallIntegerField(
        _("papers one may say not to want"),
        default=0,
        help_text=_("Nobody is placed on a paper they do not want, even where the round fills."),
    )
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
            between("max_unwanted", 0, 100, name="presentations_round_unwanted_sane"),
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


class UnwantedPaper(models.Model):
    """A paper that a student does not want to present: neither ranked nor given by filling."""

    list = models.ForeignKey(PreferenceList, models.CASCADE, related_name="unwanted")
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            UniqueConstraint(fields=["list", "paper"], name="presentations_unwanted_once"),
        ]

    def __str__(self) -> str:
        return str(self.paper)


class UnavailableMeeting(models.Model):
    """A meeting at which a student cannot present: a hard constraint of the allocation."""

    list = models.ForeignKey(PreferenceList, models.CASCADE, related_name="unavailable")
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            UniqueConstraint(fields=["list", "meeting"], name="presentations_unavailable_once"),
        ]

    def __str__(self) -> str:
        return str(self.meeting)


class QueueEvent(AppendOnly):
    """One line of a round's log: what came in, in the order it was served.

    ``seq`` is given under the round's lock, so that the log is the order in which the queue was
    really served. ``number`` is what was given out or burned; ``papers`` is the list then.
    ``imported``: staff entered it, collected on paper. ``wishes`` is the rest of the list:
    ``{"unwanted": [paper], "unavailable": [meeting]}``, keys; null in lines from before there were
    such wishes.
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
    wishes = models.JSONField(null=True, encoder=DjangoJSONEncoder)
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
