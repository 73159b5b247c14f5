"""Roles, accounts, and the record of who did what."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.utils.dateparse import parse_datetime

from assignments.models import Extension
from courses.models import Course, Membership
from grading.models import GradeEntry, Release, ResultRun
from presentations.models import Allocation
from seminar.accounts.models import AuditEntry, User
from seminar.desk.queries.invariants.registry import FULL, Severity, Violation, invariant

Key = tuple[str, str]
"""Course and subject of an audit entry."""


@invariant(
    "I-31",
    level=FULL,
    severity=Severity.CRITICAL,
    reads=(GradeEntry, Release, Extension, Allocation, ResultRun, AuditEntry),
)
def audited(at: datetime) -> Iterator[Violation]:
    """Every grade line, release, extension, allocation, publication, frozen result and change of a membership has its entry in the audit log."""
    for check in (_grades, _releases, _extensions, _allocations, _runs, _memberships):
        yield from check()


def _unaudited(where: str) -> Violation:
    return Violation(where, "no audit entry", "one")


def _entries(*verbs: str) -> Iterator[tuple[Key, datetime, Any]]:
    found = AuditEntry.objects.filter(verb__in=verbs).order_by("id")
    for slug, subject, when, after in found.values_list(
        "course_slug", "subject", "at", "after"
    ).iterator():
        yield (slug, subject), when, after


def _grades() -> Iterator[Violation]:
    known = {
        (key, after["seq"])
        for key, _when, after in _entries(
            "grade_item", "excuse_item", "override_item", "clear_item"
        )
    }
    lines = GradeEntry.objects.values_list(
        "item__course__slug", "item__key", "membership__code", "seq"
    )
    for slug, item, code, seq in lines.iterator():
        if ((slug, f"{item} member {code}"), seq) not in known:
            yield _unaudited(f"item {slug}/{item} member {code} line {seq}")


def _releases() -> Iterator[Violation]:
    single = {(key, code) for key, _when, codes in _entries("release_item") for code in codes}
    whole = {(slug, when) for (slug, _subject), when, _after in _entries("publish_results")}
    shown = Release.objects.values_list("item__course__slug", "item__key", "membership__code", "at")
    for slug, item, code, when in shown.iterator():
        if ((slug, f"item {item}"), code) not in single and (slug, when) not in whole:
            yield _unaudited(f"release of {slug}/{item} to member {code}")


def _extensions() -> Iterator[Violation]:
    known = {
        (key, parse_datetime(after["until"])) for key, _when, after in _entries("grant_extension")
    }
    given = Extension.objects.values_list(
        "assignment__course__slug", "assignment__key", "membership__code", "until"
    )
    for slug, assignment, code, until in given.iterator():
        logged = until.replace(microsecond=until.microsecond // 1000 * 1000)  # milliseconds
        if ((slug, f"extension {assignment} {code}"), logged) not in known:
            yield _unaudited(f"extension {slug}/{assignment} member {code}")


def _allocations() -> Iterator[Violation]:
    run = {after["allocation"] for _key, _when, after in _entries("allocate_round")}
    published = {after["allocation"] for _key, _when, after in _entries("publish_allocation")}
    for code, when in Allocation.objects.values_list("code", "published_at"):
        if code not in run:
            yield _unaudited(f"allocation {code}")
        if when is not None and code not in published:
            yield _unaudited(f"publication of allocation {code}")


def _runs() -> Iterator[Violation]:
    known: dict[str, set[tuple[Key, Any]]] = defaultdict(set)
    for verb in ("freeze_results", "publish_results"):
        known[verb] = {(key, after) for key, _when, after in _entries(verb)}
    frozen = ResultRun.objects.filter(frozen_at__isnull=False)
    for slug, number, content_hash, published in frozen.values_list(
        "course__slug", "number", "content_hash", "published_at"
    ):
        entry = ((slug, f"results {number}"), content_hash)
        if entry not in known["freeze_results"]:
            yield _unaudited(f"frozen results {slug} {number}")
        if published is not None and entry not in known["publish_results"]:
            yield _unaudited(f"published results {slug} {number}")


def _memberships() -> Iterator[Violation]:
    last = {}
    changes = AuditEntry.objects.filter(subject__startswith="membership ").order_by("id")
    for subject, after in changes.values_list("subject", "after").iterator():
        if isinstance(after, dict) and "state" in after:
            last[subject.removeprefix("membership ")] = after["state"]
    for code, state in Membership.objects.filter(code__in=last).values_list("code", "state"):
        if last[code] != state:
            yield Violation(f"member {code}", f"{state}, the log says {last[code]}", "the same")


@invariant("I-32", level=FULL, severity=Severity.MINOR, reads=(Membership,))
def operators(at: datetime) -> Iterator[Violation]:
    """Who runs the installation is a member of no course."""
    found = Membership.objects.filter(user__is_superuser=True)
    for code, role, slug in found.values_list("code", "role", "course__slug"):
        yield Violation(f"member {code}", f"an operator is {role} of {slug}", "two accounts")


@invariant("I-33", level=FULL, reads=(Course,))
def instructors(at: datetime) -> Iterator[Violation]:
    """Each active course has an instructor who can sign in."""
    leads = Membership.objects.active().filter(
        course=OuterRef("pk"), role=Membership.Role.INSTRUCTOR, user__is_active=True
    )
    alone = Course.objects.filter(~Exists(leads), state=Course.State.ACTIVE)
    for slug in alone.values_list("slug", flat=True):
        yield Violation(f"course {slug}", "no instructor", "at least one")


@invariant("I-35", level=FULL, severity=Severity.MINOR, reads=(Session,))
def sessions(at: datetime) -> Iterator[Violation]:
    """No session of a closed account is left."""
    closed = {str(pk) for pk in User.objects.filter(is_active=False).values_list("pk", flat=True)}
    if not closed:
        return
    for session in Session.objects.filter(expire_date__gt=at).iterator():
        user = session.get_decoded().get("_auth_user_id")
        if user in closed:
            code = User.objects.values_list("code", flat=True).get(pk=user)
            yield Violation(f"user {code}", "a session of a closed account", "no session")
