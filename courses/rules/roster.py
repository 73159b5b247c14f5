"""What a roster would do to a course: who comes in, who is in, who is left alone. Pure.

A roster adds. It never takes a role, a membership or a number away, and whatever it does not apply
it says. Source: PRODUCT 2 (Membership), 4 (`import_roster`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from courses.rules.membership import Role, State
from seminar.lib.addresses import AddressError, clean_name, likeness, normal_email
from seminar.lib.plans import Plan, Step, repeated
from seminar.lib.tables import Columns, Problem, Row, shortened
from seminar.lib.words import Words

ROSTER_COLUMNS = Columns(("name", "email", "role", "matriculation"))

MATRICULATION = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z ./-]{0,28}[0-9A-Za-z])?")
EXPONENT = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
ROLE_WORDS = {
    Role.STUDENT: Words(_("student")),
    Role.AUDITOR: Words(_("auditor")),
    Role.TA: Words(_("TA")),
    Role.INSTRUCTOR: Words(_("instructor")),
}
WAITING = frozenset({State.APPLIED, State.WAITLISTED})
LEFT = {
    State.DECLINED: Words(_("The application was declined. Nothing changes; decide it again.")),
    State.WITHDRAWN: Words(_("Left the course. Nothing changes; let the person in by hand.")),
    State.SUSPENDED: Words(_("Is suspended. Nothing changes; let the person in by hand.")),
}


@dataclass(frozen=True)
class Person:
    """One row of a roster, checked. ``email`` is in its normal form."""

    line: int
    name: str
    email: str
    role: Role
    matriculation: str


@dataclass(frozen=True)
class Known:
    """Somebody with an account: what the course knows. Without ``role`` no member, in any state.

    ``email`` is the account's own, which a file may name by another that was confirmed.
    ``is_claimed``: nobody ever confirmed it, so whoever typed it at sign-up may be somebody else.
    """

    email: str
    name: str
    is_open: bool = True
    role: Role | None = None
    state: State | None = None
    matriculation: str = ""
    is_claimed: bool = False
    is_operator: bool = False


@dataclass(frozen=True)
class RosterFacts:
    """What a roster is held against: accounts by normal address, and the places left."""

    known: Mapping[str, Known]
    places_left: int
    archived: bool = False


@dataclass(frozen=True)
class Enrol:
    """A membership that becomes active or gets its number. ``before`` is its state; "" for none.

    ``is_claimed``: the account is taken from whoever signed up without confirming the address.
    """

    email: str
    name: str
    role: str
    matriculation: str
    has_account: bool
    before: str
    is_claimed: bool = False


def read_roster(rows: Iterable[Row]) -> tuple[list[Person], list[Problem]]:
    """Return the people of a roster, and everything that is wrong with its rows."""
    people: list[Person] = []
    problems: list[Problem] = []
    for row in rows:
        found = dict(_cells(row, problems))
        if len(found) == len(ROSTER_COLUMNS.required):
            people.append(_person(row.line, found))
    problems += _twice("email", ((person.line, person.email) for person in people))
    numbers = ((person.line, person.matriculation) for person in people if person.matriculation)
    problems += _twice("matriculation", numbers)
    return people, problems


def _person(line: int, found: Mapping[str, str]) -> Person:
    return Person(line, found["name"], found["email"], Role(found["role"]), found["matriculation"])


def _cells(row: Row, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Yield each sound cell by column; put what is wrong into ``problems``."""
    readers = {
        "name": clean_name,
        "email": normal_email,
        "role": read_role,
        "matriculation": read_matriculation,
    }
    for column, read in readers.items():
        text = row.cells[column]
        try:
            yield column, read(text)
        except AddressError as error:
            problems.append(
                Problem(row.line, column, shortened(text), f"{column}_refused", error.words)
            )


def read_role(text: str) -> Role:
    """Return a role by its word. Raises AddressError."""
    try:
        return Role(text.strip().lower())
    except ValueError:
        words = _("This is no role. Write student, auditor, ta or instructor.")
        raise AddressError(Words(words)) from None


def read_matriculation(text: str) -> str:
    """Return a matriculation number as text, zeros in front and all. Raises AddressError."""
    number = text.strip()
    if EXPONENT.fullmatch(number):
        words = _(
            "A spreadsheet has rounded this number: digits are lost. Format the column as text, "
            "fill it in again, and export again."
        )
        raise AddressError(Words(words))
    if number and not MATRICULATION.fullmatch(number):
        words = _("A matriculation number has up to 30 letters a to z, digits, and . / - between.")
        raise AddressError(Words(words))
    return number


def _twice(column: str, values: Iterable[tuple[int, str]]) -> Iterator[Problem]:
    for value, lines in repeated(values).items():
        for line in lines:
            others = ", ".join(str(other) for other in lines if other != line)
            words = Words(_("This stands in line %(others)s too."), {"others": others})
            yield Problem(line, column, shortened(value), f"{column}_repeated", words)


def plan_roster(people: Iterable[Person], facts: RosterFacts) -> Plan[Enrol]:
    """Return what becomes of each row, then who of the course is not in the file.

    Only people of roles that the file names are called missing: a list of students says nothing
    about TAs. More new students than places are a problem, as anywhere else.
    """
    listed = list(people)
    steps = [_step(person, facts.known.get(person.email)) for person in listed]
    steps += _alike(listed, facts)
    steps += _missing(listed, facts)
    return Plan(tuple(steps), (*_same_person(listed, facts), *_forbidden(steps, facts)))


