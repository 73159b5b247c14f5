"""What a page of this app may be sent, read strictly."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.http import QueryDict
from django.utils.translation import gettext as _

from grading import rules
from grading.actions import Change, Grade, Mark
from seminar.lib.errors import Refused
from seminar.lib.numbers import NumberError, parse_weight


def typed_grade(data: QueryDict) -> Grade:
    """Return what the grading page sent; points typed into a rubric row go over its picked level.

    Refuses nothing, so that whatever is refused later can be shown again. The base is not read.
    """
    picks = {key[4:]: str(value) for key, value in data.items() if key.startswith("row-")}
    typed = {
        key[6:]: str(value).strip()
        for key, value in data.items()
        if key.startswith("other-") and str(value).strip()
    }
    return Grade(
        base_seq=0,
        picks=picks | typed,
        points=data.get("points", "").strip(),
        feedback=text_of(data, "feedback"),
        note=text_of(data, "note"),
        reason=text_of(data, "reason"),
        submission=data.get("submission", ""),
    )


def read_base(data: QueryDict) -> int:
    """Return the last line of the history the page showed. Raises Refused("bad_request", 422)."""
    return whole(data.get("base_seq", "0"))


def read_change(data: QueryDict) -> Change:
    """Return the reason and the base of an exception. Raises Refused("bad_request", 422)."""
    return Change(text_of(data, "reason"), read_base(data))


class Shown(NamedTuple):
    """What the page showed of one person when it was loaded: status and version."""

    status: str
    version: int


def read_marks(data: QueryDict, codes: Iterable[str], *, all_present: bool) -> dict[str, Mark]:
    """Return the marks that differ from what the page showed.

    Each person has ``m-<code>``, the choice, and ``v-<code>``, the version and status shown, as in
    "2:late". With ``all_present`` everybody without a mark is in the room.

    Raises Refused("bad_request", 422).
    """
    marks = {}
    for code in codes:
        if f"v-{code}" not in data:
            continue
        version, _colon, status = data.get(f"v-{code}", "").partition(":")
        chosen = data.get(f"m-{code}", status)
        if all_present and not chosen:
            chosen = rules.Mark.IN_ROOM.value
        if chosen != status:
            marks[code] = Mark(chosen, whole(version))
    return marks


def read_clauses(data: QueryDict, tops: Iterable[str]) -> list[rules.Clause]:
    """Return the pass rule that was chosen: per component, or in total.

    Raises Refused("pass_rule", 422) naming the value, or ("bad_request", 422).
    """
    kind = data.get("kind", "")
    if kind == "total":
        return [rules.Clause(None, percent_of(data, "total"))]
    if kind != "components":
        raise bad_request()
    return [rules.Clause(key, percent_of(data, f"at-{key}")) for key in tops]


def percent_of(data: QueryDict, name: str) -> Decimal:
    """Return one percentage. Raises Refused("pass_rule", 422)."""
    try:
        return parse_weight(data.get(name, "").strip())
    except NumberError as error:
        raise Refused(
            "pass_rule",
            error.words.text(),
            status=422,
            problems=[{"field": name, "value": data.get(name, ""), "rule": error.words.text()}],
        ) from None


def text_of(data: QueryDict, name: str) -> str:
    """Return a text with the line ends of here. How long it may be is for the action to say."""
    return data.get(name, "").replace("\r\n", "\n")


def whole(text: str) -> int:
    """Return a small whole number. Raises Refused("bad_request", 422)."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise bad_request()
    return int(text)


def bad_request() -> Refused:
    """Return the refusal of something the page cannot have sent."""
    return Refused(
        "bad_request", _("This page sent something it cannot send. Reload it."), status=422
    )
