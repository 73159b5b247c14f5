"""Every mistake a course file can hold: where it is said, under which code, with which value."""

import pytest

from seminar.desk.rules.course_file import Problem, parse

SMALL = """\
course_file: 1
course:
  slug: small
  title: A small course
  short_name: Small
  term: Summer 2026
  zone: Europe/Berlin
staff:
  - name: Iris Instructor
    email: iris@example.org
    role: instructor
modules:
  - key: basics
    title: Basics
  - key: detail
    title: Detail
    parent: basics
meetings:
  - key: lecture
    kind: lecture
    title: Lecture
    date: 2026-04-13
    starts: 16:00
    ends: 18:00
    covers: [basics]
    led_by: [iris@example.org]
  - key: talks
    kind: in_class_presentations
    title: Talks
    date: 2026-04-20
    starts: 16:00
    ends: 18:00
    covers: [basics]
papers:
  - key: one
    module: basics
    title: Paper one
    reportable: yes
    presentable: yes
    meeting: talks
  - key: two
    module: detail
    title: Paper two
    reportable: yes
    presentable: yes
    meeting: talks
rounds:
  - key: round
    title: Papers
    opens: end of meeting lecture
    closes: 2026-04-17 18:00
    meetings: [talks]
    min_length: 1
assignments:
  - key: report
    kind: report
    title: Report
    module: basics
    opens: end of last lecture of basics
    closes: before the presentations of basics
components:
  - key: work
    title: Work
    weight: 60
  - key: talk
    title: Talk
    weight: 40
items:
  - key: report
    title: Report
    component: work
    kind: assignment
    assignment: report
    weight: 60
    max: 10
    rubric:
      - {key: content, title: Content, max: 6}
      - {key: form, title: Form, max: 4}
  - key: talk
    title: Talk
    component: talk
    kind: presentation
    presentation: in_class
    weight: 40
    max: 10
pass_rule:
  - {of: total, at_least: 50}
announcements:
  - key: hello
    title: Hello
    published: 2026-04-01 12:00
    body: Welcome.
"""


def problems(text: str) -> tuple[Problem, ...]:
    parsed = parse(text.encode())
    assert (parsed.file is None) == bool(parsed.problems)
    return parsed.problems


def changed(*pairs: tuple[str, str]) -> str:
    """Return the small course with texts replaced, each found exactly where it is first."""
    text = SMALL
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def said(*pairs: tuple[str, str]) -> list[tuple[int, str, str, str]]:
    return [(p.line, p.path, p.code, p.value) for p in problems(changed(*pairs))]


def test_the_small_course_is_right() -> None:
    assert problems(SMALL) == ()


