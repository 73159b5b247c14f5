import csv
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Course, Meeting, Membership
from grading.models import (
    AttendanceMark,
    GradeEntry,
    GradeItem,
    ParticipationPoint,
    PassRule,
    Release,
    ResultRun,
)
from grading.queries import content_of, facts_of, staff_standings
from tests.factories.courses import NOON, make_meeting, make_member
from tests.factories.grading import (
    DUE,
    hand_in,
    make_component,
    make_item,
    make_pass_rule,
    make_rubric,
    make_talk,
    mark,
    release,
    score,
)

pytestmark = pytest.mark.usefixtures("set_clock")

REPORT = {
    "papers": [
        {
            "paper": "lora",
            "title": "LoRA",
            "summary": "Low rank is enough.",
            "strengths": ["Cheap", "Simple", "Fast"],
            "weaknesses": ["Narrow", "Short", "Old"],
            "improvements": ["More tasks"],
            "extensions": ["Quantise"],
        }
    ]
}


def page(member: Membership, name: str, *args: str, data=None, **kwargs):
    """GET, or POST ``data``, as this member."""
    client = Client(**kwargs.pop("client", {}))
    client.force_login(member.user)
    url = reverse(f"grading:{name}", args=[member.course.slug, *args])
    if data is None:
        return client.get(url, kwargs.pop("query", {}), **kwargs)
    return client.post(url, data, **kwargs)


def text(response) -> str:
    """The words of a page's main part, on one line."""
    body = response.content.decode().split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.fixture
def reports(course: Course) -> GradeItem:
    """An item with a rubric of 10 points: half of the grade; the other half is attendance."""
    component = make_component(course, "reports", 50, title="Reports")
    attendance = make_component(course, "attendance", 50, title="Attendance")
    make_item(attendance, kind="attendance", title="Attendance", key="attendance")
    make_pass_rule(course, [(component, "50"), (attendance, "50")])
    item = make_item(component, title="Report 1", key="report-1")
    make_rubric(item, [("summary", ["4", "2", "0"]), ("strengths", ["6", "3", "0"])])
    return item


@pytest.fixture
def meeting(course: Course) -> Meeting:
    return make_meeting(course, date(2025, 10, 20), key="m1", title="Introduction")


