"""The admin of courses, scoped to what one instructs. Other apps build on ``CourseScopedAdmin``."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import CharField, IntegerField, Model, QuerySet, URLField
from django.forms import BoundField
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from courses.actions import CORRECTABLE, PAPER_YEARS, correct
from courses.models import (
    Announcement,
    Application,
    Course,
    Meeting,
    Membership,
    Module,
    Paper,
)
from courses.queries import instructed_courses, instructs_any_course
from seminar.accounts.models import AuditEntry, User
from seminar.lib import clock
from seminar.lib.form_fields import LineField, WholeField
from seminar.notifications.models import Message


def reader(request: HttpRequest) -> User:
    """Return who reads; the admin site lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def instructs(request: HttpRequest) -> bool:
    """Say whether the reader instructs any course; asked once per request, not once per model."""
    if not hasattr(request, "instructs_any_course"):
        request.instructs_any_course = instructs_any_course(request.user)  # type: ignore[attr-defined]
    return bool(request.instructs_any_course)  # type: ignore[attr-defined]


class OwnCourseFilter(admin.SimpleListFilter):
    """By course, naming only courses whose rows the reader may see."""

    title = _("course")
    parameter_name = "course"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        everything = request.user.is_superuser
        courses = Course.objects.all() if everything else instructed_courses(reader(request))
        return [(course.slug, str(course)) for course in courses]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.filter(**{f"{self.path}__slug": self.value()})

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.path = model_admin.course_path
        super().__init__(request, params, model, model_admin)


class CourseScopedAdmin(admin.ModelAdmin):
    """An admin whose rows belong to courses, and whose readers see only courses they instruct.

    ``course_path`` is the lookup from the row to its course. Rows are read here and changed only
    through guarded pages that call actions: adding, changing and deleting are off.
    """

    course_path: ClassVar[str] = "course"

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Take a year or number that no date can have for a mistake in the address.

        Django itself would answer 500 to the year 9999: it looks for the year after it.
        """
        try:
            return super().get_changelist_instance(request)
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(*error.args) from error

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        return self.in_courses(rows, instructed_courses(reader(request)))

    def in_courses(self, rows: QuerySet[Any], courses: QuerySet[Course]) -> QuerySet[Any]:
        """Return the rows that belong to these courses."""
        return rows.filter(**{f"{self.course_path}__in": courses})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser or instructs(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if obj is None:
            return self.has_module_permission(request)
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class SlugScopedAdmin(CourseScopedAdmin):
    """For rows that carry the course's slug as text, so that they outlive the course."""

    def in_courses(self, rows: QuerySet[Any], courses: QuerySet[Course]) -> QuerySet[Any]:
        return rows.filter(course_slug__in=courses.values("slug"))


