"""Keys, codes, numbers and headers that nobody means, at every address: 4xx, never 5xx.

What a socket can send beyond this: ``tests/tooling/test_raw_requests.py``; how the API reads
bodies: ``tests/api/test_requests.py``; generated requests: ``tests/fuzz``.
"""

from collections import Counter
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from courses.models import Membership
from seminar.accounts.models import User
from tests.api.world import World, make_world

pytestmark = pytest.mark.usefixtures("set_clock")

NO_KEY = [
    *(str(2**63), "-1", str(10**30), "1e3", "\uff11", "\u0663", "a\0b", "x" * 300, "..", "%2e%2e"),
]
NO_PAGE = ["-1", "0", str(2**63), str(10**30), "1e3", "\uff11", "", "x", "9" * 5000, "last%00"]


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def routes(resolver: URLResolver, before: str = "") -> list[str]:
    """Every address that has a parameter, as it is written in the URLconf."""
    found = []
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLPattern):
            found.append(route)
        elif isinstance(each, URLResolver):
            found += routes(each, route)
    return found


def with_keys(route: str, slug: str, key: str) -> str:
    """An address below a course with every other parameter replaced."""
    parts = [slug if part == "<slug:slug>" else part for part in route.split("/")]
    return "/" + "/".join(quote(key) if "<" in part else part for part in parts)


def test_no_key_leads_anywhere_and_none_breaks(world: World) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(world.people["instructor"].user)
    course = world.course.slug
    mine = [
        route
        for route in routes(get_resolver())
        if route.startswith(("c/<slug:slug>/", "api/v1/")) and route.count("<") > 1
    ]
    assert len(mine) > 40, "the walk found the addresses"
    told: Counter[int] = Counter()

    for place, route in enumerate(mine):
        key = NO_KEY[place % len(NO_KEY)]
        for answer in (
            client.get(with_keys(route, course, key)),
            client.post(with_keys(route, course, key), {}, content_type="application/json"),
        ):
            assert 400 <= answer.status_code < 500, (route, key, answer.status_code)
            told[answer.status_code] += 1

    assert set(told) <= {400, 403, 404, 405, 415, 422}, told


def test_no_course_is_found_by_a_key_nobody_has(world: World) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(world.people["instructor"].user)

    told = {
        key: [
            client.get(f"/{where}/{quote(key)}/").status_code for where in ("c", "api/v1/courses")
        ]
        for key in NO_KEY
    }

    assert {status for both in told.values() for status in both} <= {400, 404}, told


def test_the_admin_answers_nonsense_without_breaking(world: World, operator: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(operator)
    numbers = [str(2**63), "-1", str(10**30), "1e3", "\uff19" * 9, "a%00b", "x"]
    for page in ("courses/meeting", "presentations/preferenceround", "grading/gradeentry"):
        for number in numbers:
            answer = client.get(f"/admin/{page}/{quote(number)}/change/")
            assert answer.status_code in {302, 400, 404}, (page, number, answer.status_code)
    queries = [
        *(f"p={number}" for number in numbers),
        *(f"o={number}" for number in numbers),
        *(f"date__year={year}" for year in ("0", "9999", "10000", str(10**30), "x", "-1")),
        "date__year=2025&date__month=13",
        "date__year=2027&date__month=2&date__day=29",
        f"course={10**30}",
        f"course__id__exact={10**30}",
        "nothing__like__this=1",
        "e=1",
    ]
    for query in queries:
        answer = client.get(f"/admin/courses/meeting/?{query}")
        assert answer.status_code in {200, 302, 400, 404}, (query, answer.status_code)


def test_a_list_answers_any_page_number(world: World, settings: object) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(world.people["instructor"].user)
    course = world.course.slug
    pages = [
        *(f"/api/v1/courses/{course}/papers?offset={number}" for number in NO_PAGE),
        *(f"/c/{course}/people?role={number}&state={number}" for number in NO_PAGE),
        *(f"/mailbox?page={number}&whose={number}" for number in NO_PAGE),
    ]

    told = {page: client.get(page).status_code for page in pages}

    assert set(told.values()) <= {200, 400, 404, 422}, told


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-0,5-1,99999999999999999999-"},
        {"If-None-Match": '"' + "x" * 5000},
        {"If-Match": "nonsense"},
        {"If-Modified-Since": "Thu, 99 Foo 99999 99:99:99 GMT"},
        {"Accept": ";;;q=x,*/"},
        {"Accept-Language": "x" * 5000 + ";q=nan"},
        {"Authorization": "Bearer \u00ff\u00ff"},
        {"Cookie": "sessionid=\u00ff; csrftoken=; theme=<script>; ="},
        {"X-Forwarded-For": "'; --, ::::, 999.1.1.1"},
        {"Idempotency-Key": "\u00e9" * 10},
        {"Content-Type": "application/json; charset=nonsense"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_headers_nobody_means_break_nothing(headers: dict[str, str], student: Membership) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(student.user)
    slug = student.course.slug

    told = [
        client.get(f"/c/{slug}/", headers=headers).status_code,
        client.get(f"/api/v1/courses/{slug}/papers", headers=headers).status_code,
        client.put("/api/v1/account", "{}", content_type="application/json", headers=headers),
    ]

    assert all(getattr(each, "status_code", each) < 500 for each in told), told


@pytest.mark.parametrize("nonce", ["e\u0301" * 6, "\u202e" * 8, "x" * 65, "short", "a\x07" * 5])
def test_a_nonce_is_plain(nonce: str, ta: Membership) -> None:
    """What is kept to recognise a request is ASCII that can be seen."""
    client = Client()
    client.force_login(ta.user)
    form = {"title": "News", "body": "Text", "nonce": nonce}

    answer = client.post(f"/c/{ta.course.slug}/announcements/new", form)

    assert answer.status_code == 422