class TestGrade:
    def test_shows_the_report_and_the_rubric(self, reports, student, ta):
        hand_in(reports, student, content=REPORT)
        response = page(ta, "grade", "report-1", student.code)
        words = text(response)
        assert response.status_code == 200
        for expected in ("Low rank is enough.", "Quantise", "Summary of 4", "Save and next"):
            assert expected in words
        assert response.content.decode().count('type="radio"') == 6

    def test_save_and_next_grades_and_goes_on(self, reports, student, other_student, ta):
        for member in (student, other_student):
            hand_in(reports, member)
        data = {"base_seq": "0", "row-summary": "4", "row-strengths": "3", "do": "next"}
        response = page(ta, "grade", "report-1", student.code, data=data)
        assert response.status_code == 302
        assert response.url == reverse("grading:next", args=[ta.course.slug, "report-1"])
        assert GradeEntry.objects.get().points == 7
        response = page(ta, "next", "report-1")
        assert response.url == reverse(
            "grading:grade", args=[ta.course.slug, "report-1", other_student.code]
        )

    def test_next_of_all_when_nothing_waits_goes_to_the_queue(self, reports, ta):
        assert page(ta, "next", "all").url == reverse("grading:queue", args=[ta.course.slug])

    def test_a_refused_score_keeps_what_was_typed(self, course, student, ta):
        item = make_item(make_component(course, "minis", 100), key="mini-1")
        hand_in(item, student)
        data = {"base_seq": "0", "points": "11", "feedback": "Keep <b>this</b>"}
        response = page(ta, "grade", "mini-1", student.code, data=data)
        assert response.status_code == 422
        assert "At most 10 points." in text(response)
        assert 'value="11"' in response.content.decode()
        assert "Keep &lt;b&gt;this&lt;/b&gt;" in response.content.decode()
        assert not GradeEntry.objects.exists()

    def test_a_conflict_shows_both_versions_and_saving_again_puts_mine_on_top(
        self, reports, student, ta, instructor
    ):
        hand_in(reports, student)
        theirs = {"base_seq": "0", "row-summary": "2", "row-strengths": "3", "feedback": "Short"}
        page(instructor, "grade", "report-1", student.code, data=theirs)
        mine = {"base_seq": "0", "row-summary": "4", "row-strengths": "6", "feedback": "Great"}
        response = page(ta, "grade", "report-1", student.code, data=mine)
        assert response.status_code == 409
        words = text(response)
        for expected in (
            "Someone else graded this",
            "5 points, Iris Instructor",
            "10 points Great",
            "Short",
            "Great",
        ):
            assert expected in words
        again = mine | {"base_seq": "1"}
        assert 'name="base_seq" value="1"' in response.content.decode()
        assert page(ta, "grade", "report-1", student.code, data=again).status_code == 302
        assert [e.points for e in GradeEntry.objects.order_by("seq")] == [5, 10]

    def test_a_repeated_request_is_answered_as_the_first(self, reports, student, ta):
        hand_in(reports, student)
        data = {"base_seq": "0", "row-summary": "4", "row-strengths": "6"}
        for _ in range(2):
            assert page(ta, "grade", "report-1", student.code, data=data).status_code == 302
        assert GradeEntry.objects.count() == 1

    def test_exceptions_with_a_reason(self, reports, student, ta):
        change = {"base_seq": "0", "reason": "Ill", "do": "excuse"}
        assert page(ta, "decide_item", "report-1", student.code, data=change).status_code == 302
        change = {"base_seq": "1", "reason": "", "points": "8", "do": "override"}
        assert page(ta, "decide_item", "report-1", student.code, data=change).status_code == 422
        change = {"base_seq": "1", "reason": "x", "do": "explode"}
        assert page(ta, "decide_item", "report-1", student.code, data=change).status_code == 422
        assert GradeEntry.objects.get().kind == "excuse"

    def test_a_refused_exception_keeps_what_was_typed(self, reports, student, ta):
        hand_in(reports, student)
        data = {"base_seq": "0", "reason": "Agreed in <person>", "points": "11", "do": "override"}
        response = page(ta, "decide_item", "report-1", student.code, data=data)
        body = response.content.decode()
        assert response.status_code == 422
        assert 'name="reason" autocomplete="off" value="Agreed in &lt;person&gt;"' in body
        assert 'autocomplete="off" value="11"' in body
        assert '<p class="err" id="override_error">' in body
        assert 'id="points_error"' not in body

    def test_a_stale_exception_shows_no_version_of_its_own(self, reports, student, ta):
        hand_in(reports, student)
        score(reports, student, "7", by=ta, feedback="Theirs")
        data = {"base_seq": "0", "reason": "Ill", "do": "excuse"}
        response = page(ta, "decide_item", "report-1", student.code, data=data)
        assert response.status_code == 409
        assert "Yours, not saved" not in text(response)
        assert "7 points, Tilda Assistant" in text(response)
        assert 'autocomplete="off" value="Ill"' in response.content.decode()

    @pytest.mark.parametrize("field", ["feedback", "note"])
    def test_a_comment_that_is_too_long_comes_back_whole(self, reports, student, ta, field):
        hand_in(reports, student)
        data = {"base_seq": "0", "row-summary": "4", "row-strengths": "3", "feedback": "Good"}
        long = "y" * 20_000 + " the end"
        response = page(ta, "grade", "report-1", student.code, data=data | {field: long})
        body = response.content.decode()
        assert response.status_code == 422
        assert long in body
        assert "20,000 characters" in body
        picked = re.findall(r'name="(row-\w+)" value="(\d)" checked', body)
        assert picked == [("row-summary", "4"), ("row-strengths", "3")]
        assert not GradeEntry.objects.exists()

    def test_a_reason_is_asked_for_and_why(self, reports, student, ta, instructor):
        hand_in(reports, student)
        score(reports, student, "7", by=ta)
        assert "Reason for the change" not in text(page(ta, "grade", "report-1", student.code))
        ResultRun.objects.create(
            course=reports.course, number=1, requested_at=NOON, computed_at=NOON, frozen_at=NOON
        )
        words = text(page(ta, "grade", "report-1", student.code))
        assert "The results are frozen, and this grade is part of them." in words
        assert "sees this grade already" not in words
        release(reports, student, by=ta)
        words = text(page(ta, "grade", "report-1", student.code))
        assert "The student sees this grade already." in words

    @pytest.mark.parametrize("base", ["", "-1", "x", "²", "9" * 10])
    def test_a_base_that_is_no_number_is_refused(self, reports, student, ta, base):
        hand_in(reports, student)
        data = {"base_seq": base, "row-summary": "4", "row-strengths": "6"}
        assert page(ta, "grade", "report-1", student.code, data=data).status_code == 422

    def test_queue_and_item_list_count_and_filter(self, reports, student, other_student, ta):
        hand_in(reports, student)
        assert "1 grade waits" in text(page(ta, "queue"))
        words = text(page(ta, "item", "report-1", query={"show": "waiting"}))
        assert "Ada Student" in words
        assert "Ben Other" not in words
        assert "Missing" in text(page(ta, "item", "report-1"))

    def test_queue_names_the_state_of_a_report_that_is_open(self, reports, student, ta, set_clock):
        report = reports.assignment
        for at, word in (
            (report.opens_at - timedelta(days=1), "Not due"),
            (report.opens_at, "Open"),
            (report.closes_at - timedelta(seconds=1), "Open"),
        ):
            set_clock(at)
            assert f"Report 1 {word} 0 of 1 graded" in text(page(ta, "queue"))

    def test_the_list_of_a_talk_item_shows_the_talks(self, course, student, ta):
        make_item(
            make_component(course, "talks", 100),
            kind="presentation",
            talk_kind="final",
            key="final",
        )
        talk = make_talk(
            make_meeting(course, date(2025, 10, 20), kind="final_presentations"), student
        )
        words = text(page(ta, "item", "final"))
        assert talk.title in words
        assert "Being graded" in words


