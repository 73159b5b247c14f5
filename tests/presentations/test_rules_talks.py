"""Whether one more person can present a paper, at and beside each limit."""

import pytest

from presentations.rules import PlaceFacts, TalkTime, place_refusal

FREE = PlaceFacts(
    is_published=True,
    is_over=False,
    capacity=2,
    taken=1,
    has_talk=True,
    minutes_left=0,
    talk=TalkTime(20, 4),
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"is_published": False}, "not_published"),
        ({"is_over": True}, "talk_over"),
        ({"taken": 2}, "paper_full"),
        ({"taken": 3}, "paper_full"),
        ({"capacity": 0, "taken": 0}, "paper_full"),
        ({"taken": 0, "has_talk": False, "minutes_left": 23}, "meeting_full"),
        ({"taken": 0, "has_talk": False, "minutes_left": 24}, None),
        ({"taken": 0, "has_talk": True, "minutes_left": -10}, None),
    ],
)
def test_place_refusal_names_the_first_limit(
    change: dict[str, int | bool], expected: str | None
) -> None:
    assert place_refusal(FREE._replace(**change)) == expected
