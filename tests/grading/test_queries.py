from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest

from assignments.models import Extension
from courses.models import Course, Meeting, Membership
from grading.models import GradeItem, ParticipationPoint
from grading.queries import (
    blockers_of,
    content_of,
    facts_of,
    judge,
    next_waiting,
    queue_of,
    staff_standings,
    student_standing,
    verdict_changes,
)
from grading.queries.standings import Judged, item_facts, value_of, worth
from grading.rules import Clause, ItemState, Verdict
from tests.factories.courses import NOON, make_meeting, make_member
from tests.factories.grading import (
    DUE,
    hand_in,
    make_component,
    make_item,
    make_pass_rule,
    make_talk,
    mark,
    release,
    score,
)

STATE = ItemState


@pytest.fixture
def item(course: Course) -> GradeItem:
    """The only item of a course that passes at 50 % of the total."""
    component = make_component(course, "reports", 100)
    make_pass_rule(course, [(component, "50")])
    return make_item(component)


def staff_view(member: Membership, at=NOON) -> Judged:
    return next(j for j in staff_standings(facts_of(member.course), at=at) if j.member == member)


def own_view(member: Membership, at=NOON) -> Judged:
    return student_standing(facts_of(member.course, only=member), member, at=at)


class TestStates:
    def test_before_the_deadline_nothing_is_due(self, item, student):
        early = DUE - timedelta(seconds=1)
        assert staff_view(student, early).states == {item.key: STATE.NOT_DUE}
        assert own_view(student, early).states == {item.key: STATE.NOT_DUE}

    def test_after_deadline_and_grace_it_is_missing_and_worth_nothing(self, item, student):
        assert staff_view(student, DUE + timedelta(seconds=299)).states == {item.key: STATE.NOT_DUE}
        judged = own_view(student, DUE + timedelta(minutes=5))
        assert judged.states == {item.key: STATE.MISSING}
        assert judged.standing.total.ceiling == 0
        assert judged.outcome.verdict is Verdict.UNREACHABLE

    def test_an_extension_moves_the_deadline_of_one_student(self, item, student, other_student, ta):
        Extension.objects.create(
            assignment=item.assignment,
            membership=student,
            until=NOON + timedelta(days=1),
            reason="Ill",
            granted_by=ta,
            granted_at=NOON,
        )
        assert staff_view(student).states == {item.key: STATE.NOT_DUE}
        assert staff_view(other_student).states == {item.key: STATE.MISSING}

    def test_an_extension_never_shortens(self, item, student, ta):
        early = DUE - timedelta(days=3)
        Extension.objects.create(
            assignment=item.assignment,
            membership=student,
            until=early,
            reason="Mistake",
            granted_by=ta,
            granted_at=NOON,
        )
        assert staff_view(student, DUE - timedelta(hours=1)).states == {item.key: STATE.NOT_DUE}

    def test_what_is_handed_in_awaits_and_reads_being_graded(self, item, student):
        hand_in(item, student)
        assert staff_view(student).states == {item.key: STATE.AWAITING}
        assert own_view(student).states == {item.key: STATE.UNRELEASED}
        assert own_view(student).standing.total.floor == 0
        assert own_view(student).standing.total.ceiling == 100

    def test_a_score_counts_for_staff_at_once_and_for_the_student_once_released(
        self, item, student, ta
    ):
        hand_in(item, student)
        score(item, student, "7.5")
        assert staff_view(student).standing.total.floor == 75
        assert own_view(student).states == {item.key: STATE.UNRELEASED}
        assert own_view(student).standing.total.floor == 0
        release(item, student, by=ta)
        assert own_view(student).states == {item.key: STATE.GRADED}
        assert own_view(student).standing.total.floor == 75

    def test_excused_is_out_of_both_sums(self, course, student):
        component = make_component(course, "reports", 100)
        make_pass_rule(course, [(component, "50")])
        excused = make_item(component, weight=50)
        graded = make_item(component, weight=50)
        hand_in(graded, student)
        score(graded, student, "6")
        score(excused, student, None, kind="excuse", reason="Ill")
        judged = staff_view(student)
        assert judged.states == {excused.key: STATE.EXCUSED, graded.key: STATE.GRADED}
        assert judged.standing.total.floor == judged.standing.total.ceiling == 60

    def test_an_override_lies_over_the_score(self, item, student, ta):
        hand_in(item, student)
        score(item, student, "2")
        score(item, student, "8", kind="override", reason="Regraded")
        assert staff_view(student).states == {item.key: STATE.OVERRIDDEN}
        assert staff_view(student).standing.total.floor == 80
        assert own_view(student).states == {item.key: STATE.UNRELEASED}

    def test_a_talk_is_open_then_awaiting_once_it_was_held(self, course, student):
        component = make_component(course, "talks", 100)
        item = make_item(component, kind="presentation", talk_kind="final")
        meeting = make_meeting(course, date(2025, 11, 3), kind=Meeting.Kind.FINAL)
        make_talk(meeting, student)
        assert staff_view(student, NOON).states == {item.key: STATE.NOT_DUE}
        assert staff_view(student, meeting.ends_at).states == {item.key: STATE.AWAITING}

    def test_without_a_talk_somebody_must_decide_after_the_last_meeting(self, course, student):
        component = make_component(course, "talks", 100)
        item = make_item(component, kind="presentation", talk_kind="final")
        meeting = make_meeting(course, date(2025, 11, 3), kind=Meeting.Kind.FINAL)
        before = meeting.ends_at - timedelta(seconds=1)
        assert staff_view(student, before).states == {item.key: STATE.NOT_DUE}
        judged = staff_view(student, meeting.ends_at)
        assert judged.states == {item.key: STATE.NEEDS_DECISION}
        assert [b.code for b in blockers_of(facts_of(course), [judged])] == [
            "no_rule",
            "needs_decision",
        ]


