"""First come, first served: worked cases, properties, strategy-proofness in the small."""

import hashlib
from dataclasses import replace
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presentations.rules import (
    AllocationInputs,
    ImpossibleInputs,
    InputProblem,
    MeetingTime,
    PaperFact,
    Pin,
    RankedList,
    Unavailability,
    Unwanted,
    allocate,
    input_problems,
    provisional,
    replay,
)


def paper(key, meeting="m1", capacity=1, taken=0):
    return PaperFact(key, meeting, capacity, 20, 4, taken)


def ranked(student, number, papers):
    return RankedList(student, number, tuple(papers))


BASE = AllocationInputs(
    round="round-1",
    papers=(paper("a"), paper("b"), paper("c", "m2"), paper("d", "m2", capacity=2)),
    meetings=(MeetingTime("m1", 120), MeetingTime("m2", 120)),
)


def placed(outcome):
    return {p.student: (p.paper, p.choice, p.reason) for p in outcome.placements}


def unplaced(outcome):
    return {u.student: u.reason for u in outcome.unplaced}


def steps(outcome, student):
    trace = next(t for t in outcome.traces if t.student == student)
    return [(s.paper, s.outcome, s.taken) for s in trace.steps]


def test_allocate_serves_by_number():
    outcome = allocate(replace(BASE, lists=(ranked("late", 7, "ab"), ranked("early", 3, "ab"))))

    assert placed(outcome) == {
        "early": ("a", 1, "first_choice"),
        "late": ("b", 2, "choice"),
    }
    assert [p.number for p in outcome.placements] == [3, 7]
    assert steps(outcome, "late") == [("a", "full", 1), ("b", "placed", 0)]


def test_allocate_puts_pins_first():
    outcome = allocate(
        replace(
            BASE,
            lists=(ranked("early", 1, "ab"), ranked("pinned", 2, "ba")),
            pins=(Pin("pinned", "a"), Pin("guest", "c")),
        )
    )

    assert placed(outcome) == {
        "guest": ("c", None, "pinned"),
        "pinned": ("a", 2, "pinned"),
        "early": ("b", 2, "choice"),
    }


def test_allocate_respects_unavailable_meetings():
    outcome = allocate(
        replace(
            BASE,
            lists=(ranked("x", 1, "ac"), ranked("y", 2, "ab")),
            unavailable=(
                Unavailability("x", ("m1",)),
                Unavailability("y", ("m1",)),
                Unavailability("y", ("m2",)),
            ),
        )
    )

    assert placed(outcome) == {"x": ("c", 2, "choice")}
    assert unplaced(outcome) == {"y": "all_unavailable"}


def test_allocate_counts_talk_time_once_per_paper():
    inputs = replace(
        BASE,
        papers=(paper("a", capacity=2), paper("b", capacity=2)),
        meetings=(MeetingTime("m1", 47),),
        lists=(ranked("x", 1, "a"), ranked("y", 2, "b"), ranked("z", 3, "ba")),
    )

    outcome = allocate(inputs)

    assert placed(outcome) == {"x": ("a", 1, "first_choice"), "z": ("a", 2, "choice")}
    assert unplaced(outcome) == {"y": "meetings_full"}
    assert steps(outcome, "y") == [("b", "meeting_full", 0)]


def test_allocate_counts_published_talks():
    inputs = replace(
        BASE,
        papers=(paper("a", capacity=2, taken=1), paper("b")),
        meetings=(MeetingTime("m1", 30, used_minutes=24),),
        lists=(ranked("x", 1, "ba"), ranked("y", 2, "a")),
    )

    outcome = allocate(inputs)

    assert placed(outcome) == {"x": ("a", 2, "choice")}
    assert unplaced(outcome) == {"y": "all_full"}


def test_allocate_passes_over_who_presents_already():
    outcome = allocate(
        replace(
            BASE,
            lists=(ranked("x", 1, "a"), ranked("y", 2, "a")),
            holding=("x", "z"),
            non_respondents=("z",),
            fill=True,
        )
    )

    assert placed(outcome) == {"y": ("a", 1, "first_choice")}
    assert unplaced(outcome) == {"x": "already_presents", "z": "already_presents"}


def test_allocate_serves_the_front_before_lower_numbers():
    lists = (ranked("x", 1, "ab"), ranked("moved", 9, "ab"))

    outcome = allocate(replace(BASE, lists=lists, front=("moved",)))

    assert placed(outcome) == {"moved": ("a", 1, "first_choice"), "x": ("b", 2, "choice")}


