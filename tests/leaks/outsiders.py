"""What people are answered everywhere, kept to look for canaries in, and to compare.

Every address that answers GET, for things of the course ``here``: pages, API, files, the admin's
closed doors. What is drawn anew for each answer (CSRF token, nonce, the session's cookie) and the
second in which it was given are masked, nothing else.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from seminar.notifications.models import Message
from tests.authz.matrix import Matrix
from tests.authz.objects import Call, calls
from tests.authz.walk import RANDOM, Answer, Walker, all_addresses, methods_of
from tests.authz.world import World, seen_and_forgotten
from tests.leaks.changes import Make
from tests.leaks.crawl import BIG, CANARY, OPEN_TO_ALL, everything_in
from tests.leaks.planting import Canary

NEAR = frozenset({"course", "own", "hidden"})
COOKIES = re.compile(r"(csrftoken|sessionid)=[^;]+")
CLOCKS = frozenset({"Expires"})  # of what may never be kept: the second in which it was asked for


@dataclass
class Seen:
    """What one person was answered, by path, and all that was ever written to them."""

    answers: dict[str, tuple[Call, Answer]]
    messages: list[Any]

    def differs_from(self, other: "Seen") -> list[str]:
        """The paths at which the two are not the same bytes; of those asked this time."""
        found = [
            path
            for path, (_call, answer) in self.answers.items()
            if bytes_of(answer) != bytes_of(other.answers[path][1])
        ]
        return sorted(found) + ["messages"] * (self.messages != other.messages)


class Outsiders:
    """Asks as people, and remembers how it was before anything changed."""

    def __init__(self, world: World, matrix: Matrix) -> None:
        self.world = world
        self.walker = Walker(world, matrix)
        rounds = (world.here.open_round, world.here.waiting_round)
        self.views = [
            world,
            of_other_student(world),
            *(replace(world, here=replace(world.here, round=one)) for one in rounds),
        ]
        self.known: dict[str, Seen] = {}

    def before(self, actor: str) -> Seen:
        if actor not in self.known:
            self.known[actor] = self.look(actor)
        return self.known[actor]

    def look(self, actor: str, only: str = "") -> Seen:
        """Ask every address, or those whose name says so, each path once.

        Not what the demo shows to everybody on purpose: see ``OPEN_TO_ALL``.
        """
        paths = {
            call.path: call
            for view in self.views
            for address in all_addresses()
            if only in address.name and "GET" in methods_of(address)
            # The schema of the API reads no row, and takes as long as twenty pages: asked once.
            if address.name not in BIG or actor == "anonymous"
            if address.policy is not None and address.policy.name not in OPEN_TO_ALL
            for call in calls(address, view)
            if call.relation in NEAR
        }
        answers = {
            path: (call, self.walker.ask("GET", path, actor)) for path, call in paths.items()
        }
        messages = Message.objects.filter(to=self.world.actors[actor]).order_by("pk")
        wanted = ("key", "subject", "text", "html", "due_at", "state")
        is_somebody = self.world.actors[actor] is not None
        return Seen(answers, list(messages.values_list(*wanted)) if is_somebody else [])

    def tell_apart(
        self, changes: Iterable[Make], actors: Iterable[str], only: str = ""
    ) -> list[str]:
        """Where these changes show to these people."""
        before = {actor: self.before(actor) for actor in actors}
        with seen_and_forgotten():
            for change in changes:
                change(self.world.here)
            after = {actor: self.look(actor, only) for actor in before}
        return [
            f"{actor} at {path}"
            for actor in before
            for path in after[actor].differs_from(before[actor])
        ]


def of_other_student(world: World) -> World:
    """The same world, in which all addresses are about the other student's things."""
    here = world.here
    people = here.people | {"student": here.people["other_student"]}
    other = replace(here, people=people, submission=here.other_submission, talk=here.other_talk)
    return replace(world, here=other)


def bytes_of(answer: Answer) -> tuple[Any, ...]:
    """All of an answer, without what is drawn anew for each."""
    headers = {name: COOKIES.sub(r"\1=", value) for name, value in answer.headers.items()}
    for name in CLOCKS & headers.keys():
        headers[name] = ""
    return answer.status, headers, RANDOM.sub(rb"\1\2", answer.body), answer.messages


def met_in(seen: Seen, canaries: Iterable[Canary]) -> dict[Canary, list[str]]:
    """Which canaries sing in what somebody was answered, and at which paths."""
    found: dict[Canary, list[str]] = {}
    told = [
        (path, everything_in(answer), {value.encode() for value in call.filled})
        for path, (call, answer) in seen.answers.items()
    ]
    for path, text, own in told:
        spoken = set(CANARY.findall(text))
        for canary in canaries:
            if canary.text and canary.text not in spoken:
                continue
            if canary.sings_in(text) and not own & set(canary.forms):
                found.setdefault(canary, []).append(path)
    return found
