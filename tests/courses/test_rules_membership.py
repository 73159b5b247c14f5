"""Membership states, prerequisites, slugs."""

import pytest

from courses.rules import (
    Actor,
    State,
    check_prerequisites,
    may_move,
    next_states,
    slug_refusal,
)


@pytest.mark.parametrize(
    ("before", "by", "after"),
    [
        (None, Actor.SELF, (State.APPLIED,)),
        (None, Actor.STAFF, (State.ACTIVE,)),
        (State.APPLIED, Actor.SELF, (State.WITHDRAWN,)),
        (
            State.APPLIED,
            Actor.STAFF,
            (State.WAITLISTED, State.ACTIVE, State.DECLINED, State.WITHDRAWN),
        ),
        (State.WAITLISTED, Actor.SELF, (State.WITHDRAWN,)),
        (State.WAITLISTED, Actor.STAFF, (State.ACTIVE, State.DECLINED, State.WITHDRAWN)),
        (State.ACTIVE, Actor.SELF, (State.WITHDRAWN,)),
        (State.ACTIVE, Actor.STAFF, (State.WITHDRAWN, State.SUSPENDED)),
        (State.DECLINED, Actor.SELF, ()),
        (State.DECLINED, Actor.STAFF, (State.WAITLISTED, State.ACTIVE)),
        (State.WITHDRAWN, Actor.SELF, (State.APPLIED,)),
        (State.WITHDRAWN, Actor.STAFF, (State.ACTIVE,)),
        (State.SUSPENDED, Actor.SELF, ()),
        (State.SUSPENDED, Actor.STAFF, (State.ACTIVE, State.WITHDRAWN)),
    ],
)
def test_next_states_are_exactly_these(before, by, after):
    assert next_states(before, by) == after


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("by", Actor)
def test_may_move_refuses_to_stay(state, by):
    assert not may_move(state, state, by)


@pytest.mark.parametrize(
    ("ticked", "equivalent", "code", "warns"),
    [
        (["ml", "nlp"], "", "met", False),
        (["ml", "nlp", "dl"], "", "met", False),
        (["ml", "ml"], "", "too_few", True),
        (["ml", "cooking"], "", "too_few", True),
        (["ml"], "  ", "too_few", True),
        (["ml"], "A course on deep nets in Pune", "equivalent", False),
        ([], "", "too_few", True),
    ],
)
def test_check_prerequisites_counts_distinct_listed_courses(ticked, equivalent, code, warns):
    found = check_prerequisites(2, ticked, ["ml", "nlp", "dl"], equivalent)

    assert (found.code, found.warns, found.needed) == (code, warns, 2)


def test_check_prerequisites_is_met_where_none_are_needed():
    assert check_prerequisites(0, [], [], "").code == "met"


@pytest.mark.parametrize(
    ("slug", "refusal"),
    [
        ("efficient-llm-2025", None),
        ("x", None),
        ("a" * 50, None),
        ("a" * 51, "grammar"),
        ("", "grammar"),
        ("Caps", "grammar"),
        ("under_score", "grammar"),
        ("naïve", "grammar"),
        ("\uff11\uff12", "grammar"),
        ("line\n", "grammar"),
        ("admin", "reserved"),
        ("api", "reserved"),
    ],
)
def test_slug_refusal_names_the_rule(slug, refusal):
    assert slug_refusal(slug) == refusal
