"""A password set by a mailed link lets in whom a roster named, without a second link."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from seminar.accounts.actions import confirm_only_address
from seminar.accounts.models import AuditEntry, User
from tests.factories.courses import NOON, make_user

NEW = "another battery"


def of_a_roster(email: str) -> User:
    """A person as a roster makes them: no password, no address that somebody confirmed."""
    user = make_user(email=email)
    user.set_unusable_password()
    user.save()
    EmailAddress.objects.filter(user=user).delete()
    return user


def test_reset_lets_people_of_a_roster_in(client: Client, db: None) -> None:
    user = of_a_roster("juergen@example.org")

    client.post("/account/password/reset/", {"email": user.email})
    mail = user.messages.get(kind="account/email/password_reset_key")
    link = next(word for word in mail.text.split() if "/reset/key/" in word)
    form = client.get("/account" + link.split("/account", 1)[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    answer = client.post("/account/login/", {"login": user.email, "password": NEW})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(user.pk)


def test_confirm_only_address_is_written_down_once(db: None) -> None:
    user = of_a_roster("juergen@example.org")

    assert [confirm_only_address(user, at=NOON) for _ in range(2)] == [True, False]

    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == (user.email, True, True)
    entries = AuditEntry.objects.filter(verb="confirm_address")
    assert [(entry.actor, entry.subject) for entry in entries] == [(user, f"user {user.code}")]


def test_confirm_only_address_confirms_what_sign_up_left_open(db: None) -> None:
    user = of_a_roster("juergen@example.org")
    EmailAddress.objects.create(user=user, email=user.email, primary=True)

    assert confirm_only_address(user, at=NOON)
    assert EmailAddress.objects.get(user=user).verified


@pytest.mark.parametrize("confirmed", [False, True])
def test_confirm_only_address_leaves_people_with_two_alone(db: None, confirmed: bool) -> None:
    user = of_a_roster("juergen@example.org")
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    EmailAddress.objects.create(user=user, email="victim@example.org", verified=confirmed)

    assert not confirm_only_address(user, at=NOON)
    assert not EmailAddress.objects.get(email=user.email).verified


def test_confirm_only_address_leaves_anothers_address_alone(db: None) -> None:
    user = of_a_roster("juergen@example.org")
    EmailAddress.objects.create(user=make_user(), email=user.email, verified=True)

    assert not confirm_only_address(user, at=NOON)
    assert not EmailAddress.objects.filter(user=user).exists()
