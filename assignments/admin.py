"""What staff may look up about assignments. Dates and extensions change on their own pages."""

from typing import ClassVar

from django.contrib import admin

from assignments.models import Assignment, Draft, Extension, Submission
from courses.admin import CourseScopedAdmin


@admin.register(Assignment)
class AssignmentAdmin(CourseScopedAdmin):
    list_display = ("title", "course", "kind", "opens_at", "closes_at")
    list_filter = ("kind",)
    search_fields = ("title", "key")
    list_select_related = ("course",)


@admin.register(Submission)
class SubmissionAdmin(CourseScopedAdmin):
    course_path: ClassVar[str] = "assignment__course"
    list_display = ("code", "assignment", "membership", "number", "received_at", "source")
    list_filter = ("source",)
    search_fields = ("code", "membership__user__name", "membership__user__email")
    list_select_related = ("assignment", "membership__user")


@admin.register(Draft)
class DraftAdmin(CourseScopedAdmin):
    """Who has started. What they have written so far is theirs until they submit it."""

    course_path: ClassVar[str] = "assignment__course"
    list_display = ("assignment", "membership", "changed_at", "settled_until")
    search_fields = ("membership__user__name", "membership__user__email")
    list_select_related = ("assignment", "membership__user")


@admin.register(Extension)
class ExtensionAdmin(CourseScopedAdmin):
    course_path: ClassVar[str] = "assignment__course"
    list_display = ("assignment", "membership", "until", "granted_by", "granted_at")
    search_fields = ("membership__user__name", "membership__user__email")
    list_select_related = ("assignment", "membership__user", "granted_by__user")
