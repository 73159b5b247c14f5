"""Lists collected on paper."""

from functools import partial

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from courses.access import INSTRUCTOR, CourseRequest, course_page
from courses.actions import TableShelf
from courses.models import TableUpload
from presentations import actions, queries
from presentations.rules import PREFERENCES_COLUMNS
from seminar.lib import clock
from seminar.lib.table_page import TablePages


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def import_preferences(request: CourseRequest, key: str) -> HttpResponse:
    """Choose a file of lists."""
    return list_pages(request, key).choose(request)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def import_preferences_file(request: CourseRequest, key: str, code: str) -> HttpResponse:
    """Show which number each list would get, then enter them."""
    return list_pages(request, key).confirm(request, code)


def list_pages(request: CourseRequest, key: str) -> TablePages:
    """Return what is particular about the two pages of paper lists. Raises Http404."""
    course, by, at = request.course, request.membership, clock.now()
    round_ = queries.round_by_key(course, key)
    if round_ is None:
        raise Http404
    name, place = "presentations:import_preferences_file", [course.slug, key]
    return TablePages(
        template="presentations/import_preferences.html",
        columns=PREFERENCES_COLUMNS,
        plan=partial(actions.plan_of_preferences, round_),
        apply=lambda table, plan, nonce: actions.import_preferences(
            round_.pk, table, by=by, at=at, expected=plan, nonce=nonce
        ),
        shelf=TableShelf(course, request.user, TableUpload.Kind.PREFERENCES, at, about=key),
        there=lambda code: reverse(name, args=[*place, code]),
        back=reverse("presentations:allocation", args=[course.slug]),
        context={
            "round": round_,
            "papers": queries.papers_of_round(round_),
            "nav_active": "allocation",
        },
    )
