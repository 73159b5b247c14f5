"""Numbers through every door: one grammar for points, one for percentages, one for whole numbers.

The grammars themselves: ``tests/lib/test_numbers.py``. A file of scores, cell by cell:
``tests/grading/test_import_scores.py``. What the databases refuse from any code whatever:
``tests/test_constraints.py`` (I-14 and its neighbours), on SQLite and on PostgreSQL.
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import Client

from courses.models import Course, Membership, Paper
from grading.models import GradeEntry, GradeItem, PassRule
from presentations.models import PreferenceList
from tests.api.calls import call, fields_of, refused
from tests.factories.courses import make_paper
from tests.factories.grading import (
    hand_in,
    make_component,
    make_item,
    make_pass_rule,
    make_rubric,
    score,
)
from tests.factories.presentations import keys_of, make_round

pytestmark = pytest.mark.usefixtures("set_clock")

# One for each way to be wrong; the grammars' own tests have them all. 10.01 is above the maximum.
NO_SCORE = ["NaN", "-0", "1e400", "0x10", "\uff11\uff12", "1_000", "7.555", "10.01"]
NO_PERCENT = ["NaN", "-1", "1e1", "101", "\uff15", "50.0001"]
NO_WHOLE = [
    *("-1", "1e3", "\uff11", "1_0", ""),
    *(str(2**63), "9" * 5000),
]


def signed_in(who: Membership) -> Client:
    client = Client()
    client.force_login(who.user)
    return client


@pytest.fixture
def item(course: Course, student: Membership) -> GradeItem:
    """An item of 10 points with work that waits for them."""
    component = make_component(course, "essays", 100)
    make_pass_rule(course, [(component, "50")])
    item = make_item(component)
    hand_in(item, student)
    return item


# --- Points ----------------------------------------------------------------------------------

Send = Callable[[str], tuple[int, str]]


def by_page(item: GradeItem, ta: Membership, student: Membership) -> Send:
    client = signed_in(ta)
    address = f"/c/{item.course.slug}/grading/{item.key}/{student.code}"

    def send(text: str) -> tuple[int, str]:
        answer = client.post(address, {"base_seq": "0", "points": text})
        return answer.status_code, answer.content.decode()

    return send


def by_exception(item: GradeItem, ta: Membership, student: Membership) -> Send:
    client = signed_in(ta)
    address = f"/c/{item.course.slug}/grading/{item.key}/{student.code}/exception"
    form = {"base_seq": "0", "do": "override", "reason": "Second look."}

    def send(text: str) -> tuple[int, str]:
        answer = client.post(address, form | {"points": text})
        return answer.status_code, answer.content.decode()

    return send


def by_rubric(item: GradeItem, ta: Membership, student: Membership) -> Send:
    make_rubric(item, [("depth", ["10", "0"])])
    client = signed_in(ta)
    address = f"/c/{item.course.slug}/grading/{item.key}/{student.code}"

    def send(text: str) -> tuple[int, str]:
        answer = client.post(address, {"base_seq": "0", "other-depth": text})
        return answer.status_code, answer.content.decode()

    return send


def by_api(item: GradeItem, ta: Membership, student: Membership) -> Send:
    path = f"grading/{item.key}/{student.code}/entries"

    def send(text: str) -> tuple[int, str]:
        answer = call(ta, "POST", item.course, path, {"base_seq": 0, "points": text})
        return answer.status_code, answer.content.decode()

    return send


def by_api_exception(item: GradeItem, ta: Membership, student: Membership) -> Send:
    path = f"grading/{item.key}/{student.code}/exceptions"
    body = {"verb": "override", "base_seq": 0, "reason": "Second look."}

    def send(text: str) -> tuple[int, str]:
        answer = call(ta, "POST", item.course, path, body | {"points": text})
        return answer.status_code, answer.content.decode()

    return send


TYPED = [by_page, by_exception, by_api, by_api_exception]


@pytest.mark.parametrize("door", [*TYPED, by_rubric])
def test_every_door_refuses_what_is_no_score(
    door: Any, item: GradeItem, ta: Membership, student: Membership
) -> None:
    send = door(item, ta, student)

    told = {text: send(text)[0] for text in NO_SCORE}

    assert set(told.values()) == {422}, told
    assert GradeEntry.objects.count() == 0


@pytest.mark.parametrize("door", TYPED)
def test_every_door_reads_a_comma_as_a_point(
    door: Any, item: GradeItem, ta: Membership, student: Membership
) -> None:
    status, page = door(item, ta, student)("7,5")

    assert status in {201, 302}, page
    assert GradeEntry.objects.get().points == Decimal("7.5")


def test_the_command_refuses_a_file_with_a_bad_score_whole(
    item: GradeItem, student: Membership, tmp_path: Path
) -> None:
    file = tmp_path / "scores.csv"
    for text in ("7.555", "10.01", "1e1", "\uff11"):
        file.write_text(f"email;item;score;state\n{student.user.email};{item.key};{text};\n")
        with pytest.raises(CommandError, match="score"):
            call_command("import_scores", item.course.slug, str(file))

    assert GradeEntry.objects.count() == 0


def test_the_database_refuses_points_that_no_door_lets_in(
    item: GradeItem, ta: Membership, student: Membership
) -> None:
    """By direct writes, an update of a column by itself included. GradeEntry has a trigger too."""
    score(item, student, "5", by=ta)
    writes = [
        lambda: score(item, student, "-1", by=ta),
        lambda: GradeItem.objects.update(max_points=F("max_points") - 10),
        lambda: GradeItem.objects.update(weight=F("weight") - 1000),
    ]
    for write in writes:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()

    assert [entry.points for entry in GradeEntry.objects.all()] == [Decimal(5)]


# --- Percentages -----------------------------------------------------------------------------


def test_a_pass_rule_takes_percentages_only(item: GradeItem, instructor: Membership) -> None:
    course, client = item.course, signed_in(instructor)
    facts = {"kind": "total", "reason": "New law.", "do": "save", "nonce": "nonce-0001"}
    for text in NO_PERCENT:
        page = client.post(f"/c/{course.slug}/manage/pass-rule", facts | {"total": text})
        body = {"clauses": [{"component": None, "at_least": text}], "reason": "New law."}
        answer = call(instructor, "POST", course, "pass-rule", body)

        assert (page.status_code, refused(answer)) == (422, (422, "pass_rule")), text
        assert fields_of(answer) == ["clauses.0.at_least"]

    assert PassRule.objects.count() == 1


# --- Whole numbers ---------------------------------------------------------------------------


def test_a_form_takes_plain_whole_numbers_only(
    item: GradeItem, ta: Membership, student: Membership
) -> None:
    client = signed_in(ta)
    address = f"/c/{item.course.slug}/grading/{item.key}/{student.code}"

    told = {
        text: client.post(address, {"base_seq": text, "points": "7"}).status_code
        for text in NO_WHOLE
    }

    assert set(told.values()) == {422}, told
    assert GradeEntry.objects.count() == 0


def test_a_ranking_takes_plain_positions_only(course: Course, student: Membership) -> None:
    round_ = make_round(course)
    keys, client = keys_of(round_), signed_in(student)
    address = f"/c/{course.slug}/preferences/{round_.key}"
    form = {"ranked": keys, "version": "0", "do": f"to {keys[0]}", "nonce": "nonce-0001"}

    places = {t: client.post(address, form | {f"to-{keys[0]}": t}).status_code for t in NO_WHOLE}
    versions = {t: client.post(address, form | {"version": t}).status_code for t in NO_WHOLE}

    assert (set(places.values()), set(versions.values())) == ({422}, {422}), (places, versions)
    assert PreferenceList.objects.count() == 0


def test_json_takes_plain_whole_numbers_only(
    item: GradeItem, ta: Membership, student: Membership
) -> None:
    client = signed_in(ta)
    address = f"/api/v1/courses/{item.course.slug}/grading/{item.key}/{student.code}/entries"
    literals = ["-1", "1.5", "1e30", str(2**63), "1e400", "true", '"0"', "null"]
    for literal in literals:
        body = f'{{"base_seq": {literal}, "points": "7"}}'
        answer = client.post(address, body, content_type="application/json")

        assert answer.status_code == 422, literal
        assert fields_of(answer) == ["base_seq"]

    assert GradeEntry.objects.count() == 0


def test_a_paper_is_of_a_year_that_can_be(course: Course, instructor: Membership) -> None:
    paper = make_paper(course, year=2020)
    client = signed_in(instructor)
    address = f"/admin/courses/paper/{paper.pk}/change/"
    form = {"title": paper.title, "initial-title": paper.title, "initial-year": "2020"}
    for text in ["-1", "\uff12\uff10\uff12\uff11", "2_021", "1899", "2101", "9" * 5000]:
        page = client.post(address, form | {"year": text})
        assert (page.status_code, list(page.context["adminform"].errors)) == (200, ["year"]), text
    for number in [1899, 2101, 2**63, 2020.5, "2021"]:
        body = {"changes": {"year": number}, "seen": {"year": 2020}}
        answer = call(instructor, "PUT", course, f"papers/{paper.key}/facts", body)
        assert refused(answer) == (422, "invalid"), number

    assert Paper.objects.get().year == 2020
