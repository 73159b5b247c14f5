"""What counts, what was scored, what a student was told, what the term came to."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from assignments.models import Assignment, Submission
from courses.models import Course, Meeting, Membership
from presentations.models import Presentation
from seminar.lib.append_only import AppendOnly
from seminar.lib.constraints import between, one_of


class Component(models.Model):
    """A weighted part of the grade, in percent of the whole. A tree of depth two at most."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="components")
    key = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    weight = models.DecimalField(max_digits=6, decimal_places=3)
    drop_lowest = models.PositiveSmallIntegerField(default=0)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            UniqueConstraint(fields=["course", "key"], name="grading_component_key_once"),
            between("weight", 0, 100, name="grading_component_weight_sane"),
        ]

    def __str__(self) -> str:
        return self.title


class GradeItem(models.Model):
    """What is scored in a component. Attendance and participation are computed, not entered."""

    class Kind(models.TextChoices):
        ASSIGNMENT = "assignment", _("Assignment")
        PRESENTATION = "presentation", _("Presentation")
        ATTENDANCE = "attendance", _("Attendance")
        PARTICIPATION = "participation", _("Class participation")

    component = models.ForeignKey(Component, models.PROTECT, related_name="items")
    course = models.ForeignKey(Course, models.PROTECT, related_name="grade_items")
    key = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=15, choices=Kind)
    assignment = models.OneToOneField(
        Assignment, models.PROTECT, null=True, blank=True, related_name="grade_item"
    )
    talk_kind = models.CharField(max_length=10, choices=Presentation.Kind, blank=True)
    weight = models.DecimalField(max_digits=6, decimal_places=3)
    max_points = models.DecimalField(max_digits=6, decimal_places=2)
    meeting_cap = models.DecimalField(
        _("participation points per meeting at most"), max_digits=6, decimal_places=2, default=1
    )
    bonus = models.BooleanField(
        default=False, help_text=_("It comes on top: no part of the sum of its component.")
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            UniqueConstraint(fields=["course", "key"], name="grading_item_key_once"),
            one_of(
                "kind",
                ("assignment", "presentation", "attendance", "participation"),
                name="grading_item_kind_known",
            ),
            CheckConstraint(
                condition=Q(kind="assignment", assignment__isnull=False)
                | (~Q(kind="assignment") & Q(assignment__isnull=True)),
                name="grading_item_assignment_iff_kind",
            ),
            CheckConstraint(
                condition=Q(kind="presentation", talk_kind__in=["in_class", "final"])
                | (~Q(kind="presentation") & Q(talk_kind="")),
                name="grading_item_talk_kind_iff_kind",
            ),
            between("weight", 0, 100, name="grading_item_weight_sane"),
            between("max_points", "0.01", 9999, name="grading_item_max_sane"),
            between("meeting_cap", 0, 9999, name="grading_item_cap_sane"),
        ]

    def __str__(self) -> str:
        return self.title


class RubricRow(models.Model):
    """One criterion of an item's rubric."""

    item = models.ForeignKey(GradeItem, models.CASCADE, related_name="rubric")
    key = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    hint = models.TextField(blank=True)
    max_points = models.DecimalField(max_digits=6, decimal_places=2)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            UniqueConstraint(fields=["item", "key"], name="grading_rubricrow_key_once"),
            between("max_points", 0, 9999, name="grading_rubricrow_max_sane"),
        ]

    def __str__(self) -> str:
        return self.title


