import pytest
from hypothesis import given
from hypothesis import strategies as st

from presentations.rules import MOVES, TalkTime, moved, start_offsets, talks_that_fit, used_minutes

ABC = ("a", "b", "c")


@pytest.mark.parametrize(
    ("move", "paper", "place", "after"),
    [
        ("up", "b", None, ("b", "a", "c")),
        ("up", "a", None, ABC),
        ("down", "b", None, ("a", "c", "b")),
        ("down", "c", None, ABC),
        ("to", "c", 1, ("c", "a", "b")),
        ("to", "a", 2, ("b", "a", "c")),
        ("to", "a", 99, ("b", "c", "a")),
        ("remove", "b", None, ("a", "c")),
        ("add", "d", None, ("a", "b", "c", "d")),
    ],
)
def test_moved(move: str, paper: str, place: int | None, after: tuple[str, ...]) -> None:
    assert moved(ABC, move, paper, place) == after


@pytest.mark.parametrize(
    ("move", "paper", "place"),
    [("up", "d", None), ("add", "a", None), ("to", "a", 0), ("to", "a", None), ("fly", "a", None)],
)
def test_moved_refuses_what_no_button_sends(move: str, paper: str, place: int | None) -> None:
    with pytest.raises(ValueError, match="impossible move"):
        moved(ABC, move, paper, place)


@given(
    st.lists(st.integers().map(str), unique=True, min_size=1),
    st.sampled_from(sorted(MOVES - {"add", "remove"})),
    st.data(),
)
def test_moved_never_loses_or_doubles_a_paper(
    ranked: list[str], move: str, data: st.DataObject
) -> None:
    paper = data.draw(st.sampled_from(ranked))
    place = data.draw(st.integers(1, 50))
    after = moved(ranked, move, paper, place)
    assert sorted(after) == sorted(ranked)
    others = [each for each in after if each != paper]
    assert others == [each for each in ranked if each != paper]


def test_start_offsets_follow_lengths_and_changeovers() -> None:
    talks = [TalkTime(20, 5), TalkTime(12, 0), TalkTime(20, 5)]
    assert start_offsets(talks) == (0, 25, 37)
    assert used_minutes(talks) == 62
    assert (start_offsets([]), used_minutes([])) == ((), 0)


@pytest.mark.parametrize(("minutes", "fit"), [(120, 6), (119, 5), (20, 1), (19, 0)])
def test_talks_that_fit(minutes: int, fit: int) -> None:
    assert talks_that_fit(minutes, TalkTime(20, 0)) == fit
