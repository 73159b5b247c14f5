from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import DatabaseError, connection, transaction

from courses.models import Course, Meeting, Membership
from grading.actions import (
    Change,
    Grade,
    Mark,
    change_pass_rule,
    clear_item,
    compute_results,
    excuse_item,
    excuse_items_before_joining,
    freeze_results,
    give_participation,
    grade_item,
    override_item,
    publish_results,
    release_item,
    request_results,
    take_attendance,
)
from grading.models import (
    AttendanceMark,
    GradeEntry,
    GradeItem,
    ParticipationPoint,
    PassRule,
    Release,
    Result,
    ResultRun,
)
from grading.queries import (
    attendance_rows,
    content_hash,
    content_of,
    facts_of,
    late_joiners,
    staff_standings,
)
from grading.rules import Clause
from seminar.accounts.models import AuditEntry
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_meeting, make_member
from tests.factories.grading import (
    DUE,
    hand_in,
    make_component,
    make_item,
    make_pass_rule,
    make_rubric,
    make_talk,
    score,
)


@pytest.fixture
def item(course: Course) -> GradeItem:
    component = make_component(course, "reports", 100)
    make_pass_rule(course, [(component, "50")])
    return make_item(component, title="Report 1")


@pytest.fixture
def handed_in(item: GradeItem, student: Membership) -> Membership:
    hand_in(item, student)
    return student


def refused(code: str, call, *args, **kwargs) -> Refused:
    """Call, expect this refusal, and that nothing was written."""
    before = counts()
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    assert caught.value.code == code
    assert counts() == before
    return caught.value


def counts() -> list[int]:
    tables = (
        *(GradeEntry, Release, AttendanceMark, ParticipationPoint, PassRule),
        *(ResultRun, Result, AuditEntry, Message),
    )
    return [table.objects.count() for table in tables]


