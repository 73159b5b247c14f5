"""The admin: limited to what one instructs, silent about nothing."""

from typing import Any

import pytest
from django.test import Client

from courses.models import Course, Meeting, Membership
from seminar.accounts.actions import audit
from seminar.accounts.models import AuditEntry, User
from seminar.notifications.actions import write
from seminar.notifications.models import Message
from tests.factories.courses import (
    NOON,
    make_announcement,
    make_application,
    make_meeting,
    make_module,
    make_paper,
)

COURSE_PAGES = [
    "courses/course",
    "courses/membership",
    "courses/application",
    "courses/module",
    "courses/meeting",
    "courses/paper",
    "courses/announcement",
    "accounts/auditentry",
    "notifications/message",
]


@pytest.fixture
def rows(course: Course, other_course: Course) -> dict[str, tuple[Any, Any]]:
    """One row of each kind in this course and in the other one, by admin page."""

    def of(which: Course) -> list[Any]:
        paper, application = make_paper(which), make_application(which)
        write(key=f"m:{which.slug}", to=None, address="a@example.org", kind="test",
              subject="s", text="t", at=NOON, course_slug=which.slug)  # fmt: skip
        return [
            which,
            application.membership,
            application,
            make_module(which),
            make_meeting(which),
            paper,
            make_announcement(which),
            audit("test", at=NOON, actor=None, subject="x", course_slug=which.slug),
            Message.objects.get(course_slug=which.slug),
        ]

    return dict(zip(COURSE_PAGES, zip(of(course), of(other_course), strict=True), strict=True))


@pytest.mark.parametrize("page", COURSE_PAGES)
def test_admin_shows_instructors_their_courses_only(
    client: Client, instructor: Membership, rows: dict[str, tuple[Any, Any]], page: str
) -> None:
    own, foreign = rows[page]
    client.force_login(instructor.user)

    listed = client.get(f"/admin/{page}/")
    found = set(listed.context["cl"].queryset)

    assert own in found
    assert foreign not in found
    assert client.get(f"/admin/{page}/{own.pk}/change/").status_code == 200
    assert client.get(f"/admin/{page}/{foreign.pk}/change/").status_code == 302
    assert "Another Seminar" not in listed.content.decode()
    assert client.get(f"/admin/{page}/add/").status_code == 403
    assert client.post(f"/admin/{page}/{own.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("page", [*COURSE_PAGES, "accounts/user"])
def test_admin_shows_operators_everything(
    client: Client, operator: User, rows: dict[str, tuple[Any, Any]], page: str
) -> None:
    client.force_login(operator)

    listed = client.get(f"/admin/{page}/?q=a")

    assert listed.status_code == 200
    if page in rows:
        everything = client.get(f"/admin/{page}/")
        assert set(rows[page]) <= set(everything.context["cl"].queryset)


@pytest.mark.parametrize("person", ["student", "ta", "auditor", "applicant", "withdrawn"])
def test_admin_keeps_everybody_else_out(
    client: Client, request: pytest.FixtureRequest, person: str
) -> None:
    client.force_login(request.getfixturevalue(person).user)

    response = client.get("/admin/courses/membership/", follow=True)

    assert response.status_code == 403
    assert "Only instructors and operators" in response.content.decode()


def test_admin_asks_to_sign_in(client: Client, db: None) -> None:
    response = client.get("/admin/", follow=True)

    assert response.redirect_chain[-1] == ("/account/login/?next=/admin/", 302)


def test_admin_of_users_is_for_operators(client: Client, instructor: Membership) -> None:
    client.force_login(instructor.user)

    assert client.get("/admin/accounts/user/").status_code == 403
    assert client.get(f"/admin/accounts/user/{instructor.user.pk}/change/").status_code == 403


def opened(client: Client, address: str) -> dict[str, str]:
    """Open a form of the admin and return all its fields, as a browser would send them back."""
    form = client.get(address).context["adminform"].form
    fields: dict[str, str] = {}
    for bound in form:
        held = "" if bound.value() is None else str(bound.value())
        fields |= {bound.html_name: held, bound.html_initial_name: held}
        assert f'name="{bound.html_initial_name}"' in str(bound)
    return fields


def test_admin_mends_plain_fields_with_an_audit_entry(
    client: Client, course: Course, instructor: Membership
) -> None:
    meeting = make_meeting(course, title="Talks", room="024")
    client.force_login(instructor.user)
    address = f"/admin/courses/meeting/{meeting.pk}/change/"

    response = client.post(
        address,
        opened(client, address) | {"title": "Talks 1", "date": "2030-01-01", "key": "other"},
    )

    assert response.status_code == 302
    before = (meeting.date, meeting.key)
    meeting.refresh_from_db()
    assert (meeting.title, meeting.room) == ("Talks 1", "024")
    assert (meeting.date, meeting.key) == before
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.before, entry.after) == (
        "correct",
        instructor.user,
        {"title": "Talks"},
        {"title": "Talks 1"},
    )


