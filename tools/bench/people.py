"""Many people at once: accounts, memberships, and the cookies of people who are signed in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from courses.models import Course, Membership
from seminar.accounts.models import User

CSRF = "c" * 32
SIGNED_IN_DAYS = 14


def enrol(course: Course, count: int, *, at: datetime, prefix: str = "s") -> list[Membership]:
    """Create so many active students of a course; one query per table and thousand rows."""
    users = User.objects.bulk_create(
        (
            User(email=f"{prefix}{course.pk}-{n}@example.org", name=f"Student {prefix}{n:06}")
            for n in range(count)
        ),
        batch_size=1000,
    )
    members = Membership.objects.bulk_create(
        (
            Membership(course=course, user=user, role="student", state="active", joined_at=at)
            for user in users
        ),
        batch_size=1000,
    )
    for member in members:
        member.course = course
    return members


def cookies_of(users: Sequence[User], *, at: datetime) -> list[str]:
    """Sign people in, as the sign-in page would, and return their Cookie headers in order."""
    store = SessionStore()
    sessions = [
        Session(
            session_key=secrets.token_hex(16),
            expire_date=at + timedelta(days=SIGNED_IN_DAYS),
            session_data=store.encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                }
            ),
        )
        for user in users
    ]
    Session.objects.bulk_create(sessions, batch_size=1000)
    return [
        f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={CSRF}"
        for session in sessions
    ]
