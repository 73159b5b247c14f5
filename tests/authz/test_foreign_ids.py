"""What a body names of another course does not exist, and nobody learns that it does.

Each field that names an object is sent with a thing of ``there`` (somebody else's course), of
``draft`` (one's own people, not public) and with a made-up one: refused in the same words, and
nothing is written anywhere. Each other field of a body is listed as plain: a new one has to be
put here or there.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from grading.models import Component, RubricRow
from tests.api.test_schema import operations, schema
from tests.authz.bodies import (
    WRITES,
    Body,
    ConfirmedWalker,
    Write,
    as_file,
    contents,
    preferences,
    scores,
    statements,
)
from tests.authz.matrix import Matrix
from tests.authz.objects import MISSING_CODE, MISSING_KEY, Call
from tests.authz.walk import Answer, all_addresses, same
from tests.authz.world import Place, World, seen_and_forgotten
from tests.factories.courses import make_member
from tests.factories.presentations import keys_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]
Put = Callable[[Place, Body, str], Body]
SUGGESTION = re.compile(rb"\s*(?:Do|Did) you mean [^?]*\?")
NOBODY = "nobody@example.org"


@dataclass(frozen=True)
class Names:
    """A field of a write that names an object: what it is elsewhere, and how it gets in.

    ``ignored``: it is looked for among what the course has, and what is not there is passed over.
    """

    write: str
    field: str
    thing: Callable[[Place], str]
    put: Put | None = None
    made_up: str = MISSING_CODE
    ignored: bool = False

    def __str__(self) -> str:
        return f"{self.write} {self.field}"

    def body(self, here: Place, value: str) -> Body:
        body = WRITE[self.write].body(here)
        return put(body, self.field, value) if self.put is None else self.put(here, body, value)


def put(body: Body, field: str, value: str) -> Body:
    """Let a field hold a value: "to", the last of "members[]", "student" in "marks[].student"."""
    name, _, part = field.partition("[]")
    if part:
        return body | {name: [body[name][0] | {part[1:]: value}]}
    if field.endswith("[]"):
        return body | {name: [*body.get(name, [])[:-1], value]}
    return body | {name: value}


def code(path: str) -> Callable[[Place], str]:
    return lambda place: str(getattr(place, path).code)


def key(path: str) -> Callable[[Place], str]:
    return lambda place: str(getattr(place, path).key)


def email(place: Place) -> str:
    """Of somebody who is in that course and in no other."""
    return make_member(place.course, name="Nobody Else").user.email


def student_email(place: Place) -> str:
    return place.student.user.email


def ranked_paper(place: Place) -> str:
    return keys_of(place.open_round)[0]


def report_paper(place: Place) -> str:
    assert place.report.module is not None
    return place.report.module.papers.all()[0].key


def renamed(place: Place) -> str:
    """A component that only that course has: all have components of the same names."""
    Component.objects.filter(course=place.course, key="written").update(key="elsewhere")
    return "elsewhere"


def renamed_row(place: Place) -> str:
    """The same of a row of a rubric."""
    RubricRow.objects.filter(item__course=place.course, key="summary").update(key="elsewhere")
    return "elsewhere"


def in_table(table: Callable[[Place], str], old: Callable[[Place], str]) -> Put:
    """Put a value in the place of another in a file that is sent as text."""
    return lambda here, body, value: body | {"content": table(here).replace(old(here), value)}


def in_file(table: Callable[[Place], str], old: Callable[[Place], str]) -> Put:
    """The same for a file that a page takes."""
    return lambda here, body, value: as_file(lambda _: table(here).replace(old(here), value))(here)


def in_course_file(here: Place, body: Body, value: str) -> Body:
    return body | {"text": body["text"].replace(f"module: {here.module.key}", f"module: {value}")}


def moved(field: str) -> Put:
    """Somebody gives up a place of a paper that gets smaller; they or what they get is foreign."""
    return lambda here, body, value: (
        body
        | {
            "capacity": 0,
            "moves": [{"member": here.student.code, "paper": None} | {field: value}],
        }
    )


def of_student(prefix: str, value: str) -> Put:
    """A field whose name ends in somebody's code."""
    return lambda here, body, code: (
        {f"{prefix}{code}": value}
        | {name: sent for name, sent in body.items() if not name.startswith(("m-", "v-"))}
    )


