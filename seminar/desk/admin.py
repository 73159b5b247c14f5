"""The admin site: a repair desk for operators, the allocation board for instructors."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from courses.queries import instructs_any_course


class SeminarAdminSite(AdminSite):
    """Lets operators and instructors in; signs in through allauth, so that its limits hold."""

    site_header = _("Seminar")
    site_title = _("Seminar")
    index_title = _("Repair desk")

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if not user.is_active:
            return False
        return user.is_superuser or instructs_any_course(user)

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        if request.user.is_authenticated:  # signing in again would lead back here, for ever
            raise PermissionDenied(_("Only instructors and operators can open the admin."))
        return redirect_to_login(request.GET.get("next", request.get_full_path()))
