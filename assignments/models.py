"""What is asked, what is being written, what was handed in."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from courses.models import Course, Membership, Module, Paper
from seminar.lib.append_only import AppendOnly
from seminar.lib.constraints import between, one_of
from seminar.lib.fields import CodeField


class Assignment(models.Model):
    """A report or a mini-assignment. The numbers of a report are data of this row."""

    class Kind(models.TextChoices):
        REPORT = "report", _("Report")
        MINI = "mini_assignment", _("Mini-assignment")

    course = models.ForeignKey(Course, models.PROTECT, related_name="assignments")
    key = models.CharField(max_length=50)
    kind = models.CharField(max_length=20, choices=Kind)
    title = models.CharField(max_length=200)
    module = models.ForeignKey(
        Module, models.PROTECT, null=True, blank=True, related_name="assignments"
    )
    brief = models.TextField(blank=True)
    opens_rule = models.CharField(max_length=200)
    opens_at = models.DateTimeField()
    closes_rule = models.CharField(max_length=200)
    closes_at = models.DateTimeField()
    papers_asked = models.PositiveSmallIntegerField(default=2)
    summary_min = models.PositiveSmallIntegerField(default=5)
    summary_max = models.PositiveSmallIntegerField(default=6)
    strengths = models.PositiveSmallIntegerField(default=3)
    weaknesses = models.PositiveSmallIntegerField(default=3)
    improvements = models.PositiveSmallIntegerField(default=1)
    extensions_asked = models.PositiveSmallIntegerField(default=1)
    pages_min = models.PositiveSmallIntegerField(default=1)
    pages_max = models.PositiveSmallIntegerField(default=2)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["closes_at", "position", "id"]
        constraints = [
            UniqueConstraint(fields=["course", "key"], name="assignments_assignment_key_once"),
            one_of("kind", ("report", "mini_assignment"), name="assignments_assignment_kind_known"),
            CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="assignments_assignment_closes_later",
            ),
            CheckConstraint(
                condition=~Q(kind="report") | Q(module__isnull=False),
                name="assignments_assignment_report_has_module",
            ),
            CheckConstraint(
                condition=Q(summary_max__gte=F("summary_min")) & Q(pages_max__gte=F("pages_min")),
                name="assignments_assignment_ranges",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Extension(models.Model):
    """A later absolute deadline for one student and one assignment. It never shortens."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="extensions")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="extensions")
    until = models.DateTimeField()
    reason = models.TextField()
    granted_by = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["assignment", "membership"], name="assignments_extension_once"
            ),
            CheckConstraint(
                condition=Q(reason__length__gte=1), name="assignments_extension_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.assignment} until {self.until}"


class Draft(models.Model):
    """What one student is writing for one assignment. ``version`` rises with each saved choice.

    ``settled_until`` is the last deadline at which the text was taken as it stood: submitted
    automatically, or found incomplete and its author told. What is written later never counts for
    that deadline, however late the job runs.
    """

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="drafts")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="drafts")
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()
    settled_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["assignment", "membership"], name="assignments_draft_once"),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.assignment}"


class DraftPaper(models.Model):
    """Which paper a draft is about: slot 0 is paper A, slot 1 is paper B."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="papers")
    slot = models.PositiveSmallIntegerField()
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["slot"]
        constraints = [
            UniqueConstraint(fields=["draft", "slot"], name="assignments_draftpaper_slot_once"),
            UniqueConstraint(fields=["draft", "paper"], name="assignments_draftpaper_distinct"),
            between("slot", 0, 9, name="assignments_draftpaper_slot_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.slot}: {self.paper}"


class DraftField(models.Model):
    """One text of a draft. ``version`` rises with each save; a save names the version it edits."""

    class Part(models.TextChoices):
        SUMMARY = "summary", _("Summary")
        STRENGTH = "strength", _("Strength")
        WEAKNESS = "weakness", _("Weakness")
        IMPROVEMENT = "improvement", _("Improvement")
        EXTENSION = "extension", _("Extension")

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="fields")
    slot = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=12, choices=Part)
    index = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["slot", "part", "index"]
        constraints = [
            UniqueConstraint(
                fields=["draft", "slot", "part", "index"], name="assignments_draftfield_once"
            ),
            one_of(
                "part",
                ("summary", "strength", "weakness", "improvement", "extension"),
                name="assignments_draftfield_part_known",
            ),
            between("slot", 0, 9, name="assignments_draftfield_slot_sane"),
            between("index", 0, 19, name="assignments_draftfield_index_sane"),
            CheckConstraint(
                condition=Q(text__length__lte=20_000), name="assignments_draftfield_text_length"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot}.{self.part}.{self.index}"


class StoredFile(AppendOnly):
    """An uploaded file under its content hash. The bytes lie below MEDIA_ROOT, never public."""

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    pages = models.PositiveIntegerField(null=True)
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(size__gte=1), name="assignments_storedfile_not_empty"),
            CheckConstraint(
                condition=Q(sha256__length=64), name="assignments_storedfile_sha256_length"
            ),
        ]

    def __str__(self) -> str:
        return self.sha256


class Submission(AppendOnly):
    """One immutable handed-in version. The latest one counts; ``code`` is on the receipt.

    ``content`` of a report: {"papers": [{"paper": key, "title": ..., "summary": text, "strengths":
    [...], "weaknesses": [...], "improvements": [...], "extensions": [...]}]}; of a mini-assignment:
    {"file": display name, "sha256": of the bytes, "size": bytes, "pages": number or null, "note":
    text}. ``content_hash`` is the SHA-256 of its canonical form.
    """

    class Source(models.TextChoices):
        STUDENT = "student", _("Submitted")
        AUTOMATIC = "automatic", _("Submitted automatically at the deadline")

    code = CodeField()
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="submissions")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="submissions")
    number = models.PositiveIntegerField()
    received_at = models.DateTimeField()
    late_days = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(max_length=10, choices=Source, default=Source.STUDENT)
    content = models.JSONField(encoder=DjangoJSONEncoder)
    content_hash = models.CharField(max_length=64)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="submissions"
    )

    class Meta:
        ordering = ["-number"]
        constraints = [
            UniqueConstraint(
                fields=["assignment", "membership", "number"],
                name="assignments_submission_number_once",
            ),
            CheckConstraint(condition=Q(number__gte=1), name="assignments_submission_from_1"),
            CheckConstraint(
                condition=Q(content_hash__length=64), name="assignments_submission_hash_length"
            ),
            one_of("source", ("student", "automatic"), name="assignments_submission_source_known"),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.assignment} version {self.number})"