class TestAttendance:
    def test_all_present_then_an_exception(self, reports, meeting, student, other_student, ta):
        shown = {f"v-{m.code}": "0:" for m in (student, other_student)}
        response = page(ta, "take_attendance", "m1", data=shown | {"do": "all_present"})
        assert response.status_code == 302
        assert set(AttendanceMark.objects.values_list("status", flat=True)) == {"in_room"}
        tap = {f"v-{student.code}": "1:in_room", f"m-{student.code}": "late", "tile": student.code}
        response = page(ta, "take_attendance", "m1", data=tap, HTTP_HX_REQUEST="true")
        body = response.content.decode()
        assert response.status_code == 200
        assert body.startswith(f'<li id="tile-{student.code}">')
        assert 'value="2:late"' in body
        assert other_student.code not in body

    def test_what_i_did_not_touch_never_overwrites(self, meeting, student, other_student, ta):
        mark(meeting, student, "late", ta)
        data = {
            f"v-{student.code}": "0:",
            f"v-{other_student.code}": "0:",
            f"m-{other_student.code}": "absent",
        }
        assert page(ta, "take_attendance", "m1", data=data).status_code == 302
        found = dict(AttendanceMark.objects.values_list("membership__user__name", "status"))
        assert found == {"Ada Student": "late", "Ben Other": "absent"}

    def test_a_stale_tap_shows_what_the_other_set(self, meeting, student, ta):
        mark(meeting, student, "late", ta)
        tap = {f"v-{student.code}": "0:", f"m-{student.code}": "absent"}
        response = page(ta, "take_attendance", "m1", data=tap)
        assert response.status_code == 409
        assert "Ada Student: Someone else set: Late" in text(response)
        htmx = {"HTTP_HX_REQUEST": "true"}
        response = page(ta, "take_attendance", "m1", data=tap | {"tile": student.code}, **htmx)
        assert response.status_code == 422
        assert 'value="1:late"' in response.content.decode()

    def test_the_list_says_what_is_not_taken(self, meeting, course, student, ta):
        make_meeting(course, date(2025, 11, 3), title="Later")
        words = text(page(ta, "attendance"))
        assert "Introduction Not taken" in words
        assert "Later Planned" in words

    def test_participation_gives_and_takes_back(self, course, meeting, student, ta):
        make_item(make_component(course, "talking", 100), kind="participation", key="talking")
        data = {"item": "talking", "code": student.code, "do": "give"}
        response = page(ta, "participation", "m1", data=data)
        assert response.status_code == 302
        assert response.url.endswith(f"#tile-{student.code}")
        assert page(ta, "participation", "m1", data=data).status_code == 422
        assert page(ta, "participation", "m1", data=data | {"do": "undo"}).status_code == 302
        assert list(ParticipationPoint.objects.values_list("points", flat=True)) == [1, -1]

    def test_a_double_click_gives_one_step(self, course, meeting, student, other_student, ta):
        component = make_component(course, "talking", 100)
        cap = {"meeting_cap": Decimal("0.5"), "key": "talking"}
        make_item(component, kind="participation", **cap)
        shown = page(ta, "participation", "m1")
        nonces = re.findall(r'name="nonce" value="([^"]+)"', shown.content.decode())
        assert len(set(nonces)) == 2
        assert "Give 0.5 points to Ada Student" in text(shown)
        data = {"item": "talking", "code": student.code, "do": "give", "nonce": nonces[0]}
        for _ in range(2):
            assert page(ta, "participation", "m1", data=data).status_code == 302
        assert ParticipationPoint.objects.get().points == Decimal("0.5")


