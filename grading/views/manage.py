"""Pages of staff about everybody: release, gradebook, one student, the pass rule."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from courses.access import INSTRUCTOR, STAFF, CourseRequest, course_page
from grading import actions, forms, queries
from seminar.lib import clock
from seminar.lib.errors import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def release(request: CourseRequest) -> HttpResponse:
    """Show what would become visible to whom, then make it visible."""
    refusal = None
    if request.method == "POST":
        try:
            return do_release(request)
        except Refused as found:
            refusal = found
    rows = queries.release_rows(request.course, at=clock.now())
    context = {"rows": rows, "refusal": refusal, "nav_active": "results"}
    status = refusal.status if refusal else 200
    return render(request, "grading/release.html", context, status=status)


def do_release(request: CourseRequest) -> HttpResponse:
    """Release one item to the students the page named, and to nobody else.

    A release cannot be taken back, so what became ready since the page was loaded is not in it.
    Raises Http404, Refused.
    """
    item = queries.item_by_key(request.course, request.POST.get("item", ""))
    chosen = queries.students_by_code(request.course, request.POST.getlist("code"))
    if item is None or not chosen:
        raise Http404
    new = actions.release_item(item, by=request.membership, at=clock.now(), memberships=chosen)
    left = len(chosen) - len(new)
    if left:
        messages.warning(
            request,
            ngettext(
                "%(n)d student was left out: the grade was cleared or released meanwhile.",
                "%(n)d students were left out: their grades were cleared or released meanwhile.",
                left,
            )
            % {"n": left},
        )
    messages.success(
        request,
        ngettext(
            "“%(item)s” is visible to %(n)d more student, who gets a mail without the grade.",
            "“%(item)s” is visible to %(n)d more students, who get a mail without the grade.",
            len(new),
        )
        % {"item": item, "n": len(new)},
    )
    return redirect("grading:release", request.course.slug)


@require_safe
@course_page(STAFF)
def gradebook(request: CourseRequest) -> HttpResponse:
    """Show all students and all items, by all facts."""
    at = clock.now()
    facts = queries.facts_of(request.course)
    lines = queries.gradebook_of(facts, queries.staff_standings(facts, at=at), at=at)
    context = {
        "facts": facts,
        "lines": lines,
        "rule": queries.rule_words(facts),
        "nav_active": "results",
    }
    return render(request, "grading/gradebook.html", context)


@require_safe
@course_page(STAFF)
def student(request: CourseRequest, code: str) -> HttpResponse:
    """Show one student's standing by all facts, with the history of each grade."""
    member = queries.student_by_code(request.course, code)
    if member is None:
        raise Http404
    at = clock.now()
    facts = queries.facts_of(request.course, only=member)
    judged = queries.staff_standings(facts, at=at)[0]
    context = {
        "member": member,
        "judged": judged,
        "before_joining": queries.due_before_joining(facts, judged),
        "bars": queries.bars_of(facts, judged),
        "groups": queries.groups_of(facts, judged, at=at, staff=True),
        "history": queries.histories_of(member),
        "rule": queries.rule_words(facts),
        "total_mark": queries.guard_of(facts.clauses, None),
        "status": queries.VERDICT_STATUS[judged.outcome.verdict],
        "nav_active": "results",
    }
    return render(request, "grading/student.html", context)


@require_POST
@course_page(INSTRUCTOR)
def excuse_items_before_joining(request: CourseRequest, code: str) -> HttpResponse:
    """Excuse what was due before this student joined."""
    member = queries.student_by_code(request.course, code)
    if member is None:
        raise Http404
    lines = actions.excuse_items_before_joining(member, by=request.membership, at=clock.now())
    words = ngettext("%(n)d item is excused.", "%(n)d items are excused.", len(lines))
    messages.success(request, words % {"n": len(lines)})
    return redirect("grading:student", request.course.slug, code)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def change_pass_rule(request: CourseRequest) -> HttpResponse:
    """Choose another rule, see whose verdict it changes, then put it in force with a reason."""
    at = clock.now()
    facts = queries.facts_of(request.course)
    tops = [component.key for component in facts.scheme.components]
    clauses, refusal = None, None
    data = request.POST if request.method == "POST" else request.GET
    try:
        if "kind" in data:
            clauses = forms.read_clauses(data, tops)
        if request.method == "POST":
            reason = forms.text_of(data, "reason")
            actions.change_pass_rule(
                request.course, clauses or [], reason=reason, by=request.membership, at=at
            )
            messages.success(request, _("The new pass rule is in force."))
            return redirect("grading:results", request.course.slug)
    except Refused as found:
        refusal = found
    page = queries.pass_rule_page(facts, clauses, data, at=at)
    reason = request.POST.get("reason", "")
    context = {"page": page, "refusal": refusal, "reason": reason, "nav_active": "results"}
    status = refusal.status if refusal else 200
    return render(request, "grading/pass_rule.html", context, status=status)
