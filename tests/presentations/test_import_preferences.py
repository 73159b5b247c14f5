"""Lists collected on paper: numbers after those given, in file order, whoever submits meanwhile."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from courses.models import Course, Membership
from presentations import actions
from presentations.models import PreferenceChoice, PreferenceList, PreferenceRound, QueueEvent
from presentations.queries import ranking_of
from presentations.rules import (
    PREFERENCES_COLUMNS,
    PaperList,
    QueueFacts,
    Ranker,
    plan_preferences,
    read_preferences,
)
from seminar.accounts.models import AuditEntry
from seminar.lib.errors import Refused
from seminar.lib.tables import Table, read_table
from seminar.notifications.models import Message
from tests.factories.courses import make_course
from tests.factories.presentations import (
    AFTER,
    DURING,
    keys_of,
    make_round,
    make_students,
    make_submitted,
)
from tests.presentations.test_races import at_once, make_crowd

HEAD = "email,choice_1,choice_2,choice_3\n"


def table(*lines: str, head: str = HEAD) -> Table:
    return read_table((head + "\n".join(lines)).encode(), PREFERENCES_COLUMNS)


# --- Rules -----------------------------------------------------------------------------------


def test_read_preferences_reads_papers_by_the_number_of_their_column() -> None:
    lines = table("b, A@x.org ,a,", head="choice_2,email,choice_1,choice_3\n")

    assert read_preferences(lines.rows) == ([PaperList(2, "a@x.org", ("a", "b"))], [])


def test_read_preferences_reports_everything_at_once() -> None:
    rows = table("a@x.org,a,b,", "nobody,a,b,", "A@X.org,a,,c").rows

    assert sorted((p.line, p.column, p.code) for p in read_preferences(rows)[1]) == [
        (2, "email", "email_repeated"),
        (3, "email", "email_refused"),
        (4, "choice_2", "choice_missing"),
        (4, "email", "email_repeated"),
    ]


FACTS = QueueFacts(
    students={
        "a@x.org": Ranker("A", "Ada"),
        "b@x.org": Ranker("B", "Bo", has_list=True, number=4),
        "c@x.org": Ranker("C", "Cy", has_list=True),
        "d@x.org": Ranker("D", "Di"),
    },
    papers=("p", "q", "r"),
    min_length=2,
    max_length=3,
    last_number=6,
)


def lists(**ranked: str) -> list[PaperList]:
    return [
        PaperList(line, f"{who}@x.org", tuple(papers))
        for line, (who, papers) in enumerate(ranked.items(), start=2)
    ]


def test_plan_preferences_gives_numbers_in_file_order_and_leaves_who_has_a_list() -> None:
    plan = plan_preferences(lists(d="qp", b="pq", c="pq", a="pqr"), FACTS)

    assert plan.problems == ()
    assert [(step.line, step.code) for step in plan.steps] == [
        (2, "enter"),
        (3, "has_number"),
        (4, "has_list"),
        (5, "enter"),
    ]
    assert [(c.student, c.number, c.papers) for step in plan.steps if (c := step.change)] == [
        ("D", 7, ("q", "p")),
        ("A", 8, ("p", "q", "r")),
    ]


def test_plan_preferences_names_line_and_column_of_what_is_wrong() -> None:
    plan = plan_preferences(lists(a="pxp", d="p", z="pq"), FACTS)

    assert [(p.line, p.column, p.value, p.code) for p in plan.problems] == [
        (2, "choice_3", "p", "repeated"),
        (2, "choice_2", "x", "unknown"),
        (2, "", "", "too_short"),
        (3, "", "", "too_short"),
        (4, "email", "z@x.org", "no_student"),
    ]
    long = plan_preferences([PaperList(2, "a@x.org", ("p", "q", "r", "p"))], FACTS)
    assert "too_long" in {problem.code for problem in long.problems}


# --- The action ------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def rows_for(members: list[Membership], keys: list[str]) -> list[str]:
    return [f"{member.user.email},{keys[0]},{keys[1]}," for member in members]


@pytest.fixture
def round_(course: Course) -> PreferenceRound:
    return make_round(course)


def test_import_preferences_enters_lists_after_those_given(
    course: Course, round_: PreferenceRound, instructor: Membership
) -> None:
    first, second, third = make_students(course, 3)
    keys = keys_of(round_)
    make_submitted(round_, first, keys)
    Message.objects.all().delete()

    done = actions.import_preferences(
        round_.pk, table(*rows_for([third, second], keys)), by=instructor, at=AFTER
    )

    assert (done["changes"], done["counts"]) == (2, {"enter": 2})
    found = PreferenceList.objects.filter(round=round_).order_by("number")
    assert [(row.membership, row.number, row.version) for row in found] == [
        (first, 1, 1),
        (third, 2, 1),
        (second, 3, 1),
    ]
    assert found[1].submitted_at == AFTER
    assert ranking_of(found[1]) == tuple(keys[:2])
    events = QueueEvent.objects.filter(round=round_)
    assert [(e.seq, e.kind, e.membership, e.number, e.imported, e.papers) for e in events] == [
        (1, "submitted", first, 1, False, keys),
        (2, "submitted", third, 2, True, keys[:2]),
        (3, "submitted", second, 3, True, keys[:2]),
    ]
    round_.refresh_from_db()
    assert (round_.last_number, round_.last_event) == (3, 3)
    [entry] = AuditEntry.objects.filter(verb="import_preferences")
    assert set(entry.after) == {second.code, third.code}
    mails = Message.objects.order_by("id")
    assert [mail.to for mail in mails] == [third.user, second.user]
    assert "on paper has number 2" in mails[0].subject
    assert "You can change it until" not in mails[0].text


def test_import_preferences_twice_changes_nothing(
    course: Course, round_: PreferenceRound, student: Membership
) -> None:
    lines = table(*rows_for([student], keys_of(round_)))
    actions.import_preferences(round_.pk, lines, by=None, at=DURING)
    before = list(PreferenceList.objects.values())

    done = actions.import_preferences(round_.pk, lines, by=None, at=AFTER)

    assert (done["changes"], done["counts"]) == (0, {"has_number": 1})
    assert list(PreferenceList.objects.values()) == before
    assert Message.objects.count() == 1
    assert AuditEntry.objects.filter(verb="import_preferences").count() == 1


def test_import_preferences_leaves_prepared_lists(
    round_: PreferenceRound, student: Membership
) -> None:
    keys = keys_of(round_)
    actions.prepare_list(round_.pk, student, keys[:1], 0, "", DURING)

    done = actions.import_preferences(
        round_.pk, table(*rows_for([student], keys)), by=None, at=DURING
    )

    assert done["counts"] == {"has_list": 1}
    assert ranking_of(PreferenceList.objects.get()) == (keys[0],)


def test_import_preferences_is_all_or_nothing(
    course: Course,
    round_: PreferenceRound,
    student: Membership,
    auditor: Membership,
    withdrawn: Membership,
    outsider: Membership,
) -> None:
    people = [student, auditor, withdrawn, outsider]

    with pytest.raises(Refused) as refusal:
        actions.import_preferences(
            round_.pk, table(*rows_for(people, keys_of(round_))), by=None, at=DURING
        )

    assert [(p["line"], p["code"]) for p in refusal.value.problems] == [
        (3, "no_student"),
        (4, "no_student"),
        (5, "no_student"),
    ]
    assert PreferenceList.objects.count() == PreferenceChoice.objects.count() == 0
    assert QueueEvent.objects.count() == Message.objects.count() == 0


def test_import_preferences_ends_with_publishing(
    round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    keys = keys_of(round_)
    make_submitted(round_, other_student, keys)
    run = actions.allocate_round(round_.pk, None, AFTER)
    lines = table(*rows_for([student], keys))
    assert actions.plan_of_preferences(round_, lines).problems == ()
    actions.publish_allocation(round_.allocations.get(code=run["code"]).pk, None, AFTER)

    with pytest.raises(Refused) as refusal:
        actions.import_preferences(round_.pk, lines, by=None, at=AFTER)

    assert [problem["code"] for problem in refusal.value.problems] == ["published"]


def test_import_preferences_refuses_another_queue_than_the_one_shown(
    round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    keys = keys_of(round_)
    lines = table(*rows_for([student], keys))
    shown = actions.plan_of_preferences(round_, lines).hash
    make_submitted(round_, other_student, keys)

    with pytest.raises(Refused) as refusal:
        actions.import_preferences(round_.pk, lines, by=None, at=DURING, expected=shown)

    assert refusal.value.code == "preview_outdated"


def test_import_preferences_answers_a_second_click_with_the_first_answer(
    round_: PreferenceRound, student: Membership, instructor: Membership
) -> None:
    lines = table(*rows_for([student], keys_of(round_)))
    asked: dict[str, Any] = {"by": instructor, "at": DURING, "nonce": "nonce-0001"}

    first = actions.import_preferences(round_.pk, lines, **asked)

    assert actions.import_preferences(round_.pk, lines, **asked) == first
    assert (first["changes"], Message.objects.count()) == (1, 1)


def test_import_preferences_may_be_changed_by_its_student_while_the_round_is_open(
    round_: PreferenceRound, student: Membership
) -> None:
    keys = keys_of(round_)
    actions.import_preferences(round_.pk, table(*rows_for([student], keys)), by=None, at=DURING)
    assert "You can change it until" in Message.objects.get().text

    done = actions.change_list(round_.pk, student, keys[::-1], 1, "", DURING)

    assert done["number"] == 1


def test_import_preferences_command_speaks_of_rounds_lists_and_problems(
    course: Course, round_: PreferenceRound, student: Membership, tmp_path: Path
) -> None:
    path = tmp_path / "lists.csv"
    path.write_text(HEAD + rows_for([student], keys_of(round_))[0])
    out = io.StringIO()

    call_command(
        "import_preferences", course.slug, round_.key, str(path), "--dry-run", "--json", stdout=out
    )
    told = json.loads(out.getvalue())
    assert (told["dry_run"], told["changes"], PreferenceList.objects.count()) == (True, 1, 0)
    out = io.StringIO()
    call_command("import_preferences", course.slug, round_.key, str(path), stdout=out)
    assert out.getvalue().splitlines()[-1] == "1 change made"
    assert PreferenceList.objects.get().number == 1
    with pytest.raises(CommandError, match=f"There is no round “x”.*{round_.key}"):
        call_command("import_preferences", course.slug, "x", str(path))
    path.write_text("email,paper\na@x.org,p\n")
    with pytest.raises(CommandError, match="There is no such column"):
        call_command("import_preferences", course.slug, round_.key, str(path))


# --- Against students who submit at the same moment ------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_import_preferences_and_submissions_share_one_queue() -> None:
    course = make_course()
    round_ = make_round(course)
    keys = keys_of(round_)
    crowd = make_crowd(course, 24)
    paper, online = crowd[:12], crowd[6:]  # six people hand in on paper and online
    lines = table(*rows_for(paper, keys))

    asks: list[Any] = [
        lambda who=who: actions.submit_list(round_.pk, who, keys, "", DURING) for who in online
    ]
    asks.insert(9, lambda: actions.import_preferences(round_.pk, lines, by=None, at=DURING))
    history = at_once(asks)

    told = [op.answer for op in history]
    assert [answer for answer in told if isinstance(answer, Exception)] == [
        answer for answer in told if isinstance(answer, Refused)
    ]
    done = next(answer for answer in told if isinstance(answer, dict) and "counts" in answer)
    given = list(PreferenceList.objects.values_list("number", flat=True).order_by("number"))
    assert given == list(range(1, 25))
    log = QueueEvent.objects.filter(round=round_).values_list("seq", "number")
    assert list(log) == [(n, n) for n in range(1, 25)]
    entered = QueueEvent.objects.filter(imported=True).values_list("number", "membership_id")
    assert len(entered) == done["changes"] == 12 - done["counts"].get("has_number", 0)
    first = entered[0][0]
    assert [number for number, _who in entered] == list(range(first, first + len(entered)))
    order = {member.pk: place for place, member in enumerate(paper)}
    assert [order[who] for _number, who in entered] == sorted(order[who] for _n, who in entered)
    round_.refresh_from_db()
    assert (round_.last_number, round_.last_event) == (24, 24)