class RubricLevel(models.Model):
    """One level of a criterion: points and what they stand for."""

    row = models.ForeignKey(RubricRow, models.CASCADE, related_name="levels")
    points = models.DecimalField(max_digits=6, decimal_places=2)
    text = models.CharField(max_length=300)

    class Meta:
        ordering = ["-points", "id"]
        constraints = [
            UniqueConstraint(fields=["row", "points"], name="grading_rubriclevel_points_once"),
            between("points", 0, 9999, name="grading_rubriclevel_points_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.points}: {self.text}"


class PassRule(models.Model):
    """One version of the rule of passing. A change is a new row; the highest version rules."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="pass_rules")
    version = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-version"]
        constraints = [
            UniqueConstraint(fields=["course", "version"], name="grading_passrule_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.course.slug} pass rule {self.version}"


class PassClause(models.Model):
    """One condition of a pass rule: at least so many percent of a component, or of the total."""

    rule = models.ForeignKey(PassRule, models.CASCADE, related_name="clauses")
    component = models.ForeignKey(
        Component, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at_least = models.DecimalField(max_digits=6, decimal_places=3)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            UniqueConstraint(
                fields=["rule", "component"],
                name="grading_passclause_component_once",
            ),
            UniqueConstraint(
                fields=["rule"],
                condition=Q(component__isnull=True),
                name="grading_passclause_total_once",
            ),
            between("at_least", 0, 100, name="grading_passclause_percent_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.component or 'total'} >= {self.at_least} %"


class GradeEntry(AppendOnly):
    """One line of a grade's history. The current grade is the fold of its lines by ``seq``."""

    class Kind(models.TextChoices):
        SCORE = "score", _("Scored")
        EXCUSE = "excuse", _("Excused")
        OVERRIDE = "override", _("Overridden")
        CLEAR = "clear", _("Cleared")

    item = models.ForeignKey(GradeItem, models.PROTECT, related_name="entries")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="grade_entries")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    points = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    rubric = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    feedback = models.TextField(blank=True)
    note = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    submission = models.ForeignKey(
        Submission, models.PROTECT, null=True, related_name="grade_entries"
    )
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["seq"]
        verbose_name_plural = "grade entries"
        constraints = [
            UniqueConstraint(fields=["item", "membership", "seq"], name="grading_entry_seq_once"),
            one_of(
                "kind", ("score", "excuse", "override", "clear"), name="grading_entry_kind_known"
            ),
            CheckConstraint(
                condition=Q(kind__in=["score", "override"], points__isnull=False)
                | Q(kind__in=["excuse", "clear"], points__isnull=True),
                name="grading_entry_points_iff_scored",
            ),
            CheckConstraint(
                condition=Q(points__isnull=True) | Q(points__gte=0, points__lte=9999),
                name="grading_entry_points_sane",
            ),
            CheckConstraint(
                condition=Q(kind="score") | Q(reason__length__gte=1),
                name="grading_entry_exception_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.kind} {self.points}"


class Release(AppendOnly):
    """From here on one student sees one item. Nothing else makes a score visible."""

    item = models.ForeignKey(GradeItem, models.PROTECT, related_name="releases")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="releases")
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["item", "membership"], name="grading_release_once"),
        ]

    def __str__(self) -> str:
        return f"{self.item} to {self.membership}"


class AttendanceMark(models.Model):
    """Whether one person was at one meeting. No row, or an empty status, means: not taken.

    A mark that is taken back keeps its row, so that ``version`` only ever rises and a page that
    shows an earlier mark is told from one that shows the present one.
    """

    class Status(models.TextChoices):
        IN_ROOM = "in_room", _("In room")
        ONLINE = "online", _("Online")
        LATE = "late", _("Late")
        EXCUSED = "excused", _("Excused")
        ABSENT = "absent", _("Absent")

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="attendance")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="attendance")
    status = models.CharField(max_length=10, choices=Status, blank=True)
    version = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["meeting", "membership"], name="grading_attendance_once"),
            one_of(
                "status",
                ("", "in_room", "online", "late", "excused", "absent"),
                name="grading_attendance_status_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership} {self.meeting}: {self.status}"


class ParticipationPoint(AppendOnly):
    """Points for taking part in one meeting; a negative line takes an earlier one back."""

    item = models.ForeignKey(GradeItem, models.PROTECT, related_name="participation")
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="participation")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="participation")
    points = models.DecimalField(max_digits=5, decimal_places=2)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            between("points", -100, 100, name="grading_participation_points_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.membership} {self.points:+}"


class ResultRun(models.Model):
    """One computing of all standings of a course from one state of the facts.

    A requested run has no ``computed_at`` yet; the job fills it. A frozen run is immutable and its
    ``content_hash`` covers every row.
    """

    course = models.ForeignKey(Course, models.PROTECT, related_name="result_runs")
    number = models.PositiveIntegerField()
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    computed_at = models.DateTimeField(null=True)
    content_hash = models.CharField(max_length=64, blank=True)
    frozen_at = models.DateTimeField(null=True)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            UniqueConstraint(fields=["course", "number"], name="grading_resultrun_number_once"),
            UniqueConstraint(
                fields=["course"],
                condition=Q(computed_at__isnull=True),
                name="grading_resultrun_one_waiting",
            ),
            CheckConstraint(
                # The command line may freeze; nobody is in the row then, the audit says so.
                condition=Q(frozen_by__isnull=True) | Q(frozen_at__isnull=False),
                name="grading_resultrun_frozen_by",
            ),
            CheckConstraint(
                condition=Q(frozen_at__isnull=True) | Q(computed_at__isnull=False),
                name="grading_resultrun_frozen_is_computed",
            ),
            CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(frozen_at__isnull=False),
                name="grading_resultrun_published_is_frozen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course.slug} results {self.number}"


class Result(AppendOnly):
    """One student's outcome in a run: exact components, total, clauses, verdict."""

    class Verdict(models.TextChoices):
        SECURED = "secured", _("Passed")
        OPEN = "open", _("Open")
        UNREACHABLE = "unreachable", _("Not passed")

    run = models.ForeignKey(ResultRun, models.PROTECT, related_name="results")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="results")
    verdict = models.CharField(max_length=12, choices=Verdict)
    passed = models.BooleanField(null=True)
    content = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["run", "membership"], name="grading_result_once"),
            one_of(
                "verdict", ("secured", "open", "unreachable"), name="grading_result_verdict_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.verdict}"
