"""Pins, late lists, budget and replay through the API."""

from courses.models import Membership
from tests.api.calls import call, get, refused, sent
from tests.factories.courses import make_member
from tests.factories.presentations import AFTER, keys_of, make_round, make_submitted


def test_pin_student_then_lift_pin(instructor: Membership, student: Membership, set_clock) -> None:
    course = instructor.course
    round_ = make_round(course)
    first = keys_of(round_)[0]
    path = f"rounds/{round_.key}/pins"
    set_clock(AFTER)
    body = {"student": student.code, "paper": first, "reason": "Guest talk"}

    made = sent(call(instructor, "POST", course, path, body, key="pin-once-1"), 201)
    again = call(instructor, "POST", course, path, body, key="pin-once-2")
    lift = f"{path}/{student.code}/lifting"
    lifted = sent(call(instructor, "POST", course, lift, {"reason": "No"}, key="lift-once-1"))

    assert [(pin["student"], pin["paper"], pin["reason"]) for pin in made["pins"]] == [
        (student.code, first, "Guest talk")
    ]
    assert refused(again) == (409, "pinned")
    assert lifted == {"pins": []} == get(instructor, course, path)
    assert call(student, "GET", course, path).status_code == 403


def test_enter_late_list_then_replay(
    instructor: Membership, student: Membership, set_clock
) -> None:
    course = instructor.course
    round_ = make_round(course)
    ranked = keys_of(round_)[:2]
    make_submitted(round_, student, ranked)
    set_clock(AFTER)
    noor = make_member(course, joined_at=AFTER)
    path = f"rounds/{round_.key}"
    body = {"student": noor.code, "ranked": ranked}

    entered = sent(
        call(instructor, "POST", course, f"{path}/late-lists", body, key="late-once-1"), 201
    )
    run = sent(call(instructor, "POST", course, f"{path}/allocations", {}, key="runs-once-1"), 201)
    replayed = get(instructor, course, f"{path}/allocations/{run['code']}/replay")
    board = get(instructor, course, f"{path}/board")

    assert entered == {"student": noor.code, "number": 2}
    assert (replayed["same"], replayed["input_hash"]) == (True, run["input_hash"])
    assert replayed["outcome_hash"] == replayed["recomputed_hash"]
    assert [row["explanation"][0] for row in run["rows"]] == [
        "You are number 1.",
        "You are number 2.",
    ]
    (meeting,) = board["meetings"]
    assert (meeting["talks"], meeting["each"], meeting["needed"], meeting["fit"]) == (3, 20, 60, 3)
    assert (meeting["warning"], board["missing"]) == (None, 0)
