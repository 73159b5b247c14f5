"""What a page of this app may be sent, read strictly."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from presentations import rules
from presentations.models import Presentation
from presentations.queries import FinalMeeting, FinalsPage
from seminar.lib.errors import Refused
from seminar.lib.form_fields import LineField, plain_whole
from seminar.lib.templatetags.seminar_format import course_time

LONGEST = 200


@dataclass(frozen=True)
class RankingRequest:
    """The whole ranking as the page had it, the version it showed, and what to do with it.

    ``verb``: ``submit withdraw save``; ``moved`` is the paper that a move was about.
    """

    verb: str
    ranked: tuple[str, ...]
    version: int
    nonce: str
    moved: str = ""


def read_ranking(data: QueryDict) -> RankingRequest:
    """Return what the ranking page sent, its move already applied to its list.

    Each button is named ``do``: ``submit``, ``withdraw``, ``save``, or a move and a paper as in
    ``up lora``; for ``to lora`` the place stands in ``to-lora``. ``save`` obeys such a place too.

    Raises Refused ``bad_request`` (422) for anything the page cannot have sent.
    """
    try:
        ranked = data.getlist("ranked")
        if len(ranked) > LONGEST:
            raise ValueError(len(ranked))
        version = plain_whole(data.get("version", "0"))
        verb, paper = _asked(data, ranked)
        if verb not in {"submit", "withdraw", "save"}:
            place = plain_whole(data.get(f"to-{paper}") or "0") if verb == "to" else None
            ranked = list(rules.moved(ranked, verb, paper, place))
            verb = "save"
    except ValueError as error:
        words = _("Write the position as a number from 1. Nothing was changed.")
        raise Refused("bad_request", words, status=422) from error
    return RankingRequest(verb, tuple(ranked), version, data.get("nonce", ""), paper)


def _asked(data: QueryDict, ranked: list[str]) -> tuple[str, str]:
    """Return the verb and the paper it is about; Enter in a position field means that move."""
    verb, _space, paper = data.get("do", "save").partition(" ")
    typed = next((key for key in ranked if data.get(f"to-{key}")), "")
    return ("to", typed) if verb == "save" and typed else (verb, paper)


class FinalTalkForm(forms.Form):
    """A final talk to schedule. Offered are meetings to come and students without a final talk.

    Who was ticked and got a talk meanwhile stays on offer, so that the refusal can be read beside
    the own tick.
    """

    title = LineField(
        label=gettext_lazy("Title"),
        max_length=300,
        error_messages={"required": gettext_lazy("Give the talk a title.")},
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Mode"),
        choices=Presentation.Mode.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose a literature review or a new mechanism."),
            "invalid_choice": gettext_lazy("Choose a literature review or a new mechanism."),
        },
    )
    meeting = forms.ChoiceField(
        label=gettext_lazy("Meeting"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose a meeting."),
            "invalid_choice": gettext_lazy("Choose a meeting that takes place and is not over."),
        },
    )
    members = forms.MultipleChoiceField(
        label=gettext_lazy("Members"),
        help_text=gettext_lazy("Everybody who gives the talk: one student or a group."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose one or more students."),
            "invalid_choice": gettext_lazy("Choose active students of this course."),
        },
    )

    def __init__(self, data: QueryDict | None, *, page: FinalsPage, zone: Any) -> None:
        meetings = [(day.meeting.key, _meeting_words(day, zone)) for day in page.choices]
        super().__init__(data, initial={"meeting": meetings[0][0]} if len(meetings) == 1 else None)
        ticked = set(data.getlist("members")) if data else set()
        free = set(page.free)
        offered = [who for who in page.students if who in free or who.code in ticked]
        self.fields["meeting"].choices = meetings  # type: ignore[attr-defined]
        self.fields["members"].choices = [  # type: ignore[attr-defined]
            (who.code, who.user.name) for who in offered
        ]

    def refuse(self, refusal: Refused) -> None:
        """Say at each field what the action refused there; the rest above the form."""
        for problem in refusal.problems:
            field = problem["field"]
            self.add_error(field if field in self.fields else None, str(problem["rule"]))
        if not refusal.problems:
            self.add_error(None, str(refusal))


def _meeting_words(day: FinalMeeting, zone: Any) -> str:
    left = ngettext("%(left)d minute left", "%(left)d minutes left", day.left) % {"left": day.left}
    return f"{course_time(day.meeting.starts_at, zone)} · {left}"


@dataclass(frozen=True)
class CapacityRequest:
    """How many should present a paper, who moves where, and whether to do it or to show it.

    ``moves`` names people by code and papers by key, "" for none.
    """

    capacity: int
    moves: dict[str, str]
    reason: str
    apply: bool


def read_capacity(data: QueryDict) -> CapacityRequest:
    """Read what the page of a paper's places sent. Raises Refused ``bad_capacity`` (422)."""
    try:
        capacity = plain_whole(data.get("capacity", ""))
    except ValueError as error:
        words = _("Write a number from 0 to 100.")
        raise Refused("bad_capacity", words, status=422) from error
    moves = {
        name.removeprefix("move-"): "" if to == "none" else str(to)
        for name, to in data.items()
        if name.startswith("move-") and to != "stay"
    }
    return CapacityRequest(capacity, moves, data.get("reason", ""), data.get("do") == "apply")
