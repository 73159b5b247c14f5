"""Ask the API everything its schema allows, and much that it forbids, as one person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import schemathesis
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi import checks

from courses.models import Membership
from seminar.accounts.models import User
from tests.api.test_schema import schema
from tests.api.world import World

CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
]
CSRF = "c" * 32


@contextmanager
def one_connection() -> Iterator[None]:
    """Let requests use the test's connection and leave it open, as Django's test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


@lru_cache
def loaded() -> BaseSchema:
    """Return the schema as it is served, bound to the application in this process."""
    found = schemathesis.openapi.from_dict(schema())
    found.app = get_wsgi_application()
    return found


def operations() -> Iterator[APIOperation]:
    """Yield each operation of the API."""
    for result in loaded().get_all_operations():
        yield result.ok()


def signed_in(user: User) -> str:
    """Return the key of a session of this person."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def known_names(world: World, operation: APIOperation) -> dict[str, Any]:
    """Return what stands in the address for this operation to find something."""
    filled = world.path(operation.path).split("/")
    return {
        part.strip("{}"): value
        for part, value in zip(operation.path.split("/"), filled, strict=True)
        if part.startswith("{")
    }


def faults_of(
    world: World,
    who: Membership | None,
    operation: APIOperation,
    answered: Counter[int],
    *,
    examples: int,
    start: int = 20251020,
) -> list[str]:
    """Ask one operation many things; each is rolled back. Return what was answered wrongly.

    ``answered`` counts the answers by status, so that a run that got nowhere is seen.
    """
    cookies = {"csrftoken": CSRF} | ({"sessionid": signed_in(who.user)} if who else {})
    known = known_names(world, operation)
    cases = some.one_of(
        operation.as_strategy(GenerationMode.POSITIVE, path_parameters=known),
        operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=known)
        if operation.body or operation.query or operation.headers
        else operation.as_strategy(GenerationMode.POSITIVE),
        operation.as_strategy(GenerationMode.POSITIVE),
    )
    faults: list[str] = []

    @seed(start)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: Any) -> None:
        with transaction.atomic():
            try:
                answer = case.call(headers={"X-CSRFToken": CSRF}, cookies=cookies)
                answered[answer.status_code] += 1
                case.validate_response(answer, checks=CHECKS)
            except FailureGroup as group:
                faults.extend(f"{operation.label}: {found}" for found in group.exceptions)
            finally:
                transaction.set_rollback(True)

    with one_connection():
        ask()
    return faults