class TestGradeItem:
    def test_appends_a_line_and_mails_nobody(self, item, handed_in, ta):
        grade = Grade(0, points="7,5", feedback=" Good. ", note="fast")
        entry = grade_item(item, handed_in, grade, by=ta, at=NOON)
        assert (entry.seq, entry.points, entry.feedback, entry.note) == (
            1,
            Decimal("7.5"),
            "Good.",
            "fast",
        )
        assert entry.submission == item.assignment.submissions.get()
        again = grade_item(item, handed_in, Grade(1, points="8"), by=ta, at=NOON)
        assert again.seq == 2
        assert [e.points for e in GradeEntry.objects.all()] == [Decimal("7.5"), Decimal(8)]
        assert Message.objects.count() == Release.objects.count() == 0
        audited = AuditEntry.objects.filter(verb="grade_item").order_by("id")
        assert [(a.actor, a.after["seq"]) for a in audited] == [(ta.user, 1), (ta.user, 2)]

    @pytest.mark.parametrize(
        "points",
        [*("11", "10.01", "NaN", "Infinity", "1_000", "-1", "+1", "1e1", "1E+1", " 5", "5 "), "",
         *("0x1", "٣", "1.234", "12345", "5.", ".5", "1,000.5", "½")],
    )  # fmt: skip
    def test_refuses_a_bad_score_naming_item_value_and_rule(self, item, handed_in, ta, points):
        found = refused(
            "score", grade_item, item, handed_in, Grade(0, points=points), by=ta, at=NOON
        )
        assert found.status == 422
        [problem] = found.problems
        assert problem["field"] == "Report 1"
        assert problem["value"] == points
        assert problem["rule"] in {
            "At most 10 points.",
            "Write up to 4 digits, with at most 2 decimals: 7.5",
        }

    def test_sums_the_picks_of_a_rubric(self, item, handed_in, ta):
        make_rubric(item, [("summary", ["4", "2.5", "0"]), ("strengths", ["6", "3", "0"])])
        grade = Grade(0, picks={"summary": "2.5", "strengths": "6"}, points="1")
        entry = grade_item(item, handed_in, grade, by=ta, at=NOON)
        assert entry.points == Decimal("8.5")
        assert entry.rubric == {"summary": "2.5", "strengths": "6"}

    @pytest.mark.parametrize(
        ("picks", "rule"),
        [
            ({"summary": "4"}, "Choose a level."),
            ({"summary": "3", "strengths": "6"}, "This is none of the levels."),
            ({"summary": "5", "strengths": "6"}, "At most 4 points."),
        ],
    )
    def test_refuses_a_rubric_that_is_not_complete_or_not_its_levels(
        self, item, handed_in, ta, picks, rule
    ):
        make_rubric(item, [("summary", ["4", "2.5", "0"]), ("strengths", ["6", "3", "0"])])
        found = refused("score", grade_item, item, handed_in, Grade(0, picks=picks), by=ta, at=NOON)
        assert found.problems[0]["rule"] == rule

    def test_refuses_a_rubric_sum_above_the_item_s_maximum(self, item, handed_in, ta):
        make_rubric(item, [("summary", ["6", "0"]), ("strengths", ["6", "0"])])
        grade = Grade(0, picks={"summary": "6", "strengths": "6"})
        found = refused("score", grade_item, item, handed_in, grade, by=ta, at=NOON)
        assert found.problems == [
            {"field": "Report 1", "value": "12", "rule": "At most 10 points."}
        ]

    def test_refuses_a_stale_base_with_the_other_version(self, item, handed_in, ta, instructor):
        grade_item(item, handed_in, Grade(0, points="6"), by=instructor, at=NOON)
        found = refused("stale", grade_item, item, handed_in, Grade(0, points="9"), by=ta, at=NOON)
        assert found.status == 409
        assert found.problems == [
            {"field": "points", "value": "6", "rule": "Saved by Iris Instructor."}
        ]

    def test_two_graders_at_once_one_is_refused(self, transactional_db, course, ta, instructor):
        component = make_component(course, "reports", 100)
        item = make_item(component)
        student = make_member(course)
        hand_in(item, student)
        start = Barrier(2)

        def save(by: Membership) -> str:
            try:
                start.wait(10)
                grade_item(item, student, Grade(0, points="5"), by=by, at=NOON)
            except Refused as found:
                return found.code
            finally:
                connection.close()
            return "saved"

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(save, [ta, instructor])) == ["saved", "stale"]
        assert GradeEntry.objects.count() == 1

    def test_a_released_grade_changes_only_with_a_reason(self, item, handed_in, ta):
        grade_item(item, handed_in, Grade(0, points="6"), by=ta, at=NOON)
        release_item(item, by=ta, at=NOON)
        found = refused(
            "reason_missing", grade_item, item, handed_in, Grade(1, points="7"), by=ta, at=NOON
        )
        assert found.status == 422
        entry = grade_item(
            item, handed_in, Grade(1, points="7", reason="Miscounted"), by=ta, at=NOON
        )
        assert entry.reason == "Miscounted"

    def test_refuses_what_was_not_handed_in(self, item, student, ta):
        refused("nothing_to_grade", grade_item, item, student, Grade(0, points="5"), by=ta, at=NOON)

    def test_refuses_while_it_can_still_be_replaced(self, item, handed_in, ta):
        refused("too_early", grade_item, item, handed_in, Grade(0, points="5"), by=ta, at=DUE)
        at = DUE + timedelta(minutes=5)
        assert grade_item(item, handed_in, Grade(0, points="5"), by=ta, at=at).seq == 1

    def test_refuses_a_version_that_was_replaced(self, item, handed_in, ta):
        read = item.assignment.submissions.get().code
        hand_in(item, handed_in)
        grade = Grade(0, points="5", submission=read)
        refused("newer_version", grade_item, item, handed_in, grade, by=ta, at=NOON)

    def test_refuses_staff_auditors_and_other_courses(self, item, ta, auditor, outsider):
        for member in (ta, auditor, outsider):
            refused("no_student", grade_item, item, member, Grade(0, points="5"), by=ta, at=NOON)

    def test_a_talk_can_be_scored_from_the_start_of_its_meeting(self, course, student, ta):
        item = make_item(
            make_component(course, "talks", 100), kind="presentation", talk_kind="final"
        )
        meeting = make_meeting(course, date(2025, 11, 3), kind=Meeting.Kind.FINAL)
        refused("nothing_to_grade", grade_item, item, student, Grade(0, points="5"), by=ta, at=NOON)
        make_talk(meeting, student)
        refused("too_early", grade_item, item, student, Grade(0, points="5"), by=ta, at=NOON)
        at = meeting.starts_at
        assert grade_item(item, student, Grade(0, points="5"), by=ta, at=at).submission is None

    def test_computed_items_are_not_scored(self, course, student, ta):
        item = make_item(make_component(course, "attendance", 100), kind="attendance")
        refused("computed", grade_item, item, student, Grade(0, points="5"), by=ta, at=NOON)

    def test_the_history_cannot_be_changed(self, item, handed_in, ta):
        entry = grade_item(item, handed_in, Grade(0, points="6"), by=ta, at=NOON)
        entry.points = Decimal(9)
        with pytest.raises(TypeError):
            entry.save()
        with pytest.raises(TypeError):
            GradeEntry.objects.all().delete()
        table = GradeEntry._meta.db_table
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET points = 9")  # noqa: S608
        assert GradeEntry.objects.get().points == 6


