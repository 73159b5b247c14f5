"""Guesses are limited by account, whatever they come with; a lecture hall signs in at once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from courses.models import Membership
from seminar.accounts.models import User
from seminar.notifications.models import Message
from tests.factories.courses import make_user
from tests.security.people import LOGIN, PASSWORD, sign_in, with_password

HALL = 300
REAUTHENTICATE = "/account/reauthenticate/"
CHANGE = "/account/password/change/"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real_limits")]


def guess(client: Client, user: User, **extra: Any) -> int:
    return sign_in(client, user, "wrong wrong wrong", **extra).status_code


# --- by account --------------------------------------------------------------------------------


def test_three_hundred_people_sign_in_behind_one_address(time_stands: Any) -> None:
    password = make_password(PASSWORD)
    people = User.objects.bulk_create(
        User(email=f"p{number}@example.org", name=f"P {number}", password=password)
        for number in range(HALL)
    )
    confirmed = User.emailaddress_set.rel.related_model  # type: ignore[attr-defined]
    confirmed.objects.bulk_create(
        confirmed(user=user, email=user.email, verified=True, primary=True) for user in people
    )
    for number, user in enumerate(people):
        if number % 10 == 0:
            time_stands.shift(4)  # together two minutes
            assert guess(Client(), user) == 200  # a typing mistake here and there
        assert sign_in(Client(), user).status_code == 302, number


def test_guesses_at_one_account_stop_and_others_sign_in(time_stands: Any) -> None:
    victim, other = with_password(make_user("Vera")), with_password(make_user("Otto"))

    assert [guess(Client(), victim) for _ in range(8)] == [200] * 5 + [429] * 3

    stopped = sign_in(Client(), victim)
    assert (stopped.status_code, stopped["Retry-After"]) == (429, "300")
    assert "Wait five minutes" in stopped.content.decode()
    assert sign_in(Client(), other)["Location"] == "/"
    time_stands.shift(301)
    assert sign_in(Client(), victim)["Location"] == "/"


EVASIONS: dict[str, Callable[[int], dict[str, Any]]] = {
    "another forwarded address": lambda n: {"HTTP_X_FORWARDED_FOR": f"10.0.0.{n}"},
    "another address": lambda n: {"REMOTE_ADDR": f"10.0.0.{n}"},
    "another port of the host": lambda n: {"HTTP_HOST": f"localhost:{8000 + n}"},
    "another name of the host": lambda n: {"HTTP_HOST": ("localhost", "127.0.0.1")[n % 2]},
    "another browser": lambda n: {"HTTP_USER_AGENT": f"Browser {n}"},
}


@pytest.mark.parametrize("how", EVASIONS)
def test_guesses_stop_whatever_else_changes(how: str) -> None:
    victim = with_password(make_user("Vera"))

    answers = [guess(Client(), victim, **EVASIONS[how](number)) for number in range(7)]

    assert answers == [200] * 5 + [429] * 2


def test_guesses_stop_whatever_the_address_looks_like() -> None:
    victim = with_password(make_user("Vera", email="vera@example.org"))
    victim.emailaddress_set.create(email="vera@elsewhere.example", verified=True)
    spelled = ["vera@example.org", "VERA@example.org", " vera@example.org ", "Vera@Example.ORG",
               "vera@elsewhere.example", "vera@elsewhere.example", "vera@example.org"]  # fmt: skip

    answers = [
        Client().post(LOGIN, {"login": typed, "password": "wrong wrong"}).status_code
        for typed in spelled
    ]

    assert answers == [200] * 5 + [429] * 2


def test_claiming_an_address_does_not_move_its_limit() -> None:
    victim = make_user("Vera", email="vera@example.org")  # from a roster: no confirmed address
    victim.set_password(PASSWORD)
    victim.save()
    thief = with_password(make_user("Theo"))
    assert [guess(Client(), victim) for _ in range(5)] == [200] * 5

    thief.emailaddress_set.create(email=victim.email, verified=False)

    assert guess(Client(), victim) == 429


# --- every address that takes a password -------------------------------------------------------


def password_takers() -> list[str]:
    """Names of all addresses whose form has a field for a password that exists already."""
    found = []

    def walk(patterns: list[Any]) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns)
            elif isinstance(pattern, URLPattern):
                view = getattr(pattern.callback, "view_class", None)
                form = getattr(view, "form_class", None)
                fields = set(getattr(form, "base_fields", {}))
                if fields & {"password", "oldpassword", "old_password"}:
                    found.append(str(pattern.name))

    walk(get_resolver().url_patterns)
    return sorted(found)


def test_these_addresses_take_a_password_and_no_others() -> None:
    """One more must be put under the limiter, and tried below."""
    assert password_takers() == [
        "account_change_password",
        "account_login",
        "account_reauthenticate",
    ]


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/password_change/"])
def test_the_admin_takes_no_password_itself(path: str, operator: User) -> None:
    with_password(operator)
    form = {"username": operator.email, "password": PASSWORD, "old_password": PASSWORD}
    assert Client().post(path, form)["Location"].startswith((LOGIN, "/admin/login/"))
    client = Client()
    client.force_login(operator)

    answer = client.post(path, form)

    assert answer.status_code == 302
    assert answer["Location"].partition("?")[0] in {CHANGE, "/admin/", "/me/second-factor"}


@pytest.mark.parametrize("first", ["login", "reauthenticate", "change"])
def test_the_addresses_share_one_limit(first: str, student: Membership) -> None:
    user = with_password(student.user)
    client = Client()
    client.force_login(user)
    wrong: dict[str, Callable[[], HttpResponse]] = {
        "login": lambda: sign_in(Client(), user, "wrong wrong"),
        "reauthenticate": lambda: client.post(REAUTHENTICATE, {"password": "wrong wrong"}),
        "change": lambda: client.post(
            CHANGE,
            {
                "oldpassword": "wrong wrong",
                "password1": "new horses 12",
                "password2": "new horses 12",
            },
        ),
    }

    assert [wrong[first]().status_code for _ in range(5)] == [200] * 5

    assert sign_in(Client(), user).status_code == 429
    assert client.post(REAUTHENTICATE, {"password": PASSWORD}).status_code == 429
    assert wrong["change"]().status_code == 429


def test_a_right_password_changes_it(student: Membership) -> None:
    client = Client()
    sign_in(client, with_password(student.user))
    new = {"password1": "another horse 12", "password2": "another horse 12"}

    assert client.post(CHANGE, {"oldpassword": PASSWORD, **new}).status_code == 302
    assert sign_in(Client(), student.user, "another horse 12")["Location"] == "/"


def test_a_reset_by_mail_ends_the_wait() -> None:
    user = with_password(make_user("Vera"))
    assert [guess(Client(), user) for _ in range(6)][-1] == 429
    client = Client()
    client.post("/account/password/reset/", {"email": user.email})
    found = re.search(r"(/account/password/reset/key/\S+)", Message.objects.get().text)
    assert found
    form = client.get(found[1], follow=True)

    new = {"password1": "another horse 12", "password2": "another horse 12"}
    client.post(form.redirect_chain[-1][0], new)

    assert sign_in(Client(), user, "another horse 12")["Location"] == "/"


# --- by address --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "sent", "counted"),
    [
        (0, "1.1.1.{n}", "one"),  # nobody in front: the header is made up
        (1, "1.1.1.{n}, 9.9.9.9", "one"),  # what the proxy added counts, what came with it does not
        (1, "9.9.9.9, 1.1.1.{n}", "each"),
    ],
)
def test_only_what_a_trusted_proxy_says_counts_as_the_address(
    settings: LazySettings, proxies: int, sent: str, counted: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    settings.ACCOUNT_RATE_LIMITS = {"signup": "3/m/ip"}

    answers = [
        Client()
        .post("/account/signup/", {}, HTTP_X_FORWARDED_FOR=sent.format(n=number))
        .status_code
        for number in range(1, 6)
    ]

    assert answers == ([200] * 3 + [429] * 2 if counted == "one" else [200] * 5)


# --- who has an account ------------------------------------------------------------------------


def without_token(answer: HttpResponse, *typed: str) -> str:
    """The page, without what differs from request to request and what was typed."""
    text = re.sub(
        r'csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"', "", answer.content.decode()
    )
    for word in typed:
        text = text.replace(word, "ADDRESS")
    return text


def test_signing_in_tells_nobody_who_has_an_account() -> None:
    known = with_password(make_user("Vera"))
    pages = []
    for address in (known.email, "nobody@example.org"):
        form = {"login": address, "password": "wrong wrong"}
        answers = [Client().post(LOGIN, form) for _ in range(6)]
        pages.append([(answer.status_code, without_token(answer, address)) for answer in answers])

    assert pages[0] == pages[1]
    assert pages[0][5][0] == 429


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/account/password/reset/", {}),
        ("/account/signup/", {"name": "Eve", "password1": "another horse 12"}),
    ],
)
def test_reset_and_sign_up_tell_nobody_either(path: str, more: dict[str, str]) -> None:
    known = with_password(make_user("Vera"))
    seen = []
    for field, address in (("email", known.email), ("email", "nobody@example.org")):
        client = Client()
        answer = client.post(path, {field: address, **more}, follow=True)
        seen.append((answer.redirect_chain, without_token(answer, address)))

    assert seen[0] == seen[1]
    assert Message.objects.count() == 2  # each address gets one mail; only its owner learns more
