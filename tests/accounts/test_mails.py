"""Mails about the account: all of them in our words, and sent to who should hear of it."""

import re
from pathlib import Path
from typing import Any

import allauth
import pytest
from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.template.loader import get_template
from django.test import Client, RequestFactory

from seminar.accounts.models import User
from seminar.notifications.models import Message
from tests.factories.courses import make_user
from tests.security.people import (
    PASSWORD,
    code_of,
    recovery_codes_of,
    sign_in,
    with_app,
    with_password,
)

THEIRS = Path(allauth.__file__).parent / "templates"
SWITCHED_OFF = {
    "account/email/login_code": not app_settings.LOGIN_BY_CODE_ENABLED,
    "account/email/password_reset_code": not app_settings.PASSWORD_RESET_BY_CODE_ENABLED,
    "account/email/email_confirm": True,  # no code of allauth sends it
}
MAILS = sorted(
    found.relative_to(THEIRS).as_posix().removesuffix("_message.txt")
    for app in ("account", "mfa")
    for found in (THEIRS / app / "email").glob("*_message.txt")
    if found.name != "base_message.txt"
)
NEW = "another battery"


@pytest.mark.once
@pytest.mark.parametrize("mail", [mail for mail in MAILS if mail not in SWITCHED_OFF])
@pytest.mark.parametrize("part", ["subject", "message"])
def test_each_mail_allauth_can_send_is_ours(mail: str, part: str) -> None:
    name = f"{mail}_{part}.txt"

    assert Path(get_template(name).origin.name) == settings.BASE_DIR / "templates" / name


@pytest.mark.once
def test_mails_without_a_text_of_ours_are_switched_off() -> None:
    assert {mail for mail, off in SWITCHED_OFF.items() if off} == set(SWITCHED_OFF) <= set(MAILS)
    assert len(MAILS) == 18


# --- what is sent when -------------------------------------------------------------------------


def told(kind: str) -> Message:
    """The only mail there is, whole and readable."""
    mail = Message.objects.get()
    assert mail.kind == kind
    assert mail.subject.startswith("[Seminar] ")
    assert mail.text.startswith("Hello,\n")
    assert "\n\nWasn't this you?\n" in mail.text
    assert not re.search(r"\{[{%]|&(amp|quot|#)|\n{3}|\n$| \n", mail.text)
    assert all(len(line) <= 160 for line in mail.text.split("\n"))
    return mail


@pytest.fixture
def ada(client: Client, db: None) -> User:
    user = with_password(make_user("Ada <b>&</b> Okafor", email="ada&okafor@example.org"))
    sign_in(client, user)
    return user


def test_signup_asks_to_confirm_the_address_and_repeats_no_name(client: Client, db: None) -> None:
    facts = {"name": "Win at casino.example", "email": "ada@example.org", "password1": PASSWORD}

    client.post("/account/signup/", facts)

    mail = told("account/email/email_confirmation_signup")
    assert mail.subject == "[Seminar] Confirm your e-mail address"
    assert f"{settings.SITE_URL}/account/confirm-email/" in mail.text
    assert "The link works for 3 days." in mail.text
    assert "casino" not in mail.text


def test_signup_with_a_known_address_tells_its_owner(db: None) -> None:
    ada = with_password(make_user())
    facts = {"name": "Ada", "email": ada.email, "password1": PASSWORD}

    Client().post("/account/signup/", facts)

    mail = told("account/email/account_already_exists")
    assert (mail.to, mail.subject) == (ada, "[Seminar] You have an account already")
    assert f"{settings.SITE_URL}/account/login/" in mail.text
    assert f"{settings.SITE_URL}/account/password/reset/" in mail.text


def test_reset_of_an_unknown_address_says_so_there(client: Client, db: None) -> None:
    client.post("/account/password/reset/", {"email": "nobody@example.org"})

    mail = told("account/email/unknown_account")
    assert (mail.to, mail.address) == (None, "nobody@example.org")
    assert f"{settings.SITE_URL}/account/signup/" in mail.text


def test_a_second_address_is_confirmed_before_it_counts(client: Client, ada: User) -> None:
    client.post("/account/reauthenticate/", {"password": PASSWORD})

    client.post("/account/email/", {"action_add": "", "email": "second@example.org"})

    assert told("account/email/email_confirmation").address == "second@example.org"


