"""What people type: papers, texts with their versions, a file, an extension."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assignments.actions import Typed
from assignments.rules import Part
from courses.models import Membership, Paper
from courses.rules import WallTimeError, local_instant
from seminar.lib.errors import Refused
from seminar.lib.form_fields import ClockTimeField, DayField

FIELD_NAME = re.compile(
    rf"([0-9])\.({'|'.join(Part)})\.([0-9]{{1,2}})", re.ASCII
)  # as queries.field_name writes it
VERSION = re.compile(r"[0-9]{1,9}", re.ASCII)
VERSION_PREFIX = "version:"


def typed_field(name: str, text: str, version: str) -> Typed:
    """Read one text of a report. Raises Refused("unknown_field", 422) for what no form of ours has."""
    match = FIELD_NAME.fullmatch(name)
    if match is None or not VERSION.fullmatch(version):
        raise Refused("unknown_field", _("This report has no such part."), status=422)
    return Typed(int(match[1]), match[2], int(match[3]), text, int(version))


def typed_fields(post: QueryDict) -> list[Typed]:
    """Read every text that came with the version it was typed over."""
    names = [key.removeprefix(VERSION_PREFIX) for key in post if key.startswith(VERSION_PREFIX)]
    return [
        typed_field(name, post.get(name, ""), post.get(f"{VERSION_PREFIX}{name}", ""))
        for name in names
        if name in post
    ]


def settled_conflict(typed: Sequence[Typed], post: Mapping[str, Any]) -> list[Typed]:
    """Apply the choice of a conflict panel: "mine|other|both:VERSION:FIELD", if one was pressed.

    The version is the one the person has seen beside the own text, so that a third text that came
    in between is shown again instead of lost.
    """
    choice, _colon, rest = str(post.get("keep", "")).partition(":")
    version, _colon, name = rest.partition(":")
    if choice not in {"mine", "other", "both"} or not VERSION.fullmatch(version):
        return list(typed)
    return list(
        _after_choice(typed, choice, int(version), name, str(post.get("theirs:" + name, "")))
    )


def _after_choice(
    typed: Sequence[Typed], choice: str, version: int, name: str, theirs: str
) -> Iterator[Typed]:
    for field in typed:
        if field.name != name:
            yield field
        elif choice != "other":
            text = field.text if choice == "mine" else f"{field.text}\n\n{theirs}"
            yield Typed(field.slot, field.part, field.index, text, version)


class PapersForm(forms.Form):
    """Which papers a report is about. The action counts them."""

    papers = forms.MultipleChoiceField(
        label=gettext_lazy("Reading list"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, offered: Sequence[Paper], asked: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["papers"]
        field.choices = [(paper.key, paper_label(paper)) for paper in offered]  # type: ignore[attr-defined]
        field.label = _("Choose exactly %(asked)d papers") % {"asked": asked}
        field.error_messages["required"] = field.label
        field.error_messages["invalid_choice"] = _(
            "Choose papers from the reading list of this report."
        )


def paper_label(paper: Paper) -> str:
    """Return a paper as a line of a list: title, authors, year."""
    authors = paper.authors.split(",")
    who = authors[0].strip() + (" et al." if len(authors) > 1 else "")
    behind = ", ".join(str(fact) for fact in (who, paper.year) if fact)
    return f"{paper.title} ({behind})" if behind else paper.title


class FileForm(forms.Form):
    """A PDF. What is wrong with its content, the action says."""

    file = forms.FileField(
        label=gettext_lazy("Your PDF"),
        max_length=500,
        allow_empty_file=True,
        error_messages={"required": gettext_lazy("Choose the PDF you want to submit.")},
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )


class ExtensionForm(forms.Form):
    """A later deadline for one student, as a wall time in the course's zone."""

    student = forms.ModelChoiceField(
        label=gettext_lazy("Student"),
        queryset=Membership.objects.none(),
        to_field_name="code",
        error_messages={"invalid_choice": gettext_lazy("Choose a student of this course.")},
    )
    day = DayField(
        label=gettext_lazy("New last day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    time = ClockTimeField(
        label=gettext_lazy("Time"),
        initial="23:59",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Staff of the course read it; the mail does not carry it."),
    )

    def __init__(self, *args: Any, students: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields["student"].queryset = students  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Put day and time together into ``until``, an instant."""
        data = self.cleaned_data
        if "day" in data and "time" in data:
            data["until"] = self.instant(data)
        return data

    def instant(self, data: dict[str, Any]) -> datetime:
        """Return the aware UTC instant; of a time that happens twice the later one."""
        try:
            return local_instant(data["day"], data["time"], self.zone, fold=1)
        except WallTimeError as error:
            raise ValidationError({"day": error.words.text()}) from error
