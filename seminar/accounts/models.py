"""People, what they did, and which of their requests were already answered."""

from datetime import datetime
from itertools import combinations
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from seminar.lib.append_only import AppendOnly
from seminar.lib.constraints import one_of
from seminar.lib.fields import CodeField
from seminar.lib.form_fields import validated_name
from seminar.lib.scopes import SCOPES


class UserManager(BaseUserManager["User"]):
    """Makes accounts; the e-mail address is the name one signs in with."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the address in lower case: one person, one account, however it is typed."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=self.normalize_email(email))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account. Without a password, a reset mail is the only way in."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an operator: runs the installation, belongs to no course.

        The command line asks for the name: it is read like any other. Raises ValidationError.
        """
        fields["name"] = validated_name(fields.get("name", ""))
        return self.create_user(email, password, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do in a course is said by their membership, never here."""

    code = CodeField()
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    zone = models.CharField(_("time zone"), max_length=64, blank=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    is_active = models.BooleanField(default=True)
    may_create_courses = models.BooleanField(_("may create courses"), default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            CheckConstraint(condition=Q(email=Lower(F("email"))), name="accounts_user_email_lower"),
            CheckConstraint(condition=Q(name__length__gte=1), name="accounts_user_name_given"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        """Return the first word of the name; all of it where that is a title: Dr. Brandt."""
        first = self.name.split(" ")[0]
        return self.name if first.endswith(".") else first

    def get_full_name(self) -> str:
        return self.name

    @property
    def is_staff(self) -> bool:
        """Only operators by themselves; instructors enter the admin through their courses."""
        return self.is_superuser


class AuditEntry(AppendOnly):
    """One thing that was done: who, when, to what, from which value to which, why."""

    at = models.DateTimeField()
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    course_slug = models.CharField(max_length=50, blank=True)
    subject = models.CharField(max_length=120)
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-id"]
        indexes = [models.Index(fields=["course_slug", "-id"], name="accounts_audit_course")]
        constraints = [
            CheckConstraint(condition=Q(verb__length__gte=1), name="accounts_auditentry_has_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"


class Nonce(AppendOnly):
    """A request that was answered, so that its repetition gets the same answer.

    Written in the transaction of the action. The same nonce with another body is refused.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    nonce = models.CharField(max_length=64)
    verb = models.CharField(max_length=60)
    body_hash = models.CharField(max_length=64)
    answer = models.JSONField(encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["user", "nonce"], name="accounts_nonce_once_per_user"),
            CheckConstraint(condition=Q(nonce__length__gte=8), name="accounts_nonce_long_enough"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.nonce}"


# Every choice of scopes, each in one order: the database then knows a text that means something.
SCOPE_CHOICES = [
    " ".join(chosen) for size in range(1, len(SCOPES) + 1) for chosen in combinations(SCOPES, size)
]


class ApiToken(models.Model):
    """Lets a script act for a person, within scopes and until a day; what it is, is not stored.

    Only the SHA-256 of its 256 random bits is here: who reads this table can act for nobody.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    code = CodeField()
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.CharField(max_length=60)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-id"]
        constraints = [
            CheckConstraint(condition=Q(name__length__gte=1), name="accounts_apitoken_name_given"),
            CheckConstraint(
                condition=Q(digest__length=64), name="accounts_apitoken_digest_is_sha256"
            ),
            one_of("scopes", SCOPE_CHOICES, name="accounts_apitoken_scopes_known"),
            CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="accounts_apitoken_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def scope_list(self) -> list[str]:
        """The scopes one by one, from the least to the most."""
        return self.scopes.split()

    def allows(self, scope: str) -> bool:
        """Whether it was made for this."""
        return scope in self.scope_list

    def is_live(self, at: datetime) -> bool:
        """Whether it lets anybody in; a closed account is another matter."""
        return self.revoked_at is None and at < self.expires_at
