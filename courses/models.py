"""A course: its people, its table of contents, its meetings, its papers."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from courses import rules
from seminar.lib.constraints import between, one_of, together
from seminar.lib.fields import CodeField


class Course(models.Model):
    """One seminar in one term. Everything below belongs to exactly one course."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        ARCHIVED = "archived", _("Archived")

    slug = models.CharField(max_length=50, unique=True)
    title = models.CharField(_("title"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=20)
    term = models.CharField(_("term"), max_length=60)
    language = models.CharField(_("language of teaching"), max_length=60, default="English")
    zone = models.CharField(_("time zone"), max_length=64)
    capacity = models.PositiveIntegerField(_("places"), default=30)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    mode = models.CharField(_("mode"), max_length=200, blank=True)
    room = models.CharField(_("usual room"), max_length=120, blank=True)
    description = models.TextField(_("description"), blank=True)
    audience = models.TextField(_("audience"), blank=True)
    structure = models.TextField(_("structure"), blank=True)
    reports_text = models.TextField(_("how reports work"), blank=True)
    talks_text = models.TextField(_("how talks work"), blank=True)
    finals_text = models.TextField(_("how final presentations work"), blank=True)
    minis_text = models.TextField(_("how mini-assignments work"), blank=True)
    forum_url = models.URLField(_("discussion forum"), blank=True)
    contact = models.EmailField(_("contact"), blank=True)
    prerequisites_needed = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["title"]
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        constraints = [
            one_of("state", ("draft", "active", "archived"), name="courses_course_state_known"),
            between("capacity", 0, 10_000, name="courses_course_capacity_sane"),
            CheckConstraint(
                condition=Q(slug__regex=r"^[a-z0-9][a-z0-9-]{0,49}$"),
                name="courses_course_slug_shape",
            ),
            CheckConstraint(condition=Q(title__length__gte=1), name="courses_course_title_given"),
        ]

    def __str__(self) -> str:
        return self.title


class CoursePolicy(models.Model):
    """One version of the course's switches. A change is a new row; the highest version rules."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="policies")
    version = models.PositiveIntegerField()
    edit_keeps_number = models.BooleanField(default=True)
    sealed = models.BooleanField(default=False)
    auto_submit = models.BooleanField(default=True)
    incomplete_may_submit = models.BooleanField(default=False)
    presenter_may_report = models.BooleanField(default=True)
    late_days = models.PositiveSmallIntegerField(default=0)
    late_percent_per_day = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    late_attendance_factor = models.DecimalField(
        max_digits=3, decimal_places=2, default=Decimal("0.5")
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-version"]
        verbose_name_plural = "course policies"
        constraints = [
            UniqueConstraint(
                fields=["course", "version"], name="courses_coursepolicy_version_once"
            ),
            CheckConstraint(
                condition=Q(version__gte=1), name="courses_coursepolicy_version_from_1"
            ),
            between("late_percent_per_day", 0, 100, name="courses_coursepolicy_late_percent"),
            between("late_attendance_factor", 0, 1, name="courses_coursepolicy_late_factor"),
            between("late_days", 0, 365, name="courses_coursepolicy_late_days"),
        ]

    def __str__(self) -> str:
        return f"{self.course.slug} policy {self.version}"


class Prerequisite(models.Model):
    """A course an applicant may have passed; the public page lists them."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="prerequisites")
    key = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            UniqueConstraint(fields=["course", "key"], name="courses_prerequisite_key_once"),
        ]

    def __str__(self) -> str:
        return self.title


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Reads of memberships that every app repeats."""

    def active(self) -> Self:
        return self.filter(state=Membership.State.ACTIVE)

    def students(self) -> Self:
        """Return those who hand in and are graded."""
        return self.filter(role=Membership.Role.STUDENT)

    def staff(self) -> Self:
        return self.filter(role__in=Membership.STAFF)


class Membership(models.Model):
    """A person in a course. Never deleted: leaving is a state."""

    class Role(models.TextChoices):
        STUDENT = "student", _("Student")
        AUDITOR = "auditor", _("Auditor")
        TA = "ta", _("TA")
        INSTRUCTOR = "instructor", _("Instructor")

    class State(models.TextChoices):
        APPLIED = "applied", _("Applied")
        WAITLISTED = "waitlisted", _("Waitlisted")
        ACTIVE = "active", _("Active")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        SUSPENDED = "suspended", _("Suspended")

    STAFF: ClassVar[tuple[str, ...]] = (Role.TA, Role.INSTRUCTOR)
    WAITING: ClassVar[tuple[str, ...]] = (State.APPLIED, State.WAITLISTED)

    code = CodeField()
    course = models.ForeignKey(Course, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    state = models.CharField(max_length=10, choices=State)
    matriculation = models.CharField(max_length=30, blank=True)
    contact = models.CharField(max_length=200, blank=True)
    office_hours = models.CharField(max_length=200, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["user__name", "id"]
        constraints = [
            UniqueConstraint(fields=["course", "user"], name="courses_membership_once_per_course"),
            one_of(
                "role",
                ("student", "auditor", "ta", "instructor"),
                name="courses_membership_role_known",
            ),
            one_of(
                "state",
                ("applied", "waitlisted", "active", "declined", "withdrawn", "suspended"),
                name="courses_membership_state_known",
            ),
            CheckConstraint(
                condition=~Q(state="active") | Q(joined_at__isnull=False),
                name="courses_membership_active_has_joined",
            ),
        ]

    def __str__(self) -> str:
        return self.user.name

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def is_waiting(self) -> bool:
        """Tell whether an application of this person waits for a decision."""
        return self.state in self.WAITING

    @property
    def is_student(self) -> bool:
        return self.is_active and self.role == self.Role.STUDENT

    @property
    def is_staff(self) -> bool:
        return self.is_active and self.role in self.STAFF

    @property
    def is_instructor(self) -> bool:
        return self.is_active and self.role == self.Role.INSTRUCTOR


class Application(models.Model):
    """What an applicant states, and what staff decided about it with which reason."""

    class Decision(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        WAITLISTED = "waitlisted", _("Waitlisted")
        DECLINED = "declined", _("Declined")

    code = CodeField()
    membership = models.OneToOneField(Membership, models.PROTECT, related_name="application")
    level = models.CharField(_("level of study"), max_length=100)
    courses_passed = models.ManyToManyField(Prerequisite, blank=True)
    equivalent = models.TextField(_("equivalent"), blank=True)
    frameworks = models.TextField(_("frameworks you know"), blank=True)
    motivation = models.TextField(_("motivation"), blank=True)
    sent_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["sent_at", "id"]
        constraints = [
            one_of(
                "decision",
                ("", "accepted", "waitlisted", "declined"),
                name="courses_application_decision_known",
            ),
            together("decided_at", "decided_by", name="courses_application_decided_by_someone"),
            CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True)
                | (~Q(decision="") & Q(decided_at__isnull=False)),
                name="courses_application_decided_has_time",
            ),
            CheckConstraint(
                condition=~Q(decision="declined") | Q(reason__length__gte=1),
                name="courses_application_declined_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership}"


class Module(models.Model):
    """A node of the table of contents."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="modules")
    key = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    anchor = models.ForeignKey(
        "Meeting",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The meeting its deadlines hang on, where the schedule does not say it."),
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            UniqueConstraint(fields=["course", "key"], name="courses_module_key_once"),
            CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="courses_module_not_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Meeting(models.Model):
    """One class session: a wall date and wall times in the course's zone."""

    class Kind(models.TextChoices):
        LECTURE = "lecture", _("Lecture")
        HANDS_ON = "hands_on", _("Hands-on")
        IN_CLASS = "in_class_presentations", _("In-class presentations")
        FINAL = "final_presentations", _("Final presentations")

    LETTERS: ClassVar[dict[str, str]] = {
        Kind.LECTURE: "L",
        Kind.HANDS_ON: "H",
        Kind.IN_CLASS: "IP",
        Kind.FINAL: "FP",
    }

    course = models.ForeignKey(Course, models.CASCADE, related_name="meetings")
    key = models.CharField(max_length=50)
    kind = models.CharField(max_length=30, choices=Kind)
    title = models.CharField(max_length=200)
    topics = models.TextField(blank=True)
    date = models.DateField()
    starts = models.TimeField()
    ends = models.TimeField()
    room = models.CharField(max_length=120, blank=True)
    online_link = models.URLField(blank=True)
    online_note = models.CharField(max_length=200, blank=True)
    talk_minutes = models.PositiveSmallIntegerField(default=20)
    changeover_minutes = models.PositiveSmallIntegerField(default=0)
    modules = models.ManyToManyField(Module, blank=True, related_name="meetings")
    led_by = models.ManyToManyField(Membership, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["date", "starts", "id"]
        constraints = [
            UniqueConstraint(fields=["course", "key"], name="courses_meeting_key_once"),
            one_of(
                "kind",
                ("lecture", "hands_on", "in_class_presentations", "final_presentations"),
                name="courses_meeting_kind_known",
            ),
            CheckConstraint(
                condition=Q(ends__gt=F("starts")), name="courses_meeting_ends_after_start"
            ),
            between("date", "2000-01-01", "2100-12-31", name="courses_meeting_date_sane"),
            between("talk_minutes", 1, 600, name="courses_meeting_talk_minutes_sane"),
            between("changeover_minutes", 0, 120, name="courses_meeting_changeover_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.date:%d %b} {self.title}"

    @property
    def starts_at(self) -> datetime:
        """The aware UTC instant it starts. Reads the course (select it along in lists)."""
        return rules.local_instant(self.date, self.starts, self.course.zone)

    @property
    def ends_at(self) -> datetime:
        """The aware UTC instant it ends. Reads the course."""
        return rules.local_instant(self.date, self.ends, self.course.zone)

    @property
    def minutes(self) -> int:
        """How long it is, in minutes, by the two instants."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def letter(self) -> str:
        """L, H, IP or FP: how the course page marks it."""
        return self.LETTERS[self.kind]


class Paper(models.Model):
    """Reading material of a module. ``capacity`` is how many people present it together."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="papers")
    key = models.CharField(max_length=50)
    module = models.ForeignKey(Module, models.PROTECT, related_name="papers")
    title = models.CharField(max_length=300)
    authors = models.CharField(max_length=500, blank=True)
    venue = models.CharField(max_length=200, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    arxiv = models.CharField(max_length=20, blank=True)
    url = models.URLField(blank=True)
    abstract = models.TextField(blank=True)
    reportable = models.BooleanField(default=False)
    presentable = models.BooleanField(default=False)
    meeting = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, related_name="papers"
    )
    capacity = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            UniqueConstraint(fields=["course", "key"], name="courses_paper_key_once"),
            CheckConstraint(
                condition=Q(reportable=True) | Q(presentable=True), name="courses_paper_has_use"
            ),
            between("capacity", 0, 100, name="courses_paper_capacity_sane"),
            CheckConstraint(
                condition=Q(year__isnull=True) | Q(year__gte=1900, year__lte=2100),
                name="courses_paper_year_sane",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def link(self) -> str:
        """Where the paper can be read; empty if nobody said."""
        return self.url or (f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else "")


class Announcement(models.Model):
    """News of a course; public ones stand on the course page too."""

    code = CodeField()
    course = models.ForeignKey(Course, models.CASCADE, related_name="announcements")
    key = models.CharField(max_length=50, blank=True)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"))
    public = models.BooleanField(_("on the public page"), default=True)
    published_at = models.DateTimeField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-published_at", "-id"]
        constraints = [
            UniqueConstraint(
                fields=["course", "key"],
                condition=~Q(key=""),
                name="courses_announcement_key_once",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class TableUpload(models.Model):
    """A CSV file between its preview and its import, kept so that both read the same bytes.

    Seen by nobody but who uploaded it, for ``KEPT`` and no longer: it holds names of people. Its
    content is emptied once it is imported; a job deletes the row when its time is over.
    """

    KEPT = timedelta(days=1)

    class Kind(models.TextChoices):
        ROSTER = "roster", _("Roster")
        PREFERENCES = "preferences", _("Preference lists")
        SCORES = "scores", _("Scores")

    code = CodeField()
    course = models.ForeignKey(Course, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    about = models.CharField(max_length=50, blank=True, help_text=_("The key of the round."))
    name = models.CharField(max_length=150)
    encoding = models.CharField(max_length=20)
    content = models.BinaryField()
    at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at"]
        constraints = [
            one_of(
                "kind",
                ("roster", "preferences", "scores"),
                name="courses_tableupload_kind_known",
            ),
            one_of(
                "encoding",
                ("utf-8", "windows-1252", "latin-1", "utf-16"),
                name="courses_tableupload_encoding_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