def test_admin_keeps_what_somebody_else_changed_meanwhile(
    client: Client, course: Course, instructor: Membership
) -> None:
    meeting = make_meeting(course, title="Talks", room="024", topics="One\nTwo")
    client.force_login(instructor.user)
    address = f"/admin/courses/meeting/{meeting.pk}/change/"
    page = opened(client, address)
    Meeting.objects.update(room="029", topics="Theirs")

    other_field = client.post(address, page | {"title": "Mine"})
    same_field = client.post(address, page | {"title": "Mine", "room": "001"})

    assert other_field.status_code == 302
    assert same_field.status_code == 409
    assert "It now says: “029”" in same_field.content.decode()
    meeting.refresh_from_db()
    assert (meeting.title, meeting.room, meeting.topics) == ("Mine", "029", "Theirs")
    assert AuditEntry.objects.get().after == {"title": "Mine"}


def test_admin_leads_to_the_guarded_pages(
    client: Client, course: Course, instructor: Membership, student: Membership
) -> None:
    application = make_application(course)
    client.force_login(instructor.user)

    member = client.get(f"/admin/courses/membership/{student.pk}/change/").content.decode()
    asked = client.get(f"/admin/courses/application/{application.pk}/change/").content.decode()

    assert f'href="/c/{course.slug}/people/{student.code}/state"' in member
    assert f'href="/c/{course.slug}/people"' in asked
    assert '<input type="submit"' not in member


def test_admin_hides_the_text_of_account_mails(client: Client, operator: User) -> None:
    for slug in ("", "ellm"):
        write(key=f"m:{slug}", to=None, address="a@example.org", kind="test", subject="s",
              text="SECRET-LINK", at=NOON, course_slug=slug)  # fmt: skip
    client.force_login(operator)

    shown = {
        message.course_slug: client.get(f"/admin/notifications/message/{message.pk}/change/")
        for message in Message.objects.all()
    }

    assert "SECRET-LINK" not in shown[""].content.decode()
    assert "SECRET-LINK" in shown["ellm"].content.decode()


def test_admin_lets_operators_close_accounts(
    client: Client, operator: User, student: Membership
) -> None:
    client.force_login(operator)
    address = f"/admin/accounts/user/{student.user.pk}/change/"

    client.post(address, {"may_create_courses": "on", "is_superuser": "on", "name": "x"})

    student.user.refresh_from_db()
    assert (student.user.is_active, student.user.may_create_courses) == (False, True)
    assert (student.user.is_superuser, student.user.name) == (False, "Ada Student")
    assert AuditEntry.objects.get().verb == "set_rights"


@pytest.mark.parametrize("size", [1, 5])
def test_admin_members_query_count(
    client: Client,
    course: Course,
    instructor: Membership,
    size: int,
    django_assert_max_num_queries: Any,
) -> None:
    for _ in range(size):
        make_application(course)
    client.force_login(instructor.user)

    with django_assert_max_num_queries(12):
        client.get("/admin/courses/membership/")