class TestLate:
    @pytest.fixture
    def late_course(self, course: Course) -> Course:
        course.policies.update(late_days=3, late_percent_per_day=Decimal(10))
        return course

    def test_a_missing_item_can_still_earn_what_late_work_earns(self, late_course, item, student):
        judged = staff_view(student, DUE + timedelta(hours=30))
        assert judged.states == {item.key: STATE.MISSING}
        assert judged.standing.total.ceiling == 80
        assert staff_view(student, DUE + timedelta(days=3, hours=1)).standing.total.ceiling == 0

    def test_late_days_are_taken_off_the_score(self, late_course, item, student):
        hand_in(item, student, received_at=DUE + timedelta(hours=30), late_days=2)
        assert staff_view(student).standing.total.ceiling == 80
        score(item, student, "9")
        assert staff_view(student).standing.total.floor == 70

    def test_grace_costs_nothing_and_a_later_extension_lifts_the_deduction(
        self, late_course, item, student, ta
    ):
        hand_in(item, student, received_at=DUE + timedelta(seconds=299))
        score(item, student, "9")
        assert staff_view(student).standing.total.floor == 90

    def test_a_late_version_of_graded_work_waits_to_be_graded(self, late_course, item, student, ta):
        first = hand_in(item, student)
        score(item, student, "9", submission=first)
        release(item, student, by=ta)
        assert staff_view(student).standing.total.floor == 90
        second = hand_in(item, student, received_at=DUE + timedelta(hours=1), late_days=1)
        judged = staff_view(student)
        assert judged.states == own_view(student).states == {item.key: STATE.AWAITING}
        assert (judged.standing.total.floor, judged.standing.total.ceiling) == (0, 90)
        [row] = queue_of(late_course, at=NOON)
        assert (row.waiting, row.graded, row.released) == (1, 0, 0)
        assert next_waiting(late_course, at=NOON) == (item.key, student.code)
        score(item, student, "10", submission=second)
        assert staff_view(student).states == {item.key: STATE.GRADED}
        assert staff_view(student).standing.total.floor == 90

    def test_a_late_version_changes_no_override_and_no_excuse(self, late_course, item, student):
        first = hand_in(item, student)
        score(item, student, "9", submission=first)
        score(item, student, "8", kind="override", reason="Regraded")
        hand_in(item, student, received_at=DUE + timedelta(hours=1), late_days=1)
        assert staff_view(student).states == {item.key: STATE.OVERRIDDEN}
        score(item, student, None, kind="clear", reason="Graded anew")
        assert staff_view(student).states == {item.key: STATE.AWAITING}
        score(item, student, None, kind="excuse", reason="Ill")
        assert staff_view(student).states == {item.key: STATE.EXCUSED}

    def test_an_override_is_final(self, late_course, item, student):
        hand_in(item, student, received_at=DUE + timedelta(hours=30), late_days=2)
        score(item, student, "9", kind="override", reason="No fault")
        assert staff_view(student).standing.total.floor == 90


