"""Sentences for one student, with nobody else in them."""

from dataclasses import replace

from hypothesis import given

from presentations.rules import (
    SENTENCES,
    AllocationInputs,
    MeetingTime,
    PaperFact,
    Pin,
    RankedList,
    Unavailability,
    Unwanted,
    allocate,
    explain,
)
from tests.presentations.test_rules_allocation import rounds

INPUTS = AllocationInputs(
    "round-1",
    papers=(
        PaperFact("a", "m1", 1, 20, 4),
        PaperFact("b", "m1", 1, 20, 4),
        PaperFact("c", "m2", 1, 20, 4),
        PaperFact("d", "m3", 1, 20, 4),
    ),
    meetings=(MeetingTime("m1", 30), MeetingTime("m2", 30), MeetingTime("m3", 30)),
    lists=(RankedList("x", 1, ("a",)), RankedList("y", 2, ("a", "b", "gone", "c", "d"))),
    unavailable=(Unavailability("y", ("m2",)),),
    pins=(),
)


def told(inputs, student):
    trace = next(t for t in allocate(inputs).traces if t.student == student)
    return [(s.code, dict(s.params)) for s in explain(trace)]


def test_explain_tells_each_choice_in_turn():
    assert told(INPUTS, "y") == [
        ("your_number", {"number": 2}),
        ("went_before", {"choice": 1, "paper": "a"}),
        ("meeting_full", {"choice": 2, "paper": "b"}),
        ("not_offered", {"choice": 3, "paper": "gone"}),
        ("unavailable", {"choice": 4, "paper": "c"}),
        ("placed", {"choice": 5, "paper": "d"}),
    ]


def test_explain_tells_a_pin():
    assert told(replace(INPUTS, pins=(Pin("z", "c"),)), "z") == [
        ("no_list", {}),
        ("pinned", {"paper": "c"}),
    ]


def test_explain_tells_who_stays_without():
    lists = (RankedList("x", 1, ("a",)), RankedList("y", 2, ("a",)))

    assert told(replace(INPUTS, lists=lists), "y")[-1] == ("unplaced", {})
    assert told(replace(INPUTS, non_respondents=("z",)), "z") == [("no_list", {})]
    assert told(replace(INPUTS, holding=("y",)), "y")[-1] == ("already_presents", {})


def test_explain_does_not_list_the_papers_nobody_asked_for():
    inputs = replace(INPUTS, lists=(), fill=True, non_respondents=("p", "q", "r", "s"))

    assert told(inputs, "p") == [("no_list", {}), ("filled", {"paper": "a"})]
    assert told(inputs, "s") == [("no_list", {}), ("no_place_left", {})]


def test_explain_tells_what_was_left_out_because_it_is_not_wanted():
    inputs = replace(
        INPUTS,
        lists=(RankedList("x", 1, ("a", "b")),),
        fill=True,
        non_respondents=("y",),
        unavailable=(),
        unwanted=(Unwanted("x", ("a",)), Unwanted("y", ("b", "c"))),
    )

    assert told(inputs, "x") == [
        ("your_number", {"number": 1}),
        ("unwanted", {"choice": 1, "paper": "a"}),
        ("placed", {"choice": 2, "paper": "b"}),
    ]
    assert told(inputs, "y") == [
        ("no_list", {}),
        ("filled", {"paper": "d"}),
        ("kept_off", {}),
    ]


@given(rounds())
def test_explain_names_nobody_and_uses_known_codes(inputs):
    for trace in allocate(inputs).traces:
        for sentence in explain(trace):
            assert sentence.code in SENTENCES
            assert set(sentence.params) <= {"number", "choice", "paper"}
