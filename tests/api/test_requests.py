"""What every endpoint has in common: who is let in, how bodies are read, how errors look."""

import gzip
import json
from typing import Any

import pytest
from django.test import Client

from courses.models import Announcement, Course, Membership
from seminar.accounts.models import User
from tests.api.calls import PROBLEM, ask, call, fields_of, get, refused, sent

pytestmark = pytest.mark.usefixtures("set_clock")

NEWS = {"title": "Room", "body": "We meet in 024.", "public": False}


def raw(who: Membership, body: bytes, kind: str = "application/json", **more: Any) -> Any:
    client = Client(**more)
    client.force_login(who.user)
    address = f"/api/v1/courses/{who.course.slug}/announcements/new"
    return client.post(address, body, content_type=kind)


def test_nobody_signed_in_is_told_how_to_sign_in(course: Course) -> None:
    answer = call(None, "GET", course, "papers")

    assert refused(answer) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="seminar", Session'


def test_a_wrong_role_is_named(student: Membership) -> None:
    answer = call(student, "GET", student.course, "grading")

    assert refused(answer) == (403, "forbidden")
    assert answer.json()["detail"] == "Only TAs and instructors of this course can open this page."


@pytest.mark.parametrize("who", ["outsider", "applicant", "withdrawn"])
def test_who_is_not_in_the_course_finds_nothing(
    who: str, course: Course, request: pytest.FixtureRequest
) -> None:
    member = request.getfixturevalue(who)

    assert refused(call(member, "GET", course, "papers")) == (404, "not_found")
    assert (
        call(member, "GET", course, "papers").json()
        == ask(member, "GET", "/api/v1/courses/no-such/papers").json()
    )


def test_an_operator_without_a_membership_finds_nothing(course: Course, operator: User) -> None:
    client = Client()
    client.force_login(operator)

    assert client.get(f"/api/v1/courses/{course.slug}/gradebook").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("address", ["/api/v1/", "/api/v1/nothing", "/api/v1/courses/"])
def test_an_unknown_address_is_problem_details(method: str, address: str, db: None) -> None:
    assert refused(ask(None, method, address)) == (404, "not_found")


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "OPTIONS"])
def test_a_wrong_method_is_problem_details(method: str, ta: Membership) -> None:
    answer = call(ta, method, ta.course, "papers")

    assert refused(answer) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, HEAD"


def test_a_type_nobody_speaks_is_problem_details(ta: Membership) -> None:
    client = Client(headers={"Accept": "image/png"})
    client.force_login(ta.user)

    answer = client.get(f"/api/v1/courses/{ta.course.slug}/papers")

    assert refused(answer) == (406, "not_acceptable")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_of_another_type_is_refused(kind: str, ta: Membership) -> None:
    assert refused(raw(ta, b"title=a", kind)) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"title": NaN}',
        b'{"title": "a", "title": "b"}',
        b"[" * 100_000,
        b'{"title": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_not_json_is_refused(body: bytes, ta: Membership) -> None:
    assert refused(raw(ta, body)) == (400, "parse_error")