class TestExceptions:
    def test_excuse_override_clear_each_add_a_line_with_its_reason(self, item, student, ta):
        excuse_item(item, student, Change("Ill", 0), by=ta, at=NOON)
        override_item(item, student, "8.5", Change("Oral exam", 1), by=ta, at=NOON)
        clear_item(item, student, Change("Mistake", 2), by=ta, at=NOON)
        lines = GradeEntry.objects.order_by("seq")
        assert [(e.kind, e.points, e.reason) for e in lines] == [
            ("excuse", None, "Ill"),
            ("override", Decimal("8.5"), "Oral exam"),
            ("clear", None, "Mistake"),
        ]
        verbs = AuditEntry.objects.order_by("id").values_list("verb", "reason")
        assert list(verbs) == [
            ("excuse_item", "Ill"),
            ("override_item", "Oral exam"),
            ("clear_item", "Mistake"),
        ]

    def test_all_need_a_reason_and_the_present_base(self, item, student, ta):
        refused("reason_missing", excuse_item, item, student, Change(" ", 0), by=ta, at=NOON)
        refused("stale", excuse_item, item, student, Change("Ill", 1), by=ta, at=NOON)
        refused("score", override_item, item, student, "11", Change("x", 0), by=ta, at=NOON)
        refused("nothing_to_clear", clear_item, item, student, Change("x", 0), by=ta, at=NOON)


class TestRelease:
    def test_shows_what_is_decided_and_tells_each_student_once(
        self, item, handed_in, other_student, ta, course
    ):
        score(item, handed_in, "7.25")
        assert release_item(item, by=ta, at=NOON) == [handed_in]
        assert release_item(item, by=ta, at=NOON) == []
        [message] = Message.objects.all()
        assert message.to == handed_in.user
        assert "7.25" not in message.subject + message.text
        assert AuditEntry.objects.filter(verb="release_item").count() == 1
        hand_in(item, other_student)
        score(item, other_student, "5")
        assert release_item(item, by=ta, at=NOON) == [other_student]
        assert Message.objects.count() == 2

    def test_one_student_alone(self, item, handed_in, other_student, ta):
        hand_in(item, other_student)
        for member in (handed_in, other_student):
            score(item, member, "5")
        assert release_item(item, by=ta, at=NOON, memberships=[handed_in]) == [handed_in]
        assert Release.objects.get().membership == handed_in

    def test_refuses_a_student_without_a_grade(self, item, handed_in, ta):
        refused("not_graded", release_item, item, by=ta, at=NOON, memberships=[handed_in])


