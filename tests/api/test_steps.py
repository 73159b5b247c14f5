"""No write without a way to repeat it safely; no step on a page that a script cannot take."""

import inspect
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from courses.models import Announcement, Course, Meeting, Membership, Module, Paper
from grading.models import GradeEntry, Release, ResultRun
from seminar.accounts.models import AuditEntry, User
from seminar.notifications.models import Message
from tests.api.calls import ask, call, fields_of, get, refused, sent
from tests.api.test_schema import operations
from tests.factories.assignments import make_mini
from tests.factories.courses import (
    NOON,
    make_announcement,
    make_meeting,
    make_member,
    make_module,
    make_paper,
)
from tests.factories.grading import hand_in, make_component, make_item, make_pass_rule, score

pytestmark = pytest.mark.usefixtures("set_clock")

# --- repeating ---------------------------------------------------------------------------------

REPLACED = "it replaces what is there: the same body again is no change"
VERSIONED = "its body names the version it was made over; a repetition is recognised or is stale"
REACHED = "the state it leads to is reached: again it changes nothing, or is refused"
REPEATABLE = {
    "update_account": REPLACED,
    "revoke_token": REACHED,
    "correct_announcement": REPLACED,
    "correct_course": REPLACED,
    "correct_meeting": REPLACED,
    "correct_module": REPLACED,
    "correct_paper": REPLACED,
    "decide_application": REACHED,
    "accept_applications": REACHED,
    "change_state": REACHED,
    "take_attendance": VERSIONED,
    "grade_item": VERSIONED,
    "decide_item": VERSIONED,
    "excuse_items_before_joining": REACHED,
    "preview_pass_rule": "it writes nothing",
    "preview_capacity": "it writes nothing",
    "save_draft": VERSIONED,
    "save_field": VERSIONED,
    "choose_papers": REPLACED,
    "create_course": REACHED,
    "load_course": REPLACED,
}


def test_every_write_can_be_repeated_safely() -> None:
    writes = {
        one["operationId"]: any(
            header["name"] == "Idempotency-Key" for header in one.get("parameters", [])
        )
        for (_path, method), one in operations().items()
        if method != "get"
    }

    assert {name for name, keyed in writes.items() if not keyed} == set(REPEATABLE)


@pytest.fixture
def graded(student: Membership, ta: Membership, instructor: Membership) -> Course:
    """A course whose one item is graded for one student, not released."""
    written = make_component(ta.course, "written", 100)
    make_pass_rule(ta.course, [(written, "50")])
    item = make_item(written, key="report")
    hand_in(item, student)
    score(item, student, "7", by=ta)
    return ta.course


def twice(who: Membership, path: str, body: Any, status: int) -> tuple[Any, Any]:
    """The answers to a write and its repetition."""
    first = sent(call(who, "POST", who.course, path, body, key="only-once-1"), status)
    return first, sent(call(who, "POST", who.course, path, body, key="only-once-1"), status)


def test_release_item_repeated_releases_nothing_that_was_graded_since(
    graded: Course, instructor: Membership, student: Membership, ta: Membership
) -> None:
    body = {"item": "report"}
    first = sent(call(instructor, "POST", graded, "release", body, key="only-once-1"))
    late = make_member(graded)
    item = GradeEntry.objects.get().item
    hand_in(item, late)
    score(item, late, "9", by=ta)

    again = sent(call(instructor, "POST", graded, "release", body, key="only-once-1"))

    shown = [{"code": student.code, "name": "Ada Student"}]
    assert first == again == {"released": shown}
    assert [row.membership for row in Release.objects.all()] == [student]
    assert Message.objects.filter(kind="grading/mail/released").count() == 1


def test_release_item_with_the_same_key_and_another_body_is_refused(
    graded: Course, instructor: Membership, student: Membership
) -> None:
    call(instructor, "POST", graded, "release", {"item": "report"}, key="only-once-1")
    other = {"item": "report", "student": student.code}

    assert refused(call(instructor, "POST", graded, "release", other, key="only-once-1")) == (
        422,
        "nonce_reused",
    )


def test_results_are_requested_frozen_and_published_once(
    graded: Course, instructor: Membership
) -> None:
    for path, body, status in (
        ("results/computation", {}, 202),
        ("results/freeze", {}, 201),
        ("results/publication", {}, 200),
    ):
        key = f"only-once-{path}"
        first, again = [
            sent(call(instructor, "POST", graded, path, body, key=key), status) for _ in range(2)
        ]
        assert first == again, path
    assert ResultRun.objects.count() == 2
    verbs = ["request_results", "freeze_results", "publish_results"]
    assert sorted(AuditEntry.objects.values_list("verb", flat=True)) == sorted(verbs)


# --- steps of pages ----------------------------------------------------------------------------

# Views that take a POST and have no operation of their own name, with what a script does instead.
OTHERWISE = {
    "accounts:me": "update_account",
    "courses:join": "send_application",
    "presentations:preferences": "submit_list",
    "presentations:finals": "schedule_final_talk",
    "assignments:edit": "save_draft",
    "assignments:check": "read_draft",
    "grading:grade": "grade_item",
    "grading:participation": "give_participation",
    "grading:release": "release_item",
    "grading:results": "freeze_results",
    "desk:course_file": "load_course",
    "desk:new_course": "create_course",
    "courses:import_roster_file": "import_roster",
    "grading:import_scores_file": "import_scores",
    "presentations:import_preferences_file": "import_preferences",
}
NOT_FOR_SCRIPTS = {
    "accounts:set_theme": "a colour of the browser, kept in its cookie",
    "accounts:second_factor": "leads a browser to the second factor",
    "desk:demo_sign_in": "signs a browser in; a script has a token",
    "desk:clock": "the demo's clock, for somebody who looks at pages",
}


