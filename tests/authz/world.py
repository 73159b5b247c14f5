"""A world in which every address leads to something, for whoever asks and whatever is asked for.

Four courses hold the same things: ``here`` (where most tests act), ``there`` (somebody else's),
``draft`` (not public yet) and ``archive`` (over). The people of ``here`` are in ``draft`` and
``archive`` too, with the same roles, so that nothing but the course's state tells these apart.
It is noon of 27 Oct 2025. Everything is done by the actions where there is one, in the order in
which it happens in a term; ``build_world`` takes about a second, so build it once per module.

For tests of what leaks: ``Place.hidden_item`` is graded for both students with ``HIDDEN_SCORE``,
``HIDDEN_FEEDBACK`` and ``STAFF_NOTE`` and not released; ``Place.shown_item`` is graded with
``SHOWN_SCORE`` and ``SHOWN_FEEDBACK`` and released to both.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.db import transaction

from assignments.actions import HandIn, grant_extension, submit_file
from assignments.models import Assignment, Draft, DraftField, Extension, Submission
from courses.actions import (
    Statement,
    announce,
    change_state,
    decide_application,
    keep_table,
    send_application,
)
from courses.models import (
    Announcement,
    Application,
    Course,
    Meeting,
    Membership,
    Module,
    Paper,
    Prerequisite,
    TableUpload,
)
from courses.rules import State
from grading.actions import (
    Grade,
    Mark,
    compute_results,
    give_participation,
    grade_item,
    release_item,
    request_results,
    take_attendance,
)
from grading.models import GradeItem, ResultRun
from presentations.actions import (
    allocate_round,
    cancel_final_talk,
    publish_allocation,
    schedule_final_talk,
)
from presentations.models import (
    Allocation,
    FinalProject,
    Pin,
    PlaceOffer,
    PreferenceRound,
    Presentation,
    Presenter,
    ProjectMember,
    Proposal,
    ProposalDecision,
    Slides,
    Swap,
    UnavailableMeeting,
    UnwantedPaper,
)
from seminar.accounts.actions import create_token
from seminar.accounts.models import User
from seminar.lib import clock
from tests.factories.assignments import make_draft, make_mini, make_pdf, make_report
from tests.factories.courses import (
    NOON,
    make_announcement,
    make_course,
    make_meeting,
    make_member,
    make_module,
    make_paper,
    make_prerequisite,
    make_user,
)
from tests.factories.grading import (
    DUE,
    make_assignment,
    make_component,
    make_item,
    make_pass_rule,
    make_rubric,
)
from tests.factories.presentations import AFTER, DURING, keys_of, make_round, make_submitted

START = datetime(2025, 10, 13, 8, 0, tzinfo=UTC)
LATE = AFTER + timedelta(days=1)
PASSWORD = "correct-horse-battery"
HIDDEN_SCORE = "7.31"
HIDDEN_FEEDBACK = "CANARY-feedback-that-waits"
STAFF_NOTE = "CANARY-note-for-staff"
SHOWN_SCORE = "8.25"
SHOWN_FEEDBACK = "SHOWN-feedback"

IN_COURSE = ("student", "other_student", "auditor", "ta", "instructor", "second_instructor")
OUTSIDE = ("applicant", "waitlisted", "declined", "withdrawn", "suspended")


@dataclass(frozen=True)
class Place:
    """One course with one or more of everything. Two students; ``student`` is who owns things."""

    course: Course
    people: dict[str, Membership]
    module: Module
    paper: Paper
    prerequisite: Prerequisite
    lecture: Meeting
    in_class: Meeting
    finals: Meeting
    news: Announcement
    members_news: Announcement
    later_news: Announcement
    round: PreferenceRound
    open_round: PreferenceRound
    waiting_round: PreferenceRound
    run: Allocation
    waiting_run: Allocation
    talk: Presentation
    other_talk: Presentation
    final: Presentation
    cancelled_final: Presentation
    report: Assignment
    mini: Assignment
    later_report: Assignment
    draft: Draft
    other_draft: Draft
    field: DraftField
    submission: Submission
    other_submission: Submission
    extension: Extension
    other_extension: Extension
    shown_item: GradeItem
    hidden_item: GradeItem
    attendance_item: GradeItem
    participation_item: GradeItem
    talk_item: GradeItem
    results: ResultRun
    roster_upload: TableUpload
    preferences_upload: TableUpload
    scores_upload: TableUpload

    @property
    def offer(self) -> PlaceOffer:
        """What the student was offered."""
        return PlaceOffer.objects.get(membership=self.people["student"])

    @property
    def swap(self) -> Swap:
        """What the student asked the other one."""
        return self.presenter.swaps_proposed.get()

    @property
    def presenter(self) -> Presenter:
        """The student's place in the talk."""
        return self.talk.presenters.get(membership=self.people["student"])

    def __getattr__(self, name: str) -> Membership:
        """``place.student`` is ``place.people["student"]``."""
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class World:
    """The four courses, and who acts. ``users`` are the people of ``here`` by their role."""

    here: Place
    there: Place
    draft: Place
    archive: Place
    users: dict[str, User]
    strangers: dict[str, User]
    operator: User
    half: User
    """Has a second factor, and stands between the password and it."""

    @property
    def actors(self) -> dict[str, User | None]:
        """Everybody who may ask for something, by name; ``mfa_pending`` has no session yet."""
        elsewhere = {
            "student_elsewhere": self.strangers["student"],
            "ta_elsewhere": self.strangers["ta"],
            "instructor_elsewhere": self.strangers["instructor"],
        }
        of_here = {name: self.users[name] for name in (*OUTSIDE, *IN_COURSE)}
        del of_here["second_instructor"]
        return {
            "anonymous": None,
            "mfa_pending": None,
            **of_here,
            **elsewhere,
            "operator": self.operator,
        }

    @property
    def places(self) -> dict[str, Place]:
        return {name: getattr(self, name) for name in ("here", "there", "draft", "archive")}


