"""No value reaches anybody who may not see it: answers, headers, redirects, mails.

A crawl of every address as everybody looks for canaries; see planting.py for what they are and who
may meet them.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.core import mail

from grading import rules
from seminar.accounts.models import User
from seminar.notifications.actions import deliver
from seminar.notifications.models import Message
from tests.authz.matrix import Matrix
from tests.authz.objects import Call
from tests.authz.walk import Walker
from tests.authz.world import World, seen_and_forgotten
from tests.factories.courses import NOON
from tests.leaks.crawl import ERRORS, Crawl, reads, refused_writes
from tests.leaks.planting import plant

pytestmark = [pytest.mark.django_db, pytest.mark.campaign, pytest.mark.timeout(1800)]


class Planted:
    """A world with its canaries, and everybody signed in."""

    def __init__(self, world: World, matrix: Matrix) -> None:
        self.world, self.canaries = plant(world)
        self.matrix, self.walker = matrix, Walker(self.world, matrix)

    def crawl(self) -> Crawl:
        return Crawl(self.walker, self.matrix, self.canaries)

    @property
    def of_other_student(self) -> World:
        """The same world, in which all addresses are about the other student's things."""
        here = self.world.here
        people = here.people | {"student": here.people["other_student"]}
        other = replace(here, people=people, submission=here.other_submission, talk=here.other_talk)
        return replace(self.world, here=other)

    def name_of(self, user: User | None, address: str) -> str:
        """Which actor reads a message: by account, else whoever it is sent to."""
        names = dict(self.world.users)
        names |= {f"{role}_elsewhere": one for role, one in self.world.strangers.items()}
        found = [name for name, known in names.items() if known == user or known.email == address]
        return found[0] if found else address


@pytest.fixture(scope="module")
def planted(world: World, matrix: Matrix) -> Planted:
    return Planted(world, matrix)


@pytest.fixture(scope="module")
def crawled(planted: Planted) -> Crawl:
    crawl, matrix = planted.crawl(), planted.matrix
    for address, call, actor in reads(planted.world, matrix, everything=False):
        crawl.ask("GET", address.name, call, actor)
    for address, call, _actor in reads(planted.of_other_student, matrix, everything=False):
        if _actor == "ta" and "<slug:code>" in address.route:
            for actor in ("student", "other_student", "instructor"):
                crawl.ask("GET", address.name, call, actor)
    for address, method, call, actor in refused_writes(planted.world):
        crawl.ask(method, address.name, call, actor)
    for path in ERRORS:
        for actor in ("anonymous", "student", "instructor_elsewhere"):
            crawl.ask("GET", "errors", Call("missing", path), actor)
    return crawl


def test_nobody_meets_a_canary_that_is_not_for_them(crawled: Crawl) -> None:
    assert crawled.leaks() == []


def test_no_message_tells_what_is_not_for_its_reader(planted: Planted) -> None:
    crawl = planted.crawl()
    for message in Message.objects.select_related("to"):
        text = f"{message.subject}\n{message.text}\n{message.html}\n{message.key}"
        crawl.look(text.encode(), planted.name_of(message.to, message.address), message.kind)

    assert crawl.leaks() == []
    assert no_grades(crawl) == []


def test_no_mail_that_leaves_tells_what_is_not_for_its_reader(planted: Planted) -> None:
    with seen_and_forgotten():
        while deliver(now=lambda: NOON):
            pass
    crawl = planted.crawl()
    for one in mail.outbox:
        crawl.look(one.message().as_bytes(), planted.name_of(None, one.to[0]), one.subject)

    assert len(mail.outbox) == Message.objects.filter(due_at__lte=NOON, state="queued").count()
    assert crawl.leaks() == []
    assert no_grades(crawl) == []


def no_grades(crawl: Crawl) -> list[str]:
    """Scores, feedback and notes that stand in a mail, whoever may read them."""
    return [
        str(canary)
        for canary, found in crawl.met.items()
        if found and ("score" in canary.what or "feedback" in canary.what or "note" in canary.what)
    ]


# What a mistake of ours would look like: (where, name, what it becomes, the canary that then sings)
def shown_unreleased(patch: pytest.MonkeyPatch) -> None:
    """A student's states are computed from all facts."""
    patch.setattr(rules, "student_state", rules.staff_state)


MISTAKES: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "states": (shown_unreleased, "hidden-score-student"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_crawl_finds_a_planted_leak(
    mistake: str, planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, what = MISTAKES[mistake]
    make(monkeypatch)
    crawl = planted.crawl()
    for address, call, actor in reads(planted.world, planted.matrix, everything=False):
        if actor == "student" and address.policy and address.policy.name == "course.student":
            crawl.ask("GET", address.name, call, actor)

    assert any(f"student meets {what} of here" in leak for leak in crawl.leaks())
