"""The pictures of the allocation board, each with its finding as a sentence. For staff only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import Membership, Paper
from presentations.models import Allocation, PreferenceRound
from presentations.queries.allocations import Board, RunView, rows_of
from presentations.queries.talks import talks_by_meeting
from seminar.lib import charts
from seminar.lib.templatetags.seminar_format import course_clock, course_date

FEWEST = 5
"""Below this many people a distribution is a list, not a picture."""

NONE = "\N{EN DASH}"
COLUMNS = 6
"""The heat map shows ranks up to this one, and the rest together."""


@dataclass(frozen=True)
class Seat:
    """Somebody on the board and where they ranked what they present. ``code``: their talk."""

    membership: Membership
    choice: int | None
    presenter: int | None = None


@dataclass(frozen=True)
class BoardSlot:
    """A paper with who presents it, or would; ``starts_at`` once it is published."""

    paper: Paper
    starts_at: datetime | None
    seats: tuple[Seat, ...]


@dataclass(frozen=True)
class BoardDay:
    """A meeting of the board with its talks in running order."""

    heading: str
    slots: tuple[BoardSlot, ...]


@dataclass(frozen=True)
class BoardPictures:
    """What stands on top of the board. ``run`` is the one shown; provisional until published."""

    run: Allocation | None
    days: tuple[BoardDay, ...]
    strip: charts.Picture | None
    demand: charts.Picture


def board_pictures(round_: PreferenceRound, board: Board, run: Allocation | None) -> BoardPictures:
    """Return the strip and the heat map of a round. At most two queries at any size.

    ``run`` is the published one, else the newest, or None. The strip shows live talks once the
    round is published, and what the run gives before.
    """
    days: tuple[BoardDay, ...] = ()
    if run is not None:
        papers = [demand.paper for demand in board.demand]
        days = _live_days(round_) if run.published_at else _run_days(round_, run, papers)
    return BoardPictures(run, days, _strip(round_, run, days), _demand(board, run))


def run_pictures(view: RunView) -> charts.Picture:
    """Return how far down their lists a run went, as a picture. No query."""
    placed = [row for day in view.meetings for _paper, rows in day.papers for row in rows]
    return choice_picture([row.choice for row in placed], len(view.unplaced))


def choice_picture(choices: Sequence[int | None], unplaced: int) -> charts.Picture:
    """Return the distribution of choice ranks; a table alone for fewer than five people."""
    names, values = spread(choices, unplaced)
    people = len(choices) + unplaced
    top = sum(choice is not None and choice <= 3 for choice in choices)
    words = ngettext(
        "%(top)s of %(people)s person gets one of the first three choices.",
        "%(top)s of %(people)s people get one of their first three choices.",
        people,
    )
    return charts.Picture(
        title=words % {"top": top, "people": people},
        drawing=charts.bars(names, [("", values)]) if people >= FEWEST else None,
        columns=(_("Choice"), _("People")),
        rows=tuple((name, str(value)) for name, value in zip(names, values, strict=True)),
    )


def spread(choices: Sequence[int | None], unplaced: int) -> tuple[list[str], list[int]]:
    """Return how many got their first, second, … choice, something unranked, and nothing."""
    times = Counter(choices)
    last = max((choice for choice in choices if choice), default=1)
    names = [_("choice %(n)s") % {"n": n} for n in range(1, last + 1)]
    values = [times[n] for n in range(1, last + 1)]
    return [*names, _("not ranked"), _("no paper")], [*values, times[None], unplaced]


def _run_days(
    round_: PreferenceRound, run: Allocation, papers: Sequence[Paper]
) -> tuple[BoardDay, ...]:
    seats: dict[Paper, list[Seat]] = {}
    for row in rows_of(round_, run.outcome):
        if row.paper is not None:
            seats.setdefault(row.paper, []).append(Seat(row.membership, row.choice))
    days: dict[str, list[BoardSlot]] = {}
    for paper in papers:
        if paper.meeting is not None and paper.meeting.cancelled_at is None:
            days.setdefault(_heading(paper.meeting.starts_at, round_), []).append(
                BoardSlot(paper, None, tuple(seats.get(paper, ())))
            )
    return tuple(BoardDay(heading, tuple(slots)) for heading, slots in days.items())


def _live_days(round_: PreferenceRound) -> tuple[BoardDay, ...]:
    days: list[BoardDay] = []
    for day in talks_by_meeting(round_.course):
        slots = [
            BoardSlot(
                talk.presentation.paper,
                talk.starts_at,
                tuple(Seat(row.membership, row.choice, row.pk) for row in talk.presenters),
            )
            for talk in day.talks
            if talk.presentation.paper is not None
        ]
        if slots:
            days.append(BoardDay(_heading(day.meeting.starts_at, round_), tuple(slots)))
    return tuple(days)


def _heading(starts_at: datetime, round_: PreferenceRound) -> str:
    return course_date(starts_at, round_.course.zone)


def _strip(
    round_: PreferenceRound, run: Allocation | None, days: Sequence[BoardDay]
) -> charts.Picture | None:
    if run is None:
        return None
    seats = [seat for day in days for slot in day.slots for seat in slot.seats]
    top = sum(seat.choice is not None and seat.choice <= 3 for seat in seats)
    words = ngettext(
        "%(top)s of %(people)s presenter gets one of the first three choices.",
        "%(top)s of %(people)s presenters get one of their first three choices.",
        len(seats),
    )
    zone = round_.course.zone
    groups = [
        (
            day.heading,
            [
                charts.Slot(
                    course_clock(slot.starts_at, zone) if slot.starts_at else "",
                    slot.paper.title,
                    tuple(charts.Chip(_chip(seat), _wanted(seat.choice)) for seat in slot.seats)
                    or (charts.Chip(_("nobody"), "empty"),),
                )
                for slot in day.slots
            ],
        )
        for day in days
    ]
    return charts.Picture(
        title=words % {"top": top, "people": len(seats)},
        drawing=charts.strip(groups),
        columns=(_("Paper"), _("Meeting"), _("Presenters")),
        rows=tuple(
            (slot.paper.title, day.heading, ", ".join(_chip(seat) for seat in slot.seats) or NONE)
            for day in days
            for slot in day.slots
        ),
        note="" if run.published_at else _("Provisional: run %(n)s.") % {"n": run.run},
    )


def _chip(seat: Seat) -> str:
    return f"{seat.membership.user.name} · {seat.choice or NONE}"


def _wanted(choice: int | None) -> str:
    if choice is None:
        return "none"
    return "first" if choice == 1 else "high" if choice <= 3 else "low"


def _demand(board: Board, run: Allocation | None) -> charts.Picture:
    longest = max((place for demand in board.demand for place in demand.ranks), default=1)
    last = min(longest, COLUMNS)
    names = [str(n) for n in range(1, last + 1)]
    if longest > COLUMNS:
        names[-1] = f"{COLUMNS}+"
    given = _given(run.outcome if run else {})
    rows = [
        (
            demand.paper.title,
            [
                sum(times for place, times in demand.ranks.items() if min(place, last) == n)
                for n in range(1, last + 1)
            ],
            f"{given[demand.paper.key] if run else NONE}/{demand.paper.capacity}",
        )
        for demand in board.demand
    ]
    return charts.Picture(
        title=_demand_title(board),
        drawing=charts.heat_map(rows, names, _("given")) if rows else None,
        columns=(_("Paper"), *(_("ranked %(n)s") % {"n": name} for name in names), _("given")),
        rows=tuple((title, *map(str, values), end) for title, values, end in rows),
    )


def _demand_title(board: Board) -> str:
    """Return how many have ranked, and what they want most."""
    words = ngettext(
        "%(answered)s of %(people)s student has ranked.",
        "%(answered)s of %(people)s students have ranked.",
        board.students,
    )
    title = words % {"answered": board.submitted, "people": board.students}
    most = max(board.demand, key=lambda demand: demand.first, default=None)
    if most is None or not most.first:
        return title
    first = ngettext(
        "“%(paper)s” is wanted most: %(n)s person ranks it first.",
        "“%(paper)s” is wanted most: %(n)s people rank it first.",
        most.first,
    )
    return f"{title} {first % {'paper': most.paper.title, 'n': most.first}}"


def _given(outcome: Mapping[str, Any]) -> Counter[str]:
    return Counter(placed["paper"] for placed in outcome.get("placements", ()))
