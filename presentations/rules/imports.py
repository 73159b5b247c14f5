"""What lists collected on paper would do to a round's queue. Pure. Source: PRODUCT 3.3.7."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from presentations.rules.rounds import ListRefusal, list_refusals
from seminar.lib.addresses import AddressError, normal_email
from seminar.lib.plans import Plan, Step, repeated
from seminar.lib.tables import Columns, Problem, Row, shortened
from seminar.lib.words import Words

PREFERENCES_COLUMNS = Columns(("email",), counted="choice_")


@dataclass(frozen=True)
class PaperList:
    """One row: whose list it is, by normal address, and the papers by key, best first."""

    line: int
    email: str
    ranked: tuple[str, ...]


@dataclass(frozen=True)
class Ranker:
    """A student of the course. ``number``: the place in the queue; 0 for a list only prepared."""

    code: str
    name: str
    has_list: bool = False
    number: int = 0


@dataclass(frozen=True)
class QueueFacts:
    """What the lists are held against; ``students`` by normal address, the active ones only."""

    students: Mapping[str, Ranker]
    papers: tuple[str, ...]
    min_length: int
    max_length: int
    last_number: int
    is_published: bool = False


@dataclass(frozen=True)
class Entered:
    """A list that gets a number. ``student`` is the code of the membership."""

    student: str
    number: int
    papers: tuple[str, ...]


def read_preferences(rows: Iterable[Row]) -> tuple[list[PaperList], list[Problem]]:
    """Return the lists of a file in its order, and everything that is wrong with its rows."""
    lists: list[PaperList] = []
    problems: list[Problem] = []
    for row in rows:
        ranked, gaps = _ranking(row)
        problems += gaps
        try:
            lists.append(PaperList(row.line, normal_email(row.cells["email"]), ranked))
        except AddressError as error:
            value = shortened(row.cells["email"])
            problems.append(Problem(row.line, "email", value, "email_refused", error.words))
    for email, lines in repeated((each.line, each.email) for each in lists).items():
        for line in lines:
            others = ", ".join(str(other) for other in lines if other != line)
            words = Words(_("This person stands in line %(others)s too."), {"others": others})
            problems.append(Problem(line, "email", email, "email_repeated", words))
    return lists, problems


def _ranking(row: Row) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the papers of a row; a blank choice before a given one is a problem."""
    names = sorted((name for name in row.cells if name != "email"), key=_place)
    cells = [row.cells[name].strip() for name in names]
    while cells and not cells[-1]:
        cells.pop()
    words = Words(_("This choice is empty, and a later one is not."))
    gaps = [
        Problem(row.line, name, "", "choice_missing", words)
        for name, cell in zip(names, cells, strict=False)
        if not cell
    ]
    return tuple(cell for cell in cells if cell), gaps


def _place(name: str) -> int:
    return PREFERENCES_COLUMNS.number(name)


def plan_preferences(lists: Iterable[PaperList], facts: QueueFacts) -> Plan[Entered]:
    """Return the number each list gets: after those given, in the order of the file.

    Who has a list already, submitted or only prepared, is reported and stays as it is.
    """
    steps: list[Step[Entered]] = []
    problems: list[Problem] = []
    if facts.is_published:
        words = Words(_("This round is published. No list can be added any more."))
        problems.append(Problem(1, "", "", "published", words))
    number = facts.last_number
    for each in lists:
        student = facts.students.get(each.email)
        if student is None:
            words = Words(_("There is no active student with this address in the course."))
            problems.append(Problem(each.line, "email", each.email, "no_student", words))
        elif student.has_list:
            steps.append(_kept(each, student))
            continue
        problems += _list_problems(each, facts)
        if student is not None:
            number += 1
            steps.append(_entered(each, student, number))
    return Plan(tuple(steps), tuple(problems))


def _kept(each: PaperList, student: Ranker) -> Step[Entered]:
    facts: dict[str, str | int] = {"name": student.name, "number": student.number}
    if student.number:
        words = Words(_("%(name)s has number %(number)s already. Nothing changes."), facts)
        return Step(each.line, each.email, "has_number", words, notice=True)
    words = Words(_("%(name)s has a list that is not submitted. Nothing changes."), facts)
    return Step(each.line, each.email, "has_list", words, notice=True)


def _entered(each: PaperList, student: Ranker, number: int) -> Step[Entered]:
    facts: dict[str, str | int] = {
        "name": student.name,
        "number": number,
        "papers": ", ".join(each.ranked),
    }
    words = Words(_("%(name)s gets number %(number)s: %(papers)s."), facts)
    return Step(each.line, each.email, "enter", words, Entered(student.code, number, each.ranked))


def _list_problems(each: PaperList, facts: QueueFacts) -> Iterator[Problem]:
    for refusal in list_refusals(each.ranked, facts.papers, facts.min_length, facts.max_length):
        column, words = _refused(each, refusal)
        yield Problem(each.line, column, shortened(refusal.paper or ""), refusal.code, words)


def _refused(each: PaperList, refusal: ListRefusal) -> tuple[str, Words]:
    """Return the column and the words of what is wrong with a list."""
    if refusal.paper is None:
        rank = _("Rank at least %(limit)s papers.")
        if refusal.code == "too_long":
            rank = _("Rank at most %(limit)s papers.")
        return "", Words(rank, {"limit": refusal.limit or 0})
    places = [n for n, paper in enumerate(each.ranked, start=1) if paper == refusal.paper]
    if refusal.code == "repeated":
        return f"choice_{places[1]}", Words(_("This paper is on the list more than once."))
    return f"choice_{places[0]}", Words(_("There is no such paper in this round."))
