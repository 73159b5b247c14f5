"""Canaries: values that occur nowhere else, one for each thing that somebody must not see.

``plant`` puts them into a world of tests/authz and returns them. A canary knows who may see it, in
words of the course it belongs to (``READERS``); everybody else who meets it has found a leak. Texts
are ``CANARY-<what>-<eight digits>``; numbers, names and codes are canaries as they are, because the
world has each only once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from itertools import chain
from typing import Any

from django.contrib.auth.hashers import make_password
from pypdf import PdfWriter

from assignments.actions import HandIn, submit_file
from courses.models import Application, Membership, TableUpload
from grading.actions import (
    Change,
    Grade,
    compute_results,
    grade_item,
    override_item,
    request_results,
)
from seminar.accounts.actions import audit
from seminar.accounts.models import ApiToken
from tests.authz.world import HIDDEN_FEEDBACK, HIDDEN_SCORE, OUTSIDE, STAFF_NOTE, World
from tests.factories.courses import NOON
from tests.factories.grading import DUE

# Hidden scores of 10 points, of ``student`` and ``other_student`` in each course.
HIDDEN = {
    "here": ("6.37", "6.47"),
    "there": ("5.83", "4.19"),
    "draft": ("3.67", "2.93"),
    "archive": ("8.59", "9.17"),
}
# What the other student was given and told; the first student was told 8.25.
TOLD = {"here": "4.57", "there": "4.61", "draft": "4.73", "archive": "4.83"}

STAFF = frozenset({"ta", "instructor"})
STUDENTS = frozenset({"student", "other_student"})
MEMBERS = STAFF | STUDENTS | {"auditor"}
NOBODY: frozenset[str] = frozenset()
# Runs the installation and has the database: sees everything but secrets, and must see nothing.
OPERATOR = "operator"


@dataclass(frozen=True)
class Canary:
    """One value, what it stands for, and the actors who may meet it."""

    what: str
    place: str
    forms: tuple[bytes, ...]
    allowed: frozenset[str]
    is_number: bool = False
    is_secret: bool = False

    def may_be_met_by(self, actor: str) -> bool:
        return actor in self.allowed or (actor == OPERATOR and not self.is_secret)

    def __str__(self) -> str:
        return f"{self.what} of {self.place} ({self.forms[0].decode()})"


def text_of(what: str, place: str) -> str:
    digits = int(sha256(f"{what} {place}".encode()).hexdigest(), 16) % 10**8
    return f"CANARY-{what}-{place}-{digits:08}"


def forms_of_score(points: str) -> tuple[bytes, ...]:
    """An item of 10 points that weighs 20 %: as points, as percent, as share, as part of all."""
    hundredths = round(float(points) * 100)
    percent = f"{hundredths // 10}.{hundredths % 10}"
    weighed = f"{hundredths * 2 // 100}.{hundredths * 2 % 100:02}"
    plain = [points, percent, weighed]
    spoken = [*plain, *(form.replace(".", ",") for form in plain)]
    exact = [f"{hundredths}/100", f"{hundredths}/1000"]
    return tuple(form.encode() for form in (*spoken, *exact))


class Planter:
    """Plants into one course, and writes down who may see what."""

    def __init__(self, world: World, name: str) -> None:
        self.name, self.place = name, world.places[name]
        self.found: list[Canary] = []

    def actors(self, roles: frozenset[str] | set[str]) -> frozenset[str]:
        """Who of the world acts in these roles of this course."""
        if self.name != "there":
            return frozenset(roles)
        return frozenset(f"{role}_elsewhere" for role in roles)

    def note(self, what: str, text: str, roles: frozenset[str] | set[str]) -> str:
        """Remember a value that is there already."""
        self.found.append(Canary(what, self.name, (text.encode(),), self.actors(roles)))
        return text

    def text(self, what: str, roles: frozenset[str] | set[str]) -> str:
        """Make up a text that only these may read."""
        return self.note(what, text_of(what, self.name), roles)

    def score(self, what: str, points: str, roles: frozenset[str] | set[str]) -> str:
        """Remember a score in all the forms in which it might show."""
        canary = Canary(what, self.name, forms_of_score(points), self.actors(roles), is_number=True)
        self.found.append(canary)
        return points


def plant(world: World) -> tuple[World, list[Canary]]:
    """Plant everything in all four courses; return the world with it, and what was planted.

    Call inside a transaction, before anybody signs in: passwords change.
    """
    planters = [Planter(world, name) for name in world.places]
    for planter in planters:
        for plant_some in (plant_work, plant_grades, plant_people, plant_course):
            plant_some(planter)
    found = list(chain.from_iterable(planter.found for planter in planters))
    places = {planter.name: planter.place for planter in planters}
    canaries = [*found, *plant_in_accounts(world), *of_all_courses(world)]
    return replace(world, **places), canaries


def plant_grades(planter: Planter) -> None:
    """Scores, feedback and reasons: of both students, released and not."""
    place, ta = planter.place, planter.place.people["ta"]
    for role, points in zip(("student", "other_student"), HIDDEN[planter.name], strict=True):
        hidden = Grade(
            base_seq=1,
            points=planter.score(f"hidden-score-{role}", points, STAFF),
            feedback=planter.text(f"hidden-feedback-{role}", STAFF),
            note=planter.text(f"staff-note-{role}", STAFF),
        )
        grade_item(place.hidden_item, place.people[role], hidden, by=ta, at=NOON)
        why = Change(planter.text(f"override-reason-{role}", STAFF), 0)
        override_item(place.talk_item, place.people[role], "3", why, by=ta, at=NOON)
    told = Grade(
        base_seq=1,
        points=planter.score("told-score", TOLD[planter.name], STAFF | {"other_student"}),
        feedback=planter.text("told-feedback", STAFF | {"other_student"}),
        note=planter.text("told-note", STAFF),
        reason=planter.text("told-reason", STAFF),
    )
    grade_item(place.shown_item, place.people["other_student"], told, by=ta, at=NOON)
    request_results(place.course, by=place.people["instructor"].user, at=NOON)
    compute_results(at=NOON)


def plant_work(planter: Planter) -> None:
    """What the students write, hand in, and were granted."""
    place = planter.place
    versions: dict[str, Any] = {}
    for role, draft in (("student", place.draft), ("other_student", place.other_draft)):
        mine = frozenset({role})
        draft.fields.update(text=planter.text(f"draft-{role}", mine))
        member = place.people[role]
        name = planter.text(f"upload-name-{role}", mine | STAFF)
        inside = planter.text(f"upload-{role}", mine | STAFF)
        member_work = place.shown_item.assignment
        assert member_work is not None
        hand_in = HandIn(nonce="", received_at=DUE - timedelta(hours=20))
        version = submit_file(
            member_work,
            member,
            chunks=[pdf_of(inside)],
            name=f"{name}.pdf",
            hand_in=hand_in,
            at=DUE - timedelta(hours=20),
        )
        planter.note(f"receipt-{role}", version.code, mine | STAFF)
        member.extensions.update(reason=planter.text(f"extension-reason-{role}", STAFF))
        versions["submission" if role == "student" else "other_submission"] = version
    planter.place = replace(place, **versions)


def pdf_of(text: str) -> bytes:
    """A PDF of one page, with this in a comment: inside, a writer would escape its hyphens."""
    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(595, 842)
    writer.write(out)
    return out.getvalue() + f"% {text}\n".encode()


def plant_people(planter: Planter) -> None:
    """What people are called and have told; of the four courses, only two have people of their own."""
    place = planter.place
    for role in (*STUDENTS, *OUTSIDE):
        member, mine = place.people[role], {role}
        number = f"CANARY-{planter.name[0]}m{member.pk:08}"
        planter.note(f"matriculation-{role}", number, STAFF)
        Membership.objects.filter(pk=member.pk).update(matriculation=number)
        if role not in OUTSIDE:
            continue
        Application.objects.filter(membership=member).update(
            motivation=planter.text(f"motivation-{role}", STAFF | mine),
            equivalent=planter.text(f"equivalent-{role}", STAFF | mine),
            reason=planter.text(f"decision-{role}", STAFF | mine),
        )
    audit(
        "suspend",
        at=NOON,
        actor=place.people["instructor"].user,
        subject="somebody",
        course_slug=place.course.slug,
        reason=planter.text("audit-reason", {"instructor"}),
    )


def plant_course(planter: Planter) -> None:
    """What a course shows to some: links, news, talks that are off, files that wait."""
    place = planter.place
    course = place.course
    link = f"https://meet.example.org/{planter.text('online-link', MEMBERS)}"
    course.meetings.exclude(pk=place.finals.pk).update(online_link=link)
    course.meetings.filter(pk=place.finals.pk).update(
        online_note=planter.text("online-note", MEMBERS)
    )
    news = course.announcements
    news.filter(pk=place.later_news.pk).update(
        title=planter.text("later-title", STAFF), body=planter.text("later-body", STAFF)
    )
    news.filter(pk=place.members_news.pk).update(
        title=planter.text("members-title", MEMBERS), body=planter.text("members-body", MEMBERS)
    )
    place.cancelled_final.presenters.update(ended_reason=planter.text("ended-reason", STAFF))
    type(place.cancelled_final).objects.filter(pk=place.cancelled_final.pk).update(
        title=planter.text("cancelled-title", STAFF)
    )
    waiting = planter.text("table", {"instructor"})
    TableUpload.objects.filter(pk=place.roster_upload.pk).update(
        content=f"name,email\n{waiting},waits@example.org\n".encode()
    )
    course.pass_rules.update(reason=planter.text("pass-rule-reason", {"instructor"}))
    course.policies.update(reason=planter.text("policy-reason", {"instructor"}))
    type(course).objects.filter(pk=course.pk).update(
        description=planter.text("description", NOBODY)
    )
    if planter.name != "draft":  # everybody may read what a course is about, once it is public
        planter.found.pop()


def plant_in_accounts(world: World) -> Iterator[Canary]:
    """Names and addresses of people, and what nobody may ever read again."""
    for role, user in (*world.users.items(), *world.strangers.items()):
        of = "here" if world.users.get(role) is user else "there"
        who = role if of == "here" else f"{role}_elsewhere"
        secret = make_password(text_of(f"password-{role}", of))
        user.password = secret
        user.save(update_fields=["password"])
        yield Canary(f"password-{role}", of, (secret.encode(),), NOBODY, is_secret=True)
        token = user.api_tokens.get()
        yield Canary(f"digest-{role}", of, (token.digest.encode(),), NOBODY, is_secret=True)
        name = text_of(f"token-{role}", of)
        ApiToken.objects.filter(pk=token.pk).update(name=name)
        yield Canary(f"token-{role}", of, (name.encode(),), frozenset({who}))
        reads = frozenset({"ta", "instructor"} if of == "here" else ())
        reads = reads or frozenset({"ta_elsewhere", "instructor_elsewhere"})
        yield Canary(f"email-{role}", of, (user.email.encode(),), reads | {who})
        if role in OUTSIDE:
            yield Canary(f"name-{role}", of, (user.name.encode(),), reads | {who})


def of_all_courses(world: World) -> Iterator[Canary]:
    """What the world itself has hidden, the same in all courses: for staff of any of them."""
    staff = frozenset({"ta", "instructor", "ta_elsewhere", "instructor_elsewhere"})
    yield Canary("earlier-score", "all", forms_of_score(HIDDEN_SCORE), staff, is_number=True)
    yield Canary("earlier-feedback", "all", (HIDDEN_FEEDBACK.encode(),), staff)
    yield Canary("earlier-note", "all", (STAFF_NOTE.encode(),), staff)