class TestExcuseItemsBeforeJoining:
    def test_excuses_exactly_what_was_missed(self, item, course, ta, instructor):
        late = make_member(course, joined_at=NOON)
        early = make_member(course, joined_at=DUE - timedelta(days=9))
        done = make_item(item.component, title="Handed in anyway")
        ahead = make_item(item.component, title="Report 2")
        ahead.assignment.closes_at = NOON + timedelta(days=2)
        ahead.assignment.save()
        hand_in(done, late)
        at = NOON + timedelta(days=3)
        [row] = late_joiners(course, at=at)
        assert (row.member, [r.id for r in row.items]) == (late, [item.pk])
        assert excuse_items_before_joining(early, by=instructor, at=at) == []
        [line] = excuse_items_before_joining(late, by=instructor, at=at)
        assert (line.item, line.membership, line.kind) == (item, late, "excuse")
        assert (line.reason, line.by) == ("Due before joining", instructor)
        assert AuditEntry.objects.filter(verb="excuse_item").count() == 1
        before = counts()
        assert excuse_items_before_joining(late, by=instructor, at=at) == []
        assert counts() == before
        assert late_joiners(course, at=at) == []

    def test_leaves_what_an_extension_moved(self, item, course, ta):
        late = make_member(course, joined_at=NOON)
        item.assignment.extensions.create(
            membership=late, until=NOON + timedelta(days=1), reason="x", granted_by=ta,
            granted_at=NOON,
        )  # fmt: skip
        assert late_joiners(course, at=NOON + timedelta(days=5)) == []


class TestAttendance:
    @pytest.fixture
    def meeting(self, course: Course) -> Meeting:
        return make_meeting(course, date(2025, 10, 27))

    AT = NOON + timedelta(hours=3)

    def test_all_present_then_the_exceptions(self, meeting, student, other_student, ta):
        marks = {m.code: Mark("in_room", 0) for m in (student, other_student)}
        assert take_attendance(meeting, marks, by=ta, at=self.AT) == {
            student.code: 1,
            other_student.code: 1,
        }
        one = {student.code: Mark("online", 1)}
        assert take_attendance(meeting, one, by=ta, at=self.AT) == {student.code: 2}
        found = AttendanceMark.objects.order_by("membership__user__name")
        assert [(m.status, m.version) for m in found] == [("online", 2), ("in_room", 1)]

    def test_saving_the_same_again_writes_nothing(self, meeting, student, ta):
        marks = {student.code: Mark("late", 0)}
        take_attendance(meeting, marks, by=ta, at=self.AT)
        before = counts()
        assert take_attendance(meeting, marks, by=ta, at=self.AT) == {student.code: 1}
        assert counts() == before

    def test_an_empty_mark_takes_it_back(self, meeting, student, ta):
        make_item(make_component(meeting.course, "there", 100), kind="attendance")
        [judged] = staff_standings(facts_of(meeting.course), at=self.AT)
        before = judged.standing
        take_attendance(meeting, {student.code: Mark("late", 0)}, by=ta, at=self.AT)
        [judged] = staff_standings(facts_of(meeting.course), at=self.AT)
        assert judged.standing != before
        take_attendance(meeting, {student.code: Mark("", 1)}, by=ta, at=self.AT)
        assert [(m.status, m.version) for m in AttendanceMark.objects.all()] == [("", 2)]
        [judged] = staff_standings(facts_of(meeting.course), at=self.AT)
        assert judged.standing == before
        [row] = attendance_rows(meeting.course, at=self.AT)
        assert (row.marked, row.state) == (0, "today")

    def test_a_page_from_before_a_mark_was_taken_back_is_stale(self, meeting, student, ta):
        """Late, taken back, absent: who still sees "late" must not write over "absent"."""
        for version, status in enumerate(("late", "", "absent")):
            mark = {student.code: Mark(status, version)}
            take_attendance(meeting, mark, by=ta, at=self.AT)
        seen = {student.code: Mark("in_room", 1)}
        found = refused("stale", take_attendance, meeting, seen, by=ta, at=self.AT)
        assert found.problems[0]["rule"] == "Someone else set: Absent"
        take_attendance(meeting, {student.code: Mark("", 3)}, by=ta, at=self.AT)
        found = refused("stale", take_attendance, meeting, seen, by=ta, at=self.AT)
        assert found.problems[0]["rule"] == "Someone else set: Not taken"

    def test_a_stale_mark_refuses_all_of_them(self, meeting, student, other_student, ta):
        take_attendance(meeting, {student.code: Mark("late", 0)}, by=ta, at=self.AT)
        marks = {student.code: Mark("absent", 0), other_student.code: Mark("in_room", 0)}
        found = refused("stale", take_attendance, meeting, marks, by=ta, at=self.AT)
        assert found.problems == [
            {"field": "Ada Student", "value": "absent", "rule": "Someone else set: Late"}
        ]

    def test_refuses_strangers_unknown_marks_early_and_cancelled_meetings(
        self, meeting, course, student, withdrawn, outsider, ta
    ):
        for code in (withdrawn.code, outsider.code, ta.code, "NOBODY"):
            marks = {student.code: Mark("late", 0), code: Mark("late", 0)}
            refused("unknown_student", take_attendance, meeting, marks, by=ta, at=self.AT)
        marks = {student.code: Mark("asleep", 0)}
        refused("unknown_status", take_attendance, meeting, marks, by=ta, at=self.AT)
        marks = {student.code: Mark("late", 0)}
        refused("too_early", take_attendance, meeting, marks, by=ta, at=NOON)
        gone = make_meeting(course, date(2025, 10, 20), cancelled_at=NOON)
        refused("cancelled", take_attendance, gone, marks, by=ta, at=self.AT)