class CorrectableAdmin(CourseScopedAdmin):
    """An admin in which plain facts can be mended; what has side effects is only shown.

    Which fields are plain is said by ``CORRECTABLE``; saving calls the action, which writes the
    audit entry. ``guarded_page`` names the page where the rest is changed with its consequences.
    """

    guarded_page: ClassVar[str] = ""
    formfield_overrides = {
        URLField: {"assume_scheme": "https"},
        CharField: {"form_class": LineField},
        IntegerField: {"form_class": WholeField},
    }

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        plain = CORRECTABLE[self.model]
        shown = [
            field.name for field in self.model._meta.fields if field.name not in {"id", *plain}
        ]
        return (*shown, "guarded") if self.guarded_page else tuple(shown)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return (*CORRECTABLE[self.model], *self.get_readonly_fields(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_view_permission(request, obj)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let the page carry what it showed: changed is what differs from that, not from now."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.show_hidden_initial = True
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        changes = {field: form.cleaned_data[field] for field in form.changed_data}
        seen = {field: seen_value(form[field]) for field in form.changed_data}
        correct(obj, changes=changes, seen=seen, by=reader(request), at=clock.now())

    @admin.display(description=_("Everything else"))
    def guarded(self, obj: Any) -> str:
        slug = obj.slug if isinstance(obj, Course) else obj.course.slug
        return link(self.guarded_page, slug, words=_("Change it on the course's own page"))


def seen_value(bound: BoundField) -> Any:
    """Return what a field held when its page was made, as the page sent it back; None if garbled."""
    form, field = bound.form, bound.field
    sent = field.hidden_widget().value_from_datadict(form.data, form.files, bound.html_initial_name)
    try:
        return field.to_python(sent)
    except ValidationError:
        return None


def link(page: str, *args: str, words: Any) -> str:
    """Return a link to a page, or nothing where this installation has no such page."""
    try:
        return format_html('<a href="{}">{}</a>', reverse(page, args=args), words)
    except NoReverseMatch:
        return ""


@admin.register(Course)
class CourseAdmin(CorrectableAdmin):
    course_path = "pk"
    guarded_page = "desk:course_home"
    list_display = ("title", "term", "state", "zone", "capacity")
    list_filter = ("state", "term")
    search_fields = ("title", "slug", "short_name")


@admin.register(Membership)
class MembershipAdmin(CourseScopedAdmin):
    list_display = ("user", "email", "course", "role", "state", "joined_at")
    list_filter = (OwnCourseFilter, "role", "state")
    list_select_related = ("user", "course")
    search_fields = ("user__name", "user__email", "matriculation", "code")
    readonly_fields = ("guarded",)

    @admin.display(description=_("E-mail address"), ordering="user__email")
    def email(self, obj: Membership) -> str:
        return obj.user.email

    @admin.display(description=_("Change"))
    def guarded(self, obj: Membership) -> str:
        words = _("Change the state, with a reason")
        return link("desk:change_state", obj.course.slug, obj.code, words=words)


@admin.register(Application)
class ApplicationAdmin(CourseScopedAdmin):
    course_path = "membership__course"
    list_display = ("applicant", "course", "level", "sent_at", "decision", "decided_at")
    list_filter = (OwnCourseFilter, "decision")
    list_select_related = ("membership__user", "membership__course")
    search_fields = ("membership__user__name", "membership__user__email", "level")
    readonly_fields = ("guarded",)

    @admin.display(description=_("Applicant"), ordering="membership__user__name")
    def applicant(self, obj: Application) -> str:
        return obj.membership.user.name

    @admin.display(description=_("Course"), ordering="membership__course__title")
    def course(self, obj: Application) -> Course:
        return obj.membership.course

    @admin.display(description=_("Decide"))
    def guarded(self, obj: Application) -> str:
        return link("courses:people", obj.membership.course.slug, words=_("Decide with a reason"))


@admin.register(Module)
class ModuleAdmin(CorrectableAdmin):
    list_display = ("title", "key", "course", "parent", "anchor")
    list_filter = (OwnCourseFilter,)
    list_select_related = ("course", "parent", "anchor")
    search_fields = ("title", "key")


@admin.register(Meeting)
class MeetingAdmin(CorrectableAdmin):
    guarded_page = "desk:schedule"
    list_display = ("title", "course", "kind", "date", "starts", "room", "cancelled_at")
    list_filter = (OwnCourseFilter, "kind")
    list_select_related = ("course",)
    search_fields = ("title", "key", "topics", "room")
    date_hierarchy = "date"


@admin.register(Paper)
class PaperAdmin(CorrectableAdmin):
    guarded_page = "presentations:allocation"
    list_display = ("title", "course", "module", "reportable", "presentable", "meeting", "capacity")
    list_filter = (OwnCourseFilter, "reportable", "presentable")
    list_select_related = ("course", "module", "meeting")
    search_fields = ("title", "authors", "key", "arxiv")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Name the years that a paper can have beside the field."""
        if db_field.name == "year":
            kwargs |= dict(zip(("min_value", "max_value"), PAPER_YEARS, strict=True))
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Announcement)
class AnnouncementAdmin(CorrectableAdmin):
    guarded_page = "courses:announcements"
    list_display = ("title", "course", "published_at", "public", "author")
    list_filter = (OwnCourseFilter, "public")
    list_select_related = ("course", "author")
    search_fields = ("title", "body")


# These two live below this app and know no courses; who may read them is decided here.


@admin.register(AuditEntry)
class AuditEntryAdmin(SlugScopedAdmin):
    list_display = ("at", "verb", "actor", "subject", "course_slug", "reason")
    list_filter = ("verb",)
    list_select_related = ("actor",)
    search_fields = ("verb", "subject", "actor__name", "reason", "course_slug")
    date_hierarchy = "at"


@admin.register(Message)
class MessageAdmin(SlugScopedAdmin):
    list_display = ("queued_at", "subject", "address", "state", "attempts", "uncertain", "ended_at")
    list_filter = ("state", "stream", "uncertain", "kind")
    search_fields = ("subject", "address", "key", "course_slug")
    date_hierarchy = "queued_at"

    def get_exclude(self, request: HttpRequest, obj: Message | None = None) -> tuple[str, ...]:
        """Hide the text of account mails: it holds links that sign somebody in."""
        secret = obj is not None and not obj.course_slug
        return ("lease", "html", "text") if secret else ("lease", "html")