def test_allocate_without_fill_forces_nothing():
    outcome = allocate(
        replace(
            BASE,
            lists=(ranked("x", 1, "a"), ranked("y", 2, ["a", "gone"]), ranked("e", 3, "")),
            non_respondents=("z",),
        )
    )

    assert placed(outcome) == {"x": ("a", 1, "first_choice")}
    assert unplaced(outcome) == {"y": "none_possible", "e": "none_possible", "z": "no_list"}
    assert steps(outcome, "y") == [("a", "full", 1), ("gone", "not_offered", 0)]


def test_allocate_fills_respondents_then_the_others_by_enrolment():
    outcome = allocate(
        replace(
            BASE,
            lists=(ranked("x", 1, "a"), ranked("y", 2, "a")),
            non_respondents=("n2", "n1", "n3", "n4"),
            fill=True,
        )
    )

    assert placed(outcome) == {
        "x": ("a", 1, "first_choice"),
        "y": ("b", None, "filled"),
        "n2": ("c", None, "filled_no_list"),
        "n1": ("d", None, "filled_no_list"),
        "n3": ("d", None, "filled_no_list"),
    }
    assert unplaced(outcome) == {"n4": "no_place_left"}


def test_provisional_is_the_outcome_if_the_round_closed_now():
    inputs = replace(BASE, lists=(ranked("x", 1, "a"), ranked("y", 2, "ab"), ranked("z", 3, "a")))

    mine, last = provisional(inputs, "y"), provisional(inputs, "z")

    assert mine is not None
    assert mine.placement is not None
    assert (mine.number, mine.placement.paper, mine.unplaced) == (2, "b", None)
    assert last is not None
    assert last.placement is None
    assert last.unplaced is not None
    assert last.unplaced.reason == "all_full"
    assert provisional(inputs, "stranger") is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"papers": (paper("a"), paper("a"))}, InputProblem("repeated_paper", "a")),
        ({"papers": (paper("a", "m9"),)}, InputProblem("unknown_meeting", "m9")),
        (
            {"meetings": (*BASE.meetings, MeetingTime("m1", 5))},
            InputProblem("repeated_meeting", "m1"),
        ),
        (
            {"lists": (ranked("x", 1, "a"), ranked("x", 2, "a"))},
            InputProblem("repeated_student", "x"),
        ),
        (
            {"lists": (ranked("x", 1, "a"),), "non_respondents": ("x",)},
            InputProblem("repeated_student", "x"),
        ),
        (
            {"lists": (ranked("x", 1, "a"), ranked("y", 1, "a"))},
            InputProblem("repeated_number", "1"),
        ),
        ({"pins": (Pin("x", "a"), Pin("x", "b"))}, InputProblem("repeated_pin", "x")),
        ({"pins": (Pin("x", "nowhere"),)}, InputProblem("unknown_paper", "nowhere")),
        (
            {"pins": (Pin("x", "a"),), "holding": ("x",)},
            InputProblem("pin_holds_another", "x"),
        ),
        ({"pins": (Pin("x", "a"), Pin("y", "a"))}, InputProblem("over_capacity", "a")),
        (
            {
                "pins": (Pin("x", "a"), Pin("y", "b")),
                "meetings": (MeetingTime("m1", 100, 60), MeetingTime("m2", 120)),
            },
            InputProblem("over_time", "m1"),
        ),
    ],
)
def test_allocate_refuses_contradictions_by_name(changes, problem):
    inputs = replace(BASE, **changes)

    assert input_problems(inputs) == (problem,)
    with pytest.raises(ImpossibleInputs, match=f"{problem.code} {problem.key}") as refusal:
        allocate(inputs)
    assert refusal.value.problems == (problem,)


def test_replay_refuses_another_rule_version():
    stored = BASE.to_json().replace(b'"rule_version":2', b'"rule_version":99')

    with pytest.raises(ValueError, match="rule version 99"):
        replay(stored)


