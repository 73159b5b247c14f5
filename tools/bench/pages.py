"""`pages`: every page of ours as its usual visitor, eight at once, in the demo and in a grown demo.

One line per page, one for all of them. The number of queries comes from a header that only the
benchmark's settings add; it has to be the same in both sizes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice, product
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db.models import Model, QuerySet
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from assignments.models import Assignment, Submission
from courses.access import COURSE_APPLICANT, COURSE_PUBLIC, INSTRUCTOR, MEMBER, STAFF, STUDENT
from courses.models import Course, Meeting, Membership, Paper
from grading.models import AttendanceMark, GradeEntry, GradeItem, Release
from presentations.models import PreferenceRound, Presentation
from seminar.accounts.access import COURSE_CREATOR, OPERATOR, SIGNED_IN
from seminar.accounts.models import User
from seminar.lib import clock
from seminar.lib.access import policy_of
from seminar.notifications.models import Message
from tests.factories.courses import make_announcement, make_application, make_module, make_paper
from tools.bench.lines import percentile, say, spread, tell
from tools.bench.load import Answer, Request, load
from tools.bench.people import cookies_of, enrol
from tools.bench.servers import free_port, web

AT_ONCE = 8
MORE_STUDENTS = 100
MORE_ROWS = 30
TRIES = 12
MOST_TRIES = 40
PAGES_PER_CLIENT = 10  # a client is a process, which takes longer to start than a page to open
NOT_OURS = ("admin/", "account/", "api/", "static/")
ANYBODY = ("",)
STUDENT_OF_COURSE = ("student",)
VISITORS = {
    COURSE_PUBLIC: STUDENT_OF_COURSE,
    COURSE_APPLICANT: ("student", "newcomer"),  # one page asks to join, one tells what came of it
    MEMBER: STUDENT_OF_COURSE,
    STUDENT: STUDENT_OF_COURSE,
    STAFF: ("ta",),
    INSTRUCTOR: ("instructor",),
    SIGNED_IN: STUDENT_OF_COURSE,
    COURSE_CREATOR: ("creator",),
    OPERATOR: ("operator",),
}
# These are another page for each role.
HOMES = {"desk:home", "desk:course_home"}
ROLES = ("student", "ta", "instructor")


@dataclass(frozen=True)
class Page:
    """An address and who opens it; "" is somebody who is not signed in."""

    name: str
    path: str
    visitor: str


def routes(
    patterns: Sequence[Any], prefix: str = "", space: str = ""
) -> Iterator[tuple[str, str, Any]]:
    """Yield name, route and view of every pattern below, ours only."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if route.startswith(NOT_OURS):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern.url_patterns, route, inner)
        elif isinstance(pattern, URLPattern):
            yield space + (pattern.name or ""), route, pattern.callback


def people(course: Course) -> dict[str, User]:
    """Return somebody of each kind who has been busy in the course."""
    found = {
        role: Membership.objects.filter(course=course, role=role, state="active").first()
        for role in ("ta", "instructor")
    }
    busiest = Submission.objects.filter(assignment__course=course).values("membership")
    found["student"] = Membership.objects.filter(course=course, pk__in=busiest).first()
    users = {role: member.user for role, member in found.items() if member is not None}
    users["operator"] = User.objects.create(
        email="operator@example.org", name="Otto Operator", is_superuser=True
    )
    users["creator"] = User.objects.create(
        email="creator@example.org", name="Cleo Creator", may_create_courses=True
    )
    users["newcomer"] = User.objects.create(email="newcomer@example.org", name="Nia Newcomer")
    return users


def candidates(course: Course, route: str, visitor: User | None) -> list[dict[str, str]]:
    """Return what the route's parameters may be, likely ones first."""
    part = route.partition("<slug:slug>/")[2].partition("<")[0]
    keys: dict[str, QuerySet[Any]] = {
        "papers/": Paper.objects.filter(course=course),
        "preferences/": PreferenceRound.objects.filter(course=course),
        "work/": Assignment.objects.filter(course=course),
        "manage/tasks/": Assignment.objects.filter(course=course),
        "grading/": GradeItem.objects.filter(course=course),
        "attendance/": Meeting.objects.filter(course=course),
        "participation/": Meeting.objects.filter(course=course),
    }
    codes: dict[str, QuerySet[Any]] = {
        "work/": Submission.objects.filter(assignment__course=course, membership__user=visitor),
        "receipt/": Submission.objects.filter(assignment__course=course, membership__user=visitor),
        "presentations/": Presentation.objects.filter(course=course),
        "manage/finals/": Presentation.objects.filter(course=course, kind="final"),
    }
    students = Membership.objects.filter(course=course, role="student")
    first = route.partition("<")[0]
    messages = Message.objects.order_by("-pk")
    found_keys = values(keys.get(part), "key")
    found_codes = values(messages if first == "mailbox/" else codes.get(part, students), "code")
    names = {"slug": [course.slug], "key": found_keys, "code": found_codes, "item": [""]}
    names["item"] = values(GradeItem.objects.filter(course=course), "key")
    needed = [name for name in names if f":{name}>" in route]
    return [dict(zip(needed, each, strict=True)) for each in product(*(names[n] for n in needed))]


def values(rows: QuerySet[Any] | None, field: str) -> list[str]:
    return [] if rows is None else list(rows.values_list(field, flat=True)[:TRIES])


