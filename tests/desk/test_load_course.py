"""Applying a course file: all or nothing, nothing twice, nothing against what people have done."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from assignments.models import Assignment, Submission
from courses.models import Announcement, Course, CoursePolicy, Meeting, Membership, Module, Paper
from grading.models import (
    Component,
    GradeEntry,
    GradeItem,
    PassRule,
    ResultRun,
    RubricLevel,
    RubricRow,
)
from presentations.models import PreferenceRound, Presentation, Presenter
from seminar.accounts.models import AuditEntry, User
from seminar.desk.actions.load_course import Change, LoadReport, load_course
from seminar.desk.rules.course_file import CourseFile, parse, shifted
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.desk.test_course_file_checks import SMALL
from tests.desk.test_course_file_examples import AUCKLAND, EXAMPLES, SEMINAR
from tests.factories.courses import make_member
from tests.factories.presentations import keys_of, make_submitted

AT = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def parsed(text: str) -> CourseFile:
    result = parse(text.encode())
    assert [str(problem) for problem in result.problems] == []
    assert result.file is not None
    return result.file


def load(text: str = SMALL, *pairs: tuple[str, str], **options: Any) -> LoadReport:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return load_course(parsed(text), **{"by": None, "at": AT} | options)


def refused(*pairs: tuple[str, str], **options: Any) -> list[tuple[str, str, str]]:
    """Return (path, code, value) of each conflict; check that nothing was written."""
    before = everything()
    with pytest.raises(Refused) as refusal:
        load(SMALL, *pairs, **options)
    assert refusal.value.code == "course_file_conflicts"
    assert everything() == before
    return [(p["path"], p["code"], p["value"]) for p in refusal.value.problems]


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return every row that a file writes."""
    kinds = (
        Announcement, Assignment, AuditEntry, Component, Course, CoursePolicy, GradeItem, Meeting,
        Membership, Module, Paper, PassRule, PreferenceRound, RubricLevel, RubricRow, User,
    )  # fmt: skip
    return {kind.__name__: list(kind._default_manager.order_by("pk").values()) for kind in kinds}


def submit(key: str) -> Submission:
    assignment = Assignment.objects.get(key=key)
    return Submission.objects.create(
        assignment=assignment,
        membership=make_member(assignment.course),
        number=1,
        received_at=AT,
        content={},
        content_hash="0" * 64,
    )


def grade(key: str, points: str = "3") -> GradeEntry:
    item = GradeItem.objects.get(key=key)
    return GradeEntry.objects.create(
        item=item,
        membership=make_member(item.course),
        seq=1,
        kind="score",
        points=Decimal(points),
        at=AT,
        by=Membership.objects.staff().first(),
    )


def test_load_course_writes_the_whole_course() -> None:
    report = load()

    assert report.created == {
        "course": 1, "policy": 1, "person": 1, "module": 2, "meeting": 2, "paper": 2, "round": 1,
        "assignment": 1, "component": 2, "item": 2, "rubric row": 2, "pass rule": 1,
        "announcement": 1,
    }  # fmt: skip
    assert (report.changed, report.removed, report.unchanged) == ({}, {}, {})
    course = Course.objects.get(slug="small")
    assert (course.title, course.zone, course.state, course.capacity) == (
        "A small course", "Europe/Berlin", "draft", 30,
    )  # fmt: skip
    assert Module.objects.get(key="detail").parent.key == "basics"
    talks = Meeting.objects.get(key="talks")
    assert (talks.date, talks.kind) == (date(2026, 4, 20), "in_class_presentations")
    assert [module.key for module in talks.modules.all()] == ["basics"]
    assert [str(m) for m in Meeting.objects.get(key="lecture").led_by.all()] == ["Iris Instructor"]
    round_ = PreferenceRound.objects.get()
    assert (round_.opens_rule, round_.opens_at) == (
        "end of meeting lecture", datetime(2026, 4, 13, 16, 0, tzinfo=UTC),
    )  # fmt: skip
    assert sorted(paper.key for paper in round_.papers.all()) == ["one", "two"]
    assert (round_.min_length, round_.max_length, round_.last_number) == (1, 2, 0)
    report_ = Assignment.objects.get()
    assert report_.closes_at == datetime(2026, 4, 19, 22, 0, tzinfo=UTC)
    assert (report_.papers_asked, report_.summary_min, report_.summary_max) == (2, 5, 6)
    item = GradeItem.objects.get(key="report")
    assert (item.assignment, item.weight, item.max_points) == (report_, Decimal(60), Decimal(10))
    assert [(row.key, row.max_points) for row in item.rubric.all()] == [
        ("content", Decimal(6)),
        ("form", Decimal(4)),
    ]
    (rule,) = PassRule.objects.all()
    assert [(c.component, c.at_least) for c in rule.clauses.all()] == [(None, Decimal(50))]
    assert Announcement.objects.get().published_at == datetime(2026, 4, 1, 10, 0, tzinfo=UTC)


