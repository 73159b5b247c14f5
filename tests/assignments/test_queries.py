"""Reads of assignments: deadlines of a course, what there is to grade."""

import pytest
from pytest_django import DjangoAssertNumQueries

from assignments import actions, queries
from assignments.actions import HandIn
from assignments.models import DraftField
from assignments.rules import ReportProblem, ReportSpec
from courses.models import Course, Membership
from tests.factories.assignments import (
    DEADLINE,
    after,
    make_draft,
    make_extension,
    make_mini,
    make_report,
)
from tests.factories.courses import NOON, make_member


def test_deadlines_of_a_course_are_effective(
    course: Course, student: Membership, other_student: Membership, withdrawn: Membership
) -> None:
    report, mini = make_report(course), make_mini(course, closes_at=after(60))
    make_extension(report, student, after(86400))
    make_extension(mini, student, after(-86400))
    make_draft(report, other_student)
    actions.submit_report(report, other_student, hand_in=HandIn("", NOON), at=NOON)
    rows = [
        (row.assignment, row.membership, row.closes_at, row.extended, row.submitted)
        for row in queries.deadlines_of(course)
    ]
    assert rows == [
        (report, student, after(86400), True, False),
        (report, other_student, DEADLINE, False, True),
        (mini, student, after(60), True, False),
        (mini, other_student, after(60), False, False),
    ]


@pytest.mark.parametrize("number", [1, 15])
def test_deadlines_of_a_course_take_four_queries(
    course: Course, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _row in range(number):
        make_report(course)
        make_member(course)
    with django_assert_num_queries(4):
        rows = queries.deadlines_of(course)
        assert [row.membership.user.name for row in rows][:1] != [""]
    assert len(rows) == number**2


@pytest.mark.parametrize("number", [1, 12])
def test_latest_submissions_are_one_query_and_one_per_student(
    course: Course, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    report = make_report(course)
    for _student in range(number):
        member = make_member(course)
        make_draft(report, member)
        for text in ("First.", "Second."):
            DraftField.objects.filter(draft__membership=member, part="summary").update(text=text)
            actions.submit_report(report, member, hand_in=HandIn("", NOON), at=NOON)
    with django_assert_num_queries(1):
        found = [
            (row.membership.user.name, row.number, row.content["papers"][0]["summary"], row.file)
            for row in queries.latest_submissions(report)
        ]
    assert [row[1:] for row in found] == [(2, "Second.", None)] * number


def test_latest_submissions_of_one_task_are_not_those_of_another(
    course: Course, student: Membership
) -> None:
    report, other = make_report(course), make_report(course)
    make_draft(report, student)
    actions.submit_report(report, student, hand_in=HandIn("", NOON), at=NOON)
    assert list(queries.latest_submissions(other)) == []


@pytest.mark.parametrize(
    ("part", "code", "words"),
    [
        ("0.paper", "no_paper", "Choose paper A"),
        ("1.summary.0", "empty", "Write a summary of paper B"),
        ("0.strength.2", "empty", "Write a third strength for paper A"),
        ("0.weakness.0", "empty", "Write a first weakness for paper A"),
        ("1.improvement.0", "empty", "Write an improvement for paper B"),
        ("1.extension.0", "empty", "Write an extension for paper B"),
        ("1.extension.1", "empty", "Write a second extension for paper B"),
        ("0.summary.0", "too_few_sentences", "The summary of paper A is short"),
    ],
)
def test_problem_words_say_what_to_do(part: str, code: str, words: str) -> None:
    assert queries.problem_words(ReportProblem(part, code)) == words


def test_checklist_has_five_parts_for_each_paper() -> None:
    content = {"papers": [{"paper": "a", "summary": "One.", "strengths": ["x", "y"]}]}
    lines = [
        (letter, [(line.name, line.state, line.words) for line in lines])
        for letter, lines in queries.checklist(ReportSpec(papers=1), content)
    ]
    assert lines == [
        (
            "A",
            [
                ("0.summary.0", "short", "short"),
                ("0.strength.2", "started", "2 of 3"),
                ("0.weakness.0", "empty", "empty"),
                ("0.improvement.0", "empty", "empty"),
                ("0.extension.0", "empty", "empty"),
            ],
        )
    ]
