"""What stands in the place of each parameter of an address, for each relation to it.

A parameter is known by the last fixed word before it and its own name, as ``papers.key``; where the
same words mean different things, the name of the address says more. An address with a parameter
that nobody provides fails the matrix.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from operator import attrgetter

from django.contrib.auth.models import Group
from django.db.models import ForeignKey, Model

from courses.models import Course
from seminar.accounts.models import User
from seminar.desk.checks import Address
from tests.authz.world import Place, World
from tests.test_constraints import OURS

PARAMETER = re.compile(r"<(?:\w+:)?(?P<plain>\w+)>|\(\?P<(?P<regex>\w+)>(?:[^()]|\([^)]*\))*\)")
MISSING_CODE, MISSING_KEY, MISSING_ID = "N0SUCHC0DE", "no-such-key", "999999999"

# The relations, in the order of the columns of matrix.toml.
RELATIONS = ("course", "own", "hidden", "foreign", "missing", "draft", "archive", "no_course")


@dataclass(frozen=True)
class Thing:
    """What a parameter names: a path below a Place; ``personal`` if it is one student's."""

    path: str
    missing: str = MISSING_CODE
    personal: bool = False
    hidden: str = ""

    def of(self, place: Place) -> str:
        return str(attrgetter(self.path)(place))


def key(path: str, **more: str) -> Thing:
    return Thing(f"{path}.key", missing=MISSING_KEY, **more)


def code(path: str, *, personal: bool = False, hidden: str = "") -> Thing:
    return Thing(f"{path}.code", personal=personal, hidden=hidden and f"{hidden}.code")


THINGS: dict[str, Thing] = {
    "people.code": code("student"),
    "applications.code": code("applicant"),
    "papers.key": key("paper"),
    "preferences.key": key("round"),
    "rounds.key": key("round"),
    "allocations.code": code("run"),
    "presentations.code": code("talk", hidden="cancelled_final"),
    "presenters.member": code("student"),
    "finals.code": code("final", hidden="cancelled_final"),
    "work.key": key("report"),
    "tasks.key": key("report"),
    "files.code": code("submission", personal=True),
    "receipt.code": code("submission", personal=True),
    "receipts.code": code("submission", personal=True),
    "grading.key": key("hidden_item"),
    "grading.code": code("student"),
    "attendance.key": key("lecture"),
    "participation.key": key("lecture"),
    "gradebook.code": code("student"),
    "import.code": code("roster_upload"),
    "meetings.key": key("lecture"),
    "modules.key": key("module"),
    "announcements.code": code("news"),
    "preferenceround.pk": Thing("round.pk", missing=MISSING_ID),
    "runs.code": code("run"),
    "places.code": code("student"),
    "pins.code": code("student"),
    "lists.code": code("student"),
    "offers.code": code("offer", personal=True),
    "swaps.code": code("swap"),
    "presenters.pk": Thing("presenter.pk", missing=MISSING_ID),
}
# Where an address means another thing by the same words: by its name, then as above.
SPECIAL: dict[tuple[str, str], Thing] = {
    ("courses:decide_application", "people.code"): code("applicant"),
    ("assignments:upload", "work.key"): key("mini"),
    ("assignments:submit_file", "work.key"): key("mini"),
    ("api:submit_file", "work.key"): key("mini"),
    ("assignments:download", "work.key"): key("submission.assignment"),
    ("assignments:receipt", "work.key"): key("submission.assignment"),
    ("grading:feedback", "work.key"): key("hidden_item.assignment"),
    ("api:feedback", "work.key"): key("hidden_item.assignment"),
    ("presentations:withdraw_from_talk", "presentations.code"): code("talk", personal=True),
    ("presentations:confirm_presence", "presentations.code"): code("talk", personal=True),
    ("presentations:propose_swap", "presentations.code"): code("talk", personal=True),
    ("api:withdraw_from_talk", "presentations.code"): code("talk", personal=True),
    ("api:confirm_presence", "presentations.code"): code("talk", personal=True),
    ("api:propose_swap", "presentations.code"): code("talk", personal=True),
    ("presentations:import_preferences_file", "preferences.key"): key("open_round"),
    ("presentations:import_preferences_file", "import.code"): code("preferences_upload"),
    ("grading:import_scores_file", "import.code"): code("scores_upload"),
    ("presentations:cancel_final_talk", "finals.code"): code("final", hidden="cancelled_final"),
    ("api:cancel_final_talk", "presentations.code"): code("final", hidden="cancelled_final"),
}
# Things of the student outside courses.
PERSONAL: dict[str, Callable[[World], object]] = {
    "mailbox.code": lambda world: world.users["student"].messages.earliest("pk").code,
    "tokens.code": lambda world: world.users["student"].api_tokens.get().code,
}
# Parameters that name nothing of anybody.
FIXED = {
    "confirm-email.key": "no-such-key",
    "key.uidb36": "1",
    "key.key": "no-such-key",
    "keys.pk": MISSING_ID,
    "admin.app_label": "courses",
    "admin.url": "no-such-page",
    "v1.path": "no-such-page",
    "r.content_type_id": "1",
    "r.object_id": "1",
}


@dataclass(frozen=True)
class Call:
    """One address with its parameters filled in, and in which relation to the student of here."""

    relation: str
    path: str
    filled: tuple[str, ...] = ()


