"""Accounts, for operators of the installation."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from seminar.accounts import actions
from seminar.accounts.models import User
from seminar.lib import clock


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Who has an account. Operators close accounts here and say who may create courses."""

    list_display = (
        "name",
        "email",
        "is_active",
        "may_create_courses",
        "is_superuser",
        "last_login",
    )
    list_filter = ("is_active", "may_create_courses", "is_superuser")
    search_fields = ("name", "email", "code")
    ordering = ("name",)
    fields = (
        "is_active",
        "may_create_courses",
        "name",
        "email",
        "code",
        "zone",
        "language",
        "is_superuser",
        "date_joined",
        "last_login",
    )
    readonly_fields = fields[2:]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        rights = {name: form.cleaned_data[name] for name in ("is_active", "may_create_courses")}
        assert isinstance(request.user, User)
        actions.set_rights(obj, **rights, by=request.user, at=clock.now())
