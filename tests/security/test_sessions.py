"""A session is one person's, in one browser, until it is ended; a stolen cookie is then worth nothing."""

import re

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from courses.models import Membership
from seminar.accounts.actions import set_rights
from seminar.accounts.models import User
from seminar.notifications.models import Message
from tests.factories.courses import NOON
from tests.security.people import PASSWORD, sign_in, with_password

NEW = {"password1": "another horse 12", "password2": "another horse 12"}
pytestmark = pytest.mark.django_db


def stolen(client: Client) -> Client:
    """A browser with a copy of the session cookie."""
    thief = Client()
    name = settings.SESSION_COOKIE_NAME
    thief.cookies[name] = client.cookies[name].value
    return thief


def is_in(client: Client) -> bool:
    return client.get("/me").status_code == 200


@pytest.fixture
def person(student: Membership) -> User:
    return with_password(student.user)


def test_signing_in_changes_the_key_of_the_session(client: Client, person: User) -> None:
    client.get("/account/2fa/webauthn/login/", headers={"accept": "application/json"})
    planted = stolen(client)  # somebody else knows the cookie from before

    sign_in(client, person)

    assert client.cookies["sessionid"].value != planted.cookies["sessionid"].value
    assert (is_in(client), is_in(planted)) == (True, False)


def test_signing_out_ends_the_session(client: Client, person: User) -> None:
    sign_in(client, person)
    copy = stolen(client)
    assert is_in(copy)

    client.post("/account/logout/")

    assert not is_in(copy)


def test_changing_the_password_ends_every_other_session(client: Client, person: User) -> None:
    sign_in(client, person)
    copy, elsewhere = stolen(client), Client()
    sign_in(elsewhere, person)

    client.post("/account/password/change/", {"oldpassword": PASSWORD, **NEW})

    assert (is_in(client), is_in(copy), is_in(elsewhere)) == (True, False, False)


def test_a_reset_by_mail_ends_every_session(client: Client, person: User) -> None:
    sign_in(client, person)
    other = Client()
    other.post("/account/password/reset/", {"email": person.email})
    found = re.search(r"(/account/password/reset/key/\S+)", Message.objects.get().text)
    assert found
    form = other.get(found[1], follow=True)

    other.post(form.redirect_chain[-1][0], NEW)

    assert not is_in(client)
    assert not is_in(Client())
    assert other.get(found[1], follow=True).status_code == 200
    assert "Save password" not in other.get(found[1], follow=True).content.decode()  # used up


def test_closing_the_account_ends_every_session(
    client: Client, person: User, operator: User
) -> None:
    sign_in(client, person)

    set_rights(person, is_active=False, may_create_courses=False, by=operator, at=NOON)

    assert not is_in(client)
    assert client.get("/api/v1/schema/").status_code == 401
    assert sign_in(Client(), person)["Location"] == "/account/inactive/"


def test_an_account_that_is_opened_again_starts_without_sessions(
    client: Client, person: User, operator: User
) -> None:
    sign_in(client, person)
    other = Client()
    other.force_login(operator)

    for is_active in (False, True):
        set_rights(person, is_active=is_active, may_create_courses=False, by=operator, at=NOON)

    assert not is_in(client)
    assert other.session.exists(other.session.session_key)
    assert Session.objects.count() == 1


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(
    client: Client, person: User
) -> None:
    sign_in(client, person)

    session = client.cookies[settings.SESSION_COOKIE_NAME]
    assert (session["httponly"], session["samesite"], session["path"]) == (True, "Lax", "/")
    assert client.cookies["csrftoken"]["samesite"] == "Lax"
