"""The second factor: setting it up, signing in with it, and that no staff right escapes it."""

import re
import time
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from courses.access import CoursePolicy
from courses.models import Membership
from seminar.accounts.access import COURSE_CREATOR, OPERATOR
from seminar.accounts.models import ApiToken, AuditEntry, User
from seminar.lib.access import policy_of
from seminar.notifications.models import Message
from tests.factories.accounts import make_token
from tests.factories.courses import NOON, make_user
from tests.security.people import (
    CODE,
    PASSWORD,
    SECRET,
    code_of,
    recovery_codes_of,
    sign_in,
    sign_in_with_app,
    with_app,
    with_password,
)

ASKED = "/me/second-factor"
REAUTHENTICATE = "/account/2fa/reauthenticate/"
pytestmark = pytest.mark.django_db


def led_to(answer: Any) -> str:
    """Where an answer leads, without the way back."""
    return str(answer.get("Location", "")).partition("?")[0]


# --- setting it up, and signing in with it -----------------------------------------------------


@pytest.mark.usefixtures("staff_need_it")
def test_staff_set_up_an_app_and_come_back_to_where_they_wanted(
    client: Client, ta: Membership
) -> None:
    wanted = f"/c/{ta.course.slug}/people"
    sign_in(client, with_password(ta.user))

    answer = client.get(wanted, follow=True)
    assert answer.request["PATH_INFO"] == ASKED
    assert "about two minutes" in answer.content.decode()

    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/account/2fa/totp/activate/").content.decode()
    found = re.search(r'<code class="nowrap">(\w+)</code>', page)
    assert found
    assert "data:image/svg+xml" in page
    codes = client.post("/account/2fa/totp/activate/", {"code": code_of(found[1])}, follow=True)
    for code in recovery_codes_of(ta.user):
        assert code in codes.content.decode()

    assert led_to(client.get(wanted)) == ASKED  # this session has not shown it yet
    confirm = client.get(ASKED)
    assert led_to(confirm) == REAUTHENTICATE
    again = client.post(confirm["Location"], {"code": code_of(found[1])})
    assert "Incorrect code" in again.content.decode()  # it was used to set up the app
    back = client.post(confirm["Location"], {"code": code_of(found[1], ahead=1)}, follow=True)

    assert (back.request["PATH_INFO"], back.status_code) == (wanted, 200)


@pytest.mark.usefixtures("staff_need_it")
def test_staff_sign_in_with_password_and_code(client: Client, ta: Membership) -> None:
    sign_in_with_app(client, with_app(ta.user))

    assert client.get(f"/c/{ta.course.slug}/people").status_code == 200


@pytest.mark.usefixtures("staff_need_it")
def test_a_code_signs_in_once(client: Client, ta: Membership) -> None:
    sign_in_with_app(client, with_app(ta.user))
    thief = Client()
    sign_in(thief, ta.user)

    answer = thief.post(CODE, {"code": code_of()})

    assert answer.status_code == 200
    assert "Incorrect code" in answer.content.decode()


@pytest.mark.parametrize(
    ("seconds", "led_to_where"), [(-60, ""), (-30, "/"), (0, "/"), (30, "/"), (60, "")]
)
def test_a_clock_may_be_half_a_minute_wrong(
    client: Client, ta: Membership, time_stands: Any, seconds: int, led_to_where: str
) -> None:
    sign_in(client, with_app(ta.user))
    shown = code_of()

    time_stands.shift(-seconds)

    assert led_to(client.post(CODE, {"code": shown})) == led_to_where