def test_who_changes_the_password_hears_of_it(client: Client, ada: User) -> None:
    facts = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}

    client.post("/account/password/change/", facts, headers={"user-agent": "Browser & Co"})

    mail = told("account/email/password_changed")
    assert (mail.to, mail.subject) == (ada, "[Seminar] Your password was changed")
    assert "From the address: 127.0.0.1\nWith: Browser & Co\n" in mail.text
    assert re.search(r"When: \w{3} \d+ \w{3} \d{4}, \d\d:\d\d UTC", mail.text)


def test_who_sets_a_first_password_hears_of_it(client: Client, db: None) -> None:
    user = with_password(make_user())
    user.set_unusable_password()
    user.save()
    client.force_login(user)

    client.post("/account/password/set/", {"password1": NEW, "password2": NEW})

    assert told("account/email/password_set").to == user


def test_a_reset_is_asked_for_by_mail_and_told_when_done(client: Client, db: None) -> None:
    ada = with_password(make_user())
    client.post("/account/password/reset/", {"email": ada.email})
    mail = told("account/email/password_reset_key")
    assert "The link works once, for 3 days." in mail.text
    link = next(word for word in mail.text.split() if "/reset/key/" in word)
    Message.objects.all().delete()

    form = client.get("/account" + link.split("/account", 1)[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})

    assert "Secure your mailbox first" in told("account/email/password_reset").text


def test_the_old_address_hears_of_the_new_one(client: Client, ada: User) -> None:
    old = ada.email
    ada.emailaddress_set.create(email="new@example.org", verified=True)
    client.post("/account/reauthenticate/", {"password": PASSWORD})

    client.post("/account/email/", {"action_primary": "", "email": "new@example.org"})

    mail = told("account/email/email_changed")
    assert mail.address == old
    assert f"go to new@example.org from now on, no longer to {old}." in mail.text


def test_a_removed_address_is_told_to_the_main_one(client: Client, ada: User) -> None:
    ada.emailaddress_set.create(email="old@example.org", verified=True)
    client.post("/account/reauthenticate/", {"password": PASSWORD})

    client.post("/account/email/", {"action_remove": "", "email": "old@example.org"})

    mail = told("account/email/email_deleted")
    assert (mail.address, "old@example.org was removed" in mail.text) == (ada.email, True)


def test_a_second_factor_added_is_told_once(
    client: Client, ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/account/2fa/totp/activate/").content.decode()
    secret = re.findall(r'<code class="nowrap">(\w+)</code>', page)[0]

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/account/2fa/totp/activate/", {"code": code_of(secret)})

    assert f"{settings.SITE_URL}/account/2fa/\n" in told("mfa/email/totp_activated").text
    assert Authenticator.objects.filter(user=ada).count() == 2  # its recovery codes came with it


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("totp/deactivate/", "mfa/email/totp_deactivated"),
        ("recovery-codes/generate/", "mfa/email/recovery_codes_generated"),
    ],
)
def test_a_changed_second_factor_is_told(
    client: Client, db: None, django_capture_on_commit_callbacks: Any, path: str, kind: str
) -> None:
    ada = with_app(make_user())
    client.force_login(ada)
    client.post("/account/2fa/reauthenticate/", {"code": recovery_codes_of(ada)[0]})

    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/account/2fa/{path}")

    assert told(kind).to == ada


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("webauthn_added", "A security key or passkey was added to your account."),
        ("webauthn_removed", "A security key or passkey was removed from your account."),
    ],
)
def test_a_key_is_told_of(rf: RequestFactory, db: None, kind: str, words: str) -> None:
    """As allauth tells of it; a browser adds and removes one in test_passkey_in_browser.py."""
    ada = with_password(make_user())
    with request_context(rf.get("/account/2fa/webauthn/")):
        get_adapter().send_notification_mail(f"mfa/email/{kind}", ada)

    mail = told(f"mfa/email/{kind}")
    assert (mail.to, mail.text.split("\n")[2]) == (ada, words)
    assert f"{settings.SITE_URL}/account/2fa/\n" in mail.text
