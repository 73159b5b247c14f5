"""What people are answered everywhere, kept to look for canaries in, and to compare.

Every address that answers GET, for things of the course ``here``: pages, API, files, the admin's
closed doors. What is drawn anew for each answer (CSRF token, nonce, the session's cookie) and the
second in which it was given are masked, nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seminar.desk.checks import Address
from seminar.notifications.models import Message
from tests.authz.matrix import Matrix
from tests.authz.objects import Call, calls
from tests.authz.walk import RANDOM, Answer, Walker, all_addresses, methods_of
from tests.authz.world import Place, World, seen_and_forgotten
from tests.leaks.changes import Make
from tests.leaks.crawl import BIG, OF_NO_COURSE, OPEN_TO_ALL
from tests.leaks.listening import Choir, everything_in, plain
from tests.leaks.planting import Canary

NEAR = frozenset({"course", "own", "hidden"})
CLOCKS = frozenset({"Expires"})  # of what may never be kept: the second in which it was asked for
# Pages of no course that are made of courses; the others know an account or nothing.
MADE_OF_COURSES = frozenset({"desk:home", "api:courses"})


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
    """Asks as people, and remembers how it was before anything changed.

    Without ``everything``, where nobody of them enters, one of them knocks: the admin and the pages
    of accounts are asked for once or twice, and the courses' pages by everybody.
    """

    def __init__(self, world: World, matrix: Matrix, *, everything: bool = False) -> None:
        self.world, self.everything = world, everything
        self.walker = Walker(world, matrix)
        self.questions = dict(questions_about(world))
        self.known: dict[tuple[str, tuple[Make, ...]], Seen] = {}

    def before(self, actor: str, given: Sequence[Make] = ()) -> Seen:
        """What somebody was answered everywhere before anything, or after what is given."""
        key = (actor, tuple(given))
        if key not in self.known:
            with seen_and_forgotten():
                for change in given:
                    change(self.world.here)
                self.known[key] = self.look(actor, knocks=actor == "student" and not given)
        return self.known[key]

    def look(self, actor: str, only: str = "", *, knocks: bool = False) -> Seen:
        """Ask every address, or those whose name says so, each path once."""
        asked = {
            path: call
            for path, (address, call) in self.questions.items()
            if only in address.name and self.is_for(actor, address, call, knocks=knocks)
        }
        answers = {
            path: (call, self.walker.ask("GET", path, actor)) for path, call in asked.items()
        }
        messages = Message.objects.filter(to=self.world.actors[actor]).order_by("pk")
        wanted = ("key", "subject", "text", "html", "due_at", "state")
        is_somebody = self.world.actors[actor] is not None
        return Seen(answers, list(messages.values_list(*wanted)) if is_somebody else [])

    def is_for(self, actor: str, address: Address, call: Call, *, knocks: bool) -> bool:
        """Whether somebody asks this; see the class."""
        assert address.policy is not None
        if address.name in BIG:  # reads no row, and takes as long as twenty pages
            return actor == "anonymous"
        if self.everything:
            return True
        if address.name.startswith("admin:") or call.relation == "archive":
            return knocks
        if address.policy.name in OF_NO_COURSE and address.name not in MADE_OF_COURSES:
            return actor in {"anonymous", "student"}
        return True

    def tell_apart(
        self,
        changes: Iterable[Make],
        actors: Sequence[str],
        only: str = "",
        *,
        given: Sequence[Make] = (),
        then: Sequence[Make] = (),
    ) -> list[str]:
        """Where these changes show to these people.

        ``given`` and ``then`` happen before and after them, in both of the states compared.
        """
        if then or only:
            before = self.after([*given, *then], actors, only)
        else:
            before = {actor: self.before(actor, given) for actor in actors}
        after = self.after([*given, *changes, *then], actors, only)
        return [
            f"{actor} at {path}"
            for actor in actors
            for path in after[actor].differs_from(before[actor])
        ]

    def after(self, changes: Iterable[Make], actors: Iterable[str], only: str) -> dict[str, Seen]:
        """What people are answered once something happened, which is then taken back."""
        with seen_and_forgotten():
            for change in changes:
                change(self.world.here)
            return {actor: self.look(actor, only) for actor in actors}


def questions_about(world: World) -> Iterable[tuple[str, tuple[Address, Call]]]:
    """Every path to ask for, with its address: about both students' things, all three rounds, the
    item that is released and the one that is not.

    Rows of the admin, which an outsider never gets to, are asked for once. Not what the demo shows
    to everybody on purpose: see ``OPEN_TO_ALL``.
    """
    rounds = (world.here.open_round, world.here.waiting_round)
    views = [
        world,
        of_other_student(world),
        *(replace(world, here=replace(world.here, round=one)) for one in rounds),
        replace(world, here=replace(world.here, hidden_item=world.here.shown_item)),
    ]
    for address in all_addresses():
        assert address.policy is not None
        if "GET" not in methods_of(address) or address.policy.name in OPEN_TO_ALL:
            continue
        for view in views[:1] if address.name.startswith("admin:") else views:
            for call in calls(address, view):
                if call.relation in NEAR or call.relation == "archive":
                    yield call.path, (address, call)


def of_other_student(world: World) -> World:
    """The same world, in which all addresses are about the other student's things."""
    return replace(world, **{name: of_other(world.places[name]) for name in ("here", "archive")})


def of_other(place: Place) -> Place:
    people = place.people | {"student": place.people["other_student"]}
    return replace(place, people=people, submission=place.other_submission, talk=place.other_talk)


def bytes_of(answer: Answer) -> tuple[Any, ...]:
    """All of an answer, without what is drawn anew for each."""
    headers = plain(answer) | dict.fromkeys(CLOCKS & answer.headers.keys(), "")
    return answer.status, headers, RANDOM.sub(rb"\1\2", answer.body), answer.messages


def met_in(seen: Seen, choir: Choir) -> dict[Canary, list[str]]:
    """Which canaries sing in what somebody was answered, and at which paths."""
    found: dict[Canary, list[str]] = {}
    for path, (call, answer) in seen.answers.items():
        own = {value.encode() for value in call.filled}
        for canary in choir.sing_in(everything_in(answer), own):
            found.setdefault(canary, []).append(path)
    return found
