"""A roster: read by the rules, planned against the course, applied whole, by page, API, command."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.core.management import CommandError, call_command
from django.test import Client

from courses import actions, queries
from courses.models import Application, Course, Membership
from courses.rules import (
    ROSTER_COLUMNS,
    Known,
    Person,
    Role,
    RosterFacts,
    State,
    plan_roster,
    read_roster,
)
from seminar.accounts.models import AuditEntry, User
from seminar.lib.addresses import AddressError, clean_name, normal_email
from seminar.lib.errors import Refused
from seminar.lib.tables import Table, read_table, write_table
from seminar.notifications.models import Message
from tests.factories.accounts import make_token, with_token
from tests.factories.courses import NOON, make_application, make_course, make_member, make_user

PASSWORD = "correct horse 12"
HEAD = "name,email,role,matriculation\n"


def table(*lines: str) -> Table:
    return read_table((HEAD + "\n".join(lines)).encode(), ROSTER_COLUMNS)


def found(*lines: str) -> list[tuple[int, str, str]]:
    problems = read_roster(table(*lines).rows)[1]
    return [(problem.line, problem.column, problem.code) for problem in problems]


# --- Addresses and names ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ada@example.org", "ada@example.org"),
        (" ADA@Example.ORG ", "ada@example.org"),
        ("\u00a0ada@example.org\u00a0", "ada@example.org"),
        ("Ada Lovelace <Ada@example.org>", "ada@example.org"),
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ada@example.org"),  # noqa: RUF001 - full width
        ("ada@exa\ufb01.org", "ada@exafi.org"),
        ("ada@example。org", "ada@example.org"),
        ("a.d.a+x@example.org", "a.d.a+x@example.org"),
        ("ada@MÜLLER.de", "ada@xn--mller-kva.de"),
        ("ada@mu\u0308ller.de", "ada@xn--mller-kva.de"),
        ("ada@xn--mller-kva.de", "ada@xn--mller-kva.de"),
        ("o'neil@example.org", "o'neil@example.org"),
    ],
)
def test_normal_email_gives_one_form_to_one_person(text: str, normal: str) -> None:
    assert normal_email(text) == normal
    assert normal_email(normal) == normal


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "@example.org", "ada@", "ada@example", "a b@example.org", "a@b@example.org"),
        *("ada@example.org\n", "a\rda@example.org", "ada\t@example.org", "ada@exa\nmple.org"),
        *(".ada@example.org", "a..da@example.org", "ada.@example.org", "ada@-x.org", "ada@x..org"),
        *("jürgen@example.org", "stra\u00dfe@example.org", "\u0130lker@example.org"),
        *("\u0131lker@example.org", "ada@stra\u00dfe.de", "ada@example.org,bo@example.org"),
        *("a" * 65 + "@example.org", "a@" + "b" * 64 + ".org", "a@" + "b.c" * 100 + ".org"),
        *("<ada@example.org", "ada@example.org\u202e", "ada@exam ple.org", "ada@[127.0.0.1]"),
    ],
)
def test_normal_email_refuses_what_is_no_address(text: str) -> None:
    with pytest.raises(AddressError):
        normal_email(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ada", "Ada"),
        ("  Ada \u00a0 Lovelace ", "Ada Lovelace"),
        ("Bjo\u0308rn", "Bj\u00f6rn"),
        ("O’Neil", "O’Neil"),  # noqa: RUF001 - people's names
        ("李", "李"),
        ("محمد", "محمد"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("=1+1", "=1+1"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("x" * 200, "x" * 200),
    ],
)
def test_clean_name_takes_names_of_people(text: str, name: str) -> None:
    assert clean_name(text) == name


@pytest.mark.parametrize(
    "text", ["", "  ", "\u200d", "Ada\u202e", "Ada\x07", "\u2066x", "x" * 201, "M\ufffdller"]
)
def test_clean_name_refuses_what_does_not_show(text: str) -> None:
    with pytest.raises(AddressError):
        clean_name(text)


# --- Reading rows ----------------------------------------------------------------------------


def test_read_roster_reads_people() -> None:
    people, problems = read_roster(
        table(" Ada  L ,ADA@x.org, Student ,0012", "Bo,b@x.org,ta,").rows
    )

    assert problems == []
    assert people == [
        Person(2, "Ada L", "ada@x.org", Role.STUDENT, "0012"),
        Person(3, "Bo", "b@x.org", Role.TA, ""),
    ]


@pytest.mark.parametrize("number", ["", "0012345", "2571234", "s-12.34/5", "A 1", "12E4x"])
def test_read_roster_keeps_matriculation_numbers_as_text(number: str) -> None:
    [person] = read_roster(table(f"Ada,ada@x.org,student, {number} ").rows)[0]

    assert person.matriculation == number


@pytest.mark.parametrize(
    "number", ["1.23E+06", '"1,23e+06"', "2E7", '"=""007"""', "-1", "1" * 31, "\uff11", "1_000"]
)
def test_read_roster_refuses_what_is_no_matriculation_number(number: str) -> None:
    assert found(f"Ada,ada@x.org,student,{number}") == [
        (2, "matriculation", "matriculation_refused")
    ]


