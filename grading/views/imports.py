"""Scores from a file, and the gradebook into one."""

from functools import partial

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from courses.access import STAFF, CourseRequest, course_page
from courses.actions import clear_table, keep_table
from courses.models import TableUpload
from courses.queries import uploaded_table
from grading import queries
from grading.actions import imports as actions
from grading.queries.imports import scores_table
from grading.rules.imports import SCORES_COLUMNS
from seminar.lib import clock
from seminar.lib.table_page import TablePages
from seminar.lib.tables import csv_response

KIND = TableUpload.Kind.SCORES


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STAFF)
def import_scores(request: CourseRequest) -> HttpResponse:
    """Choose a file of scores."""
    address = reverse("grading:import_scores", args=[request.course.slug])
    return score_pages(request, address).choose(request)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STAFF)
def import_scores_file(request: CourseRequest, code: str) -> HttpResponse:
    """Show which grades a file would change, then change them."""
    upload = uploaded_table(request.course, request.user, KIND, code, at=clock.now())
    if upload is None:
        raise Http404
    address = reverse("grading:import_scores_file", args=[request.course.slug, code])
    return score_pages(request, address).confirm(request, upload)


def score_pages(request: CourseRequest, address: str) -> TablePages:
    """Return what is particular about the two pages of scores."""
    course, by, at, slug = request.course, request.membership, clock.now(), request.course.slug
    gradebook = reverse("grading:gradebook", args=[slug])
    facts = {"course": course, "by": request.user, "kind": KIND, "at": at}
    reason = request.POST.get("reason", "")
    return TablePages(
        template="grading/import_scores.html",
        columns=SCORES_COLUMNS,
        plan=partial(actions.plan_of_scores, course, at=at),
        apply=lambda table, plan, nonce: actions.import_scores(
            course, table, by=by, at=at, reason=reason, expected=plan, nonce=nonce
        ),
        build=lambda kept: TableUpload(**facts, **kept),
        keep=keep_table,
        clear=partial(clear_table, at=at),
        there=lambda code: reverse("grading:import_scores_file", args=[slug, code]),
        done=gradebook,
        context={"back": gradebook, "action": address, "nav_active": "results", "reason": reason},
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