class TestParticipation:
    @pytest.fixture
    def meetings(self, course: Course) -> list[Meeting]:
        """Two held, one ahead, one cancelled."""
        held = [make_meeting(course, date(2025, 10, day)) for day in (13, 20)]
        ahead = make_meeting(course, date(2025, 11, 3))
        cancelled = make_meeting(course, date(2025, 11, 10), cancelled_at=NOON)
        return [*held, ahead, cancelled]

    def test_attendance_counts_at_once_and_what_is_not_taken_is_open(
        self, course, student, ta, meetings
    ):
        item = make_item(make_component(course, "attendance", 100), kind="attendance")
        mark(meetings[0], student, "online", ta)
        mark(meetings[1], student, "late", ta)
        for judged in (staff_view(student), own_view(student)):
            assert judged.standing.total.floor == 50
            assert judged.standing.total.ceiling == Fraction(250, 3)
            assert judged.standing.total.running == 75
            assert judged.states == {item.key: STATE.NOT_DUE}

    def test_excused_meetings_leave_the_count(self, course, student, ta, meetings):
        make_item(make_component(course, "attendance", 100), kind="attendance")
        mark(meetings[0], student, "excused", ta)
        mark(meetings[1], student, "absent", ta)
        assert staff_view(student).standing.total.ceiling == 50
        assert staff_view(student).standing.total.running == 0

    def test_the_late_factor_is_the_course_s(self, course, student, ta, meetings):
        course.policies.update(late_attendance_factor=Decimal("0.25"))
        make_item(make_component(course, "attendance", 100), kind="attendance")
        mark(meetings[0], student, "late", ta)
        assert staff_view(student).standing.total.running == 25

    def test_points_count_for_staff_and_only_after_release_for_the_student(
        self, course, student, ta, meetings
    ):
        item = make_item(
            make_component(course, "talking", 100), kind="participation", max_points=Decimal(4)
        )
        ParticipationPoint.objects.create(
            item=item, meeting=meetings[0], membership=student, points=1, at=NOON, by=ta
        )
        assert staff_view(student).standing.total.floor == 25
        assert staff_view(student).standing.total.ceiling == 50
        assert own_view(student).standing.total.floor == 0
        assert own_view(student).standing.total.ceiling == 100
        release(item, student, by=ta)
        assert own_view(student).standing.total.floor == 25


