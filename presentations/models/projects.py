"""Final projects: a group, its proposal in versions, what staff decided about each."""

from typing import Self

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from courses.models import Course, Membership
from seminar.lib.append_only import AppendOnly
from seminar.lib.constraints import one_of, together
from seminar.lib.fields import CodeField


class FinalProject(models.Model):
    """What one or more students present at the end of the term.

    ``draft`` is the proposal being written: ``{field: text}``, with ``draft_version`` against two
    tabs; what is handed in becomes a ``Proposal``. ``worth_a_paper_at`` marks work that staff want
    to follow up.
    """

    class Mode(models.TextChoices):
        REVIEW = "literature_review", _("Literature review")
        MECHANISM = "new_mechanism", _("New mechanism")

    code = CodeField()
    course = models.ForeignKey(Course, models.PROTECT, related_name="final_projects")
    mode = models.CharField(max_length=20, choices=Mode)
    title = models.CharField(max_length=300)
    draft = models.JSONField(default=dict)
    draft_version = models.PositiveIntegerField(default=0)
    draft_saved_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    worth_a_paper_at = models.DateTimeField(null=True, blank=True)
    worth_a_paper_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    worth_a_paper_note = models.TextField(blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        verbose_name = _("final project")
        verbose_name_plural = _("final projects")
        constraints = [
            one_of(
                "mode",
                ("literature_review", "new_mechanism"),
                name="presentations_project_mode_known",
            ),
            CheckConstraint(
                condition=Q(title__length__gte=1), name="presentations_project_title_given"
            ),
            together(
                "worth_a_paper_at",
                "worth_a_paper_by",
                name="presentations_project_worth_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ProjectMemberQuerySet(models.QuerySet["ProjectMember"]):
    """Reads of members of groups."""

    def live(self) -> Self:
        """Return those who are still in their group."""
        return self.filter(ended_at__isnull=True)


class ProjectMember(models.Model):
    """One student in one group. Never deleted: leaving stamps the time.

    ``confirmed_at`` is empty while somebody who was invited has not said yes.
    """

    project = models.ForeignKey(FinalProject, models.PROTECT, related_name="members")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="projects")
    since = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ProjectMemberQuerySet.as_manager()

    class Meta:
        ordering = ["since", "id"]
        verbose_name = _("member of a group")
        verbose_name_plural = _("members of groups")
        constraints = [
            UniqueConstraint(
                fields=["project", "membership"],
                condition=Q(ended_at__isnull=True),
                name="presentations_projectmember_once",
            ),
            UniqueConstraint(
                fields=["membership"],
                condition=Q(ended_at__isnull=True, confirmed_at__isnull=False),
                name="presentations_projectmember_one_project",
            ),
            CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since")),
                name="presentations_projectmember_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.project}"


class Proposal(AppendOnly):
    """One handed-in version of a group's proposal; ``fields`` are those of its mode."""

    code = CodeField()
    project = models.ForeignKey(FinalProject, models.PROTECT, related_name="proposals")
    version = models.PositiveIntegerField()
    mode = models.CharField(max_length=20, choices=FinalProject.Mode)
    title = models.CharField(max_length=300)
    fields = models.JSONField()
    submitted_at = models.DateTimeField()
    submitted_by = models.ForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-version"]
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        constraints = [
            UniqueConstraint(
                fields=["project", "version"], name="presentations_proposal_version_once"
            ),
            one_of(
                "mode",
                ("literature_review", "new_mechanism"),
                name="presentations_proposal_mode_known",
            ),
            CheckConstraint(condition=Q(version__gte=1), name="presentations_proposal_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class ProposalDecision(AppendOnly):
    """What staff said about one version of a proposal; the newest decides."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", _("Approved")
        CHANGES_ASKED = "changes_asked", _("Changes asked")
        DECLINED = "declined", _("Declined")

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=15, choices=Verdict)
    comment = models.TextField(blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        verbose_name = _("decision about a proposal")
        verbose_name_plural = _("decisions about proposals")
        constraints = [
            one_of(
                "verdict",
                ("approved", "changes_asked", "declined"),
                name="presentations_decision_verdict_known",
            ),
            CheckConstraint(
                condition=Q(verdict="approved") | Q(comment__length__gte=1),
                name="presentations_decision_comment_given",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal}: {self.verdict}"
