from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from courses.models import Course, Membership
from grading.models import AttendanceMark, GradeEntry, GradeItem, PassRule, Release, ResultRun
from tests.api.calls import call, fields_of, get, refused, results, sent
from tests.factories.courses import NOON, make_meeting
from tests.factories.grading import (
    hand_in,
    make_component,
    make_item,
    make_pass_rule,
    make_rubric,
    mark,
    release,
    score,
)

pytestmark = pytest.mark.usefixtures("set_clock")

CANARY = "31.41"


@pytest.fixture
def item(course: Course) -> GradeItem:
    """The one item of a course: worth everything, due yesterday."""
    component = make_component(course, "written", 100)
    make_pass_rule(course, [(component, "50")])
    return make_item(component, max_points=Decimal(50))


def grading(item: GradeItem, who: Membership, rest: str) -> str:
    return f"grading/{item.key}/{who.code}/{rest}"


def test_grade_item_adds_a_score(item: GradeItem, ta: Membership, student: Membership) -> None:
    work = hand_in(item, student)
    body = {"base_seq": 0, "points": "7,5", "feedback": "Good.", "submission": work.code}

    before = results(ta, ta.course, "grading")
    answer = sent(call(ta, "POST", ta.course, grading(item, student, "entries"), body), 201)

    assert [(row["item"], row["waiting"], row["graded"]) for row in before] == [(item.key, 1, 0)]
    assert answer == {
        "item": item.key,
        "seq": 1,
        "kind": "score",
        "points": "7.5",
        "picks": {},
        "feedback": "Good.",
        "note": "",
        "reason": "",
        "at": "2025-10-27T12:00:00Z",
        "by": "Tilda Assistant",
    }
    detail = get(ta, ta.course, f"grading/{item.key}/{student.code}")
    assert (detail["base_seq"], detail["history"], detail["released"]) == (1, [answer], False)
    assert detail["submission"]["code"] == work.code
    rows = results(ta, ta.course, f"grading/{item.key}?show=graded")
    assert [(row["code"], row["status"], row["base_seq"]) for row in rows] == [
        (student.code, "graded_not_released", 1)
    ]
    assert results(ta, ta.course, f"grading/{item.key}?show=waiting") == []


def test_next_to_grade_is_what_waits(item: GradeItem, ta: Membership, student: Membership) -> None:
    assert get(ta, ta.course, "grading/next") == {"item": None, "student": None}
    hand_in(item, student)

    assert get(ta, ta.course, f"grading/next?item={item.key}") == {
        "item": item.key,
        "student": student.code,
    }


def test_a_stale_grade_is_answered_with_both_versions(
    item: GradeItem, ta: Membership, instructor: Membership, student: Membership
) -> None:
    hand_in(item, student)
    path = grading(item, student, "entries")
    sent(
        call(ta, "POST", ta.course, path, {"base_seq": 0, "points": "8", "feedback": "Good."}), 201
    )

    body = {"base_seq": 0, "points": "6", "feedback": "Weak."}
    answer = call(instructor, "POST", ta.course, path, body)

    assert refused(answer) == (409, "stale")
    assert answer.json()["problems"] == [
        {"field": "points", "mine": "6", "theirs": "8", "version": 1},
        {"field": "feedback", "mine": "Weak.", "theirs": "Good.", "version": 1},
        {"field": "note", "mine": "", "theirs": "", "version": 1},
    ]
    assert GradeEntry.objects.count() == 1


def test_a_rubric_is_scored_by_its_rows(
    item: GradeItem, ta: Membership, student: Membership
) -> None:
    hand_in(item, student)
    make_rubric(item, [("depth", ["5", "2"]), ("form", ["3", "0"])])
    path = grading(item, student, "entries")

    missing = call(ta, "POST", ta.course, path, {"base_seq": 0, "picks": {"depth": "5"}})
    picks = {"depth": "5", "form": "0"}
    done = sent(call(ta, "POST", ta.course, path, {"base_seq": 0, "picks": picks}), 201)

    assert (refused(missing), fields_of(missing)) == ((422, "score"), ["Form"])
    assert (done["points"], done["picks"]) == ("5", picks)
    rubric = get(ta, ta.course, f"grading/{item.key}/{student.code}")["rubric"]
    assert [(row["key"], row["max_points"]) for row in rubric] == [("depth", "5"), ("form", "3")]
    assert rubric[0]["levels"][0] == {"points": "5", "text": "Worth 5"}