class TestStanding:
    @pytest.mark.parametrize(
        ("points", "sentence"),
        [
            ("5", "You have passed"),
            ("4.99", "You can no longer reach the pass mark in Reports. Talk to Iris Instructor"),
        ],
    )
    def test_the_first_line_says_it_in_words(self, reports, student, instructor, points, sentence):
        meeting = make_meeting(student.course, date(2025, 10, 20))
        mark(meeting, student, "in_room", instructor)
        hand_in(reports, student)
        score(reports, student, points)
        release(reports, student, by=instructor)
        assert sentence in text(page(student, "standing"))

    def test_on_the_way_and_what_is_needed(self, course, reports, meeting, student, ta):
        more = make_item(
            reports.component, weight=Decimal(25), title="Report 2",
        )  # fmt: skip
        reports.weight = Decimal(25)
        reports.save()
        more.assignment.closes_at = NOON + timedelta(days=9)
        more.assignment.save()
        assert "Nothing graded is out yet" not in text(page(student, "standing"))
        hand_in(reports, student)
        words = text(page(student, "standing"))
        assert "Nothing graded is out yet" in words
        score(reports, student, "3")
        release(reports, student, by=ta)
        words = text(page(student, "standing"))
        assert "You need 17.5 more points in Reports. 25 are still open." in words
        assert "7.5 of 50 points, 25 still open, pass mark 25" in words
        assert (
            "To pass you need: at least 50 % in Reports and at least 50 % in Attendance." in words
        )

    def test_an_inch_below_the_mark_never_reads_as_reaching_it(self, course, meeting, student, ta):
        component = make_component(course, "reports", 100, title="Reports")
        make_pass_rule(course, [(component, "50")])
        item = make_item(component, max_points=Decimal(3000))
        hand_in(item, student)
        score(item, student, "1499.9")
        release(item, student, by=ta)
        response = page(student, "standing")
        body = response.content.decode()
        assert "49.99 of 100 points" in body
        assert "49.99 %" in body
        assert "50.00 %" not in body
        assert "14999/300" in body
        assert "You can no longer reach" in body

    def test_a_missing_item_says_why_it_is_0(self, reports, student):
        words = text(page(student, "standing"))
        assert "Not handed in by Sun 26 Oct 2025, 13:00 Berlin time: 0 points Missing" in words

    def test_published_results_are_told(self, course, student, instructor):
        component = make_component(course, "reports", 100)
        make_pass_rule(course, [(component, "50")])
        item = make_item(component)
        hand_in(item, student)
        score(item, student, "4")
        page(instructor, "results", data={"do": "freeze"})
        page(instructor, "results", data={"do": "publish"})
        assert "You have not passed." in text(page(student, "standing"))


class TestFeedback:
    def test_shows_points_and_comment_once_released(self, reports, student, ta):
        key = reports.assignment.key
        hand_in(reports, student)
        score(
            reports, student, "7", rubric={"summary": "4", "strengths": "3"},
            feedback="Well argued", note="SECRET",
        )  # fmt: skip
        assert page(student, "feedback", key).context["nav_active"] == "standing"
        words = text(page(student, "feedback", key))
        assert "This is being graded" in words
        assert "Well argued" not in words
        release(reports, student, by=ta)
        words = text(page(student, "feedback", key))
        for expected in ("7 of 10 points", "Summary 4 of 4", "Worth 3", "Well argued"):
            assert expected in words
        assert "SECRET" not in words

    def test_a_cleared_grade_takes_its_comment_along(self, reports, student, ta):
        hand_in(reports, student)
        rubric = {"summary": "4", "strengths": "3"}
        score(reports, student, "7", rubric=rubric, feedback="Well argued")
        release(reports, student, by=ta)
        for base, do in ((1, "clear"), (2, "excuse")):
            data = {"base_seq": base, "reason": "Mixed up", "do": do}
            assert page(ta, "decide_item", "report-1", student.code, data=data).status_code == 302
            words = text(page(student, "feedback", reports.assignment.key))
            assert "Well argued" not in words
            assert "Worth 3" not in words

    def test_unknown_and_foreign_work_is_not_found(self, reports, student, outsider):
        assert page(student, "feedback", "nothing").status_code == 404
        assert page(outsider, "feedback", reports.assignment.key).status_code == 404


