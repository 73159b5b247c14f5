"""Writing the reminders that are due."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment, Extension, Submission
from courses.models import Course, Membership
from seminar.desk.actions.reminders import plan_reminders
from seminar.notifications.models import Message
from tests.factories.assignments import make_report
from tests.factories.courses import make_member

DEADLINE = datetime(2025, 11, 9, 23, 0, tzinfo=UTC)
TWO_DAYS_BEFORE = DEADLINE - timedelta(days=2)


@pytest.fixture
def report(course: Course) -> Assignment:
    return make_report(
        course,
        title="Report 1",
        opens_at=DEADLINE - timedelta(days=30),
        closes_at=DEADLINE,
    )


def reminded() -> list[str]:
    return list(Message.objects.order_by("id").values_list("address", flat=True))


def test_plan_reminders_writes_one_per_student(
    report: Assignment, student: Membership, ta: Membership, withdrawn: Membership
) -> None:
    assert plan_reminders(at=TWO_DAYS_BEFORE) == 1
    assert plan_reminders(at=TWO_DAYS_BEFORE + timedelta(minutes=1)) == 0

    message = Message.objects.get()
    assert message.address == student.user.email
    assert message.subject == "[ELLM] Report 1 is due Sun 9 Nov 2025, 23:59 Berlin time"
    assert f"/c/{report.course.slug}/work/{report.key}" in message.text
    assert message.stream == Message.Stream.OPTIONAL


def test_plan_reminders_skips_who_has_submitted(
    report: Assignment, student: Membership, other_student: Membership
) -> None:
    Submission.objects.create(
        assignment=report,
        membership=student,
        number=1,
        received_at=TWO_DAYS_BEFORE,
        content={},
        content_hash="0" * 64,
    )

    plan_reminders(at=TWO_DAYS_BEFORE)

    assert reminded() == [other_student.user.email]


def test_plan_reminders_follows_an_extension(
    report: Assignment, student: Membership, other_student: Membership, ta: Membership
) -> None:
    Extension.objects.create(
        assignment=report,
        membership=student,
        until=DEADLINE + timedelta(days=3),
        reason="Ill",
        granted_by=ta,
        granted_at=TWO_DAYS_BEFORE,
    )

    plan_reminders(at=TWO_DAYS_BEFORE)
    assert reminded() == [other_student.user.email]

    plan_reminders(at=DEADLINE + timedelta(days=1))
    assert reminded() == [other_student.user.email, student.user.email]


def test_plan_reminders_reminds_again_of_a_moved_deadline(
    report: Assignment, student: Membership
) -> None:
    plan_reminders(at=TWO_DAYS_BEFORE)
    report.closes_at = DEADLINE + timedelta(days=7)
    report.save()

    assert plan_reminders(at=TWO_DAYS_BEFORE + timedelta(hours=1)) == 0
    assert plan_reminders(at=TWO_DAYS_BEFORE + timedelta(days=7)) == 1
    assert len(reminded()) == 2


def test_plan_reminders_goes_on_after_one_that_fails(
    course: Course,
    report: Assignment,
    student: Membership,
    other_course: Course,
    outsider: Membership,
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_report(other_course, opens_at=report.opens_at, closes_at=DEADLINE - timedelta(minutes=1))
    Course.objects.filter(pk=other_course.pk).update(zone="Nowhere/City")

    assert plan_reminders(at=TWO_DAYS_BEFORE) == 1
    assert reminded() == [student.user.email]
    assert len([record for record in caplog.records if "was not written" in record.message]) == 1

    Course.objects.filter(pk=other_course.pk).update(zone="Europe/Berlin")
    assert plan_reminders(at=TWO_DAYS_BEFORE) == 1


def test_plan_reminders_reads_all_before_it_writes(
    course: Course, report: Assignment, student: Membership, other_student: Membership
) -> None:
    make_report(course, opens_at=report.opens_at, closes_at=DEADLINE)
    with CaptureQueriesContext(connection) as found:
        assert plan_reminders(at=TWO_DAYS_BEFORE) == 4
    kinds = [query["sql"].lstrip('"( ').split()[0] for query in found]
    reads = [n for n, query in enumerate(found) if "courses_membership" in query["sql"]]
    assert max(reads) < kinds.index("INSERT")


def test_plan_reminders_fires_no_burst_after_a_pause(
    report: Assignment, student: Membership
) -> None:
    assert plan_reminders(at=DEADLINE - timedelta(hours=1)) == 1
    assert len(reminded()) == 1


def test_plan_reminders_hides_what_has_not_opened(report: Assignment, student: Membership) -> None:
    report.opens_at = DEADLINE - timedelta(hours=12)
    report.save()

    assert plan_reminders(at=TWO_DAYS_BEFORE) == 0


@pytest.mark.parametrize("students", [1, 4])
def test_plan_reminders_query_count(
    course: Course, report: Assignment, students: int, django_assert_num_queries: object
) -> None:
    """Nothing due: one query for the assignments, four for the one in question."""
    for _ in range(students):
        make_member(course)
    with django_assert_num_queries(5):  # type: ignore[operator]
        plan_reminders(at=DEADLINE - timedelta(days=4))
