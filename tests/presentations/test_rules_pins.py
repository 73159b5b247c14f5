"""Pins, late lists and the talk-time budget: what is refused, what is told."""

from dataclasses import replace

import pytest

from presentations.rules import (
    AllocationInputs,
    Budget,
    MeetingTime,
    PaperFact,
    Pin,
    RankedList,
    Unavailability,
    Unwanted,
    budgets,
    late_refusal,
    pin_refusal,
    pin_warnings,
    students_asking,
)

pytestmark = pytest.mark.once


def paper(key, meeting="m1", capacity=1, **fields):
    return PaperFact(key, meeting, capacity, 20, 2, **fields)


INPUTS = AllocationInputs(
    "first",
    papers=(paper("a"), paper("b"), paper("c", "m2", capacity=2)),
    meetings=(MeetingTime("m1", 30), MeetingTime("m2", 120)),
    lists=(RankedList("x", 1, ("a", "c")),),
    pins=(Pin("p", "a"),),
    unavailable=(Unavailability("x", ("m2",)),),
    holding=("h",),
    unwanted=(Unwanted("y", ("c",)),),
    non_respondents=("y", "h"),
)


@pytest.mark.parametrize(
    ("student", "key", "refusal"),
    [
        ("x", "c", None),
        ("x", "gone", "not_offered"),
        ("h", "c", "has_a_talk"),
        ("p", "c", "pinned"),
        ("x", "a", "paper_full"),
        ("x", "b", "meeting_full"),
    ],
)
def test_pin_refusal_says_what_stands_against_it(student, key, refusal):
    assert pin_refusal(INPUTS, Pin(student, key)) == refusal


def test_pin_refusal_looks_at_this_pin_only():
    broken = replace(INPUTS, pins=(*INPUTS.pins, Pin("q", "a")))

    assert pin_refusal(broken, Pin("x", "c")) is None
    assert pin_refusal(broken, Pin("x", "a")) == "paper_full"


@pytest.mark.parametrize(
    ("student", "key", "warnings"),
    [
        ("x", "c", ("unavailable",)),
        ("x", "b", ("unlisted",)),
        ("y", "c", ("unwanted",)),
        ("y", "a", ()),
    ],
)
def test_pin_warnings_name_the_wishes_it_goes_against(student, key, warnings):
    assert pin_warnings(INPUTS, Pin(student, key)) == warnings


@pytest.mark.parametrize(
    ("closed", "published", "late", "has_list", "refusal"),
    [
        (False, False, True, False, "still_open"),
        (True, False, False, False, None),
        (True, False, True, True, "has_list"),
        (True, True, True, False, None),
        (True, True, False, False, "not_late"),
    ],
)
def test_late_refusal(closed, published, late, has_list, refusal):
    found = late_refusal(
        is_closed=closed, is_published=published, joined_late=late, has_list=has_list
    )
    assert found == refusal


def test_budgets_of_talks_that_do_not_fit():
    papers = tuple(paper(f"p{n:02}", capacity=1 + (n == 3)) for n in range(12))
    (found,) = budgets(replace(INPUTS, papers=papers, meetings=(MeetingTime("m1", 120),)))

    assert found == Budget("m1", talks=12, each=22, minutes=120, used_minutes=0, places=6)
    assert (found.needed, found.free, found.fit, found.is_short) == (264, 120, 5, True)


def test_budgets_count_what_stands_already():
    papers = (paper("a", taken=1), paper("b", has_slot=True), paper("c"), paper("d", "m2"))
    first, second, empty = budgets(
        replace(
            INPUTS,
            papers=papers,
            meetings=(
                MeetingTime("m2", 22),
                MeetingTime("m1", 60, used_minutes=44),
                MeetingTime("m3", 10, used_minutes=44),
            ),
        )
    )

    assert (first.talks, first.free, first.fit, first.is_short, first.places) == (1, 16, 0, True, 1)
    assert (second.talks, second.fit, second.is_short, second.places) == (1, 1, False, 1)
    assert (empty.talks, empty.free, empty.fit, empty.is_short, empty.places) == (0, 0, 0, False, 0)


def test_students_asking_are_those_without_a_talk():
    assert students_asking(INPUTS) == 3
