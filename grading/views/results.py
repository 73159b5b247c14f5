"""The end of the term: who passes, what is still open, freezing and publishing."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from courses.access import INSTRUCTOR, CourseRequest, course_page
from grading import actions, forms, queries
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.tables import csv_response


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def results(request: CourseRequest) -> HttpResponse:
    """List every student's verdict now; compute, freeze and publish results."""
    refusal = None
    if request.method == "POST":
        try:
            messages.success(request, end_term(request))
            return redirect("grading:results", request.course.slug)
        except Refused as found:
            refusal = found
    page = queries.results_page(request.course, at=clock.now())
    context = {"page": page, "refusal": refusal, "nav_active": "results"}
    status = refusal.status if refusal else 200
    return render(request, "grading/results.html", context, status=status)


def end_term(request: CourseRequest) -> str:
    """Do what the page asked for; return what to say. Raises what the actions raise."""
    course, at = request.course, clock.now()
    verb = request.POST.get("do")
    if verb == "compute":
        run = actions.request_results(course, by=request.user, at=at)
        return _("Results %(n)d will be computed within seconds. Reload this page.") % {
            "n": run.number
        }
    if verb == "freeze":
        reason = forms.text_of(request.POST, "reason")
        run = actions.freeze_results(course, by=request.user, at=at, reason=reason)
        return _("Results %(n)d are frozen.") % {"n": run.number}
    if verb == "publish":
        run = actions.publish_results(course, by=request.membership, at=at)
        return _("Results %(n)d are published. Each student gets a mail without the result.") % {
            "n": run.number
        }
    raise forms.bad_request()


@require_safe
@course_page(INSTRUCTOR)
def results_csv(request: CourseRequest) -> HttpResponse:
    """Hand out the verdict list as it is now, for a spreadsheet."""
    rows = queries.results_table(request.course, at=clock.now())
    return csv_response(f"results-{request.course.slug}", rows[0], rows[1:])
