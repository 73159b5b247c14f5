"""The demo, loaded once for this module and taken back at its end."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from assignments.models import Draft, StoredFile, Submission
from assignments.queries import draft_content, parts_done, spec_of
from courses.models import Course, Meeting, Membership
from grading.models import AttendanceMark, ResultRun
from grading.queries import (
    facts_of,
    item_page,
    staff_standings,
    standing_page,
    student_standing,
)
from presentations.models import (
    Allocation,
    PreferenceList,
    PreferenceRound,
    Presentation,
    Presenter,
    QueueEvent,
)
from presentations.queries import replay_bytes
from seminar.accounts.models import AuditEntry, User
from seminar.desk.actions.demo import load_demo
from seminar.desk.actions.reminders import plan_reminders
from seminar.desk.queries.demo import demo_accounts
from seminar.desk.queries.invariants import run
from seminar.desk.rules.demo import EMAILS
from seminar.lib.canonical import canonical_bytes
from seminar.lib.numbers import shown
from seminar.lib.uploads import verify_file
from seminar.notifications.actions import deliver
from seminar.notifications.models import Message
from tests.desk.breaking import promised

NOW = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
MAIN, OTHER = "efficient-llm-training", "retrieval-reading-group"


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The demo as it is on a Wednesday noon in November, in a transaction that is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_demo(at=NOW)
        yield
        transaction.set_rollback(True)


# Each test runs in a savepoint of that transaction.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


@pytest.fixture
def course() -> Course:
    return Course.objects.get(slug=MAIN)


@pytest.fixture
def reading_group() -> Course:
    return Course.objects.get(slug=OTHER)


def member(course: Course, who: str) -> Membership:
    people = Membership.objects.select_related("user", "course")
    return people.get(course=course, user__email__startswith=f"{who}@")


def people(course: Course) -> dict[tuple[str, str], int]:
    return dict(Counter(course.memberships.values_list("role", "state")))


def statuses(course: Course, key: str) -> dict[str, int]:
    page = item_page(course, key, at=NOW)
    assert page is not None
    return dict(Counter(row.status for row, _talk in page.rows))


def totals() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def test_load_demo_makes_the_people(course: Course, reading_group: Course) -> None:
    assert people(course) == {
        ("student", "active"): 24,
        ("student", "applied"): 2,
        ("student", "waitlisted"): 1,
        ("student", "declined"): 1,
        ("student", "withdrawn"): 1,
        ("auditor", "active"): 1,
        ("ta", "active"): 2,
        ("instructor", "active"): 1,
    }
    assert people(reading_group) == {
        ("student", "active"): 7,
        ("student", "applied"): 1,
        ("ta", "active"): 2,
        ("instructor", "active"): 2,
    }


def test_load_demo_leaves_one_click_as_the_only_way_in() -> None:
    assert len(demo_accounts()) == len(EMAILS) == 3
    assert [user.email for user in User.objects.all() if user.has_usable_password()] == []
    roles = Membership.objects.filter(user__email__in=EMAILS).order_by("course", "user__email")
    of_one_course = ["student", "ta", "instructor"]
    assert list(roles.values_list("role", flat=True)) == of_one_course * 2


def test_load_demo_confirms_everybodys_address() -> None:
    confirmed = EmailAddress.objects.filter(verified=True, primary=True)

    assert set(confirmed.values_list("user", "email")) == set(
        User.objects.values_list("pk", "email")
    )


def test_load_demo_has_an_applicant_without_enough_courses(course: Course) -> None:
    applicants = course.memberships.filter(state="applied").select_related("application")
    passed = {str(m): m.application.courses_passed.count() for m in applicants}
    assert passed == {"Leila Farahani": 2, "Oskar Brandl": 1}
    assert course.prerequisites_needed == 2


def test_load_demo_stands_between_the_last_lecture_and_the_next_talks(course: Course) -> None:
    meetings = list(Meeting.objects.filter(course=course).select_related("course"))
    past = [meeting for meeting in meetings if meeting.ends_at < NOW]
    assert [past[-1].key, meetings[len(past)].key] == ["parallelism-2", "system-talks"]
    assert timedelta(0) < NOW - past[-1].ends_at < timedelta(days=8)


def test_load_demo_reaches_every_state_of_work(course: Course) -> None:
    assert statuses(course, "report-1") == {
        "released": 10,
        "graded_not_released": 4,
        "being_graded": 7,
        "missing": 2,
        "excused": 1,
    }
    assert statuses(course, "mini-1") == {
        "released": 5,
        "graded_not_released": 3,
        "being_graded": 14,
        "missing": 2,
    }
    assert statuses(course, "report-2") == {"submitted": 3, "not_due": 21}


def test_load_demo_has_versions_automatic_ones_and_an_extension(course: Course) -> None:
    first = Submission.objects.filter(assignment__course=course, assignment__key="report-1")
    by_number = Counter(first.values_list("number", "source"))
    assert by_number == {(1, "student"): 20, (1, "automatic"): 1, (2, "student"): 1}
    late = first.get(membership=member(course, "ibrahim.sesay"))
    assert late.received_at > late.assignment.closes_at
    assert late.late_days == 0


def test_load_demo_leaves_drafts_at_several_stages(course: Course) -> None:
    drafts = Draft.objects.filter(assignment__course=course, assignment__key="report-2")
    done = {
        str(draft.membership): parts_done(spec_of(draft.assignment), draft_content(draft))
        for draft in drafts.select_related("assignment", "membership__user")
    }
    assert done["Ada Okafor"] == (6, 10)
    assert sorted(whole for whole, _asked in done.values()) == [0, 0, 1, 3, 6, 9, 10, 10, 10]


def test_load_demo_keeps_real_files() -> None:
    files = list(StoredFile.objects.all())
    assert [file for file in files if not verify_file(file.sha256)] == []
    assert Counter(file.pages for file in files) == {1: 3, 2: 18, 3: 1}


def test_load_demo_serves_lists_in_order(course: Course, reading_group: Course) -> None:
    published, open_ = PreferenceRound.objects.order_by("course__slug", "pk")
    assert (published.course, open_.course) == (course, reading_group)
    assert (published.last_number, open_.last_number) == (25, 4)
    given = list(QueueEvent.objects.filter(round=published, kind="submitted").order_by("seq"))
    assert [event.number for event in given] == list(range(1, 26))
    assert all(earlier.at < later.at for earlier, later in pairwise(given))
    held = set(PreferenceList.objects.filter(round=published).values_list("number", flat=True))
    assert set(range(1, 26)) - held == {17}
    assert open_.opens_at < NOW < open_.closes_at
    assert open_.closes_at - NOW > timedelta(days=1)
    without = course.memberships.active().students().filter(preference_lists=None)
    assert [str(student) for student in without] == ["Tomáš Novák"]


def test_load_demo_publishes_an_allocation_that_replays(course: Course) -> None:
    allocation = Allocation.objects.get()
    assert allocation.published_at is not None
    assert replay_bytes(allocation) == canonical_bytes(allocation.outcome)
    placed = Presenter.objects.live().filter(kind="in_class", presentation__course=course)
    assert placed.count() == 23
    assert placed.filter(presentation__allocation=allocation).count() == 23


def test_load_demo_gives_talks_that_fit_their_meetings(course: Course) -> None:
    for meeting in Meeting.objects.filter(course=course).select_related("course"):
        talks = Presentation.objects.filter(meeting=meeting)
        assert sum(t.minutes + t.changeover_minutes for t in talks) <= meeting.minutes


def test_load_demo_has_presenters_who_were_there(course: Course) -> None:
    held = Presenter.objects.live().filter(presentation__meeting__key="phases-talks")
    marks = AttendanceMark.objects.filter(
        meeting__key="phases-talks", membership__in=held.values("membership")
    )
    assert set(marks.values_list("status", flat=True)) <= {"in_room", "online", "late"}
    assert marks.count() == held.count() == 11
    assert statuses(course, "in-class-talk") == {
        "released": 5,
        "graded_not_released": 4,
        "being_graded": 2,
        "not_due": 13,
    }


def test_load_demo_takes_attendance_of_every_past_meeting(course: Course) -> None:
    taken = Counter(
        AttendanceMark.objects.filter(meeting__course=course).values_list("status", flat=True)
    )
    assert set(taken) == set(AttendanceMark.Status.values)
    by_meeting = Counter(
        AttendanceMark.objects.filter(meeting__course=course).values_list("meeting__key", flat=True)
    )
    assert list(by_meeting.values()) == [24] * 9


def test_load_demo_has_somebody_an_inch_below_half(course: Course) -> None:
    rafael = member(course, "rafael.costa")
    facts = facts_of(course, only=rafael)
    for judged in (student_standing(facts, rafael, at=NOW), *staff_standings(facts, at=NOW)):
        part = judged.standing.part("participation")
        assert part.running == Fraction(8999, 180)
        assert shown(part.running, threshold=50) == "49.99"
        holds = {found.clause.component: found.holds for found in judged.outcome.clauses}
        assert holds["participation"] is None
    sentence = standing_page(rafael, at=NOW).sentence.plain()
    assert sentence == "You need 1.2 more points in Participation. 3.08 are still open."


def test_load_demo_computes_results(course: Course) -> None:
    run = ResultRun.objects.get(course=course)
    assert (run.results.count(), run.frozen_at) == (24, None)


def test_load_demo_writes_history_in_order() -> None:
    for rows, field in ((AuditEntry.objects, "at"), (Message.objects, "queued_at")):
        instants = list(rows.order_by("pk").values_list(field, flat=True))
        assert instants == sorted(instants)
        assert instants[-1] <= NOW
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"load_course", "submit_list", "allocate_round", "grade_item", "release_item"} <= verbs
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}


def test_load_demo_again_changes_nothing(set_clock: Any) -> None:
    set_clock(NOW)
    before = totals()
    call_command("load_demo", if_empty=True, stdout=StringIO())
    with pytest.raises(CommandError, match="There are courses already"):
        call_command("load_demo", stdout=StringIO())
    assert totals() == before


def test_load_demo_is_refused_outside_the_demo(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="only where DEMO is on"):
        call_command("load_demo", stdout=StringIO())


@pytest.mark.parametrize("email", sorted(EMAILS))
def test_demo_people_open_their_courses(email: str, set_clock: Any) -> None:
    set_clock(NOW)
    client = Client()
    client.force_login(User.objects.get(email=email))
    for address in ("/", f"/c/{MAIN}/", f"/c/{OTHER}/", f"/c/{MAIN}/schedule"):
        assert client.get(address, follow=True).status_code == 200, address


def test_check_invariants_is_clean_on_the_demo() -> None:
    """After one tick of the jobs, as the worker does within a minute of loading."""
    plan_reminders(at=NOW)
    deliver(now=lambda: NOW)

    # The storage also holds what other tests uploaded.
    ids = promised() - {"I-12"}
    found = list(run(at=NOW, only=ids))

    assert [finding for finding in found if finding.violations or finding.error] == []
