"""The one counting rule, case by case."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.rules import sentence_count

CASES = json.loads((Path(__file__).parent / "sentences.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:30] or "empty")
def test_sentence_count(case):
    assert sentence_count(case["text"]) == case["sentences"]


@given(st.text())
def test_sentence_count_takes_any_text(text):
    assert 0 <= sentence_count(text) <= len(text)


@given(st.integers(0, 20))
def test_sentence_count_of_plain_sentences(number):
    assert sentence_count("The method shards every state. " * number) == number


@pytest.mark.parametrize(
    "piece", [".", ")", "\n", " \n", ". ", "A. ", "et al. ", "x", '?!"', "\u3002", "1. "]
)
def test_sentence_count_is_quick_on_long_text(piece):
    text = piece * (64 * 1024 // len(piece)) + "x"

    started = time.process_time()
    sentence_count(text)

    assert time.process_time() - started < 2
