"""The admin site: a repair desk for operators, the allocation board for instructors."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from courses.queries import instructs_any_course
from seminar.accounts.access import lacks_second_factor, lead_to_second_factor

OWN_APPS = frozenset(
    {"accounts", "notifications", "courses", "presentations", "assignments", "grading"}
)

ViewType = TypeVar("ViewType", bound=Callable[..., Any])


class SeminarAdminSite(AdminSite):
    """Lets operators and instructors in; signs in through allauth, so that its limits hold."""

    site_header = _("Seminar")
    site_title = _("Seminar")
    index_title = _("Repair desk")

    def register(
        self,
        model_or_iterable: Any,
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        """Take in models of ours only.

        Other packages' admins (groups, addresses, second factors) would change what people may do,
        and show secrets, without a word in the audit log.
        """
        one = isinstance(model_or_iterable, type)
        models: list[Any] = [model_or_iterable] if one else list(model_or_iterable)
        own = [model for model in models if model._meta.app_label in OWN_APPS]
        super().register(own, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return has_the_role(request) and not lacks_second_factor(request)

    def admin_view(self, view: ViewType, cacheable: bool = False) -> ViewType:  # noqa: FBT001, FBT002
        """Ask a model's admin who may read its rows before the page asks whether a row is there.

        Else those who may read none of them would still learn which ones exist.
        """
        owner = getattr(view, "__self__", None)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if isinstance(owner, ModelAdmin) and not owner.has_view_permission(request):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast(ViewType, super().admin_view(guarded, cacheable))

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        back = request.GET.get("next", reverse("admin:index"))
        if not request.user.is_authenticated:
            return redirect_to_login(back)
        if has_the_role(request):
            return lead_to_second_factor(request, back)
        # Signing in again would lead back here, for ever.
        raise PermissionDenied(_("Only instructors and operators can open the admin."))

    def password_change(  # type: ignore[override] # Django's own answers more than it says
        self, request: HttpRequest, extra_context: object = None
    ) -> HttpResponse:
        """Lead to the one page that takes an old password: it limits how often one may guess."""
        return redirect("account_change_password")


def has_the_role(request: HttpRequest) -> bool:
    """Say whether somebody is an operator or instructs a course."""
    user = request.user
    return user.is_active and (user.is_superuser or instructs_any_course(user))