def test_read_roster_says_what_the_spreadsheet_did() -> None:
    [problem] = read_roster(table("Ada,ada@x.org,student,1.23E+06").rows)[1]

    assert (problem.value, problem.line) == ("1.23E+06", 2)
    assert problem.words.plain().startswith("A spreadsheet has rounded this number")


def test_read_roster_reports_everything_at_once_with_both_lines() -> None:
    lines = [
        "Ada,ada@x.org,student,1",
        ",nobody,boss,1E9",
        "Ada,ADA@x.org ,student,1",
        '"Bo","b@x.org\n",student,',
    ]

    assert sorted(found(*lines)) == [
        (2, "email", "email_repeated"),
        (2, "matriculation", "matriculation_repeated"),
        (3, "email", "email_refused"),
        (3, "matriculation", "matriculation_refused"),
        (3, "name", "name_refused"),
        (3, "role", "role_refused"),
        (4, "email", "email_repeated"),
        (4, "matriculation", "matriculation_repeated"),
        (5, "email", "email_refused"),
    ]
    [first, *_] = read_roster(table(*lines[:1], lines[2]).rows)[1]
    assert first.words.plain() == "This stands in line 3 too."


# --- The plan --------------------------------------------------------------------------------

ADA = Person(2, "Ada", "ada@x.org", Role.STUDENT, "7")


def plan_for(known: Known | None, person: Person = ADA, left: int = 9) -> tuple[str, bool]:
    facts = RosterFacts({known.email: known} if known else {}, left)
    [step] = plan_roster([person], facts).steps
    return step.code, step.change is not None


@pytest.mark.parametrize(
    ("state", "number", "outcome"),
    [
        (State.ACTIVE, "", ("matriculation", True)),
        (State.ACTIVE, "7", ("same", False)),
        (State.ACTIVE, "8", ("matriculation_differs", False)),
        (State.APPLIED, "", ("activate", True)),
        (State.WAITLISTED, "", ("activate", True)),
        (State.DECLINED, "", ("is_declined", False)),
        (State.WITHDRAWN, "", ("is_withdrawn", False)),
        (State.SUSPENDED, "", ("is_suspended", False)),
    ],
)
def test_plan_roster_never_lowers_a_member(
    state: State, number: str, outcome: tuple[str, bool]
) -> None:
    known = Known("ada@x.org", "Ada", role=Role.STUDENT, state=state, matriculation=number)

    assert plan_for(known) == outcome


def test_plan_roster_makes_accounts_and_members() -> None:
    assert plan_for(None) == ("create", True)
    assert plan_for(Known("ada@x.org", "Ada")) == ("enrol", True)
    assert plan_for(Known("ada@x.org", "Ada", is_open=False)) == ("account_closed", False)


@pytest.mark.parametrize("state", [State.ACTIVE, State.APPLIED])
def test_plan_roster_reports_another_role_and_leaves_it(state: State) -> None:
    known = Known("ada@x.org", "Ada", role=Role.INSTRUCTOR, state=state)

    assert plan_for(known) == ("role_differs", False)


def test_plan_roster_lists_who_is_missing_in_the_roles_of_the_file() -> None:
    known = {
        email: Known(email, email, role=role, state=state)
        for email, role, state in [
            ("a@x.org", Role.STUDENT, State.ACTIVE),
            ("b@x.org", Role.STUDENT, State.WITHDRAWN),
            ("c@x.org", Role.TA, State.ACTIVE),
        ]
    }

    steps = plan_roster([ADA], RosterFacts(known, 9)).steps

    assert [(step.line, step.subject, step.code, step.change) for step in steps[1:]] == [
        (0, "a@x.org", "missing", None)
    ]


