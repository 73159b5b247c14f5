"""What the admin pages of this app have in common."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from courses.admin import CourseScopedAdmin
from seminar.lib.codes import new_code


class BoardAdmin(CourseScopedAdmin):
    """An admin with pages of its own beside the lists."""

    def page(
        self, request: HttpRequest, name: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        """Answer with one of our templates inside the admin's frame."""
        frame = self.admin_site.each_context(request)
        context = frame | {"opts": self.opts, "nonce": new_code()} | context
        return TemplateResponse(request, f"admin/presentations/{name}.html", context, status=status)

    def found(self, request: HttpRequest, rows: QuerySet[Any] | None = None, **key: Any) -> Any:
        """Return one row of the reader's courses. Raises Http404 for any other."""
        row = (self.get_queryset(request) if rows is None else rows).filter(**key).first()
        if row is None:
            raise Http404
        return row