def test_a_body_beyond_the_limit_is_refused(ta: Membership, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    assert refused(raw(ta, json.dumps(NEWS | {"body": "x" * 200}).encode())) == (413, "too_big")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], [""]),
        ("text", [""]),
        (None, [""]),
        (NEWS | {"publik": True, "id": 3}, ["publik", "id"]),
        (NEWS | {"title": 7}, ["title"]),
        (NEWS | {"title": "a\0b"}, ["title"]),
        (NEWS | {"title": "a\ud800"}, ["title"]),
        (NEWS | {"title": "x" * 201}, ["title"]),
        ({}, ["title", "body", "public"]),
    ],
)
def test_a_body_is_read_strictly(body: Any, fields: list[str], ta: Membership) -> None:
    answer = raw(ta, json.dumps(body).encode())

    assert refused(answer) == (422, "invalid")
    assert fields_of(answer) == fields
    assert list(Announcement.objects.all()) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=%EF%BC%91", "limit"),
        ("limit=1e2", "limit"),
        ("offset=-1", "offset"),
        (f"offset={10**30}", "offset"),
        ("ordering=password", "ordering"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_an_address_is_read_strictly(query: str, field: str, ta: Membership) -> None:
    answer = call(ta, "GET", ta.course, f"papers?{query}")

    assert refused(answer) == (422, "invalid")
    assert fields_of(answer) == [field]


def test_a_nul_in_a_code_is_nothing(ta: Membership) -> None:
    assert call(ta, "GET", ta.course, "papers/a%00b").status_code in {400, 404}


def test_a_write_needs_the_csrf_token(ta: Membership) -> None:
    answer = raw(ta, json.dumps(NEWS).encode(), enforce_csrf_checks=True)

    assert refused(answer) == (403, "forbidden")
    assert answer.json()["detail"].startswith("CSRF Failed")


def test_a_write_with_the_csrf_token_is_done(ta: Membership) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ta.user)
    client.cookies["csrftoken"] = "a" * 32

    answer = client.post(
        f"/api/v1/courses/{ta.course.slug}/announcements/new",
        NEWS,
        content_type="application/json",
        headers={"X-CSRFToken": "a" * 32},
    )

    assert answer.status_code == 201


def test_the_same_key_and_body_are_answered_once(ta: Membership) -> None:
    path = "announcements/new"
    first = sent(call(ta, "POST", ta.course, path, NEWS, key="same-key-1"), 201)
    again = sent(call(ta, "POST", ta.course, path, NEWS, key="same-key-1"), 201)
    other = call(ta, "POST", ta.course, path, NEWS | {"public": True}, key="same-key-1")

    assert first == again
    assert refused(other) == (422, "nonce_reused")
    assert Announcement.objects.count() == 1


def test_a_malformed_key_is_refused(ta: Membership) -> None:
    answer = call(ta, "POST", ta.course, "announcements/new", NEWS, key="short")

    assert refused(answer) == (422, "nonce_malformed")


def test_what_has_not_changed_is_not_sent_again(ta: Membership) -> None:
    client = Client()
    client.force_login(ta.user)
    address = f"/api/v1/courses/{ta.course.slug}/papers"

    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert get(ta, ta.course, "papers") == {"count": 0, "limit": 100, "offset": 0, "results": []}


def test_head_answers_like_get_without_a_body(ta: Membership) -> None:
    answer = call(ta, "HEAD", ta.course, "papers")

    assert (answer.status_code, answer.content) == (200, b"")


def test_an_error_is_not_kept_by_anybody(student: Membership) -> None:
    answer = call(student, "GET", student.course, "grading")

    assert (answer["Content-Type"], answer["Cache-Control"]) == (PROBLEM, "private, no-store")


# --- what no well-meant program sends ----------------------------------------------------------


@pytest.mark.parametrize("path", ["papers?limit=%00", "pap%00ers", "nowhere?x=a%00b"])
def test_a_nul_in_an_address_is_problem_details(path: str, ta: Membership) -> None:
    assert refused(call(ta, "GET", ta.course, path)) == (400, "malformed")


def test_a_nul_in_a_form_is_problem_details(student: Membership) -> None:
    client = Client()
    client.force_login(student.user)
    address = f"/api/v1/courses/{student.course.slug}/work/x/files"

    assert refused(client.post(address, {"a\0b": "x"})) == (400, "malformed")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"no boundary in here", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data"),
        (b"--x\r\n", "multipart/form-data; boundary=" + "x" * 5000),
        (b"a=1", "application/x-www-form-urlencoded; charset=nonsense"),
    ],
)
def test_a_form_that_cannot_be_read_is_problem_details(
    body: bytes, kind: str, student: Membership
) -> None:
    client = Client()
    client.force_login(student.user)
    address = f"/api/v1/courses/{student.course.slug}/work/x/files"

    status, _code = refused(client.generic("POST", address, body, content_type=kind))

    assert status in {400, 404, 415, 422}


