"""Sentences as data."""

from datetime import date, time

from django.utils import translation

from seminar.lib.words import Words

ON_DAY = Words("the lecture on %(day)s", {"day": date(2025, 10, 20)})


def test_text_formats_days_times_numbers_and_words_within():
    words = Words(
        "%(n)s days after %(meeting)s, at %(time)s, %(name)s",
        {"n": 7, "meeting": ON_DAY, "time": time(18, 5), "name": "50 %"},
    )

    with translation.override("en"):
        assert words.text() == "7 days after the lecture on Mon 20 Oct 2025, at 18:05, 50 %"


def test_plain_needs_no_language():
    assert Words("%(x)s!", {"x": ON_DAY}).plain() == "the lecture on 2025-10-20!"


def test_words_without_params():
    assert Words("Done").plain() == "Done"
