"""No value reaches anybody who may not see it: answers, headers, redirects.

Mails, and the people and addresses that say most, are in test_leaks.py, in every run of the tests.
A crawl of every address as everybody looks for canaries; see planting.py for what they are and who
may meet them.
"""

from collections.abc import Callable

import pytest

from grading import rules
from tests.authz.matrix import Matrix
from tests.authz.objects import Call
from tests.authz.walk import Walker
from tests.authz.world import World
from tests.leaks.crawl import ERRORS, Crawl, reads, refused_writes
from tests.leaks.outsiders import of_other_student
from tests.leaks.planting import plant

pytestmark = [pytest.mark.django_db, pytest.mark.campaign, pytest.mark.timeout(1800)]


class Planted:
    """A world with its canaries, and everybody signed in."""

    def __init__(self, world: World, matrix: Matrix) -> None:
        self.world, self.canaries = plant(world)
        self.matrix, self.walker = matrix, Walker(self.world, matrix)

    def crawl(self) -> Crawl:
        return Crawl(self.walker, self.matrix, self.canaries)


@pytest.fixture(scope="module")
def planted(world: World, matrix: Matrix) -> Planted:
    return Planted(world, matrix)


@pytest.fixture(scope="module")
def crawled(planted: Planted) -> Crawl:
    crawl, matrix = planted.crawl(), planted.matrix
    for address, call, actor in reads(planted.world, matrix, everything=False):
        crawl.ask("GET", address.name, call, actor)
    for address, call, _actor in reads(of_other_student(planted.world), matrix, everything=False):
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
