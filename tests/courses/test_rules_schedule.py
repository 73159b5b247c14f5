"""Opening and closing rules: reading, writing, saying, resolving."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.rules import (
    BeforeMeetingDate,
    BeforePresentations,
    DaysAfterMeeting,
    FixedTime,
    LastLectureEnd,
    MeetingEnd,
    MeetingFact,
    MeetingKind,
    MeetingStart,
    ModuleFact,
    Problem,
    Resolved,
    RuleTextError,
    Schedule,
    every_problem,
    last_lecture,
    module_anchor,
    parse_rule,
    resolve,
    rule_text,
    rule_words,
)

L, H = MeetingKind.LECTURE, MeetingKind.HANDS_ON
IP, FP = MeetingKind.IN_CLASS_PRESENTATIONS, MeetingKind.FINAL_PRESENTATIONS


def meeting(key, kind, day, *modules, starts=16, ends=18, cancelled=False):
    return MeetingFact(
        key, kind, date.fromisoformat(day), time(starts), time(ends), cancelled, frozenset(modules)
    )


EXAMPLE = Schedule(
    meetings=(
        meeting("m01", L, "2025-10-20", "intro"),
        meeting("m02", L, "2025-10-27", "intro"),
        meeting("m03", L, "2025-11-03", "phases"),
        meeting("m04", IP, "2025-11-10", "phases"),
        meeting("m05", H, "2025-11-17"),
        meeting("m06", L, "2025-11-24", "gpu"),
        meeting("m07", L, "2025-12-01", "gpu"),
        meeting("m08", L, "2025-12-08", "parallel"),
        meeting("m09", L, "2025-12-15", "parallel"),
        meeting("m10", IP, "2026-01-05", "system"),
        meeting("m11", L, "2026-01-12", "model"),
        meeting("m12", H, "2026-01-19"),
        meeting("m13", FP, "2026-01-26"),
    ),
    modules=(
        ModuleFact("intro", title="Introduction"),
        ModuleFact("phases", title="Phases of training"),
        ModuleFact("efficient"),
        ModuleFact("system", "efficient", title="System level"),
        ModuleFact("gpu", "system"),
        ModuleFact("parallel", "system"),
        ModuleFact("model", "efficient", anchor="m13"),
    ),
    zone="Europe/Berlin",
)


def with_meeting(key, **changes):
    return replace(
        EXAMPLE,
        meetings=tuple(replace(m, **changes) if m.key == key else m for m in EXAMPLE.meetings),
    )


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2025-10-24 18:00", FixedTime(date(2025, 10, 24), time(18))),
        ("2025-10-26 02:30 first", FixedTime(date(2025, 10, 26), time(2, 30), 0)),
        ("2025-10-26 02:30 second", FixedTime(date(2025, 10, 26), time(2, 30), 1)),
        ("start of meeting m01", MeetingStart("m01")),
        ("end of meeting m01", MeetingEnd("m01")),
        ("end of last lecture of phases", LastLectureEnd("phases")),
        ("before the date of meeting m13", BeforeMeetingDate("m13")),
        ("before the presentations of phases", BeforePresentations("phases")),
        ("0 days after meeting m05", DaysAfterMeeting(0, "m05")),
        ("1 day after meeting m05", DaysAfterMeeting(1, "m05")),
        ("14 days after meeting m05 at 23:59", DaysAfterMeeting(14, "m05", time(23, 59))),
        ("14 days after meeting m05 at 00:00", DaysAfterMeeting(14, "m05", time(0))),
    ],
)
def test_parse_rule_and_rule_text_are_inverse(text, rule):
    assert parse_rule(text) == rule
    assert rule_text(rule) == text


def test_parse_rule_takes_any_blanks():
    assert parse_rule("  end  of\tmeeting m01\n") == MeetingEnd("m01")


KEYS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,49}", fullmatch=True)
CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@given(
    st.one_of(
        st.builds(FixedTime, st.dates(), CLOCKS, st.sampled_from([None, 0, 1])),
        st.builds(MeetingStart, KEYS),
        st.builds(MeetingEnd, KEYS),
        st.builds(LastLectureEnd, KEYS),
        st.builds(BeforeMeetingDate, KEYS),
        st.builds(BeforePresentations, KEYS),
        st.builds(DaysAfterMeeting, st.integers(0, 366), KEYS, st.none() | CLOCKS),
    )
)
def test_every_rule_survives_being_written(rule):
    assert parse_rule(rule_text(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2025-13-01 18:00",
        "2025-02-29 18:00",
        "2025-10-24 24:00",
        "2025-10-24",
        "2025-10-24T18:00",
        "2025-10-24 18:00+02:00",
        "\uff12025-10-24 18:00",
        "367 days after meeting m05",
        "-1 days after meeting m05",
        "1.5 days after meeting m05",
        "end of meeting",
        "end of meeting M01",
        "end of meeting m01; drop",
        "3 days after meeting m05 at 7pm",
        "\x00",
    ],
)
def test_parse_rule_refuses_naming_the_text(text):
    with pytest.raises(RuleTextError) as refusal:
        parse_rule(text)

    assert refusal.value.text == text
    assert f"“{text}”" in str(refusal.value)


@given(st.text(max_size=60))
def test_parse_rule_fails_in_one_way_only(text):
    try:
        rule = parse_rule(text)
    except RuleTextError:
        rule = None

    assert rule is None or parse_rule(rule_text(rule)) == rule


@pytest.mark.parametrize(
    ("text", "instant", "anchor"),
    [
        ("2025-10-24 18:00", "2025-10-24T16:00", None),
        ("start of meeting m01", "2025-10-20T14:00", "m01"),
        ("start of meeting m02", "2025-10-27T15:00", "m02"),
        ("end of meeting m01", "2025-10-20T16:00", "m01"),
        ("7 days after meeting m01", "2025-10-27T17:00", "m01"),
        ("14 days after meeting m05 at 23:59", "2025-12-01T22:59", "m05"),
        ("end of last lecture of intro", "2025-10-27T17:00", "m02"),
        ("end of last lecture of system", "2025-12-15T17:00", "m09"),
        ("end of last lecture of gpu", "2025-12-01T17:00", "m07"),
        ("before the date of meeting m13", "2026-01-25T23:00", "m13"),
        ("before the presentations of phases", "2025-11-09T23:00", "m04"),
        ("before the presentations of system", "2026-01-04T23:00", "m10"),
        ("before the presentations of gpu", "2026-01-04T23:00", "m10"),
        ("before the presentations of model", "2026-01-25T23:00", "m13"),
    ],
)
def test_resolve_finds_the_instants_of_the_example(text, instant, anchor):
    assert resolve(parse_rule(text), EXAMPLE) == Resolved(utc(instant), anchor)


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("2026-03-29 02:30", "wall_time_gap", ""),
        ("2025-10-26 02:30", "wall_time_fold", ""),
        ("end of meeting m99", "unknown_meeting", "m99"),
        ("before the date of meeting m99", "unknown_meeting", "m99"),
        ("before the presentations of nowhere", "unknown_module", "nowhere"),
        ("end of last lecture of nowhere", "unknown_module", "nowhere"),
        ("before the presentations of intro", "no_anchor", "intro"),
    ],
)
def test_resolve_names_the_problem(text, code, key):
    found = resolve(parse_rule(text), EXAMPLE)

    assert isinstance(found, Problem)
    assert (found.code, found.key) == (code, key)
    assert found.words.plain()


def test_last_lecture_is_a_problem_for_a_module_without_one():
    schedule = replace(EXAMPLE, modules=(*EXAMPLE.modules, ModuleFact("empty")))

    found = last_lecture("empty", schedule)

    assert isinstance(found, Problem)
    assert found.code == "no_lecture"


def test_moving_a_meeting_moves_what_hangs_on_it():
    moved = with_meeting("m04", day=date(2025, 11, 13))

    assert resolve(BeforePresentations("phases"), moved) == Resolved(utc("2025-11-12T23:00"), "m04")


def test_module_anchor_passes_over_cancelled_and_earlier_presentations():
    early = meeting("early", IP, "2025-10-30", "phases")
    late = meeting("late", IP, "2025-11-20", "phases")
    schedule = replace(
        with_meeting("m04", cancelled=True),
        meetings=(late, early, *with_meeting("m04", cancelled=True).meetings),
    )

    assert module_anchor("phases", schedule) == late


def test_module_anchor_prefers_the_module_to_its_ancestor():
    own = meeting("own", IP, "2026-01-08", "gpu")
    schedule = replace(EXAMPLE, meetings=(*EXAMPLE.meetings, own))

    assert module_anchor("gpu", schedule) == own


def test_module_anchor_of_a_module_without_lectures_is_its_first_presentations():
    schedule = replace(
        EXAMPLE,
        modules=(ModuleFact("talks"),),
        meetings=(meeting("a", IP, "2025-11-10", "talks"),),
    )

    found = module_anchor("talks", schedule)

    assert isinstance(found, MeetingFact)
    assert found.key == "a"


def test_cancelled_anchor_leaves_the_last_instant_and_blocks():
    before = resolve(BeforePresentations("phases"), EXAMPLE)
    later = replace(
        with_meeting("m04", cancelled=True),
        meetings=(
            *with_meeting("m04", cancelled=True).meetings,
            meeting("next", IP, "2025-11-20", "phases"),
        ),
    )
    assert isinstance(before, Resolved)

    after = resolve(BeforePresentations("phases"), later, before)

    assert isinstance(after, Resolved)
    assert (after.instant, after.anchor) == (before.instant, "m04")
    assert after.blocker is not None
    assert (after.blocker.code, after.blocker.key) == ("anchor_cancelled", "m04")


def test_cancelled_meeting_is_a_problem_for_a_new_rule():
    found = resolve(MeetingEnd("m04"), with_meeting("m04", cancelled=True))

    assert isinstance(found, Problem)
    assert found.code == "anchor_cancelled"


@pytest.mark.parametrize(
    "last", [Resolved(utc("2025-01-01T00:00")), Resolved(utc("2025-01-01T00:00"), "gone")]
)
def test_last_instant_counts_only_for_a_cancelled_anchor(last):
    assert resolve(MeetingEnd("m01"), EXAMPLE, last) == Resolved(utc("2025-10-20T16:00"), "m01")


def test_a_loop_of_parents_ends():
    schedule = replace(EXAMPLE, modules=(ModuleFact("a", "b"), ModuleFact("b", "a")))

    found = module_anchor("a", schedule)

    assert isinstance(found, Problem)
    assert found.code == "no_anchor"


@given(st.randoms(use_true_random=False))
def test_resolve_does_not_depend_on_order(random):
    meetings, modules = list(EXAMPLE.meetings), list(EXAMPLE.modules)
    random.shuffle(meetings)
    random.shuffle(modules)
    shuffled = Schedule(tuple(meetings), tuple(modules), EXAMPLE.zone)

    for module in EXAMPLE.modules:
        assert module_anchor(module.key, shuffled) == module_anchor(module.key, EXAMPLE)
        assert last_lecture(module.key, shuffled) == last_lecture(module.key, EXAMPLE)


def test_every_problem_lists_each_rule_without_an_instant():
    rules = [MeetingEnd("m01"), MeetingEnd("m99"), BeforePresentations("intro")]

    found = every_problem(rules, EXAMPLE)

    assert [(rule, problem.code) for rule, problem in found] == [
        (MeetingEnd("m99"), "unknown_meeting"),
        (BeforePresentations("intro"), "no_anchor"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2025-10-24 18:00", "2025-10-24 at 18:00:00"),
        ("start of meeting m05", "start of the hands-on meeting on 2025-11-17"),
        ("end of meeting m01", "end of the lecture on 2025-10-20"),
        ("end of meeting m99", "end of m99"),
        ("end of last lecture of phases", "end of the last lecture of “Phases of training”"),
        ("end of last lecture of gpu", "end of the last lecture of “gpu”"),
        ("end of last lecture of nowhere", "end of the last lecture of “nowhere”"),
        (
            "before the date of meeting m13",
            "before the day of the final presentations on 2026-01-26",
        ),
        (
            "before the presentations of system",
            "before the day of the presentations of “System level”",
        ),
        (
            "7 days after meeting m04",
            "7 days after the in-class presentations on 2025-11-10, when it ends",
        ),
        (
            "1 day after meeting m05 at 18:00",
            "1 day after the hands-on meeting on 2025-11-17, at 18:00:00",
        ),
    ],
)
def test_rule_words_say_the_rule(text, words):
    assert rule_words(parse_rule(text), EXAMPLE).plain() == words
