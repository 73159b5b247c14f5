"""`rush`, `rush_sqlite`: a lecture hall submits its preference lists at once.

Three lines: the rush as it would be; the check of its history; the same work at full speed beside
its limit.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import psycopg2
from django.conf import settings
from django.db import connection
from django.urls import reverse

from courses.models import Membership
from presentations import rules
from presentations.actions import prepare_list
from presentations.models import PreferenceChoice, PreferenceList, PreferenceRound, QueueEvent
from presentations.queries import inputs_of
from seminar.accounts.models import AuditEntry, Nonce
from seminar.lib import clock
from seminar.notifications.models import Message
from tests.factories.courses import make_course, make_meeting, make_module, make_paper
from tests.factories.presentations import make_round
from tools.bench.lines import percentile, say, spread
from tools.bench.load import Answer, Request, load
from tools.bench.people import CSRF, cookies_of, enrol
from tools.bench.servers import commands, cpu_seconds, free_port, running, web

FIRST_SECONDS, ALL_SECONDS = 1.0, 10.0
FULL_SPEED = 8
MEETINGS, PAPERS, LIST_LENGTH = 10, 40, 5
TARGET = {
    "postgresql": {"p95_ms": 500, "times_limit": 4},
    "sqlite": {"p95_ms": 1500, "times_limit": 4},
}


@dataclass(frozen=True)
class Hall:
    """A round, the students of its course, what each wants and how each is known to the server."""

    round: PreferenceRound
    members: list[Membership]
    wanted: list[list[str]]
    cookies: list[str]

    def submission(self, index: int, after: float) -> Request:
        """Return what the button "Submit my list" sends."""
        form = [("csrfmiddlewaretoken", CSRF), ("nonce", self.nonce(index)), ("version", "1")]
        form += [("ranked", key) for key in self.wanted[index]]
        return Request(
            path=reverse(
                "presentations:preferences", args=[self.round.course.slug, self.round.key]
            ),
            method="POST",
            cookie=self.cookies[index],
            body=urlencode([*form, ("do", "submit")]),
            after=after,
        )

    def nonce(self, index: int) -> str:
        return f"rush-{self.round.pk}-{index:05}"


def build(count: int) -> list[Hall]:
    """Make a course with two equal rounds in which everybody has prepared a list."""
    at = clock.now()
    course = make_course(capacity=count)
    module = make_module(course)
    meetings = [
        make_meeting(course, date(2030, 1, 7) + timedelta(weeks=n)) for n in range(MEETINGS)
    ]
    papers = [
        make_paper(course, module=module, meeting=meetings[n % MEETINGS], capacity=1 + n % 4)
        for n in range(PAPERS)
    ]
    members = enrol(course, count, at=at)
    cookies = cookies_of([member.user for member in members], at=at)
    window = {"opens_at": at - timedelta(hours=1), "closes_at": at + timedelta(days=1)}
    lengths = {"min_length": LIST_LENGTH, "max_length": LIST_LENGTH}
    dice = random.Random(20251020)  # noqa: S311 - the same lists in every run
    keys = [paper.key for paper in papers]
    halls = []
    for _ in range(2):
        round_ = make_round(course, papers, **window, **lengths)
        wanted = [dice.sample(keys, LIST_LENGTH) for _ in members]
        prepare(round_, members, wanted, {paper.key: paper.pk for paper in papers}, at)
        halls.append(Hall(round_, members, wanted, cookies))
    return halls


def prepare(
    round_: PreferenceRound,
    members: Sequence[Membership],
    wanted: Sequence[Sequence[str]],
    papers: dict[str, int],
    at: datetime,
) -> None:
    """Keep everybody's list as `prepare_list` leaves it, many rows at a time."""
    prepare_list(round_.pk, members[0], wanted[0], 0, "", at)
    lists = PreferenceList.objects.bulk_create(
        [
            PreferenceList(round=round_, membership=member, version=1, changed_at=at)
            for member in members[1:]
        ],
        batch_size=500,
    )
    PreferenceChoice.objects.bulk_create(
        [
            PreferenceChoice(list=list_, paper_id=papers[key], position=position)
            for list_, keys in zip(lists, wanted[1:], strict=True)
            for position, key in enumerate(keys, start=1)
        ],
        batch_size=500,
    )


