"""How tests of the API call it."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from courses.models import Course, Membership

PROBLEM = "application/problem+json"


def call(
    who: Membership | None,
    method: str,
    course: Course,
    path: str = "",
    body: Any = None,
    *,
    key: str = "",
) -> HttpResponse:
    """Ask the API as this member, or as nobody, about something below a course."""
    address = f"/api/v1/courses/{course.slug}" + (f"/{path}" if path else "")
    return ask(who, method, address, body, key=key)


def ask(
    who: Membership | None, method: str, address: str, body: Any = None, *, key: str = ""
) -> HttpResponse:
    """Ask the API for any address."""
    client = Client()
    if who is not None:
        client.force_login(who.user)
    headers = {"Idempotency-Key": key} if key else {}
    more = {} if body is None else {"data": body, "content_type": "application/json"}
    return getattr(client, method.lower())(address, headers=headers, **more)


def get(who: Membership | None, course: Course, path: str = "") -> Any:
    """What a GET answers, as JSON; it must be there."""
    answer = call(who, "GET", course, path)
    assert answer.status_code == 200, (path, answer.content)
    return answer.json()


def results(who: Membership | None, course: Course, path: str) -> list[Any]:
    """The rows of a list."""
    found: list[Any] = get(who, course, path)["results"]
    return found


def sent(answer: HttpResponse, status: int = 200) -> Any:
    """What a write answers; it must have been done."""
    assert answer.status_code == status, answer.content
    return answer.json()


def refused(answer: HttpResponse) -> tuple[int, str]:
    """Status and code of a refusal, which must be problem details."""
    assert answer["Content-Type"] == PROBLEM, answer.content
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "problems"}
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("urn:seminar:problem:")


def fields_of(answer: HttpResponse) -> list[str]:
    """Which fields a refusal names."""
    return [problem["field"] for problem in answer.json()["problems"]]
