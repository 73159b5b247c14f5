"""Lists: what is stored, what is refused, and that a refusal leaves nothing behind."""

from datetime import timedelta
from typing import Any

import pytest

from courses.models import Course, CoursePolicy, Membership
from presentations.actions import (
    change_list,
    check_list,
    prepare_list,
    submit_list,
    withdraw_list,
)
from presentations.models import PreferenceChoice, PreferenceList, PreferenceRound, QueueEvent
from presentations.queries import list_of, preferences_of, ranking_of
from presentations.rules import Preferences
from seminar.accounts.models import AuditEntry, Nonce
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_meeting, make_member, make_paper
from tests.factories.presentations import (
    AFTER,
    CLOSES,
    DURING,
    OPENS,
    keys_of,
    make_round,
    make_submitted,
)

BEFORE = OPENS - timedelta(microseconds=1)


@pytest.fixture
def round_(course: Course) -> PreferenceRound:
    return make_round(course)


@pytest.fixture
def keys(round_: PreferenceRound) -> list[str]:
    return keys_of(round_)


def events(round_: PreferenceRound) -> list[tuple[Any, ...]]:
    return list(QueueEvent.objects.filter(round=round_).values_list("seq", "kind", "number"))


def nothing_written(round_: PreferenceRound) -> bool:
    round_.refresh_from_db()
    rows = (PreferenceList, PreferenceChoice, QueueEvent, AuditEntry, Message, Nonce)
    return round_.last_number == round_.last_event == sum(m.objects.count() for m in rows) == 0


# --- submit -----------------------------------------------------------------------------------