class TestParticipation:
    @pytest.fixture
    def talking(self, course: Course) -> GradeItem:
        component = make_component(course, "talking", 100)
        return make_item(component, kind="participation", meeting_cap=Decimal(2))

    def test_points_and_undo_are_lines(self, course, student, ta, talking):
        meeting = make_meeting(course, date(2025, 10, 20))
        one = Decimal(1)
        assert give_participation(talking, meeting, student, one, by=ta, at=NOON) == 1
        assert give_participation(talking, meeting, student, one, by=ta, at=NOON) == 2
        refused("above_cap", give_participation, talking, meeting, student, one, by=ta, at=NOON)
        assert give_participation(talking, meeting, student, -one, by=ta, at=NOON) == 1
        lines = ParticipationPoint.objects.order_by("id").values_list("points", flat=True)
        assert list(lines) == [1, 1, -1]

    def test_a_repeated_request_adds_nothing(self, course, student, ta, talking):
        meeting = make_meeting(course, date(2025, 10, 20))
        tap = (talking, meeting, student, Decimal(2))
        asked = {"by": ta, "at": NOON, "nonce": "tapped-twice"}
        assert [give_participation(*tap, **asked) for _ in range(2)] == [2, 2]
        assert ParticipationPoint.objects.get().points == 2
        other = (talking, meeting, student, Decimal(-1))
        refused("nonce_reused", give_participation, *other, **asked)

    def test_nothing_below_zero(self, course, student, ta, talking):
        meeting = make_meeting(course, date(2025, 10, 20))
        refused(
            "nothing_to_undo",
            *(give_participation, talking, meeting, student, Decimal(-1)),
            by=ta,
            at=NOON,
        )