def test_too_many_fields_are_problem_details(student: Membership) -> None:
    client = Client()
    client.force_login(student.user)
    many = {f"field-{n}": "x" for n in range(1100)}
    address = f"/api/v1/courses/{student.course.slug}/work/x/files"

    assert refused(client.post(address, many)) == (400, "malformed")


@pytest.mark.parametrize("path", ["%FF%FE", "%2e%2e/%2e%2e", "..%2f..%2fetc", "%C0%AF", "a" * 8000])
def test_an_address_that_is_nonsense_leads_nowhere(path: str, ta: Membership) -> None:
    status, _code = refused(call(ta, "GET", ta.course, path))

    assert status in {400, 404}


@pytest.mark.parametrize("method", ["TRACE", "FOO", "CONNECT"])
def test_a_method_nobody_knows_is_refused(method: str, ta: Membership) -> None:
    client = Client()
    client.force_login(ta.user)

    answer = client.generic(method, f"/api/v1/courses/{ta.course.slug}/papers")

    assert refused(answer) == (405, "method_not_allowed")


def test_a_method_cannot_be_smuggled(ta: Membership) -> None:
    client = Client(headers={"X-HTTP-Method-Override": "POST"})
    client.force_login(ta.user)
    address = f"/api/v1/courses/{ta.course.slug}/announcements/new"

    assert refused(client.get(f"{address}?_method=POST")) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(json.dumps(NEWS).encode()), {"Content-Encoding": "gzip"}),
        (json.dumps(NEWS).encode("utf-16"), {}),
        (json.dumps(NEWS).encode("utf-7") + b"+", {}),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, {}),
        (b"\xed\xa0\x80", {}),
        (b"", {}),
    ],
)
def test_a_body_in_another_coding_is_refused(
    body: bytes, headers: dict[str, str], ta: Membership
) -> None:
    client = Client(headers=headers)
    client.force_login(ta.user)
    address = f"/api/v1/courses/{ta.course.slug}/announcements/new"

    status, _code = refused(client.post(address, body, content_type="application/json"))

    assert status in {400, 415, 422}
    assert Announcement.objects.count() == 0


@pytest.mark.parametrize("kind", ["", "json", "application", "application/json;", "x/" + "y" * 900])
def test_a_content_type_that_is_none_is_no_error_of_ours(kind: str, ta: Membership) -> None:
    answer = raw(ta, json.dumps(NEWS).encode(), kind)

    assert answer.status_code == 201 or refused(answer)[0] in {400, 415, 422}


@pytest.mark.parametrize(
    "accept", ["", "*", "*/*;q=nonsense", "application/json;q=0", ",,,", "a/b/c", "text/html\t"]
)
def test_an_accept_header_of_any_kind_is_answered(accept: str, ta: Membership) -> None:
    client = Client(headers={"Accept": accept})
    client.force_login(ta.user)

    answer = client.get(f"/api/v1/courses/{ta.course.slug}/papers")

    assert answer.status_code in {200, 406}


@pytest.mark.parametrize(
    "span", ["bytes=0-0", "bytes=-1", "bytes=9-1,0-", "x=1", "bytes=" + "0-," * 999]
)
def test_a_range_is_nothing_to_an_answer(span: str, ta: Membership) -> None:
    client = Client(headers={"Range": span})
    client.force_login(ta.user)

    assert client.get(f"/api/v1/courses/{ta.course.slug}/papers").status_code == 200


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "bearer sem_", "Bearer \xff", "Bearer " + "x" * 60_000, "Bearer a b"],
)
def test_an_authorization_that_is_nonsense_is_401(header: str, db: None) -> None:
    answer = Client().get("/api/v1/courses", headers={"Authorization": header})

    assert refused(answer) == (401, "authentication_failed")


def test_an_address_with_a_line_break_is_answered_as_a_problem(db: None) -> None:
    answer = Client().get("/api/v1/courses/%0A/papers")

    assert refused(answer) == (404, "not_found")
