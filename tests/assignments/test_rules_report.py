"""What a report lacks, and what it is warned of."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.rules import (
    PaperReport,
    Part,
    PartState,
    ReportProblem,
    ReportSpec,
    content_hash,
    is_complete,
    page_warning,
    part_states,
    read_content,
    report_problems,
)

SPEC = ReportSpec()
FIVE = "The paper shards states. It saves memory. It is simple. It scales. It is used."


def about(paper, summary=FIVE, **changes):
    texts = {
        Part.SUMMARY: (summary,),
        Part.STRENGTH: ("s1", "s2", "s3"),
        Part.WEAKNESS: ("w1", "w2", "w3"),
        Part.IMPROVEMENT: ("i1",),
        Part.EXTENSION: ("e1",),
    }
    return PaperReport(paper, texts | {Part(name): text for name, text in changes.items()})


def missing(content, offered=None):
    return [(p.part, p.code) for p in report_problems(SPEC, content, offered).missing]


def test_a_full_report_is_complete_and_unwarned():
    content = (about("zero"), about("lora", FIVE + " It is fine."))

    assert report_problems(SPEC, content, ["zero", "lora"]).missing == ()
    assert report_problems(SPEC, content).warnings == ()
    assert is_complete(SPEC, content)
    assert {state.state for state in part_states(SPEC, content)} == {"ok"}


def test_an_empty_report_lacks_every_part():
    found = missing(())

    per_paper = [
        "summary.0",
        *(f"strength.{n}" for n in range(3)),
        *(f"weakness.{n}" for n in range(3)),
        "improvement.0",
        "extension.0",
    ]
    assert found == [("0.paper", "no_paper"), ("1.paper", "no_paper")] + [
        (f"{slot}.{part}", "empty") for slot in range(2) for part in per_paper
    ]


def test_one_strength_is_not_three():
    content = (about("zero", strength=("only", " \n", "")), about("lora"))

    assert missing(content) == [("0.strength.1", "empty"), ("0.strength.2", "empty")]
    assert not is_complete(SPEC, content)


def test_texts_count_wherever_they_stand():
    content = (about("zero", strength=("one", "", "two", "three")), about("lora"))

    assert missing(content) == []


@pytest.mark.parametrize(
    ("papers", "found"),
    [
        (("zero", "zero"), [("1.paper", "same_paper")]),
        (("zero", "other"), [("1.paper", "unknown_paper")]),
        ((None, "zero"), [("0.paper", "no_paper")]),
        (("other", "other"), [("0.paper", "unknown_paper"), ("1.paper", "unknown_paper")]),
    ],
)
def test_papers_are_chosen_distinct_and_from_the_list(papers, found):
    assert missing(tuple(map(about, papers)), ["zero", "lora"]) == found


@pytest.mark.parametrize(
    ("summary", "state", "warning"),
    [
        ("Only one.", PartState("0.summary.0", "short", 1), ("too_few_sentences", 1, 5)),
        (FIVE + " Six. Seven.", PartState("0.summary.0", "long", 7), ("too_many_sentences", 7, 6)),
    ],
)
def test_sentence_counts_warn_and_never_block(summary, state, warning):
    content = (about("zero", summary), about("lora"))

    check = report_problems(SPEC, content)

    assert check.missing == ()
    assert check.warnings == (ReportProblem("0.summary.0", *warning),)
    assert state in part_states(SPEC, content)


def test_the_numbers_are_data():
    spec = replace(SPEC, papers=1, strengths=0, weaknesses=1, improvements=2, summary_min=1)

    assert [s.part for s in part_states(spec, ())] == [
        "0.paper",
        "0.summary.0",
        "0.weakness.0",
        "0.improvement.0",
        "0.improvement.1",
        "0.extension.0",
    ]


def test_read_content_reads_what_a_submission_stores():
    entry = {
        "paper": "zero",
        "title": "ZeRO",
        "summary": FIVE,
        "strengths": ["s1", "s2", "s3"],
        "weaknesses": ["w1", "w2", "w3"],
        "improvements": ["i1"],
        "extensions": ["e1"],
    }

    assert read_content({"papers": [entry]}) == (about("zero"),)
    assert read_content({"papers": [{}]})[0].filled(Part.SUMMARY) == 0
    assert read_content({}) == ()


def test_content_hash_ignores_the_order_of_keys_only():
    assert content_hash({"a": "1", "b": ["x", "y"]}) == content_hash({"b": ["x", "y"], "a": "1"})
    assert content_hash({"b": ["x", "y"]}) != content_hash({"b": ["y", "x"]})


@given(st.lists(st.text(max_size=3), max_size=6))
def test_three_filled_texts_are_enough(texts):
    content = (about("zero", strength=tuple(texts)), about("lora"))

    filled = sum(bool(text.strip()) for text in texts)
    assert is_complete(SPEC, content) is (filled >= 3)
    assert len(missing(content)) <= 3


@pytest.mark.parametrize(
    ("pages", "warning"),
    [(None, "pages_unknown"), (0, "too_few_pages"), (1, None), (2, None), (3, "too_many_pages")],
)
def test_page_warning(pages, warning):
    assert page_warning(pages, 1, 2) == warning
