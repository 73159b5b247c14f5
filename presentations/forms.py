"""What a page of this app may be sent, read strictly."""

from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from presentations import rules
from seminar.lib.errors import Refused

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
        version = int(data.get("version", "0"))
        verb, paper = _asked(data, ranked)
        if verb not in {"submit", "withdraw", "save"}:
            place = int(data.get(f"to-{paper}") or 0) if verb == "to" else None
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