EXTRA = [
    Write(
        "api:pass_rule_preview",
        "instructor",
        lambda here: {"clauses": [{"component": "written", "at_least": "40"}]},
    ),
    Write("api:preview_capacity", "instructor", lambda here: {"capacity": 2, "reason": "Wanted."}),
    Write("api:assign_preview", "instructor", method="GET"),
    Write("api:reassign_preview", "instructor", method="GET"),
    Write("api:next", "ta", method="GET"),
    Write(
        "admin:presentations_preferenceround_assign",
        "instructor",
        values=lambda here: [str(here.round.pk), here.student.code],
        method="GET",
    ),
    Write(
        "admin:presentations_preferenceround_pin",
        "instructor",
        values=lambda here: [str(here.waiting_round.pk), here.student.code],
        method="GET",
    ),
    Write("admin:presentations_presentation_reassign", "instructor", method="GET"),
]
WRITE = WRITES | {str(write): write for write in EXTRA}
STUDENT, PAPER, ITEM = code("student"), key("paper"), key("hidden_item")

NAMES = [
    Names("api:join POST", "courses_passed[]", key("prerequisite"), made_up=MISSING_KEY),
    Names("api:accept_applications POST", "codes[]", code("applicant")),
    Names(
        "api:import_preferences POST",
        "content",
        email,
        in_table(preferences, student_email),
        NOBODY,
    ),
    Names(
        "api:import_preferences POST",
        "content",
        ranked_paper,
        in_table(preferences, ranked_paper),
        MISSING_KEY,
    ),
    Names("api:import_scores POST", "content", email, in_table(scores, student_email), NOBODY),
    Names("api:import_scores POST", "content", ITEM, in_table(scores, ITEM), "item-999"),
    Names("api:course_file POST", "text", key("module"), in_course_file, MISSING_KEY),
    Names("api:create_course POST", "text", key("module"), in_course_file, MISSING_KEY),
    *(
        Names(f"api:{name}", f"{part}[]", thing, made_up=MISSING_KEY)
        for name in ("save_list PUT", "submit_list POST")
        for part, thing in (
            ("ranked", ranked_paper),
            ("unwanted", ranked_paper),
            ("unavailable", key("in_class")),
        )
    ),
    Names("api:pin_student POST", "student", STUDENT),
    Names("api:pin_student POST", "paper", PAPER, made_up=MISSING_KEY),
    Names("api:enter_late_list POST", "student", STUDENT),
    Names("api:enter_late_list POST", "ranked[]", PAPER, made_up=MISSING_KEY),
    *(
        Names(f"api:{name} POST", field, thing)
        for name in ("propose_swap", "swap_presenters")
        for field, thing in (("talk", code("other_talk")), ("member", code("other_student")))
    ),
    *(
        Names(f"api:{name} POST", f"moves[].{field}", thing, moved(field), made_up)
        for name in ("change_capacity", "preview_capacity")
        for field, thing, made_up in (
            ("member", STUDENT, MISSING_CODE),
            ("paper", PAPER, MISSING_KEY),
        )
    ),
    Names("api:schedule_final_talk POST", "meeting", key("finals"), made_up=MISSING_KEY),
    Names("api:schedule_final_talk POST", "members[]", STUDENT),
    Names("api:assign_presenter POST", "to", STUDENT),
    Names("api:reassign_presentation POST", "to", STUDENT),
    Names("api:assign_preview GET", "to", STUDENT),
    Names("api:reassign_preview GET", "to", STUDENT),
    Names("api:next GET", "item", ITEM, made_up=MISSING_KEY, ignored=True),
    Names("api:choose_papers PUT", "papers[]", report_paper, made_up=MISSING_KEY),
    Names("api:extensions POST", "student", STUDENT),
    Names("api:grade_item POST", "submission", code("submission")),
    Names(
        "api:grade_item POST",
        "picks",
        renamed_row,
        lambda here, body, value: {"base_seq": 1, "picks": {value: "5"}},
        MISSING_KEY,
    ),
    Names("api:release POST", "item", ITEM, made_up=MISSING_KEY),
    Names("api:release POST", "student", STUDENT),
    Names("api:take_attendance PUT", "marks[].student", STUDENT),
    Names("api:participation POST", "item", key("participation_item"), made_up=MISSING_KEY),
    Names("api:participation POST", "student", STUDENT),
    Names("api:pass_rule POST", "clauses[].component", renamed, made_up=MISSING_KEY),
    Names("api:pass_rule_preview POST", "clauses[].component", renamed, made_up=MISSING_KEY),
    Names("courses:join POST", "courses_passed", key("prerequisite"), made_up=MISSING_KEY),
    Names("courses:accept_applications POST", "code", code("applicant")),
    *(
        Names("presentations:preferences POST", part, thing, made_up=MISSING_KEY)
        for part, thing in (
            ("ranked", ranked_paper),
            ("unwanted", ranked_paper),
            ("unavailable", key("in_class")),
        )
    ),
    Names(
        "presentations:preferences POST",
        "do",
        ranked_paper,
        lambda here, body, value: body | {"do": f"up {value}"},
        MISSING_KEY,
    ),
    Names("presentations:propose_swap POST", "with", STUDENT),
    Names("presentations:swap_presenters POST", "with", STUDENT),
    Names("presentations:change_capacity POST", "move-CODE", STUDENT, of_student("move-", "none")),
    Names(
        "presentations:change_capacity POST",
        "move-CODE",
        PAPER,
        lambda here, body, value: body | {f"move-{here.student.code}": value},
        MISSING_KEY,
    ),
    Names("presentations:finals POST", "meeting", key("finals"), made_up=MISSING_KEY),
    Names("presentations:finals POST", "members", STUDENT),
    Names(
        "presentations:import_preferences POST",
        "file",
        email,
        in_file(preferences, student_email),
        NOBODY,
    ),
    Names(
        "presentations:import_preferences POST",
        "file",
        ranked_paper,
        in_file(preferences, ranked_paper),
        MISSING_KEY,
    ),
    Names("assignments:choose_papers POST", "papers", report_paper, made_up=MISSING_KEY),
    Names("assignments:grant_extension POST", "student", STUDENT),
    Names("grading:grade POST", "submission", code("submission")),
    Names(
        "grading:take_attendance POST", "m-CODE", STUDENT, of_student("m-", "late"), ignored=True
    ),
    Names(
        "grading:take_attendance POST", "v-CODE", STUDENT, of_student("v-", "1:late"), ignored=True
    ),
    Names("grading:participation POST", "item", key("participation_item"), made_up=MISSING_KEY),
    Names("grading:participation POST", "code", STUDENT),
    Names("grading:release POST", "item", ITEM, made_up=MISSING_KEY),
    Names("grading:release POST", "code", STUDENT),
    Names("grading:import_scores POST", "file", email, in_file(scores, student_email), NOBODY),
    Names("grading:import_scores POST", "file", ITEM, in_file(scores, ITEM), "item-999"),
    *(
        Names(
            "admin:presentations_preferenceround_late POST",
            f"choice_{n}",
            PAPER,
            made_up=MISSING_KEY,
        )
        for n in (1, 2)
    ),
    *(
        Names(f"admin:presentations_{place} {method}", field, thing, made_up=made_up)
        for place, field, thing, made_up in (
            ("preferenceround_assign", "paper", PAPER, MISSING_KEY),
            ("preferenceround_pin", "paper", PAPER, MISSING_KEY),
            ("presentation_reassign", "to", STUDENT, MISSING_CODE),
        )
        for method in ("GET", "POST")
    ),
]


