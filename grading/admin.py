"""Grades in the admin: read-only, scoped to one's own courses. Changes are made on pages."""

from django.contrib import admin

from courses.admin import CourseScopedAdmin, OwnCourseFilter
from grading.models import (
    AttendanceMark,
    Component,
    GradeEntry,
    GradeItem,
    ParticipationPoint,
    PassClause,
    PassRule,
    Release,
    Result,
    ResultRun,
    RubricRow,
)


class ReadOnlyInline(admin.TabularInline):
    """Rows shown below their parent, which the parent's admin has already scoped."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request, obj=None):
        return True

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class PassClauseInline(ReadOnlyInline):
    model = PassClause
    fields = ("component", "at_least", "position")


class RubricRowInline(ReadOnlyInline):
    model = RubricRow
    fields = ("key", "title", "max_points", "position")


@admin.register(Component)
class ComponentAdmin(CourseScopedAdmin):
    list_display = ("title", "course", "parent", "weight", "drop_lowest")
    list_filter = (OwnCourseFilter,)
    list_select_related = ("course", "parent")


@admin.register(GradeItem)
class GradeItemAdmin(CourseScopedAdmin):
    list_display = ("title", "course", "component", "kind", "weight", "max_points")
    list_filter = (OwnCourseFilter, "kind")
    list_select_related = ("course", "component")
    inlines = (RubricRowInline,)


@admin.register(PassRule)
class PassRuleAdmin(CourseScopedAdmin):
    list_display = ("course", "version", "created_at", "created_by", "reason")
    list_filter = (OwnCourseFilter,)
    list_select_related = ("course", "created_by")
    inlines = (PassClauseInline,)


@admin.register(GradeEntry)
class GradeEntryAdmin(CourseScopedAdmin):
    course_path = "item__course"
    list_display = ("item", "membership", "seq", "kind", "points", "at", "by")
    list_filter = (OwnCourseFilter, "kind")
    list_select_related = ("item", "membership__user", "by__user")
    search_fields = ("membership__user__name", "item__title")
    date_hierarchy = "at"


@admin.register(Release)
class ReleaseAdmin(CourseScopedAdmin):
    course_path = "item__course"
    list_display = ("item", "membership", "at", "by")
    list_select_related = ("item", "membership__user", "by__user")
    search_fields = ("membership__user__name", "item__title")


@admin.register(AttendanceMark)
class AttendanceMarkAdmin(CourseScopedAdmin):
    course_path = "meeting__course"
    list_display = ("meeting", "membership", "status", "at", "by")
    list_filter = (OwnCourseFilter, "status")
    list_select_related = ("meeting", "membership__user", "by__user")
    search_fields = ("membership__user__name",)


@admin.register(ParticipationPoint)
class ParticipationPointAdmin(CourseScopedAdmin):
    course_path = "item__course"
    list_display = ("item", "meeting", "membership", "points", "at", "by")
    list_select_related = ("item", "meeting", "membership__user", "by__user")
    search_fields = ("membership__user__name",)


@admin.register(ResultRun)
class ResultRunAdmin(CourseScopedAdmin):
    list_display = ("course", "number", "requested_at", "computed_at", "frozen_at", "published_at")
    list_filter = (OwnCourseFilter,)
    list_select_related = ("course",)


@admin.register(Result)
class ResultAdmin(CourseScopedAdmin):
    course_path = "run__course"
    list_display = ("membership", "run", "verdict", "passed")
    list_filter = (OwnCourseFilter, "verdict")
    list_select_related = ("membership__user", "run__course")
    search_fields = ("membership__user__name",)