def test_plan_roster_asks_whether_likely_twins_are_one_person() -> None:
    twin = Person(3, "Ada", "a.d.a+seminar@x.org", Role.STUDENT, "")

    steps = plan_roster([ADA, twin], RosterFacts({}, 9)).steps

    assert [(step.line, step.code) for step in steps] == [
        (2, "create"),
        (3, "create"),
        (3, "alike"),
    ]


def test_plan_roster_names_the_first_row_without_a_place() -> None:
    people = [Person(n, "N", f"n{n}@x.org", Role.STUDENT, "") for n in range(2, 6)]
    ta = Person(9, "T", "t@x.org", Role.TA, "")

    assert plan_roster([*people[:2], ta], RosterFacts({}, 2)).problems == ()
    [problem] = plan_roster([*people, ta], RosterFacts({}, 2)).problems
    assert (problem.line, problem.code) == (4, "full")
    assert plan_roster(people, RosterFacts({}, -1)).problems[0].line == 2


def test_plan_roster_of_nobody_new_needs_no_place() -> None:
    ta = Person(2, "T", "t@x.org", Role.TA, "")

    assert plan_roster([ta], RosterFacts({}, -1)).problems == ()


def test_plan_roster_refuses_a_course_that_is_over() -> None:
    assert [p.code for p in plan_roster([ADA], RosterFacts({}, 9, archived=True)).problems] == [
        "archived"
    ]


# --- Applying it -----------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def load(course: Course, *lines: str, by: Membership | None = None, **more: Any) -> dict[str, Any]:
    done = actions.import_roster(course, table(*lines), by=by, at=NOON, **more)
    return {"changes": done["changes"], "created": done["counts"].get("create", 0)}


def test_import_roster_makes_active_members_without_a_mail(
    course: Course, instructor: Membership
) -> None:
    known = make_user("Bo Known", email="bo@xn--mller-kva.de")
    lines = ["Ada,ada@x.org,student,007", "Robert,Bo@MÜLLER.de,auditor,", "Tea,t@x.org,ta,"]

    assert load(course, *lines, by=instructor) == {"changes": 3, "created": 2}

    rows = course.memberships.exclude(pk=instructor.pk).order_by("id")
    assert [(r.user.name, r.role, r.state, r.matriculation, r.joined_at) for r in rows] == [
        ("Ada", "student", "active", "007", NOON),
        ("Bo Known", "auditor", "active", "", NOON),
        ("Tea", "ta", "active", "", NOON),
    ]
    assert rows[1].user == known
    ada = User.objects.get(email="ada@x.org")
    assert (ada.has_usable_password(), ada.is_superuser, ada.is_active) == (False, False, True)
    assert Message.objects.count() == 0
    [entry] = AuditEntry.objects.filter(verb="import_roster")
    assert entry.after == {
        "members": {row.code: row.role for row in rows},
        "new_accounts": [ada.code, User.objects.get(email="t@x.org").code],
        "accounts_taken_back": [],
    }


def test_import_roster_finds_an_account_spelled_with_letters(course: Course) -> None:
    make_user("Bo", email="bo@müller.de")

    assert load(course, "Bo,bo@xn--mller-kva.de,student,") == {"changes": 1, "created": 0}
    assert load(course, "Bo,bo@müller.de,student,") == {"changes": 0, "created": 0}


def test_import_roster_lets_in_who_applied(course: Course, instructor: Membership) -> None:
    application = make_application(course, name="Ada")
    email = application.membership.user.email

    load(course, f"Ada,{email},student,1", by=instructor)

    application = Application.objects.get(pk=application.pk)
    member = application.membership
    assert (member.state, member.joined_at, member.matriculation) == ("active", NOON, "1")
    assert (application.decision, application.decided_by, application.decided_at) == (
        "accepted",
        instructor,
        NOON,
    )
    assert Message.objects.count() == 0


def claimed(email: str, name: str = "Mallory") -> User:
    """An account of somebody who never followed the link to confirm its address."""
    user = User.objects.create_user(email, PASSWORD, name=name)
    EmailAddress.objects.create(user=user, email=email, primary=True)
    return user