def test_an_unreleased_score_appears_nowhere(course, reports, meeting, student, ta, settings):
    """Answers to the student before and after unreleased grading are the same bytes."""
    talking = make_item(make_component(course, "talking", 0), kind="participation", key="talking")
    hand_in(reports, student)
    mark(meeting, student, "in_room", ta)
    client = Client()
    client.force_login(student.user)
    names = [
        reverse("grading:standing", args=[course.slug]),
        reverse("grading:feedback", args=[course.slug, reports.assignment.key]),
        reverse("grading:feedback", args=[course.slug, "talking"]),
        reverse("assignments:work", args=[course.slug]),
        reverse("assignments:task", args=[course.slug, reports.assignment.key]),
    ]

    def answers() -> list[str]:
        pages = [client.get(name) for name in names]
        assert {answer.status_code for answer in pages} == {200}
        bodies = [answer.content.decode() for answer in pages]
        return [re.sub(r"""(csrf[^>]*|X-CSRFToken[^>]*|nonce)"[^>]*>""", "", b) for b in bodies]

    before = answers()
    score(reports, student, "9.75", feedback="Hidden", rubric={"summary": "4"})
    score(reports, student, "3.25", kind="override", reason="Hidden too")
    ParticipationPoint.objects.create(
        item=talking, meeting=meeting, membership=student, points=1, at=NOON, by=ta
    )
    assert answers() == before


class TestRelease:
    def test_shows_to_whom_then_releases(self, reports, student, ta, instructor):
        hand_in(reports, student)
        score(reports, student, "7")
        words = text(page(instructor, "release"))
        assert "1 can be released, 0 released, 0 still being graded" in words
        data = {"item": "report-1", "code": [student.code]}
        assert page(instructor, "release", data=data).status_code == 302
        assert Release.objects.get().membership == student
        for bad in ({"item": "nothing"}, {"code": [ta.code]}, {"code": []}):
            assert page(instructor, "release", data=data | bad).status_code == 404

    def test_releases_to_those_the_button_counted(
        self, reports, student, other_student, instructor
    ):
        hand_in(reports, student)
        score(reports, student, "7")
        body = page(instructor, "release").content.decode()
        assert "Release to 1 student" in body
        codes = set(re.findall(r'name="code" value="([^"]+)"', body))
        hand_in(reports, other_student)
        score(reports, other_student, "8")
        data = {"item": "report-1", "code": list(codes)}
        assert page(instructor, "release", data=data).status_code == 302
        assert [row.membership for row in Release.objects.all()] == [student]

    def test_leaves_out_who_is_not_ready_any_more(
        self, reports, student, other_student, instructor
    ):
        hand_in(reports, student)
        score(reports, student, "7")
        data = {"item": "report-1", "code": [student.code, other_student.code]}
        response = page(instructor, "release", data=data, follow=True)
        assert "1 student was left out" in response.content.decode()
        assert Release.objects.get().membership == student

    def test_one_student_without_a_grade_is_refused(self, reports, student, instructor):
        data = {"item": "report-1", "code": student.code}
        assert page(instructor, "release", data=data).status_code == 409


