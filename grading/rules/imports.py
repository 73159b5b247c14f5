"""What a file of scores would do to grades. Pure. Source: PRODUCT 3.5, 4 (`import_scores`)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_noop as _

from grading.rules.entries import EntryKind, Folded, ItemState
from seminar.lib.addresses import AddressError, normal_email
from seminar.lib.numbers import NumberError, parse_score, plain
from seminar.lib.plans import Plan, Step, repeated
from seminar.lib.tables import Columns, Problem, Row, shortened
from seminar.lib.words import Words

SCORES_COLUMNS = Columns(("email", "item", "score", "state"))

COMPUTED = "computed"
WRITABLE = {
    "": EntryKind.SCORE,
    ItemState.GRADED.value: EntryKind.SCORE,
    ItemState.EXCUSED.value: EntryKind.EXCUSE,
    ItemState.OVERRIDDEN.value: EntryKind.OVERRIDE,
}
# What an export says about cells without a score. It follows from facts, so a file cannot set it.
READ_ONLY = frozenset(state.value for state in ItemState) - WRITABLE.keys() | {COMPUTED}


@dataclass(frozen=True)
class Given:
    """One row: what a cell shall become. ``kind`` None: nothing."""

    line: int
    email: str
    item: str
    kind: EntryKind | None
    points: Decimal | None


@dataclass(frozen=True)
class CellNow:
    """One item of one student as it is. ``refusal``: why it cannot be scored, as the page says it."""

    folded: Folded
    state: ItemState
    refusal: str = ""
    submission: int | None = None
    is_visible: bool = False

    @property
    def is_outdated(self) -> bool:
        """Tell whether the score is about another version than the one that counts."""
        scored = self.folded.submission
        return scored is not None and self.submission is not None and scored != self.submission


@dataclass(frozen=True)
class GradeFacts:
    """What the rows are held against: active students by address, maxima by item, cells by both."""

    students: Mapping[str, str]
    items: Mapping[str, Decimal]
    cells: Mapping[tuple[str, str], CellNow]


@dataclass(frozen=True)
class Graded:
    """One line to be added to a grade's history, over the line ``base_seq``.

    ``needs_reason``: as on the page, because its student sees it, results are frozen, or it is an
    excuse or an override.
    """

    student: str
    item: str
    kind: str
    points: str
    base_seq: int
    submission: int | None
    needs_reason: bool = False


def read_scores(rows: Iterable[Row]) -> tuple[list[Given], list[Problem]]:
    """Return what the rows of a file ask for, and everything that is wrong with them alone."""
    given: list[Given] = []
    problems: list[Problem] = []
    for row in rows:
        try:
            email = normal_email(row.cells["email"])
        except AddressError as error:
            value = shortened(row.cells["email"])
            problems.append(Problem(row.line, "email", value, "email_refused", error.words))
            email = ""
        wrong = list(_wrong(row))
        problems += wrong
        if email and not wrong:
            given.append(_given(row, email))
    for lines in repeated((each.line, f"{each.email} {each.item}") for each in given).values():
        for line in lines:
            others = ", ".join(str(other) for other in lines if other != line)
            words = Words(
                _("Line %(others)s is about this student and item too."), {"others": others}
            )
            problems.append(Problem(line, "item", "", "cell_repeated", words))
    return given, problems


def _state(row: Row) -> str:
    return row.cells["state"].strip().lower()


def _wrong(row: Row) -> Iterator[Problem]:
    """Yield what is wrong with score and state of a row, each by itself and both together."""
    score, state = row.cells["score"], _state(row)
    if score.strip():
        try:
            parse_score(score)
        except NumberError as error:
            yield Problem(row.line, "score", shortened(score), "score_refused", error.words)
    if state not in WRITABLE and state not in READ_ONLY:
        words = Words(_("This is no state. Write graded, excused, overridden, or nothing."))
        yield Problem(row.line, "state", shortened(state), "state_refused", words)
    elif score.strip() and WRITABLE.get(state, EntryKind.EXCUSE) is EntryKind.EXCUSE:
        words = Words(_("With this state there is no score. Delete one of the two."))
        yield Problem(row.line, "state", shortened(state), "state_and_score", words)
    elif not score.strip() and state in {ItemState.GRADED.value, ItemState.OVERRIDDEN.value}:
        words = Words(_("This state needs a score. Leave both empty to change nothing."))
        yield Problem(row.line, "score", "", "score_missing", words)


def _given(row: Row, email: str) -> Given:
    score, state = row.cells["score"], _state(row)
    points = parse_score(score) if score.strip() else None
    kind = WRITABLE.get(state) if points is not None or state == ItemState.EXCUSED.value else None
    return Given(row.line, email, row.cells["item"].strip(), kind, points)


def plan_scores(given: Iterable[Given], facts: GradeFacts) -> Plan[Graded]:
    """Return what becomes of each cell. What is empty, and what stands already, changes nothing."""
    steps: list[Step[Graded]] = []
    problems: list[Problem] = []
    for each in given:
        wrong = list(_unknown(each, facts)) or list(_impossible(each, facts))
        problems += wrong
        if not wrong:
            steps.append(_step(each, facts))
    return Plan(tuple(steps), tuple(problems))


def _unknown(each: Given, facts: GradeFacts) -> Iterator[Problem]:
    if each.email not in facts.students:
        words = Words(_("There is no active student with this address in the course."))
        yield Problem(each.line, "email", each.email, "no_student", words)
    if each.item not in facts.items:
        near = difflib.get_close_matches(each.item, facts.items, n=1)
        words = Words(_("There is no such item. Items: %(keys)s"), {"keys": ", ".join(facts.items)})
        if near:
            words = Words(_("There is no such item. Do you mean “%(near)s”?"), {"near": near[0]})
        yield Problem(each.line, "item", shortened(each.item), "no_item", words)


def _impossible(each: Given, facts: GradeFacts) -> Iterator[Problem]:
    """Yield why this cell cannot become that, by the same rules as on the page."""
    most, now = facts.items[each.item], facts.cells[each.email, each.item]
    if each.points is not None and each.points > most:
        words = Words(_("At most %(most)s points."), {"most": plain(most)})
        yield Problem(each.line, "score", plain(each.points), "above_maximum", words)
    if each.kind is EntryKind.SCORE and now.refusal and not _stands(each, now):
        yield Problem(each.line, "item", each.item, now.refusal, REFUSALS[now.refusal])


REFUSALS = {
    COMPUTED: Words(
        _("This item is computed from what is marked in the meetings. Write the state overridden.")
    ),
    "nothing_to_grade": Words(
        _(
            "This student has nothing to grade here. Write the state overridden to set points anyway."
        )
    ),
    "too_early": Words(_("This cannot be graded yet: it can still change.")),
}


def _stands(each: Given, now: CellNow) -> bool:
    """Tell whether a cell is already what the row says."""
    folded = now.folded
    if each.kind is EntryKind.OVERRIDE:
        return folded.override == each.points
    if each.kind is EntryKind.EXCUSE:
        return folded.excused and folded.override is None
    return folded.override is None and folded.score == each.points and not now.is_outdated


def _step(each: Given, facts: GradeFacts) -> Step[Graded]:
    now = facts.cells[each.email, each.item]
    if each.kind is None:
        told = Words(_("%(item)s: empty, so it stays as it is."), {"item": each.item})
        return Step(each.line, each.email, "blank", told)
    if _stands(each, now):
        told = Words(_("%(item)s: stands already."), {"item": each.item})
        return Step(each.line, each.email, "same", told)
    if each.kind is not EntryKind.OVERRIDE and now.folded.override is not None:
        words = _(
            "%(item)s is overridden with %(points)s, which stays. To change it, write the state overridden."
        )
        points = {"item": each.item, "points": plain(now.folded.override)}
        return Step(each.line, each.email, "overridden", Words(words, points), notice=True)
    return _change(each, now, facts.students[each.email])


def _change(each: Given, now: CellNow, student: str) -> Step[Graded]:
    assert each.kind is not None, "an empty cell changes nothing"
    words = _("%(item)s: from %(before)s to %(after)s.")
    if now.is_visible:
        words = _("%(item)s: from %(before)s to %(after)s; the student sees it at once.")
    after = _written(each.kind, each.points)
    change = Graded(
        student=student,
        item=each.item,
        kind=each.kind.value,
        points="" if each.points is None else str(each.points),
        base_seq=now.folded.seq,
        submission=now.submission if each.kind is EntryKind.SCORE else None,
        needs_reason=now.is_visible or each.kind is not EntryKind.SCORE,
    )
    told = Words(words, {"item": each.item, "before": _now(now), "after": after})
    return Step(each.line, each.email, each.kind.value, told, change)


def _now(now: CellNow) -> Words:
    folded = now.folded
    if folded.override is not None:
        return _written(EntryKind.OVERRIDE, folded.override)
    if folded.excused:
        return _written(EntryKind.EXCUSE, None)
    if folded.score is not None:
        return _written(EntryKind.SCORE, folded.score)
    return Words(_("no score"))


def _written(kind: EntryKind, points: Decimal | None) -> Words:
    if points is None:
        return Words(_("excused"))
    if kind is EntryKind.OVERRIDE:
        return Words(_("%(points)s (overridden)"), {"points": plain(points)})
    return Words("%(points)s", {"points": plain(points)})


def exported(now: CellNow) -> tuple[str | None, str]:
    """Return score and state of a cell as a file says them, so that reading it changes nothing.

    Points are as given, before any late deduction. A score of a version that was replaced since is
    left out: the cell waits to be graded again.
    """
    if now.folded.override is not None:
        return plain(now.folded.override), ItemState.OVERRIDDEN.value
    if now.folded.excused:
        return None, ItemState.EXCUSED.value
    if now.refusal == COMPUTED:
        return None, COMPUTED
    if now.folded.score is not None and not now.is_outdated:
        return plain(now.folded.score), ItemState.GRADED.value
    state = ItemState.AWAITING if now.state is ItemState.GRADED else now.state
    return None, state.value
