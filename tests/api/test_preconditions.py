"""If-Match: nothing is written over what the sender has not seen."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from assignments.models import DraftField
from courses.models import Course, Membership
from grading.models import GradeEntry, PassRule
from seminar.lib.access import policy_of
from tests.api.calls import get, refused, sent
from tests.api.test_schema import api_views, operations, schema
from tests.factories.assignments import make_draft, make_report
from tests.factories.grading import hand_in, make_component, make_item, make_pass_rule
from tests.factories.presentations import AFTER, keys_of, make_round

pytestmark = pytest.mark.usefixtures("set_clock")

VIEWS = [view.cls for _path, view in api_views(get_resolver().url_patterns) if hasattr(view, "cls")]


def request(
    who: Membership, method: str, path: str, body: Any = None, **headers: str
) -> HttpResponse:
    client = Client()
    client.force_login(who.user)
    more = {} if body is None else {"data": body, "content_type": "application/json"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    address = f"/api/v1/courses/{who.course.slug}/{path}"
    answer: HttpResponse = getattr(client, method.lower())(address, headers=named, **more)
    return answer


def tag(who: Membership, path: str) -> str:
    return request(who, "GET", path)["ETag"]


@pytest.fixture
def draft(student: Membership) -> str:
    """The path of a draft with texts."""
    report = make_report(student.course)
    make_draft(report, student)
    return f"work/{report.key}/draft"


def text(value: str, version: int = 1) -> dict[str, Any]:
    return {"field": "0.summary.0", "text": value, "version": version}


def stored(course: Course) -> str:
    return DraftField.objects.get(slot=0, part="summary", index=0).text


def test_a_write_over_what_was_read_is_done(student: Membership, draft: str) -> None:
    before = tag(student, draft)

    answer = request(student, "PUT", f"{draft}/fields", text("Mine."), If_Match=before)

    assert sent(answer)["text"] == "Mine."
    assert tag(student, draft) != before


def test_a_write_over_something_else_is_not(student: Membership, draft: str) -> None:
    before = tag(student, draft)
    sent(request(student, "PUT", f"{draft}/fields", text("Theirs.")))

    answer = request(student, "PUT", f"{draft}/fields", text("Mine.", 2), If_Match=before)

    assert refused(answer) == (412, "changed")
    assert answer.json()["problems"][0]["value"] == tag(student, draft)
    assert stored(student.course) == "Theirs."


def test_the_version_of_the_body_still_guards(student: Membership, draft: str) -> None:
    sent(request(student, "PUT", f"{draft}/fields", text("Theirs.")))
    now = tag(student, draft)

    answer = request(student, "PUT", f"{draft}/fields", text("Mine.", 1), If_Match=now)

    assert refused(answer) == (409, "stale")
    assert stored(student.course) == "Theirs."


@pytest.mark.parametrize(
    ("header", "done"),
    [
        ("*", True),
        (" * ", True),
        ('"other", {tag}', True),
        ("W/{tag}", False),
        ('"other"', False),
        ("", False),
        ("nonsense", False),
        ("{unquoted}", False),
    ],
)
def test_if_match_is_read_as_the_standard_says(
    header: str, done: bool, student: Membership, draft: str
) -> None:
    now = tag(student, draft)
    sent_header = header.format(tag=now, unquoted=now.strip('"'))

    answer = request(student, "PUT", f"{draft}/fields", text("Mine."), If_Match=sent_header)

    assert answer.status_code == (200 if done else 412)
    assert (stored(student.course) == "Mine.") == done


def test_what_is_not_there_matches_nothing(student: Membership) -> None:
    report = make_report(student.course)
    keys = list(report.module.papers.values_list("key", flat=True))[:2]

    answer = request(student, "PUT", f"work/{report.key}/papers", {"papers": keys}, If_Match="*")

    assert refused(answer) == (412, "changed")
    assert refused(request(student, "GET", f"work/{report.key}/draft")) == (404, "not_found")


def test_a_write_that_shows_nothing_gives_no_such_promise(ta: Membership) -> None:
    news = {"title": "Room", "body": "024", "public": False}

    answer = request(ta, "POST", "announcements/new", news, If_Match="*")

    assert refused(answer) == (412, "changed")
    assert get(ta, ta.course, "announcements")["count"] == 0


def test_two_graders_with_if_match(student: Membership, ta: Membership) -> None:
    item = make_item(make_component(ta.course, "written", 100))
    hand_in(item, student)
    page = f"grading/{item.key}/{student.code}"
    before = tag(ta, page)
    grade = {"base_seq": 0, "points": "7"}
    sent(request(ta, "POST", f"{page}/entries", grade, If_Match=before), 201)

    again = request(ta, "POST", f"{page}/entries", grade | {"points": "8"}, If_Match=before)

    assert refused(again) == (412, "changed")
    assert GradeEntry.objects.count() == 1


def test_a_part_is_guarded_by_the_tag_of_the_whole(
    instructor: Membership, student: Membership, set_clock: Any
) -> None:
    """The address that lifts a pin has a part more than the one that shows the pins."""
    round_ = make_round(instructor.course)
    set_clock(AFTER)
    pins = f"rounds/{round_.key}/pins"
    pin = {"student": student.code, "paper": keys_of(round_)[0], "reason": "Guest talk"}
    before = tag(instructor, pins)
    sent(request(instructor, "POST", pins, pin, Idempotency_Key="pin-once-1"), 201)
    lift, why = f"{pins}/{student.code}/lifting", {"reason": "No guest"}

    stale = request(instructor, "POST", lift, why, If_Match=before, Idempotency_Key="lift-once-1")
    now = tag(instructor, pins)
    fresh = request(instructor, "POST", lift, why, If_Match=now, Idempotency_Key="lift-once-1")

    assert refused(stale) == (412, "changed")
    assert sent(fresh) == {"pins": []}


def test_a_repetition_is_answered_though_the_tag_has_changed(instructor: Membership) -> None:
    component = make_component(instructor.course, "written", 100)
    make_pass_rule(instructor.course, [(component, "50")])
    body = {"clauses": [{"component": None, "at_least": "50"}], "reason": "Simpler", "version": 1}
    headers = {"If_Match": tag(instructor, "pass-rule"), "Idempotency_Key": "change-once-1"}

    first, again = [
        sent(request(instructor, "POST", "pass-rule", body, **headers)) for _ in range(2)
    ]

    assert first == again
    assert PassRule.objects.count() == 2
    other = headers | {"Idempotency_Key": "change-once-2"}
    assert refused(request(instructor, "POST", "pass-rule", body, **other)) == (412, "changed")


def account(who: Membership, body: dict[str, str], **headers: str) -> HttpResponse:
    client = Client()
    client.force_login(who.user)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    more = {"data": body, "content_type": "application/json", "headers": named}
    answer: HttpResponse = client.put("/api/v1/account", **more)
    return answer


def test_a_used_key_does_not_stand_in_for_the_tag_where_keys_mean_nothing(
    ta: Membership, instructor: Membership
) -> None:
    news = {"title": "Room", "body": "024", "public": False}
    key = {"Idempotency_Key": "used-before-1"}
    for who in (ta, instructor):
        sent(request(who, "POST", "announcements/new", news, **key), 201)
    stale = key | {"If_Match": '"other"'}

    renamed = account(ta, {"name": "Other Name", "zone": ""}, **stale)
    loaded = request(instructor, "POST", "course-file", {"text": "course: {}"}, **stale)

    assert refused(renamed) == refused(loaded) == (412, "changed")
    ta.user.refresh_from_db()
    assert ta.user.name == "Tilda Assistant"


def test_a_key_used_for_something_else_does_not_stand_in_for_the_tag(
    instructor: Membership,
) -> None:
    component = make_component(instructor.course, "written", 100)
    make_pass_rule(instructor.course, [(component, "50")])
    news = {"title": "Room", "body": "024", "public": False}
    body = {"clauses": [{"component": None, "at_least": "50"}], "reason": "Simpler", "version": 1}
    key = {"Idempotency_Key": "used-before-1"}
    sent(request(instructor, "POST", "announcements/new", news, **key), 201)

    over_another = request(instructor, "POST", "pass-rule", body, If_Match='"other"', **key)
    over_this = tag(instructor, "pass-rule")
    reused = request(instructor, "POST", "pass-rule", body, If_Match=over_this, **key)

    assert refused(over_another) == (412, "changed")
    assert refused(reused) == (422, "nonce_reused")
    assert PassRule.objects.count() == 1


def test_a_key_used_with_another_body_writes_nothing_whatever_the_tag(
    instructor: Membership,
) -> None:
    component = make_component(instructor.course, "written", 100)
    make_pass_rule(instructor.course, [(component, "50")])
    body = {"clauses": [{"component": None, "at_least": "50"}], "reason": "Simpler", "version": 1}
    headers = {"If_Match": tag(instructor, "pass-rule"), "Idempotency_Key": "change-once-1"}
    sent(request(instructor, "POST", "pass-rule", body, **headers))

    other = request(instructor, "POST", "pass-rule", body | {"reason": "Harder"}, **headers)

    assert refused(other) == (422, "nonce_reused")
    assert PassRule.objects.count() == 2


def test_change_pass_rule_over_another_version_is_refused(instructor: Membership) -> None:
    component = make_component(instructor.course, "written", 100)
    make_pass_rule(instructor.course, [(component, "50")])
    body = {"clauses": [{"component": None, "at_least": "50"}], "reason": "Simpler", "version": 0}

    assert refused(request(instructor, "POST", "pass-rule", body)) == (409, "stale")
    assert PassRule.objects.count() == 1


def test_a_read_with_a_wrong_if_match_is_problem_details(ta: Membership) -> None:
    answer = request(ta, "GET", "papers", If_Match='"other"')

    assert refused(answer) == (412, "changed")
    assert request(ta, "GET", "papers", If_Match=tag(ta, "papers")).status_code == 200


def test_what_shows_a_write_lets_in_the_same_people() -> None:
    pairs = [(view, view.shown_by()) for view in VIEWS if view.shown_by()]

    narrower = [
        view.__name__
        for view, shown in pairs
        if view.policy != shown.policy and not view.policy.roles <= shown.policy.roles
    ]
    assert narrower == []
    assert [view.__name__ for view in VIEWS if policy_of(view.as_view()) is None] == []


def test_everything_that_takes_a_version_can_be_guarded_by_a_tag() -> None:
    numbered = {
        operation["operationId"]
        for (_path, method), operation in operations().items()
        if method != "get" and "base_seq" in str(operation) + str(shape_of(operation))
    }
    guarded = {
        operation["operationId"]
        for operation in operations().values()
        if any(header["name"] == "If-Match" for header in operation.get("parameters", []))
    }

    assert {
        "save_field",
        "save_draft",
        "save_list",
        "take_attendance",
        "change_pass_rule",
    } < guarded
    assert {"grade_item", "decide_item"} <= numbered <= guarded


def shape_of(operation: dict[str, Any]) -> Any:
    """The names of a body's fields, as the schema lists them."""
    shapes = schema()["components"]["schemas"]
    content = operation.get("requestBody", {}).get("content", {})
    refs = [kind["schema"].get("$ref", "") for kind in content.values()]
    return [shapes[ref.rpartition("/")[2]] for ref in refs if ref]
