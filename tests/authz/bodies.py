"""For each write of pages, API and admin: who may make it, and a body with which it succeeds.

``WRITES`` and ``WITHOUT_BODY`` together are ``all_writes()``; test_bodies.py sends each body as
everybody, test_foreign_ids.py puts other courses' things into them, test_mass_assignment.py adds
fields to those of forms. Bodies are made for ``world.here`` and sent at noon of 27 Oct 2025.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Model
from django.urls import reverse

from courses.actions import CORRECTABLE
from courses.actions.rosters import plan_of_roster
from courses.models import Membership
from courses.rules import ROSTER_COLUMNS
from grading.actions.imports import plan_of_scores
from grading.rules.imports import SCORES_COLUMNS
from presentations.actions import (
    allocate_round,
    pin_student,
    plan_of_preferences,
    propose_swap,
    submit_list,
)
from presentations.models import PlaceOffer, Swap
from presentations.rules import PREFERENCES_COLUMNS
from seminar.accounts.models import User
from seminar.desk.actions.load_course import change_course, create_course
from seminar.desk.queries.course_file import export_course
from seminar.desk.rules.course_file import parse
from seminar.lib.access import policy_of
from seminar.lib.tables import Columns, Table, read_table
from tests.accounts.test_tokens import confirmed
from tests.authz.matrix import UNSAFE
from tests.authz.objects import Call, calls, row_of
from tests.authz.walk import MAY_WRITE, Answer, Walker, all_addresses, methods_of
from tests.authz.world import Place, World
from tests.factories.assignments import make_pdf
from tests.factories.courses import NOON, make_member
from tests.factories.grading import make_item
from tests.factories.presentations import keys_of
from tests.test_constraints import OURS

Body = dict[str, Any]
Values = Callable[[Place], list[str]]
TOMORROW = NOON + timedelta(days=1)
SOON = "2025-11-20T12:00:00Z"
MENDED = {"title": "Mended"}
# Tables that say that something was done, not what.
BESIDES = frozenset({"accounts_nonce", "accounts_auditentry", "django_session"})


@dataclass(frozen=True)
class Write:
    """A write as its page or a script sends it.

    ``values`` stand in the address after the course, where they are others than the walk's;
    ``first`` brings about what must be there before. ``crowded``: a form to which
    test_mass_assignment adds every field of every model.
    """

    name: str
    actor: str
    body: Callable[[Place], Body] = lambda here: {}
    values: Values | None = None
    method: str = "POST"
    first: Callable[[Place], Any] = lambda here: None
    crowded: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.method}"

    def call(self, world: World) -> Call:
        """What the address is about, after ``first``."""
        return call_of(self.name, world, self.values)


def call_of(name: str, world: World, values: Values | None = None) -> Call:
    [address] = [one for one in all_addresses() if one.name == name]
    usual = calls(address, world)[0]
    if values is None:
        return usual
    slug = [] if name.startswith("admin:") else [world.here.course.slug]
    filled = [*slug, *values(world.here)]
    return Call(usual.relation, reverse(name, args=filled), tuple(filled))


def all_writes() -> set[str]:
    """Every write that is ours, as "name METHOD"; of the admin, what it does not refuse to all."""
    found = set()
    for address in all_addresses():
        assert address.policy is not None, address
        ours = policy_of(address.view) is not None or address.policy.name == "admin.tools"
        mends = address.policy.name in {"admin.correctable_rows", "admin.operators_rows"}
        if ours or (mends and address.name.endswith("_change")):
            found |= {f"{address.name} {method}" for method in methods_of(address) & UNSAFE}
    return found


class ConfirmedWalker(Walker):
    """A walker whose people confirmed just now that it is them, as making a token asks for."""

    def sign_in(self, actor: str) -> dict[str, str]:
        user = self.world.actors[actor]
        if user is None:
            return super().sign_in(actor)
        return {name: morsel.value for name, morsel in confirmed(user).cookies.items()}


# --- values and bodies that several writes share -----------------------------------------------


def key_of(path: str) -> Values:
    return lambda here: [getattr(here, path).key]


def hidden_item_and_student(here: Place) -> list[str]:
    return [here.hidden_item.key, here.student.code]


def talk_and_student(here: Place) -> list[str]:
    return [here.talk.code, here.student.code]


def ranking(here: Place) -> Body:
    return {"ranked": keys_of(here.open_round)[:2]}


def other_papers(here: Place) -> Body:
    assert here.report.module is not None
    return {"papers": [row.key for row in here.report.module.papers.all()[1:3]]}


def roster(here: Place) -> str:
    return "name,email,role,matriculation\nNew Person,new@example.org,student,\n"


def preferences(here: Place) -> str:
    first, second = keys_of(here.open_round)[:2]
    return f"email,choice_1,choice_2\n{here.student.user.email},{first},{second}\n"


def scores(here: Place) -> str:
    return f"email,item,score,state\n{here.student.user.email},{here.hidden_item.key},5,\n"


def as_file(table: Callable[[Place], str]) -> Callable[[Place], Body]:
    return lambda here: {
        "file": SimpleUploadedFile("table.csv", table(here).encode(), "text/csv"),
        "encoding": "utf-8",
    }


def as_content(table: Callable[[Place], str], **more: str) -> Callable[[Place], Body]:
    return lambda here: {"content": table(here)} | more


def upload(name: str, table: Callable[[Place], str]) -> Callable[[Place], None]:
    """Let the file that waits be one that changes something."""

    def put(here: Place) -> None:
        row = getattr(here, name)
        type(row).objects.filter(pk=row.pk).update(content=table(here).encode())

    return put


def read(text: str, columns: Columns) -> Table:
    return read_table(text.encode(), columns, "utf-8")


def pdf(here: Place) -> Body:
    return {"file": SimpleUploadedFile("a.pdf", make_pdf(2), "application/pdf")}


def final_talk(here: Place) -> Body:
    return {
        "title": "A talk",
        "mode": "new_mechanism",
        "meeting": here.finals.key,
        "members": [here.other_student.code],
    }


def add_newcomer(here: Place) -> Membership:
    """A student who has no talk in class."""
    return make_member(here.course, name="Nina Newcomer")


def newcomer(here: Place) -> str:
    return here.course.memberships.get(user__name="Nina Newcomer").code


def waiting_round_and_newcomer(here: Place) -> list[str]:
    return [str(here.waiting_round.pk), newcomer(here)]


def waiting_papers(here: Place) -> list[str]:
    return keys_of(here.waiting_round)[:2]


def pin_newcomer(here: Place) -> None:
    """Set which paper the newcomer presents."""
    paper = here.waiting_round.papers.get(key=waiting_papers(here)[0])
    place, by = (add_newcomer(here), paper), here.instructor.user
    pin_student(here.waiting_round.pk, place, reason="Asked.", by=by, at=NOON, nonce="")


def free_paper(here: Place) -> str:
    """The paper of the published round that nobody ranked."""
    return keys_of(here.round)[2]


def open_offer(here: Place) -> None:
    """Let the place that the student was offered be on offer again."""
    PlaceOffer.objects.filter(pk=here.offer.pk).update(
        state="open", offered_at=NOON, expires_at=TOMORROW, answered_at=None
    )


def open_swap(here: Place) -> None:
    """The same of the swap that the student proposed."""
    Swap.objects.filter(pk=here.swap.pk).update(
        state="open", proposed_at=NOON, expires_at=TOMORROW, answered_at=None
    )


def ask_student(here: Place) -> None:
    """Let the other student propose a swap to the student."""
    talks = {"student": here.talk, "other_student": here.other_talk}
    own, other = (talk.presenters.get(membership=here.people[who]) for who, talk in talks.items())
    propose_swap(other.pk, own.pk, "", here.other_student, NOON)


def with_other(here: Place) -> Body:
    """The other student's place, to swap with."""
    return {"talk": here.other_talk.code, "member": here.other_student.code}


