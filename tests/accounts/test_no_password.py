"""People without a password: the demo's, and those of a roster who have not set one."""

import pytest
from django.conf import LazySettings
from django.test import Client

from seminar.accounts.models import User
from tests.factories.courses import make_user
from tests.security.people import with_app, with_password

HERE = "/account/no-password"
ASKING = ["/account/reauthenticate/", "/account/2fa/reauthenticate/"]
ASKING += ["/account/2fa/webauthn/reauthenticate/"]
# Pages of allauth somebody without password and second factor can come by.
OTHERS = ["/account/email/", "/account/inactive/", "/account/logout/", "/account/2fa/"]
OTHERS += ["/account/password/set/", "/account/2fa/totp/activate/", "/account/2fa/webauthn/"]
OTHERS += ["/account/2fa/webauthn/add/", "/account/2fa/recovery-codes/generate/"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(client: Client) -> User:
    user = make_user()
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    return user


@pytest.mark.usefixtures("newcomer")
@pytest.mark.parametrize("path", ASKING)
def test_no_password_says_how_to_go_on_instead_of_refusing(client: Client, path: str) -> None:
    answer = client.get(f"{path}?next=/account/tokens", follow=True)

    assert answer.redirect_chain == [(f"{HERE}?next=%2Faccount%2Ftokens", 302)]
    page = answer.content.decode()
    assert '<a class="btn btn-primary" href="/account/tokens">Go on</a>' in page
    assert 'href="/account/password/set/">Set a password</a>' in page


@pytest.mark.usefixtures("newcomer")
@pytest.mark.parametrize("path", OTHERS)
def test_no_page_of_the_account_refuses_who_has_no_password(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.usefixtures("newcomer")
@pytest.mark.parametrize(("demo", "told"), [(True, 1), (False, 0)])
def test_no_password_speaks_of_the_demo_only_there(
    client: Client, settings: LazySettings, demo: bool, told: int
) -> None:
    settings.DEMO = demo

    assert client.get(HERE).content.decode().count("with one press") == told


@pytest.mark.usefixtures("newcomer")
def test_no_password_leads_to_paths_of_this_site_only(client: Client) -> None:
    page = client.get(f"{HERE}?next=https://elsewhere.example/").content.decode()

    assert '<a class="btn btn-primary" href="/">Go to the start page</a>' in page


@pytest.mark.parametrize("equip", [with_password, with_app])
def test_no_password_sends_on_who_has_one(client: Client, equip: object) -> None:
    user = equip(make_user())  # type: ignore[operator]
    client.force_login(user)

    assert client.get(f"{HERE}?next=/account/tokens")["Location"] == "/account/tokens"


@pytest.mark.usefixtures("newcomer")
def test_create_token_asks_nothing_of_who_has_nothing_to_confirm_with(client: Client) -> None:
    facts = {"name": "x", "scopes": ["read"], "days": "7", "nonce": "nonce-0001"}

    answer = client.post("/account/tokens/new", facts)

    assert answer.status_code == 200
    assert "sem_" in answer.content.decode()
