"""Courses and people for tests: plain functions, one unsurprising row each."""

from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any

from courses.models import (
    Announcement,
    Application,
    Course,
    CoursePolicy,
    Meeting,
    Membership,
    Module,
    Paper,
    Prerequisite,
)
from seminar.accounts.models import User

NUMBERS = count(1)
# Monday 27 Oct 2025, 12:00 UTC: a week into the example's term.
NOON = datetime(2025, 10, 27, 12, 0, tzinfo=UTC)


def make_user(name: str = "", **fields: Any) -> User:
    """A person whose address follows from the name."""
    number = next(NUMBERS)
    name = name or f"Person {number}"
    email = fields.pop("email", f"{name.lower().replace(' ', '.')}.{number}@example.org")
    return User.objects.create(email=email, name=name, **fields)


def make_course(**fields: Any) -> Course:
    """An active course in Berlin with version 1 of its policy."""
    number = next(NUMBERS)
    policy = fields.pop("policy", {})
    defaults = {
        "slug": f"seminar-{number}",
        "title": "Efficient Training",
        "short_name": "ELLM",
        "term": "Winter 2025/26",
        "zone": "Europe/Berlin",
        "state": Course.State.ACTIVE,
        "capacity": 30,
    }
    course = Course.objects.create(**defaults | fields)
    CoursePolicy.objects.create(course=course, version=1, created_at=NOON, **policy)
    return course


def make_member(
    course: Course, role: str = "student", *, name: str = "", state: str = "active", **fields: Any
) -> Membership:
    """A new person in the course."""
    return Membership.objects.create(
        course=course,
        user=fields.pop("user", None) or make_user(name),
        role=role,
        state=state,
        joined_at=fields.pop("joined_at", NOON),
        **fields,
    )


def make_module(course: Course, **fields: Any) -> Module:
    number = next(NUMBERS)
    return Module.objects.create(
        **{"course": course, "key": f"module-{number}", "title": "Module", "position": number}
        | fields
    )


def make_meeting(course: Course, on: date = date(2025, 11, 10), **fields: Any) -> Meeting:
    """A meeting from 16:00 to 18:00; in-class presentations unless said otherwise."""
    number = next(NUMBERS)
    modules = fields.pop("modules", [])
    meeting = Meeting.objects.create(
        **{
            "course": course,
            "key": f"meeting-{number}",
            "kind": Meeting.Kind.IN_CLASS,
            "title": "In-class presentations",
            "date": on,
            "starts": time(16),
            "ends": time(18),
            "room": "E1 5 room 029",
        }
        | fields
    )
    meeting.modules.set(modules)
    return meeting


def make_paper(course: Course, **fields: Any) -> Paper:
    """A paper that may be reported on and presented."""
    number = next(NUMBERS)
    module = fields.pop("module", None) or make_module(course)
    return Paper.objects.create(
        **{
            "course": course,
            "module": module,
            "key": f"paper-{number}",
            "title": f"Paper {number}",
            "reportable": True,
            "presentable": True,
            "position": number,
        }
        | fields
    )


def make_prerequisite(course: Course, **fields: Any) -> Prerequisite:
    """A course of the list an applicant may have passed."""
    number = next(NUMBERS)
    defaults = {"key": f"course-{number}", "title": f"Course {number}", "position": number}
    return Prerequisite.objects.create(**{"course": course} | defaults | fields)


def make_application(course: Course, *, name: str = "", **fields: Any) -> Application:
    """An application that waits, of a new person; ``membership`` names an existing one."""
    membership = fields.pop("membership", None) or make_member(
        course, name=name, state="applied", joined_at=None
    )
    passed = fields.pop("courses_passed", [])
    defaults = {"level": "Master, 3rd semester", "sent_at": NOON}
    application = Application.objects.create(**{"membership": membership} | defaults | fields)
    application.courses_passed.set(passed)
    return application


def make_announcement(course: Course, **fields: Any) -> Announcement:
    """Public news, published at noon."""
    defaults = {"title": "Room changed", "body": "We meet in **room 024**.", "published_at": NOON}
    return Announcement.objects.create(**{"course": course} | defaults | fields)
