"""Lists collected on paper."""

from functools import partial

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from courses.access import INSTRUCTOR, CourseRequest, course_page
from courses.actions import clear_table, keep_table
from courses.models import TableUpload
from courses.queries import uploaded_table
from presentations import actions, queries
from presentations.rules import PREFERENCES_COLUMNS
from seminar.lib import clock
from seminar.lib.table_page import TablePages

KIND = TableUpload.Kind.PREFERENCES


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def import_preferences(request: CourseRequest, key: str) -> HttpResponse:
    """Choose a file of lists."""
    address = reverse("presentations:import_preferences", args=[request.course.slug, key])
    return list_pages(request, key, address).choose(request)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def import_preferences_file(request: CourseRequest, key: str, code: str) -> HttpResponse:
    """Show which number each list would get, then enter them."""
    upload = uploaded_table(request.course, request.user, KIND, code, about=key, at=clock.now())
    if upload is None:
        raise Http404
    place = [request.course.slug, key, code]
    address = reverse("presentations:import_preferences_file", args=place)
    return list_pages(request, key, address).confirm(request, upload)


def list_pages(request: CourseRequest, key: str, address: str) -> TablePages:
    """Return what is particular about the two pages of paper lists. Raises Http404."""
    course, by, at = request.course, request.membership, clock.now()
    round_ = queries.round_by_key(course, key)
    if round_ is None:
        raise Http404
    board = reverse("presentations:allocation", args=[course.slug])
    facts = {"course": course, "by": request.user, "kind": KIND, "about": key, "at": at}
    return TablePages(
        template="presentations/import_preferences.html",
        columns=PREFERENCES_COLUMNS,
        plan=partial(actions.plan_of_preferences, round_),
        apply=lambda table, plan, nonce: actions.import_preferences(
            round_.pk, table, by=by, at=at, expected=plan, nonce=nonce
        ),
        build=lambda kept: TableUpload(**facts, **kept),
        keep=keep_table,
        clear=partial(clear_table, at=at),
        there=lambda code: reverse(
            "presentations:import_preferences_file", args=[course.slug, key, code]
        ),
        done=board,
        context={
            "back": board,
            "action": address,
            "round": round_,
            "papers": queries.papers_of_round(round_),
            "nav_active": "allocation",
        },
    )
