"""Pins and late lists on the allocation board: choose, see who is affected, then do it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from courses.admin import reader
from courses.models import Membership
from presentations import actions, queries
from presentations.admin.base import BoardAdmin
from presentations.models import PreferenceRound
from seminar.lib import clock
from seminar.lib.errors import Refused


class PinPages(BoardAdmin):
    """The pages of a round about one student: pin a paper, lift the pin, enter a late list."""

    def about(self, request: HttpRequest, pk: int, code: str) -> tuple[PreferenceRound, Membership]:
        """Return a round and somebody of its course. Raises Http404 for any other."""
        round_ = self.found(request, pk=pk)
        people = round_.course.memberships.select_related("user")
        return round_, self.found(request, people, code=code)

    def done(
        self, request: HttpRequest, round_: PreferenceRound, words: str
    ) -> HttpResponseRedirect:
        """Say what was done, on the board."""
        messages.success(request, words)
        return redirect("admin:presentations_preferenceround_change", round_.pk)

    def pin_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Choose a paper for a student, see what the next run changes, then pin it."""
        round_, to = self.about(request, pk, code)
        key = request.POST.get("paper") or request.GET.get("paper", "")
        if not key:
            return self.choose_pin(request, round_, to)
        paper = self.found(request, round_.papers.all(), key=key)
        refusal = None
        if request.method == "POST":
            try:
                actions.pin_student(round_.pk, (to, paper), **self.sent(request))
            except Refused as refused:
                refusal = refused
            else:
                words = _("“%(paper)s” is pinned for %(name)s. Nobody is told.")
                facts = {"paper": paper.title, "name": to.user.name}
                return self.done(request, round_, words % facts)
        try:
            change = queries.pin_preview(round_, to, paper)
        except Refused as refused:
            return self.choose_pin(request, round_, to, refused)
        return self.preview_pin(request, change, refusal, lifts=False)

    def lift_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """See what lifting a pin changes, then lift it."""
        round_, to = self.about(request, pk, code)
        refusal = None
        if request.method == "POST":
            try:
                actions.lift_pin(round_.pk, to, **self.sent(request))
            except Refused as refused:
                refusal = refused
            else:
                words = _("The pin of %(name)s is lifted. Nobody is told.")
                return self.done(request, round_, words % {"name": to.user.name})
        try:
            change = queries.lift_preview(round_, to)
        except Refused as refused:
            return self.choose_pin(request, round_, to, refused)
        return self.preview_pin(request, change, refusal, lifts=True)

    def sent(self, request: HttpRequest) -> dict[str, Any]:
        """Return what both forms say: why, who, when, and the nonce."""
        return {
            "reason": request.POST.get("reason", ""),
            "by": reader(request),
            "at": clock.now(),
            "nonce": request.POST.get("nonce", ""),
        }

    def choose_pin(
        self,
        request: HttpRequest,
        round_: PreferenceRound,
        to: Membership,
        refusal: Refused | None = None,
    ) -> HttpResponse:
        """Show every paper of the round, what the student ranked first."""
        context = {
            "title": _("Pin a paper for %(name)s") % {"name": to.user.name},
            "round": round_,
            "course": round_.course,
            "to": to,
            "choices": queries.pin_choices(round_, to),
            "refusal": refusal,
        }
        # Who only looks is shown what there is, with the reason why not what they asked for.
        status = refusal.status if refusal and request.method == "POST" else 200
        return self.page(request, "pin", context, status)

    def preview_pin(
        self,
        request: HttpRequest,
        change: queries.PinPreview,
        refusal: Refused | None,
        *,
        lifts: bool,
    ) -> HttpResponse:
        """Show whose paper the next run would change, and ask why."""
        title = _("Lift the pin of %(name)s?") if lifts else _("Pin this paper for %(name)s?")
        context = {
            "title": title % {"name": change.to.user.name},
            "round": change.round,
            "course": change.round.course,
            "change": change,
            "lifts": lifts,
            "refusal": refusal,
            "reason": request.POST.get("reason", ""),
        }
        return self.page(request, "pin_preview", context, refusal.status if refusal else 200)

    def late_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Enter the list of somebody who came after the round closed."""
        round_, to = self.about(request, pk, code)
        papers = queries.papers_of_round(round_)
        places = range(1, min(round_.max_length, len(papers)) + 1)
        ranked = [request.POST.get(f"choice_{place}", "") for place in places]
        refusal = None
        if request.method == "POST":
            sent = self.sent(request)
            del sent["reason"]
            try:
                chosen = [key for key in ranked if key]
                answer = actions.enter_late_list(round_.pk, to, chosen, **sent)
            except Refused as refused:
                refusal = refused
            else:
                words = _("%(name)s has number %(number)s. A mail with the list is on its way.")
                facts = {"name": to.user.name, "number": answer["number"]}
                return self.done(request, round_, words % facts)
        context = {
            "title": _("Enter the list of %(name)s") % {"name": to.user.name},
            "round": round_,
            "course": round_.course,
            "to": to,
            "papers": papers,
            "ranked": list(zip(places, ranked, strict=True)),
            "refusal": refusal,
        }
        return self.page(request, "late_list", context, refusal.status if refusal else 200)