@contextmanager
def built_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """A world for a fixture of a whole module: at noon, taken back when the module is done.

    The tests of that module are marked ``django_db``: each then takes back what it changed. Within
    a test, ``seen_and_forgotten`` does so for one call.
    """
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        seen_and_forgotten(),
    ):
        patch.setattr(clock, "now", lambda: NOON)
        yield build_world()


@contextmanager
def seen_and_forgotten() -> Iterator[None]:
    """Take back whatever is written inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def build_world() -> World:
    """Build all four courses. Call inside a transaction, at NOON."""
    users = {role: make_user(f"{spoken(role)} Here") for role in (*IN_COURSE, *OUTSIDE)}
    strangers = {role: make_user(f"{spoken(role)} There") for role in (*IN_COURSE, *OUTSIDE)}
    strangers["instructor"].may_create_courses = True
    strangers["instructor"].save(update_fields=["may_create_courses"])
    operator = make_user("Otto Operator", is_superuser=True)
    half = make_user("Hal Halfway")
    half.set_password(PASSWORD)
    half.save()
    for user in (*users.values(), *strangers.values(), operator, half):
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        TOTP.activate(user, generate_totp_secret())
        RecoveryCodes.activate(user)
    token = {"name": "Script", "scopes": ["read"], "expires_at": NOON + timedelta(days=30)}
    for user in (*users.values(), *strangers.values()):
        create_token(user, **token, at=NOON, nonce="")
    world = World(
        here=furnish(make_course(title="Seminar here"), users),
        there=furnish(make_course(title="Seminar there"), strangers),
        draft=furnish(make_course(title="Seminar in draft"), users),
        archive=furnish(make_course(title="Seminar of last year"), users),
        users=users,
        strangers=strangers,
        operator=operator,
        half=half,
    )
    for place in world.places.values():
        Group.objects.create(name=place.course.slug)
    become(world.draft.course, Course.State.DRAFT)
    become(world.archive.course, Course.State.ARCHIVED)
    return world


def spoken(role: str) -> str:
    return role.replace("_", " ").capitalize()


def become(course: Course, state: str) -> None:
    """Set a course's state, which so far only the command line does."""
    course.state = state
    course.save(update_fields=["state"])


