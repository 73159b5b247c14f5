"""Applying a course file while an allocation runs: both take their locks in the same order."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
from django.db import connection, connections, transaction

from courses.models import Course
from presentations.actions.locks import locked_round, locked_talks
from presentations.models import PreferenceRound
from seminar.desk.actions.load_course import load_course
from seminar.desk.rules.course_file import parse
from tests.desk.test_course_file_checks import SMALL

AT = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
# Not pg_stat_activity: a transaction sees that as it was when it first looked.
BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def load(text: str = SMALL) -> Any:
    file = parse(text.encode()).file
    assert file is not None
    return load_course(file, by=None, at=AT)


def wait_until_blocked() -> None:
    """Return once another session waits for a lock. SQLite serves writers in turn: no need."""
    deadline = time.monotonic() + 10
    while connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(BLOCKED)
            if cursor.fetchone()[0]:
                return
        assert time.monotonic() < deadline, "the other side never waited for a lock"
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_load_course_waits_for_an_allocation_and_deadlocks_with_none() -> None:
    load()
    course, round_ = Course.objects.get(), PreferenceRound.objects.get()
    has_round = Event()

    def allocate() -> None:
        """Take the locks of an allocation, the second one while the file is being applied."""
        try:
            with transaction.atomic():
                locked_round(round_.pk)
                has_round.set()
                wait_until_blocked()
                locked_talks(course.pk)
        finally:
            connections.close_all()

    def apply() -> Any:
        try:
            assert has_round.wait(10)
            return load(SMALL.replace("title: A small course", "title: Renamed"))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        allocation, file = pool.submit(allocate), pool.submit(apply)
        allocation.result(30)
        assert file.result(30).changed == {"course": 1}
