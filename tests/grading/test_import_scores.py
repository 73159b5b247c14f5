"""Scores from a file: the grammar, blanks, the same refusals as the page, and what export gives."""

import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from courses.models import Course, Membership
from grading import actions
from grading.actions.imports import import_scores, plan_of_scores
from grading.models import GradeEntry, GradeItem, ResultRun
from grading.queries.imports import scores_table
from grading.rules import EntryKind, Folded, ItemState
from grading.rules.imports import (
    SCORES_COLUMNS,
    CellNow,
    Given,
    GradeFacts,
    exported,
    plan_scores,
    read_scores,
)
from seminar.accounts.models import AuditEntry
from seminar.lib.errors import Refused
from seminar.lib.tables import Table, read_table, write_table
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_meeting, make_member
from tests.factories.grading import (
    hand_in,
    make_assignment,
    make_component,
    make_item,
    make_pass_rule,
    make_rubric,
    release,
    score,
)

HEAD = "email;item;score;state\n"


def table(*lines: str) -> Table:
    return read_table((HEAD + "\n".join(lines)).encode(), SCORES_COLUMNS)


# --- Reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "kind", "points"),
    [
        ("7;", EntryKind.SCORE, "7"),
        ("7,5;graded", EntryKind.SCORE, "7.5"),
        ("7.5; Graded ", EntryKind.SCORE, "7.5"),
        ("0;", EntryKind.SCORE, "0"),
        (";excused", EntryKind.EXCUSE, None),
        ("3;overridden", EntryKind.OVERRIDE, "3"),
        (";", None, None),
        ("  ;", None, None),
        (";missing", None, None),
        (";not_due", None, None),
        (";computed", None, None),
    ],
)
def test_read_scores_reads_scores_states_and_blanks(
    cells: str, kind: EntryKind | None, points: str | None
) -> None:
    given, problems = read_scores(table(f"Ada@x.org; essay ;{cells}").rows)

    assert problems == []
    number = None if points is None else Decimal(points)
    assert given == [Given(2, "ada@x.org", "essay", kind, number)]


@pytest.mark.parametrize(
    "text",
    [
        *("7.555", "NaN", "sNaN", "Infinity", "-0", "-1", "+7", "1e2", "1e400", "0x10", "1_000"),
        *("\uff17", "\u0663", " 7", "7 ", "7.", ".5", "10000", "1,000.5", "7.5.", "seven", "=7"),
    ],
)
def test_read_scores_refuses_what_is_no_score(text: str) -> None:
    given, problems = read_scores(table(f"a@x.org;essay;{text};").rows)

    assert given == []
    assert [(p.line, p.column, p.code) for p in problems] == [(2, "score", "score_refused")]
    assert "at most 2 decimals" in problems[0].words.plain()


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("7;excused", ("state", "state_and_score")),
        ("7;missing", ("state", "state_and_score")),
        (";graded", ("score", "score_missing")),
        (";overridden", ("score", "score_missing")),
        ("7;done", ("state", "state_refused")),
    ],
)
def test_read_scores_refuses_states_that_contradict(cells: str, problem: tuple[str, str]) -> None:
    assert [(p.column, p.code) for p in read_scores(table(f"a@x.org;essay;{cells}").rows)[1]] == [
        problem
    ]


def test_read_scores_reports_everything_at_once_with_both_lines() -> None:
    rows = table("a@x.org;essay;7;", "nobody;essay;x;y", "A@X.org;essay;8;").rows

    assert [(p.line, p.column) for p in read_scores(rows)[1]] == [
        (3, "email"),
        (3, "score"),
        (3, "state"),
        (2, "item"),
        (4, "item"),
    ]


# --- The plan --------------------------------------------------------------------------------

GRADED = CellNow(Folded(score=Decimal(7), seq=3, submission=5), ItemState.GRADED, submission=5)
EXCUSED = CellNow(Folded(excused=True, seq=1), ItemState.EXCUSED)
OVER = replace(GRADED, folded=replace(GRADED.folded, override=Decimal(9)))
OLD = replace(GRADED, submission=6, state=ItemState.AWAITING)
NONE = CellNow(Folded(), ItemState.MISSING, refusal="nothing_to_grade")
SUM = CellNow(Folded(), ItemState.NOT_DUE, refusal="computed")
SCORE, EXCUSE, OVERRIDE = EntryKind.SCORE, EntryKind.EXCUSE, EntryKind.OVERRIDE