@pytest.mark.parametrize("seconds", [1, 31, 59])
def test_a_code_that_was_used_is_refused_as_long_as_it_would_be_right(
    client: Client, ta: Membership, time_stands: Any, seconds: int
) -> None:
    sign_in(client, with_app(ta.user))
    time_stands.move_to(time.time() // 30 * 30)
    shown = code_of(ahead=1)
    assert led_to(client.post(CODE, {"code": shown})) == "/"
    time_stands.shift(seconds)
    thief = Client()
    sign_in(thief, ta.user)

    answers = [thief.post(CODE, {"code": typed}) for typed in (shown, f"{shown[:3]} {shown[3:]}")]
    confirmed = client.post(REAUTHENTICATE, {"code": shown})

    for answer in (*answers, confirmed):
        assert (answer.status_code, led_to(answer)) == (200, "")
        assert "Incorrect code" in answer.content.decode()
    assert led_to(thief.post(CODE, {"code": code_of(ahead=-1)})) == "/"  # another one is right


@pytest.mark.usefixtures("time_stands")
def test_the_code_that_sets_up_an_app_signs_nobody_in(client: Client, ta: Membership) -> None:
    sign_in(client, with_password(ta.user))
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/account/2fa/totp/activate/").content.decode()
    [secret] = re.findall(r'<code class="nowrap">(\w+)</code>', page)
    client.post("/account/2fa/totp/activate/", {"code": code_of(secret)})
    thief = Client()
    sign_in(thief, ta.user)

    answer = thief.post(CODE, {"code": code_of(secret)})

    assert (answer.status_code, led_to(answer)) == (200, "")
    assert "Incorrect code" in answer.content.decode()
    assert led_to(thief.post(CODE, {"code": code_of(secret, ahead=1)})) == "/"


@pytest.mark.usefixtures("staff_need_it")
def test_a_recovery_code_signs_in_once(client: Client, ta: Membership) -> None:
    code = recovery_codes_of(with_app(ta.user))[0]
    sign_in(client, ta.user)
    assert led_to(client.post(CODE, {"code": code})) == "/"
    assert client.get(f"/c/{ta.course.slug}/people").status_code == 200

    again = Client()
    sign_in(again, ta.user)

    assert "Incorrect code" in again.post(CODE, {"code": code}).content.decode()
    assert code not in recovery_codes_of(ta.user)


@pytest.mark.usefixtures("real_limits")
def test_wrong_codes_are_limited_and_the_right_one_works_later(
    client: Client, ta: Membership, time_stands: Any
) -> None:
    with_app(ta.user)
    sign_in(client, ta.user)

    for _ in range(5):
        assert client.post(CODE, {"code": "000000"}).status_code == 200
    stopped = client.post(CODE, {"code": code_of()})
    assert (stopped.status_code, stopped["Retry-After"]) == (429, "300")
    assert "Wait five minutes" in stopped.content.decode()

    time_stands.shift(301)
    sign_in(client, ta.user)
    assert led_to(client.post(CODE, {"code": code_of()})) == "/"


@pytest.mark.usefixtures("time_stands")
def test_half_signed_in_opens_nothing(client: Client, ta: Membership) -> None:
    with_app(ta.user)
    assert led_to(sign_in(client, ta.user)) == CODE

    slug = ta.course.slug
    for path in ("/me", f"/c/{slug}/people", f"/c/{slug}/people", "/admin/",
                 "/account/2fa/", "/account/password/change/", "/account/email/",
                 "/account/2fa/totp/deactivate/", "/account/2fa/recovery-codes/", ASKED):  # fmt: skip
        assert led_to(client.get(path)) in {"/account/login/", "/admin/login/", CODE}, path
    assert client.get(f"/api/v1/courses/{slug}/people").status_code == 401
    assert client.get(CODE).status_code == 200
    assert client.post("/account/logout/", {"next": "/account/login/"}).status_code == 302
    assert led_to(client.get(CODE)) == "/account/login/"


@pytest.mark.usefixtures("time_stands")
@pytest.mark.parametrize(
    "path", ["/account/2fa/totp/deactivate/", "/account/2fa/recovery-codes/generate/"]
)
def test_changing_the_factor_asks_for_it_again_and_not_for_the_password(
    client: Client, ta: Membership, path: str
) -> None:
    sign_in_with_app(client, with_app(ta.user))

    assert led_to(client.get(path)) == REAUTHENTICATE
    assert led_to(client.post(path)) == REAUTHENTICATE
    assert led_to(client.post("/account/reauthenticate/", {"password": PASSWORD})) == REAUTHENTICATE
    assert Authenticator.objects.filter(user=ta.user, type="totp").exists()

    client.post(REAUTHENTICATE, {"code": recovery_codes_of(ta.user)[0]})
    assert client.get(path).status_code == 200
    client.post(path)
    assert Authenticator.objects.filter(user=ta.user, type="totp").exists() == ("totp" not in path)


# --- no staff right without it -----------------------------------------------------------------


@pytest.mark.usefixtures("staff_need_it")
@pytest.mark.parametrize("path", ["", "people", "announcements", "schedule", "about", "papers"])
def test_staff_without_it_see_nothing_of_their_course(
    client: Client, instructor: Membership, path: str
) -> None:
    client.force_login(instructor.user)

    answer = client.get(f"/c/{instructor.course.slug}/{path}")

    assert answer["Location"] == f"{ASKED}?next=%2Fc%2F{instructor.course.slug}%2F{path}"


@pytest.mark.usefixtures("staff_need_it")
def test_a_panel_sends_the_whole_browser(client: Client, ta: Membership) -> None:
    client.force_login(ta.user)

    answer = client.get(f"/c/{ta.course.slug}/people", headers={"hx-request": "true"})

    assert (answer.status_code, answer["HX-Redirect"].partition("?")[0]) == (204, ASKED)


@pytest.mark.usefixtures("staff_need_it")
def test_the_api_refuses_staff_without_it(client: Client, ta: Membership) -> None:
    client.force_login(ta.user)

    answer = client.get(f"/api/v1/courses/{ta.course.slug}/people")

    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:seminar:problem:second_factor_required"


@pytest.mark.usefixtures("staff_need_it")
def test_students_and_strangers_need_none(
    client: Client, student: Membership, applicant: Membership
) -> None:
    slug = student.course.slug
    assert client.get(f"/c/{slug}/about").status_code == 200
    for member in (student, applicant):
        client.force_login(member.user)
        assert client.get(f"/c/{slug}/about").status_code == 200
    client.force_login(student.user)
    assert client.get(f"/c/{slug}/schedule").status_code == 200
    assert client.get(f"/api/v1/courses/{slug}/schedule").status_code == 200


def test_staff_need_none_where_the_installation_does_not_ask(
    client: Client, ta: Membership
) -> None:
    client.force_login(ta.user)

    assert client.get(f"/c/{ta.course.slug}/people").status_code == 200


@pytest.mark.usefixtures("staff_need_it")
def test_the_admin_needs_it(client: Client, instructor: Membership, operator: User) -> None:
    for user in (instructor.user, operator):
        client.force_login(user)
        answer = client.get("/admin/", follow=True)
        assert answer.request["PATH_INFO"] == ASKED
    sign_in_with_app(Client(), with_app(operator))
    with_it = Client()
    sign_in(with_it, operator)
    with_it.post(CODE, {"code": recovery_codes_of(operator)[0]})
    assert with_it.get("/admin/").status_code == 200


@pytest.mark.usefixtures("staff_need_it")
def test_a_factor_that_is_gone_takes_the_rights_of_its_sessions_along(
    client: Client, ta: Membership
) -> None:
    sign_in_with_app(client, with_app(ta.user))
    assert client.get(f"/c/{ta.course.slug}/people").status_code == 200

    Authenticator.objects.filter(user=ta.user).delete()

    assert led_to(client.get(f"/c/{ta.course.slug}/people")) == ASKED


@pytest.mark.usefixtures("staff_need_it")
def test_somebody_elses_factor_does_not_count(client: Client, ta: Membership) -> None:
    with_app(ta.user)
    other = Authenticator.objects.create(user=make_user(), type="totp", data={"secret": SECRET})
    client.force_login(ta.user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "id": other.pk, "at": 0}]
    session["account_authentication_methods_user"] = str(ta.user.pk)
    session.save()

    assert led_to(client.get(f"/c/{ta.course.slug}/people")) == ASKED