class TestPassRule:
    """The student of 52.85 %: passes in total, fails in one of three components."""

    @pytest.fixture
    def scheme(self, course: Course, student: Membership):
        parts = {
            "reports": ("50", "63.5"),
            "in-class": ("15", "71"),
            "final": ("15", "40"),
            "participation": ("20", "22.25"),
        }
        talks = make_component(course, "talks", 30)
        components = {"talks": talks}
        for key, (weight, points) in parts.items():
            parent = talks if key in {"in-class", "final"} else None
            components[key] = make_component(course, key, weight, parent=parent)
            item = make_item(components[key], max_points=Decimal(100))
            hand_in(item, student)
            score(item, student, points)
        return components

    def test_component_rule_and_total_rule_differ_on_it(self, course, student, scheme):
        tops = ["reports", "talks", "participation"]
        make_pass_rule(course, [(scheme[key], "50") for key in tops])
        judged = staff_view(student)
        assert judged.standing.total.floor == Fraction(5285, 100)
        assert judged.standing.part("talks").floor == Fraction(111, 2)
        assert [found.holds for found in judged.outcome.clauses] == [True, True, False]
        assert judged.outcome.passed is False
        changes = verdict_changes(facts_of(course), [Clause(None, Decimal(50))], at=NOON)
        assert [(c.member, c.before, c.after) for c in changes] == [
            (student, Verdict.UNREACHABLE, Verdict.SECURED)
        ]
        make_pass_rule(course, [(None, "50")])
        assert staff_view(student).outcome.passed is True

    def test_the_newest_version_rules(self, course, student, scheme):
        make_pass_rule(course, [(None, "50")])
        make_pass_rule(course, [(None, "60")])
        assert facts_of(course).clauses == (Clause(None, Decimal(60)),)


def test_a_value_below_the_mark_never_shows_it(course, student):
    component = make_component(course, "reports", 100)
    make_pass_rule(course, [(component, "50")])
    item = make_item(component, max_points=Decimal(3000))
    hand_in(item, student)
    score(item, student, "1499.9")
    content = content_of(staff_view(student))
    assert content["components"]["reports"]["exact"] == "14999/300"
    assert content["components"]["reports"]["shown"] == "49.99"
    assert content["passed"] is False


def test_people_who_left_and_other_courses_are_not_judged(
    item, student, withdrawn, outsider, ta, auditor
):
    assert [j.member for j in staff_standings(facts_of(item.course), at=NOON)] == [student]


def test_facts_take_seven_queries_at_any_size(course, student, ta, item, django_assert_num_queries):
    def grow(students: int) -> None:
        component = make_component(course, f"more-{students}", 0)
        for _ in range(students):
            member = make_member(course)
            work = make_item(component)
            hand_in(work, member)
            score(work, member, "5")
            release(work, member, by=ta)
            mark(make_meeting(course, starts=time(8), ends=time(9)), member, "late", ta)

    for students in (1, 8):
        grow(students)
        with django_assert_num_queries(7):
            staff_standings(facts_of(course), at=NOON)
    with django_assert_num_queries(6):
        own_view(student)


def test_equal_circumstances_are_worth_what_each_is_alone(course, item, ta):
    talk = make_item(item.component, kind="presentation", talk_kind="final")
    early, late = NOON - timedelta(days=9), NOON + timedelta(days=1)
    for n in range(12):
        member = make_member(course)
        if n % 4:
            hand_in(item, member)
        if n % 3:
            score(item, member, f"{n % 5}.5")
            score(talk, member, str(n % 7))
        if n % 6 == 5:
            score(item, member, "9")
        if n % 2:
            release(item, member, by=ta)
        if n in {0, 4, 7}:
            Extension.objects.create(
                assignment=item.assignment,
                membership=member,
                until=late if n else early,
                reason="Ill",
                granted_by=ta,
                granted_at=NOON,
            )
    together = facts_of(course)
    students = together.rows.students
    for at, staff, member in product((early, NOON, late), (True, False), students):
        found = judge(together, member, at=at, staff=staff)
        alone = judge(facts_of(course, only=member), member, at=at, staff=staff)
        assert found.values == alone.values


HISTORIES = (
    (),
    (("score", "7"),),
    (("score", "3"), ("score", "8")),
    (("score", "4"), ("excuse", None)),
    (("excuse", None), ("clear", None)),
    (("score", "2"), ("override", "9.5")),
    (("override", "1"), ("clear", None), ("score", "6")),
)