@cache
def parameters(route: str) -> tuple[str, ...]:
    """The parameters of a route, each as "word.name"."""
    found, word = [], ""
    for part in re.split(r"/(?![^<(]*[>)])", route.replace("^", "").replace("$", "")):
        names = [match["plain"] or match["regex"] for match in PARAMETER.finditer(part)]
        found += [f"{word}.{name}" for name in names]
        if not names and part:
            word = part
    return tuple(found)


def fill(route: str, values: list[str]) -> str:
    """A path: the route with these values in the place of its parameters."""
    left = iter(values)
    plain = route.replace("^", "").replace("/$", "/").replace("$", "")
    return "/" + PARAMETER.sub(lambda match: next(left), plain)


def calls(address: Address, world: World) -> list[Call]:
    """Every way to fill in an address. Raises KeyError for a parameter nobody provides."""
    names = parameters(address.route)
    if address.model_admin is not None:
        return calls_of_rows(address, world)
    if names and names[0] in {"c.slug", "courses.slug"}:
        return calls_of_course(address, names[1:], world)
    if not names:
        return [Call("course", fill(address.route, []))]
    return calls_of_person(address, names, world)


def calls_of_course(address: Address, names: tuple[str, ...], world: World) -> list[Call]:
    """Own and shared things; what is hidden; another course's, alone and mixed; what is not."""
    things = [SPECIAL.get((address.name, name)) or THINGS[name] for name in names]
    own = "own" if any(thing.personal for thing in things) else "course"
    here = [thing.of(world.here) for thing in things]
    there = [thing.of(world.there) for thing in things]
    found = [(own, world.here, here)]
    if any(thing.hidden for thing in things):
        hidden = [attrgetter(thing.hidden or thing.path)(world.here) for thing in things]
        found.append(("hidden", world.here, hidden))
    for mixed in product((False, True), repeat=len(things)):
        if any(mixed):
            pairs = zip(mixed, here, there, strict=True)
            values = [other if foreign else mine for foreign, mine, other in pairs]
            found.append(("foreign", world.here, values))
    if things:
        found.append(("missing", world.here, [*here[:-1], things[-1].missing]))
    for name in ("draft", "archive"):
        place = world.places[name]
        found.append((name, place, [thing.of(place) for thing in things]))
    filled = [
        Call(name, fill(address.route, [place.course.slug, *values]), (place.course.slug, *values))
        for name, place, values in found
    ]
    missing = ("no-such-course", *here)
    return [*filled, Call("no_course", fill(address.route, list(missing)), missing)]


def calls_of_rows(address: Address, world: World) -> list[Call]:
    """A row of one's own course, of another course, of none; mixed where there are two."""
    assert address.model_admin is not None
    model, names = address.model_admin.model, parameters(address.route)
    if not names:
        return [Call("course", fill(address.route, []))]

    def values(place: Place) -> list[str]:
        return [
            str(row_of(model, place).pk) if name.endswith(".object_id") else THINGS[name].of(place)
            for name in names
        ]

    own, foreign = values(world.here), values(world.there)
    last = MISSING_ID if names[-1].rpartition(".")[2] in {"pk", "object_id"} else MISSING_CODE
    found = [("own", own), ("foreign", foreign)]
    if len(names) > 1:  # a row of one course under that of another is there for nobody
        found += [("missing", [own[0], foreign[1]]), ("missing", [foreign[0], own[1]])]
    found.append(("missing", [*own[:-1], last]))
    return [Call(name, fill(address.route, filled), tuple(filled)) for name, filled in found]


def calls_of_person(address: Address, names: tuple[str, ...], world: World) -> list[Call]:
    """A thing of the student, or of nobody's; the same for links that are not good any more."""
    found = []
    if all(name in PERSONAL for name in names):
        found.append(("own", [str(PERSONAL[name](world)) for name in names]))
        found.append(("missing", [MISSING_CODE] * len(names)))
    else:
        found.append(("course", [FIXED[name] for name in names]))
    return [Call(name, fill(address.route, filled), tuple(filled)) for name, filled in found]


@cache
def path_to(model: type[Model], target: type[Model]) -> str | None:
    """The shortest way from a row to its course or person along foreign keys, as a lookup."""
    queue, seen = deque([(model, "")]), {model}
    while queue:
        at, path = queue.popleft()
        for field in at._meta.concrete_fields:
            further = field.related_model
            if not isinstance(field, ForeignKey) or further in seen or field.name.endswith("by"):
                continue
            step = f"{path}__{field.name}" if path else field.name
            if further is target:
                return step
            if further._meta.app_label in OURS and further is not User:
                seen.add(further)
                queue.append((further, step))
    return None


def row_of(model: type[Model], place: Place) -> Model:
    """A row of this model that belongs to a course, or to a student of it."""
    if model is Course:
        return place.course
    rows = model._base_manager.order_by("pk")
    if model in {User, Group}:
        return place.student.user if model is User else rows.get(name=place.course.slug)
    if hasattr(model, "course_slug"):
        return rows.filter(course_slug=place.course.slug)[0]
    path = path_to(model, Course)
    if path is None:
        return rows.filter(user=place.student.user)[0]
    return rows.filter(**{path: place.course})[0]
