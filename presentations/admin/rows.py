"""Rows that are read in the admin and changed nowhere there."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from courses.admin import CourseScopedAdmin, OwnCourseFilter
from presentations.models import Allocation, PreferenceList, Presenter


@admin.register(Presenter)
class PresenterAdmin(CourseScopedAdmin):
    """Who has and had which place, with the reason it ended. Read only."""

    course_path = "presentation__course"
    list_display = ("membership", "presentation", "choice", "reason", "since", "ended_at")
    list_filter = (OwnCourseFilter, "kind")
    list_select_related = ("membership__user", "presentation__paper")


@admin.register(Allocation)
class AllocationAdmin(CourseScopedAdmin):
    """Runs with their hash, inputs and outcome. Read only."""

    course_path = "round__course"
    list_display = ("__str__", "code", "run_at", "run_by", "input_hash", "published_at")
    list_filter = (OwnCourseFilter,)
    list_select_related = ("round", "run_by")


@admin.register(PreferenceList)
class PreferenceListAdmin(CourseScopedAdmin):
    """Lists as they stand, with the papers in order. Read only."""

    course_path = "round__course"
    list_display = ("membership", "round", "number", "submitted_at", "papers")
    list_filter = (OwnCourseFilter,)
    list_select_related = ("membership__user", "round")
    readonly_fields = ("papers",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PreferenceList]:
        return super().get_queryset(request).prefetch_related("choices__paper")

    @admin.display(description=gettext_lazy("Papers, best first"))
    def papers(self, obj: PreferenceList) -> str:
        return ", ".join(choice.paper.key for choice in obj.choices.all())