def swap_asked(here: Place) -> list[str]:
    return [here.presenter.swaps_received.get(state="open").code]


def submit(here: Place) -> None:
    submit_list(here.open_round.pk, here.student, keys_of(here.open_round)[:2], "", NOON)


def miss(here: Place) -> None:
    """Let there be an item that was due before the student joined."""
    make_item(here.hidden_item.component, weight=here.hidden_item.weight)
    here.course.memberships.filter(pk=here.student.pk).update(joined_at=NOON)


def retitled(here: Place) -> str:
    """The course as a file, with what the factories leave out of step set right."""
    text = export_course(here.course).replace("Seminar here", "Seminar elsewhere")
    text = text.replace("end of meeting first", f"end of meeting {here.lecture.key}")
    days = count(10)
    return re.sub("date: 2025-11-10", lambda match: f"date: 2025-11-{next(days)}", text)


def creator() -> User:
    """Who may create courses."""
    return User.objects.get(name="Instructor There")


def renewed(here: Place) -> str:
    """The file of a course that is not there yet, instructed by who sends it."""
    text = retitled(here).replace(here.course.slug, "a-new-seminar")
    return text.replace(here.instructor.user.email, creator().email)


def changed_file(here: Place) -> Body:
    file = parse(retitled(here).encode()).file
    assert file is not None
    report = change_course(here.course, file, by=here.instructor, at=NOON, dry_run=True)
    return previewed(retitled(here), report.preview)


