"""The rank-optimal assignment, against every assignment there is."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings

from presentations.rules import (
    AllocationInputs,
    ImpossibleInputs,
    MeetingTime,
    PaperFact,
    Pin,
    RankedList,
    Unavailability,
    Unwanted,
    allocate,
    rank_optimal,
)
from tests.presentations.test_rules_allocation import rounds

pytestmark = pytest.mark.once


def paper(key, meeting="m1", capacity=1, **fields):
    return PaperFact(key, meeting, capacity, 20, 4, **fields)


INPUTS = AllocationInputs(
    "first",
    papers=(paper("a"), paper("b"), paper("c")),
    meetings=(MeetingTime("m1", 120),),
    lists=(RankedList("x", 1, ("a", "b")), RankedList("y", 2, ("a",))),
)


def best(inputs, given=None):
    found = rank_optimal(inputs, given or {})
    assert found is not None
    return dict(found.choices)


def test_rank_optimal_places_whom_the_queue_does_not():
    assert best(INPUTS) == {"x": ("b", 2), "y": ("a", 1)}
    assert [p.student for p in allocate(INPUTS).placements] == ["x"]
    assert rank_optimal(INPUTS, {}).total == 3


def test_rank_optimal_keeps_pins_wishes_and_time():
    three = replace(INPUTS, lists=(*INPUTS.lists, RankedList("z", 3, ("c", "b"))))

    assert best(replace(three, pins=(Pin("x", "a"), Pin("w", "c")))) == {
        "x": ("a", 1),
        "z": ("b", 2),
    }
    assert best(replace(three, unavailable=(Unavailability("x", ("m1",)),))) == {
        "y": ("a", 1),
        "z": ("c", 1),
    }
    assert best(replace(three, unwanted=(Unwanted("z", ("c",)),), holding=("x",))) == {
        "y": ("a", 1),
        "z": ("b", 2),
    }
    assert len(best(replace(three, meetings=(MeetingTime("m1", 50),)))) == 2


def test_rank_optimal_differs_least_from_the_run():
    lists = tuple(RankedList(who, n, ("a", "b")) for n, who in enumerate("xy", start=1))
    inputs = replace(INPUTS, lists=lists)

    assert best(inputs, {"x": "a", "y": "b"}) == {"x": ("a", 1), "y": ("b", 2)}
    assert best(inputs, {"x": "b", "y": "a"}) == {"x": ("b", 2), "y": ("a", 1)}


def test_rank_optimal_of_nobody_and_of_contradictions():
    assert best(replace(INPUTS, lists=())) == {}
    with pytest.raises(ImpossibleInputs):
        rank_optimal(replace(INPUTS, pins=(Pin("x", "gone"),)), {})


def every_assignment(inputs):
    """Yield who takes which listed paper, for every assignment that breaks nothing."""
    pinned = {pin.student: pin.paper for pin in inputs.pins}
    away = {(e.student, m) for e in inputs.unavailable for m in e.meetings}
    refused = {(e.student, key) for e in inputs.unwanted for key in e.papers}
    papers = {p.key: p for p in inputs.papers}
    people = [r for r in inputs.lists if r.student not in {*pinned, *inputs.holding}]
    possible = [
        [None]
        + [
            key
            for key in r.papers
            if key in papers
            and (r.student, papers[key].meeting) not in away
            and (r.student, key) not in refused
        ]
        for r in people
    ]
    for keys in product(*possible):
        taken = [*(key for key in keys if key), *pinned.values()]
        fits = all(
            taken.count(p.key) + p.taken <= max(p.capacity, p.taken) for p in papers.values()
        )
        minutes = {
            m.key: sum(
                p.minutes
                for p in papers.values()
                if p.meeting == m.key and p.key in taken and not p.taken and not p.has_slot
            )
            for m in inputs.meetings
        }
        in_time = all(
            not minutes[m.key] or minutes[m.key] + m.used_minutes <= m.minutes
            for m in inputs.meetings
        )
        if fits and in_time:
            yield {r.student: key for r, key in zip(people, keys, strict=True) if key}


@given(rounds())
@settings(max_examples=25)
def test_rank_optimal_equals_the_best_of_all(inputs):
    inputs = replace(
        inputs,
        lists=tuple(replace(r, papers=r.papers[:3]) for r in inputs.lists[:4]),
        pins=(),
        non_respondents=(),
    )
    lists = {r.student: r.papers for r in inputs.lists}

    def worth(assignment):
        return -len(assignment), sum(lists[w].index(key) + 1 for w, key in assignment.items())

    found = {who: key for who, (key, _) in best(inputs).items()}
    assert worth(found) == min(worth(each) for each in every_assignment(inputs))