def test_replay_of_version_1_gives_the_bytes_that_version_1_wrote():
    """Inputs and outcome as a run stored them before there were unwanted papers."""
    stored = (
        b'{"fill":true,"front":[],"holding":[],"lists":[{"number":1,"papers":["a"],"student":"x"}],'
        b'"meetings":[{"key":"m1","minutes":30,"used_minutes":0}],"non_respondents":[],"papers":'
        b'[{"capacity":1,"changeover_minutes":4,"key":"a","length_minutes":20,"meeting":"m1",'
        b'"taken":0}],"pins":[],"round":"first","rule_version":1,"unavailable":[]}'
    )

    inputs = AllocationInputs.from_json(stored)

    assert inputs.to_json() == stored
    assert inputs.hash() == hashlib.sha256(stored).hexdigest()
    assert replay(stored) == (
        b'{"input_hash":"' + inputs.hash().encode() + b'","placements":[{"choice":1,"meeting":"m1",'
        b'"number":1,"paper":"a","reason":"first_choice","student":"x"}],"rule_version":1,"traces":'
        b'[{"end":"first_choice","number":1,"steps":[{"choice":1,"minutes_left":30,"outcome":'
        b'"placed","paper":"a","taken":0}],"student":"x"}],"unplaced":[]}'
    )


def test_allocate_fills_nobody_with_what_they_do_not_want():
    outcome = allocate(
        replace(
            BASE,
            lists=(ranked("x", 1, "a"), ranked("y", 2, "a")),
            non_respondents=("z",),
            unwanted=(Unwanted("y", ("b",)), Unwanted("y", ("c",)), Unwanted("z", ("b",))),
            fill=True,
        )
    )

    assert placed(outcome) == {
        "x": ("a", 1, "first_choice"),
        "y": ("d", None, "filled"),
        "z": ("c", None, "filled_no_list"),
    }
    assert steps(outcome, "y") == [
        ("a", "full", 1),
        ("b", "unwanted", 0),
        ("c", "unwanted", 0),
        ("d", "filled", 0),
    ]


def test_allocate_gives_an_unwanted_paper_by_a_pin_only():
    unwanted = (Unwanted("x", ("a",)),)
    listed = replace(BASE, lists=(ranked("x", 1, "ab"),), unwanted=unwanted)

    assert placed(allocate(listed)) == {"x": ("b", 2, "choice")}
    pinned = allocate(replace(listed, pins=(Pin("x", "a"),)))
    assert placed(pinned) == {"x": ("a", 1, "pinned")}


def test_allocate_reuses_a_slot_that_stands():
    """A talk that lost its presenter keeps its minutes: giving it again takes no others."""
    inputs = replace(
        BASE,
        papers=(replace(paper("a"), has_slot=True), paper("b")),
        meetings=(MeetingTime("m1", 30, used_minutes=24),),
        lists=(ranked("x", 1, "b"), ranked("y", 2, "ba")),
    )

    assert placed(allocate(inputs)) == {"y": ("a", 2, "choice")}
    assert placed(allocate(replace(inputs, pins=(Pin("z", "a"),)))) == {"z": ("a", None, "pinned")}


def test_hash_covers_every_input():
    changes = [
        {"round": "other"},
        {"papers": BASE.papers[:-1]},
        {"meetings": (MeetingTime("m1", 119), MeetingTime("m2", 120))},
        {"lists": (ranked("x", 1, "a"),)},
        {"lists": (ranked("x", 1, "ab"),)},
        {"pins": (Pin("x", "a"),)},
        {"unavailable": (Unavailability("x", ("m1",)),)},
        {"holding": ("x",)},
        {"front": ("x",)},
        {"fill": True},
        {"non_respondents": ("x", "y")},
        {"non_respondents": ("y", "x")},
        {"unwanted": (Unwanted("x", ("a",)),)},
        {"papers": (replace(BASE.papers[0], has_slot=True), *BASE.papers[1:])},
        {"rule_version": 1},
    ]

    hashes = {replace(BASE, **change).hash() for change in changes} | {BASE.hash()}

    assert len(hashes) == len(changes) + 1


# --- Properties -----------------------------------------------------------------------------------

KEYS = ["p1", "p2", "p3", "p4", "p5", "p6"]


