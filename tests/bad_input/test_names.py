"""Names and titles through every door: what is seen is kept in one form, what is not is refused."""

import email
import email.policy
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from courses.actions import announce
from courses.models import Announcement, Application, Course, Meeting, Membership, Module
from presentations.models import Presentation
from seminar.accounts.forms import TokenForm
from seminar.accounts.models import User
from seminar.lib.addresses import AddressError, clean_name
from seminar.lib.plaintext import PlainError, clean_line
from seminar.notifications.actions import deliver
from tests.api.calls import ask, call, fields_of, refused
from tests.factories.courses import NOON, make_meeting, make_member, make_module, make_user

pytestmark = pytest.mark.usefixtures("set_clock")

GOOD = {
    "one letter": "X",
    "the longest": "x" * 200,
    "decomposed": "Zoe\u0308 A\u030angstro\u0308m",
    "arabic": "\u0645\u062d\u0645\u062f \u0639\u0644\u064a",
    "chinese": "\u738b\u5c0f\u660e",
    "emoji": "Ada \U0001f469\u200d\U0001f4bb",
    "apostrophe": "Siobh\u00e1n O'Neill-D\u2019Arcy",
    "persian joiner": "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
    "markup": "<b>&amp;{{ x }}</b>",
}
BAD = {
    "blank": "   ",
    "zero width only": "\u200d\u200c",
    "accent only": "\u0301",
    "bell": "Ada\x07",
    "escape": "\x1b[31mAda",
    "override": "Ada \u202egnp.exe",
    "isolate": "\u2066Ada",
    "direction mark": "Ada\u200e",
    "zero width space": "A\u200bda",
    "soft hyphen": "A\u00adda",
    "next line": "A\u0085\u0086da",
    "noncharacter": "Ada\ufffe",
}


# --- Doors -----------------------------------------------------------------------------------


class Door(NamedTuple):
    """What came out of sending a text: was it taken, which field was refused, what is kept."""

    taken: bool
    field: str = ""
    kept: str | None = None


def page(client: Client, address: str, field: str, form: dict[str, Any], kept: Any) -> Door:
    answer = client.post(address, form)
    if answer.status_code == 302:
        return Door(True, kept=kept())
    assert answer.status_code in {200, 422}, answer.status_code
    return Door(False, next(iter(answer.context["form"].errors)))


def api(answer: Any, kept: Callable[[], str]) -> Door:
    if answer.status_code in {200, 201}:
        return Door(True, kept=kept())
    assert refused(answer) == (422, "invalid")
    (field,) = fields_of(answer)
    return Door(False, field.rpartition(".")[2])


def signed_in(who: Membership) -> Client:
    client = Client()
    client.force_login(who.user)
    return client


def by_sign_up(course: Course, text: str) -> Door:
    form = {"name": text, "email": "new@example.org", "password1": "long enough pass 77"}
    found = lambda: User.objects.get(email="new@example.org").name  # noqa: E731
    return page(Client(), "/account/signup/", "name", form, found)


def by_account_page(course: Course, text: str) -> Door:
    who = make_member(course)
    found = lambda: User.objects.get(pk=who.user_id).name  # noqa: E731
    return page(signed_in(who), "/me", "name", {"name": text, "zone": ""}, found)


def by_account_api(course: Course, text: str) -> Door:
    who = make_member(course)
    answer = ask(who, "PUT", "/api/v1/account", {"name": text, "zone": ""})
    return api(answer, lambda: User.objects.get(pk=who.user_id).name)


def by_operator(course: Course, text: str) -> Door:
    try:
        call_command("createsuperuser", "--noinput", email="op@example.org", name=text)
    except CommandError:
        return Door(False, "name")
    return Door(True, kept=User.objects.get(email="op@example.org").name)


def by_roster(course: Course, text: str, path: Path) -> Door:
    file = path / "roster.csv"
    cell = '"' + text.replace('"', '""') + '"'
    file.write_bytes(f"name,email,role,matriculation\n{cell},csv@example.org,student,\n".encode())
    try:
        call_command("import_roster", course.slug, str(file))
    except CommandError:
        return Door(False, "name")
    return Door(True, kept=User.objects.get(email="csv@example.org").name)


def by_news_page(course: Course, text: str) -> Door:
    who = make_member(course, "ta")
    form = {"title": text, "body": "Text", "nonce": "nonce-0001"}
    found = lambda: Announcement.objects.get().title  # noqa: E731
    return page(signed_in(who), f"/c/{course.slug}/announcements/new", "title", form, found)


def by_news_api(course: Course, text: str) -> Door:
    body = {"title": text, "body": "Text", "public": False}
    answer = call(make_member(course, "ta"), "POST", course, "announcements/new", body)
    return api(answer, lambda: Announcement.objects.get().title)


def by_facts_api(course: Course, text: str) -> Door:
    module = make_module(course, title="Before")
    body = {"changes": {"title": text}, "seen": {"title": "Before"}}
    who = make_member(course, "instructor")
    answer = call(who, "PUT", course, f"modules/{module.key}/facts", body)
    return api(answer, lambda: Module.objects.get(pk=module.pk).title)


def by_admin(course: Course, text: str) -> Door:
    module = make_module(course, title="Before")
    form = {"title": text, "initial-title": "Before", "description": "", "initial-description": ""}
    client = signed_in(make_member(course, "instructor"))
    answer = client.post(f"/admin/courses/module/{module.pk}/change/", form)
    if answer.status_code == 302:
        return Door(True, kept=Module.objects.get(pk=module.pk).title)
    assert answer.status_code == 200
    return Door(False, next(iter(answer.context["adminform"].errors)))


