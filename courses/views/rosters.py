"""People from a file, and people into a file."""

from functools import partial

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from courses import actions, queries
from courses.access import INSTRUCTOR, STAFF, CourseRequest, course_page
from courses.models import TableUpload
from courses.rules import ROSTER_COLUMNS
from seminar.lib import clock
from seminar.lib.table_page import TablePages
from seminar.lib.tables import csv_response


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def import_roster(request: CourseRequest) -> HttpResponse:
    """Choose a roster."""
    return roster_pages(request).choose(request)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def import_roster_file(request: CourseRequest, code: str) -> HttpResponse:
    """Show what a roster would change, then bring its people in."""
    return roster_pages(request).confirm(request, code)


def roster_pages(request: CourseRequest) -> TablePages:
    """Return what is particular about the two pages of a roster."""
    course, by, at = request.course, request.membership, clock.now()
    return TablePages(
        template="courses/import_roster.html",
        columns=ROSTER_COLUMNS,
        plan=partial(actions.plan_of_roster, course),
        apply=lambda table, plan, nonce: actions.import_roster(
            course, table, by=by, at=at, expected=plan, nonce=nonce
        ),
        shelf=actions.TableShelf(course, request.user, TableUpload.Kind.ROSTER, at),
        there=lambda code: reverse("courses:import_roster_file", args=[course.slug, code]),
        back=reverse("courses:people", args=[course.slug]),
        context={"nav_active": "people"},
    )


@require_safe
@course_page(STAFF)
def roster_csv(request: CourseRequest) -> HttpResponse:
    """Hand out the active members as ``import_roster`` reads them."""
    rows = queries.roster_rows(request.course)
    return csv_response(f"roster-{request.course.slug}", ROSTER_COLUMNS.required, rows)