@pytest.mark.parametrize("role", ["student", "ta"])
def test_import_roster_takes_an_address_from_who_never_confirmed_it(
    course: Course, instructor: Membership, client: Client, role: str
) -> None:
    user = claimed("vera@x.org")
    token = make_token(user)
    client.force_login(user)
    link = EmailConfirmationHMAC(EmailAddress.objects.get(user=user)).key
    line = f"Vera,vera@x.org,{role},"
    [step] = actions.plan_of_roster(course, table(line)).changes
    assert "Address never confirmed" in step.words.plain()

    load(course, line, by=instructor)

    user.refresh_from_db()
    assert (user.name, user.has_usable_password()) == ("Vera", False)
    assert course.memberships.get(user=user).role == role
    assert Client().login(email="vera@x.org", password=PASSWORD) is False
    assert client.get("/me").status_code == 302
    assert Client().post(f"/account/confirm-email/{link}/").status_code == 404
    assert not EmailAddress.objects.filter(user=user).exists()
    assert with_token(token.text, "GET", "/api/v1/courses").status_code == 401
    entry = AuditEntry.objects.get(verb="import_roster")
    assert entry.after["accounts_taken_back"] == [user.code]
    taken = AuditEntry.objects.get(verb="take_back_claim")
    assert (taken.subject, taken.actor) == (f"user {user.code}", instructor.user)


def test_import_roster_leaves_a_confirmed_account_as_it_is(course: Course) -> None:
    user = claimed("vera@x.org", "Vera Herself")
    EmailAddress.objects.filter(user=user).update(verified=True)

    load(course, "Vera,vera@x.org,ta,")

    user.refresh_from_db()
    assert (user.name, user.check_password(PASSWORD)) == ("Vera Herself", True)


def test_import_roster_finds_people_by_a_second_address(course: Course) -> None:
    two = claimed("two@x.org", "Two")
    EmailAddress.objects.filter(user=two).update(verified=True)
    EmailAddress.objects.create(user=two, email="second@x.org", verified=True)
    claimed("second@x.org")  # typed by somebody else, never confirmed

    assert load(course, "Two,second@x.org,student,7") == {"changes": 1, "created": 0}

    assert course.memberships.get().user == two
    plan = actions.plan_of_roster(course, table("Two,second@x.org,student,7"))
    assert [step.code for step in plan.steps] == ["same"]
    both = actions.plan_of_roster(
        course, table("Two,second@x.org,student,", "Two,two@x.org,student,")
    )
    assert [(p.line, p.code) for p in both.problems] == [(2, "same_person"), (3, "same_person")]


def test_import_roster_keeps_operators_out(course: Course, operator: User) -> None:
    plan = actions.plan_of_roster(course, table(f"O,{operator.email},ta,"))

    assert [(step.code, step.change) for step in plan.steps] == [("operator", None)]


def test_import_roster_audits_each_applicant_it_lets_in(
    course: Course, instructor: Membership
) -> None:
    member = make_application(course, name="Ada").membership

    load(course, f"Ada,{member.user.email},student,1", by=instructor)

    entry = AuditEntry.objects.get(subject=f"membership {member.code}")
    assert (entry.actor, entry.course_slug) == (instructor.user, course.slug)
    assert (entry.before, entry.after) == ({"state": "applied"}, {"state": "active"})


def test_import_roster_twice_changes_nothing(course: Course) -> None:
    lines = ["Ada,ada@x.org,student,1", "Tea,t@x.org,ta,"]
    load(course, *lines)
    before = list(course.memberships.order_by("id").values())

    assert load(course, *lines) == {"changes": 0, "created": 0}
    assert list(course.memberships.order_by("id").values()) == before
    assert AuditEntry.objects.filter(verb="import_roster").count() == 1


def test_import_roster_keeps_who_left_and_who_is_missing(
    course: Course, student: Membership, withdrawn: Membership, instructor: Membership
) -> None:
    lines = [
        f"X,{withdrawn.user.email},student,1",
        f"X,{instructor.user.email},student,2",
        "Ada,ada@x.org,student,3",
    ]

    load(course, *lines)

    states = {m.pk: (m.role, m.state, m.matriculation) for m in course.memberships.all()}
    assert states[withdrawn.pk] == ("student", "withdrawn", "")
    assert states[instructor.pk] == ("instructor", "active", "")
    assert states[student.pk] == ("student", "active", "")