@st.composite
def rounds(draw):
    keys = KEYS[: draw(st.integers(1, 6))]
    meetings = tuple(
        MeetingTime(key, draw(st.integers(0, 130)), draw(st.integers(0, 30)))
        for key in ("m1", "m2")
    )
    papers = tuple(
        PaperFact(
            key,
            draw(st.sampled_from(["m1", "m2"])),
            draw(st.integers(1, 3)),
            draw(st.sampled_from([20, 25])),
            draw(st.sampled_from([0, 4])),
            draw(st.sampled_from([0, 0, 0, 1])),
            draw(st.sampled_from([False, False, True])),
        )
        for key in keys
    )
    students = [f"s{n}" for n in range(draw(st.integers(0, 12)))]
    answering = [s for s in students if draw(st.booleans())]
    numbers = draw(st.permutations(range(1, len(answering) + 1)))
    lists = tuple(
        RankedList(
            student, number, tuple(draw(st.lists(st.sampled_from([*KEYS, "gone"]), unique=True)))
        )
        for student, number in zip(answering, numbers, strict=True)
    )
    holding = tuple(s for s in students if draw(st.integers(0, 9)) == 0)
    inputs = AllocationInputs(
        "round-1",
        papers,
        meetings,
        lists,
        unavailable=tuple(
            Unavailability(s, (draw(st.sampled_from(["m1", "m2"])),))
            for s in students
            if draw(st.integers(0, 3)) == 0
        ),
        holding=holding,
        front=tuple(s for s in students if draw(st.integers(0, 9)) == 0),
        fill=draw(st.booleans()),
        non_respondents=tuple(draw(st.permutations([s for s in students if s not in answering]))),
        unwanted=tuple(
            Unwanted(s, (draw(st.sampled_from(keys)),))
            for s in students
            if draw(st.integers(0, 2)) == 0
        ),
    )
    for student in draw(st.lists(st.sampled_from([*students, "guest"]), max_size=3, unique=True)):
        pinned = replace(inputs, pins=(*inputs.pins, Pin(student, draw(st.sampled_from(keys)))))
        inputs = inputs if input_problems(pinned) else pinned
    return inputs


@given(rounds())
def test_capacity_and_talk_time_are_never_exceeded(inputs):
    outcome = allocate(inputs)

    new = {p.key: sum(x.paper == p.key for x in outcome.placements) for p in inputs.papers}
    for p in inputs.papers:
        assert not new[p.key] or new[p.key] + p.taken <= p.capacity
    for m in inputs.meetings:
        used = sum(
            p.length_minutes + p.changeover_minutes
            for p in inputs.papers
            if p.meeting == m.key and new[p.key] and not p.taken and not p.has_slot
        )
        assert not used or used + m.used_minutes <= m.minutes


@given(rounds())
def test_everybody_has_exactly_one_outcome(inputs):
    outcome = allocate(inputs)

    people = [x.student for x in (*outcome.placements, *outcome.unplaced)]
    asked = {r.student for r in inputs.lists} | set(inputs.non_respondents)
    assert sorted(people) == sorted(asked | {pin.student for pin in inputs.pins})
    assert sorted(t.student for t in outcome.traces) == sorted(people)
    ends = {x.student: x.reason for x in (*outcome.placements, *outcome.unplaced)}
    assert {t.student: t.end for t in outcome.traces} == ends


@given(rounds())
def test_pins_survive(inputs):
    outcome = allocate(inputs)

    got = {(p.student, p.paper) for p in outcome.placements if p.reason == "pinned"}
    assert got == {(pin.student, pin.paper) for pin in inputs.pins}


@given(rounds())
def test_wishes_are_broken_by_pins_only(inputs):
    outcome = allocate(inputs)

    away = {(entry.student, key) for entry in inputs.unavailable for key in entry.meetings}
    refused = {(entry.student, key) for entry in inputs.unwanted for key in entry.papers}
    free = [p for p in outcome.placements if p.reason != "pinned"]
    assert not away & {(p.student, p.meeting) for p in free}
    assert not refused & {(p.student, p.paper) for p in free}


@given(rounds())
def test_unlisted_papers_are_forced_on_nobody_without_fill(inputs):
    outcome = allocate(replace(inputs, fill=False))

    assert all(p.choice is not None or p.reason == "pinned" for p in outcome.placements)


@given(rounds())
def test_no_respondent_waits_behind_a_non_respondent(inputs):
    outcome = allocate(inputs)

    kinds = [p.reason for p in outcome.placements if p.reason.startswith("filled")]
    assert kinds == sorted(kinds)  # "filled" < "filled_no_list"
    listed = [p.reason in ("first_choice", "choice") for p in outcome.placements]
    first_filled = next(
        (n for n, p in enumerate(outcome.placements) if p.reason.startswith("filled")), len(listed)
    )
    assert not any(listed[first_filled:])


