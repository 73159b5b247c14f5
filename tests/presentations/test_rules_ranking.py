import pytest
from hypothesis import given
from hypothesis import strategies as st

from presentations.rules import (
    MOVES,
    Preferences,
    TalkTime,
    moved,
    start_offsets,
    talks_that_fit,
    used_minutes,
)

ABC = Preferences(("a", "b", "c"), ("x", "y"), ("m1",))


@pytest.mark.parametrize(
    ("move", "paper", "place", "ranked", "unwanted"),
    [
        ("up", "b", None, "bac", "xy"),
        ("up", "a", None, "abc", "xy"),
        ("down", "b", None, "acb", "xy"),
        ("down", "c", None, "abc", "xy"),
        ("to", "c", 1, "cab", "xy"),
        ("to", "a", 2, "bac", "xy"),
        ("to", "a", 99, "bca", "xy"),
        ("to", "d", 2, "adbc", "xy"),
        ("to", "x", 1, "xabc", "y"),
        ("add", "d", None, "abcd", "xy"),
        ("add", "y", None, "abcy", "x"),
        ("remove", "b", None, "ac", "xy"),
        ("remove", "x", None, "abc", "y"),
        ("unwant", "b", None, "ac", "xyb"),
        ("unwant", "d", None, "abc", "xyd"),
    ],
)
def test_moved(move: str, paper: str, place: int | None, ranked: str, unwanted: str) -> None:
    assert moved(ABC, move, paper, place) == Preferences(tuple(ranked), tuple(unwanted), ("m1",))


@pytest.mark.parametrize(
    ("move", "paper", "place"),
    [
        ("up", "d", None),
        ("down", "x", None),
        ("add", "a", None),
        ("to", "a", 0),
        ("to", "a", None),
        ("remove", "d", None),
        ("unwant", "x", None),
        ("fly", "a", None),
    ],
)
def test_moved_refuses_what_no_button_sends(move: str, paper: str, place: int | None) -> None:
    with pytest.raises(ValueError, match="impossible move"):
        moved(ABC, move, paper, place)


@given(
    st.lists(st.integers().map(str), unique=True, min_size=2),
    st.sampled_from(sorted(MOVES)),
    st.data(),
)
def test_moved_never_loses_or_doubles_a_paper(
    papers: list[str], move: str, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(papers)))
    before = Preferences(tuple(papers[:cut]), tuple(papers[cut:]))
    paper = data.draw(st.sampled_from(papers))
    try:
        after = moved(before, move, paper, data.draw(st.integers(1, 50)))
    except ValueError:
        return
    assert sorted((*after.ranked, *after.unwanted)) == sorted(set(papers) - gone(move, paper))
    assert rest(after.ranked, paper) == rest(before.ranked, paper)
    assert rest(after.unwanted, paper) == rest(before.unwanted, paper)


def gone(move: str, paper: str) -> set[str]:
    return {paper} if move == "remove" else set()


def rest(keys: tuple[str, ...], paper: str) -> list[str]:
    return [key for key in keys if key != paper]


def test_preferences_have_one_spelling() -> None:
    assert Preferences.of(["b", "a"]) == Preferences(("b", "a"))
    assert Preferences.of(Preferences(("b",), ("z", "y"), ("n", "m"))) == Preferences(
        ("b",), ("y", "z"), ("m", "n")
    )
    assert ABC.wishes == {"unwanted": ["x", "y"], "unavailable": ["m1"]}


def test_start_offsets_follow_lengths_and_changeovers() -> None:
    talks = [TalkTime(20, 5), TalkTime(12, 0), TalkTime(20, 5)]
    assert start_offsets(talks) == (0, 25, 37)
    assert used_minutes(talks) == 62
    assert (start_offsets([]), used_minutes([])) == ((), 0)


@pytest.mark.parametrize(("minutes", "fit"), [(120, 6), (119, 5), (20, 1), (19, 0)])
def test_talks_that_fit(minutes: int, fit: int) -> None:
    assert talks_that_fit(minutes, TalkTime(20, 0)) == fit
