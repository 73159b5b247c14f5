"""A course file in the hands of a person on a page: what it may touch, and what it may not."""

from datetime import datetime

from django.utils.translation import gettext as _

from courses.models import Course, Membership
from seminar.accounts.models import User
from seminar.desk.actions.load_course.applying import LoadReport, load_course
from seminar.desk.rules.course_file import CourseFile
from seminar.lib.errors import Refused


def change_course(  # noqa: PLR0913 - the file, who, when, and what was agreed to
    course: Course,
    file: CourseFile,
    *,
    by: Membership,
    at: datetime,
    dry_run: bool = False,
    confirm_scheme: bool = False,
    expected: str = "",
) -> LoadReport:
    """Bring a course to what a file says, for an instructor of that very course.

    An instructor may name and rename staff of the own course, and nobody anywhere else; the own
    role stays, so that nobody locks themselves out. Locks and queues what ``load_course`` does.

    Raises Refused: "other_course" (422) where the file names another course, "own_role" (422), and
    what ``load_course`` raises, "preview_is_stale" (409) among it.
    """
    if file.course.slug != course.slug:
        words = _("This file is about the course “%(other)s”; this page is about “%(own)s”.")
        raise Refused(
            "other_course",
            words % {"other": file.course.slug, "own": course.slug},
            status=422,
            problems=[
                _problem("course.slug", file.course.slug, _("Write the slug of this course."))
            ],
        )
    own = next((person for person in file.staff if person.email == by.user.email), None)
    if own is not None and own.role != by.role:
        words = _("You would give up your own role. Ask another instructor to change it.")
        raise Refused(
            "own_role", words, status=422, problems=[_problem("staff", by.user.email, words)]
        )
    return load_course(
        file,
        by=by.user,
        at=at,
        dry_run=dry_run,
        confirm_scheme=confirm_scheme,
        expected=expected,
    )


def create_course(
    file: CourseFile, *, by: User, at: datetime, dry_run: bool = False, expected: str = ""
) -> LoadReport:
    """Make the course of a file, for somebody whom the operator lets create courses.

    Locks and queues what ``load_course`` does. Raises Refused: "may_not_create" (403), "not_staff"
    (422) where the file does not name its author as an instructor, "slug_taken" (409), and what
    ``load_course`` raises.
    """
    if not by.may_create_courses:
        words = _("Only people to whom the operator gave this right can create courses.")
        raise Refused("may_not_create", words, status=403)
    instructors = {person.email for person in file.staff if person.role == "instructor"}
    if by.email not in instructors:
        words = _("Name yourself (%(mail)s) as an instructor under `staff`.") % {"mail": by.email}
        raise Refused("not_staff", words, status=422, problems=[_problem("staff", "", words)])
    return load_course(file, by=by, at=at, dry_run=dry_run, expected=expected, new=True)


def _problem(path: str, value: str, rule: str) -> dict[str, object]:
    place = tuple(path.split("."))
    return {"code": "refused", "path": path, "place": list(place), "value": value, "rule": rule}
