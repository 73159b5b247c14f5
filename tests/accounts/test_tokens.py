"""Personal tokens: made once, let in within their scopes, and end in every way they should."""

import hashlib
import logging
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from courses import access
from courses.access import CoursePolicy
from courses.models import Announcement, Course, Membership
from seminar.accounts import rules
from seminar.accounts.actions import revoke_token, revoke_tokens_of, set_rights
from seminar.accounts.models import ApiToken, AuditEntry, Nonce, User
from seminar.accounts.queries import token_by_text
from seminar.lib.errors import Refused
from seminar.lib.scopes import SCOPES, scope_of
from tests.api.calls import refused, sent
from tests.factories.accounts import make_token, with_token
from tests.factories.assignments import make_report
from tests.factories.courses import NOON, make_member, make_user
from tests.factories.grading import hand_in, make_component, make_item

pytestmark = pytest.mark.usefixtures("set_clock")

PASSWORD = "correct horse battery"
NEWS = {"title": "Room", "body": "We meet in 024.", "public": False}
COURSES = "/api/v1/courses"
PAGE = "/account/tokens"


def below(course: Course, path: str) -> str:
    return f"{COURSES}/{course.slug}/{path}"


def confirmed(user: User) -> Client:
    """A browser whose owner confirmed just now that it is them."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


# --- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "sem_", "sem_ABC_x", f"sem_{'2' * 10}_{'x' * 42}", f"sem_{'2' * 10}_{'x' * 44}",
     f"sem_{'0' * 10}_{'x' * 43}", f"SEM_{'2' * 10}_{'x' * 43}", f"sem_{'2' * 10}_{'ä' * 43}",
     f"sem_{'2' * 10}_{'x' * 43}\n"],
)  # fmt: skip
def test_token_parts_knows_what_is_none(text: str) -> None:
    assert rules.token_parts(text) is None


def test_token_parts_takes_a_token_apart() -> None:
    secret = "_-" + "x" * 41

    assert rules.token_parts(rules.token_text("23456789AB", secret)) == ("23456789AB", secret)


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (timedelta(0), "past"),
        (timedelta(seconds=1), ""),
        (timedelta(days=366), ""),
        (timedelta(days=366, microseconds=1), "too_long"),
    ],
)
def test_expiry_refusal(after: timedelta, why: str) -> None:
    assert rules.expiry_refusal(at=NOON, expires_at=NOON + after) == why


@pytest.mark.parametrize(("minutes", "news"), [(9, False), (10, True)])
def test_use_is_news_once_in_ten_minutes(minutes: int, news: bool) -> None:
    assert rules.use_is_news(NOON, at=NOON + timedelta(minutes=minutes)) == news
    assert rules.use_is_news(None, at=NOON)


def test_scopes_text_has_one_order() -> None:
    assert rules.scopes_text(["staff:write", "read", "read", "nope"]) == "read staff:write"


POLICIES = [found for found in vars(access).values() if isinstance(found, CoursePolicy)]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_scope_of_follows_from_the_policy(policy: CoursePolicy) -> None:
    staff = "staff:" if policy in (access.STAFF, access.INSTRUCTOR) else ""

    assert [scope_of(policy, method) for method in ("GET", "HEAD", "POST", "PUT", "TRACE")] == [
        f"{staff}read",
        f"{staff}read",
        *[f"{staff}write"] * 3,
    ]


# --- making ------------------------------------------------------------------------------------


def test_create_token_keeps_the_digest_only(db: None) -> None:
    user = make_user()

    made = make_token(user, "write", "read")

    secret = made.text.split("_", 2)[2]
    row = ApiToken.objects.values().get()
    assert row["digest"] == hashlib.sha256(secret.encode()).hexdigest()
    assert (row["scopes"], row["expires_at"]) == ("read write", NOON + timedelta(days=90))
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.subject) == (
        "create_token",
        user,
        f"token {made.token.code}",
    )
    assert secret not in str(row) + str(entry.after) + str(list(Nonce.objects.values()))
    assert token_by_text(made.text) == made.token


def test_create_token_answers_a_repetition_without_the_secret(db: None) -> None:
    user = make_user()

    first, again = [make_token(user, nonce="nonce-0001") for _ in range(2)]

    assert (again.token, again.text) == (first.token, "")
    assert ApiToken.objects.count() == 1
    assert list(Nonce.objects.values_list("answer", flat=True)) == [{"code": first.token.code}]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expires_at": NOON}, "expiry"),
        ({"expires_at": NOON + timedelta(days=367)}, "expiry"),
    ],
)
def test_create_token_refuses_a_life_out_of_bounds(
    db: None, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        make_token(make_user(), **change)

    assert (refusal.value.code, refusal.value.status) == (code, 422)
    assert ApiToken.objects.count() == 0


def test_create_token_refuses_one_that_may_nothing(db: None) -> None:
    with pytest.raises(Refused) as refusal:
        make_token(make_user(), "nope")

    assert (refusal.value.code, refusal.value.status) == ("no_scope", 422)


# --- letting in --------------------------------------------------------------------------------


def test_a_token_lets_in_without_cookie_and_csrf_token(ta: Membership) -> None:
    made = make_token(ta.user)

    answer = with_token(made.text, "POST", below(ta.course, "announcements/new"), NEWS)

    assert sent(answer, 201)["author"] == "Tilda Assistant"
    assert answer.cookies == {}
    assert "Authorization" in answer["Vary"]
    assert answer["Cache-Control"] == "private, no-store"
    assert Announcement.objects.get().author == ta.user


def ended(kind: str, user: User) -> str:
    """The text of a token that does not work, in each of the ways."""
    text = make_token(user, expires_at=NOON + timedelta(days=1)).text
    token = ApiToken.objects.get()
    if kind == "revoked":
        revoke_token(token, by=user, at=NOON)
    elif kind == "expired":
        ApiToken.objects.update(created_at=NOON - timedelta(days=1), expires_at=NOON)
    elif kind == "closed account":
        User.objects.filter(pk=user.pk).update(is_active=False)
    code, secret = text.split("_", 2)[1:]
    return {
        "other secret": f"sem_{code}_{'x' * 43}",
        "other code": f"sem_23456789AB_{secret}",
        "malformed": "sem_x",
        "empty": "",
        "two": f"{text} {text}",
        "lone surrogate": "sem_\udcff",
    }.get(kind, text)


@pytest.mark.parametrize(
    "kind",
    ["revoked", "expired", "closed account", "other secret", "other code", "malformed", "empty",
     "two"],
)  # fmt: skip
def test_what_is_no_good_token_is_401_in_the_same_words(kind: str, student: Membership) -> None:
    text = ended(kind, student.user)

    answer = with_token(text, "GET", COURSES)

    assert refused(answer) == (401, "authentication_failed")
    assert answer.json()["detail"] == "This token is not valid. Make a new one."
    assert answer["WWW-Authenticate"] == 'Bearer realm="seminar", Session'


def test_a_bad_token_is_not_saved_by_a_good_session(student: Membership) -> None:
    client = Client()
    client.force_login(student.user)

    answer = client.get(COURSES, headers={"Authorization": "Bearer sem_x"})

    assert refused(answer) == (401, "authentication_failed")


def test_another_scheme_is_left_to_the_session(student: Membership) -> None:
    client = Client()
    client.force_login(student.user)
    address = below(student.course, "papers")

    assert client.get(address, headers={"Authorization": "Basic eDp5"}).status_code == 200
    assert refused(Client().get(address, headers={"Authorization": "Basic eDp5"})) == (
        401,
        "not_authenticated",
    )


def test_a_token_opens_no_page(student: Membership) -> None:
    made = make_token(student.user)

    assert with_token(made.text, "GET", "/me").status_code == 302
    assert with_token(made.text, "GET", f"/c/{student.course.slug}/work").status_code == 302


@pytest.mark.parametrize(
    ("who", "method", "path", "needed"),
    [
        ("student", "GET", "papers", "read"),
        ("student", "GET", "work", "read"),
        ("student", "POST", "join", "write"),
        ("ta", "GET", "grading", "staff:read"),
        ("ta", "POST", "announcements/new", "staff:write"),
        ("ta", "GET", "papers", "staff:read"),
        ("ta", "GET", "schedule", "read"),
        ("instructor", "GET", "results", "staff:read"),
        ("instructor", "POST", "results/computation", "staff:write"),
    ],
)
def test_a_missing_scope_is_named(
    who: str, method: str, path: str, needed: str, request: pytest.FixtureRequest
) -> None:
    member = request.getfixturevalue(who)
    others = make_token(member.user, *(set(SCOPES) - {needed}))
    only = make_token(member.user, needed)
    address, body = below(member.course, path), NEWS if method == "POST" else None

    without = with_token(others.text, method, address, body)
    having = with_token(only.text, method, address, body)

    assert refused(without) == (403, "scope_missing")
    assert [problem["value"] for problem in without.json()["problems"]] == [needed]
    assert having.status_code in {200, 201, 409, 422}
    assert Announcement.objects.count() == (path == "announcements/new")


def test_a_token_for_own_things_does_not_read_a_students_work_as_staff(ta: Membership) -> None:
    student = make_member(ta.course)
    report = make_report(ta.course)
    work = hand_in(make_item(make_component(ta.course, "c", 100), assignment=report), student)
    address = below(ta.course, f"receipts/{work.code}")

    assert refused(with_token(make_token(ta.user, "read").text, "GET", address)) == (
        403,
        "scope_missing",
    )
    assert with_token(make_token(ta.user, "staff:read").text, "GET", address).status_code == 200
    assert with_token(make_token(student.user, "read").text, "GET", address).status_code == 200


def test_a_token_may_what_its_owner_may_now(ta: Membership) -> None:
    made = make_token(ta.user)
    address = below(ta.course, "grading")
    before = with_token(made.text, "GET", address)

    ta.state = "suspended"
    ta.save()

    assert before.status_code == 200
    assert refused(with_token(made.text, "GET", address)) == (404, "not_found")


def test_a_token_is_no_way_to_tokens(student: Membership) -> None:
    made = make_token(student.user)
    address = "/api/v1/account/tokens"
    revocation = f"{address}/{made.token.code}/revocation"

    for method, where in (("GET", address), ("POST", address), ("POST", revocation)):
        answer = with_token(made.text, method, where, {} if method == "POST" else None)
        assert refused(answer) == (401, "not_authenticated")
        assert answer["WWW-Authenticate"] == "Session"


def test_its_use_is_written_down_once_in_ten_minutes(student: Membership, set_clock: Any) -> None:
    made = make_token(student.user)
    used = []
    for minutes in (0, 9, 11):
        set_clock(NOON + timedelta(minutes=minutes))
        with CaptureQueriesContext(connection) as queries:
            with_token(made.text, "GET", COURSES)
        used.append(
            (
                ApiToken.objects.get().last_used_at,
                sum("UPDATE" in query["sql"] for query in queries),
            )
        )

    assert used == [(NOON, 1), (NOON, 0), (NOON + timedelta(minutes=11), 1)]


def test_the_secret_is_in_no_log(
    student: Membership, caplog: pytest.LogCaptureFixture, set_clock: Any
) -> None:
    made = make_token(student.user, "read")
    with caplog.at_level(logging.DEBUG):
        with_token(made.text, "GET", COURSES)
        with_token(made.text, "POST", below(student.course, "join"), {})
        set_clock(NOON + timedelta(days=400))
        with_token(made.text, "GET", COURSES)

    assert made.text.split("_", 2)[2] not in caplog.text


# --- ending ------------------------------------------------------------------------------------


def test_revoke_token_twice_is_one_end(db: None) -> None:
    user = make_user()
    token = make_token(user).token

    once, twice = [
        revoke_token(token, by=user, at=NOON + timedelta(minutes=minutes)) for minutes in (1, 2)
    ]

    assert once.revoked_at == twice.revoked_at == NOON + timedelta(minutes=1)
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["revoke_token", "create_token"]


def test_revoke_tokens_of_ends_the_live_ones_of_one_person(db: None) -> None:
    user, other = make_user(), make_user()
    first, second, theirs = make_token(user), make_token(user), make_token(other)
    revoke_token(first.token, by=user, at=NOON)

    ended_now = revoke_tokens_of(user, at=NOON + timedelta(hours=1), reason="lost")

    assert ended_now == 1
    times = dict(ApiToken.objects.values_list("code", "revoked_at"))
    assert times == {
        first.token.code: NOON,
        second.token.code: NOON + timedelta(hours=1),
        theirs.token.code: None,
    }
    assert AuditEntry.objects.filter(verb="revoke_tokens_of").get().reason == "lost"
    assert revoke_tokens_of(user, at=NOON, reason="lost") == 0


def signed_in_with_password(user: User) -> Client:
    user.set_password(PASSWORD)
    user.save()
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    client = Client()
    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    return client


def change_password(user: User) -> None:
    new = {"oldpassword": PASSWORD, "password1": "another battery", "password2": "another battery"}
    client = signed_in_with_password(user)
    text = make_token(user).text
    assert with_token(text, "GET", COURSES).status_code == 200
    assert client.post("/account/password/change/", new).status_code == 302


def reset_password(user: User) -> None:
    from_mail = Client()
    signed_in_with_password(user)
    make_token(user)
    from_mail.post("/account/password/reset/", {"email": user.email})
    mail = user.messages.get(kind="account/email/password_reset_key")
    address = "/account/password/reset/key" + mail.text.split("/account/password/reset/key")[1]
    form = from_mail.get(address.split()[0], follow=True)
    new = {"password1": "another battery", "password2": "another battery"}
    assert from_mail.post(form.redirect_chain[-1][0], new).status_code == 302


def change_by_command(user: User) -> None:
    make_token(user)
    user.set_password("another battery")
    user.save()


@pytest.mark.parametrize("change", [change_password, reset_password, change_by_command])
def test_tokens_end_with_the_password(change: Any, db: None) -> None:
    user, other = make_user(email="ada@example.org"), make_user()
    theirs = make_token(other)

    change(user)

    user.refresh_from_db()
    assert user.check_password("another battery")
    assert user.api_tokens.get().revoked_at is not None
    assert token_by_text(theirs.text).is_live(NOON)


def test_a_failed_end_keeps_the_password(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user(email="ada@example.org")
    client = signed_in_with_password(user)
    make_token(user)

    def fail(*_args: object, **_kwargs: object) -> int:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("seminar.accounts.actions.revoke_tokens_of", fail)
    new = {"oldpassword": PASSWORD, "password1": "another battery", "password2": "another battery"}
    with pytest.raises(RuntimeError):
        client.post("/account/password/change/", new)

    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_password_hashed_anew_at_sign_in_ends_nothing(db: None, settings: Any) -> None:
    user = make_user(email="ada@example.org")
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD, hasher="md5"))
    made = make_token(user)

    user.refresh_from_db()
    assert user.check_password(PASSWORD)

    user.refresh_from_db()
    assert user.password.startswith("pbkdf2")
    assert with_token(made.text, "GET", COURSES).status_code == 200


def test_a_closed_account_locks_its_tokens_out(student: Membership, operator: User) -> None:
    made = make_token(student.user)

    set_rights(student.user, is_active=False, may_create_courses=False, by=operator, at=NOON)

    assert refused(with_token(made.text, "GET", COURSES)) == (401, "authentication_failed")
    set_rights(student.user, is_active=True, may_create_courses=False, by=operator, at=NOON)
    assert refused(with_token(made.text, "GET", COURSES))[0] == 401
    [entry] = AuditEntry.objects.filter(verb="revoke_tokens_of")
    assert (entry.actor, entry.reason) == (operator, "account closed")


# --- pages -------------------------------------------------------------------------------------


def test_tokens_page_lists_live_tokens_without_secrets(client: Client, db: None) -> None:
    user = make_user()
    live, old = make_token(user, "read"), make_token(user)
    ApiToken.objects.filter(pk=old.token.pk).update(name="Gone", revoked_at=NOON)
    client.force_login(user)

    page = client.get(PAGE).content.decode()

    assert "Script" in page
    assert "Gone" not in page
    assert live.text not in page
    assert PAGE in client.get("/me").content.decode()


def test_tokens_page_asks_to_sign_in(client: Client, db: None) -> None:
    assert client.get(PAGE)["Location"] == f"/account/login/?next={PAGE}"


FORM = {"name": "Backup", "scopes": ["read", "staff:read"], "days": "30", "nonce": "nonce-0001"}


def test_create_token_page_shows_it_once(db: None) -> None:
    user = make_user()
    client = confirmed(user)

    first = client.post(f"{PAGE}/new", FORM)
    again = client.post(f"{PAGE}/new", FORM)

    token = ApiToken.objects.get()
    assert (token.name, token.scopes) == ("Backup", "read staff:read")
    assert token.expires_at == NOON + timedelta(days=30)
    assert f"sem_{token.code}_" in first.content.decode()
    assert first["Cache-Control"] == "private, no-store"
    assert f"sem_{token.code}_" not in again.content.decode()
    assert "made already" in again.content.decode()
    text = first.content.decode().split('id="token"')[1].split(">")[1].split("<")[0]
    assert with_token(text, "GET", COURSES).status_code == 200


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"scopes": []}, {"scopes": ["root"]}, {"days": "367"}, {"days": "x"}]
)
def test_create_token_page_gives_a_bad_form_back(db: None, change: dict[str, Any]) -> None:
    answer = confirmed(make_user()).post(f"{PAGE}/new", FORM | change)

    assert answer.status_code == 422
    assert 'value="nonce-0001"' in answer.content.decode()
    assert ApiToken.objects.count() == 0


def test_create_token_page_asks_whether_it_is_still_you(db: None) -> None:
    user = make_user(email="ada@example.org")
    client = signed_in_with_password(user)

    asked = client.post(f"{PAGE}/new", FORM)
    assert asked["Location"].startswith("/account/reauthenticate/")
    assert ApiToken.objects.count() == 0

    made = client.post(asked["Location"], {"password": PASSWORD})

    assert f"sem_{ApiToken.objects.get().code}_" in made.content.decode()


def test_revoke_token_page_asks_then_ends_it(client: Client, db: None) -> None:
    user = make_user()
    token = make_token(user).token
    client.force_login(user)
    address = f"{PAGE}/{token.code}/revocation"

    asked = client.get(address).content.decode()
    assert "Revoke “Script”?" in asked
    assert ApiToken.objects.get().revoked_at is None
    assert client.post(address)["Location"] == PAGE
    assert ApiToken.objects.get().revoked_at == NOON


def test_revoke_token_page_knows_only_ones_own(client: Client, db: None) -> None:
    token = make_token(make_user()).token
    client.force_login(make_user())

    for method in (client.get, client.post):
        assert method(f"{PAGE}/{token.code}/revocation").status_code == 404
    assert ApiToken.objects.get().revoked_at is None


# --- API ---------------------------------------------------------------------------------------

API = "/api/v1/account/tokens"
BODY = {"name": "Backup", "scopes": ["read"], "expires_at": "2026-01-01T00:00:00Z"}


def test_create_token_by_api_list_and_revoke(db: None) -> None:
    user = make_user()
    client = confirmed(user)
    key = {"Idempotency-Key": "make-once-1"}

    made, again = [
        sent(client.post(API, BODY, content_type="application/json", headers=key), 201)
        for _ in range(2)
    ]

    code = ApiToken.objects.get().code
    plain = {"code": code} | BODY
    assert made == plain | {"token": made["token"]}
    assert again == plain | {"token": ""}
    assert with_token(made["token"], "GET", COURSES).status_code == 200
    row = plain | {
        "created_at": "2025-10-27T12:00:00Z",
        "last_used_at": "2025-10-27T12:00:00Z",
        "revoked_at": None,
    }
    assert sent(client.get(API))["results"] == [row]
    ended_row = row | {"revoked_at": "2025-10-27T12:00:00Z"}
    for _ in range(2):
        assert (
            sent(client.post(f"{API}/{code}/revocation", {}, content_type="application/json"))
            == ended_row
        )


def test_create_token_by_api_asks_whether_it_is_still_you(db: None) -> None:
    client = signed_in_with_password(make_user(email="ada@example.org"))

    answer = client.post(API, BODY, content_type="application/json")

    assert refused(answer) == (403, "reauthentication_required")
    assert ApiToken.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scopes": []}, "invalid"),
        ({"scopes": ["root"]}, "invalid"),
        ({"expires_at": "2027-01-01T00:00:00Z"}, "expiry"),
        ({"expires_at": "2025-01-01T00:00:00Z"}, "expiry"),
        ({"expires_at": "2026-01-01T00:00:00"}, "invalid"),
    ],
)
def test_create_token_by_api_is_read_strictly(change: dict[str, Any], code: str, db: None) -> None:
    answer = confirmed(make_user()).post(API, BODY | change, content_type="application/json")

    assert refused(answer) == (422, code)
    assert ApiToken.objects.count() == 0


def test_tokens_of_others_do_not_exist(db: None) -> None:
    code = make_token(make_user()).token.code
    client = confirmed(make_user())

    assert refused(
        client.post(f"{API}/{code}/revocation", {}, content_type="application/json")
    ) == (404, "not_found")
    assert sent(client.get(API))["results"] == []
