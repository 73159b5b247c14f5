"""Asks every address, as everybody, about everything, and says where an answer is not as it must.

``cells`` yields what to ask; ``Walker.problems`` asks one cell and returns what is wrong, in words.
Each call is taken back, so that the next one finds the same world.
"""

import json
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any
from urllib.parse import quote, urlsplit

from django.core.cache import cache as answers_cache
from django.core.signals import got_request_exception
from django.db import connection
from django.test import Client, RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, ClientHandler, encode_multipart
from django.urls import get_resolver, reverse

from seminar.desk.checks import Address, addresses
from seminar.lib.access import policy_of
from tests.authz.matrix import Expectation, Matrix
from tests.authz.objects import Call, calls
from tests.authz.world import PASSWORD, World, seen_and_forgotten

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_QUERIES = 40
READING = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "PRAGMA", "SET", "WITH")
# What a request that only reads may write, and why.
MAY_WRITE = {
    "django_session": "a session that is used may be renewed, or take a message to show",
    "accounts_apitoken": "when a token was used last, once in ten minutes",
}
# Pages whose answer is not the reader's own.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
RANDOM = re.compile(
    rb'(name="(?:csrfmiddlewaretoken|nonce)" value=")[^"]*|("X-CSRFToken":\s*")[^"]*'
)


@dataclass(frozen=True)
class Cell:
    """One question: who asks which address how, and how it is about what."""

    address: Address
    call: Call
    actor: str
    method: str

    def __str__(self) -> str:
        return f"{self.address.name} {self.method} {self.call.path} [{self.call.relation}] {self.actor}"


@dataclass
class Answer:
    """What came back, and what it did meanwhile."""

    kind: str
    status: int
    headers: Any
    body: bytes
    location: str = ""
    messages: str = ""
    queries: int = 0
    writes: list[str] = field(default_factory=list)
    error: str = ""


@cache
def all_addresses() -> tuple[Address, ...]:
    return tuple(addresses(get_resolver().url_patterns))


@cache
def declared_methods(view: Any) -> frozenset[str] | None:
    """Which methods a view says it answers; None if it says nothing."""
    if (kind := getattr(view, "cls", None) or getattr(view, "view_class", None)) is not None:
        names = {name for name in kind.http_method_names if hasattr(kind, name)}
        if "get" in names and "head" in kind.http_method_names:
            names.add("head")
        return frozenset(name.upper() for name in names)
    while view is not None:
        code, cells = getattr(view, "__code__", None), getattr(view, "__closure__", None)
        if code is not None and "request_method_list" in code.co_freevars:
            allowed = cells[code.co_freevars.index("request_method_list")].cell_contents
            return frozenset(allowed)
        view = getattr(view, "__wrapped__", None)
    return None


def methods_of(address: Address) -> frozenset[str]:
    """The same, or what a page of another package answers: it reads and takes forms."""
    return declared_methods(address.view) or frozenset({"GET", "HEAD", "POST"})


def cells(address: Address, world: World, matrix: Matrix, *, everything: bool) -> Iterator[Cell]:
    """All questions about an address; without ``everything`` those of ``sample``."""
    if not everything:
        yield from sample(address, world, matrix)
        return
    for call in calls(address, world):
        for method, actor in product(METHODS, world.actors):
            yield Cell(address, call, actor, method)


def sample(address: Address, world: World, matrix: Matrix) -> Iterator[Cell]:
    """The questions of every run: the same each time, and other ones at each address.

    About the thing itself, with each method that the page takes: somebody from each group that is
    answered alike; at the first address of a policy everybody. About the rest: one of those who come
    in, and in courses one of those who do not. Whose turn it is moves on from address to address,
    so that with all addresses of a policy everybody has asked, about everything.
    """
    turn, is_first = places()[address.route, address.name]
    first, *others = calls(address, world)
    ours = policy_of(address.view) is not None
    taken = sorted(methods_of(address) - {"HEAD", "OPTIONS"}) if ours else ["GET", "POST"]

    for method in taken or ["GET"]:
        alike = groups(address, first, method, world, matrix)
        for actors in alike.values():
            chosen = actors if is_first else [actors[turn % len(actors)]]
            yield from (Cell(address, first, actor, method) for actor in chosen)
    if ours:
        untaken = [method for method in METHODS if method not in taken]
        yield Cell(address, first, "instructor", untaken[turn % len(untaken)])
    for place, call in enumerate(others, turn):
        method = (taken or ["GET"])[place % len(taken or ["GET"])]
        alike = groups(address, first, method, world, matrix)
        come_in = alike.pop("ok", [])
        kept_out = [actor for group in alike.values() for actor in group]
        if address.model_admin is not None:  # who does not enter it at all learns nothing of rows
            kept_out = [] if come_in else ["instructor"]
        for actors in (come_in, kept_out):
            if actors:
                yield Cell(address, call, actors[place % len(actors)], method)