class TestResults:
    def test_page_job_and_file_say_the_same(self, reports, meeting, student, ta, instructor):
        hand_in(reports, student)
        score(reports, student, "4.75")
        mark(meeting, student, "late", ta)
        student.user.name = "=cmd()"
        student.user.save()
        [judged] = staff_standings(facts_of(student.course), at=NOON)
        content = content_of(judged)
        words = text(page(instructor, "results"))
        assert "=cmd() Not passed 47.50 50.00 48.75 Reports" in words
        response = page(instructor, "results_csv")
        [head, row] = csv.reader(response.content.decode("utf-8-sig").splitlines())
        found = dict(zip(head, row, strict=True))
        assert found["name"] == "'=cmd()"
        assert found["reports exact"] == content["components"]["reports"]["exact"] == "95/2"
        assert (found["total shown"], found["verdict"], found["passed"]) == (
            "48.75",
            "unreachable",
            "no",
        )

    def test_freezing_lists_what_is_open_with_links(self, reports, meeting, student, instructor):
        hand_in(reports, student)
        words = text(page(instructor, "results"))
        assert "Report 1 : 1 grade is missing" in words
        assert "Mon 20 Oct : attendance of 1 student is not taken" in words
        assert page(instructor, "results", data={"do": "freeze"}).status_code == 409
        assert page(instructor, "results", data={"do": "compute"}).status_code == 302
        assert ResultRun.objects.get().frozen_at is None

    def test_a_new_pass_rule_shows_whose_verdict_changes(
        self, reports, meeting, student, ta, instructor
    ):
        hand_in(reports, student)
        score(reports, student, "4")
        mark(meeting, student, "in_room", ta)
        query = {"kind": "total", "total": "50"}
        words = text(page(instructor, "change_pass_rule", query=query))
        assert "1 verdict would change Ada Student : Not passed → Passed" in words
        refused = page(instructor, "change_pass_rule", data=query)
        assert refused.status_code == 422
        saved = page(instructor, "change_pass_rule", data=query | {"reason": "Agreed"})
        assert saved.status_code == 302
        assert PassRule.objects.filter(course=student.course).count() == 2
        bad = page(instructor, "change_pass_rule", query={"kind": "total", "total": "101"})
        assert bad.status_code == 422
        long = query | {"reason": "Agreed " + "y" * 20_000}
        response = page(instructor, "change_pass_rule", data=long)
        assert response.status_code == 422
        assert long["reason"] in response.content.decode()


STAFF_PAGES = [
    ("queue",),
    ("item", "report-1"),
    ("next", "all"),
    ("grade", "report-1", "{code}"),
    ("attendance",),
    ("take_attendance", "m1"),
    ("participation", "m1"),
    ("gradebook",),
    ("student", "{code}"),
]
INSTRUCTOR_PAGES = [("release",), ("results",), ("results_csv",), ("change_pass_rule",)]


class TestAccess:
    def ask(self, member: Membership | None, course: Course, path: list[str]) -> int:
        client = Client()
        if member:
            client.force_login(member.user)
        return client.get(reverse(f"grading:{path[0]}", args=[course.slug, *path[1:]])).status_code

    @pytest.mark.parametrize("path", [*STAFF_PAGES, *INSTRUCTOR_PAGES], ids=lambda p: p[0])
    def test_wrong_role_is_403_and_other_courses_404(  # noqa: PLR0917
        self, path, course, reports, meeting, student, auditor, ta, instructor, outsider,
        other_ta, applicant, withdrawn,
    ):  # fmt: skip
        path = [part.format(code=student.code) for part in path]
        for member in (student, auditor):
            assert self.ask(member, course, path) == 403
        for member in (outsider, other_ta, applicant, withdrawn):
            assert self.ask(member, course, path) == 404
        assert self.ask(None, course, path) == 302
        assert self.ask(instructor, course, path) in {200, 302}
        assert self.ask(ta, course, path) in (
            {403} if tuple(path) in INSTRUCTOR_PAGES else {200, 302}
        )

    def test_students_pages_are_for_students(self, course, reports, student, ta, auditor, outsider):
        for path in (["standing"], ["feedback", reports.assignment.key]):
            assert self.ask(student, course, path) == 200
            for member in (ta, auditor):
                assert self.ask(member, course, path) == 403
            assert self.ask(outsider, course, path) == 404

    def test_objects_of_another_course_are_not_found(
        self, course, reports, meeting, student, other_ta, outsider
    ):
        own = other_ta.course
        for path in (
            ["item", "report-1"],
            ["grade", "report-1", outsider.code],
            ["student", student.code],
            ["take_attendance", "m1"],
            ["participation", "m1"],
        ):
            assert self.ask(other_ta, own, path) == 404


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        *((("queue",), 10), (("item", "report-1"), 10), (("gradebook",), 10)),
        *((("attendance",), 6), (("take_attendance", "m1"), 6), (("participation", "m1"), 7)),
        *((("release",), 10), (("results",), 11), (("student", "{code}"), 11)),
        *((("grade", "report-1", "{code}"), 10), (("standing",), 11)),
        (("feedback", "{work}"), 11),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_pages_take_a_constant_number_of_queries(  # noqa: PLR0917
    path, limit, course, reports, meeting, ta, instructor, student, django_assert_num_queries
):
    hand_in(reports, student)
    score(reports, student, "7", rubric={"summary": "4", "strengths": "3"})
    release(reports, student, by=ta)
    names = [part.format(code=student.code, work=reports.assignment.key) for part in path]
    client = Client()
    reader = student if names[0] in {"standing", "feedback"} else instructor
    client.force_login(reader.user)
    url = reverse(f"grading:{names[0]}", args=[course.slug, *names[1:]])
    for count in (1, 7):
        for _ in range(count):
            member = make_member(course)
            hand_in(reports, member)
            score(reports, member, "5")
            mark(meeting, member, "late", ta)
        with django_assert_num_queries(limit):
            assert client.get(url).status_code == 200


