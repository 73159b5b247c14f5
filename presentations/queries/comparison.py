"""What a run gave, beside what a rank-optimal assignment would have given. For staff only."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import Membership
from presentations import rules
from presentations.models import Allocation
from presentations.queries.allocations import Row
from presentations.queries.pictures import FEWEST, spread
from seminar.lib import charts
from seminar.lib.canonical import canonical_bytes

MOST = 300
"""Beyond this many lists a page does not wait for the solver."""


@dataclass(frozen=True)
class Difference:
    """A student whose outcome differs: paper and rank by the run, and by the other assignment."""

    membership: Membership
    here: str
    there: str


@dataclass(frozen=True)
class Compared:
    """Both distributions of choice ranks, and everybody for whom they differ."""

    picture: charts.Picture
    differences: tuple[Difference, ...]


def compared(run: Allocation, rows: Sequence[Row]) -> Compared | None:
    """Return a run beside the rank-optimal assignment of the same stored inputs. No query.

    Of those with a list, by what they listed: filling is left out on both sides. ``rows`` are
    ``rows_of`` the run. None without lists, with more than ``MOST``, and where no assignment was
    found in time.
    """
    inputs = rules.AllocationInputs.from_json(canonical_bytes(run.inputs))
    people = [row for row in rows if row.number is not None and row.reason != "already_presents"]
    if not people or len(people) > MOST:
        return None
    given = {row.membership.code: row.paper.key for row in people if row.paper and row.choice}
    best = rules.rank_optimal(inputs, given)
    if best is None:
        return None
    return Compared(_picture(people, best), _differences(people, best))


def _picture(people: Sequence[Row], best: rules.RankOptimal) -> charts.Picture:
    here = [row.choice for row in people if row.choice]
    there = [
        best.choices[row.membership.code][1]
        for row in people
        if row.membership.code in best.choices
    ]
    names, _values = spread([*here, *there], 0)
    names = [*names[:-2], names[-1]]  # nobody is filled here
    ours, theirs = (_counts(ranks, len(names) - 1, len(people)) for ranks in (here, there))
    words = ngettext(
        "By the queue %(here)s of %(people)s person gets a listed paper, rank-optimal %(there)s.",
        "By the queue %(here)s of %(people)s people get a listed paper, rank-optimal %(there)s.",
        len(people),
    )
    facts = {"here": len(here), "there": len(there), "people": len(people)}
    series = [(_("this run"), ours), (_("rank-optimal"), theirs)]
    return charts.Picture(
        title=words % facts,
        drawing=charts.bars(names, series) if len(people) >= FEWEST else None,
        columns=(_("Choice"), *(name for name, _values in series)),
        rows=tuple(
            (name, str(one), str(two)) for name, one, two in zip(names, ours, theirs, strict=True)
        ),
    )


def _counts(ranks: Sequence[int], last: int, people: int) -> list[int]:
    """Return how many got each rank up to ``last``, and how many got nothing."""
    return [*(ranks.count(n) for n in range(1, last + 1)), people - len(ranks)]


def _differences(people: Sequence[Row], best: rules.RankOptimal) -> tuple[Difference, ...]:
    found = []
    for row in people:
        key, rank = best.choices.get(row.membership.code, ("", 0))
        own = row.paper.key if row.paper and row.choice else ""
        if own != key:
            here = _what(row.titles.get(own, own), row.choice or 0)
            found.append(Difference(row.membership, here, _what(row.titles.get(key, key), rank)))
    return tuple(found)


def _what(title: str, rank: int) -> str:
    if not rank:
        return _("nothing from the list")
    return _("%(paper)s (choice %(rank)s)") % {"paper": title, "rank": rank}