def filled(route: str, names: dict[str, str]) -> str:
    for kind, (name, value) in product(("slug", "str"), names.items()):
        route = route.replace(f"<{kind}:{name}>", value)
    return f"/{route}"


def pages_of(course: Course, users: dict[str, User]) -> tuple[list[Page], list[str]]:
    """Return the pages, and the names of what cannot be opened: buttons, redirects, downloads."""
    found: list[Page] = []
    others: list[str] = []
    for name, route, view in routes(get_resolver().url_patterns):
        tell(f"looking for {name}")
        policy = policy_of(view)
        usual = VISITORS.get(policy, ANYBODY) if policy else ANYBODY
        visitors = ROLES if name in HOMES else usual
        asked = (Page(name, route, visitor) for visitor in visitors)
        pages = [first_that_opens(course, page, users.get(page.visitor)) for page in asked]
        found += [page for page in pages if page is not None]
        others += [] if any(pages) else [name]
    return found, others


def first_that_opens(course: Course, page: Page, visitor: User | None) -> Page | None:
    client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
    if visitor is not None:
        client.force_login(visitor, settings.AUTHENTICATION_BACKENDS[0])
    for names in islice(candidates(course, page.path, visitor), MOST_TRIES):
        path = filled(page.path, names)
        answer = client.get(path)
        if answer.status_code == 200:
            return replace(page, path=path)
        if answer.status_code in {403, 405}:
            return None
    return None


def copy_rows(rows: QuerySet[Any], members: Sequence[Membership]) -> None:
    """Give every new member a copy of what one student has in a table."""
    new: list[Model] = []
    for row in rows:
        own = {
            field.attname: getattr(row, field.attname)
            for field in row._meta.concrete_fields
            if not field.primary_key and field.attname not in {"membership_id", "code"}
        }
        new += [rows.model(membership=member, **own) for member in members]
    rows.model._default_manager.bulk_create(new, batch_size=1000)


def grow(course: Course, student: User) -> None:
    """Make the course several times as large, in people, their work, papers and news."""
    at = clock.now()
    members = enrol(course, MORE_STUDENTS, at=at - timedelta(days=60), prefix="more")
    for model in (Submission, GradeEntry, Release, AttendanceMark):
        copy_rows(
            model._default_manager.filter(membership__user=student, membership__course=course),
            members,
        )
    module = make_module(course)
    for _ in range(MORE_ROWS):
        make_paper(course, module=module)
        make_announcement(course, published_at=at - timedelta(days=1))
        make_application(course)
    for role in ("ta", "auditor"):
        Membership.objects.filter(pk__in=[m.pk for m in members[:3]], course=course).update(
            role=role
        )
        members = members[3:]


def visit(pages: Sequence[Page], cookies: dict[str, str], port: int, n: int) -> list[list[Answer]]:
    """Open every page n times, eight people at once, one page after the other.

    The first round of each page is not counted.
    """
    each = n + min(n, AT_ONCE)
    answers = []
    for start in range(0, len(pages), PAGES_PER_CLIENT):
        some = pages[start : start + PAGES_PER_CLIENT]
        tell(f"opening pages {start + 1} to {start + len(some)} of {len(pages)}")
        asked = (
            Request(page.path, cookie=cookies.get(page.visitor, ""))
            for page in some
            for _ in range(each)
        )
        # The instants keep the order; the server is slower than they are.
        plan = [replace(one, after=number / 10_000) for number, one in enumerate(asked)]
        found = load(port, plan, at_once=AT_ONCE)
        answers += [found[i + each - n : i + each] for i in range(0, len(found), each)]
    return answers


def queries(answers: Sequence[Answer]) -> int:
    return max(int(answer.headers.get("x-queries", 0)) for answer in answers)


def main(name: str, n: int, _options: Sequence[str]) -> int:
    tell("loading the demo")
    call_command("load_demo", stdout=sys.stderr)
    course = Course.objects.get(slug__startswith="efficient")
    users = people(course)
    pages, others = pages_of(course, users)
    signed_in = dict(zip(users, cookies_of(list(users.values()), at=clock.now()), strict=True))
    port = free_port()
    with web(port, postgres=True):
        small = visit(pages, signed_in, port, n)
        tell("growing the course")
        grow(course, users["student"])
        large = visit(pages, signed_in, port, n)
    for page, before, after in zip(pages, small, large, strict=True):
        say(
            name,
            n,
            page=page.name,
            visitor=page.visitor or "anybody",
            **spread([answer.seconds for answer in before]),
            queries=queries(before),
            queries_grown=queries(after),
            p95_grown_ms=1000 * percentile([answer.seconds for answer in after], 95),
            failed=sum(answer.status != 200 for answer in [*before, *after]),
        )
    counts = [(queries(before), queries(after)) for before, after in zip(small, large, strict=True)]
    say(
        f"{name}_all",
        n,
        pages=len(pages),
        above_12_queries=sum(max(pair) > 12 for pair in counts),
        dependent_on_rows=sum(before != after for before, after in counts),
        p95_ms=1000 * percentile([a.seconds for answers in small for a in answers], 95),
        no_page_of_their_own=others,
    )
    return 0 if all(a.status == 200 for answers in [*small, *large] for a in answers) else 1