def addresses(patterns: list[Any], prefix: str = "/") -> list[tuple[str, URLPattern]]:
    """Every address with its arguments filled in by something."""
    found = []
    for pattern in patterns:
        route = prefix + re.sub(r"^\^|\$$", "", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, route)
        else:
            found.append((route, pattern))
    return found


def filled_in(route: str, slug: str) -> str:
    route = route.replace("<slug:slug>", slug, 1)
    route = re.sub(r"<int:\w+>", "1", route)
    return re.sub(r"<[^>]*>", "x", route)


@pytest.mark.usefixtures("staff_need_it")
def test_no_address_of_staff_opens_without_it(
    client: Client, instructor: Membership, operator: User
) -> None:
    """Walks all addresses: what is added tomorrow is asked too."""
    asked, creator = 0, make_user(may_create_courses=True)
    for route, pattern in addresses(get_resolver().url_patterns):
        policy = policy_of(pattern.callback)
        if isinstance(policy, CoursePolicy):
            user = instructor.user
        elif policy == OPERATOR:
            user = operator
        elif policy == COURSE_CREATOR:
            user = creator
        else:
            continue
        client.force_login(user)
        path = filled_in(route, instructor.course.slug)
        for method in ("get", "post"):
            answer = getattr(client, method)(path)
            if path.startswith("/api/"):
                assert answer.status_code in {403, 405}, (method, path)
                assert "second_factor" in answer.content.decode() or answer.status_code == 405
            elif answer.status_code != 405:
                assert led_to(answer) == ASKED, (method, path)
            asked += 1
    assert asked > 150