def new_file(here: Place) -> Body:
    file = parse(renewed(here).encode()).file
    assert file is not None
    report = create_course(file, by=creator(), at=NOON, dry_run=True)
    return previewed(renewed(here), report.preview)


def previewed(text: str, preview: str) -> Body:
    return {"content": base64.b64encode(text.encode()).decode(), "preview": preview}


def mended(model: str) -> Callable[[Place], Body]:
    """The page of a row in the admin as it came, with its title changed."""

    def fill(here: Place) -> Body:
        [kind] = [one for one in CORRECTABLE if one._meta.model_name == model]
        row = row_of(kind, here)
        shown = {name: as_shown(row, name) for name in CORRECTABLE[kind]}
        return {f"initial-{name}": value for name, value in shown.items()} | shown | MENDED

    return fill


def as_shown(row: Model, name: str) -> str:
    """A field as a form shows it; empty for None and False."""
    value = getattr(row, name)
    return "on" if value is True else str(value or "")


def correction(path: str) -> Callable[[Place], Body]:
    """The same of the API."""
    return lambda here: {"changes": MENDED, "seen": {"title": getattr(here, path).title}}


def allocate(here: Place) -> None:
    """Allocate once more: what the first run rests on has changed since."""
    allocate_round(here.waiting_round.pk, here.instructor.user, NOON)


def newest_run(here: Place) -> str:
    return here.waiting_round.allocations.latest("run").code


# --- what was written --------------------------------------------------------------------------

TABLES = sorted(
    model._meta.db_table
    for model in apps.get_models(include_auto_created=True)
    if model._meta.app_label in {*OURS, "auth", "account", "mfa"}
)


