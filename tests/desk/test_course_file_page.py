"""Changing a course by file, on the page and through the API: look first, then exactly that."""

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from assignments.models import Assignment
from courses.models import Course, CoursePolicy, Membership
from grading.models import GradeItem
from seminar.accounts.models import AuditEntry, User
from seminar.desk.actions.load_course import load_course
from seminar.desk.queries.course_file import export_course
from seminar.desk.rules.course_file import parse
from seminar.notifications.models import Message
from tests.desk.test_course_file_checks import SMALL
from tests.factories.assignments import make_extension
from tests.factories.courses import make_course, make_member, make_user
from tests.factories.grading import score

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("set_clock")]

AT = datetime(2025, 10, 1, 12, 0, tzinfo=UTC)
PAGE = "/c/small/manage/course-file"
API = "/api/v1/courses/small/course-file"


@pytest.fixture
def small() -> Course:
    file = parse(SMALL.encode()).file
    assert file is not None
    load_course(file, by=None, at=AT)
    return Course.objects.get(slug="small")


@pytest.fixture
def iris(small: Course, client: Client) -> Membership:
    """The instructor of the small course, signed in."""
    member = small.memberships.get(role="instructor")
    client.force_login(member.user)
    return member


def changed(*pairs: tuple[str, str]) -> str:
    text = SMALL
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def upload(client: Client, text: str | bytes, page: str = PAGE, **fields: str) -> HttpResponse:
    data = text.encode() if isinstance(text, str) else text
    return client.post(page, {"file": SimpleUploadedFile("course.yaml", data)} | fields)


def confirm(client: Client, shown: HttpResponse, page: str = PAGE, **fields: str) -> HttpResponse:
    """Press the button of a preview, with what is in its form."""
    html = shown.content.decode()
    found = dict(
        re.findall(r'<input type="hidden" name="(content|preview)" value="([^"]*)">', html)
    )
    return client.post(page, found | fields)


