"""Times, status words and form controls as pages write them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django import forms
from django.template import Context, Template
from heroicons import IconDoesNotExist

from seminar.lib.templatetags import seminar_format as fmt

BERLIN = "Europe/Berlin"
DEADLINE = datetime(2025, 11, 9, 23, 0, tzinfo=UTC)  # 10 Nov, 00:00 in Berlin
NOW = datetime(2025, 11, 7, 15, 0, tzinfo=UTC)


def test_course_time_names_day_time_and_place() -> None:
    at = datetime(2025, 10, 20, 14, 0, tzinfo=UTC)
    assert fmt.course_time(at, BERLIN) == "Mon 20 Oct 2025, 16:00 Berlin time"


def test_course_time_keeps_wall_time_across_the_clock_change() -> None:
    at = datetime(2025, 10, 27, 15, 0, tzinfo=UTC)
    assert fmt.course_time(at, BERLIN) == "Mon 27 Oct 2025, 16:00 Berlin time"


def test_course_time_in_utc_says_utc() -> None:
    assert fmt.course_time(NOW, "UTC") == "Fri 7 Nov 2025, 15:00 UTC"


def test_course_date_is_the_local_day() -> None:
    assert fmt.course_date(DEADLINE, BERLIN) == "Mon 10 Nov 2025"
    assert fmt.course_date(DEADLINE, "America/New_York") == "Sun 9 Nov 2025"


def test_course_clock_is_the_local_time() -> None:
    assert fmt.course_clock(NOW, BERLIN) == "16:00"


def test_deadline_at_midnight_reads_as_the_evening_before() -> None:
    assert fmt.deadline(DEADLINE, BERLIN) == "Sun 9 Nov 2025, 23:59 Berlin time"


def test_deadline_at_midnight_elsewhere_is_an_ordinary_time() -> None:
    assert fmt.deadline(DEADLINE, "America/New_York") == "Sun 9 Nov 2025, 18:00 New York time"


def test_deadline_of_1_january_belongs_to_the_old_year() -> None:
    at = datetime(2025, 12, 31, 23, 0, tzinfo=UTC)
    assert fmt.deadline(at, BERLIN) == "Wed 31 Dec 2025, 23:59 Berlin time"


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlin", "Berlin time"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
    ],
)
def test_zone_is_said_as_a_place(zone: str, words: str) -> None:
    assert fmt.zone_words(zone) == words


@pytest.mark.parametrize("show", [fmt.course_time, fmt.course_date, fmt.course_clock, fmt.deadline])
def test_no_instant_shows_nothing(show: object) -> None:
    assert show(None, BERLIN) == ""  # type: ignore[operator]


def test_naive_instant_is_a_programming_error() -> None:
    with pytest.raises(AssertionError):
        fmt.course_time(NOW.replace(tzinfo=None), BERLIN)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(days=2, hours=23), "in 2 days"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(hours=23, minutes=59), "in 23 hours"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=-59), "now"),
        (timedelta(hours=-3), "3 hours ago"),
        (timedelta(days=-8), "8 days ago"),
    ],
)
def test_relative_never_rounds_up(distance: timedelta, words: str) -> None:
    assert fmt.relative(NOW + distance, NOW) == words


def test_relative_without_an_instant_is_empty() -> None:
    assert (fmt.relative(None, NOW), fmt.relative(NOW, None)) == ("", "")


def test_iso_is_utc() -> None:
    berlin = DEADLINE.astimezone(fmt._zone(BERLIN))
    assert fmt.iso(berlin) == "2025-11-09T23:00:00Z"
    assert fmt.iso(None) == ""


@pytest.mark.parametrize("status", ["submitted_late", "Submitted late", "SUBMITTED_LATE"])
def test_status_is_known_by_code_and_by_word(status: str) -> None:
    assert (fmt.status_word(status), fmt.pill_tone(status)) == ("Submitted late", "warn")


def test_status_with_a_comma_is_known() -> None:
    assert fmt.pill_tone("Graded, not released") == "info"


def test_unknown_status_is_shown_as_it_is() -> None:
    assert (fmt.status_word("On loan"), fmt.pill_tone("On loan")) == ("On loan", "neutral")


@pytest.mark.parametrize("code", fmt.STATUSES)
def test_every_status_has_a_tone_and_an_icon_that_exists(code: str) -> None:
    assert fmt.pill_tone(code) in {"neutral", "info", "ok", "warn", "bad"}
    assert fmt.icon(fmt.pill_icon(code)).startswith("<svg")


def test_icon_is_hidden_from_screen_readers() -> None:
    assert 'aria-hidden="true"' in fmt.icon("check")


def test_icon_that_does_not_exist_is_a_programming_error() -> None:
    with pytest.raises(IconDoesNotExist):
        fmt.icon("no-such-drawing")


@pytest.mark.parametrize(
    ("value", "whole", "length"),
    [
        ("22", "50", "44.00%"),
        (Fraction(1, 3), 1, "33.33%"),
        (Decimal("49.999"), "100", "49.99%"),
        ("60", "50", "100.00%"),
        ("-1", "50", "0.00%"),
        ("", "50", "0.00%"),
        ("1", "0", "0%"),
    ],
)
def test_share_is_cut_not_rounded(value: object, whole: object, length: str) -> None:
    assert fmt.share(value, whole) == length  # type: ignore[arg-type]


def test_plus_is_exact() -> None:
    assert fmt.plus("0.1", Fraction(1, 5)) == "3/10"


class Form(forms.Form):
    title = forms.CharField(help_text="As on the paper")
    agree = forms.BooleanField()
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    file = forms.FileField()
    secret = forms.CharField(widget=forms.HiddenInput)


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("title", "single"),
        ("agree", "checkbox"),
        ("kind", "group"),
        ("file", "file"),
        ("secret", "hidden"),
    ],
)
def test_control_kind_follows_the_widget(field: str, kind: str) -> None:
    assert fmt.control_kind(Form()[field]) == kind


def test_error_target_of_radios_is_the_first_choice() -> None:
    form = Form({})
    assert (fmt.error_target(form["title"]), fmt.error_target(form["kind"])) == (
        "id_title",
        "id_kind_0",
    )


def test_control_is_tied_to_hint_and_error() -> None:
    template = Template("{% load seminar_format %}{% control form.title %}")
    wrong = template.render(Context({"form": Form({})}))
    assert 'aria-describedby="id_title_hint id_title_error"' in wrong
    assert 'aria-invalid="true"' in wrong
    assert 'aria-describedby="id_title_hint"' in template.render(Context({"form": Form()}))


def test_control_without_hint_and_error_is_tied_to_nothing() -> None:
    template = Template("{% load seminar_format %}{% control form.agree %}")
    assert "aria-describedby" not in template.render(Context({"form": Form()}))
