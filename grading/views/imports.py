"""Scores from a file, and the gradebook into one."""

from functools import partial

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from courses.access import STAFF, CourseRequest, course_page
from courses.actions import TableShelf
from courses.models import TableUpload
from grading import queries
from grading.actions import imports as actions
from grading.queries.imports import scores_table
from grading.rules.imports import SCORES_COLUMNS
from seminar.lib import clock
from seminar.lib.table_page import TablePages
from seminar.lib.tables import csv_response


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STAFF)
def import_scores(request: CourseRequest) -> HttpResponse:
    """Choose a file of scores."""
    return score_pages(request).choose(request)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STAFF)
def import_scores_file(request: CourseRequest, code: str) -> HttpResponse:
    """Show which grades a file would change, then change them."""
    return score_pages(request).confirm(request, code)


def score_pages(request: CourseRequest) -> TablePages:
    """Return what is particular about the two pages of scores."""
    course, by, at = request.course, request.membership, clock.now()
    reason = request.POST.get("reason", "")
    return TablePages(
        template="grading/import_scores.html",
        columns=SCORES_COLUMNS,
        plan=partial(actions.plan_of_scores, course, at=at),
        apply=lambda table, plan, nonce: actions.import_scores(
            course, table, by=by, at=at, reason=reason, expected=plan, nonce=nonce
        ),
        shelf=TableShelf(course, request.user, TableUpload.Kind.SCORES, at),
        there=lambda code: reverse("grading:import_scores_file", args=[course.slug, code]),
        back=reverse("grading:gradebook", args=[course.slug]),
        context={"nav_active": "results", "reason": reason},
    )


@require_safe
@course_page(STAFF)
def gradebook_csv(request: CourseRequest) -> HttpResponse:
    """Hand out the gradebook, or ``?item=KEY`` of it, as ``import_scores`` reads it."""
    key = request.GET.get("item", "")
    if key and queries.item_by_key(request.course, key) is None:
        raise Http404
    rows = scores_table(request.course, at=clock.now(), item=key)
    name = "-".join(filter(None, ["gradebook", request.course.slug, key]))
    return csv_response(name, SCORES_COLUMNS.required, rows)