def test_staff_see_one_student_with_the_history(reports, student, ta):
    hand_in(reports, student)
    score(reports, student, "7", by=ta, reason="Second look")
    words = text(page(ta, "student", student.code))
    for expected in ("Graded, not released", "7 of 10", "Second look", "Tilda Assistant"):
        assert expected in words


def test_an_instructor_excuses_what_was_due_before_joining(reports, course, ta, instructor):
    late = make_member(course, name="Lea Late", joined_at=NOON)
    words = text(page(ta, "student", late.code))
    assert "1 item was due before Lea Late joined Report 1" in words
    assert "Excuse 1 item" not in words
    verb = ("excuse_items_before_joining", late.code)
    assert page(ta, *verb, data={}).status_code == 403
    assert page(instructor, *verb).status_code == 405
    assert "Excuse 1 item" in text(page(instructor, "student", late.code))
    assert "1 item is excused." in page(instructor, *verb, data={}, follow=True).content.decode()
    assert GradeEntry.objects.get().reason == "Due before joining"
    assert "was due before" not in text(page(instructor, "student", late.code))
    assert page(instructor, verb[0], "nobody", data={}).status_code == 404


def test_times_are_those_of_the_deadline(reports, student, ta, set_clock):
    hand_in(reports, student)
    set_clock(DUE - timedelta(hours=1))
    words = text(page(ta, "grade", "report-1", student.code))
    assert "This can be graded from Sun 26 Oct 2025, 13:05 Berlin time on" in words


class TestRubricWithoutLevels:
    """A row without levels offers whole points, and takes any others that are typed."""

    @pytest.fixture
    def item(self, course: Course) -> GradeItem:
        item = make_item(make_component(course, "reports", 100), key="report-1")
        for position, (key, most) in enumerate([("summary", 3), ("essay", 20)]):
            item.rubric.create(key=key, title=key, max_points=most, position=position)
        item.max_points = Decimal(23)
        item.save()
        return item

    def test_offers_whole_points_and_a_box(self, item, student, ta):
        hand_in(item, student)
        body = page(ta, "grade", "report-1", student.code).content.decode()
        assert re.findall(r'name="row-(\w+)" value="(\d+)" data-key="(\d)"', body) == [
            ("summary", str(points), str(points)) for points in (3, 2, 1, 0)
        ]
        assert re.findall(r'name="other-(\w+)"', body) == ["summary", "essay"]

    def test_typed_points_go_over_the_picked_level(self, item, student, ta):
        hand_in(item, student)
        data = {"base_seq": "0", "row-summary": "3", "other-summary": "2,5", "other-essay": "15"}
        assert page(ta, "grade", "report-1", student.code, data=data).status_code == 302
        entry = GradeEntry.objects.get()
        assert (entry.points, entry.rubric) == (
            Decimal("17.5"),
            {"summary": "2.5", "essay": "15"},
        )
        body = page(ta, "grade", "report-1", student.code).content.decode()
        assert re.findall(r'name="other-(\w+)".*?value="([\d.]*)"', body) == [
            ("summary", "2.5"),
            ("essay", "15"),
        ]
        release(item, student, by=ta)
        words = text(page(student, "feedback", item.assignment.key))
        assert "summary 2.5 of 3 essay 15 of 20" in words

    def test_points_above_the_row_are_refused(self, item, student, ta):
        hand_in(item, student)
        data = {"base_seq": "0", "other-summary": "3.5", "other-essay": "15"}
        response = page(ta, "grade", "report-1", student.code, data=data)
        assert response.status_code == 422
        assert "At most 3 points." in text(response)