class TestPassRule:
    def test_a_change_is_a_new_version_with_a_reason(self, item, instructor, course):
        rule = change_pass_rule(
            course, [Clause(None, Decimal(50))], reason="Agreed", by=instructor, at=NOON
        )
        assert (rule.version, rule.reason, rule.created_by) == (2, "Agreed", instructor.user)
        assert facts_of(course).clauses == (Clause(None, Decimal(50)),)
        [audited] = AuditEntry.objects.all()
        assert (audited.before, audited.after) == ({"reports": "50"}, {"": "50"})

    def test_refuses_rules_that_cannot_be(self, item, instructor, course):
        half, most = Clause("reports", Decimal(50)), Clause("reports", Decimal(101))
        for clauses, words in (
            ([], "A rule needs at least one condition."),
            ([Clause("nothing", Decimal(50))], "“nothing” is no part of the grade."),
            ([half, half], "Reports: there can be only one condition."),
            ([most], "Reports: choose 0 to 100 percent."),
            ([Clause(None, Decimal(101))], "The total: choose 0 to 100 percent."),
        ):
            found = refused(
                *("pass_rule", change_pass_rule, course, clauses),
                reason="x",
                by=instructor,
                at=NOON,
            )
            assert [problem["rule"] for problem in found.problems] == [words]
        whole = [Clause(None, Decimal(50))]
        refused(
            *("reason_missing", change_pass_rule, course, whole), reason=" ", by=instructor, at=NOON
        )


class TestResults:
    def test_the_job_computes_what_the_page_shows(self, item, handed_in, course, instructor):
        score(item, handed_in, "7")
        run = request_results(course, by=instructor.user, at=NOON)
        assert request_results(course, by=instructor.user, at=NOON) == run
        assert compute_results(at=NOON) == 1
        assert compute_results(at=NOON) == 0
        run.refresh_from_db()
        [judged] = staff_standings(facts_of(course), at=NOON)
        [result] = Result.objects.all()
        assert result.content == content_of(judged)
        assert (result.verdict, result.passed) == ("secured", True)
        assert run.content_hash == content_hash([(handed_in.code, result.content)])

    def test_freezing_needs_every_item_decided(self, item, handed_in, course, instructor):
        found = refused("undecided", freeze_results, course, by=instructor.user, at=NOON)
        assert found.problems == [{"field": item.key, "value": "Ada Student", "rule": "awaiting"}]

    def test_a_frozen_result_stays_and_a_correction_is_a_new_version(
        self, item, handed_in, course, instructor
    ):
        score(item, handed_in, "4")
        first = freeze_results(course, by=instructor.user, at=NOON)
        assert first.results.get().passed is False
        refused("reason_missing", freeze_results, course, by=instructor.user, at=NOON)
        refused("unchanged", freeze_results, course, by=instructor.user, at=NOON, reason="x")
        refused("reason_missing", grade_item, item, handed_in, Grade(1, points="6"),
                by=instructor, at=NOON)  # fmt: skip
        grade_item(
            item, handed_in, Grade(1, points="6", reason="Miscounted"), by=instructor, at=NOON
        )
        second = freeze_results(
            course, by=instructor.user, at=NOON, reason="Report 1 was miscounted"
        )
        assert (first.number, second.number) == (1, 2)
        assert first.content_hash != second.content_hash
        assert first.results.get().passed is False
        assert second.results.get().passed is True
        with pytest.raises(TypeError):
            first.results.get().save()

    def test_marks_cannot_change_once_frozen(self, item, handed_in, course, instructor):
        meeting = make_meeting(course, date(2025, 10, 20))
        score(item, handed_in, "4")
        freeze_results(course, by=instructor.user, at=NOON)
        marks = {handed_in.code: Mark("late", 0)}
        refused("frozen", take_attendance, meeting, marks, by=instructor, at=NOON)

    def test_publishing_releases_what_it_rests_on_and_tells_no_verdict(
        self, item, handed_in, course, instructor
    ):
        score(item, handed_in, "4.75")
        refused("not_frozen", publish_results, course, by=instructor, at=NOON)
        freeze_results(course, by=instructor.user, at=NOON)
        run = publish_results(course, by=instructor, at=NOON)
        assert run.published_at == NOON
        assert Release.objects.get().membership == handed_in
        assert publish_results(course, by=instructor, at=NOON) == run
        [message] = Message.objects.all()
        text = (message.subject + message.text).lower()
        for word in ("4.75", "pass", "fail", "%", "verdict"):
            assert word not in text