def contents() -> dict[str, int]:
    """A digest of each table of ours."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the name of a model's table
            found[table] = hash(tuple(sorted(map(repr, cursor.fetchall()))))
    return found


def statements(answer: Answer) -> list[str]:
    """What was written on the way to an answer, also where it was taken back before its end."""
    return [sql for sql in answer.writes if not any(f'"{name}"' in sql for name in MAY_WRITE)]


# --- the writes --------------------------------------------------------------------------------

PAGES = [
    Write(
        "courses:join",
        "instructor_elsewhere",
        lambda here: {
            "level": "Master",
            "courses_passed": [],
            "equivalent": "",
            "frameworks": "",
            "motivation": "I want to.",
            "anyway": "on",
        },
        crowded=True,
    ),
    Write("courses:withdraw_application", "applicant", crowded=True),
    Write(
        "courses:announce",
        "ta",
        lambda here: {"title": "News", "body": "Come.", "public": "false"},
        crowded=True,
    ),
    Write(
        "courses:decide_application",
        "instructor",
        lambda here: {"decision": "waitlisted", "reason": "Full."},
        crowded=True,
    ),
    Write(
        "courses:accept_applications",
        "instructor",
        lambda here: {"code": here.applicant.code},
        crowded=True,
    ),
    Write("courses:import_roster", "instructor", as_file(roster)),
    Write(
        "courses:import_roster_file",
        "instructor",
        lambda here: {"plan": plan_of_roster(here.course, read(roster(here), ROSTER_COLUMNS)).hash},
        first=upload("roster_upload", roster),
    ),
    Write(
        "desk:change_state",
        "instructor",
        lambda here: {"state": "suspended", "reason": "Because."},
        lambda here: [here.auditor.code],
        crowded=True,
    ),
    Write("desk:course_file", "instructor", changed_file),
    Write("desk:new_course", "instructor_elsewhere", new_file),
    Write(
        "presentations:preferences",
        "student",
        lambda here: ranking(here) | {"do": "submit", "version": "0"},
        key_of("open_round"),
        crowded=True,
    ),
    Write("presentations:withdraw_from_talk", "student", lambda here: {"reason": "Ill."}),
    Write("presentations:confirm_presence", "student"),
    Write(
        "presentations:propose_swap",
        "student",
        lambda here: {"with": here.other_student.code, "message": "Please."},
    ),
    Write("presentations:withdraw_presenter", "instructor", lambda here: {"reason": "Ill."}),
    Write(
        "presentations:swap_presenters",
        "instructor",
        lambda here: {"with": here.other_student.code, "reason": "Both asked."},
    ),
    Write("presentations:accept_offer", "student", first=open_offer),
    Write("presentations:decline_offer", "student", first=open_offer),
    Write(
        "presentations:accept_swap",
        "student",
        values=swap_asked,
        first=ask_student,
    ),
    Write(
        "presentations:decline_swap",
        "student",
        values=swap_asked,
        first=ask_student,
    ),
    Write(
        "presentations:withdraw_swap",
        "student",
        first=open_swap,
    ),
    Write(
        "presentations:change_capacity",
        "instructor",
        lambda here: {"capacity": "2", "reason": "Many want it.", "do": "apply"},
    ),
    Write(
        "presentations:cancel_final_talk",
        "instructor",
        lambda here: {"reason": "Ill."},
        crowded=True,
    ),
    Write("presentations:finals", "instructor", final_talk, crowded=True),
    Write(
        "presentations:import_preferences",
        "instructor",
        as_file(preferences),
        key_of("open_round"),
    ),
    Write(
        "presentations:import_preferences_file",
        "instructor",
        lambda here: {
            "plan": plan_of_preferences(
                here.open_round, read(preferences(here), PREFERENCES_COLUMNS)
            ).hash
        },
        first=upload("preferences_upload", preferences),
    ),
    Write("assignments:choose_papers", "student", other_papers, crowded=True),
    Write(
        "assignments:save_field",
        "student",
        lambda here: {"field": "0.summary.0", "text": "New text.", "version": "1"},
        crowded=True,
    ),
    Write(
        "assignments:save_draft",
        "student",
        lambda here: {"0.summary.0": "New text.", "version:0.summary.0": "1"},
        crowded=True,
    ),
    Write("assignments:submit_report", "student", crowded=True),
    Write("assignments:submit_file", "student", pdf, crowded=True),
    Write(
        "assignments:grant_extension",
        "ta",
        lambda here: {
            "student": here.student.code,
            "day": "2025-11-20",
            "time": "12:00",
            "reason": "Ill.",
        },
        key_of("mini"),
        crowded=True,
    ),
    Write(
        "grading:grade",
        "ta",
        lambda here: {
            "points": "5",
            "base_seq": "1",
            "feedback": "Better.",
            "note": "",
            "reason": "",
            "submission": "",
        },
        crowded=True,
    ),
    Write(
        "grading:decide_item",
        "ta",
        lambda here: {"do": "excuse", "base_seq": "1", "reason": "Ill."},
        crowded=True,
    ),
    Write(
        "grading:take_attendance",
        "ta",
        lambda here: {
            f"m-{here.student.code}": "late",
            f"v-{here.student.code}": "1:in_room",
            "do": "save",
        },
        crowded=True,
    ),
    Write(
        "grading:participation",
        "ta",
        lambda here: {
            "item": here.participation_item.key,
            "code": here.student.code,
            "do": "undo",
        },
    ),
    Write(
        "grading:release",
        "instructor",
        lambda here: {"item": here.hidden_item.key, "code": here.student.code},
    ),
    Write("grading:import_scores", "ta", as_file(scores)),
    Write(
        "grading:import_scores_file",
        "instructor",
        lambda here: {
            "plan": plan_of_scores(here.course, read(scores(here), SCORES_COLUMNS), at=NOON).hash,
            "reason": "On paper.",
        },
        first=upload("scores_upload", scores),
    ),
    Write("grading:excuse_items_before_joining", "instructor", first=miss),
    Write("grading:results", "instructor", lambda here: {"do": "compute"}),
    Write(
        "grading:change_pass_rule",
        "instructor",
        lambda here: {"kind": "total", "total": "40", "reason": "Simpler."},
    ),
    Write(
        "accounts:me",
        "student",
        lambda here: {"name": "Ada", "zone": "Europe/Berlin"},
        crowded=True,
    ),
    Write(
        "accounts:create_token",
        "student",
        lambda here: {"name": "Script", "scopes": ["read"], "days": "30"},
    ),
    Write("accounts:revoke_token", "student"),
]

API = [
    Write(
        "api:account",
        "student",
        lambda here: {"name": "Ada", "zone": "Europe/Berlin"},
        method="PUT",
    ),
    Write(
        "api:tokens",
        "student",
        lambda here: {"name": "Script", "scopes": ["read"], "expires_at": SOON},
    ),
    Write("api:revoke_token", "student"),
    Write("api:create_course", "instructor_elsewhere", lambda here: {"text": renewed(here)}),
    Write("api:course_file", "instructor", lambda here: {"text": retitled(here)}),
    Write(
        "api:change_state",
        "instructor",
        lambda here: {"state": "suspended", "reason": "Because."},
        lambda here: [here.auditor.code],
    ),
    Write("api:correct_course", "instructor", correction("course"), method="PUT"),
    Write("api:correct_meeting", "instructor", correction("lecture"), method="PUT"),
    Write("api:correct_module", "instructor", correction("module"), method="PUT"),
    Write("api:correct_paper", "instructor", correction("paper"), method="PUT"),
    Write("api:correct_announcement", "instructor", correction("news"), method="PUT"),
    Write("api:announce", "ta", lambda here: {"title": "News", "body": "Come.", "public": False}),
    Write("api:withdraw_application", "applicant"),
    Write(
        "api:join",
        "instructor_elsewhere",
        lambda here: {"level": "Master", "courses_passed": [], "anyway": True},
    ),
    Write("api:import_roster", "instructor", as_content(roster)),
    Write("api:accept_applications", "instructor", lambda here: {"codes": [here.applicant.code]}),
    Write(
        "api:decide_application",
        "instructor",
        lambda here: {"decision": "waitlisted", "reason": "Full."},
    ),
    Write(
        "api:save_list",
        "student",
        lambda here: ranking(here) | {"version": 0},
        key_of("open_round"),
        method="PUT",
    ),
    Write("api:submit_list", "student", ranking, key_of("open_round")),
    Write("api:withdraw_list", "student", values=key_of("open_round"), first=submit),
    Write("api:import_preferences", "instructor", as_content(preferences), key_of("open_round")),
    Write("api:allocate_round", "instructor", values=key_of("waiting_round")),
    Write(
        "api:publish_allocation",
        "instructor",
        values=lambda here: [here.waiting_round.key, newest_run(here)],
        first=allocate,
    ),
    Write("api:confirm_presence", "student"),
    Write("api:withdraw_from_talk", "student", lambda here: {"reason": "Ill."}),
    Write("api:withdraw_presenter", "instructor", lambda here: {"reason": "Ill."}),
    Write("api:propose_swap", "student", with_other),
    Write("api:swap_presenters", "instructor", lambda here: with_other(here) | {"reason": "Both."}),
    Write("api:accept_swap", "student", values=swap_asked, first=ask_student),
    Write("api:decline_swap", "student", values=swap_asked, first=ask_student),
    Write("api:withdraw_swap", "student", first=open_swap),
    Write("api:accept_offer", "student", first=open_offer),
    Write("api:decline_offer", "student", first=open_offer),
    Write("api:change_capacity", "instructor", lambda here: {"capacity": 2, "reason": "Wanted."}),
    Write(
        "api:pin_student",
        "instructor",
        lambda here: {
            "student": newcomer(here),
            "paper": waiting_papers(here)[0],
            "reason": "Asked.",
        },
        key_of("waiting_round"),
        first=add_newcomer,
    ),
    Write(
        "api:lift_pin",
        "instructor",
        lambda here: {"reason": "A mistake."},
        lambda here: [here.waiting_round.key, newcomer(here)],
        first=pin_newcomer,
    ),
    Write(
        "api:enter_late_list",
        "instructor",
        lambda here: {"student": newcomer(here), "ranked": waiting_papers(here)},
        key_of("waiting_round"),
        first=add_newcomer,
    ),
    Write("api:schedule_final_talk", "instructor", final_talk),
    Write("api:cancel_final_talk", "instructor", lambda here: {"reason": "Ill."}),
    Write(
        "api:assign_presenter",
        "instructor",
        lambda here: {"to": newcomer(here), "reason": "Joined late."},
        lambda here: [free_paper(here)],
        first=add_newcomer,
    ),
    Write(
        "api:reassign_presentation",
        "instructor",
        lambda here: {"to": newcomer(here), "reason": "Ill."},
        first=add_newcomer,
    ),
    Write("api:choose_papers", "student", other_papers, method="PUT"),
    Write(
        "api:draft",
        "student",
        lambda here: {"fields": [{"field": "0.summary.0", "text": "New.", "version": 1}]},
        method="PUT",
    ),
    Write(
        "api:save_field",
        "student",
        lambda here: {"field": "0.summary.0", "text": "New.", "version": 1},
        method="PUT",
    ),
    Write("api:submissions", "student"),
    Write("api:submit_file", "student", pdf),
    Write(
        "api:extensions",
        "ta",
        lambda here: {"student": here.student.code, "until": SOON, "reason": "Ill."},
        key_of("mini"),
    ),
    Write("api:grade_item", "ta", lambda here: {"base_seq": 1, "points": "5"}),
    Write(
        "api:decide_item", "ta", lambda here: {"verb": "excuse", "base_seq": 1, "reason": "Ill."}
    ),
    Write(
        "api:release",
        "instructor",
        lambda here: {"item": here.hidden_item.key, "student": here.student.code},
    ),
    Write(
        "api:take_attendance",
        "ta",
        lambda here: {"marks": [{"student": here.student.code, "status": "late", "version": 1}]},
        method="PUT",
    ),
    Write(
        "api:participation",
        "ta",
        lambda here: {
            "item": here.participation_item.key,
            "student": here.student.code,
            "verb": "undo",
        },
    ),
    Write("api:import_scores", "ta", as_content(scores, reason="On paper.")),
    Write("api:excuse_items_before_joining", "instructor", first=miss),
    Write("api:request_results", "instructor"),
    Write(
        "api:pass_rule",
        "instructor",
        lambda here: {
            "clauses": [{"component": "written", "at_least": "40"}],
            "reason": "Simpler.",
            "version": 1,
        },
    ),
]

ADMIN = [
    Write(
        "admin:presentations_preferenceround_allocate",
        "instructor",
        values=lambda here: [str(here.waiting_round.pk)],
    ),
    Write(
        "admin:presentations_preferenceround_publish",
        "instructor",
        values=lambda here: [str(here.waiting_round.pk), newest_run(here)],
        first=allocate,
    ),
    Write(
        "admin:presentations_preferenceround_assign",
        "instructor",
        lambda here: {"paper": free_paper(here), "reason": "Joined late."},
        lambda here: [str(here.round.pk), newcomer(here)],
        first=add_newcomer,
    ),
    Write(
        "admin:presentations_preferenceround_pin",
        "instructor",
        lambda here: {"paper": waiting_papers(here)[0], "reason": "Asked."},
        waiting_round_and_newcomer,
        first=add_newcomer,
    ),
    Write(
        "admin:presentations_preferenceround_lift",
        "instructor",
        lambda here: {"reason": "A mistake."},
        waiting_round_and_newcomer,
        first=pin_newcomer,
    ),
    Write(
        "admin:presentations_preferenceround_late",
        "instructor",
        lambda here: dict(zip(("choice_1", "choice_2"), waiting_papers(here), strict=True)),
        waiting_round_and_newcomer,
        first=add_newcomer,
    ),
    Write(
        "admin:presentations_presentation_reassign",
        "instructor",
        lambda here: {"to": newcomer(here), "reason": "Ill."},
        first=add_newcomer,
    ),
    *(
        Write(f"admin:courses_{model}_change", "instructor", mended(model))
        for model in ("course", "module", "meeting", "paper", "announcement")
    ),
    Write(
        "admin:accounts_user_change",
        "operator",
        lambda here: {"is_active": "on", "may_create_courses": "on"},
    ),
]

WRITES = {str(write): write for write in (*PAGES, *API, *ADMIN)}

# Each says why it is not among them. May only get shorter.
MOST_WITHOUT_BODY = 9
WITHOUT_BODY = {
    "accounts:second_factor POST": "Leads to the pages of another package; writes nothing.",
    "accounts:set_theme POST": "Sets a cookie; writes nothing.",
    "desk:clock POST": "Moves the demo's clock, which is a file.",
    "desk:demo_sign_in POST": "Opens a session of the demo; writes nothing else.",
    "api:freeze_results POST": "Needs every grade decided; tests/grading does so.",
    "api:publish_results POST": "Needs results that are frozen; tests/grading does so.",
    "api:pass_rule_preview POST": "Shows what would be; writes nothing.",
    "api:preview_capacity POST": "Shows what would be; writes nothing.",
    "api:unknown POST": "Answers 404 for every address that is none.",
}