def _same_person(people: list[Person], facts: RosterFacts) -> Iterator[Problem]:
    """Yield each line that names, by another address, somebody whom another line names too."""
    owners = {p.line: facts.known[p.email].email for p in people if p.email in facts.known}
    emails = {person.line: person.email for person in people}
    for owner, lines in repeated(owners.items()).items():
        for line in lines:
            others = ", ".join(str(other) for other in lines if other != line)
            words = Words(
                _("This is the account %(owner)s, like line %(others)s."),
                {"owner": owner, "others": others},
            )
            yield Problem(line, "email", emails[line], "same_person", words)


def _step(person: Person, known: Known | None) -> Step[Enrol]:
    role = ROLE_WORDS[person.role]
    if known is None:
        words = Words(_("New account for %(name)s, %(role)s."), {"name": person.name, "role": role})
        return _changed(person, "create", words, None)
    if not known.is_open:
        return _left(person, "account_closed", Words(_("The account is closed. Nothing changes.")))
    if known.state is None:
        return _step_of_account(person, known, role)
    return _step_of_member(person, known)


def _step_of_account(person: Person, known: Known, role: Words) -> Step[Enrol]:
    if known.is_operator:
        words = _("Runs the installation and can be in no course. Nothing changes.")
        return _left(person, "operator", Words(words))
    if known.is_claimed:
        words = _(
            "Becomes %(role)s. Address never confirmed: somebody signed up with it as “%(name)s”. "
            "That password ends, the name becomes %(new)s, and “Forgot your password?” leads in."
        )
        return _changed(
            person, "enrol", Words(words, _who(known, role) | {"new": person.name}), known
        )
    words = _("Has an account as %(name)s; becomes %(role)s.")
    return _changed(person, "enrol", Words(words, _who(known, role)), known)


def _step_of_member(person: Person, known: Known) -> Step[Enrol]:
    assert known.role is not None, "a member has a role"
    assert known.state is not None, "a member has a state"
    if known.role != person.role:
        words = _("Is %(is)s here, the file says %(says)s. The role stays as it is.")
        roles = {"is": ROLE_WORDS[known.role], "says": ROLE_WORDS[person.role]}
        return _left(person, "role_differs", Words(words, roles))
    if known.state in LEFT:
        return _left(person, f"is_{known.state.value}", LEFT[known.state])
    if known.state in WAITING:
        words = _("%(name)s has applied; becomes %(role)s now, without a mail.")
        return _changed(
            person, "activate", Words(words, _who(known, ROLE_WORDS[person.role])), known
        )
    if person.matriculation and not known.matriculation:
        words = _("Is in the course; gets the matriculation number %(number)s.")
        number = {"number": person.matriculation}
        return _changed(person, "matriculation", Words(words, number), known)
    if person.matriculation and known.matriculation != person.matriculation:
        words = _("Has the matriculation number %(has)s, the file says %(says)s. It stays.")
        numbers = {"has": known.matriculation, "says": person.matriculation}
        return _left(person, "matriculation_differs", Words(words, numbers))
    return Step(person.line, person.email, "same", Words(_("Is in the course already.")))


def _who(known: Known, role: Words) -> dict[str, str | Words]:
    return {"name": known.name, "role": role}


def _changed(person: Person, code: str, words: Words, known: Known | None) -> Step[Enrol]:
    change = Enrol(
        email=known.email if known else person.email,
        name=person.name,
        role=person.role.value,
        matriculation=person.matriculation or (known.matriculation if known else ""),
        has_account=known is not None,
        before=known.state.value if known and known.state else "",
        is_claimed=known is not None and known.state is None and known.is_claimed,
    )
    return Step(person.line, person.email, code, words, change)


def _left(person: Person, code: str, words: Words) -> Step[Enrol]:
    return Step(person.line, person.email, code, words, notice=True)


def _alike(people: list[Person], facts: RosterFacts) -> Iterator[Step[Enrol]]:
    """Yield a warning for each new account that may be of somebody in the file or the course."""
    owners: dict[str, str] = {likeness(email): email for email in facts.known}
    for person in people:
        other = owners.setdefault(likeness(person.email), person.email)
        if other != person.email and person.email not in facts.known:
            words = Words(_("Looks like %(other)s. Is that the same person?"), {"other": other})
            yield _left(person, "alike", words)


def _missing(people: list[Person], facts: RosterFacts) -> Iterator[Step[Enrol]]:
    listed = {facts.known[p.email].email for p in people if p.email in facts.known}
    roles = {person.role for person in people}
    for email, known in facts.known.items():
        if known.state is State.ACTIVE and known.role in roles and known.email not in listed:
            words = Words(
                _("%(name)s is missing in the roster. Nothing changes."), {"name": known.name}
            )
            yield Step(0, email, "missing", words, notice=True)


def _forbidden(steps: Iterable[Step[Enrol]], facts: RosterFacts) -> Iterator[Problem]:
    if facts.archived:
        words = Words(_("This course is over. Nobody can join it."))
        yield Problem(1, "", "", "archived", words)
    new = [step for step in steps if step.change and _takes_place(step.change)]
    if new and len(new) > facts.places_left:
        words = Words(
            _(
                "New students in the file: %(new)s. Places left: %(left)s. Raise the number of places first, or shorten the file."
            ),
            {"new": len(new), "left": max(facts.places_left, 0)},
        )
        first = new[max(facts.places_left, 0)]
        yield Problem(first.line, "email", first.subject, "full", words)


def _takes_place(change: Enrol) -> bool:
    return change.role == Role.STUDENT and change.before != State.ACTIVE