def furnish(course: Course, users: dict[str, User]) -> Place:
    """Give a course everything that a term has brought by now."""
    found: dict[str, Any] = {"course": course}
    found["prerequisite"] = make_prerequisite(course)
    found["people"] = people = join(course, users)
    found |= add_content(course, people)
    found |= add_talks(course, people)
    found |= add_uploads(course, users["instructor"], found["open_round"])
    found |= add_work(course, people, found["module"])
    found |= add_grades(course, people, found)
    assert set(found) == {field.name for field in fields(Place)}
    return Place(**found)


def add_uploads(course: Course, by: User, round_: PreferenceRound) -> dict[str, Any]:
    """Files of an instructor that wait between preview and import."""
    tables = {
        "roster": "name,email\nNew Person,new@example.org\n",
        "preferences": "email,1\n",
        "scores": "email\n",
    }
    return {
        f"{kind}_upload": keep_table(
            TableUpload(
                course=course,
                by=by,
                kind=kind,
                about=round_.key if kind == "preferences" else "",
                name=f"{kind}.csv",
                encoding="utf-8",
                content=text.encode(),
                at=NOON,
            )
        )
        for kind, text in tables.items()
    }


def join(course: Course, users: dict[str, User]) -> dict[str, Membership]:
    """Let everybody be in the course, or out of it, as they would come to be."""
    roles = {"other_student": "student", "second_instructor": "instructor"}
    people = {
        name: make_member(course, roles.get(name, name), user=users[name], joined_at=START)
        for name in IN_COURSE
    }
    by = people["instructor"]
    passed = Statement("Master, 3rd semester", (course.prerequisites.get().key,))
    for name in OUTSIDE:
        application = send_application(course, user=users[name], statement=passed, at=START)
        people[name] = application.membership
    decisions = {
        "waitlisted": Application.Decision.WAITLISTED,
        "declined": Application.Decision.DECLINED,
        "withdrawn": Application.Decision.ACCEPTED,
        "suspended": Application.Decision.ACCEPTED,
    }
    for name, decision in decisions.items():
        people[name] = decide_application(
            people[name], decision=decision, reason="Because.", by=by, at=START
        )
    for name, state in (("withdrawn", State.WITHDRAWN), ("suspended", State.SUSPENDED)):
        people[name] = change_state(
            people[name], state=state, reason="Because.", by=by.user, at=START
        )
    return people


def add_content(course: Course, people: dict[str, Membership]) -> dict[str, Any]:
    """Modules, meetings, papers, news."""
    module = make_module(course)
    lecture = make_meeting(
        course, date(2025, 10, 20), kind=Meeting.Kind.LECTURE, title="Lecture", modules=[module]
    )
    in_class = make_meeting(course)
    by = people["instructor"]
    return {
        "module": module,
        "lecture": lecture,
        "in_class": in_class,
        "finals": make_meeting(course, date(2025, 12, 8), kind=Meeting.Kind.FINAL, title="Finals"),
        "paper": make_paper(course, module=module, meeting=in_class),
        "news": announce(course, title="News", body="Come.", public=True, by=by, at=START),
        "members_news": announce(
            course, title="News for members", body="CANARY-members", public=False, by=by, at=START
        ),
        "later_news": make_announcement(
            course, title="CANARY-later", published_at=NOON + timedelta(days=3), author=by.user
        ),
    }


