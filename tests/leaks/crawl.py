"""Asks every address as everybody, and says which canaries were met by whom, and where."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from seminar.desk.checks import Address
from tests.authz.matrix import Matrix
from tests.authz.objects import Call, calls
from tests.authz.walk import SAFE, Answer, Cell, Walker, all_addresses, methods_of
from tests.authz.world import World
from tests.leaks.listening import Choir, everything_in
from tests.leaks.planting import Canary

# The demo's mailbox and entrance show everything to everybody on purpose; elsewhere they are 404,
# as tests/desk and tests/seminar say. What they show are made-up people.
OPEN_TO_ALL = frozenset({"mailbox", "demo"})
# Pages that know no course: who asks makes little difference.
OF_NO_COURSE = frozenset(
    {
        "public",
        "account.own",
        "account.confirmed",
        "account.entrance",
        "account.halfway",
        "staff_somewhere",
    }
)
BIG = frozenset({"api:schema", "api:docs"})  # the same for whoever asks, and slow
FEW = ("anonymous", "student", "instructor", "operator")
# Who is asked for in every run of the tests; the others are like one of these, and in the campaign.
SOME = (
    "anonymous",
    "applicant",
    "withdrawn",
    "student",
    "other_student",
    "auditor",
    "ta",
    "instructor",
    "student_elsewhere",
    "instructor_elsewhere",
)
ERRORS = ("/no-such-page", "/c/%00/", "/api/v1/no-such-page", "/c/no-such-course/about")


class Crawl:
    """What was met: for each canary, which actor met it at which addresses."""

    def __init__(self, walker: Walker, matrix: Matrix, canaries: Iterable[Canary]) -> None:
        self.walker, self.matrix, self.canaries = walker, matrix, list(canaries)
        self.choir = Choir(self.canaries)
        self.met: dict[Canary, dict[str, set[str]]] = {
            one: defaultdict(set) for one in self.canaries
        }
        self.asked = 0
        self.addresses: set[str] = set()

    def ask(self, method: str, address: str, call: Call, actor: str) -> Answer:
        """Ask once and look for canaries in everything that came back."""
        answer = self.walker.ask(method, call.path, actor)
        self.asked += 1
        self.addresses.add(address)
        self.look(everything_in(answer), actor, f"{method} {address} {call.path}", call)
        return answer

    def look(self, text: bytes, actor: str, where: str, call: Call | None = None) -> None:
        """Note the canaries of a text; what the asker put into the address says nothing."""
        own = {value.encode() for value in call.filled} if call else set()
        for canary in self.choir.sing_in(text, own):
            self.met[canary][actor].add(where)

    def leaks(self) -> list[str]:
        """Everything that was met by somebody who may not see it."""
        return sorted(
            f"{actor} meets {canary} at {sorted(where)[:4]}"
            for canary, found in self.met.items()
            for actor, where in found.items()
            if not canary.may_be_met_by(actor)
        )

    def unmet(self, place: str) -> set[str]:
        """Which canaries of a course nobody met, who may: the crawl would be blind there."""
        return {
            canary.what
            for canary, found in self.met.items()
            if canary.place == place and not canary.is_secret and not found.keys() & canary.allowed
        }


def reads(world: World, matrix: Matrix, *, everything: bool) -> Iterator[tuple[Address, Call, str]]:
    """What to read, as whom. Without ``everything``: who is let in, and one of those who are not."""
    turn = 0
    for address in all_addresses():
        assert address.policy is not None
        if "GET" not in methods_of(address) or address.policy.name in OPEN_TO_ALL:
            continue
        actors = FEW if address.policy.name in OF_NO_COURSE else SOME
        actors = ("instructor",) if address.name in BIG else actors
        for number, call in enumerate(calls(address, world)):
            if everything:
                yield from ((address, call, actor) for actor in world.actors)
                continue
            if call.relation in {"missing", "no_course", "draft", "archive"}:
                continue
            let_in = [
                actor
                for actor in actors
                if matrix.expected(Cell(address, call, actor, "GET")).kind == "ok"
            ]
            kept_out = [actor for actor in actors if actor not in let_in]
            turn += 1
            yield from ((address, call, actor) for actor in let_in)
            if kept_out and not (number and address.name.startswith("admin:")):
                yield address, call, kept_out[turn % len(kept_out)]


def refused_writes(world: World) -> Iterator[tuple[Address, str, Call, str]]:
    """Writes with nothing in them, to one's own and to foreign things, by who may write least."""
    for address in all_addresses():
        assert address.policy is not None
        methods = sorted(methods_of(address) - SAFE)
        if address.name.startswith("admin:") or address.policy.name in OPEN_TO_ALL | OF_NO_COURSE:
            continue
        for call in calls(address, world):
            if call.relation in {"course", "own", "foreign"}:
                yield from ((address, method, call, "student") for method in methods)