def test_every_step_of_a_page_is_an_operation() -> None:
    ids = {one["operationId"] for one in operations().values()}
    names = page_names(get_resolver().url_patterns)
    steps = {name for name in names if name.partition(":")[2] in ids}

    assert set(OTHERWISE.values()) <= ids
    assert (set(OTHERWISE) | set(NOT_FOR_SCRIPTS)) <= names
    assert steps.isdisjoint(NOT_FOR_SCRIPTS)
    assert sorted(writing_pages() - steps - set(OTHERWISE) - set(NOT_FOR_SCRIPTS)) == []


def page_names(patterns: list[Any], space: str = "") -> set[str]:
    """The names of our pages' addresses."""
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.app_name not in {"admin", "api"}:
            found |= page_names(pattern.url_patterns, pattern.app_name or space)
        elif isinstance(pattern, URLPattern) and space:
            found.add(f"{space}:{pattern.name}")
    return found


def writing_pages() -> set[str]:
    """Pages whose code reads what was posted: every view of ours whose source names POST."""
    return {name for name, view in pages(get_resolver().url_patterns) if "POST" in source_of(view)}


def pages(patterns: list[Any], space: str = "") -> list[tuple[str, Any]]:
    """Every page of ours with its view."""
    found: list[tuple[str, Any]] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.app_name not in {"admin", "api"}:
            found += pages(pattern.url_patterns, pattern.app_name or space)
        elif isinstance(pattern, URLPattern) and space:
            found.append((f"{space}:{pattern.name}", pattern.callback))
    return found


def source_of(view: Any) -> str:
    """The text of a view with its decorators."""
    return inspect.getsource(inspect.unwrap(view))


# --- steps of the admin ------------------------------------------------------------------------


def test_excuse_items_before_joining(instructor: Membership) -> None:
    course = instructor.course
    mini = make_mini(course, opens_at=NOON.replace(day=1), closes_at=NOON.replace(day=8))
    make_item(make_component(course, "written", 100), assignment=mini, key="mini")
    late = make_member(course, joined_at=NOON.replace(day=20))
    path = f"gradebook/{late.code}/excuses-before-joining"

    first = sent(call(instructor, "POST", course, path, {}))
    again = sent(call(instructor, "POST", course, path, {}))

    assert [(line["item"], line["kind"]) for line in first["excused"]] == [("mini", "excuse")]
    assert again == {"excused": []}


@pytest.mark.parametrize(
    ("path", "field", "value", "kind"),
    [
        ("facts", "room", "Room 7", Course),
        ("meetings/{meeting}/facts", "online_note", "Mind the gap", Meeting),
        ("modules/{module}/facts", "title", "Beginnings", Module),
        ("papers/{paper}/facts", "year", 2024, Paper),
        ("announcements/{news}/facts", "public", False, Announcement),
    ],
)
def test_correct_mends_plain_facts_over_what_was_seen(
    path: str, field: str, value: Any, kind: Any, instructor: Membership
) -> None:
    course = instructor.course
    names = {
        "meeting": make_meeting(course).key,
        "module": make_module(course).key,
        "paper": make_paper(course, year=2020).key,
        "news": make_announcement(course, public=True).code,
    }
    path = path.format(**names)
    before = get(instructor, course, path)
    body = {"changes": {field: value}, "seen": {field: before[field]}}

    done = [sent(call(instructor, "PUT", course, path, body)) for _ in range(2)]
    stale = {"changes": {field: before[field]}, "seen": {field: before[field]}}

    assert done == [before | {field: value}] * 2
    assert get(instructor, course, path) == before | {field: value}
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["correct"]
    assert refused(call(instructor, "PUT", course, path, stale)) == (409, "changed_meanwhile")


def test_correct_reads_strictly(instructor: Membership) -> None:
    def correct(changes: Any, seen: Any) -> Any:
        body = {"changes": changes, "seen": seen}
        return call(instructor, "PUT", instructor.course, "facts", body)

    slug = correct({"slug": "x"}, {"slug": "y"})
    unseen = correct({"room": "7"}, {})
    number = correct({"room": 7}, {"room": ""})
    nul = correct({"room": "a\0b"}, {"room": ""})
    address = correct({"forum_url": "javascript:alert(1)"}, {"forum_url": ""})

    assert [fields_of(answer) for answer in (slug, unseen, number, nul, address)] == [
        ["changes.slug", "seen.slug"],
        ["seen.room"],
        ["changes.room"],
        ["changes"],
        ["changes.forum_url"],
    ]
    assert AuditEntry.objects.count() == 0


def test_places_are_listed_and_previewed_before_one_is_given(
    instructor: Membership, student: Membership
) -> None:
    course = instructor.course
    paper = make_paper(course, meeting=make_meeting(course, NOON.date().replace(day=30)))
    preview = f"papers/{paper.key}/presenters/preview?to={student.code}"

    places = get(instructor, course, f"people/{student.code}/places")["results"]

    assert places == [
        {"paper": paper.key, "meeting": paper.meeting.key, "choice": None, "refusal": None}
    ]
    assert get(instructor, course, preview) == {
        "told": [{"mail": "assigned", "name": "Ada Student"}]
    }


def test_update_account(student: Membership) -> None:
    address = "/api/v1/account"
    body = {"name": "Ada S.", "zone": "America/New_York"}

    before = sent(ask(student, "GET", address))
    after = sent(ask(student, "PUT", address, body))
    odd = ask(student, "PUT", address, body | {"zone": "Mars/Base"})

    user = User.objects.get(pk=student.user.pk)
    assert before == {"code": user.code, "name": "Ada Student", "email": user.email, "zone": ""}
    assert after == before | body
    assert (refused(odd), fields_of(odd)) == ((422, "invalid"), ["zone"])