@pytest.mark.parametrize("bad", ["Bo,bo,student,", "Bo,bo@x.org,student"])
def test_import_roster_is_all_or_nothing(course: Course, bad: str) -> None:
    with pytest.raises(Refused) as refusal:
        load(course, "Ada,ada@x.org,student,", bad)

    assert (refusal.value.code, refusal.value.status) == ("file_refused", 422)
    assert [problem["line"] for problem in refusal.value.problems] == [3]
    assert (course.memberships.count(), User.objects.count()) == (0, 0)


def test_import_roster_never_exceeds_the_places() -> None:
    course = make_course(capacity=2)
    make_member(course, name="In", state="suspended")

    with pytest.raises(Refused) as refusal:
        load(course, "A,a@x.org,student,", "B,b@x.org,student,")

    assert [problem["code"] for problem in refusal.value.problems] == ["full"]
    assert course.memberships.count() == 1
    assert load(course, "A,a@x.org,student,", "B,b@x.org,auditor,")["changes"] == 2


def test_import_roster_refuses_another_plan_than_the_one_shown(course: Course) -> None:
    lines = ["Ada,ada@x.org,student,"]
    shown = actions.plan_of_roster(course, table(*lines)).hash
    make_user("Ada", email="ada@x.org")

    with pytest.raises(Refused) as refusal:
        load(course, *lines, expected=shown)

    assert refusal.value.code == "preview_outdated"
    assert course.memberships.count() == 0


def test_import_roster_answers_a_second_click_with_the_first_answer(
    course: Course, instructor: Membership
) -> None:
    lines = ["Ada,ada@x.org,student,"]
    shown = actions.plan_of_roster(course, table(*lines)).hash

    for _click in range(2):
        answer = load(course, *lines, by=instructor, expected=shown, nonce="nonce-0001")
        assert answer == {"changes": 1, "created": 1}
    assert AuditEntry.objects.filter(verb="import_roster").count() == 1


def test_import_roster_asks_the_database_equally_often_at_any_size(
    course: Course, django_assert_num_queries: Any
) -> None:
    for size in (3, 60):
        lines = [f"N {n},n{size}-{n}@x.org,student," for n in range(size)]
        course.capacity = 500
        course.save()
        with django_assert_num_queries(11):
            load(course, *lines)


def test_roster_rows_read_again_change_nothing(course: Course, student: Membership) -> None:
    formula = make_user('=HYPERLINK("x")', email="tea@example.org")
    make_member(course, "ta", user=formula, matriculation="007")
    text = write_table(ROSTER_COLUMNS.required, queries.roster_rows(course))

    plan = actions.plan_of_roster(course, read_table(text.encode("utf-8-sig"), ROSTER_COLUMNS))

    assert [step.code for step in plan.steps] == ["same", "same"]
    assert plan.problems == ()


# --- The command -----------------------------------------------------------------------------


def run(course: Course, path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("import_roster", course.slug, str(path), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_bytes((HEAD.replace(",", ";") + "Jürgen;j@x.org;student;07\n").encode("cp1252"))
    return path


def test_import_roster_command_shows_what_it_would_do(course: Course, roster: Path) -> None:
    told = run(course, roster, "--dry-run", "--encoding", "windows-1252")

    assert told.splitlines() == [
        "Windows-1252, separated by semicolon; first rows:",
        "  Jürgen | j@x.org | student | 07",
        "+ line 2: j@x.org: New account for Jürgen, student.",
        "1 change would be made",
    ]
    assert course.memberships.count() == 0


def test_import_roster_command_does_it_and_prints_json(course: Course, roster: Path) -> None:
    told = json.loads(run(course, roster, "--json", "--encoding", "windows-1252"))

    assert (told["dry_run"], told["changes"], told["counts"]) == (False, 1, {"create": 1})
    assert told["steps"][0]["line"] == 2
    assert course.memberships.get().user.name == "Jürgen"


def test_import_roster_command_names_every_problem(course: Course, roster: Path) -> None:
    with pytest.raises(CommandError) as error:
        run(course, roster)

    assert "line 2: 0xFC: Byte 2 of this line is no UTF-8." in str(error.value)
    assert str(error.value).endswith("Nothing was changed: 1 problem in the file.")
    with pytest.raises(CommandError, match="There is no course"):
        call_command("import_roster", "nowhere", str(roster))
    with pytest.raises(CommandError, match="cannot be read"):
        run(course, roster.parent / "missing.csv")