def test_submit_list_gives_number_1_log_audit_and_receipt(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    answer = submit_list(round_.pk, student, keys, "nonce-0001", DURING)
    assert answer == {"number": 1, "version": 1}
    list_ = list_of(round_, student)
    assert list_ is not None
    assert (list_.number, list_.submitted_at, ranking_of(list_)) == (1, DURING, tuple(keys))
    assert events(round_) == [(1, "submitted", 1)]
    audit = AuditEntry.objects.get()
    assert (audit.verb, audit.actor, audit.after) == (
        "submit_list",
        student.user,
        {"number": 1, "papers": keys, "unwanted": [], "unavailable": []},
    )
    mail = Message.objects.get()
    assert (mail.to, mail.kind) == (student.user, "presentations/mail/list_received")
    assert mail.subject == "[ELLM] Your list has number 1"
    assert "Tue 21 Oct 2025, 11:30 Berlin time" in mail.text


def test_submit_list_counts_on(
    round_: PreferenceRound, keys: list[str], student: Membership, other_student: Membership
) -> None:
    assert make_submitted(round_, student, keys) == 1
    assert make_submitted(round_, other_student, keys[::-1]) == 2


@pytest.mark.parametrize(
    ("at", "code"), [(BEFORE, "not_open_yet"), (CLOSES, "closed"), (AFTER, "closed")]
)
def test_submit_list_outside_the_window_is_refused(
    round_: PreferenceRound, keys: list[str], student: Membership, at: Any, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        submit_list(round_.pk, student, keys, "nonce-0001", at)
    assert (refused.value.code, refused.value.status) == (code, 409)
    assert nothing_written(round_)


def test_submit_list_names_when_the_round_opens_and_closed(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    with pytest.raises(Refused, match="The round opens Mon 20 Oct 2025, 18:00 Berlin time"):
        submit_list(round_.pk, student, keys, "", BEFORE)
    with pytest.raises(Refused, match="The round closed Fri 24 Oct 2025, 18:00 Berlin time"):
        submit_list(round_.pk, student, keys, "", CLOSES)


@pytest.mark.parametrize("at", [OPENS, CLOSES - timedelta(microseconds=1)])
def test_submit_list_at_the_edges_of_the_window_counts(
    round_: PreferenceRound, keys: list[str], student: Membership, at: Any
) -> None:
    assert submit_list(round_.pk, student, keys, "", at)["number"] == 1


def test_submit_list_after_an_allocation_closed_the_round_is_refused(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    PreferenceRound.objects.filter(pk=round_.pk).update(closed_at=DURING)
    with pytest.raises(Refused) as refused:
        submit_list(round_.pk, student, keys, "", DURING)
    assert refused.value.code == "closed"


def test_submit_list_with_several_faults_names_each_and_writes_nothing(
    course: Course, student: Membership
) -> None:
    round_ = make_round(course, max_length=3, min_length=3)
    first, second, _third = keys_of(round_)
    with pytest.raises(Refused) as refused:
        submit_list(round_.pk, student, [first, "ghost", first, second], "nonce-0001", DURING)
    assert (refused.value.code, refused.value.status) == ("bad_list", 422)
    assert [(p["field"], p["code"], p["value"], p["rule"]) for p in refused.value.problems] == [
        ("ranked", "repeated", first, f"“{first}” is on the list more than once."),
        ("ranked", "unknown", "ghost", "“ghost” is not a paper of this round."),
        ("ranked", "too_short", 4, "Rank at least 3 papers."),
        ("ranked", "too_long", 4, "Rank at most 3 papers."),
    ]
    assert nothing_written(round_)


def test_submit_list_without_a_paper_is_refused(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    with pytest.raises(Refused, match=r"Rank at least 2 papers\."):
        submit_list(round_.pk, student, keys[:1], "nonce-0001", DURING)
    assert nothing_written(round_)


@pytest.mark.parametrize(
    "who", ["auditor", "ta", "instructor", "applicant", "withdrawn", "outsider"]
)
def test_submit_list_by_others_than_active_students_is_refused(
    round_: PreferenceRound, keys: list[str], who: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(Refused) as refused:
        submit_list(round_.pk, request.getfixturevalue(who), keys, "nonce-0001", DURING)
    assert (refused.value.code, refused.value.status) == ("not_a_student", 403)
    assert nothing_written(round_)


def test_submit_list_twice_with_one_nonce_gives_one_number(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    first = submit_list(round_.pk, student, keys, "nonce-0001", DURING)
    again = submit_list(round_.pk, student, keys, "nonce-0001", AFTER)
    assert first == again == {"number": 1, "version": 1}
    assert events(round_) == [(1, "submitted", 1)]


def test_submit_list_with_a_used_nonce_and_other_content_is_refused(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    submit_list(round_.pk, student, keys, "nonce-0001", DURING)
    with pytest.raises(Refused) as refused:
        submit_list(round_.pk, student, keys[::-1], "nonce-0001", DURING)
    assert (refused.value.code, refused.value.status) == ("nonce_reused", 422)
    assert ranking_of(list_of(round_, student)) == tuple(keys)


def test_submit_list_again_keeps_the_number_and_refuses_another_order(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    make_submitted(round_, student, keys)
    assert submit_list(round_.pk, student, keys, "nonce-0002", DURING)["number"] == 1
    with pytest.raises(Refused) as refused:
        submit_list(round_.pk, student, keys[::-1], "nonce-0003", DURING)
    assert refused.value.code == "already_submitted"
    assert events(round_) == [(1, "submitted", 1)]


# --- prepare ----------------------------------------------------------------------------------


def test_prepare_list_before_opening_keeps_the_order_without_a_number(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    assert prepare_list(round_.pk, student, keys[:1], 0, "", BEFORE) == {"version": 1}
    assert prepare_list(round_.pk, student, keys[:2], 1, "", DURING) == {"version": 2}
    list_ = list_of(round_, student)
    assert list_ is not None
    assert (list_.number, ranking_of(list_)) == (None, tuple(keys[:2]))
    assert (events(round_), Message.objects.count()) == ([], 0)


def test_prepare_list_of_nothing_new_changes_nothing(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    prepare_list(round_.pk, student, keys, 0, "", BEFORE)
    assert prepare_list(round_.pk, student, keys, 0, "", BEFORE) == {"version": 1}


@pytest.mark.parametrize(
    ("ranked", "at", "code", "status"),
    [
        (["ghost"], BEFORE, "bad_list", 422),
        ([], CLOSES, "closed", 409),
    ],
)
def test_prepare_list_refusals(
    round_: PreferenceRound, student: Membership, ranked: list[str], at: Any, code: str, status: int
) -> None:
    with pytest.raises(Refused) as refused:
        prepare_list(round_.pk, student, ranked, 0, "nonce-0001", at)
    assert (refused.value.code, refused.value.status) == (code, status)
    assert nothing_written(round_)


def test_prepare_list_from_a_stale_page_is_refused(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    prepare_list(round_.pk, student, keys[:1], 0, "", BEFORE)
    with pytest.raises(Refused) as refused:
        prepare_list(round_.pk, student, keys[1:], 0, "", BEFORE)
    assert refused.value.code == "stale_list"
    assert ranking_of(list_of(round_, student)) == (keys[0],)


def test_prepare_list_cannot_touch_a_submitted_one(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    make_submitted(round_, student, keys)
    with pytest.raises(Refused) as refused:
        prepare_list(round_.pk, student, keys[::-1], 1, "", DURING)
    assert refused.value.code == "already_submitted"


# --- change -----------------------------------------------------------------------------------


def test_change_list_keeps_the_number(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    make_submitted(round_, student, keys)
    answer = change_list(round_.pk, student, keys[::-1], 1, "nonce-0002", NOON - timedelta(days=4))
    assert answer == {"number": 1, "version": 2}
    assert ranking_of(list_of(round_, student)) == tuple(keys[::-1])
    assert events(round_) == [(1, "submitted", 1), (2, "changed", 1)]
    assert Message.objects.count() == 1


def test_change_list_to_the_same_order_is_no_edit(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    make_submitted(round_, student, keys)
    assert change_list(round_.pk, student, keys, 0, "", DURING) == {"number": 1, "version": 1}
    assert events(round_) == [(1, "submitted", 1)]


def test_change_list_where_edits_lose_the_place_burns_the_number(
    round_: PreferenceRound, keys: list[str], student: Membership, other_student: Membership
) -> None:
    CoursePolicy.objects.update(edit_keeps_number=False)
    make_submitted(round_, student, keys)
    make_submitted(round_, other_student, keys)
    assert change_list(round_.pk, student, keys, 1, "", DURING)["number"] == 1
    assert change_list(round_.pk, student, keys[::-1], 1, "", DURING)["number"] == 3
    assert events(round_)[2:] == [(3, "withdrawn", 1), (4, "submitted", 3)]


def test_change_list_below_the_minimum_leaves_the_last_valid_list(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    make_submitted(round_, student, keys)
    with pytest.raises(Refused) as refused:
        change_list(round_.pk, student, keys[:1], 1, "nonce-0002", DURING)
    assert refused.value.code == "bad_list"
    assert ranking_of(list_of(round_, student)) == tuple(keys)
    assert events(round_) == [(1, "submitted", 1)]


def test_change_list_from_a_stale_tab_is_refused(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    make_submitted(round_, student, keys)
    change_list(round_.pk, student, keys[::-1], 1, "", DURING)
    with pytest.raises(Refused, match="changed at 11:30 in another window") as refused:
        change_list(round_.pk, student, [keys[1], keys[0], keys[2]], 1, "", DURING)
    assert refused.value.code == "stale_list"
    assert ranking_of(list_of(round_, student)) == tuple(keys[::-1])


@pytest.mark.parametrize(("at", "code"), [(CLOSES, "closed"), (DURING, "not_submitted")])
def test_change_list_refusals(
    round_: PreferenceRound, keys: list[str], student: Membership, at: Any, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        change_list(round_.pk, student, keys, 0, "nonce-0001", at)
    assert refused.value.code == code
    assert nothing_written(round_)


# --- withdraw ---------------------------------------------------------------------------------


def test_withdraw_list_burns_the_number_for_good(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    make_submitted(round_, student, keys)
    assert withdraw_list(round_.pk, student, "nonce-0002", DURING) == {"burned": 1}
    list_ = list_of(round_, student)
    assert list_ is not None
    assert (list_.number, ranking_of(list_)) == (None, tuple(keys))
    assert make_submitted(round_, student, keys) == 2
    assert events(round_) == [(1, "submitted", 1), (2, "withdrawn", 1), (3, "submitted", 2)]
    assert [mail.subject for mail in Message.objects.order_by("id")] == [
        "[ELLM] Your list has number 1",
        "[ELLM] Your list has number 2",
    ]


def test_withdraw_list_repeated_burns_once(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    make_submitted(round_, student, keys)
    withdraw_list(round_.pk, student, "nonce-0002", DURING)
    assert withdraw_list(round_.pk, student, "nonce-0002", DURING) == {"burned": 1}
    assert len(events(round_)) == 2


@pytest.mark.parametrize(
    ("at", "code"), [(CLOSES, "closed"), (BEFORE, "not_open_yet"), (DURING, "not_submitted")]
)
def test_withdraw_list_refusals(
    round_: PreferenceRound, student: Membership, at: Any, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        withdraw_list(round_.pk, student, "nonce-0001", at)
    assert refused.value.code == code
    assert nothing_written(round_)


def test_numbers_of_two_rounds_are_apart(course: Course, student: Membership) -> None:
    one, two = make_round(course), make_round(course)
    member = make_member(course)
    make_submitted(one, member, keys_of(one))
    assert (
        make_submitted(one, student, keys_of(one)),
        make_submitted(two, student, keys_of(two)),
    ) == (2, 1)


# --- wishes beside the order --------------------------------------------------------------------


@pytest.fixture
def wide(course: Course) -> PreferenceRound:
    """Four papers at two meetings; of one paper it can be said that it is not wanted."""
    first, second = make_meeting(course, key="first"), make_meeting(course, key="second")
    papers = [
        make_paper(course, meeting=meeting, key=key, title=key.upper())
        for key, meeting in zip("abcd", (first, first, second, second), strict=True)
    ]
    return make_round(course, papers, max_unwanted=1, max_length=3)


WHOLE = Preferences(("a", "b"), ("d",), ("second",))


def test_submit_list_stores_wishes_in_the_list_the_log_the_audit_and_the_receipt(
    wide: PreferenceRound, student: Membership
) -> None:
    submit_list(wide.pk, student, WHOLE, "nonce-0001", DURING)

    wishes = {"unwanted": ["d"], "unavailable": ["second"]}
    assert preferences_of(list_of(wide, student)) == WHOLE
    assert QueueEvent.objects.get().wishes == wishes
    assert AuditEntry.objects.get().after == {"number": 1, "papers": ["a", "b"], **wishes}
    text = Message.objects.get().text
    assert "You do not want:\n- D\n" in text
    assert "You cannot present on:\n- Mon 10 Nov 2025\n" in text


def test_a_list_keeps_its_wishes_from_preparing_over_withdrawing_to_submitting_again(
    wide: PreferenceRound, student: Membership
) -> None:
    prepare_list(wide.pk, student, WHOLE, 0, "", BEFORE)
    assert preferences_of(list_of(wide, student)) == WHOLE
    submit_list(wide.pk, student, WHOLE, "", DURING)
    withdraw_list(wide.pk, student, "", DURING)
    assert preferences_of(list_of(wide, student)) == WHOLE
    assert submit_list(wide.pk, student, WHOLE, "", DURING)["number"] == 2
    assert [event.wishes for event in QueueEvent.objects.all()] == [WHOLE.wishes] * 3


@pytest.mark.parametrize(
    "after",
    [
        Preferences(("a", "b"), (), ("second",)),
        Preferences(("a", "b"), ("c",), ("second",)),
        Preferences(("a", "b"), ("d",), ()),
        Preferences(("a", "b"), ("d",), ("first", "second")),
    ],
)
@pytest.mark.parametrize(("keeps", "number"), [(True, 1), (False, 2)])
def test_change_list_of_a_wish_alone_is_an_edit(
    wide: PreferenceRound, student: Membership, after: Preferences, keeps: bool, number: int
) -> None:
    CoursePolicy.objects.update(edit_keeps_number=keeps)
    submit_list(wide.pk, student, WHOLE, "", DURING)
    answer = change_list(wide.pk, student, after, 1, "", DURING)
    assert answer["number"] == number
    assert preferences_of(list_of(wide, student)) == after
    newest = QueueEvent.objects.latest("seq")
    assert (newest.number, newest.wishes) == (number, after.wishes)
    before = AuditEntry.objects.exclude(before=None).get().before
    assert before == {"number": 1, "papers": ["a", "b"], **WHOLE.wishes}


def test_change_list_to_the_same_wishes_in_another_order_is_no_edit(
    wide: PreferenceRound, student: Membership
) -> None:
    CoursePolicy.objects.update(edit_keeps_number=False)
    both = Preferences(("a", "b"), (), ("first", "second"))
    submit_list(wide.pk, student, both, "", DURING)
    turned = Preferences(("a", "b"), (), ("second", "first"))
    assert change_list(wide.pk, student, turned, 0, "", DURING) == {"number": 1, "version": 1}


def test_a_nonce_covers_the_wishes(wide: PreferenceRound, student: Membership) -> None:
    submit_list(wide.pk, student, WHOLE, "nonce-0001", DURING)
    with pytest.raises(Refused) as refused:
        submit_list(wide.pk, student, ["a", "b"], "nonce-0001", DURING)
    assert refused.value.code == "nonce_reused"
    with pytest.raises(Refused) as refused:
        submit_list(wide.pk, student, ["a", "b"], "nonce-0002", DURING)
    assert refused.value.code == "already_submitted"


BAD_WISHES = [
    (("ghost",), (), ("unwanted", "unknown", "ghost", "“ghost” is not a paper of this round.")),
    (
        ("a",),
        (),
        ("unwanted", "ranked", "a", "“a” is ranked; it cannot be a paper you do not want as well."),
    ),
    (
        ("c", "d"),
        (),
        ("unwanted", "too_many", 2, "You can say of at most 1 paper that you do not want it."),
    ),
    ((), ("third",), ("unavailable", "unknown", "third", "“third” is not a meeting of this round's papers.")),
    (
        (),
        ("first", "first"),
        ("unavailable", "repeated", "first", "“first” is among the dates more than once."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("unwanted", "unavailable", "problem"), BAD_WISHES)
@pytest.mark.parametrize("verb", ["prepare", "submit", "change", "check"])
def test_bad_wishes_are_refused_by_field_value_and_rule_and_leave_the_list_as_it_was(
    wide: PreferenceRound,
    student: Membership,
    verb: str,
    unwanted: tuple[str, ...],
    unavailable: tuple[str, ...],
    problem: tuple[str, str, Any, str],
) -> None:
    wanted = Preferences(("a", "b"), unwanted, unavailable)
    is_kept = verb in {"change", "check"}
    if is_kept:
        submit_list(wide.pk, student, WHOLE, "", DURING)
    calls = {
        "prepare": lambda: prepare_list(wide.pk, student, wanted, 0, "", DURING),
        "submit": lambda: submit_list(wide.pk, student, wanted, "", DURING),
        "change": lambda: change_list(wide.pk, student, wanted, 1, "", DURING),
        "check": lambda: check_list(wide, student, wanted, 1, DURING),
    }
    with pytest.raises(Refused) as refused:
        calls[verb]()
    assert (refused.value.code, refused.value.status) == ("bad_list", 422)
    assert [(p["field"], p["code"], p["value"], p["rule"]) for p in refused.value.problems] == [
        problem
    ]
    assert preferences_of(list_of(wide, student)) == (WHOLE if is_kept else Preferences())


def test_unwanted_is_refused_where_the_round_knows_no_such_wish(
    round_: PreferenceRound, keys: list[str], student: Membership
) -> None:
    wanted = Preferences(tuple(keys[:2]), (keys[2], keys[2]))
    with pytest.raises(Refused) as refused:
        submit_list(round_.pk, student, wanted, "", DURING)
    assert [problem["rule"] for problem in refused.value.problems] == [
        f"“{keys[2]}” is among the papers you do not want more than once.",
        "In this round you cannot say that you do not want a paper.",
    ]
    assert nothing_written(round_)


@pytest.mark.parametrize(
    ("version", "at", "code"),
    [(1, CLOSES, "closed"), (0, DURING, "stale_list"), (1, DURING, None)],
)
def test_check_list_writes_nothing(
    wide: PreferenceRound, student: Membership, version: int, at: Any, code: str | None
) -> None:
    submit_list(wide.pk, student, WHOLE, "", DURING)
    if code is None:
        check_list(wide, student, ["b"], version, at)
    else:
        with pytest.raises(Refused) as refused:
            check_list(wide, student, ["b"], version, at)
        assert refused.value.code == code
    assert preferences_of(list_of(wide, student)) == WHOLE
    assert events(wide) == [(1, "submitted", 1)]


def test_check_list_needs_a_submitted_list(wide: PreferenceRound, student: Membership) -> None:
    prepare_list(wide.pk, student, WHOLE, 0, "", DURING)
    with pytest.raises(Refused) as refused:
        check_list(wide, student, ["b"], 1, DURING)
    assert refused.value.code == "not_submitted"
