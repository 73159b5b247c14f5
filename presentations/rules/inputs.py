"""All that the allocation of a round depends on, as values with one spelling in bytes.

Students are named by the public code of their membership, papers and meetings by their keys.
Source: PRODUCT 3.3.4.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from seminar.lib.canonical import canonical_bytes, canonical_hash

RULE_VERSION = 2
"""Rises with every change that could change an outcome; part of the input hash.

1: lists, pins, unavailable meetings. 2: papers nobody wants to be filled with, slots that stand.
Stored inputs keep the version they were made under, and are replayed as they were.
"""

REPLAYED = frozenset({1, RULE_VERSION})


@dataclass(frozen=True)
class PaperFact:
    """A paper on offer.

    ``capacity`` counts presenters; ``taken`` are those who hold it already through a published
    talk, and places that an open offer holds. ``has_slot``: its talk stands already, perhaps with
    nobody in it. Where either is so, its minutes are part of the meeting's ``used_minutes``.
    """

    key: str
    meeting: str
    capacity: int
    length_minutes: int
    changeover_minutes: int
    taken: int = 0
    has_slot: bool = False

    @property
    def minutes(self) -> int:
        """Talk time the meeting gives up once somebody presents this paper."""
        return self.length_minutes + self.changeover_minutes


@dataclass(frozen=True)
class MeetingTime:
    """Talk time of a meeting: what it has, and what published talks already use."""

    key: str
    minutes: int
    used_minutes: int = 0


@dataclass(frozen=True)
class RankedList:
    """One student's submitted list, best first, and its queue number."""

    student: str
    number: int
    papers: tuple[str, ...]


@dataclass(frozen=True)
class Pin:
    """A placement set by staff."""

    student: str
    paper: str


@dataclass(frozen=True)
class Unavailability:
    """Meetings at which a student said they cannot present."""

    student: str
    meetings: tuple[str, ...]


@dataclass(frozen=True)
class Unwanted:
    """Papers that a student said they do not want: never given by filling, only by a pin."""

    student: str
    papers: tuple[str, ...]


@dataclass(frozen=True)
class AllocationInputs:
    """Everything an allocation reads. Only the orders named here mean anything.

    ``non_respondents`` are in enrolment order. ``holding`` already have an in-class presentation
    elsewhere. ``front`` lost theirs with a cancelled meeting and are served first, by number.
    ``rule_version`` is the one these inputs were made under.
    """

    round: str
    papers: tuple[PaperFact, ...]
    meetings: tuple[MeetingTime, ...]
    lists: tuple[RankedList, ...] = ()
    pins: tuple[Pin, ...] = ()
    unavailable: tuple[Unavailability, ...] = ()
    holding: tuple[str, ...] = ()
    front: tuple[str, ...] = ()
    fill: bool = False
    non_respondents: tuple[str, ...] = ()
    unwanted: tuple[Unwanted, ...] = ()
    rule_version: int = RULE_VERSION

    def normal(self) -> AllocationInputs:
        """Return the same inputs with everything sorted whose order means nothing."""
        return replace(
            self,
            papers=tuple(sorted(self.papers, key=lambda paper: paper.key)),
            meetings=tuple(sorted(self.meetings, key=lambda meeting: meeting.key)),
            lists=tuple(sorted(self.lists, key=lambda ranked: (ranked.number, ranked.student))),
            pins=tuple(sorted(self.pins, key=lambda pin: (pin.student, pin.paper))),
            unavailable=_unavailable(self.unavailable),
            unwanted=_unwanted(self.unwanted),
            holding=tuple(sorted(set(self.holding))),
            front=tuple(sorted(set(self.front))),
        )

    def to_json(self) -> bytes:
        """Return the one spelling of these inputs, rule version included."""
        return canonical_bytes(self._data())

    def hash(self) -> str:
        """Return the SHA-256 of ``to_json``."""
        return canonical_hash(self._data())

    def _data(self) -> dict[str, Any]:
        data = asdict(self.normal())
        if self.rule_version == 1:
            assert not data.pop("unwanted"), "version 1 knew no such wishes"
            for paper in data["papers"]:
                assert not paper.pop("has_slot"), "version 1 knew no slots without a presenter"
        return data

    @classmethod
    def from_json(cls, text: bytes | str) -> AllocationInputs:
        """Read what ``to_json`` wrote, under this rule version or an earlier one.

        Raises ValueError if it was written under a version that this program does not know,
        KeyError or TypeError if it is not such a text at all.
        """
        data = json.loads(text)
        version = data["rule_version"]
        if version not in REPLAYED:
            message = f"rule version {version}: this program replays up to {RULE_VERSION}"
            raise ValueError(message)
        return cls(
            round=data["round"],
            papers=tuple(PaperFact(**paper) for paper in data["papers"]),
            meetings=tuple(MeetingTime(**meeting) for meeting in data["meetings"]),
            lists=tuple(
                RankedList(ranked["student"], ranked["number"], tuple(ranked["papers"]))
                for ranked in data["lists"]
            ),
            pins=tuple(Pin(**pin) for pin in data["pins"]),
            unavailable=tuple(
                Unavailability(entry["student"], tuple(entry["meetings"]))
                for entry in data["unavailable"]
            ),
            holding=tuple(data["holding"]),
            front=tuple(data["front"]),
            fill=data["fill"],
            non_respondents=tuple(data["non_respondents"]),
            unwanted=tuple(
                Unwanted(entry["student"], tuple(entry["papers"]))
                for entry in (data["unwanted"] if version > 1 else ())
            ),
            rule_version=version,
        )


