"""How often one may ask: by person, else by address; refusals say when to come again."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as RedisDown

from courses.models import Membership
from tests.api.calls import ask, call, refused
from tests.api.test_schema import operations
from tests.factories.accounts import make_token, with_token
from tests.factories.courses import NOON

COURSES = "/api/v1/courses"
ADDRESS = f"{COURSES}/%s/announcements/new"


@pytest.fixture(autouse=True)
def _few(settings: Any, set_clock: Any) -> Any:
    settings.API_RATES = {"read": 2, "write": 1, "anonymous": 3}
    cache.clear()
    yield
    cache.clear()


def statuses(answers: Any) -> list[int]:
    return [answer.status_code for answer in answers]


def test_reads_of_one_person_are_limited(student: Membership, other_student: Membership) -> None:
    answers = [call(student, "GET", student.course) for _ in range(3)]

    assert statuses(answers) == [200, 200, 429]
    assert refused(answers[2]) == (429, "throttled")
    assert answers[2]["Retry-After"] == "60"
    assert call(other_student, "GET", student.course).status_code == 200


def test_the_next_minute_is_free(student: Membership, set_clock: Any) -> None:
    set_clock(NOON + timedelta(seconds=43))
    answers = [call(student, "GET", student.course) for _ in range(3)]
    set_clock(NOON + timedelta(seconds=60))

    assert (answers[2].status_code, answers[2]["Retry-After"]) == (429, "17")
    assert call(student, "GET", student.course).status_code == 200


def test_writes_are_counted_apart_from_reads(ta: Membership) -> None:
    address = ADDRESS % ta.course.slug
    answers = [ask(ta, "POST", address, {}) for _ in range(2)]

    assert statuses(answers) == [422, 429]
    assert call(ta, "GET", ta.course).status_code == 200


def test_more_tokens_are_not_a_higher_rate(student: Membership, other_student: Membership) -> None:
    tokens = [make_token(student.user).text for _ in range(3)]
    theirs = make_token(other_student.user).text

    assert statuses(with_token(text, "GET", COURSES) for text in tokens) == [200, 200, 429]
    assert call(student, "GET", student.course).status_code == 429
    assert with_token(theirs, "GET", COURSES).status_code == 200


def test_tokens_that_do_not_work_count_by_address(student: Membership) -> None:
    answers = [with_token(f"sem_{n}", "GET", COURSES) for n in range(4)]

    assert statuses(answers) == [401, 401, 401, 429]
    assert refused(answers[3]) == (429, "throttled")
    assert answers[3]["Retry-After"] == "60"
    assert Client().get(COURSES).status_code == 429
    assert with_token(make_token(student.user).text, "GET", COURSES).status_code == 200


def test_nobody_counts_by_address(db: None) -> None:
    here = [Client().get(COURSES, REMOTE_ADDR="192.0.2.1") for _ in range(4)]

    assert statuses(here) == [200, 200, 200, 429]
    assert Client().get(COURSES, REMOTE_ADDR="192.0.2.2").status_code == 200


def test_an_address_that_is_made_up_is_not_believed(db: None) -> None:
    answers = [
        Client().get(COURSES, headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(4)
    ]

    assert statuses(answers) == [200, 200, 200, 429]


def test_a_cache_that_is_down_limits_nobody(
    student: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_args: object, **_kwargs: object) -> None:
        raise RedisDown

    monkeypatch.setattr(type(cache._connections[cache._alias]), "add", down)

    assert statuses(call(student, "GET", student.course) for _ in range(3)) == [200] * 3


def test_the_schema_tells_of_it() -> None:
    assert [place for place, one in operations().items() if "429" not in one["responses"]] == []