@pytest.mark.parametrize(
    "points",
    ["NaN", "-0", "1e2", "\uff11\uff12", "1_000", " 7 ", "7.555", "+7", "\u0663", "", "51", "0x10"],
)
def test_a_score_follows_the_grammar(
    points: str, item: GradeItem, ta: Membership, student: Membership
) -> None:
    hand_in(item, student)
    body = {"base_seq": 0, "points": points}

    answer = call(ta, "POST", ta.course, grading(item, student, "entries"), body)

    assert refused(answer) == (422, "score")
    assert GradeEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"points": 7.5}, "points"),
        ({"base_seq": "0"}, "base_seq"),
        ({"base_seq": 10**30}, "base_seq"),
        ({"base_seq": True}, "base_seq"),
        ({"feedback": "a\0"}, "feedback"),
        ({"picks": []}, "picks"),
        ({"picks": {"a": 5}}, "picks.a"),
    ],
)
def test_a_grade_is_read_strictly(
    change: dict[str, Any], field: str, item: GradeItem, ta: Membership, student: Membership
) -> None:
    hand_in(item, student)
    body = {"base_seq": 0, "points": "7"} | change

    answer = call(ta, "POST", ta.course, grading(item, student, "entries"), body)

    assert (refused(answer), fields_of(answer)) == ((422, "invalid"), [field])


def test_exceptions_need_a_reason_and_a_base(
    item: GradeItem, ta: Membership, student: Membership
) -> None:
    path = grading(item, student, "exceptions")

    def decide(verb: str, seq: int, **more: Any) -> Any:
        body = {"verb": verb, "base_seq": seq, "reason": "Illness."} | more
        return call(ta, "POST", ta.course, path, body)

    assert sent(decide("excuse", 0), 201)["kind"] == "excuse"
    assert sent(decide("override", 1, points="40"), 201)["points"] == "40"
    assert sent(decide("clear", 2), 201)["seq"] == 3
    assert refused(decide("clear", 2)) == (409, "stale")
    assert fields_of(decide("excuse", 3, points="4")) == ["points"]
    assert fields_of(decide("forget", 3)) == ["verb"]
    assert fields_of(decide("excuse", 3, reason="")) == ["reason"]


def test_release_item_shows_it_once(
    item: GradeItem, instructor: Membership, student: Membership, other_student: Membership
) -> None:
    course = instructor.course
    for member in (student, other_student):
        hand_in(item, member)
        score(item, member, "40")

    rows = results(instructor, course, "release")
    one = sent(
        call(instructor, "POST", course, "release", {"item": item.key, "student": student.code})
    )
    rest = sent(call(instructor, "POST", course, "release", {"item": item.key}))

    assert [(row["item"], len(row["new"]), row["shown"]) for row in rows] == [(item.key, 2, 0)]
    assert one == {"released": [{"code": student.code, "name": "Ada Student"}]}
    assert rest == {"released": [{"code": other_student.code, "name": "Ben Other"}]}
    assert Release.objects.count() == 2
    assert refused(call(instructor, "POST", course, "release", {"item": "none"}))[0] == 404


def test_a_student_reads_released_facts_only(
    item: GradeItem, ta: Membership, student: Membership
) -> None:
    hand_in(item, student)
    before = [get(student, student.course, path) for path in own_paths(item)]
    score(item, student, CANARY, feedback="The canary sings.", note="Never shown.", by=ta)

    hidden = [get(student, student.course, path) for path in own_paths(item)]
    release(item, student, by=ta)
    standing, feedback = (get(student, student.course, path) for path in own_paths(item))

    assert hidden == before
    assert hidden[1]["feedback"] is None
    assert feedback["feedback"] == "The canary sings."
    assert feedback["item"]["points"] == {"exact": "3141/100", "shown": CANARY}
    assert standing["components"][0]["items"] == [feedback["item"]]
    assert "Never shown" not in str((standing, feedback))