def groups(
    address: Address, call: Call, method: str, world: World, matrix: Matrix
) -> dict[str, list[str]]:
    """Everybody by the answer that the matrix has for them."""
    found: dict[str, list[str]] = {}
    for actor in world.actors:
        kind = matrix.expected(Cell(address, call, actor, method)).kind
        found.setdefault(kind, []).append(actor)
    return found


@cache
def places() -> dict[tuple[str, str], tuple[int, bool]]:
    """Of each address: how many of its policy come before, and whether everybody asks there.

    That is the first one without an exception, so that who comes in comes in.
    """
    excepted = {exception.name for exception in Matrix.read().exceptions}
    by_policy: dict[str, list[Address]] = {}
    for address in all_addresses():
        assert address.policy is not None
        by_policy.setdefault(address.policy.name, []).append(address)
    return {
        (address.route, address.name): (turn, address is crowded)
        for group in by_policy.values()
        for crowded in [min(group, key=lambda one: one.name in excepted)]
        for turn, address in enumerate(group)
    }


class Walker:
    """Asks cells of one world and compares with one matrix."""

    def __init__(self, world: World, matrix: Matrix) -> None:
        self.world, self.matrix = world, matrix
        self.factory = RequestFactory()
        self.open, self.strict = ClientHandler(enforce_csrf_checks=False), ClientHandler()
        self.errors: list[str] = []
        got_request_exception.connect(self.note)
        self.cookies = {actor: self.sign_in(actor) for actor in world.actors}
        self.missing: dict[tuple[str, str, str], Answer] = {}
        self.asked = 0

    def sign_in(self, actor: str) -> dict[str, str]:
        """The cookies of somebody who is signed in, or half, or not."""
        client, user = Client(), self.world.actors[actor]
        if actor == "mfa_pending":
            half = {"login": self.world.half.email, "password": PASSWORD}
            answer = client.post(reverse("account_login"), half)
            assert answer["Location"].startswith(reverse("mfa_authenticate")), answer.content
        elif user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return {name: morsel.value for name, morsel in client.cookies.items()}

    def ask(
        self,
        method: str,
        path: str,
        actor: str,
        body: Any = None,
        *,
        with_csrf: bool = False,
    ) -> Answer:
        """One request of somebody, taken back afterwards."""
        with seen_and_forgotten():
            found = self.send(method, path, actor, body, with_csrf=with_csrf)
        answers_cache.clear()
        return found

    def send(
        self, method: str, path: str, actor: str, body: Any = None, *, with_csrf: bool = False
    ) -> Answer:
        """The same, and what it did stays."""
        self.asked += 1
        handler = self.strict if with_csrf else self.open
        environ = self.request(method, path, actor, body)
        counted, writes = [0], []

        def watch(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
            word = (
                str(sql).lstrip("(").split(None, 1)[0].upper()
            )  # a union has its parts in brackets
            if word not in READING:
                writes.append(str(sql))
            if word not in READING[1:]:
                counted[0] += 1
            return execute(sql, params, many, context)

        self.errors.clear()
        with connection.execute_wrapper(watch):
            answer = handler(environ)
        found = read(answer, "\n".join(self.errors))
        found.queries, found.writes = counted[0], writes
        return found

    def request(self, method: str, path: str, actor: str, body: Any) -> dict[str, Any]:
        """What a server would hand over. Writes to the API carry JSON, other ones a form."""
        more: dict[str, Any] = {}
        is_file = path.endswith("/files")
        if method not in SAFE and path.startswith("/api/") and not is_file:
            more = {"data": json.dumps(body or {}), "content_type": "application/json"}
        elif method == "POST":
            more = {
                "data": encode_multipart(BOUNDARY, body or {}),
                "content_type": MULTIPART_CONTENT,
            }
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies[actor].items())
        request: dict[str, Any] = self.factory.generic(
            method, path, **more, HTTP_COOKIE=cookies
        ).environ
        return request

    def note(self, sender: Any, **kwargs: Any) -> None:
        """Keep what a view raised, which its caller only sees as 500."""
        self.errors.append(traceback.format_exc(limit=-4))

    def problems(self, cell: Cell) -> list[str]:
        """Everything that is wrong with one answer."""
        asked = cell
        if cell.method not in methods_of(cell.address) and policy_of(cell.address.view) is None:
            asked = replace(cell, method="GET")  # what their pages take any other method for
        expected = self.matrix.expected(asked)
        answer = self.ask(cell.method, cell.call.path, cell.actor)
        found = []
        if not fits(answer, expected, cell):
            found.append(f"is {answer.kind} ({answer.status}), should be {expected.kind}")
        found += broken_promises(answer, cell, signed_in=self.world.actors[cell.actor] is not None)
        is_plain = expected.exception is None and cell.call.filled
        if answer.kind == "404" and is_plain:
            found += self.differs_from_missing(answer, cell)
        return [f"{cell}: {problem}{answer.error and chr(10) + answer.error}" for problem in found]

    def differs_from_missing(self, answer: Answer, cell: Cell) -> list[str]:
        """Say if what must seem not to exist answers otherwise than what does not exist."""
        by = {call.relation: call for call in calls(cell.address, self.world)}
        like = by.get("missing", by.get("no_course"))
        if cell.call.relation in {"draft", "no_course"}:
            like = by["no_course"]
        if like is None or like == cell.call:
            return []
        key = (like.path, cell.actor, cell.method)
        if key not in self.missing:
            self.missing[key] = self.ask(cell.method, like.path, cell.actor)
        one, other = same(answer, cell.call), same(self.missing[key], like)
        return [] if one == other else ["is told from what does not exist"]

    def without_csrf(self, address: Address, call: Call, actor: str, method: str) -> Answer:
        """The same write from another site: a session, but no token."""
        return self.ask(method, call.path, actor, with_csrf=True)


