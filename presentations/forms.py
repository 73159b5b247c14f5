"""What a page of this app may be sent, read strictly."""

from dataclasses import dataclass, replace
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
VERBS = frozenset({"submit", "withdraw", "save", "arrange"})


@dataclass(frozen=True)
class RankingRequest:
    """The whole list as the page had it, the version it showed, and what to do with it.

    ``verb``: ``submit withdraw save arrange``. ``move`` is what a button does to one paper, which
    is ``moved``, with its ``place`` for ``to``; empty where no paper was moved.
    """

    verb: str
    sent: rules.Preferences
    version: int
    nonce: str
    move: str = ""
    moved: str = ""
    place: int | None = None

    @property
    def wanted(self) -> rules.Preferences:
        """The list with its move applied."""
        return self.over(self.sent)

    def over(self, current: rules.Preferences) -> rules.Preferences:
        """Return another list with what this request changed: the move, or else the dates.

        Raises ValueError where the move is not possible there.
        """
        if self.move:
            return rules.moved(current, self.move, self.moved, self.place)
        return replace(current, unavailable=self.sent.unavailable)


def read_ranking(data: QueryDict) -> RankingRequest:
    """Return what the ranking page sent, with a move that is possible.

    Each button is named ``do``: ``submit``, ``withdraw``, ``save``, ``arrange``, or a move and a
    paper as in ``up lora``; for ``to lora`` the place stands in ``to-lora``. A move asks for
    ``arrange``: whether that is saved at once is the round's business. All buttons but those of
    moves obey a place that was typed.

    Raises Refused ``bad_request`` (422) for anything the page cannot have sent.
    """
    try:
        sent = [data.getlist(name) for name in ("ranked", "unwanted", "unavailable")]
        if max(map(len, sent)) > LONGEST:
            raise ValueError(max(map(len, sent)))
        asked = RankingRequest(
            **_pressed(data),
            sent=rules.Preferences.of(rules.Preferences(*map(tuple, sent))),
            version=plain_whole(data.get("version", "0")),
            nonce=data.get("nonce", ""),
        )
        if asked.move:
            asked.over(asked.sent)
    except ValueError as error:
        words = _("Write the position as a number from 1. Nothing was changed.")
        raise Refused("bad_request", words, status=422) from error
    return asked


def _pressed(data: QueryDict) -> dict[str, Any]:
    """Return verb, move, paper and place; Enter in a field of a place means that move."""
    verb, _space, paper = data.get("do", "save").partition(" ")
    typed = next((name[3:] for name in data if name.startswith("to-") and data[name]), "")
    if verb not in VERBS:
        move, verb = verb, "arrange"
    elif typed:
        move, paper = "to", typed
    else:
        move, paper = "", ""
    place = plain_whole(data.get(f"to-{paper}") or "0") if move == "to" else None
    return {"verb": verb, "move": move, "moved": paper, "place": place}


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