def add_talks(course: Course, people: dict[str, Membership]) -> dict[str, Any]:
    """A round that is allocated and published, one that waits for it, one that is open."""
    by, students = people["instructor"].user, (people["student"], people["other_student"])
    round_, waiting = make_round(course, title="Published"), make_round(course, title="Waiting")
    for member in students:
        make_submitted(round_, member, keys_of(round_)[:2], DURING)
        make_submitted(waiting, member, keys_of(waiting)[:2], DURING)
    waiting_run = allocate_round(waiting.pk, by, AFTER)["code"]
    run = Allocation.objects.get(code=allocate_round(round_.pk, by, AFTER)["code"])
    publish_allocation(run.pk, by, AFTER)
    run.refresh_from_db()
    talks = [
        Presentation.objects.get(presenters__membership=member, kind="in_class")
        for member in students
    ]
    final_meeting = course.meetings.get(kind=Meeting.Kind.FINAL)
    finals = [
        schedule_final_talk(final_meeting, title, "literature_review", [member], by=by, at=AFTER)[
            "talk"
        ]
        for title, member in zip(("A final talk", "CANARY-cancelled"), students, strict=True)
    ]
    cancelled = Presentation.objects.get(code=finals[1])
    cancel_final_talk(cancelled.pk, reason="Ill.", by=by, at=AFTER)
    add_changes(round_, talks, students, by)
    for number, member in enumerate(students):
        add_project(member, people["ta"], f"Project {number}")
    open_round = make_round(
        course, title="Open", opens_at=NOON - timedelta(days=1), closes_at=NOON + timedelta(days=1)
    )
    return {
        "round": round_,
        "waiting_round": waiting,
        "open_round": open_round,
        "run": run,
        "waiting_run": Allocation.objects.get(code=waiting_run),
        "talk": talks[0],
        "other_talk": talks[1],
        "final": Presentation.objects.get(code=finals[0]),
        "cancelled_final": Presentation.objects.get(code=finals[1]),
    }


def add_changes(
    round_: PreferenceRound, talks: list[Presentation], students: tuple[Membership, ...], by: User
) -> None:
    """What both students wished and were offered, a swap that was declined, slides of both."""
    third = Paper.objects.get(course=round_.course, key=keys_of(round_)[2])
    meeting = round_.course.meetings.get(kind=Meeting.Kind.FINAL)
    answered = {"offered_at": AFTER, "expires_at": LATE, "answered_at": LATE, "state": "declined"}
    for talk, member in zip(talks, students, strict=True):
        ranking = round_.lists.get(membership=member)
        UnwantedPaper.objects.create(list=ranking, paper=third)
        UnavailableMeeting.objects.create(list=ranking, meeting=meeting)
        Pin.objects.create(
            round=round_, membership=member, paper=third, reason="Asked for it.", set_at=AFTER,
            set_by=by, lifted_at=LATE, lifted_by=by,
        )  # fmt: skip
        PlaceOffer.objects.create(
            round=round_, paper=third, seat=0, membership=member, number=1, choice=3, **answered
        )
        Slides.objects.create(
            presentation=talk, version=1, sha256="0" * 64, name="slides.pdf", size=1,
            pages=1, uploaded_at=LATE, uploaded_by=member.user,
        )  # fmt: skip
    pairs = zip(talks, students, strict=True)
    mine, theirs = (talk.presenters.get(membership=member) for talk, member in pairs)
    times = {"proposed_at": AFTER, "expires_at": LATE, "answered_at": LATE}
    Swap.objects.create(mine=mine, theirs=theirs, state="declined", **times)
    Swap.objects.create(mine=theirs, theirs=mine, state="declined", **times)


def add_project(member: Membership, ta: Membership, title: str) -> None:
    """A final project of one student, with a proposal that staff approved."""
    mode = "literature_review"
    project = FinalProject.objects.create(
        course=member.course, mode=mode, title=title, created_at=AFTER
    )
    ProjectMember.objects.create(
        project=project, membership=member, since=AFTER, confirmed_at=AFTER
    )
    proposal = Proposal.objects.create(
        project=project, version=1, mode=mode, title=title, fields={}, submitted_at=AFTER,
        submitted_by=member,
    )  # fmt: skip
    ProposalDecision.objects.create(
        proposal=proposal, verdict="approved", decided_at=LATE, decided_by=ta
    )