def read(answer: Any, error: str) -> Answer:
    """An answer with what it says, and what it will say on the next page."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    queued = getattr(getattr(answer.wsgi_request, "_messages", None), "_queued_messages", [])
    told = " ".join(str(message) for message in queued)
    location = answer.headers.get("Location", "")
    found = Answer("", answer.status_code, answer.headers, body, location, told, error=error)
    found.kind = kind_of(found)
    return found


def kind_of(answer: Answer) -> str:
    """In the matrix's words: login, confirm, ok, 403, 404, 405, refused; 5xx."""
    path = urlsplit(answer.location).path
    if answer.status == 401 or path in {reverse("account_login"), reverse("admin:login")}:
        return "login"
    if path in {reverse("account_reauthenticate"), reverse("mfa_reauthenticate")}:
        return "confirm"
    if path == reverse("admin:index") and "exist" in answer.messages:
        return "404"
    if answer.status in (403, 404, 405):
        return str(answer.status)
    return "ok" if answer.status < 400 else "refused" if answer.status < 500 else "5xx"


def fits(answer: Answer, expected: Expectation, cell: Cell) -> bool:
    """Whether an answer is what the matrix says; a method that a view has not is 405.

    Where somebody is kept out anyway, either may be said first.
    """
    if cell.method not in methods_of(cell.address):
        if policy_of(cell.address.view) is not None:
            return answer.kind == "405" or answer.kind == expected.kind != "ok"
        return answer.kind in {"405", "403", expected.kind}  # they answer all methods alike
    if cell.method == "OPTIONS":
        return answer.kind in {"ok", expected.kind}
    if expected.kind == "ok" and cell.method not in SAFE:
        return answer.kind in {"ok", "refused"}
    return answer.kind == expected.kind


def broken_promises(answer: Answer, cell: Cell, *, signed_in: bool) -> list[str]:
    """What holds for every answer, whoever asks whatever."""
    found = [
        f"{name} is missing" for name, value in HEADERS.items() if answer.headers.get(name) != value
    ]
    if "Content-Security-Policy" not in answer.headers:
        found.append("Content-Security-Policy is missing")
    if answer.status >= 500:
        found.append(f"answers {answer.status}")
        return found
    cached = answer.headers.get("Cache-Control", "")
    if signed_in and not {"private", "no-store"} <= {word.strip() for word in cached.split(",")}:
        found.append(f"may be cached: {cached!r}")
    assert cell.address.policy is not None
    only_reads = cell.method in SAFE or cell.method not in methods_of(cell.address)
    only_reads = only_reads or cell.address.policy.name in {"admin.rows", "admin.read_only_rows"}
    if only_reads or answer.kind not in {"ok", "refused"}:
        wrong = [
            sql for sql in answer.writes if not any(f'"{table}"' in sql for table in MAY_WRITE)
        ]
        found += [f"writes: {sql[:120]}" for sql in wrong]
    if only_reads and answer.queries > MOST_QUERIES:
        found.append(f"needs {answer.queries} queries")
    return found


def same(answer: Answer, call: Call) -> tuple[Any, ...]:
    """What tells two answers apart, without the address and what is drawn anew each time."""
    body, told = RANDOM.sub(rb"\1\2", answer.body), answer.messages
    location = answer.location
    numbers = {value for value in call.filled if value.isdecimal()}
    named = [value for value in call.filled if value not in numbers]
    told = re.sub("|".join(numbers), "*", told) if numbers else told
    for value in (call.path, quote(call.path, safe=""), quote(call.path), *named):
        body = body.replace(value.encode(), b"*")
        location = location.replace(value, "*")
        told = told.replace(value, "*")
    return answer.status, location, body, told, answer.headers.get("Content-Type")