def final_meeting(course: Course) -> Meeting:
    return make_meeting(
        course, on=date(2026, 1, 26), kind=Meeting.Kind.FINAL, talk_minutes=10, title="Finals"
    )


def by_talk_page(course: Course, text: str) -> Door:
    meeting, student = final_meeting(course), make_member(course)
    form = {
        "title": text,
        "mode": "new_mechanism",
        "meeting": meeting.key,
        "members": [student.code],
        "nonce": "nonce-0001",
    }
    client = signed_in(make_member(course, "instructor"))
    found = lambda: Presentation.objects.get().title  # noqa: E731
    return page(client, f"/c/{course.slug}/manage/finals", "title", form, found)


def by_talk_api(course: Course, text: str) -> Door:
    meeting, student = final_meeting(course), make_member(course)
    body = {
        "title": text,
        "mode": "new_mechanism",
        "meeting": meeting.key,
        "members": [student.code],
    }
    answer = call(make_member(course, "instructor"), "POST", course, "presentations/finals", body)
    return api(answer, lambda: Presentation.objects.get().title)


def by_application_page(course: Course, text: str) -> Door:
    client = Client()
    client.force_login(make_user("Nora New"))
    form = {"level": text[:100], "nonce": "nonce-0001"}
    found = lambda: Application.objects.get().level  # noqa: E731
    return page(client, f"/c/{course.slug}/join", "level", form, found)


NAMES = [by_sign_up, by_account_page, by_account_api, by_operator, by_roster]
TITLES = [
    by_news_page,
    by_news_api,
    by_facts_api,
    by_admin,
    by_talk_page,
    by_talk_api,
    by_application_page,
]


def through(door: Any, course: Course, text: str, tmp_path: Path) -> Door:
    found = door(course, text, tmp_path) if door is by_roster else door(course, text)
    assert isinstance(found, Door)
    return found


# --- The rule --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
@pytest.mark.parametrize("clean", [clean_line, clean_name])
def test_what_can_be_seen_is_kept_composed(clean: Callable[[str], str], text: str) -> None:
    assert clean(f" {text} ") == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("text", [*BAD.values(), "Ada\ud800"], ids=[*BAD, "half a character"])
@pytest.mark.parametrize("clean", [clean_line, clean_name])
def test_what_cannot_be_seen_is_refused(clean: Callable[[str], str], text: str) -> None:
    with pytest.raises((PlainError, AddressError)):
        clean(text)


@pytest.mark.parametrize("text", ["a\nb", "a\r\nBcc: b", "a\tb", "a\u2028b", "a\u0085b"])
def test_a_line_is_one_line(text: str) -> None:
    with pytest.raises(PlainError) as caught:
        clean_line(text)

    assert caught.value.code == "one_line"


# --- Through every door ----------------------------------------------------------------------


@pytest.mark.parametrize("door", [*NAMES, *TITLES])
def test_every_door_keeps_what_can_be_seen(door: Any, course: Course, tmp_path: Path) -> None:
    text = GOOD["decomposed"] + " " + GOOD["emoji"]

    found = through(door, course, text, tmp_path)

    assert found == Door(True, kept=unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("door", [*NAMES, *TITLES])
def test_every_door_refuses_what_cannot_be_seen(door: Any, course: Course, tmp_path: Path) -> None:
    for kind in ("override", "bell", "accent only"):
        found = through(door, course, BAD[kind], tmp_path)

        assert (found.taken, found.kept) == (False, None), kind
        assert found.field in {"name", "title", "level"}


def test_a_token_has_a_name_that_can_be_seen() -> None:
    facts = {"scopes": ["read"], "days": "30"}

    refused_names = [
        name for name in BAD.values() if TokenForm({"name": name} | facts, at=NOON).errors
    ]

    assert refused_names == list(BAD.values())
    assert TokenForm({"name": GOOD["emoji"]} | facts, at=NOON).is_valid()


HALVES = [
    ('{"name": "A\\ud800", "zone": ""}', "name"),
    ('{"name": "A\\u0000", "zone": ""}', "name"),
    ('{"na\\udfffme": "A", "zone": ""}', "na\ufffdme"),
    ('{"name": ["\\ud800"], "zone": ""}', "name"),
    ('{"name": {"deep": {"\\ud800": 1}}, "zone": ""}', "name"),
]


def test_half_a_character_is_refused_wherever_it_stands(student: Membership) -> None:
    client = signed_in(student)
    for body, field in HALVES:
        answer = client.put("/api/v1/account", body, content_type="application/json")

        assert refused(answer) == (422, "invalid")
        assert fields_of(answer) == [field]


def test_a_deep_body_with_escapes_is_refused(student: Membership) -> None:
    body = '{"a":' * 900 + '"\\ud83d"' + "}" * 900

    answer = signed_in(student).put("/api/v1/account", body, content_type="application/json")

    assert answer.status_code in {400, 422}


# --- What comes out --------------------------------------------------------------------------


def test_names_and_titles_stand_in_mail_as_encoded_words(
    course: Course, ta: Membership, student: Membership, mailoutbox: Any
) -> None:
    title = "Zoë \U0001f469\u200d\U0001f4bb 王小明 " + "ü" * 60
    User.objects.filter(pk=ta.user_id).update(name="王小明 O'Neill")
    ta.user.refresh_from_db()

    announce(course, title=title, body="Text", public=False, by=ta, at=NOON)
    deliver(now=lambda: NOON)

    (mail,) = mailoutbox
    raw = mail.message().as_bytes()
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert raw.split(b"\n\n")[0].isascii()
    assert title in read["Subject"]
