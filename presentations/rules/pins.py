"""Whether staff can set a place before the queue is served. Pure. Source: PRODUCT 3.3.4."""

from __future__ import annotations

from dataclasses import replace

from presentations.rules.inputs import AllocationInputs, Pin, input_problems

_REFUSALS = {
    "unknown_paper": "not_offered",
    "pin_holds_another": "has_a_talk",
    "repeated_pin": "pinned",
    "over_capacity": "paper_full",
    "over_time": "meeting_full",
}


def pin_refusal(inputs: AllocationInputs, pin: Pin) -> str | None:
    """Return why this pin cannot be added to ``inputs``, as a code, or None if it can.

    ``not_offered has_a_talk pinned paper_full meeting_full``. What else is wrong with the inputs
    does not count: only what this pin is about.
    """
    meeting = next((paper.meeting for paper in inputs.papers if paper.key == pin.paper), "")
    about = {pin.student, pin.paper, meeting}
    found = [
        _REFUSALS[problem.code]
        for problem in input_problems(replace(inputs, pins=(*inputs.pins, pin)))
        if problem.key in about and problem.code in _REFUSALS
    ]
    order = list(_REFUSALS.values())
    return min(found, key=order.index, default=None)


def pin_warnings(inputs: AllocationInputs, pin: Pin) -> tuple[str, ...]:
    """Return which wishes of the student this pin goes against: ``unavailable unwanted unlisted``.

    A pin is allowed to; whoever sets it is told. ``unlisted`` only for who submitted a list.
    """
    meeting = next((paper.meeting for paper in inputs.papers if paper.key == pin.paper), "")
    away = {e.student for e in inputs.unavailable if meeting in e.meetings}
    refused = {e.student for e in inputs.unwanted if pin.paper in e.papers}
    unlisted = {ranked.student for ranked in inputs.lists if pin.paper not in ranked.papers}
    told = (("unavailable", away), ("unwanted", refused), ("unlisted", unlisted))
    return tuple(code for code, students in told if pin.student in students)


def late_refusal(
    *, is_closed: bool, is_published: bool, joined_late: bool, has_list: bool
) -> str | None:
    """Return why staff cannot enter a list after the round closed, as a code, or None.

    ``still_open``: the student submits it, or it is imported. ``has_list``: it stays. ``not_late``:
    after publication only who joined the course after the round closed gets a number.
    Source: PRODUCT 3.3.7, reference features 4.15.
    """
    if not is_closed:
        return "still_open"
    if has_list:
        return "has_list"
    return "not_late" if is_published and not joined_late else None