SCHEMA = [
    (("slug: small", "slug: admin"), (3, "course.slug", "reserved", "admin")),
    (("slug: small", "slug: .."), (3, "course.slug", "key", "..")),
    (("slug: small", "slug: sm\u0430ll"), (3, "course.slug", "key", "sm\u0430ll")),
    (("slug: small", "slug: " + "a" * 51), (3, "course.slug", "key", "a" * 51)),
    (("slug: small", "slug: Small"), (3, "course.slug", "key", "Small")),
    (("title: A small course", "titel: A small course"), (2, "course.title", "missing", "")),
    (("  title: A small course", "  title:"), (4, "course.title", "missing", "")),
    (("title: A small course", "title: [a]"), (4, "course.title", "one_value", "")),
    (("title: A small course", 'title: "a\\nb"'), (4, "course.title", "one_line", "a b")),
    (("title: A small course", 'title: "a\\u202Eb"'),
     (4, "course.title", "invisible_character", "a\u202eb")),
    (("title: A small course", 'title: "\\u200D"'), (4, "course.title", "blank", "\u200d")),
    (("short_name: Small", "short_name: " + "a" * 21), (5, "course.short_name", "too_long", "a" * 21)),
    (("zone: Europe/Berlin", "zone: CET"), (7, "course.zone", "zone", "CET")),
    (("zone: Europe/Berlin", "zone: +01:00"), (7, "course.zone", "zone", "+01:00")),
    (("zone: Europe/Berlin", "zone: ../../etc/passwd"),
     (7, "course.zone", "zone", "../../etc/passwd")),
    (("zone: Europe/Berlin", "zone: Europe/Berlin\n  capacity: -1"),
     (8, "course.capacity", "whole_number", "-1")),
    (("zone: Europe/Berlin", "zone: Europe/Berlin\n  capacity: 10001"),
     (8, "course.capacity", "whole_number", "10001")),
    (("zone: Europe/Berlin", "zone: Europe/Berlin\n  capacity: 1_000"),
     (8, "course.capacity", "whole_number", "1_000")),
    (("zone: Europe/Berlin", "zone: Europe/Berlin\n  capacity: ١٢"),
     (8, "course.capacity", "whole_number", "١٢")),
    (("zone: Europe/Berlin", "zone: Europe/Berlin\n  forum_url: javascript:alert(1)"),
     (8, "course.forum_url", "url", "javascript:alert(1)")),
    (("email: iris@example.org", "email: iris"), (10, "staff[0].email", "email", "iris")),
    (("role: instructor", "role: instrctor"), (11, "staff[0].role", "choice", "instrctor")),
    (("date: 2026-04-13", "date: 13.04.2026"), (22, "meetings[0].date", "date", "13.04.2026")),
    (("date: 2026-04-13", "date: 20260413"), (22, "meetings[0].date", "date", "20260413")),
    (("date: 2026-04-13", "date: 2027-02-29"), (22, "meetings[0].date", "date", "2027-02-29")),
    (("date: 2026-04-13", "date: 9999-01-01"), (22, "meetings[0].date", "year", "9999-01-01")),
    (("date: 2026-04-13", "date: 0001-01-01"), (22, "meetings[0].date", "year", "0001-01-01")),
    (("starts: 16:00", "starts: 24:00"), (23, "meetings[0].starts", "clock", "24:00")),
    (("starts: 16:00", "starts: 960"), (23, "meetings[0].starts", "clock", "960")),
    (("presentable: yes", "presentable: 1"), (39, "papers[0].presentable", "flag", "1")),
    (("closes: 2026-04-17 18:00", "closes: friday evening"),
     (51, "rounds[0].closes", "time_rule", "friday evening")),
    (("weight: 60", "weight: .nan"), (64, "components[0].weight", "number", ".nan")),
    (("weight: 60", "weight: -60"), (64, "components[0].weight", "number", "-60")),
    (("weight: 60", "weight: 0"), (64, "components[0].weight", "number", "0")),
    (("weight: 60", "weight: 1e2"), (64, "components[0].weight", "number", "1e2")),
    (("max: 10", "max: 0"), (75, "items[0].max", "number", "0")),
    (("published: 2026-04-01 12:00", "published: 2026-04-01"),
     (91, "announcements[0].published", "moment", "2026-04-01")),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), SCHEMA)
def test_parse_names_the_malformed_value(
    change: tuple[str, str], expected: tuple[int, str, str, str]
) -> None:
    assert [said for said in said(change) if said[1] == expected[1]] == [expected]


def test_parse_names_an_unknown_key_and_its_neighbour() -> None:
    (problem,) = problems(changed(("    weight: 60\n", "    weight: 60\n    drop_lowset: 0\n")))

    assert str(problem) == (
        '65:5 components[0].drop_lowset = "0": The key `drop_lowset` is not known here. '
        "Did you mean `drop_lowest`?"
    )
    assert (problem.code, problem.value) == ("unknown_key", "0")


def test_parse_lists_the_known_keys_where_none_is_near() -> None:
    (problem,) = problems(SMALL + "xyz: 1\n")

    assert (problem.line, problem.column, problem.code) == (93, 1, "unknown_key")
    assert problem.hint.startswith("Known: course_file, course, policies, ")


def test_parse_refuses_a_list_where_a_mapping_is_and_the_other_way_round() -> None:
    assert said(("course:\n", "course: []\nx:\n"))[0] == (2, "course", "needs_mapping", "")
    assert said(("pass_rule:\n  - {of: total, at_least: 50}", "pass_rule: {of: total}")) == [
        (86, "pass_rule", "needs_list", "")
    ]


def test_parse_refuses_a_newer_version_and_says_nothing_else() -> None:
    (problem,) = problems(changed(("course_file: 1", "course_file: 2"), ("60", "61")))

    assert (problem.line, problem.column, problem.code, problem.value) == (1, 14, "version", "2")


