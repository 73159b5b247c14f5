"""The allocation board and the talks in the admin: read here, changed through the same actions.

Every button is a POST with a nonce. What a person of another course asks for does not exist.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from courses.admin import CourseScopedAdmin, OwnCourseFilter, reader
from courses.models import Membership, Paper
from presentations import actions, queries
from presentations.models import (
    Allocation,
    PreferenceList,
    PreferenceRound,
    Presentation,
    Presenter,
)
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused
from seminar.lib.templatetags.seminar_format import course_time, deadline


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


@admin.register(PreferenceRound)
class PreferenceRoundAdmin(BoardAdmin):
    """Rounds; opening one shows the board: state, demand, runs, and what to do next."""

    list_display = ("title", "course", "state", "submitted", "opens", "closes")
    list_filter = (OwnCourseFilter,)
    list_select_related = ("course",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PreferenceRound]:
        rows = super().get_queryset(request).select_related("course")
        return rows.annotate(numbered=Count("lists__number"))

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: PreferenceRound) -> str:
        return str(STATE_WORDS[queries.state_of(obj, clock.now())])

    @admin.display(description=gettext_lazy("Lists submitted"))
    def submitted(self, obj: PreferenceRound) -> int:
        return obj.numbered  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("Opens"), ordering="opens_at")
    def opens(self, obj: PreferenceRound) -> str:
        return course_time(obj.opens_at, obj.course.zone)

    @admin.display(description=gettext_lazy("Closes"), ordering="closes_at")
    def closes(self, obj: PreferenceRound) -> str:
        return deadline(obj.closes_at, obj.course.zone)

    def get_urls(self) -> list[Any]:
        wrap, name = self.admin_site.admin_view, "presentations_preferenceround"
        return [
            path(
                "<int:pk>/allocate/",
                wrap(require_POST(self.allocate_view)),
                name=f"{name}_allocate",
            ),
            path(
                "<int:pk>/runs/<slug:code>/", wrap(require_safe(self.run_view)), name=f"{name}_run"
            ),
            path(
                "<int:pk>/runs/<slug:code>/publish/",
                wrap(require_POST(self.publish_view)),
                name=f"{name}_publish",
            ),
            path("<int:pk>/places/<slug:code>/", wrap(self.assign_view), name=f"{name}_assign"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the board in the place of a form: nothing about a round is edited by hand."""
        if not object_id.isdecimal():
            raise Http404
        round_, at = self.found(request, pk=int(object_id)), clock.now()
        context = {
            "title": round_.title,
            "round": round_,
            "course": round_.course,
            "state": queries.state_of(round_, at),
            "state_words": STATE_WORDS[queries.state_of(round_, at)],
            "board": queries.board(round_),
            "runs": round_.allocations.select_related("run_by", "published_by"),
            "refusal": (refusal := queries.allocation_refusal(round_, at)),
            "unplaced": queries.students_without_talk(round_.course)
            if refusal == "published"
            else [],
            "now": at,
        }
        return self.page(request, "board", context)

    def allocate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Run the allocation and show the run."""
        round_ = self.found(request, pk=pk)
        try:
            answer = actions.allocate_round(
                round_.pk, reader(request), clock.now(), request.POST.get("nonce", "")
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:presentations_preferenceround_change", pk)
        return redirect("admin:presentations_preferenceround_run", pk, answer["code"])

    def run_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Show a run: who gets what and why, and which messages publishing would send."""
        round_ = self.found(request, pk=pk)
        run = self.found(request, round_.allocations.select_related("run_by"), code=code)
        context = {
            "title": _("Run %(run)s of %(round)s") % {"run": run.run, "round": round_},
            "round": round_,
            "course": round_.course,
            "run": run,
            "view": queries.run_view(round_, run),
        }
        return self.page(request, "run", context)

    def publish_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Publish a run and tell everybody."""
        run = self.found(request, self.found(request, pk=pk).allocations.all(), code=code)
        try:
            answer = actions.publish_allocation(
                run.pk, reader(request), clock.now(), request.POST.get("nonce", "")
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            talks = ngettext("%(talks)s talk", "%(talks)s talks", answer["talks"])
            words = ngettext(
                "Published: %(what)s. A mail to %(told)s person is on its way.",
                "Published: %(what)s. Mails to %(told)s people are on their way.",
                answer["told"],
            )
            facts = {"what": talks % answer, "told": answer["told"]}
            messages.success(request, words % facts)
        return redirect("admin:presentations_preferenceround_run", pk, code)

    def assign_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Choose a free place for a student, see who is told, then give it."""
        round_, refusal = self.found(request, pk=pk), None
        to = self.found(request, round_.course.memberships.select_related("user"), code=code)
        key = request.POST.get("paper") or request.GET.get("paper", "")
        if not key:
            return self.choose_place(request, round_, to)
        paper = self.found(request, round_.course.papers.all(), key=key)
        if request.method == "POST":
            try:
                return self.assign(request, round_, paper, to)
            except Refused as refused:
                refusal = refused
        return self.preview_place(request, round_, paper, to, refusal)

    def choose_place(
        self,
        request: HttpRequest,
        round_: PreferenceRound,
        to: Membership,
        refusal: Refused | None = None,
    ) -> HttpResponse:
        """Show every paper that is presented in class, the likeliest for this student first."""
        context = {
            "title": _("Give a place to %(name)s") % {"name": to.user.name},
            "round": round_,
            "course": round_.course,
            "to": to,
            "places": queries.places_for(round_.course, to, clock.now()),
            "refusal": refusal,
        }
        return self.page(request, "assign", context, refusal.status if refusal else 200)

    def preview_place(
        self,
        request: HttpRequest,
        round_: PreferenceRound,
        paper: Paper,
        to: Membership,
        refusal: Refused | None,
    ) -> HttpResponse:
        """Show what is given and who is told; where it cannot be, say why and let choose again."""
        try:
            change = queries.assign_preview(paper, to, clock.now())
        except Refused as refused:
            return self.choose_place(request, round_, to, refused)
        context = {
            "title": _("Give this place to %(name)s?") % {"name": to.user.name},
            "round": round_,
            "course": round_.course,
            "change": change,
            "refusal": refusal,
            "reason": request.POST.get("reason", ""),
        }
        return self.page(request, "assign_preview", context, refusal.status if refusal else 200)

    def assign(
        self, request: HttpRequest, round_: PreferenceRound, paper: Paper, to: Membership
    ) -> HttpResponseRedirect:
        """Do it through the action. Raises what the action raises."""
        answer = actions.assign_presenter(
            paper,
            to,
            request.POST.get("reason", ""),
            reader(request),
            clock.now(),
            request.POST.get("nonce", ""),
        )
        words = ngettext(
            "%(name)s now presents “%(paper)s”. A mail to %(told)s person is on its way.",
            "%(name)s now presents “%(paper)s”. Mails to %(told)s people are on their way.",
            answer["told"],
        )
        facts = {"name": to.user.name, "paper": paper.title, "told": answer["told"]}
        messages.success(request, words % facts)
        return redirect("admin:presentations_preferenceround_change", round_.pk)


STATE_WORDS = {
    "upcoming": gettext_lazy("Not open"),
    "open": gettext_lazy("Open"),
    "closing": gettext_lazy("Closing"),
    "closed": gettext_lazy("Closed"),
}


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
