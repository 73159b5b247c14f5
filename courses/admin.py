"""The admin of courses, scoped to what one instructs. Other apps build on ``CourseScopedAdmin``."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from courses.queries import instructed_courses, instructs_any_course


class CourseScopedAdmin(admin.ModelAdmin):
    """An admin whose rows belong to courses, and whose readers see only courses they instruct.

    ``course_path`` is the lookup from the row to its course. Rows are read here and changed only
    through guarded pages that call actions: adding, changing and deleting are off.
    """

    course_path: ClassVar[str] = "course"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        return rows.filter(**{f"{self.course_path}__in": instructed_courses(request.user)})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser or instructs_any_course(request.user)

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