def test_load_course_makes_staff_who_cannot_sign_in_yet() -> None:
    load()

    member = Membership.objects.get()
    assert (member.user.email, member.role, member.state, member.joined_at) == (
        "iris@example.org", "instructor", "active", AT,
    )  # fmt: skip
    assert not member.user.has_usable_password()
    assert not member.user.is_superuser


def test_load_course_keeps_an_account_that_exists() -> None:
    user = User.objects.create_user("iris@example.org", "secret", name="Iris Herself")
    EmailAddress.objects.create(user=user, email=user.email, verified=True)

    load()

    assert Membership.objects.get().user == user
    user.refresh_from_db()
    assert (user.name, user.check_password("secret")) == ("Iris Herself", True)


def test_load_course_takes_an_address_from_who_never_confirmed_it() -> None:
    user = User.objects.create_user("iris@example.org", "secret", name="Mallory")
    EmailAddress.objects.create(user=user, email=user.email)

    load()

    user.refresh_from_db()
    assert (Membership.objects.get().user, user.has_usable_password()) == (user, False)
    assert user.name != "Mallory"
    assert not EmailAddress.objects.exists()


def test_load_course_finds_staff_by_a_second_address() -> None:
    user = User.objects.create_user("other@example.org", "secret", name="Iris Herself")
    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    EmailAddress.objects.create(user=user, email="iris@example.org", verified=True)

    load()

    assert Membership.objects.get().user == user
    person = "  - {name: Iris, email: other@example.org, role: ta}\nmodules:"
    assert [code for _path, code, _value in refused(("modules:", person))] == ["same_person"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"is_active": False}, "account_closed"), ({"is_superuser": True}, "operator")],
)
def test_load_course_refuses_staff_who_can_be_no_member(fields: dict[str, bool], code: str) -> None:
    user = User.objects.create_user("tea@example.org", name="Tea", **fields)
    load()
    person = f"  - {{name: Tea, email: {user.email}, role: ta}}\nmodules:"

    assert refused(("modules:", person)) == [("staff[1].email", code, user.email)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_load_course_of_the_same_file_changes_nothing(path: Path) -> None:
    file = parsed(path.read_text())
    first = load_course(file, by=None, at=AT)
    before = everything()

    second = load_course(parsed(path.read_text()), by=None, at=AT + timedelta(days=1))

    assert (second.total, second.changes) == (0, ())
    assert second.unchanged == first.created
    assert everything() == before


def test_load_course_loads_the_examples_side_by_side() -> None:
    for path in EXAMPLES:
        load_course(parsed(path.read_text()), by=None, at=AT)

    assert list(Course.objects.order_by("slug").values_list("slug", "state")) == [
        ("decisions-weekly", "active"),
        ("efficient-llm-training", "active"),
        ("lectura-grafos", "active"),
        ("retrieval-reading-group", "active"),
    ]
    seminar = Course.objects.get(slug="efficient-llm-training")
    assert seminar.meetings.count() == 13
    assert seminar.rounds.get().papers.count() == 14
    talks = Component.objects.get(course__slug="retrieval-reading-group", key="talks")
    assert talks.parent is not None
    assert talks.parent.key == "oral"


def test_load_course_loads_a_shifted_example_and_back() -> None:
    for path in (SEMINAR, AUCKLAND):
        file = parsed(path.read_text())
        load_course(file, by=None, at=AT)
        before = everything()

        moved = load_course(shifted(file, 52), by=None, at=AT - timedelta(weeks=60))
        back = load_course(file, by=None, at=AT - timedelta(weeks=60))

        assert moved.changed["meeting"] == len(file.meetings)
        assert moved.changed == back.changed
        after = everything()
        assert {k: v for k, v in after.items() if k != "AuditEntry"} == {
            k: v for k, v in before.items() if k != "AuditEntry"
        }


def test_load_course_dry_run_writes_nothing_and_says_the_same() -> None:
    before = everything()

    planned = load(dry_run=True)

    assert everything() == before
    done = load()
    assert (planned.created, planned.changes) == (done.created, done.changes)


def test_load_course_names_each_changed_field() -> None:
    load()

    report = load(
        SMALL, ("title: A small course", "title: Renamed"), ("covers: [basics]", "covers: [detail]")
    )

    assert report.changed == {"course": 1, "meeting": 1}
    assert report.changes == (
        Change("course", "small", "title", "A small course", "Renamed"),
        Change("meeting", "lecture", "modules", "basics", "detail"),
    )


def test_load_course_moves_deadlines_with_their_meeting() -> None:
    load()

    load(SMALL, ("date: 2026-04-20", "date: 2026-04-27"))

    assert Assignment.objects.get().closes_at == datetime(2026, 4, 26, 22, 0, tzinfo=UTC)


def test_load_course_writes_one_audit_entry_and_none_without_change() -> None:
    operator = User.objects.create_user("root@example.org", name="Root")
    load(by=operator)
    load(by=operator)
    load(SMALL, ("short_name: Small", "short_name: Tiny"), by=operator)

    entries = AuditEntry.objects.filter(verb="load_course").order_by("id")
    assert [(e.actor, e.course_slug, e.subject) for e in entries] == [
        (operator, "small", "course small")
    ] * 2
    assert entries[1].before == {"course small short_name": "Small"}
    assert entries[1].after["course small short_name"] == "Tiny"


def test_load_course_makes_a_new_version_of_policy_and_pass_rule_only_on_change() -> None:
    load()
    load()
    load(
        SMALL,
        ("staff:", "policies: {sealed: yes}\nstaff:"),
        ("{of: total, at_least: 50}", "{of: work, at_least: 40}"),
    )

    assert list(CoursePolicy.objects.order_by("version").values_list("version", "sealed")) == [
        (1, False),
        (2, True),
    ]
    assert list(PassRule.objects.order_by("version").values_list("version", flat=True)) == [1, 2]


def test_load_course_removes_what_nothing_hangs_on_and_says_so() -> None:
    load()

    report = load(SMALL, (SMALL[SMALL.index("announcements:") :], ""))

    assert report.removed == {"announcement": 1}
    assert report.changes == (Change("announcement", "hello", removed=True),)
    assert Announcement.objects.count() == 0


def test_load_course_leaves_news_of_the_pages_and_people_of_the_roster_alone() -> None:
    load()
    course = Course.objects.get()
    Announcement.objects.create(course=course, title="By hand", body="x", published_at=AT)
    make_member(course, "ta", name="Tilda")

    assert load().total == 0


def test_load_course_keeps_what_students_work_hangs_on() -> None:
    load()
    submit("report")
    text = SMALL[: SMALL.index("assignments:")] + SMALL[SMALL.index("components:") :]
    text = text.replace("kind: assignment\n    assignment: report", "kind: participation")
    text = (
        text[: text.index("    rubric:")]
        + text[text.index("  - key: talk\n    title: Talk\n    component") :]
    )

    with pytest.raises(Refused) as refusal:
        load(text)

    (problem,) = refusal.value.problems
    assert (problem["path"], problem["code"], problem["value"]) == (
        "assignments",
        "in_use",
        "report",
    )
    assert Assignment.objects.count() == 1


def test_load_course_renames_by_removing_and_creating() -> None:
    load()

    report = load(SMALL, ("items:\n  - key: report", "items:\n  - key: essay"))

    assert (report.created, report.removed) == ({"item": 1, "rubric row": 2}, {"item": 1})
    assert Assignment.objects.get().grade_item.key == "essay"


def test_load_course_keeps_a_marked_item_that_the_file_renames() -> None:
    load()
    grade("report")

    assert [
        (path, code)
        for path, code, _ in refused(
            ("items:\n  - key: report", "items:\n  - key: essay"), confirm_scheme=True
        )
    ] == [("items", "in_use"), ("items[0].assignment", "scored_elsewhere")]


def test_load_course_removes_a_module_with_the_meeting_it_hangs_on() -> None:
    anchored = (
        "modules:",
        """modules:
  - {key: more, title: More, anchor: extra}
  - {key: most, title: Most, parent: more}""",
    )
    meeting = (
        "papers:",
        """  - {key: extra, kind: lecture, title: E, date: 2026-05-04, starts: 16:00, ends: 18:00}
papers:""",
    )
    load(SMALL, anchored, meeting)

    assert load().removed == {"module": 2, "meeting": 1}


def test_load_course_refuses_a_student_as_staff() -> None:
    load()
    user = make_member(Course.objects.get(), name="Sam").user
    person = f"  - {{name: Sam, email: {user.email}, role: ta}}\nmodules:"

    assert refused(("modules:", person)) == [("staff[1].email", "not_staff", user.email)]


def test_load_course_refuses_capacity_below_use() -> None:
    load()
    course = Course.objects.get()
    make_member(course)
    make_member(course)
    one = Paper.objects.get(key="one")
    talk = Presentation.objects.create(
        course=course, kind="in_class", paper=one, meeting=one.meeting, position=1, minutes=20
    )
    Presenter.objects.create(
        presentation=talk,
        membership=make_member(course),
        kind="in_class",
        seat=0,
        reason="x",
        since=AT,
    )

    assert refused(
        ("zone: Europe/Berlin", "zone: Europe/Berlin\n  capacity: 2"),
        ("presentable: yes", "presentable: yes\n    capacity: 0"),
    ) == [
        ("course.capacity", "capacity_below_use", "2"),
        ("papers[0].capacity", "capacity_below_use", "0"),
    ]


def with_a_list() -> None:
    """Somebody submitted a list: the round's promises count from then on."""
    round_ = PreferenceRound.objects.get()
    during = round_.opens_at + timedelta(hours=1)
    make_submitted(round_, make_member(round_.course), keys_of(round_)[:1], during)


def test_load_course_keeps_the_promises_of_a_round_that_has_lists() -> None:
    load()
    with_a_list()
    dropped = (
        "    reportable: yes\n    presentable: yes\n    meeting: talks\nrounds",
        "    reportable: yes\nrounds",
    )

    assert refused(dropped) == [
        ("rounds[0].max_length", "round_in_use", "round"),
        ("rounds[0].papers", "round_in_use", "round"),
    ]
    assert refused(("min_length: 1", "min_length: 2\n    fill: yes")) == [
        ("rounds[0].min_length", "round_in_use", "round"),
        ("rounds[0].fill", "round_in_use", "round"),
    ]


def test_load_course_may_close_a_round_later_until_it_is_closed() -> None:
    load()
    with_a_list()
    later = ("closes: 2026-04-17 18:00", "closes: 2026-04-18 18:00")

    assert load(SMALL, later).changed == {"round": 1}

    PreferenceRound.objects.update(closed_at=AT)
    assert refused() == [("rounds[0].closes", "round_in_use", "round")]


@pytest.mark.parametrize("at", [AT, datetime(2026, 4, 17, 15, 0, tzinfo=UTC)])
def test_load_course_never_closes_a_round_that_has_lists_earlier(at: datetime) -> None:
    load()
    earlier = ("closes: 2026-04-17 18:00", "closes: 2026-04-17 17:59")
    later = ("closes: 2026-04-17 18:00", "closes: 2026-04-17 18:01")
    with_a_list()

    assert refused(earlier, at=at) == [("rounds[0].closes", "round_closes_earlier", "round")]
    assert load(SMALL, later, at=at).changed == {"round": 1}


def test_load_course_may_close_a_round_earlier_while_nobody_submitted() -> None:
    load()

    assert load(SMALL, ("closes: 2026-04-17 18:00", "closes: 2026-04-16 18:00")).changed == {
        "round": 1
    }


def test_load_course_never_moves_a_deadline_to_less_than_a_day_ahead() -> None:
    load()
    closes = datetime(2026, 4, 16, 16, 0, tzinfo=UTC)
    earlier = ("closes: before the presentations of basics", "closes: 2026-04-16 18:00")
    hour = timedelta(hours=1)

    assert refused(earlier, at=closes - 24 * hour + timedelta(seconds=1)) == [
        ("assignments[0].closes", "deadline_too_soon", "report")
    ]
    assert load(SMALL, earlier, at=closes - 24 * hour).changed == {"assignment": 1}


def test_load_course_keeps_the_form_of_what_was_handed_in() -> None:
    load()
    submit("report")

    assert refused(("kind: report", "kind: report\n    report: {strengths: 2}")) == [
        ("assignments[0].key", "handed_in_already", "report")
    ]


WEIGHTS = (("weight: 60", "weight: 50"), ("weight: 40", "weight: 50")) * 2


def test_load_course_refuses_other_weights_once_marks_exist_unless_confirmed() -> None:
    load()
    assert load(SMALL, *WEIGHTS).changed == {"component": 2, "item": 2}
    load(at=AT)
    grade("report")

    assert refused(*WEIGHTS) == [
        ("components", "scheme_after_grades",
         "component talk, component work, item report, item talk"),
    ]  # fmt: skip
    assert load(SMALL, *WEIGHTS, confirm_scheme=True).changed == {"component": 2, "item": 2}


def test_load_course_allows_other_words_although_marks_exist() -> None:
    load()
    grade("report")

    report = load(SMALL, ("{key: form, title: Form, max: 4}", "{key: form, title: Style, max: 4}"))

    assert report.changed == {"rubric row": 1}


def test_load_course_refuses_a_maximum_below_a_mark() -> None:
    load()
    grade("talk", "9")

    assert refused(
        (
            "presentation: in_class\n    weight: 40\n    max: 10",
            "presentation: in_class\n    weight: 40\n    max: 8",
        ),
        confirm_scheme=True,
    ) == [("items[1].max", "max_below_mark", "8")]


def test_load_course_refuses_a_rubric_that_loses_marked_rows() -> None:
    load()
    grade("report")

    assert refused(
        ("{key: form, title: Form, max: 4}", "{key: style, title: Style, max: 4}"),
        confirm_scheme=True,
    ) == [("items[0].rubric", "in_use", "report")]


def test_load_course_refuses_another_scheme_once_results_are_frozen() -> None:
    load()
    course = Course.objects.get()
    ResultRun.objects.create(
        course=course, number=1, requested_at=AT, computed_at=AT, frozen_at=AT,
        frozen_by=Membership.objects.get().user,
    )  # fmt: skip

    assert [code for _, code, _ in refused(*WEIGHTS, confirm_scheme=True)] == ["frozen"]


def test_load_course_keeps_a_deadline_whose_meeting_is_cancelled() -> None:
    load()
    Meeting.objects.filter(key="talks").update(cancelled_at=AT, cancel_reason="ill")
    before = Assignment.objects.get().closes_at

    assert load().total == 0
    assert Assignment.objects.get().closes_at == before
    assert refused(
        ("closes: before the presentations of basics", "closes: end of meeting talks")
    ) == [("assignments[0].closes", "anchor_cancelled", "end of meeting talks")]


def test_load_course_says_all_conflicts_at_once() -> None:
    load()
    submit("report")
    grade("report")
    make_member(Course.objects.get())

    assert [code for _, code, _ in refused(
        ("zone: Europe/Berlin", "zone: Europe/Berlin\n  capacity: 0"),
        ("kind: report", "kind: report\n    report: {strengths: 2}"),
        *WEIGHTS,
    )] == ["capacity_below_use", "handed_in_already", "scheme_after_grades"]  # fmt: skip


def test_load_course_needs_as_many_queries_for_the_same_file_whatever_was_written(
    django_assert_max_num_queries: Any,
) -> None:
    file = parsed(SEMINAR.read_text())
    load_course(file, by=None, at=AT)

    with django_assert_max_num_queries(60):
        load_course(file, by=None, at=AT)


def test_load_course_lets_new_staff_in_by_the_reset_mail(client: Client) -> None:
    load()

    client.post(reverse("account_reset_password"), {"email": "iris@example.org"})

    (message,) = Message.objects.filter(to__email="iris@example.org")
    link = re.search(r"https?://\S+", message.text)
    assert link is not None
    page = client.get(urlsplit(link.group()).path, follow=True)
    client.post(
        page.request["PATH_INFO"], {"password1": "sehr-geheim-7", "password2": "sehr-geheim-7"}
    )
    assert User.objects.get(email="iris@example.org").check_password("sehr-geheim-7")
