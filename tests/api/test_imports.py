"""The three imports through the API: the same plan, problems and words as page and command."""

from typing import Any

import pytest

from courses.models import Course, Membership
from grading.models import GradeEntry
from presentations.models import PreferenceList
from tests.api.calls import call, refused, sent
from tests.factories.grading import hand_in, make_component, make_item, make_pass_rule
from tests.factories.presentations import DURING, keys_of, make_round

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("set_clock")]

ROSTER = "name;email;role;matriculation\nAda;ada@x.org;student;007\n"


def load(
    who: Membership, path: str, content: str, *, status: int = 200, key: str = "", **more: Any
) -> Any:
    body = {"content": content} | more
    return sent(call(who, "POST", who.course, path, body, key=key), status)


def test_import_roster_is_looked_at_then_done_once(course: Course, instructor: Membership) -> None:
    looked = load(instructor, "people/import", ROSTER, dry_run=True)

    assert (looked["dry_run"], looked["delimiter"], looked["changes"]) == (True, "semicolon", 1)
    assert looked["sample"] == [["Ada", "ada@x.org", "student", "007"]]
    assert [(step["line"], step["code"], step["changes"]) for step in looked["steps"]] == [
        (2, "create", True)
    ]
    assert course.memberships.count() == 1
    plan, key = looked["plan"], "key-00000001"
    done = load(instructor, "people/import", ROSTER, plan=plan, key=key)
    assert load(instructor, "people/import", ROSTER, plan=plan, key=key) == done
    assert done == looked | {"dry_run": False}
    outdated = call(instructor, "POST", course, "people/import", {"content": ROSTER, "plan": plan})
    assert refused(outdated) == (409, "preview_outdated")
    assert course.memberships.count() == 2


def test_import_roster_names_every_problem_by_line_and_column(
    course: Course, instructor: Membership
) -> None:
    answer = call(
        instructor, "POST", course, "people/import", {"content": ROSTER + "B;b;boss;1E6\nC\n"}
    )

    assert refused(answer) == (422, "file_refused")
    assert [(p["line"], p["column"]) for p in answer.json()["problems"]] == [
        (3, "email"),
        (3, "role"),
        (3, "matriculation"),
        (4, ""),
    ]


@pytest.mark.parametrize("content", ["", "\n", "a", "x" * 40_000, '"', "name,email\n"])
def test_import_roster_answers_any_text(
    course: Course, instructor: Membership, content: str
) -> None:
    answer = call(instructor, "POST", course, "people/import", {"content": content})

    assert refused(answer)[0] == 422


def test_import_preferences_gives_numbers(
    course: Course, instructor: Membership, student: Membership, set_clock: Any
) -> None:
    set_clock(DURING)
    round_ = make_round(course)
    keys = keys_of(round_)
    content = f"email,choice_1,choice_2\n{student.user.email},{keys[0]},{keys[1]}\n"

    done = load(instructor, f"rounds/{round_.key}/import", content)

    assert [step["code"] for step in done["steps"]] == ["enter"]
    assert PreferenceList.objects.get().number == 1
    assert refused(call(instructor, "POST", course, "rounds/x/import", {"content": "x"})) == (
        404,
        "not_found",
    )


def test_import_scores_keeps_the_reason(
    course: Course, ta: Membership, student: Membership
) -> None:
    component = make_component(course, "work", 100)
    item = make_item(component, key="essay")
    make_pass_rule(course, [(component, "50")])
    hand_in(item, student)
    content = f"email,item,score,state\n{student.user.email},essay,7.5,\n"

    done = load(ta, "gradebook/import", content, reason="Marked on paper.")

    assert (done["changes"], done["steps"][0]["words"]) == (1, "essay: from no score to 7.5.")
    assert GradeEntry.objects.get().reason == "Marked on paper."
    assert refused(call(student, "POST", course, "gradebook/import", {"content": content})) == (
        403,
        "forbidden",
    )
