"""The pages of the three imports: choose, look, confirm; what they answer to a wrong file or click."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from courses.models import Course, Membership, TableUpload
from courses.tasks import forget_tables
from grading.models import GradeEntry
from presentations.models import PreferenceList
from seminar.accounts.models import User
from tests.factories.courses import NOON, make_user
from tests.factories.grading import hand_in, make_component, make_item, make_pass_rule, score
from tests.factories.presentations import DURING, keys_of, make_round, make_submitted

pytestmark = pytest.mark.django_db

HEAD = "name,email,role,matriculation\n"
ROSTER = HEAD + "Jürgen,j@x.org,student,007\n"


@pytest.fixture(autouse=True)
def _noon(set_clock: Any) -> None:
    """The clock stands at noon."""


def client_of(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def choose(
    client: Client, address: str, text: str | bytes, encoding: str = "utf-8", name: str = "p.csv"
) -> HttpResponse:
    raw = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile(name, raw, content_type="text/csv")
    return client.post(address, {"file": file, "encoding": encoding})


def shown(client: Client, address: str, text: str) -> tuple[str, str, str]:
    """Choose a sound file; return the address of its preview, the page, the plan it names."""
    answer = choose(client, address, text)
    assert answer.status_code == 302, words(answer)
    page = client.get(answer["Location"])
    plan = re.search(r'name="plan" value="(\w{64})"', page.content.decode())
    return answer["Location"], words(page), plan[1] if plan else ""


def words(answer: HttpResponse) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", answer.content.decode())))


def roster_page(course: Course) -> str:
    return reverse("courses:import_roster", args=[course.slug])


def test_import_roster_page_shows_then_does_what_was_shown(
    course: Course, instructor: Membership, student: Membership
) -> None:
    client = client_of(instructor)
    assert client.get(roster_page(course)).status_code == 200

    there, page, plan = shown(client, roster_page(course), ROSTER)

    assert "p.csv: 1 row, encoding UTF-8, separated by commas." in page
    assert "New account for Jürgen, student." in page
    assert "Ada Student is missing in the roster. Nothing changes." in page
    assert course.memberships.count() == 2
    done = client.post(there, {"plan": plan}, follow=True)
    assert "Imported: 1 change." in words(done)
    assert course.memberships.get(user__email="j@x.org").matriculation == "007"
    upload = TableUpload.objects.get()
    assert (bytes(upload.content), upload.imported_at) == (b"", NOON)


def test_import_roster_page_takes_a_second_click_for_the_first(
    course: Course, instructor: Membership
) -> None:
    client = client_of(instructor)
    there, _page, plan = shown(client, roster_page(course), ROSTER)
    client.post(there, {"plan": plan})

    for again in (client.post(there, {"plan": plan}), client.get(there)):
        assert again.status_code == 302
    assert "This file is imported already." in words(
        client.get(reverse("courses:people", args=[course.slug]))
    )
    assert User.objects.filter(email="j@x.org").count() == 1


def test_import_roster_page_lists_everything_wrong_and_keeps_nothing(
    course: Course, instructor: Membership
) -> None:
    client = client_of(instructor)

    answer = choose(client, roster_page(course), HEAD + "A,nobody,boss,1E6\nB\n")

    assert answer.status_code == 422
    page = words(answer)
    assert "Nothing was changed: 4 problems in the file" in page
    assert "it needs an @" in page
    assert "This row has 1 cells; the first line names 4 columns." in page
    assert TableUpload.objects.count() == 0


def test_import_roster_page_never_makes_other_letters(
    course: Course, instructor: Membership
) -> None:
    client, raw = client_of(instructor), ROSTER.encode("windows-1252")

    refused = choose(client, roster_page(course), raw)
    taken = choose(client, roster_page(course), raw, "windows-1252")

    assert "0xFC" in words(refused)
    assert "New account for Jürgen" in words(client.get(taken["Location"]))


@pytest.mark.parametrize("raw", [b"", b"\0" * 50, b"a" * (3 * 1024 * 1024), b"%PDF-1.7\n\xff\xfe"])
def test_import_roster_page_answers_any_file(
    course: Course, instructor: Membership, raw: bytes
) -> None:
    assert choose(client_of(instructor), roster_page(course), raw).status_code == 422


@pytest.mark.parametrize("sent", [{}, {"encoding": "utf-8"}, {"encoding": "utf-7", "file": "x"}])
def test_import_roster_page_wants_a_file_and_a_known_encoding(
    course: Course, instructor: Membership, sent: dict[str, str]
) -> None:
    assert client_of(instructor).post(roster_page(course), sent).status_code in {200, 422}


def test_import_roster_page_shows_a_new_preview_where_things_changed(
    course: Course, instructor: Membership
) -> None:
    client = client_of(instructor)
    there, _page, plan = shown(client, roster_page(course), ROSTER)
    make_user("Jo", email="j@x.org")

    answer = client.post(there, {"plan": plan})

    assert answer.status_code == 409
    assert "Something changed since this preview" in words(answer)
    assert "Has an account as Jo; becomes student." in words(answer)
    assert not course.memberships.filter(user__email="j@x.org").exists()


def test_import_roster_page_is_seen_by_whoever_uploaded_it_alone(
    course: Course, instructor: Membership, ta: Membership, other_course: Course
) -> None:
    there, _page, _plan = shown(client_of(instructor), roster_page(course), ROSTER)
    second = course.memberships.create(
        user=make_user(), role="instructor", state="active", joined_at=NOON
    )

    assert client_of(second).get(there).status_code == 404
    assert client_of(ta).get(there).status_code == 403
    assert client_of(ta).get(roster_page(course)).status_code == 403
    elsewhere = there.replace(course.slug, other_course.slug)
    assert client_of(instructor).get(elsewhere).status_code == 404


def test_import_roster_page_ends_a_day_after_the_upload(
    course: Course, instructor: Membership, set_clock: Any
) -> None:
    there, _page, plan = shown(client_of(instructor), roster_page(course), ROSTER)
    set_clock(NOON + timedelta(days=1, seconds=-1))
    assert client_of(instructor).get(there).status_code == 200
    set_clock(NOON + timedelta(days=1))

    answer = client_of(instructor).post(there, {"plan": plan})

    assert (answer.status_code, course.memberships.count()) == (404, 1)


def test_forget_tables_deletes_files_of_days_past(
    course: Course, instructor: Membership, set_clock: Any
) -> None:
    shown(client_of(instructor), roster_page(course), ROSTER)
    set_clock(NOON + timedelta(minutes=1))
    later, _page, _plan = shown(client_of(instructor), roster_page(course), ROSTER)
    set_clock(NOON + timedelta(days=1))

    assert [forget_tables(), forget_tables()] == [1, 0]

    assert TableUpload.objects.get().code in later


def test_the_schedule_forgets_tables(settings: Any) -> None:
    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert forget_tables.name in named


def test_import_roster_lets_new_people_in_by_password_reset(
    course: Course, instructor: Membership
) -> None:
    client = client_of(instructor)
    there, _page, plan = shown(client, roster_page(course), ROSTER)
    client.post(there, {"plan": plan})
    person = Client()

    answer = person.post(reverse("account_reset_password"), {"email": "j@x.org"})

    assert answer.status_code == 302
    assert not EmailAddress.objects.filter(email="j@x.org", verified=True).exists()
    assert mail.outbox == []  # every mail is a row first


def test_roster_csv_is_for_staff_and_inert(
    course: Course, ta: Membership, student: Membership
) -> None:
    User.objects.filter(pk=student.user.pk).update(name='=HYPERLINK("x")')
    address = reverse("courses:roster_csv", args=[course.slug])

    answer = client_of(ta).get(address)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    name = f'attachment; filename="roster-{course.slug}.csv"'
    assert (answer["Content-Disposition"], answer["Cache-Control"]) == (name, "private, no-store")
    assert answer.content.startswith(b"\xef\xbb\xbfname,email,role,matriculation\r\n")
    assert b'"\'=HYPERLINK(""x"")",' in answer.content
    assert client_of(student).get(address).status_code == 403


# --- Lists -----------------------------------------------------------------------------------


def test_import_preferences_page_shows_numbers_then_gives_them(
    course: Course,
    instructor: Membership,
    student: Membership,
    other_student: Membership,
    set_clock: Any,
) -> None:
    set_clock(DURING)
    round_ = make_round(course)
    keys = keys_of(round_)
    address = reverse("presentations:import_preferences", args=[course.slug, round_.key])
    client = client_of(instructor)
    text = f"email,choice_1,choice_2\n{student.user.email},{keys[0]},{keys[1]}\n"
    assert keys[0] in words(client.get(address))

    there, page, plan = shown(client, address, text)
    assert f"Ada Student gets number 1: {keys[0]}, {keys[1]}." in page
    make_submitted(round_, other_student, keys)
    late = client.post(there, {"plan": plan})
    assert (late.status_code, PreferenceList.objects.count()) == (409, 1)
    plan = re.findall(r'name="plan" value="(\w+)"', late.content.decode())[0]
    assert client.post(there, {"plan": plan}).status_code == 302

    assert PreferenceList.objects.get(membership=student).number == 2
    for nowhere in (address.replace(round_.key, "x"), there.replace(round_.key, "x")):
        assert client.get(nowhere).status_code == 404
    assert client_of(student).get(address).status_code == 403


# --- Scores ----------------------------------------------------------------------------------


def test_import_scores_page_starts_from_the_gradebook(
    course: Course, ta: Membership, student: Membership, other_student: Membership
) -> None:
    component = make_component(course, "work", 100)
    item = make_item(component, key="essay")
    make_pass_rule(course, [(component, "50")])
    hand_in(item, student)
    score(item, student, "4", by=ta)
    client = client_of(ta)
    address = reverse("grading:import_scores", args=[course.slug])
    export = client.get(reverse("grading:gradebook_csv", args=[course.slug]))
    text = export.content.decode("utf-8-sig")
    assert text.splitlines() == [
        "email,item,score,state",
        f"{student.user.email},essay,4,graded",
        f"{other_student.user.email},essay,,missing",
    ]

    _there, page, plan = shown(client, address, text)
    assert ("0 changes" in page, "2 rows change nothing." in page, plan) == (True, True, "")
    there, page, plan = shown(client, address, text.replace(",4,", ",7.5,"))
    assert "essay: from 4 to 7.5." in page
    assert client.post(there, {"plan": plan}).status_code == 302

    assert GradeEntry.objects.get(membership=student, seq=2).points == 7.5
    query = {"item": "essay"}
    one = client.get(reverse("grading:gradebook_csv", args=[course.slug]), query)
    assert one["Content-Disposition"] == (
        f'attachment; filename="gradebook-{course.slug}-essay.csv"'
    )
    wrong = client.get(reverse("grading:gradebook_csv", args=[course.slug]), {"item": "../x"})
    assert wrong.status_code == 404
    assert client_of(student).get(address).status_code == 403


def test_import_scores_page_asks_for_the_reason_and_keeps_it(
    course: Course, ta: Membership, student: Membership, other_student: Membership
) -> None:
    component = make_component(course, "work", 100)
    make_item(component, key="essay")
    make_pass_rule(course, [(component, "50")])
    client = client_of(ta)
    address = reverse("grading:import_scores", args=[course.slug])
    text = f"email,item,score,state\n{student.user.email},essay,,excused\n"
    assert "Nothing is released" not in words(client.get(address))
    there, _page, plan = shown(client, address, text)

    refused = client.post(there, {"plan": plan, "reason": " "})

    assert refused.status_code == 422
    assert 'id="reason_error">Write a reason.' in refused.content.decode()
    assert GradeEntry.objects.count() == 0
    done = client.post(there, {"plan": plan, "reason": "Ill in June."})
    assert (done.status_code, GradeEntry.objects.get().reason) == (302, "Ill in June.")
