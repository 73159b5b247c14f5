"""One spelling per value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seminar.lib.canonical import canonical_bytes, canonical_hash

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda part: (
        st.lists(part, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), part, max_size=4)
    ),
    max_leaves=12,
)


def test_canonical_bytes_sort_keys_and_drop_blanks():
    assert (
        canonical_bytes({"b": [1, True, None], "a": "é"}) == '{"a":"é","b":[1,true,null]}'.encode()
    )


def test_canonical_hash_is_sha256():
    assert canonical_hash({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), [0.5], {"a": (1.5,)}, {1: 2}, {"a": object()}]
)
def test_canonical_bytes_refuse_what_has_no_single_spelling(value):
    with pytest.raises(TypeError):
        canonical_bytes(value)


@given(VALUES)
def test_canonical_bytes_survive_reading(value):
    written = canonical_bytes(value)

    assert json.loads(written) == value
    assert canonical_bytes(json.loads(written)) == written