@pytest.fixture(scope="module")
def walker(world: World) -> ConfirmedWalker:
    return ConfirmedWalker(world, Matrix.read())


@pytest.mark.campaign
@pytest.mark.parametrize("names", NAMES, ids=str)
def test_another_courses_thing_in_a_body_is_as_one_that_is_not(
    names: Names, walker: ConfirmedWalker, world: World
) -> None:
    write = WRITE[names.write]
    with seen_and_forgotten():
        write.first(world.here)
        call = write.call(world)
        values = [names.thing(world.there), names.thing(world.draft), names.made_up]
        before = contents()
        told = []
        for value in values:
            body, path = names.body(world.here, value), call.path
            if write.method == "GET":
                path, body = f"{path}?{names.field}={value}", {}
            answer = walker.send(write.method, path, write.actor, body)
            assert (answer.status < 500, answer.error) == (True, "")
            assert (answer.status >= 400) != names.ignored, (value, answer.body.decode())
            if statements(answer):  # and taken back
                assert contents() == before
            told.append(words(answer, Call("", path, (value,))))

        assert told[0] == told[-1]
        assert told[1] == told[-1]


def words(answer: Answer, call: Call) -> tuple[Any, ...]:
    """What an answer says, without the value, and without what is called much like it here."""
    status, location, body, *more = same(answer, call)
    return status, location, SUGGESTION.sub(b"", body), *more


