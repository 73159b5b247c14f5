"""Accounts: the audit log, nonces, the own page, signing up and in through the outbox."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import Client

from seminar.accounts.actions import audit, once, set_rights, update_account
from seminar.accounts.models import AuditEntry, Nonce, User
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.courses import NOON, make_user

PASSWORD = "correct horse battery"


# --- audit -------------------------------------------------------------------------------------


def test_audit_writes_who_did_what_to_what_and_why(db: None) -> None:
    user = make_user()

    audit("test", at=NOON, actor=user, subject="x" * 200, course_slug="ellm",
          before={"a": 1}, after=[2], reason="why")  # fmt: skip

    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.at, entry.course_slug) == ("test", user, NOON, "ellm")
    assert (entry.subject, entry.before, entry.after) == ("x" * 120, {"a": 1}, [2])
    assert entry.reason == "why"


# --- once --------------------------------------------------------------------------------------


def ask(user: User, done: list[int], *, nonce: str = "nonce-0001", body: Any = 1) -> dict[str, Any]:
    def do() -> dict[str, Any]:
        done.append(len(done))
        return {"number": len(done)}

    return once(nonce, user=user, verb="test", body=body, at=NOON, do=do)


def test_once_answers_a_repetition_without_doing_it_again(db: None) -> None:
    user, done = make_user(), []

    assert [ask(user, done) for _ in range(3)] == [{"number": 1}] * 3
    assert done == [0]
    assert Nonce.objects.count() == 1


def test_once_refuses_a_nonce_with_another_body(db: None) -> None:
    user, done = make_user(), []
    ask(user, done)

    with pytest.raises(Refused) as refusal:
        ask(user, done, body=2)

    assert (refusal.value.code, refusal.value.status) == ("nonce_reused", 422)
    assert done == [0]


def test_once_keeps_people_apart(db: None) -> None:
    done: list[int] = []

    assert [ask(make_user(), done) for _ in range(2)] == [{"number": 1}, {"number": 2}]


def test_once_without_a_nonce_protects_nothing(db: None) -> None:
    user, done = make_user(), []

    assert [ask(user, done, nonce="") for _ in range(2)] == [{"number": 1}, {"number": 2}]
    assert Nonce.objects.count() == 0


@pytest.mark.parametrize("nonce", ["short", "x" * 65, "with\0nul-0001"])
def test_once_refuses_what_no_form_sends(db: None, nonce: str) -> None:
    with pytest.raises(Refused) as refusal:
        ask(make_user(), [], nonce=nonce)

    assert refusal.value.code == "nonce_malformed"


def test_once_remembers_nothing_of_what_was_refused(db: None) -> None:
    user = make_user()

    def refuse() -> dict[str, Any]:
        raise Refused("closed", "Closed.")

    with pytest.raises(Refused):
        once("nonce-0001", user=user, verb="test", body=1, at=NOON, do=refuse)

    assert ask(user, []) == {"number": 1}


@pytest.mark.parametrize(("body", "code", "status"), [(1, "busy", 409), (2, "nonce_reused", 422)])
def test_once_takes_back_what_it_did_where_another_request_was_quicker(
    db: None, body: int, code: str, status: int
) -> None:
    user = make_user()

    def overtaken() -> dict[str, Any]:
        audit("overtaken", at=NOON, actor=user, subject="x")
        ask(user, [], body=body)  # the other request, under another lock
        return {"number": 9}

    with pytest.raises(Refused) as refusal, transaction.atomic():
        once("nonce-0001", user=user, verb="test", body=1, at=NOON, do=overtaken)

    assert (refusal.value.code, refusal.value.status) == (code, status)
    assert AuditEntry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_once_by_two_requests_under_different_locks_answers_one() -> None:
    user, start = make_user(), Barrier(2, timeout=20)

    def request(body: int) -> str:
        def do() -> dict[str, Any]:
            if connection.vendor == "postgresql":  # SQLite lets one transaction in at a time
                start.wait()
            return {"body": body}

        try:
            with transaction.atomic():
                once("nonce-0001", user=user, verb="test", body=body, at=NOON, do=do)
        except Refused as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(request, [1, 2])) == ["done", "nonce_reused"]
    assert Nonce.objects.count() == 1


# --- the own page ------------------------------------------------------------------------------


def test_me_asks_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/me")["Location"] == "/account/login/?next=/me"


@pytest.mark.usefixtures("set_clock")
def test_update_account_page(client: Client, db: None) -> None:
    user = make_user("Ada Student")
    client.force_login(user)

    shown = client.get("/me").content.decode()
    assert 'value="Ada Student"' in shown
    assert "/account/password/change/" in shown
    assert "/account/2fa/" in shown
    assert client.post("/me", {"name": ""}).status_code == 422
    assert client.post("/me", {"name": "Ada", "zone": "Mars/Base"}).status_code == 422
    assert client.post("/me", {"name": "Ada S.", "zone": "America/New_York"}).status_code == 302

    user.refresh_from_db()
    assert (user.name, user.zone) == ("Ada S.", "America/New_York")
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["update_account"]


def test_update_account_writes_before_and_after(db: None) -> None:
    user = make_user("Old")

    update_account(user, name="New", zone="", at=NOON)

    entry = AuditEntry.objects.get()
    assert entry.before == {"name": "Old", "zone": ""}
    assert entry.after == {"name": "New", "zone": ""}


@pytest.mark.parametrize(("theme", "kept"), [("dark", "dark"), ("light", "light"), ("x", "")])
def test_set_theme_keeps_a_cookie(client: Client, theme: str, kept: str) -> None:
    response = client.post("/me/theme", {"theme": theme, "next": "https://evil.example/"})

    assert response["Location"] == "/"
    assert response.cookies["theme"].value == kept


# --- rights ------------------------------------------------------------------------------------


def test_set_rights_closes_an_account(client: Client, operator: User) -> None:
    user = make_user()
    client.force_login(user)

    set_rights(user, is_active=False, may_create_courses=False, by=operator, at=NOON)

    assert client.get("/me").status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor) == ("set_rights", operator)
    set_rights(user, is_active=False, may_create_courses=False, by=operator, at=NOON)
    assert AuditEntry.objects.count() == 1


def test_set_rights_keeps_ones_own_account_open(operator: User) -> None:
    with pytest.raises(Refused) as refusal:
        set_rights(operator, is_active=False, may_create_courses=True, by=operator, at=NOON)

    assert refusal.value.code == "own_account"


# --- signing up, in, and resetting -------------------------------------------------------------


def link_in(message: Message) -> str:
    """The first address in a mail, as a path."""
    assert "Wasn't this you?" in message.text
    found = re.search(re.escape(settings.SITE_URL) + r"(/\S+)", message.text)
    assert found, message.text
    return found[1]


def test_sign_up_writes_the_mail_into_the_outbox_and_signs_in(client: Client, db: None) -> None:
    response = client.post(
        "/account/signup/",
        {"name": "Nora New", "email": "Nora.New@Example.org", "password1": PASSWORD},
    )

    assert response.status_code == 302
    user = User.objects.get()
    assert (user.name, user.email) == ("Nora New", "nora.new@example.org")
    message = Message.objects.get()
    assert (message.to, message.address, message.state) == (user, user.email, "queued")
    assert message.course_slug == ""

    address = link_in(message)
    assert client.get(address).status_code in {200, 302}
    client.post(address)
    assert user.emailaddress_set.get().verified

    stranger = Client()
    sign_in = {"login": "nora.new@example.org", "password": PASSWORD}
    assert stranger.post("/account/login/", sign_in)["Location"] == "/"
    assert stranger.get("/me").status_code == 200


def test_sign_up_of_a_known_address_tells_its_owner_only(client: Client, db: None) -> None:
    owner = make_user("Ada", email="ada@example.org")

    response = client.post(
        "/account/signup/", {"name": "Eve", "email": "ada@example.org", "password1": PASSWORD}
    )

    fresh = Client().post(
        "/account/signup/", {"name": "Eve", "email": "eve@example.org", "password1": PASSWORD}
    )
    assert (response.status_code, response["Location"]) == (fresh.status_code, fresh["Location"])
    assert User.objects.filter(email="ada@example.org").get() == owner
    assert Message.objects.filter(address="ada@example.org").get().to == owner


def test_password_reset_by_mail(client: Client, db: None) -> None:
    user = make_user("Ada", email="ada@example.org")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)

    client.post("/account/password/reset/", {"email": "ada@example.org"})
    form = client.get(link_in(Message.objects.get()), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})

    sign_in = {"login": "ada@example.org", "password": PASSWORD}
    assert Client().post("/account/login/", sign_in)["Location"] == "/"


def test_password_reset_tells_strangers_nothing(client: Client, db: None) -> None:
    make_user("Ada", email="ada@example.org")

    known = client.post("/account/password/reset/", {"email": "ada@example.org"})
    unknown = Client().post("/account/password/reset/", {"email": "nobody@example.org"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_sign_in_with_a_wrong_password_stays_outside(client: Client, db: None) -> None:
    user = make_user("Ada", email="ada@example.org")
    user.set_password(PASSWORD)
    user.save()

    wrong = client.post("/account/login/", {"login": user.email, "password": "wrong wrong"})

    assert wrong.status_code in {200, 422}
    assert client.get("/me").status_code == 302


@pytest.mark.parametrize(
    ("name", "short"),
    [("Ada Okafor", "Ada"), ("Dr. Helena Brandt", "Dr. Helena Brandt"), ("Plato", "Plato")],
)
def test_short_name_is_no_title(name: str, short: str) -> None:
    assert User(name=name).get_short_name() == short