def fill_a_class(course: Course, item: GradeItem, ta: Membership) -> None:
    """Make a student of every history, with work in time, late or missing, told of it or not."""
    course.policies.update(late_days=3, late_percent_per_day=Decimal(10))
    talk = make_item(item.component, kind="presentation", talk_kind="final")
    attendance = make_item(item.component, kind="attendance")
    joining = make_item(item.component, kind="participation", meeting_cap=Decimal(2))
    held = make_meeting(course, NOON.date() - timedelta(days=3), kind=Meeting.Kind.FINAL)
    make_meeting(course, NOON.date() + timedelta(days=3))
    for n, (history, came, known) in enumerate(product(HISTORIES, (None, -1, 30), (False, True))):
        member = make_member(course)
        at = DUE + timedelta(hours=came or 0)
        work = None if came is None else hand_in(item, member, received_at=at)
        for each in (item, talk, attendance, joining):
            for kind, points in history:
                about = work if each is item else None
                score(each, member, points, kind=kind, submission=about, reason="Ill")
            release(each, *[member] * known, by=ta)
        mark(held, member, ("in_room", "late", "absent", "excused")[n % 4], ta)
        ParticipationPoint.objects.create(
            item=joining, meeting=held, membership=member, points=n % 3, at=NOON, by=ta
        )


def test_a_class_judged_item_by_item_is_worth_what_value_of_says(course, item, ta):
    fill_a_class(course, item, ta)
    facts = facts_of(course)
    students = facts.rows.students
    for at, staff in product((DUE, NOON, NOON + timedelta(days=9)), (True, False)):
        view = facts.view(at, staff=staff)
        for row in facts.rows.items.values():
            alone = [item_facts(facts, row, member) for member in students]
            assert worth(facts, row, students, view) == [
                value_of(facts, row, member, fact, view)
                for member, fact in zip(students, alone, strict=True)
            ]


class TestQueue:
    def test_counts_who_waits_who_is_graded_and_who_sees_it(
        self, item, student, other_student, course, ta
    ):
        third, fourth = make_member(course), make_member(course)
        for member in (student, other_student, third):
            hand_in(item, member)
        score(item, other_student, "5")
        score(item, third, "5")
        release(item, third, by=ta)
        [row] = queue_of(course, at=NOON)
        assert (row.waiting, row.graded, row.released, row.students) == (1, 2, 1, 4)
        assert next_waiting(course, at=NOON) == (item.key, student.code)
        score(item, student, "5")
        assert next_waiting(course, at=NOON) is None
        assert fourth.code

    def test_nothing_waits_while_it_can_still_be_replaced(self, item, student, course):
        hand_in(item, student)
        assert next_waiting(course, at=DUE) is None
        assert next_waiting(course, at=DUE + timedelta(minutes=5)) == (item.key, student.code)

    def test_the_oldest_deadline_comes_first_then_always_the_same_order(
        self, item, student, course
    ):
        newer = make_item(make_component(course, "more", 0))
        newer.assignment.closes_at = DUE + timedelta(hours=1)
        newer.assignment.save()
        members = [student, *(make_member(course) for _ in range(5))]
        for work in (newer, item):
            for member in members:
                hand_in(work, member, received_at=DUE - timedelta(days=1))
        served = []
        while found := next_waiting(course, at=NOON):
            assert next_waiting(course, at=NOON) == found
            served.append(found)
            key, code = found
            work = item if key == item.key else newer
            score(work, next(m for m in members if m.code == code), "5")
        assert [key for key, _ in served] == [item.key] * 6 + [newer.key] * 6
        assert {code for _, code in served[:6]} == {m.code for m in members}


def test_blockers_name_what_is_undecided(course, student, other_student, ta, item):
    attendance = make_item(make_component(course, "attendance", 0), kind="attendance")
    meeting = make_meeting(course, date(2025, 10, 20))
    mark(meeting, student, "in_room", ta)
    hand_in(item, student)
    facts = facts_of(course)
    judged = staff_standings(facts, at=NOON)
    found = {
        (b.code, b.item.key if b.item else b.meeting.key): b.members
        for b in blockers_of(facts, judged)
    }
    assert attendance.key
    assert found == {
        ("awaiting", item.key): (student,),
        ("not_taken", meeting.key): (other_student,),
    }