def words(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# --- The page ------------------------------------------------------------------------------------


def test_export_course_file_is_the_file(client: Client, iris: Membership) -> None:
    response = client.get(f"{PAGE}/export")

    assert response.content.decode() == export_course(iris.course)
    assert response["Content-Disposition"] == 'attachment; filename="small.yaml"'
    assert response["Content-Type"] == "application/yaml; charset=utf-8"


def test_course_file_shows_what_would_change_and_changes_nothing(
    client: Client, iris: Membership
) -> None:
    shown = upload(client, changed(("short_name: Small", "short_name: Tiny"),
                                   ("closes: 2026-04-17 18:00", "closes: 2026-04-18 18:00")))  # fmt: skip

    assert shown.status_code == 200
    text = words(shown)
    assert "2 changes would be made" in text
    assert "Course small short name Small → Tiny" in text
    assert (
        "Round round closes 2026-04-17 18:00 Europe/Berlin → 2026-04-18 18:00 Europe/Berlin"
    ) in text
    assert Course.objects.get().short_name == "Small"


def test_course_file_applies_exactly_what_was_shown(client: Client, iris: Membership) -> None:
    shown = upload(client, changed(("short_name: Small", "short_name: Tiny")))

    answer = confirm(client, shown)

    assert (answer.status_code, answer.url) == (302, PAGE)
    assert Course.objects.get().short_name == "Tiny"
    assert AuditEntry.objects.filter(verb="load_course", actor=iris.user).count() == 1
    assert not Message.objects.exists()


def test_course_file_says_that_nothing_would_change(client: Client, iris: Membership) -> None:
    shown = upload(client, export_course(iris.course))

    assert "The course is already as the file says." in words(shown)
    assert 'name="preview"' not in shown.content.decode()


def test_course_file_is_shown_again_where_the_course_changed_meanwhile(
    client: Client, iris: Membership
) -> None:
    shown = upload(client, changed(("short_name: Small", "short_name: Tiny")))
    Course.objects.update(room="Annex")

    answer = confirm(client, shown)

    assert answer.status_code == 409
    assert "The course was changed since this preview." in words(answer)
    assert Course.objects.get().short_name == "Small"


def test_course_file_is_bound_to_its_preview(client: Client, iris: Membership) -> None:
    shown = upload(client, changed(("short_name: Small", "short_name: Tiny")))
    other = base64.b64encode(changed(("short_name: Small", "short_name: Huge")).encode()).decode()

    assert confirm(client, shown, content=other).status_code == 409
    assert confirm(client, shown, preview="0" * 64).status_code == 409
    assert confirm(client, shown, content="%%%").status_code == 422
    assert Course.objects.get().short_name == "Small"


def test_course_file_names_every_mistake_by_line_and_key(client: Client, iris: Membership) -> None:
    answer = upload(client, changed(("zone: Europe/Berlin", "zone: CET"),
                                    ("max: 10", "max: 0")))  # fmt: skip

    text = words(answer)
    assert answer.status_code == 422
    assert "2 things to mend" not in text or "course.zone" in text
    assert "7 course.zone CET" in text
    assert "items[0].max 0" in text


def test_course_file_shows_markup_as_text(client: Client, iris: Membership) -> None:
    answer = upload(client, changed(("title: Basics", "title: '<b>{{ x }}</b>'"),
                                    ("zone: Europe/Berlin", "zone: <i>")))  # fmt: skip
    shown = upload(client, changed(("title: Basics", "title: '<b>{{ x }}</b>'")))

    assert b"&lt;i&gt;" in answer.content
    assert b"&lt;b&gt;{{ x }}&lt;/b&gt;" in shown.content
    assert b"<b>{{" not in shown.content


@pytest.mark.parametrize("data", [b"", b"\xff\xfea\x00", b"\xe9", b"x" * (1024 * 1024 + 1)])
def test_course_file_refuses_bytes_that_are_no_file(
    client: Client, iris: Membership, data: bytes
) -> None:
    assert upload(client, data).status_code == 422
    assert client.post(PAGE).status_code == 422


def test_course_file_says_whose_deadlines_move(client: Client, iris: Membership) -> None:
    report = Assignment.objects.get(key="report")
    ada, ben = make_member(iris.course), make_member(iris.course)
    make_extension(report, ben, report.closes_at + timedelta(days=30), granted_by=iris)

    shown = upload(client, changed(("date: 2026-04-20", "date: 2026-04-27")))

    text = words(shown)
    assert ada.is_student
    assert "Deadlines that move Report : Sun 19 Apr" in text.replace("\u202f", " ")
    assert "(2 students; 1 has a later extension and keeps it)" in text


def test_course_file_says_whose_verdict_changes_and_asks_for_it(
    client: Client, iris: Membership
) -> None:
    ada = make_member(iris.course, name="Ada Student")
    for key in ("report", "talk"):
        score(GradeItem.objects.get(key=key), ada, "5", by=iris)
    stricter = changed(("at_least: 50", "at_least: 51"))

    refused = upload(client, stricter)
    shown = upload(client, stricter, confirm_scheme="on")

    assert (refused.status_code, shown.status_code) == (409, 200)
    assert "Grades exist, so this changes standings." in words(refused)
    text = words(shown)
    assert "Ada Student: Passed → Not passed" in text
    assert "Pass rule small clauses total &gt;= 50 % → total &gt;= 51 %" in text
    assert confirm(client, shown).status_code == 409
    assert confirm(client, shown, confirm_scheme="on").status_code == 302


# --- Whose course --------------------------------------------------------------------------------


def test_course_file_never_touches_another_course(client: Client, iris: Membership) -> None:
    other = make_course(slug="elsewhere", title="Elsewhere")
    text = changed(("slug: small", "slug: elsewhere"))

    for slug in ("elsewhere", "brand-new"):
        answer = upload(client, text.replace("slug: elsewhere", f"slug: {slug}"))
        assert answer.status_code == 422
        assert "This file is about the course" in words(answer)
    assert upload(client, text, "/c/elsewhere/manage/course-file").status_code == 404
    other.refresh_from_db()
    assert (other.title, Course.objects.count()) == ("Elsewhere", 2)


def test_course_file_may_name_staff_of_the_own_course_only(
    client: Client, iris: Membership
) -> None:
    person = "  - {name: Tom New, email: tom@example.org, role: ta}\nmodules:"
    shown = upload(client, changed(("modules:", person)))

    assert confirm(client, shown).status_code == 302

    tom = User.objects.get(email="tom@example.org")
    assert (tom.is_superuser, tom.may_create_courses, tom.has_usable_password()) == (
        False, False, False,
    )  # fmt: skip
    assert [(m.course.slug, m.role) for m in tom.memberships.all()] == [("small", "ta")]


def test_course_file_keeps_the_own_role(client: Client, iris: Membership) -> None:
    person = "role: ta\n  - {name: Tom New, email: tom@example.org, role: instructor}"

    answer = upload(client, changed(("role: instructor", person)))

    assert answer.status_code == 422
    assert "You would give up your own role." in words(answer)


@pytest.mark.parametrize(("role", "status"), [("student", 403), ("auditor", 403), ("ta", 403)])
def test_course_file_is_for_instructors(
    client: Client, small: Course, role: str, status: int
) -> None:
    Course.objects.update(state="active")
    client.force_login(make_member(small, role).user)

    assert client.get(PAGE).status_code == status
    assert client.get(f"{PAGE}/export").status_code == status
    assert client.get(API).status_code == status
    assert client.post(API, {"text": SMALL}, "application/json").status_code == status


# --- New courses ---------------------------------------------------------------------------------


def test_new_course_makes_the_course_for_whom_the_operator_lets(client: Client) -> None:
    iris = make_user("Iris Instructor", email="iris@example.org", may_create_courses=True)
    client.force_login(iris)
    assert client.get("/courses/new").status_code == 200

    shown = upload(client, SMALL, "/courses/new")
    assert not Course.objects.exists()
    answer = confirm(client, shown, "/courses/new")

    assert (answer.status_code, answer.url) == (302, PAGE)
    assert Course.objects.get().memberships.get(role="instructor").user == iris
    taken = upload(client, SMALL, "/courses/new")
    assert taken.status_code == 409
    assert CoursePolicy.objects.count() == 1


def test_new_course_names_its_author_as_an_instructor(client: Client) -> None:
    client.force_login(make_user("Eve Elsewhere", may_create_courses=True))

    answer = upload(client, SMALL, "/courses/new")

    assert answer.status_code == 422
    assert "Name yourself" in words(answer)
    assert not Course.objects.exists()


def test_new_course_is_refused_without_the_right(client: Client) -> None:
    client.force_login(make_user("Iris Instructor", email="iris@example.org"))

    page = client.get("/courses/new")
    answer = client.post("/api/v1/course-files", {"text": SMALL}, "application/json")

    assert (page.status_code, "Ask the operator" in words(page)) == (403, True)
    assert upload(client, SMALL, "/courses/new").status_code == 403
    assert (answer.status_code, answer.json()["type"]) == (
        403,
        "urn:seminar:problem:may_not_create",
    )
    assert not Course.objects.exists()


# --- The API -------------------------------------------------------------------------------------


def call(client: Client, status: int, **body: Any) -> dict[str, Any]:
    answer = client.post(API, body, "application/json")
    assert answer.status_code == status, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_api_hands_out_the_course_file_and_takes_it_back(client: Client, iris: Membership) -> None:
    text = client.get(API).json()["text"]

    assert text == export_course(iris.course)
    assert call(client, 200, text=text)["total"] == 0


def test_api_looks_first_and_does_exactly_that(client: Client, iris: Membership) -> None:
    text = changed(("short_name: Small", "short_name: Tiny"))

    shown = call(client, 200, text=text, dry_run=True)

    assert shown["changes"] == [
        {
            "kind": "course", "key": "small", "field": "short_name", "before": "Small",
            "after": "Tiny", "removed": False,
        }
    ]  # fmt: skip
    Course.objects.update(room="Annex")
    stale = call(client, 409, text=text, expected=shown["preview"])
    assert stale["type"] == "urn:seminar:problem:preview_is_stale"
    Course.objects.update(room="")
    assert call(client, 200, text=text, expected=shown["preview"])["total"] == 1


def test_api_names_every_mistake(client: Client, iris: Membership) -> None:
    answer = call(client, 422, text=changed(("zone: Europe/Berlin", "zone: CET")), dry_run=True)

    assert answer["type"] == "urn:seminar:problem:course_file_problems"
    assert [(p["field"], p["line"], p["code"], p["value"]) for p in answer["problems"]] == [
        ("course.zone", 7, "zone", "CET")
    ]
    foreign = call(client, 422, text=changed(("slug: small", "slug: other")))
    assert [(p["field"], p["line"]) for p in foreign["problems"]] == [("course.slug", 3)]
    for bad in (7, None, ["a"], "a: \ud800"):
        assert client.post(API, {"text": bad}, "application/json").status_code in (400, 422)


def test_api_makes_a_course(client: Client) -> None:
    iris = make_user("Iris Instructor", email="iris@example.org", may_create_courses=True)
    client.force_login(iris)

    answer = client.post("/api/v1/course-files", {"text": SMALL}, "application/json")

    assert (answer.status_code, answer.json()["slug"]) == (201, "small")
    assert Course.objects.get().memberships.get(role="instructor").user == iris