def step(now: CellNow, kind: EntryKind | None, points: str | None = None) -> tuple[str, bool]:
    facts = GradeFacts({"a@x.org": "A"}, {"essay": Decimal(10)}, {("a@x.org", "essay"): now})
    number = None if points is None else Decimal(points)
    plan = plan_scores([Given(2, "a@x.org", "essay", kind, number)], facts)
    if plan.problems:
        return plan.problems[0].code, False
    return plan.steps[0].code, plan.steps[0].change is not None


@pytest.mark.parametrize(
    ("now", "kind", "points", "outcome"),
    [
        (GRADED, None, None, ("blank", False)),
        (GRADED, SCORE, "7.00", ("same", False)),
        (GRADED, SCORE, "8", ("score", True)),
        (GRADED, SCORE, "10", ("score", True)),
        (GRADED, SCORE, "10.01", ("above_maximum", False)),
        (GRADED, EXCUSE, None, ("excuse", True)),
        (GRADED, OVERRIDE, "7", ("override", True)),
        (OLD, SCORE, "7", ("score", True)),
        (EXCUSED, EXCUSE, None, ("same", False)),
        (OVER, SCORE, "7", ("overridden", False)),
        (OVER, EXCUSE, None, ("overridden", False)),
        (OVER, OVERRIDE, "9", ("same", False)),
        (OVER, OVERRIDE, "8", ("override", True)),
        (NONE, SCORE, "7", ("nothing_to_grade", False)),
        (NONE, OVERRIDE, "7", ("override", True)),
        (NONE, EXCUSE, None, ("excuse", True)),
        (SUM, SCORE, "7", ("computed", False)),
        (SUM, OVERRIDE, "7", ("override", True)),
        (replace(GRADED, refusal="too_early"), SCORE, "8", ("too_early", False)),
        (replace(GRADED, refusal="too_early"), SCORE, "7", ("same", False)),
    ],
)
def test_plan_scores_changes_what_differs_and_nothing_else(
    now: CellNow, kind: EntryKind | None, points: str | None, outcome: tuple[str, bool]
) -> None:
    assert step(now, kind, points) == outcome


@pytest.mark.parametrize("now", [GRADED, EXCUSED, OVER, OLD, NONE, SUM])
def test_exported_read_again_changes_nothing(now: CellNow) -> None:
    text = write_table(SCORES_COLUMNS.required, [["a@x.org", "essay", *exported(now)]])
    [given], problems = read_scores(read_table(text.encode(), SCORES_COLUMNS).rows)

    assert problems == []
    assert step(now, given.kind, None if given.points is None else str(given.points)) in {
        ("same", False),
        ("blank", False),
    }


def test_plan_scores_names_unknown_people_and_items() -> None:
    facts = GradeFacts({"a@x.org": "A"}, {"essay": Decimal(10)}, {("a@x.org", "essay"): NONE})
    given = [Given(2, "z@x.org", "esay", SCORE, Decimal(1))]

    problems = plan_scores(given, facts).problems

    assert [(p.column, p.code) for p in problems] == [("email", "no_student"), ("item", "no_item")]
    assert "“essay”" in problems[1].words.plain()


# --- The action ------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(course: Course, student: Membership, other_student: Membership) -> GradeItem:
    component = make_component(course, "work", 100)
    item = make_item(component, key="essay")
    make_pass_rule(course, [(component, "50")])
    hand_in(item, student)
    hand_in(item, other_student)
    return item


def load(course: Course, *lines: str, by: Membership | None = None, **more: Any) -> dict[str, Any]:
    return import_scores(course, table(*lines), by=by, at=NOON, **more)


def row(member: Membership, cells: str, item: str = "essay") -> str:
    return f"{member.user.email};{item};{cells}"