def own_paths(item: GradeItem) -> list[str]:
    assert item.assignment is not None
    return ["standing", f"work/{item.assignment.key}/feedback"]


def test_page_and_api_say_the_same_standing(
    item: GradeItem, ta: Membership, student: Membership
) -> None:
    hand_in(item, student)
    score(item, student, CANARY, by=ta)
    release(item, student, by=ta)
    client = Client()
    client.force_login(student.user)

    page = client.get(f"/c/{student.course.slug}/standing").context["page"]
    found = get(student, student.course, "standing")

    part = page.judged.standing.part("written")
    assert found["sentence"] == page.sentence.text()
    assert found["verdict"] == page.judged.outcome.verdict.value == "secured"
    assert found["rule"] == [words.text() for words in page.rule] == ["at least 50 % in Written"]
    assert found["passed"] is None
    assert found["clauses"] == [{"component": "written", "at_least": "50", "holds": True}]
    assert found["total"]["exact"] == str(page.judged.standing.total.floor) == "3141/50"
    numbers = found["components"][0]["numbers"]
    assert (numbers["exact"], numbers["ceiling"]["exact"], numbers["running"]["exact"]) == (
        str(part.floor),
        str(part.ceiling),
        str(part.running),
    )
    cells = [cell for group in page.groups for cell in group.cells]
    assert [row["status"] for row in found["components"][0]["items"]] == [
        cell.status for cell in cells
    ]
    assert found["components"][0]["at_least"] == "50"


def test_take_attendance_marks_all_or_none(
    course: Course, ta: Membership, student: Membership, other_student: Membership
) -> None:
    meeting = make_meeting(course, NOON.date().replace(day=20))
    path = f"attendance/{meeting.key}"

    def marks(*rows: tuple[Membership, str, int]) -> Any:
        sent_marks = [
            {"student": who.code, "status": status, "version": version}
            for who, status, version in rows
        ]
        return call(ta, "PUT", course, path, {"marks": sent_marks})

    done = sent(marks((student, "in_room", 0), (other_student, "late", 0)))
    stale = marks((student, "absent", 0), (other_student, "online", 1))
    twice = marks((student, "absent", 1), (student, "late", 1))
    unknown = marks((student, "asleep", 1))

    assert done == get(ta, course, path)
    assert done["tiles"] == [
        {"student": student.code, "name": "Ada Student", "status": "in_room", "version": 1},
        {"student": other_student.code, "name": "Ben Other", "status": "late", "version": 1},
    ]
    assert refused(stale) == (409, "stale")
    assert [refused(twice), refused(unknown)] == [(422, "invalid")] * 2
    assert fields_of(unknown) == ["marks.0.status"]
    assert AttendanceMark.objects.count() == 2
    assert results(ta, course, "attendance")[0]["marked"] == 2


def test_give_participation_gives_and_takes_back(
    course: Course, ta: Membership, student: Membership
) -> None:
    part = make_component(course, "talking", 100)
    item = make_item(part, kind=GradeItem.Kind.PARTICIPATION, meeting_cap=Decimal(1))
    meeting = make_meeting(course, NOON.date().replace(day=20))
    path = f"participation/{meeting.key}"
    body = {"item": item.key, "student": student.code, "verb": "give"}

    given = sent(call(ta, "POST", course, path, body))
    above = call(ta, "POST", course, path, body)
    back = sent(call(ta, "POST", course, path, body | {"verb": "undo"}))

    row = {"student": student.code, "name": "Ada Student", "points": "1", "full": True}
    assert given == {"grids": [{"item": item.key, "given": [row]}]}
    assert refused(above) == (422, "above_cap")
    assert back["grids"][0]["given"][0]["points"] == "0"


def test_the_gradebook_shows_all_facts(
    item: GradeItem, ta: Membership, student: Membership
) -> None:
    hand_in(item, student)
    score(item, student, CANARY, by=ta)

    line = results(ta, ta.course, "gradebook")[0]
    detail = get(ta, ta.course, f"gradebook/{student.code}")

    assert line["student"] == detail["student"] == {"code": student.code, "name": "Ada Student"}
    assert (line["status"], detail["verdict"]) == ("passed", "secured")
    assert line["total"] == detail["total"]
    assert line["total"]["exact"] == "3141/50"
    assert line["items"] == detail["components"][0]["items"]
    assert line["items"][0]["raw"] == {"score": CANARY, "excused": False, "override": None}
    assert [entry["points"] for entry in detail["history"]] == [CANARY]