@dataclass(frozen=True, order=True)
class InputProblem:
    """Something that makes inputs impossible to allocate: a code and the key it is about."""

    code: str
    key: str


class ImpossibleInputs(ValueError):
    """Inputs that no allocation can satisfy, with every problem."""

    def __init__(self, problems: tuple[InputProblem, ...]) -> None:
        self.problems = problems
        super().__init__(", ".join(f"{problem.code} {problem.key}" for problem in problems))


def input_problems(inputs: AllocationInputs) -> tuple[InputProblem, ...]:
    """Return every reason why ``inputs`` cannot be allocated, sorted; empty if they can.

    Codes: ``repeated_paper repeated_meeting repeated_student repeated_number repeated_pin
    unknown_meeting unknown_paper`` (of a pin) ``pin_holds_another over_capacity over_time``. The
    last two are about what pins and published talks alone use.
    """
    return tuple(sorted({*_key_problems(inputs), *_pin_problems(inputs)}))


def _key_problems(inputs: AllocationInputs) -> Iterator[InputProblem]:
    meetings = [meeting.key for meeting in inputs.meetings]
    yield from _repeated("repeated_paper", (paper.key for paper in inputs.papers))
    yield from _repeated("repeated_meeting", meetings)
    students = [*(ranked.student for ranked in inputs.lists), *inputs.non_respondents]
    yield from _repeated("repeated_student", students)
    yield from _repeated("repeated_number", (str(ranked.number) for ranked in inputs.lists))
    yield from _repeated("repeated_pin", (pin.student for pin in inputs.pins))
    for paper in inputs.papers:
        if paper.meeting not in meetings:
            yield InputProblem("unknown_meeting", paper.meeting)


def _pin_problems(inputs: AllocationInputs) -> Iterator[InputProblem]:
    papers = {paper.key: paper for paper in inputs.papers}
    pinned = Counter(pin.paper for pin in inputs.pins)
    for pin in inputs.pins:
        if pin.paper not in papers:
            yield InputProblem("unknown_paper", pin.paper)
        if pin.student in inputs.holding:
            yield InputProblem("pin_holds_another", pin.student)
    for key, presenters in pinned.items():
        if key in papers and papers[key].taken + presenters > papers[key].capacity:
            yield InputProblem("over_capacity", key)
    for meeting in inputs.meetings:
        new = [p.minutes for p in papers.values() if _starts(p, meeting.key, pinned)]
        if new and sum(new) + meeting.used_minutes > meeting.minutes:
            yield InputProblem("over_time", meeting.key)


def _starts(paper: PaperFact, meeting: str, pinned: Counter[str]) -> bool:
    """Tell whether pins make a new talk of ``paper`` in ``meeting``."""
    is_new = not paper.taken and not paper.has_slot
    return paper.meeting == meeting and is_new and bool(pinned[paper.key])


def _unavailable(entries: Iterable[Unavailability]) -> tuple[Unavailability, ...]:
    merged = _merged((entry.student, entry.meetings) for entry in entries)
    return tuple(Unavailability(student, keys) for student, keys in merged)


def _unwanted(entries: Iterable[Unwanted]) -> tuple[Unwanted, ...]:
    merged = _merged((entry.student, entry.papers) for entry in entries)
    return tuple(Unwanted(student, keys) for student, keys in merged)


def _merged(entries: Iterable[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
    """Return each student once, by code, with all keys sorted."""
    found: dict[str, set[str]] = {}
    for student, keys in entries:
        found.setdefault(student, set()).update(keys)
    return [(student, tuple(sorted(keys))) for student, keys in sorted(found.items())]


def _repeated(code: str, keys: Iterable[str]) -> Iterator[InputProblem]:
    return (InputProblem(code, key) for key, times in Counter(keys).items() if times > 1)