@pytest.mark.usefixtures("staff_need_it")
def test_no_address_of_the_admin_opens_without_it(client: Client, operator: User) -> None:
    client.force_login(operator)
    for route, pattern in addresses(get_resolver().url_patterns):
        if not route.startswith("/admin/") or "(?P" in route:
            continue
        answer = client.get(filled_in(route, "x"))
        assert answer.status_code in {302, 404}, (route, pattern)
        assert led_to(answer) in {"", "/admin/", "/admin/login/", ASKED}, route


@pytest.mark.usefixtures("staff_need_it")
def test_creating_a_course_needs_it(client: Client) -> None:
    creator = make_user(may_create_courses=True)
    client.force_login(creator)
    body = {"text": "course: {}"}

    page, sent = client.get("/courses/new"), client.post("/courses/new", {})
    answer = client.post("/api/v1/course-files", body, "application/json")

    assert [led_to(page), led_to(sent)] == [ASKED, ASKED]
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:seminar:problem:second_factor_required"
    sign_in_with_app(client, with_app(creator))
    assert client.get("/courses/new").status_code == 200
    assert client.post("/api/v1/course-files", body, "application/json").status_code == 422


# --- who lost it -------------------------------------------------------------------------------


def test_reset_second_factor_removes_it_writes_it_down_and_tells_the_person(
    ta: Membership,
) -> None:
    with_app(ta.user)
    out = StringIO()

    call_command(
        "reset_second_factor", ta.user.email.upper(), "--reason", "lost phone, seen", stdout=out
    )

    assert not Authenticator.objects.filter(user=ta.user).exists()
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject) == ("reset_second_factor", f"user {ta.user.code}")
    assert entry.before == {"factors": ["recovery_codes", "totp"]}
    assert entry.reason == "lost phone, seen"
    message = Message.objects.get()
    assert (message.to, message.subject) == (ta.user, "Your second factor was removed")
    assert "/me/second-factor" in message.text
    assert "has no second factor now" in out.getvalue()


@pytest.mark.usefixtures("set_clock")
def test_reset_second_factor_ends_the_tokens_that_have_a_scope_of_staff(
    ta: Membership, instructor: Membership
) -> None:
    with_app(ta.user)
    own = make_token(ta.user, "read", "write").token
    read, write, old = [
        make_token(ta.user, *scopes).token
        for scopes in (["staff:read"], ["read", "staff:write"], ["staff:read"])
    ]
    theirs = make_token(instructor.user).token
    long_ago = NOON - timedelta(days=1)
    ApiToken.objects.filter(pk=old.pk).update(revoked_at=long_ago)

    call_command("reset_second_factor", ta.user.email, "--reason", "lost phone, seen")

    assert dict(ApiToken.objects.values_list("code", "revoked_at")) == {
        own.code: None,
        read.code: NOON,
        write.code: NOON,
        old.code: long_ago,
        theirs.code: None,
    }
    entry = AuditEntry.objects.get(verb="reset_second_factor")
    assert entry.after == {"factors": [], "ended_tokens": sorted([read.code, write.code])}


@pytest.mark.parametrize(
    ("address", "reason", "words"),
    [
        ("nobody@example.org", "why", "no account"),
        ("", "why", "no account"),
        ("own", " ", "Say why"),
        ("own", "why", "has no second factor"),
    ],
)
def test_reset_second_factor_refuses(ta: Membership, address: str, reason: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command(
            "reset_second_factor",
            ta.user.email if address == "own" else address,
            "--reason",
            reason,
        )
    assert not AuditEntry.objects.exists()
