"""Days, times and instants through every door: what can be meant in two ways is refused.

The course file has its own tests (``tests/desk/test_course_file_bad_input.py``), and so have wall
times in zones (``tests/courses/test_rules_instants.py``).
"""

from datetime import date, time
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation
from rest_framework import serializers

from assignments.models import Assignment, Extension
from courses.models import Course, Membership
from seminar.lib.form_fields import ClockTimeField, DayField
from seminar.lib.rest import Instant
from tests.api.calls import call, fields_of, refused
from tests.factories.assignments import make_report

pytestmark = pytest.mark.usefixtures("set_clock")

NO_DAY = [
    *("0000-01-01", "0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31", "2027-02-29"),
    *("2025-13-01", "2025-W43-1", "20251020", "2025-293", "20.10.2025", "10/11/2025", "10/11/25"),
    *(
        "Oct 20 2025",
        "2025-1-5",
        "2025/10/20",
        "\uff12\uff10\uff12\uff15-10-20",
        "2025-10-20T00:00",
    ),
    *("+2025-10-20", "-2025-10-20", "tomorrow", "1761000000", "2025-10-20 BC"),
]
NO_TIME = [
    *("24:00", "23:60", "23:59:60", "7:05", "1805", "18.05", "6:05 pm", "18:05Z", "18:05+01:00"),
    *("\uff11\uff18:05", "-01:00", "18:05:00.5", "noon"),
]
NO_INSTANT = [
    "2025-11-10T00:00:00",  # naive
    "2025-11-10",
    "2025-11-10T24:00:00Z",
    "2025-11-10T23:59:60Z",
    "2025-11-10T00:00:00+14:01",
    "2025-11-10T00:00:00-14:01",
    "2025-11-10T00:00:00+24:00",
    "2025-11-10T00:00:00+01",
    "2025-11-10T00:00:00+01:00:30",
    "2025-11-10T00:00:00+0100",
    "2025-11-10T00:00:00 Europe/Berlin",
    "2025-11-10T00:00:00.1234567Z",
    "20251110T000000Z",
    "2025-W46-1T00:00:00Z",
    "2025-314T00:00:00Z",
    "2027-02-29T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1999-12-31T23:59:59Z",
    "2101-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "\uff12\uff10\uff12\uff15-11-10T00:00:00Z",
    "10.11.2025 00:00",
    "now",
    "",
]
NO_INSTANT_AT_ALL: list[Any] = [0, 1762729200, 1e400, True, None, [], {}]


@pytest.mark.parametrize("text", NO_DAY)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_day_is_year_month_and_day(text: str, language: str) -> None:
    with translation.override(language), pytest.raises(ValidationError):
        DayField().clean(text)


@pytest.mark.parametrize("text", NO_TIME)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_time_has_24_hours(text: str, language: str) -> None:
    with translation.override(language), pytest.raises(ValidationError):
        ClockTimeField().clean(text)


def test_what_browsers_send_is_read() -> None:
    assert DayField().clean(" 2028-02-29 ") == date(2028, 2, 29)
    assert ClockTimeField().clean("00:00") == time(0)
    assert ClockTimeField().clean("23:59:59") == time(23, 59, 59)


@pytest.mark.parametrize("text", [*NO_INSTANT, *NO_INSTANT_AT_ALL], ids=repr)
def test_an_instant_is_written_with_its_offset(text: Any) -> None:
    with pytest.raises(serializers.ValidationError):
        Instant().run_validation(text)


@pytest.mark.parametrize(
    "text",
    [
        "2025-11-10T00:00:00+01:00",
        "2025-11-09T23:00Z",
        "2025-11-09 23:00:00.000Z",
        "2025-11-10t13:00:00+14:00",
    ],
)
def test_one_instant_can_be_written_in_several_ways(text: str) -> None:
    assert Instant().run_validation(text).isoformat() == "2025-11-09T23:00:00+00:00"


# --- A later deadline, by page and API -------------------------------------------------------


@pytest.fixture
def report(course: Course) -> Assignment:
    return make_report(course)


def test_an_extension_by_page_names_the_field(
    report: Assignment, student: Membership, instructor: Membership
) -> None:
    client = Client()
    client.force_login(instructor.user)
    address = f"/c/{report.course.slug}/manage/tasks/{report.key}/extensions"
    form = {"student": student.code, "reason": "Ill.", "nonce": "nonce-0001"}
    wrong = [
        ("10/11/2026", "23:59", "day"),
        ("2027-02-29", "23:59", "day"),
        ("9999-12-31", "23:59", "day"),
        ("2026-11-10", "24:00", "time"),
        ("2026-03-29", "02:30", "day"),  # clocks go forward over it in Berlin
    ]

    for day, at, field in wrong:
        answer = client.post(address, form | {"day": day, "time": at})

        assert answer.status_code == 422, (day, at)
        assert list(answer.context["form"].errors) == [field]

    assert Extension.objects.count() == 0


def test_an_extension_by_page_means_the_later_of_two_times(
    report: Assignment, student: Membership, instructor: Membership
) -> None:
    client = Client()
    client.force_login(instructor.user)
    address = f"/c/{report.course.slug}/manage/tasks/{report.key}/extensions"
    form = {"student": student.code, "reason": "Ill.", "nonce": "nonce-0001"}

    client.post(address, form | {"day": "2026-10-25", "time": "02:30"})

    assert Extension.objects.get().until.isoformat() == "2026-10-25T01:30:00+00:00"


def test_an_extension_by_api_names_the_field(
    report: Assignment, student: Membership, instructor: Membership
) -> None:
    path = f"tasks/{report.key}/extensions"
    for until in ("2026-11-10T00:00:00", "20261110T000000Z", "2026-W46-1T00:00Z", 1793000000):
        body = {"student": student.code, "until": until, "reason": "Ill."}
        answer = call(instructor, "POST", report.course, path, body)

        assert (refused(answer), fields_of(answer)) == ((422, "invalid"), ["until"])

    assert Extension.objects.count() == 0
