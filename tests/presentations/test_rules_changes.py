"""Who is offered what, in which order and until when; what a chain of offers leads to; swaps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presentations.rules.changes import (
    FROZEN,
    CascadeStep,
    NewOffer,
    OfferFacts,
    Place,
    SwapFacts,
    Wishes,
    can_be_offered,
    cascade,
    offer_until,
    offers,
    seats_after,
    swap_refusal,
    swap_until,
    wants_more,
)

AT = datetime(2025, 10, 27, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = AT + 30 * DAY


def place(paper: str, seat: int = 0, *, starts_at: datetime = LATER, minutes: int = 0) -> Place:
    return Place(paper, seat, "meeting", starts_at, minutes)


def wish(student: str, number: int, papers: str, **more: frozenset[str]) -> Wishes:
    return Wishes(student, number, tuple(papers), **more)


def told(made: tuple[NewOffer, ...]) -> list[tuple[str, str]]:
    return [(offer.student, offer.place.paper) for offer in made]


@pytest.mark.parametrize(
    ("starts", "own", "ends"),
    [
        (30 * DAY, None, 2 * DAY),
        (30 * DAY, 20 * DAY, 2 * DAY),
        (8 * DAY, None, DAY),
        (30 * DAY, 8 * DAY, DAY),
        (9 * DAY, None, 2 * DAY),
        (7 * DAY, None, timedelta(0)),
        (30 * DAY, 6 * DAY, -DAY),
    ],
)
def test_offer_until_is_48_hours_or_7_days_before_either_talk(
    starts: timedelta, own: timedelta | None, ends: timedelta
) -> None:
    own_at = None if own is None else AT + own
    assert offer_until(AT, AT + starts, own_at) == AT + ends


@pytest.mark.parametrize(
    ("wanted", "held", "answer"),
    [
        ("a", "b", True),
        ("b", "a", False),
        ("a", "a", False),
        ("b", None, True),
        ("b", "z", True),
        ("z", None, False),
        ("z", "a", False),
    ],
)
def test_wants_more_compares_places_on_the_list(
    wanted: str, held: str | None, answer: bool
) -> None:
    assert wants_more(("a", "b"), wanted, held) is answer


def test_offers_go_by_number_to_who_wants_it_more() -> None:
    facts = OfferFacts(
        (wish("late", 3, "ab"), wish("content", 1, "ba"), wish("next", 2, "ab")),
        holds={"content": place("b"), "next": place("b", 1)},
    )
    assert offers(facts, [place("a")], AT) == (NewOffer(place("a"), "next", 2, 1, AT + 2 * DAY),)


def test_offers_serve_those_of_a_cancelled_meeting_first() -> None:
    facts = OfferFacts((wish("first", 1, "a"), wish("second", 2, "a")), front=frozenset({"second"}))
    assert told(offers(facts, [place("a")], AT)) == [("second", "a")]


def test_offers_give_each_the_best_of_several_places() -> None:
    facts = OfferFacts((wish("one", 1, "abc"), wish("two", 2, "acb"), wish("three", 3, "a")))
    free = [place("b"), place("a"), place("c")]
    assert told(offers(facts, free, AT)) == [("one", "a"), ("two", "c")]


def test_offers_give_the_lowest_seat() -> None:
    made = offers(OfferFacts((wish("one", 1, "a"),)), [place("a", 1), place("a", 0)], AT)
    assert [offer.place.seat for offer in made] == [0]


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        (OfferFacts((), past=frozenset({("ada", "a")})), {}),
        (OfferFacts((), offered=frozenset({("ada", "a")})), {}),
        (OfferFacts((), offered=frozenset({("ada", "x")})), {}),
        (OfferFacts((), holds={"ada": place("x")}), {}),
        (OfferFacts((), holds={"ada": place("z", starts_at=AT + 7 * DAY)}), {}),
        (OfferFacts(()), {"unwanted": frozenset("a")}),
        (OfferFacts(()), {"unavailable": frozenset({"meeting"})}),
    ],
)
def test_can_be_offered_not_what_they_do_not_want_or_had(
    facts: OfferFacts, more: dict[str, frozenset[str]]
) -> None:
    assert not can_be_offered(facts, wish("ada", 1, "xa", **more), place("a"), AT)


def test_can_be_offered_beside_a_worse_offer_and_one_of_another_round() -> None:
    facts = OfferFacts((), offered=frozenset({("ada", "b"), ("ada", "z"), ("ben", "a")}))
    assert can_be_offered(facts, wish("ada", 1, "ab"), place("a"), AT)


def test_can_be_offered_until_7_days_before_the_talk() -> None:
    ada = wish("ada", 1, "a")
    soon, just = place("a", starts_at=AT + FROZEN), timedelta(microseconds=1)
    assert not can_be_offered(OfferFacts(()), ada, soon, AT)
    assert can_be_offered(OfferFacts(()), ada, soon, AT - just)


def test_offers_of_new_talks_take_the_time_of_the_meeting() -> None:
    facts = OfferFacts((wish("one", 1, "ab"), wish("two", 2, "ab")), left={"meeting": 30})
    free = [place("a", minutes=20), place("b", minutes=20)]
    assert told(offers(facts, free, AT)) == [("one", "a")]
    assert offers(OfferFacts(facts.lists), free, AT) == ()


def test_cascade_follows_each_freed_place_to_the_next() -> None:
    a, b, c = place("a"), place("b"), place("c")
    facts = OfferFacts(
        (wish("ada", 1, "ab"), wish("ben", 2, "abc"), wish("cem", 3, "c")),
        holds={"ada": b, "ben": c},
    )
    assert cascade(facts, a, AT) == (
        CascadeStep(a, "ada", b),
        CascadeStep(b, "ben", c),
        CascadeStep(c, "cem", None),
    )


def test_cascade_starts_with_whoever_has_the_offer() -> None:
    a = place("a")
    facts = OfferFacts((wish("ada", 1, "a"),), offered=frozenset({("ada", "a")}))
    assert cascade(facts, a, AT) == ()
    assert cascade(facts, a, AT, "ada") == (CascadeStep(a, "ada", None),)


def test_cascade_is_bounded() -> None:
    papers = [f"p{number}" for number in range(40)]
    lists = tuple(
        Wishes(f"s{number}", number, (papers[number - 1], papers[number]))
        for number in range(1, 40)
    )
    holds = {f"s{number}": place(papers[number]) for number in range(1, 40)}
    assert len(cascade(OfferFacts(lists, holds=holds), place("p0"), AT)) == 20


PAPERS = "abcd"
RANKINGS = st.lists(st.sampled_from(PAPERS), unique=True, min_size=1).map(tuple)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[OfferFacts, list[Place]]:
    """Some lists; some of their writers hold seats; the seats left are free."""
    lists = tuple(
        Wishes(f"s{number}", number, papers)
        for number, papers in enumerate(draw(st.lists(RANKINGS, max_size=6)), 1)
    )
    seats = draw(st.permutations([place(paper, seat) for paper in PAPERS for seat in (0, 1)]))
    count = draw(st.integers(0, min(len(lists), 6)))
    holds = {who.student: seat for who, seat in zip(lists, seats, strict=False)}
    kept = draw(st.permutations(sorted(holds)))[:count]
    holds = {student: holds[student] for student in kept}
    front = frozenset(draw(st.lists(st.sampled_from([who.student for who in lists] or ["x"]))))
    free = [seat for seat in seats if seat not in holds.values()]
    return OfferFacts(lists, holds=holds, front=front), free[: draw(st.integers(0, 8))]


@given(worlds())
def test_offers_leave_nobody_envious_of_who_comes_after(
    world: tuple[OfferFacts, list[Place]],
) -> None:
    """Whoever is passed over for a place is offered one that they want more, or wants it less."""
    facts, free = world
    made = offers(facts, free, AT)
    offered = {offer.student: offer.place.paper for offer in made}
    assert len({offer.place for offer in made}) == len(made) == len(offered)
    turn = {who.student: (who.student not in facts.front, who.number) for who in facts.lists}
    untaken = set(free) - {offer.place for offer in made}
    for who in facts.lists:
        own = facts.holds.get(who.student)
        best = offered.get(who.student, own.paper if own else None)
        later = {o.place for o in made if turn[o.student] > turn[who.student]}
        envied = [p for p in later | untaken if wants_more(who.papers, p.paper, best)]
        assert envied == []


@given(worlds())
def test_offers_are_made_once(world: tuple[OfferFacts, list[Place]]) -> None:
    """Asked again with the offers made, the rule has nothing to add for the same people."""
    facts, free = world
    made = offers(facts, free, AT)
    open_now = frozenset((offer.student, offer.place.paper) for offer in made)
    rest = [seat for seat in free if seat not in {offer.place for offer in made}]
    again = offers(OfferFacts(facts.lists, facts.holds, facts.front, offered=open_now), rest, AT)
    assert again == ()


def test_swap_until_is_48_hours_or_a_day_before_the_first_talk() -> None:
    assert swap_until(AT, LATER, AT + 10 * DAY) == AT + 2 * DAY
    assert swap_until(AT, LATER, AT + 2 * DAY) == AT + DAY
    assert swap_until(AT, AT + DAY, LATER) == AT


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (SwapFacts(True, True, False, AT + DAY + timedelta(seconds=1)), None),
        (SwapFacts(False, False, True, AT), "not_presenting"),
        (SwapFacts(True, False, True, AT), "not_in_class"),
        (SwapFacts(True, True, True, AT), "same_talk"),
        (SwapFacts(True, True, False, AT + DAY), "talk_soon"),
        (SwapFacts(True, True, False, AT + DAY, by_staff=True), None),
        (SwapFacts(True, True, False, AT, by_staff=True), "talk_begun"),
    ],
)
def test_swap_refusal_says_what_is_in_the_way(facts: SwapFacts, code: str | None) -> None:
    assert swap_refusal(facts, AT) == code


@pytest.mark.parametrize(
    ("taken", "capacity", "after"),
    [
        ([], 0, {}),
        ([0, 1], 2, {0: 0, 1: 1}),
        ([0, 2], 2, {0: 0, 2: 1}),
        ([3, 4], 3, {3: 0, 4: 1}),
    ],
)
def test_seats_after_moves_only_who_has_to(
    taken: list[int], capacity: int, after: dict[int, int]
) -> None:
    assert seats_after(taken, capacity) == after


def test_seats_after_needs_room_for_all() -> None:
    with pytest.raises(AssertionError):
        seats_after([0, 1], 1)
