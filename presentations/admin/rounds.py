"""The allocation board: a round, its runs, and what can be done with them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from courses.admin import OwnCourseFilter, reader
from courses.models import Membership, Paper
from presentations import actions, queries
from presentations.admin.base import BoardAdmin
from presentations.admin.pins import PinPages
from presentations.models import PreferenceRound
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.templatetags.seminar_format import course_time, deadline


@admin.register(PreferenceRound)
class PreferenceRoundAdmin(PinPages, BoardAdmin):
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
            path(
                "<int:pk>/runs/<slug:code>/log/",
                wrap(require_safe(self.log_view)),
                name=f"{name}_log",
            ),
            path("<int:pk>/places/<slug:code>/", wrap(self.assign_view), name=f"{name}_assign"),
            path("<int:pk>/pins/<slug:code>/", wrap(self.pin_view), name=f"{name}_pin"),
            path("<int:pk>/pins/<slug:code>/lift/", wrap(self.lift_view), name=f"{name}_lift"),
            path("<int:pk>/lists/<slug:code>/", wrap(self.late_view), name=f"{name}_late"),
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
        runs = list(round_.allocations.select_related("run_by", "published_by"))
        published = next((run for run in runs if run.published_at), None)
        board = queries.board(round_)
        context = {
            "title": round_.title,
            "round": round_,
            "course": round_.course,
            "state": queries.state_of(round_, at),
            "state_words": STATE_WORDS[queries.state_of(round_, at)],
            "board": board,
            "pins": queries.pins_of(round_),
            "has_closed": at >= round_.closes_at,
            "pictures": queries.board_pictures(round_, board, published or next(iter(runs), None)),
            "runs": runs,
            "refusal": queries.allocation_refusal(round_, at),
            "unplaced": queries.students_without_talk(round_.course),
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
            "view": (view := queries.run_view(round_, run)),
            "picture": queries.run_pictures(view),
            "compared": queries.compared(run, view.rows),
            "replayed": queries.replay(run) if "replay" in request.GET else None,
        }
        return self.page(request, "run", context)

    def log_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Hand out a run with all it rests on as a JSON file."""
        run = self.found(request, self.found(request, pk=pk).allocations.all(), code=code)
        answer = JsonResponse(queries.run_log(run), json_dumps_params={"indent": 2})
        answer["Content-Disposition"] = f'attachment; filename="allocation-{run.code}.json"'
        return answer

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