def test_import_scores_adds_lines_and_releases_and_mails_nothing(
    course: Course, item: GradeItem, student: Membership, other_student: Membership, ta: Membership
) -> None:
    score(item, other_student, "4", by=ta, feedback="Good.", note="Twice.")

    done = load(course, row(student, "7,5;"), row(other_student, "8;graded"), by=ta)

    assert (done["changes"], done["counts"]) == (2, {"score": 2})
    lines = GradeEntry.objects.filter(item=item).order_by("id")
    assert [(e.membership, e.seq, e.kind, e.points, e.by, e.feedback, e.note) for e in lines] == [
        (other_student, 1, "score", Decimal(4), ta, "Good.", "Twice."),
        (student, 1, "score", Decimal("7.5"), ta, "", ""),
        (other_student, 2, "score", Decimal(8), ta, "Good.", "Twice."),
    ]
    assert lines[1].submission == item.assignment.submissions.get(membership=student)  # type: ignore[union-attr]
    assert lines[1].reason == "Imported from a file."
    assert item.releases.count() == Message.objects.count() == 0
    verbs = AuditEntry.objects.order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["grade_item", "grade_item", "import_scores"]


@pytest.mark.parametrize("cells", ["8;", ";excused", "3;overridden"])
@pytest.mark.parametrize("given", ["", "  "])
def test_import_scores_asks_for_a_reason_as_the_page_does(
    course: Course, item: GradeItem, student: Membership, ta: Membership, cells: str, given: str
) -> None:
    if cells == "8;":
        score(item, student, "6", by=ta)
        release(item, student, by=ta)
    before = GradeEntry.objects.count()

    with pytest.raises(Refused) as refusal:
        load(course, row(student, cells), by=ta, reason=given)

    assert (refusal.value.code, refusal.value.status) == ("reason_missing", 422)
    assert GradeEntry.objects.count() == before
    load(course, row(student, cells), by=ta, reason=" Marked on paper. ")
    assert GradeEntry.objects.latest("id").reason == "Marked on paper."


def test_import_scores_asks_for_a_reason_once_results_are_frozen(
    course: Course, item: GradeItem, student: Membership, instructor: Membership
) -> None:
    score(item, student, "6", by=instructor)
    ResultRun.objects.create(
        course=course, number=1, requested_at=NOON, computed_at=NOON, frozen_at=NOON
    )

    with pytest.raises(Refused) as refusal:
        load(course, row(student, "8;"), by=instructor)

    assert (refusal.value.code, GradeEntry.objects.count()) == ("reason_missing", 1)


def test_import_scores_leaves_blanks_as_they_are(
    course: Course, item: GradeItem, student: Membership
) -> None:
    score(item, student, "4")

    assert load(course, row(student, ";"))["counts"] == {"blank": 1}
    assert GradeEntry.objects.count() == 1


def test_import_scores_excuses_overrides_and_scores_items_with_a_rubric(
    course: Course, item: GradeItem, student: Membership, other_student: Membership
) -> None:
    make_rubric(item, [("clear", ["5", "0"]), ("right", ["5", "0"])])
    third = make_member(course)

    load(
        course,
        row(student, "7.5;"),
        row(other_student, ";excused"),
        row(third, "3;overridden"),
        reason="Marked on paper.",
    )

    lines = GradeEntry.objects.order_by("id")
    assert [(e.kind, e.points, e.reason, e.rubric, e.by) for e in lines] == [
        ("score", Decimal("7.5"), "Marked on paper.", {}, None),
        ("excuse", None, "Marked on paper.", {}, None),
        ("override", Decimal(3), "Marked on paper.", {}, None),
    ]


def test_import_scores_is_all_or_nothing(
    course: Course,
    item: GradeItem,
    student: Membership,
    auditor: Membership,
    outsider: Membership,
    withdrawn: Membership,
) -> None:
    lines = [row(student, "7;"), *(row(who, "7;") for who in (auditor, outsider, withdrawn))]

    with pytest.raises(Refused) as refusal:
        load(course, *lines, row(student, "11;", item="esay"))

    assert [(p["line"], p["code"]) for p in refusal.value.problems] == [
        *((line, "no_student") for line in (3, 4, 5)),
        (6, "no_item"),
    ]
    assert GradeEntry.objects.count() == 0


def test_import_scores_refuses_what_changed_since_the_preview(
    course: Course, item: GradeItem, student: Membership, ta: Membership
) -> None:
    lines = [row(student, "7;")]
    shown = plan_of_scores(course, table(*lines), at=NOON).hash
    score(item, student, "6", by=ta)

    with pytest.raises(Refused) as refusal:
        load(course, *lines, expected=shown)

    assert (refusal.value.code, GradeEntry.objects.count()) == ("preview_outdated", 1)
    [step] = plan_of_scores(course, table(*lines), at=NOON).steps
    assert step.words.plain() == "essay: from 6 to 7."


