"""Every page of ours is opened by the walk in test_layout.py, or has a reason not to be."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, get_resolver, resolve, reverse

from seminar.lib.access import policy_of
from tests.e2e.visits import NOT_VISITED, ROLES, SEEN_BY, STAGES, paths

HOME = "/c/some-course/"


def name_of(pattern: URLPattern, space: str) -> str:
    return f"{space}:{pattern.name}" if space else str(pattern.name)


def pages(resolver: object, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every page with its name; the admin and the API have their own tests."""
    for entry in resolver.url_patterns:  # type: ignore[attr-defined]
        if isinstance(entry, URLPattern):
            yield name_of(entry, space), entry
        elif entry.app_name != "admin" and not str(entry.pattern).startswith("api/"):
            yield from pages(entry, entry.namespace or space)


def visited() -> dict[str, set[str]]:
    """Return the names of the pages that are walked, each with the kinds of people who open it."""
    found: dict[str, set[str]] = {}
    for stage in STAGES.values():
        for who, lines in paths(stage):
            for line in lines:
                path = re.sub(r"\{\w+\}", "1", line).partition("?")[0]
                match = resolve(path if path.startswith("/") else HOME + path)
                found.setdefault(match.view_name, set()).add(ROLES.get(who, who))
    return found


def test_every_page_is_walked_or_says_why_not() -> None:
    there = {name for name, _ in pages(get_resolver())}
    assert there - visited().keys() - NOT_VISITED.keys() == set(), "add it to tests/e2e/visits.py"


def test_no_reason_is_given_for_what_is_walked_or_gone() -> None:
    there = {name for name, _ in pages(get_resolver())}
    assert NOT_VISITED.keys() & visited().keys() == set()
    assert NOT_VISITED.keys() - there == set()


def test_pages_of_several_kinds_of_people_are_walked_as_each() -> None:
    unseen = {}
    for name, pattern in pages(get_resolver()):
        policy = policy_of(pattern.callback)
        wanted = SEEN_BY.get(policy.name, set()) if policy else set()
        missing = wanted - visited().get(name, set())
        if missing and name not in NOT_VISITED:
            unseen[name] = missing
    # A stranger is sent on from the home of a course to its public page.
    assert unseen == {"desk:course_home": {"stranger"}}


def test_resolving_finds_the_course_as_the_site_does() -> None:
    assert resolve(reverse("desk:about", args=["some-course"])).view_name == "desk:about"