def rush(hall: Hall, port: int) -> list[Answer]:
    """Half of them within the first second, the others until the tenth, at random instants."""
    count = len(hall.members)
    dice = random.Random(1)  # noqa: S311 - the same instants in every run
    instants = [dice.uniform(0, FIRST_SECONDS) for _ in range(count // 2)]
    instants += [dice.uniform(FIRST_SECONDS, ALL_SECONDS) for _ in range(count - count // 2)]
    plan = [hall.submission(index, after) for index, after in enumerate(instants)]
    return load(port, plan, at_once=count)


def at_full_speed(hall: Hall, port: int) -> tuple[float, list[Answer]]:
    """Return how long it took when there are always some requests under way, and the answers."""
    plan = [hall.submission(index, 0.0) for index in range(len(hall.members))]
    answers = load(port, plan, at_once=FULL_SPEED)
    return max(a.returned for a in answers) - min(a.called for a in answers), answers


# --- what has to be true afterwards ---------------------------------------------------------------


def check(hall: Hall, answers: Sequence[Answer]) -> dict[str, object]:
    """Check a history without unknown outcomes; return each finding as what was wrong, or not.

    The log is the order in which the server says that it served: so no search is needed.
    """
    events = list(QueueEvent.objects.filter(round=hall.round).order_by("seq"))
    place = {event.membership_id: event for event in events}
    order = [place[member.pk] for member in hall.members if member.pk in place]
    told = dict(Nonce.objects.filter(verb="submit_list").values_list("nonce", "answer"))
    count = len(hall.members)
    return {
        "status_5xx": sum(answer.status >= 500 or answer.status == 0 for answer in answers),
        "not_redirected": sum(answer.status != 302 for answer in answers),
        "numbers_1_to_n": sorted(event.number for event in events) == list(range(1, count + 1)),
        "once_in_log": len(order) == len(events) == count,
        "real_time_order": len(order) == count
        and in_real_time(
            sorted(zip([e.seq for e in order], answers, strict=True), key=lambda x: x[0])
        ),
        "answers_match_log": all(
            told.get(hall.nonce(index), {}).get("number") == event.number
            and event.papers == hall.wanted[index]
            for index, event in enumerate(order)
        ),
        "tables_match_log": table(hall.round)
        == {e.membership_id: (e.number, e.papers) for e in events},
        "replays_alike": replays_alike(hall.round),
        "audited": AuditEntry.objects.filter(
            verb="submit_list", subject__startswith=f"{hall.round.key} "
        ).count()
        == count,
        "receipts": Message.objects.filter(
            key__startswith=f"list-received-{hall.round.pk}-"
        ).count()
        == count,
    }


def in_real_time(served: Sequence[tuple[int, Answer]]) -> bool:
    """Tell whether nobody was served before somebody whose answer was there before they called."""
    earliest_return = float("inf")
    for _seq, answer in reversed(served):
        if earliest_return < answer.called:
            return False
        earliest_return = min(earliest_return, answer.returned)
    return True


def inversions(hall: Hall, answers: Sequence[Answer]) -> list[float]:
    """Return, for each person, by how many seconds the latest caller served before them was later."""
    seqs = dict(QueueEvent.objects.filter(round=hall.round).values_list("membership_id", "seq"))
    pairs = zip(hall.members, answers, strict=True)
    served = sorted(
        (seqs[member.pk], answer.called) for member, answer in pairs if member.pk in seqs
    )
    latest, found = 0.0, []
    for _seq, called in served:
        found.append(max(0.0, latest - called) if latest else 0.0)
        latest = max(latest, called)
    return found


def table(round_: PreferenceRound) -> dict[int, tuple[int, list[str]]]:
    """Return number and ranking of every list as the tables have them."""
    ranked: dict[int, list[str]] = {}
    choices = PreferenceChoice.objects.filter(list__round=round_).order_by("list_id", "position")
    for list_id, key in choices.values_list("list_id", "paper__key"):
        ranked.setdefault(list_id, []).append(key)
    lists = PreferenceList.objects.filter(round=round_, number__isnull=False)
    found = lists.values_list("pk", "membership_id", "number")
    return {member: (number or 0, ranked[pk]) for pk, member, number in found}


def replays_alike(round_: PreferenceRound) -> bool:
    """Tell whether nobody's outcome changed by those who came later, and a replay is byte-equal."""
    whole = inputs_of(round_)
    final = rules.allocate(whole)
    traces = {trace.student: trace for trace in final.traces}
    lists = sorted(whole.lists, key=lambda ranked: ranked.number)
    for count, ranked in enumerate(lists, start=1):
        so_far = replace(whole, lists=tuple(lists[:count]), non_respondents=())
        then = rules.provisional(so_far, ranked.student)
        if then is None or then.trace != traces[ranked.student]:
            return False
    return rules.replay(whole.to_json()) == final.to_json()


# --- the limit ------------------------------------------------------------------------------------


def limit(count: int) -> float:
    """Return how many numbers per second one bare connection gives out: lock, number, insert."""
    return count / (postgres_limit if connection.vendor == "postgresql" else sqlite_limit)(count)


def postgres_limit(count: int) -> float:
    bare = psycopg2.connect(**connection.get_connection_params())
    with bare.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS limit_round (id int PRIMARY KEY, last int)")
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS limit_list (id bigserial PRIMARY KEY, round int NOT NULL,"
            " member int NOT NULL, number int NOT NULL, papers text NOT NULL,"
            " UNIQUE (round, number), UNIQUE (round, member))"
        )
        cursor.execute("TRUNCATE limit_round, limit_list")
        cursor.execute("INSERT INTO limit_round VALUES (1, 0)")
        bare.commit()
        start = time.perf_counter()
        for member in range(count):
            cursor.execute("SELECT last FROM limit_round WHERE id = 1 FOR UPDATE")
            number = cursor.fetchone()[0] + 1
            cursor.execute("UPDATE limit_round SET last = %s WHERE id = 1", (number,))
            cursor.execute(
                "INSERT INTO limit_list (round, member, number, papers) VALUES (1, %s, %s, %s)",
                (member, number, "a b c d e"),
            )
            bare.commit()
        seconds = time.perf_counter() - start
    bare.close()
    return seconds


def sqlite_limit(count: int) -> float:
    bare = sqlite3.connect(Path(settings.VAR_DIR) / "limit.sqlite3", isolation_level=None)
    bare.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "DROP TABLE IF EXISTS limit_round; DROP TABLE IF EXISTS limit_list;"
        "CREATE TABLE limit_round (id integer PRIMARY KEY, last int);"
        "CREATE TABLE limit_list (id integer PRIMARY KEY, round int, member int, number int,"
        " papers text, UNIQUE (round, number), UNIQUE (round, member));"
        "INSERT INTO limit_round VALUES (1, 0);"
    )
    start = time.perf_counter()
    for member in range(count):
        bare.execute("BEGIN IMMEDIATE")
        number = bare.execute("SELECT last FROM limit_round WHERE id = 1").fetchone()[0] + 1
        bare.execute("UPDATE limit_round SET last = ? WHERE id = 1", (number,))
        bare.execute(
            "INSERT INTO limit_list (round, member, number, papers) VALUES (1, ?, ?, ?)",
            (member, number, "a b c d e"),
        )
        bare.execute("COMMIT")
    seconds = time.perf_counter() - start
    bare.close()
    return seconds


def warm_up(hall: Hall, port: int) -> None:
    """Let every thread of the server import and compile what the page needs."""
    path = reverse("presentations:preferences", args=[hall.round.course.slug, hall.round.key])
    load(port, [Request(path, cookie=hall.cookies[0]) for _ in range(24)], at_once=8)


def main(name: str, n: int, _options: Sequence[str]) -> int:
    first, second = build(n)
    port = free_port()
    postgres = connection.vendor == "postgresql"
    with ExitStack() as stack:
        server = stack.enter_context(web(port, postgres=postgres))
        warm_up(first, port)
        with running(*(commands(port, postgres=postgres)[each] for each in ("worker", "beat"))):
            answers = rush(first, port)
        times = spread([answer.seconds for answer in answers])
        late = percentile(inversions(first, answers), 99)
        say(name, n, within_seconds=ALL_SECONDS, **times, inversion_p99_ms=1000 * late)
        findings = check(first, answers)
        say(f"{name}_history", n, **findings)
        limits = [limit(n)]
        before = cpu_seconds(server)
        seconds, answers = at_full_speed(second, port)
        after = cpu_seconds(server)
        limits.append(limit(n))
    times = spread([answer.seconds for answer in answers])
    say(
        f"{name}_full_speed",
        n,
        at_once=FULL_SPEED,
        **times,
        seconds=seconds,
        server_cpu_ms=None if after is None or before is None else 1000 * (after - before) / n,
        per_s=n / seconds,
        limit="lock, number and insert on one bare connection",
        limit_per_s=max(limits),
        times_limit=max(limits) * seconds / n,
    )
    again = check(second, answers)
    return 0 if sound(findings) and sound(again) else 1


def sound(findings: dict[str, object]) -> bool:
    """Tell whether nothing was wrong: counts are zero, statements true."""
    return all(value is True or (value == 0 and value is not False) for value in findings.values())