def test_import_scores_says_what_a_student_would_see_at_once(
    course: Course, item: GradeItem, student: Membership, ta: Membership
) -> None:
    score(item, student, "6", by=ta)
    release(item, student, by=ta)

    [step] = plan_of_scores(course, table(row(student, "7;")), at=NOON).steps

    assert step.words.plain() == "essay: from 6 to 7; the student sees it at once."


def test_import_scores_answers_a_second_click_with_the_first_answer(
    course: Course, item: GradeItem, student: Membership, ta: Membership
) -> None:
    asked: dict[str, Any] = {"by": ta, "nonce": "nonce-0001"}

    first = load(course, row(student, "7;"), **asked)

    assert load(course, row(student, "7;"), **asked) == first
    assert GradeEntry.objects.count() == 1


def test_import_scores_agrees_with_the_page_on_what_can_be_graded(
    course: Course, item: GradeItem, student: Membership, ta: Membership
) -> None:
    early = make_item(
        item.component, key="later", assignment=make_assignment(course, closes_at=NOON)
    )
    hand_in(early, student)
    talk = make_item(item.component, key="talk", kind="presentation", talk_kind="final")
    marks = make_item(item.component, key="marks", kind="attendance")
    make_meeting(course)
    nobody = make_member(course)

    for each, who in [(early, student), (talk, student), (marks, student), (item, nobody)]:
        with pytest.raises(Refused) as page:
            actions.grade_item(each, who, actions.Grade(0, points="7"), by=ta, at=NOON)
        with pytest.raises(Refused) as file:
            load(course, row(who, "7;", item=each.key), by=ta)
        assert [problem["code"] for problem in file.value.problems] == [page.value.code]


def test_import_scores_reads_its_own_export_without_a_change(
    course: Course, item: GradeItem, student: Membership, other_student: Membership
) -> None:
    make_item(item.component, key="marks", kind="attendance")
    third, fourth = make_member(course), make_member(course)
    score(item, student, "7.50")
    score(item, other_student, None, kind="excuse", reason="ill")
    score(item, third, "3", kind="override", reason="agreed")
    found = scores_table(course, at=NOON)
    text = write_table(SCORES_COLUMNS.required, found)

    plan = plan_of_scores(course, read_table(text.encode("utf-8-sig"), SCORES_COLUMNS), at=NOON)

    assert len(found) == 8
    assert [fourth.user.email, "essay", None, "missing"] in found
    assert (plan.problems, plan.changes, plan.notices) == ((), [], [])
    one = scores_table(course, at=NOON, item="marks")
    assert {cells[1] for cells in one} == {"marks"}


def test_import_scores_plan_asks_the_database_equally_often_at_any_size(
    course: Course, item: GradeItem, django_assert_num_queries: Any
) -> None:
    for size in (2, 30):
        people = [make_member(course) for _ in range(size)]
        for who in people:
            hand_in(item, who)
        lines = table(*(row(who, "7;") for who in people))
        with django_assert_num_queries(8):
            assert len(plan_of_scores(course, lines, at=NOON).changes) == size


def test_import_scores_command_previews_imports_and_refuses(
    course: Course,
    item: GradeItem,
    student: Membership,
    tmp_path: Path,
    set_clock: Any,
) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(HEAD + row(student, "7,5;"))

    def run(*options: str) -> str:
        out = io.StringIO()
        call_command("import_scores", course.slug, str(path), *options, stdout=out)
        return out.getvalue()

    told = json.loads(run("--dry-run", "--json"))
    assert (told["dry_run"], told["changes"], GradeEntry.objects.count()) == (True, 1, 0)
    assert run("--reason", "On paper.").splitlines()[-2:] == [
        f"+ line 2: {student.user.email}: essay: from no score to 7.5.",
        "1 change made",
    ]
    assert run().splitlines()[-1] == "0 changes made"
    path.write_text(HEAD + row(student, "7.555;"))
    with pytest.raises(CommandError, match=r"line 2, score: 7\.555: .*at most 2 decimals"):
        run()