# --- every field is one or the other -----------------------------------------------------------

# Fields that name nothing, by their last name.
PLAIN_IN_API = """
    abstract arxiv at_least audience authors body contact description equivalent expected
    feedback file finals_text forum_url frameworks language level message minis_text mode
    motivation name note online_link online_note plan points reason reports_text room short_name
    structure talks_text term title topics url venue zone
"""
PLAIN_IN_FORMS = """
    abstract anyway arxiv audience authors base_seq body capacity contact content day days
    decision description do encoding equivalent feedback field finals_text forum_url
    frameworks is_active kind language level may_create_courses message minis_text mode
    motivation name note online_link online_note plan points preview public reason
    reports_text room scopes short_name state structure talks_text term text time title topics
    total url venue version year zone
"""
# The same of one write, where others name something by that name.
PLAIN_HERE = {
    # A person is invited by address, whether they have an account or not.
    ("api:import_roster POST", "content"),
    # A part of the own report, as "0.summary.0", and what is written there.
    ("api:draft PUT", "fields[].field"),
    ("api:draft PUT", "fields[].text"),
    ("api:save_field PUT", "field"),
    ("api:save_field PUT", "text"),
    ("assignments:save_draft POST", "0.summary.0"),
    ("assignments:save_draft POST", "version:0.summary.0"),
    # See the API above; a PDF.
    ("courses:import_roster POST", "file"),
    ("assignments:submit_file POST", "file"),
}


def named() -> set[tuple[str, str]]:
    return {(names.write, names.field) for names in NAMES}


def in_api(write: str) -> bool:
    return write.startswith("api:")


def test_every_field_of_the_api_names_something_or_is_plain() -> None:
    asked = {pair for pair in named() if in_api(pair[0])}
    here = {pair for pair in PLAIN_HERE if in_api(pair[0])}
    left = fields_of_api() - asked - here
    unknown = {pair for pair in left if last(pair[1]) not in PLAIN_IN_API.split()}

    assert unknown == set()
    assert asked | here <= fields_of_api()
    assert {last(field) for _, field in left} == set(PLAIN_IN_API.split())


def test_every_field_of_our_forms_names_something_or_is_plain(world: World) -> None:
    asked = {pair for pair in named() if not in_api(pair[0])}
    here = {pair for pair in PLAIN_HERE if not in_api(pair[0])}
    left = fields_of_forms(world) - asked - here

    assert {field for _, field in left} == set(PLAIN_IN_FORMS.split()), sorted(left)


def last(field: str) -> str:
    return field.removesuffix("[]").rpartition(".")[2]


def fields_of_forms(world: World) -> set[tuple[str, str]]:
    """Those of the bodies that succeed; a name that ends in somebody's code as "m-CODE"."""
    found = set()
    for name, write in WRITES.items():
        if not in_api(name):
            with seen_and_forgotten():
                write.first(world.here)
                code = world.here.student.code
                sent = {field.removeprefix("initial-") for field in write.body(world.here)}
                found |= {(name, field.replace(code, "CODE")) for field in sent}
    return found


def fields_of(shape: dict[str, Any], before: str = "") -> list[str]:
    """The fields of a body that hold free texts or several things, as "marks[].student"."""
    if "$ref" in shape:
        shape = schema()["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    if "allOf" in shape:
        return fields_of(shape["allOf"][0], before)
    if shape.get("properties"):
        dot = f"{before}." if before else ""
        return [
            found
            for name, part in shape["properties"].items()
            for found in fields_of(part, f"{dot}{name}")
        ]
    if shape.get("type") == "array":
        return fields_of(shape["items"], f"{before}[]")
    closed = "enum" in shape or shape.get("type") in {"boolean", "integer"}
    return [] if closed or shape.get("format") in {"date-time", "date"} else [before]


def fields_of_api() -> set[tuple[str, str]]:
    routes = {
        "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", one.route): one.name
        for one in all_addresses()
        if one.name.startswith("api:")
    }
    found = set()
    for (path, method), operation in operations().items():
        for kind in operation.get("requestBody", {}).get("content", {}).values():
            fields = fields_of(kind["schema"])
            found |= {(f"{routes[path]} {method.upper()}", field) for field in fields}
        for one in operation.get("parameters", []):
            if one["in"] == "query" and one["name"] not in {"limit", "offset"}:
                fields = fields_of(one["schema"], one["name"])
                found |= {(f"{routes[path]} {method.upper()}", field) for field in fields}
    return found
