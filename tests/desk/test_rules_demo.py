"""The pure parts of the demo."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from pypdf import PdfReader

from assignments.rules import Part, sentence_count
from seminar.desk.rules.demo import (
    PaperTexts,
    Term,
    drawn,
    experiment_pages,
    moment_between,
    pdf_of,
    points_for,
    read_texts,
    report_parts,
    whole_weeks,
)

UNTIL = datetime.fromisoformat("2025-12-16T18:00:00")
TEXTS = read_texts((Path(settings.BASE_DIR) / "examples/demo/reports.yaml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("at", "weeks"),
    [
        (datetime(2025, 12, 16, 17, 0, tzinfo=UTC), 0),
        (datetime(2025, 12, 23, 16, 59, 59, tzinfo=UTC), 0),
        (datetime(2025, 12, 23, 17, 0, tzinfo=UTC), 1),
        (datetime(2025, 12, 16, 16, 59, 59, tzinfo=UTC), -1),
        (datetime(2026, 6, 30, 16, 0, tzinfo=UTC), 28),
        (datetime(2026, 6, 30, 15, 59, 59, tzinfo=UTC), 27),
    ],
)
def test_whole_weeks_puts_the_story_just_before_now(at: datetime, weeks: int) -> None:
    assert whole_weeks(UNTIL, at, "Europe/Berlin") == weeks
    moved = Term("Europe/Berlin", weeks).at(UNTIL)
    assert timedelta(0) <= at - moved < timedelta(weeks=1)


def test_term_keeps_wall_times_across_a_change_of_clocks() -> None:
    summer = Term("Europe/Berlin", 28).at(UNTIL)
    assert summer == datetime(2026, 6, 30, 16, 0, tzinfo=UTC)


def test_drawn_depends_on_the_seed_alone() -> None:
    options = tuple("abcdef")
    assert drawn("one", options, 3) == drawn("one", options[::-1], 3)
    assert len({drawn(str(seed), options, 3) for seed in range(50)}) > 10


def test_moment_between_stays_inside_and_leaves_the_night_alone() -> None:
    first, last = UNTIL.replace(hour=9), UNTIL.replace(hour=15) + timedelta(days=3)
    moments = [moment_between(str(seed), first, last) for seed in range(300)]
    assert [m for m in moments if not first <= m < last or m.hour < 6] == []


@pytest.mark.parametrize(
    ("quality", "least", "most"), [(0, 0, 0), (5, 1, 2), (9, 2, 3), (10, 3, 3)]
)
def test_points_for_follow_the_quality(quality: int, least: int, most: int) -> None:
    found = {points_for(str(seed), quality, Decimal(3)) for seed in range(200)}
    assert found == {Decimal(points) for points in range(least, most + 1)}


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
def test_report_parts_are_a_whole_report(texts: PaperTexts) -> None:
    for seed in map(str, range(8)):
        parts = report_parts(texts, seed)
        assert [len(set(parts[part])) for part in Part] == [1, 3, 3, 1, 1]
        assert sentence_count(parts[Part.SUMMARY][0]) in {5, 6}


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_pdf_of_is_a_pdf_with_these_pages(pages: int) -> None:
    data = pdf_of(experiment_pages("seed", pages))
    assert data == pdf_of(experiment_pages("seed", pages))
    read = PdfReader(BytesIO(data), strict=True).pages
    assert len(read) == pages
    assert read[0].extract_text().splitlines()[0] == (
        "Mini-assignment 1: Fit a training run into memory"
    )


def test_pdf_of_escapes_what_means_something_in_a_pdf() -> None:
    text = PdfReader(BytesIO(pdf_of([["a (b) \\ c", "Łukasz"]]))).pages[0].extract_text()
    assert text.splitlines() == ["a (b) \\ c", "?ukasz"]
