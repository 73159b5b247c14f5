import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from grading.models import Result, ResultRun
from grading.queries import content_of, facts_of, staff_standings
from seminar.accounts.models import AuditEntry
from tests.factories.courses import NOON
from tests.factories.grading import hand_in, make_component, make_item, make_pass_rule, score

pytestmark = pytest.mark.usefixtures("set_clock")


@pytest.fixture
def item(course):
    component = make_component(course, "reports", 100)
    make_pass_rule(course, [(component, "50")])
    return make_item(component, key="report-1", max_points=3000)


def run(*args: str) -> str:
    out = StringIO()
    call_command("results", *args, stdout=out)
    return out.getvalue()


def test_prints_exact_and_shown_as_the_page_does(item, student, other_student, course):
    hand_in(item, student)
    score(item, student, "1499.9")
    hand_in(item, other_student)
    answer = json.loads(run(course.slug, "--json"))
    judged = staff_standings(facts_of(course), at=NOON)
    assert answer["students"] == [{"student": j.member.user.email} | content_of(j) for j in judged]
    first, second = answer["students"]
    assert first["components"]["reports"]["exact"] == "14999/300"
    assert first["components"]["reports"]["shown"] == "49.99"
    assert first["total"]["shown"] == "49.99"
    assert (first["verdict"], first["passed"]) == ("unreachable", False)
    assert (second["verdict"], second["passed"]) == ("open", None)
    assert f"{student.user.email}  unreachable  reports 49.99  total 49.99" in run(course.slug)


def test_freeze_writes_a_result_or_names_what_is_open(item, student, course):
    hand_in(item, student)
    with pytest.raises(CommandError, match="report-1: awaiting \\(Ada Student\\)"):
        run(course.slug, "--freeze")
    assert not ResultRun.objects.exists()
    score(item, student, "1500")
    answer = json.loads(run(course.slug, "--freeze", "--json"))
    frozen = ResultRun.objects.get()
    assert answer["frozen"] == {"number": 1, "hash": frozen.content_hash}
    assert Result.objects.get().passed is True
    assert AuditEntry.objects.get(verb="freeze_results").actor is None


def test_an_unknown_course_is_an_error(db):
    with pytest.raises(CommandError, match="There is no course “nothing”"):
        run("nothing")