def test_results_wait_until_everything_is_decided(
    item: GradeItem, instructor: Membership, student: Membership
) -> None:
    course = instructor.course
    hand_in(item, student)

    asked = sent(call(instructor, "POST", course, "results/computation", {}), 202)
    blocked = call(instructor, "POST", course, "results/freeze", {})
    early = call(instructor, "POST", course, "results/publication", {})

    assert (asked["number"], asked["computed_at"]) == (1, None)
    assert (refused(blocked), refused(early)) == ((409, "undecided"), (409, "not_frozen"))
    assert get(instructor, course, "results/state")["blockers"] == [
        {
            "code": "awaiting",
            "item": item.key,
            "meeting": None,
            "students": [{"code": student.code, "name": "Ada Student"}],
        }
    ]


def test_a_decided_course_is_frozen_and_published(
    item: GradeItem, instructor: Membership, student: Membership
) -> None:
    course = instructor.course
    hand_in(item, student)
    score(item, student, "40")

    line = results(instructor, course, "results")[0]
    frozen = sent(call(instructor, "POST", course, "results/freeze", {}), 201)
    published = sent(call(instructor, "POST", course, "results/publication", {}))
    state = get(instructor, course, "results/state")

    assert (line["status"], line["total"]["exact"], line["lost"]) == ("passed", "80", [])
    assert frozen["content_hash"] == ResultRun.objects.get().content_hash
    assert published == frozen | {"published_at": "2025-10-27T12:00:00Z"}
    assert state == {
        "runs": [published],
        "fresh": True,
        "blockers": [],
        "rule": ["at least 50 % in Written"],
    }
    assert get(student, course, "standing")["passed"] is True


def test_change_pass_rule_after_a_preview(
    item: GradeItem, instructor: Membership, student: Membership
) -> None:
    course = instructor.course
    hand_in(item, student)
    score(item, student, "30")
    clauses = [{"component": None, "at_least": "70"}]

    before = get(instructor, course, "pass-rule")
    changes = sent(call(instructor, "POST", course, "pass-rule/preview", {"clauses": clauses}))
    body = {"clauses": clauses, "reason": "As announced."}
    after = sent(call(instructor, "POST", course, "pass-rule", body))

    assert before == {
        "version": 1,
        "clauses": [{"component": "written", "at_least": "50"}],
        "rule": ["at least 50 % in Written"],
    }
    assert changes["results"] == [
        {
            "student": {"code": student.code, "name": "Ada Student"},
            "before": "passed",
            "after": "not_passed",
        }
    ]
    assert after == {
        "version": 2,
        "clauses": [{"component": None, "at_least": "70"}],
        "rule": ["at least 70 % in total"],
    }
    assert PassRule.objects.count() == 2


@pytest.mark.parametrize(
    "clauses",
    [
        [],
        [{"component": "none", "at_least": "50"}],
        [{"component": None, "at_least": "101"}],
        [{"component": None, "at_least": "50"}, {"component": None, "at_least": "60"}],
    ],
)
@pytest.mark.parametrize("path", ["pass-rule", "pass-rule/preview"])
def test_a_pass_rule_that_cannot_be_is_refused(
    path: str, clauses: list[Any], item: GradeItem, instructor: Membership
) -> None:
    body = {"clauses": clauses} | ({} if "preview" in path else {"reason": "Why not."})

    assert refused(call(instructor, "POST", instructor.course, path, body)) == (422, "pass_rule")


def test_a_mark_names_nobody_to_classmates(
    course: Course, ta: Membership, student: Membership, other_student: Membership
) -> None:
    mark(make_meeting(course, NOON.date().replace(day=20)), other_student, "late", by=ta)

    for path in ("attendance", "gradebook", f"gradebook/{other_student.code}", "grading"):
        assert refused(call(student, "GET", course, path)) == (403, "forbidden")
