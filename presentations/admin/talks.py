"""Talks in the admin: who presents what, and giving a place to somebody else."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.admin import OwnCourseFilter, reader
from presentations import actions, queries
from presentations.admin.base import BoardAdmin
from presentations.models import Presentation, Presenter
from seminar.lib import clock
from seminar.lib.errors import Refused


@admin.register(Presentation)
class PresentationAdmin(BoardAdmin):
    """Talks with their presenters; each place has its own button to give it to somebody else."""

    list_display = ("__str__", "on_stage", "meeting", "position", "course")
    list_filter = (OwnCourseFilter, "kind")
    list_select_related = ("course", "paper", "meeting")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Presentation]:
        live = Presenter.objects.live().select_related("membership__user").order_by("seat")
        rows = super().get_queryset(request).select_related("course", "paper", "meeting")
        return rows.prefetch_related(Prefetch("presenters", live, to_attr="live_presenters"))

    @admin.display(description=gettext_lazy("Presenters"))
    def on_stage(self, obj: Presentation) -> str:
        places = [
            (
                row.membership.user.name,
                reverse("admin:presentations_presentation_reassign", args=[row.pk]),
                _("Reassign the place of %(name)s") % {"name": row.membership.user.name},
                _("Reassign"),
            )
            for row in obj.live_presenters  # type: ignore[attr-defined]
        ]
        if not places:
            return _("nobody")
        return format_html_join(", ", '{} <a href="{}" aria-label="{}">{}</a>', places)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.reassign_view)
        name = "presentations_presentation_reassign"
        return [path("presenters/<int:pk>/reassign/", view, name=name), *super().get_urls()]

    def reassign_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Choose who takes a place, see who is affected and told, then do it."""
        places = Presenter.objects.filter(presentation__in=self.get_queryset(request))
        place = self.found(
            request,
            places.select_related(
                "membership__user",
                "presentation__paper",
                "presentation__meeting__course",
                "presentation__allocation",
            ),
            pk=pk,
        )
        wanted = request.POST.get("to") or request.GET.get("to", "")
        if not wanted:
            return self.choose(request, place)
        members = place.presentation.course.memberships.select_related("user")
        to = self.found(request, members, code=wanted)
        refusal = None
        if request.method == "POST":
            try:
                return self.reassign(request, place, to)
            except Refused as refused:
                refusal = refused
        return self.preview(request, place, to, refusal)

    def choose(
        self, request: HttpRequest, place: Presenter, refusal: Refused | None = None
    ) -> HttpResponse:
        """Show everybody who could take the place, the likeliest first."""
        context = {
            "title": _("Reassign: %(talk)s") % {"talk": place.presentation},
            "place": place,
            "course": place.presentation.course,
            "candidates": queries.candidates_for(place),
            "refusal": refusal,
        }
        return self.page(request, "reassign", context, refusal.status if refusal else 200)

    def preview(
        self, request: HttpRequest, place: Presenter, to: Any, refusal: Refused | None
    ) -> HttpResponse:
        """Show who is affected and told; where it cannot be done, say why and let choose again."""
        try:
            change = queries.reassign_preview(place, to, clock.now())
        except Refused as refused:
            return self.choose(request, place, refused)
        context = {
            "title": _("Give this talk to %(name)s?") % {"name": to.user.name},
            "change": change,
            "course": place.presentation.course,
            "refusal": refusal,
            "reason": request.POST.get("reason", ""),
        }
        return self.page(request, "reassign_preview", context, refusal.status if refusal else 200)

    def reassign(self, request: HttpRequest, place: Presenter, to: Any) -> HttpResponseRedirect:
        """Do it through the action. Raises what the action raises."""
        answer = actions.reassign_presentation(
            place.pk,
            to,
            request.POST.get("reason", ""),
            reader(request),
            clock.now(),
            request.POST.get("nonce", ""),
        )
        words = ngettext(
            "%(name)s now presents this talk. A mail to %(told)s person is on its way.",
            "%(name)s now presents this talk. Mails to %(told)s people are on their way.",
            answer["told"],
        )
        messages.success(request, words % {"name": to.user.name, "told": answer["told"]})
        return redirect("admin:presentations_presentation_changelist")
