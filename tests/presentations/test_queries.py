"""Reads: nothing of others leaks to a student, and no page asks more with more rows."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import Course, CoursePolicy, Membership
from presentations import queries, rules
from presentations.actions import allocate_round, publish_allocation
from presentations.models import Allocation, PreferenceRound
from tests.factories.courses import make_meeting, make_paper
from tests.factories.presentations import (
    AFTER,
    DURING,
    OPENS,
    keys_of,
    make_round,
    make_students,
    make_submitted,
    make_talk,
)


@pytest.fixture
def round_(course: Course) -> PreferenceRound:
    meeting = make_meeting(course)
    titles = ["ZeRO", "GPipe", "Megatron-LM"]
    papers = [make_paper(course, meeting=meeting, key=t.lower(), title=t) for t in titles]
    return make_round(course, papers)


def page(round_: PreferenceRound, who: Membership, at: Any = DURING) -> queries.PreferencesPage:
    found = queries.round_by_key(round_.course, round_.key)
    assert found is not None
    return queries.preferences_page(found, who, at)


def test_preferences_page_tells_the_provisional_outcome_and_why(
    round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    make_submitted(round_, other_student, ["zero", "gpipe"])
    make_submitted(round_, student, ["zero", "gpipe"])
    shown = page(round_, student)
    assert shown.outcome is not None
    assert shown.outcome.paper is not None
    assert (shown.number, shown.outcome.paper.key, shown.outcome.choice) == (2, "gpipe", 2)
    # The second paper of its meeting, whoever presents the first.
    assert shown.outcome.starts_at == shown.outcome.paper.meeting.starts_at + timedelta(minutes=20)
    assert shown.outcome.reasons == (
        "You are number 2.",
        "Your first choice, ZeRO, went to someone before you.",
        "You get your choice 2: GPipe.",
    )


def test_preferences_page_equals_the_real_allocation_for_everybody(
    course: Course, round_: PreferenceRound
) -> None:
    people = make_students(course, 5)
    orders = [["zero", "gpipe"], ["zero", "megatron-lm"], ["gpipe", "zero"], ["zero", "gpipe"]]
    for member, order in zip(people, orders, strict=False):
        make_submitted(round_, member, order)
    real = {p.student: p.paper for p in rules.allocate(queries.inputs_of(round_)).placements}
    for member in people[:4]:
        outcome = page(round_, member).outcome
        assert outcome is not None
        assert (outcome.paper.key if outcome.paper else None) == real.get(member.code)


def test_preferences_page_of_a_sealed_course_shows_only_the_number(
    round_: PreferenceRound, student: Membership
) -> None:
    CoursePolicy.objects.update(sealed=True)
    make_submitted(round_, student, ["zero", "gpipe"])
    shown = page(round_, student)
    assert (shown.number, shown.outcome, shown.sealed) == (1, None, True)


def test_preferences_page_without_a_submitted_list_has_no_outcome(
    round_: PreferenceRound, student: Membership
) -> None:
    shown = page(round_, student, OPENS - timedelta(days=1))
    assert (shown.state, shown.number, shown.outcome, shown.version) == ("upcoming", None, None, 0)
    assert [paper.key for paper in shown.unranked] == ["zero", "gpipe", "megatron-lm"]


def test_preferences_page_after_publication_shows_the_result_for_good(
    round_: PreferenceRound, student: Membership, instructor: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    code = allocate_round(round_.pk, instructor.user, AFTER)["code"]
    publish_allocation(Allocation.objects.get(code=code).pk, instructor.user, AFTER)
    shown = page(round_, student, AFTER)
    assert shown.is_published
    assert shown.talk is not None
    assert shown.outcome is not None
    assert shown.outcome.reasons == ("You are number 1.", "You get your first choice: ZeRO.")
    assert queries.why_of(shown.talk) == shown.outcome


def test_talks_of_meeting_begin_one_after_the_other(course: Course) -> None:
    meeting = make_meeting(course, changeover_minutes=5)
    one, two = make_students(course, 2)
    make_talk(course, two, meeting=meeting, position=2)
    make_talk(course, one, meeting=meeting, position=1)
    talks = queries.talks_of_meeting(meeting)
    assert [talk.presenters[0].membership for talk in talks] == [one, two]
    assert [talk.starts_at - meeting.starts_at for talk in talks] == [
        timedelta(0),
        timedelta(minutes=25),
    ]
    assert queries.minutes_left(meeting) == 70


def test_board_counts_demand_of_submitted_lists(
    course: Course, round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    make_submitted(round_, other_student, ["gpipe", "zero", "megatron-lm"])
    board = queries.board(round_)
    assert (board.students, board.submitted, board.prepared) == (2, 2, 0)
    assert [(d.paper.key, d.listed, d.first) for d in board.demand] == [
        ("zero", 2, 1),
        ("gpipe", 2, 1),
        ("megatron-lm", 1, 0),
    ]
    assert board.room.short == ()


def test_board_warns_where_papers_do_not_fit_into_the_meeting(course: Course) -> None:
    meeting = make_meeting(course)
    round_ = make_round(course, [make_paper(course, meeting=meeting) for _ in range(12)])
    short = queries.board(round_).room.short
    assert [(found.meeting, found.time.talks, found.time.fit) for found in short] == [
        (meeting, 12, 6)
    ]


@pytest.mark.parametrize("size", [2, 12])
def test_reads_ask_the_same_number_of_questions_at_any_size(
    course: Course, student: Membership, instructor: Membership, size: int
) -> None:
    meeting = make_meeting(course)
    round_ = make_round(course, [make_paper(course, meeting=meeting) for _ in range(size)])
    for member in [student, *make_students(course, size)]:
        make_submitted(round_, member, keys_of(round_))
    make_talk(course, *make_students(course, size), meeting=make_meeting(course))
    found = queries.round_by_key(course, round_.key)
    assert found is not None

    def asked(read: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            read()
        return len(captured)

    before = [
        asked(lambda: queries.preferences_page(found, student, DURING)),
        asked(lambda: queries.inputs_of(found)),
        asked(lambda: queries.board(found)),
        asked(lambda: queries.talks_by_meeting(course)),
        asked(lambda: queries.round_lines(student, DURING)),
    ]
    code = allocate_round(round_.pk, instructor.user, AFTER)["code"]
    run = Allocation.objects.get(code=code)
    assert [*before, asked(lambda: queries.run_view(found, run))] == [7, 5, 8, 2, 2, 9]
