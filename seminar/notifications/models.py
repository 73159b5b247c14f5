"""The outbox: one row per message, written in the transaction that causes it."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _

from seminar.lib.constraints import one_of
from seminar.lib.fields import CodeField


class Message(models.Model):
    """A mail to one person. The row is the queue: a worker leases it, sends it, writes that down.

    ``key`` makes enqueuing idempotent; ``message_id`` is fixed at birth, so that a second sending
    after a crash is recognised as the same mail. Text is rendered when enqueued: what was promised
    at that moment is what arrives.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENT = "sent", _("Sent")
        SKIPPED = "skipped", _("Skipped")
        DEAD = "dead", _("Given up")

    class Stream(models.TextChoices):
        REQUIRED = "required", _("Required")
        OPTIONAL = "optional", _("Optional")

    code = CodeField()
    key = models.CharField(max_length=200, unique=True)
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="messages"
    )
    address = models.EmailField()
    course_slug = models.CharField(max_length=50, blank=True)
    kind = models.CharField(max_length=60)
    stream = models.CharField(max_length=10, choices=Stream, default=Stream.REQUIRED)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    message_id = models.CharField(max_length=200, unique=True)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    lease = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    uncertain = models.BooleanField(default=False)
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state="queued"), name="notifications_message_due"
            ),
            models.Index(fields=["to", "-id"], name="notifications_message_to"),
        ]
        constraints = [
            one_of(
                "state",
                ("queued", "sent", "skipped", "dead"),
                name="notifications_message_state_known",
            ),
            one_of("stream", ("required", "optional"), name="notifications_message_stream_known"),
            CheckConstraint(
                condition=Q(state="queued", ended_at__isnull=True)
                | (~Q(state="queued") & Q(ended_at__isnull=False)),
                name="notifications_message_ended_iff_not_queued",
            ),
            CheckConstraint(
                condition=Q(lease="", leased_until__isnull=True)
                | (~Q(lease="") & Q(leased_until__isnull=False)),
                name="notifications_message_lease_has_end",
            ),
            CheckConstraint(condition=Q(key__length__gte=1), name="notifications_message_has_key"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} -> {self.address}"
