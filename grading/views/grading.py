"""Pages of graders: what waits, one item's students, one student's work beside the rubric."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from courses.access import STAFF, CourseRequest, course_page
from courses.models import Membership
from grading import actions, forms, queries
from grading.actions import Grade
from grading.models import GradeItem
from seminar.lib import clock
from seminar.lib.errors import Refused

ANY = "all"


@require_safe
@course_page(STAFF)
def queue(request: CourseRequest) -> HttpResponse:
    """List what is scored, with how many wait."""
    rows = queries.queue_of(request.course, at=clock.now())
    context = {"rows": rows, "waiting": sum(row.waiting for row in rows), "nav_active": "grading"}
    return render(request, "grading/queue.html", context)


@require_safe
@course_page(STAFF)
def item(request: CourseRequest, key: str) -> HttpResponse:
    """List the students of one item, filtered by ?show=waiting|graded."""
    page = queries.item_page(request.course, key, at=clock.now())
    if page is None:
        raise Http404
    show = request.GET.get("show", "all")
    context = {"page": page, "rows": page.shown(show), "show": show, "nav_active": "grading"}
    return render(request, "grading/item.html", context)


@require_safe
@course_page(STAFF)
def next_to_grade(request: CourseRequest, key: str) -> HttpResponse:
    """Go to what should be graded next: of one item, or of any where ``key`` is "all"."""
    if key != ANY and queries.item_by_key(request.course, key) is None:
        raise Http404
    found = queries.next_waiting(request.course, at=clock.now(), item_key="" if key == ANY else key)
    if found is None:
        messages.success(request, _("Nothing waits to be graded."))
        return redirect("grading:queue", request.course.slug)
    return redirect("grading:grade", request.course.slug, *found)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STAFF)
def grade(request: CourseRequest, key: str, code: str) -> HttpResponse:
    """Read a student's work beside the rubric, and score it."""
    item, member = found_or_404(request, key, code)
    if request.method != "POST":
        return render_grade(request, item, member)
    sent = forms.typed_grade(request.POST)
    try:
        sent = replace(sent, base_seq=forms.read_base(request.POST))
        actions.grade_item(item, member, sent, by=request.membership, at=clock.now())
    except Refused as refusal:
        return render_grade(request, item, member, refusal, sent)
    messages.success(request, _("%(name)s is graded.") % {"name": member})
    if request.POST.get("do") == "next":
        return redirect("grading:next", request.course.slug, key)
    return redirect("grading:grade", request.course.slug, key, code)


@require_POST
@course_page(STAFF)
def decide_item(request: CourseRequest, key: str, code: str) -> HttpResponse:
    """Excuse, override or clear one item of one student, with a reason."""
    item, member = found_or_404(request, key, code)
    try:
        decide(request, item, member)
    except Refused as refusal:
        return render_grade(request, item, member, refusal, asked=request.POST)
    messages.success(request, _("Saved in the history of this grade."))
    return redirect("grading:grade", request.course.slug, key, code)


def decide(request: CourseRequest, item: GradeItem, member: Membership) -> None:
    """Do what the exception form asks for. Raises what the actions raise."""
    change = forms.read_change(request.POST)
    who: dict[str, Any] = {"by": request.membership, "at": clock.now()}
    verb = request.POST.get("do")
    if verb == "excuse":
        actions.excuse_item(item, member, change, **who)
    elif verb == "override":
        points = request.POST.get("points", "").strip()
        actions.override_item(item, member, points, change, **who)
    elif verb == "clear":
        actions.clear_item(item, member, change, **who)
    else:
        raise forms.bad_request()


def found_or_404(request: CourseRequest, key: str, code: str) -> tuple[GradeItem, Membership]:
    """Return the item and the student of this course. Raises Http404."""
    item = queries.item_by_key(request.course, key)
    member = queries.student_by_code(request.course, code)
    if item is None or member is None:
        raise Http404
    return item, member


def render_grade(
    request: CourseRequest,
    item: GradeItem,
    member: Membership,
    refusal: Refused | None = None,
    sent: Grade | None = None,
    *,
    asked: QueryDict | None = None,
) -> HttpResponse:
    """Show the grading page, and why what was sent was refused.

    ``sent`` is what the grading form held, ``asked`` what the form of exceptions held: each comes
    back as it was typed.
    """
    page = queries.grade_page(item, member, at=clock.now())
    context = {
        "page": page,
        "form": page.filled(sent),
        "sent": sent,
        "asked": asked,
        "refusal": refusal,
        "conflict": refusal is not None and refusal.code == "stale",
        "nav_active": "grading",
    }
    status = refusal.status if refusal else 200
    return render(request, "grading/grade.html", context, status=status)
