"""Reads for places that staff set before the queue is served: what a pin would do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from courses.models import Membership, Paper
from presentations import rules
from presentations.models import Pin, PreferenceRound
from presentations.queries.allocations import published_of
from presentations.queries.rounds import inputs_of, papers_of_round
from seminar.lib.errors import Refused


@dataclass(frozen=True)
class Moved:
    """Somebody whose paper the next run would change; None: no paper."""

    membership: Membership
    before: Paper | None
    after: Paper | None


@dataclass(frozen=True)
class PinPreview:
    """What setting or lifting a pin would do to the next run. Nobody is told of a pin."""

    round: PreferenceRound
    to: Membership
    paper: Paper
    warnings: tuple[str, ...]
    moved: tuple[Moved, ...]


@dataclass(frozen=True)
class PinChoice:
    """A paper as it could be pinned for one student; ``refusal`` says why not, as a code."""

    paper: Paper
    choice: int | None
    refusal: str | None

    @property
    def words(self) -> str:
        """Why it cannot be pinned, for staff; only for papers that cannot."""
        return str(_refused(self.refusal or "", self.paper, "").message)


def pins_of(round_: PreferenceRound) -> list[Pin]:
    """Return the live pins of a round with student and paper, oldest first. One query."""
    live = round_.pins.filter(lifted_at__isnull=True)
    return list(live.select_related("membership__user", "paper", "set_by"))


def pin_choices(round_: PreferenceRound, to: Membership) -> list[PinChoice]:
    """Return every paper of the round as a pin for ``to``, what they ranked first. Six queries."""
    papers = papers_of_round(round_)
    inputs = inputs_of(round_)
    ranked = next((r.papers for r in inputs.lists if r.student == to.code), ())
    found = [
        PinChoice(
            paper,
            ranked.index(paper.key) + 1 if paper.key in ranked else None,
            rules.pin_refusal(inputs, rules.Pin(to.code, paper.key)),
        )
        for paper in papers
    ]
    return sorted(found, key=lambda c: (c.refusal is not None, c.choice is None, c.choice or 0))


def pin_preview(round_: PreferenceRound, to: Membership, paper: Paper) -> PinPreview:
    """Return what pinning ``paper`` for ``to`` does to the next run. Eight queries.

    The page before and the action itself both read this. Raises Refused ``published``,
    ``pinned``, ``has_a_talk``, ``paper_full``, ``meeting_full`` (409), ``not_a_student``,
    ``not_offered`` (422).
    """
    _require_open_to_pins(round_)
    name = to.user.name
    if to.course_id != round_.course_id or not to.is_student:
        words = _("%(name)s is not an active student of this course.")
        raise Refused("not_a_student", words % {"name": name}, status=422)
    inputs = inputs_of(round_)
    pin = rules.Pin(to.code, paper.key)
    refusal = rules.pin_refusal(inputs, pin)
    if refusal is not None:
        raise _refused(refusal, paper, name)
    changed = replace(inputs, pins=(*inputs.pins, pin))
    moved = _moved(round_, inputs, changed)
    return PinPreview(round_, to, paper, rules.pin_warnings(inputs, pin), moved)


def lift_preview(round_: PreferenceRound, to: Membership) -> PinPreview:
    """Return what lifting the pin of ``to`` does to the next run. Eight queries.

    Raises Refused ``published``, ``not_pinned`` (409).
    """
    _require_open_to_pins(round_)
    pin = round_.pins.filter(membership=to, lifted_at__isnull=True).select_related("paper").first()
    if pin is None:
        words = _("Nothing is pinned for %(name)s in this round.")
        raise Refused("not_pinned", words % {"name": to.user.name})
    inputs = inputs_of(round_)
    left = tuple(each for each in inputs.pins if each.student != to.code)
    moved = _moved(round_, inputs, replace(inputs, pins=left))
    return PinPreview(round_, to, pin.paper, (), moved)


def _require_open_to_pins(round_: PreferenceRound) -> None:
    if published_of(round_) is not None:
        words = _("This round is published. Reassign a talk or give a free place instead.")
        raise Refused("published", words)


def _moved(
    round_: PreferenceRound, before: rules.AllocationInputs, after: rules.AllocationInputs
) -> tuple[Moved, ...]:
    """Return whose paper differs between the outcomes of two inputs, by name."""
    was, becomes = _papers_given(before), _papers_given(after)
    papers = {paper.key: paper for paper in papers_of_round(round_)}
    differ = [code for code in was.keys() | becomes.keys() if was.get(code) != becomes.get(code)]
    people = Membership.objects.filter(course=round_.course_id, code__in=differ)
    return tuple(
        Moved(
            member,
            papers.get(was.get(member.code) or ""),
            papers.get(becomes.get(member.code) or ""),
        )
        for member in people.select_related("user").order_by("user__name", "id")
    )


def _papers_given(inputs: rules.AllocationInputs) -> Mapping[str, str]:
    """Return who would get which paper; nobody anything where the facts contradict each other."""
    try:
        return {placed.student: placed.paper for placed in rules.allocate(inputs).placements}
    except rules.ImpossibleInputs:
        return {}


def _refused(code: str, paper: Paper, name: str) -> Refused:
    words = {
        "not_offered": _("“%(paper)s” is not on offer in this round."),
        "has_a_talk": _("%(name)s has a talk of this kind already. Each person has one."),
        "pinned": _("A paper is pinned for %(name)s already. Lift that pin first."),
        "paper_full": _("All places of “%(paper)s” are pinned or taken."),
        "meeting_full": _("The meeting of “%(paper)s” has no time left for another talk."),
    }[code] % {"paper": paper.title, "name": name or _("This student")}
    return Refused(code, words, status=422 if code == "not_offered" else 409)