@given(rounds())
def test_nobody_envies_a_later_number(inputs):
    """No student prefers a possible paper to their own that somebody served later got."""
    outcome = allocate(inputs)

    away = {s: set() for s in ["guest", *(f"s{n}" for n in range(12))]}
    for entry in inputs.unavailable:
        away[entry.student] |= set(entry.meetings)
    refused = {student: set() for student in away}
    for entry in inputs.unwanted:
        refused[entry.student] |= set(entry.papers)
    order = [
        r.student
        for r in sorted(inputs.lists, key=lambda r: (r.student not in inputs.front, r.number))
    ] + list(inputs.non_respondents)
    got = {p.student: p for p in outcome.placements}
    for r in inputs.lists:
        mine = got.get(r.student)
        if r.student in inputs.holding or (mine and mine.reason == "pinned"):
            continue
        better = r.papers[: mine.choice - 1] if mine and mine.choice else r.papers
        for later in order[order.index(r.student) + 1 :]:
            other = got.get(later)
            if other and other.reason != "pinned" and other.meeting not in away[r.student]:
                assert other.paper not in set(better) - refused[r.student]


@given(rounds(), st.randoms(use_true_random=False))
def test_bytes_depend_neither_on_input_order_nor_on_when(inputs, random):
    def shuffled(values):
        values = list(values)
        random.shuffle(values)
        return tuple(values)

    mixed = replace(
        inputs,
        **{
            name: shuffled(getattr(inputs, name))
            for name in ("papers", "meetings", "lists", "pins", "unavailable", "holding", "front")
        },
        unwanted=shuffled(inputs.unwanted),
    )

    assert mixed.to_json() == inputs.to_json()
    assert allocate(mixed).to_json() == allocate(inputs).to_json() == replay(inputs.to_json())
    assert AllocationInputs.from_json(inputs.to_json()) == inputs.normal()
    assert allocate(inputs).input_hash == inputs.hash()


@given(rounds())
def test_provisional_equals_the_allocation(inputs):
    outcome = allocate(inputs)

    for r in inputs.lists:
        mine = provisional(inputs, r.student)
        assert mine is not None
        assert [mine.placement or mine.unplaced] == [
            x for x in (*outcome.placements, *outcome.unplaced) if x.student == r.student
        ]


def _every_list():
    return [order for size in (1, 2, 3) for order in permutations("abc", size)]


@pytest.mark.parametrize("capacities", [(1, 1, 1), (2, 1, 1), (1, 2, 3)])
@pytest.mark.parametrize("minutes", [24, 48, 120])
def test_an_honest_list_is_the_best_list(capacities, minutes):
    """Three students, three papers: every list of the first, every lie of the second."""
    papers = tuple(paper(key, capacity=c) for key, c in zip("abc", capacities, strict=True))
    lists = _every_list()
    for first, third in product(lists, [tuple("abc"), tuple("cb")]):
        base = replace(BASE, papers=papers, meetings=(MeetingTime("m1", minutes),))
        results = {}
        for mine in lists:
            outcome = allocate(
                replace(
                    base,
                    lists=(ranked("x", 1, first), ranked("me", 2, mine), ranked("y", 3, third)),
                )
            )
            results[mine] = next((p.paper for p in outcome.placements if p.student == "me"), None)
        for truth in permutations("abc", 3):
            worth = {key: rank for rank, key in enumerate(truth)} | {None: 3}
            assert worth[results[truth]] == min(worth[result] for result in results.values())


@pytest.mark.parametrize("fill", [False, True])
def test_honest_wishes_are_the_best_wishes(fill):
    """Whatever list and wishes one hands in, the true ones get nothing worse.

    Worth: the listed papers in order, then, where the round fills, another one, then nothing, then
    what is not wanted. Every lie: every list of one or two papers with at most one other unwanted.
    """
    papers = (paper("a"), paper("b"), paper("c"))
    base = replace(BASE, papers=papers, meetings=(MeetingTime("m1", 48),), fill=fill)
    reports = [
        (order, bad)
        for size in (1, 2)
        for order in permutations("abc", size)
        for bad in ((), *((key,) for key in "abc" if key not in order))
    ]
    for first, third in product(["a", "b", "ab", "ca"], ["b", "ac"]):
        got = {}
        for mine, bad in reports:
            outcome = allocate(
                replace(
                    base,
                    lists=(ranked("x", 1, first), ranked("me", 2, mine), ranked("y", 3, third)),
                    unwanted=(Unwanted("me", bad),),
                )
            )
            got[mine, bad] = next((p.paper for p in outcome.placements if p.student == "me"), None)
        for mine, bad in reports:
            worth = {key: rank for rank, key in enumerate(mine)} | {None: 5}
            other = 4 if fill else 6
            worth |= {key: 6 if key in bad else other for key in "abc" if key not in mine}
            honest = worth[got[mine, bad]]
            assert all(
                honest <= worth[result]
                for (listed, _), result in got.items()
                # With filling, listing more papers than one wants is no lie but another wish.
                if not fill or set(listed) <= set(mine)
            )