def test_parse_refuses_a_file_without_version() -> None:
    assert said(("course_file: 1\n", "")) == [(1, "course_file", "missing", "")]


CHECKS = [
    # keys and references
    (("key: two", "key: one"), [(41, "papers[1].key", "repeated_key", "one")]),
    (("module: detail", "module: detial"),
     [(42, "papers[1].module", "unknown_reference", "detial")]),
    (("covers: [basics]\n    led_by", "covers: [basics, basics]\n    led_by"),
     [(25, "meetings[0].covers[1]", "named_twice", "basics")]),
    (("led_by: [iris@example.org]", "led_by: [iria@example.org]"),
     [(26, "meetings[0].led_by[0]", "unknown_reference", "iria@example.org")]),
    (("    title: Basics", "    title: Basics\n    parent: detail"),
     [(15, "modules[0].parent", "module_loop", "detail"),
      (18, "modules[1].parent", "module_loop", "basics")]),
    (("role: instructor", "role: ta"), [(8, "staff", "no_instructor", "")]),
    (("staff:", "prerequisites: {needed: 1}\nstaff:"),
     [(8, "prerequisites.needed", "too_many_needed", "1")]),
    # times
    (("date: 2026-04-13\n    starts: 16:00\n    ends: 18:00",
      "date: 2026-03-29\n    starts: 02:30\n    ends: 18:00"),
     [(23, "meetings[0].starts", "wall_time_gap", "2026-03-29 02:30")]),
    (("date: 2026-04-13\n    starts: 16:00\n    ends: 18:00",
      "date: 2025-10-26\n    starts: 02:30\n    ends: 18:00"),
     [(23, "meetings[0].starts", "wall_time_fold", "2025-10-26 02:30")]),
    (("    starts: 16:00\n", ""), [(19, "meetings[0].starts", "missing", "")]),
    (("ends: 18:00", "ends: 16:00"), [(24, "meetings[0].ends", "ends_before_start", "16:00")]),
    (("date: 2026-04-20\n    starts: 16:00", "date: 2026-04-13\n    starts: 17:59"),
     [(30, "meetings[1].date", "overlap", "2026-04-13"),
      (60, "assignments[0].closes", "closes_before_opening", "before the presentations of basics")]),
    (("closes: 2026-04-17 18:00", "closes: 2026-03-29 02:30"),
     [(51, "rounds[0].closes", "wall_time_gap", "2026-03-29 02:30")]),
    (("closes: 2026-04-17 18:00", "closes: 2026-10-25 02:30"),
     [(51, "rounds[0].closes", "wall_time_fold", "2026-10-25 02:30")]),
    (("closes: 2026-04-17 18:00", "closes: 2026-10-25 02:30 second"), []),
    (("closes: 2026-04-17 18:00", "closes: end of meeting lecture"),
     [(51, "rounds[0].closes", "closes_before_opening", "end of meeting lecture")]),
    (("opens: end of meeting lecture", "opens: end of meeting lectrue"),
     [(50, "rounds[0].opens", "unknown_meeting", "end of meeting lectrue")]),
    (("covers: [basics]\npapers", "covers: []\npapers"),
     [(60, "assignments[0].closes", "no_anchor", "before the presentations of basics")]),
    (("covers: [basics]\n    led_by", "led_by"),
     [(58, "assignments[0].opens", "no_lecture", "end of last lecture of basics")]),
    (("published: 2026-04-01 12:00", "published: 2026-03-29 02:30"),
     [(91, "announcements[0].published", "wall_time_gap", "2026-03-29 02:30")]),
    # papers, rounds, assignments
    (("    reportable: yes\n    presentable: yes\n    meeting: talks\n  - key: two",
      "  - key: two"), [(35, "papers[0].key", "paper_without_use", "one"),
                       (55, "assignments[0].module", "reading_list_too_short", "basics")]),
    (("presentable: yes\n    meeting: talks\n  - key: two", "meeting: talks\n  - key: two"),
     [(39, "papers[0].meeting", "not_presentable", "talks")]),
    (("meeting: talks\n  - key: two", "meeting: lecture\n  - key: two"),
     [(40, "papers[0].meeting", "wrong_kind_of_meeting", "lecture")]),
    (("meetings: [talks]", "meetings: [lecture]"),
     [(52, "rounds[0].meetings[0]", "wrong_kind_of_meeting", "lecture")]),
    (("meetings: [talks]", "meetings: [talks]\n    papers: [one]"),
     [(48, "rounds[0].key", "papers_or_meetings", "round")]),
    (("min_length: 1", "min_length: 3"), [(53, "rounds[0].min_length", "list_too_long", "3")]),
    (("min_length: 1", "min_length: 1\n    max_unwanted: 9"),
     [(54, "rounds[0].max_unwanted", "too_many_unwanted", "9")]),
    (("min_length: 1", "min_length: 2\n    max_length: 1"),
     [(54, "rounds[0].max_length", "empty_range", "1")]),
    (("    kind: report\n    title: Report\n    module: basics", "    kind: report\n    title: Report"),
     [(55, "assignments[0].module", "missing", "")]),
    (("    module: basics\n    opens", "    module: detail\n    opens"),
     [(58, "assignments[0].module", "reading_list_too_short", "detail")]),
    (("kind: report", "kind: report\n    pages: {min: 1}"),
     [(57, "assignments[0].pages", "wrong_kind", "")]),
    (("kind: report", "kind: report\n    report: {summary_min: 7}"),
     [(57, "assignments[0].report.summary_max", "empty_range", "")]),
    # grades
    (("weight: 60", "weight: 59.99"),
     [(61, "components", "top_not_100", "59.99 + 40 = 99.99"),
      (64, "components[0].weight", "parts_differ", "60 = 60")]),
    (("weight: 60", "weight: 60.01"),
     [(61, "components", "top_not_100", "60.01 + 40 = 100.01"),
      (64, "components[0].weight", "parts_differ", "60 = 60")]),
    (("weight: 60\n    max", "weight: 50\n    max"),
     [(64, "components[0].weight", "parts_differ", "50 = 50")]),
    (("component: talk", "component: work"),
     [(64, "components[0].weight", "parts_differ", "60 + 40 = 100"),
      (65, "components[1].key", "empty", "talk")]),
    (("    weight: 60\n", "    weight: 60\n    drop_lowest: 1\n"),
     [(65, "components[0].drop_lowest", "drop_leaves_none", "1")]),
    (("key: work", "key: total"),
     [(62, "components[0].key", "empty", "total"),
      (62, "components[0].key", "reserved", "total"),
      (71, "items[0].component", "unknown_reference", "work")]),
    (("presentation: in_class", "assignment: report"),
     [(79, "items[1].presentation", "missing", ""),
      (83, "items[1].assignment", "wrong_kind", "report")]),
    (("kind: presentation\n    presentation: in_class", "kind: assignment\n    assignment: report"),
     [(83, "items[1].assignment", "scored_twice", "report")]),
    (("max: 4}", "max: 5}"), [(76, "items[0].rubric", "rubric_sum", "6 + 5 = 11")]),
    (("key: form,", "key: content,"), [(78, "items[0].rubric[1].key", "repeated_key", "content")]),
    (("max: 4}", "max: 4, levels: [{points: 5, text: a}, {points: 5, text: b}]}"),
     [(78, "items[0].rubric[1].levels[0].points", "level_above_row", "5"),
      (78, "items[0].rubric[1].levels[1].points", "level_above_row", "5"),
      (78, "items[0].rubric[1].levels[1].points", "repeated_level", "5")]),
    (("of: total", "of: talks"), [(87, "pass_rule[0].of", "unknown_reference", "talks")]),
    (("  - {of: total, at_least: 50}", "  []"), [(86, "pass_rule", "no_clause", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), CHECKS)
def test_parse_names_what_does_not_fit(
    change: tuple[str, str], expected: list[tuple[int, str, str, str]]
) -> None:
    assert said(change) == expected


def test_parse_names_the_nearest_key_of_an_unknown_reference() -> None:
    found = problems(
        changed(
            ("module: detail", "module: detial"),
            ("opens: end of meeting lecture", "opens: end of meeting lectrue"),
            ("zone: Europe/Berlin", "zone: Europe/Berlin\n  state: activ"),
            ("role: instructor", "role: instrctor"),
        )
    )

    assert [problem.hint for problem in found] == [
        "Did you mean `active`?",
        "Did you mean `instructor`?",
        "Did you mean `detail`?",
        "Did you mean `lecture`?",
    ]


def test_parse_suggests_the_zone_nearby() -> None:
    (problem,) = problems(changed(("Europe/Berlin", "Europe/Berlon")))

    assert problem.hint == "Did you mean `Europe/Berlin`?"


def test_parse_says_everything_at_once() -> None:
    """Of every kind one, in the order of the file: reader, schema, references, times, weights."""
    text = changed(
        ("slug: small", "slug: admin\n  colour: red"),
        ("title: Basics", "title: Basics\n    title: Again"),
        ("date: 2026-04-13\n    starts: 16:00", "date: 2026-03-29\n    starts: 02:30"),
        ("weight: 60", "weight: 59.99"),
        ("assignment: report", "assignment: reprot"),
    )

    assert [(p.line, p.path, p.code) for p in problems(text)] == [
        (3, "course.slug", "reserved"),
        (4, "course.colour", "unknown_key"),
        (16, "modules[0].title", "duplicate_key"),
        (25, "meetings[0].starts", "wall_time_gap"),
        (63, "components", "top_not_100"),
        (66, "components[0].weight", "parts_differ"),
        (75, "items[0].assignment", "unknown_reference"),
    ]


def test_parse_blames_nobody_for_a_row_that_is_malformed_elsewhere() -> None:
    """A meeting with a bad room is still a meeting: what names it is not wrong."""
    assert said(("key: talks", "key: talks\n    rom: x")) == [
        (28, "meetings[1].rom", "unknown_key", "x")
    ]
    assert said(("email: iris@example.org", "email: iris")) == [
        (10, "staff[0].email", "email", "iris")
    ]


def test_parse_keeps_markup_as_text() -> None:
    text = changed(("title: A small course", 'title: "<script>{{ 7|add:7 }}</script> {% x %}"'))
    file = parse(text.encode()).file

    assert file is not None
    assert file.course.title == "<script>{{ 7|add:7 }}</script> {% x %}"


def test_parse_of_the_same_course_written_otherwise_is_equal() -> None:
    """Quotes, flow style, order of keys and line ends are spelling, not content."""
    other = changed(
        ("title: A small course", "title: 'A small course'"),
        ("covers: [basics]", "covers:\n      - basics"),
        ("reportable: yes", "reportable: true"),
        ("weight: 60", "weight: 60.000"),
        ("opens: end of meeting lecture", "opens: 'end  of meeting   lecture'"),
    ).replace("\n", "\r\n")

    assert parse(other.encode()).file == parse(SMALL.encode()).file


@pytest.mark.parametrize("weights", [("33.33", "33.33", "33.34"), ("33.333", "33.333", "33.334")])
def test_parse_adds_weights_exactly(weights: tuple[str, str, str]) -> None:
    rows = "".join(
        f"  - {{key: c{i}, title: C, weight: {weight}}}\n" for i, weight in enumerate(weights)
    )
    items = "".join(
        f"  - {{key: i{i}, title: I, component: c{i}, kind: participation, weight: {w}, max: 1}}\n"
        for i, w in enumerate(weights)
    )
    head, _, rest = SMALL.partition("components:\n")
    tail = rest[rest.index("pass_rule:") :]

    assert problems(f"{head}components:\n{rows}items:\n{items}{tail}") == ()


def test_parse_refuses_three_times_33_33() -> None:
    head, _, rest = SMALL.partition("components:\n")
    rows = "".join(f"  - {{key: c{i}, title: C, weight: 33.33}}\n" for i in range(3))
    items = "".join(
        f"  - {{key: i{i}, title: I, component: c{i}, kind: participation, weight: 33.33, max: 1}}\n"
        for i in range(3)
    )
    tail = rest[rest.index("pass_rule:") :]

    (problem,) = problems(f"{head}components:\n{rows}items:\n{items}{tail}")

    assert (problem.code, problem.value) == ("top_not_100", "33.33 + 33.33 + 33.33 = 99.99")
    assert problem.rule == (
        "The weights of the top components add up to 99.99, not to exactly 100."
    )