def add_work(course: Course, people: dict[str, Membership], module: Module) -> dict[str, Any]:
    """A report that is being written, a mini-assignment to hand in, a report that opens later."""
    student, other, ta = people["student"], people["other_student"], people["ta"]
    report = make_report(course, module=module)
    more = {"by": ta, "at": NOON}
    until = report.closes_at + timedelta(days=2)
    drafts = {}
    for name, member in (("draft", student), ("other_draft", other)):
        drafts[name] = make_draft(report, member, saved_at=NOON)
    extensions = [
        grant_extension(report, member, until=until, reason="CANARY-ill", **more)
        for member in (student, other)
    ]
    return {
        "report": report,
        "mini": make_mini(course),
        "later_report": make_report(course, opens_at=NOON + timedelta(days=7)),
        **drafts,
        "field": drafts["draft"].fields.earliest("pk"),
        "extension": extensions[0],
        "other_extension": extensions[1],
    }


def add_grades(
    course: Course, people: dict[str, Membership], found: dict[str, Any]
) -> dict[str, Any]:
    """A scheme; one item graded and released, one graded and not; a meeting with marks."""
    student, other, ta = people["student"], people["other_student"], people["ta"]
    written, talking = make_component(course, "written", 60), make_component(course, "talking", 40)
    items = {
        "shown_item": make_item(written, weight=Decimal(20), assignment=make_assignment(course)),
        "hidden_item": make_item(written, weight=Decimal(20), assignment=make_assignment(course)),
        "attendance_item": make_item(talking, kind="attendance", weight=Decimal(10)),
        "participation_item": make_item(talking, kind="participation", weight=Decimal(10)),
        "talk_item": make_item(
            talking, kind="presentation", talk_kind="in_class", weight=Decimal(20)
        ),
    }
    report_item = make_item(written, weight=Decimal(20), assignment=found["report"])
    make_rubric(report_item, [("summary", ("0", "5")), ("judgement", ("0", "5"))])
    make_pass_rule(course, [(written, "50"), (talking, "50")])
    shown, hidden = items["shown_item"], items["hidden_item"]
    submissions = [hand_in(shown, student), hand_in(shown, other)]
    for member in (student, other):
        hand_in(hidden, member)
        seen = Grade(base_seq=0, points=SHOWN_SCORE, feedback=SHOWN_FEEDBACK)
        grade_item(shown, member, seen, by=ta, at=NOON)
        unseen = Grade(base_seq=0, points=HIDDEN_SCORE, feedback=HIDDEN_FEEDBACK, note=STAFF_NOTE)
        grade_item(hidden, member, unseen, by=ta, at=NOON)
    release_item(shown, by=people["instructor"], at=NOON)
    marks = {member.code: Mark("in_room", 0) for member in (student, other)}
    take_attendance(found["lecture"], marks, by=ta, at=NOON)
    for member in (student, other):
        give_participation(
            items["participation_item"],
            found["lecture"],
            member,
            Decimal(1),
            by=ta,
            at=NOON,
            nonce=f"world-{member.code}",
        )
    run = request_results(course, by=people["instructor"].user, at=NOON)
    compute_results(at=NOON)
    run.refresh_from_db()
    return items | {
        "submission": submissions[0],
        "other_submission": submissions[1],
        "results": run,
    }


def hand_in(item: GradeItem, member: Membership) -> Submission:
    """A real PDF, a day before the deadline."""
    assert item.assignment is not None
    at = DUE - timedelta(days=1)
    return submit_file(
        item.assignment,
        member,
        chunks=[make_pdf()],
        name="essay.pdf",
        hand_in=HandIn(nonce="", received_at=at),
        at=at,
    )
