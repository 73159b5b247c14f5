"""The course as a file: take it, change the course by one, create a course from one."""

import base64
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from courses.access import INSTRUCTOR, CourseRequest, course_page
from seminar.accounts.access import SignedInRequest, course_creator
from seminar.desk.actions.load_course import (
    LoadReport,
    change_course,
    create_course,
)
from seminar.desk.forms import CourseFileForm
from seminar.desk.queries.course_file import export_course
from seminar.desk.rules.course_file import CourseFile, parse
from seminar.desk.rules.course_file.reading import placed
from seminar.lib import clock
from seminar.lib.errors import Refused

Apply = Callable[..., LoadReport]
SHOWN = 100


@require_safe
@course_page(INSTRUCTOR)
def export_course_file(request: CourseRequest) -> HttpResponse:
    """Hand out the course as a course file."""
    return course_file_answer(request.course.slug, export_course(request.course))


def course_file_answer(slug: str, text: str) -> HttpResponse:
    """Return the file to be saved."""
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}.yaml"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(INSTRUCTOR)
def course_file(request: CourseRequest) -> HttpResponse:
    """Take a file, show what it would change, then change exactly that."""

    def apply(file: CourseFile, **terms: Any) -> LoadReport:
        return change_course(request.course, file, by=request.membership, **terms)

    return exchange(request, apply, {"nav_active": "course_file"})


@require_http_methods(["GET", "HEAD", "POST"])
@course_creator
def new_course(request: SignedInRequest) -> HttpResponse:
    """Take a file, show the course it would make, then make it; for whom the operator lets."""

    def apply(file: CourseFile, *, confirm_scheme: bool = False, **terms: Any) -> LoadReport:
        return create_course(file, by=request.user, **terms)

    return exchange(request, apply, {"is_new": True})


def exchange(request: HttpRequest, apply: Apply, context: dict[str, Any]) -> HttpResponse:
    """Answer one step of the way: the empty form, the preview, or the course after the change."""
    if request.method != "POST":
        return _page(request, context | {"form": CourseFileForm()})
    form = CourseFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, context | {"form": form}, status=422)
    data = cast(bytes, form.cleaned_data["content"])
    expected = form.cleaned_data["preview"]
    parsed = parse(data)
    if parsed.file is None:
        return _refused(request, context, [asdict(one) for one in parsed.problems], status=422)
    terms = {"at": clock.now(), "confirm_scheme": form.cleaned_data["confirm_scheme"]}
    try:
        report = apply(parsed.file, **terms, dry_run=not expected, expected=expected)
    except Refused as refusal:
        problems = placed(refusal.problems, parsed.tree)
        return _refused(request, context, problems, refusal=refusal, status=refusal.status)
    if expected:
        return _done(request, report)
    sent = {"content": base64.b64encode(data).decode(), "confirm_scheme": terms["confirm_scheme"]}
    return _page(request, context | {"form": CourseFileForm(), "report": report, "sent": sent})


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, "desk/course_file.html", context, status=status)


def _refused(
    request: HttpRequest,
    context: dict[str, Any],
    problems: list[dict[str, Any]],
    *,
    refusal: Refused | None = None,
    status: int,
) -> HttpResponse:
    """Answer with everything that is wrong, by line and key, and the form to try again."""
    context |= {"form": CourseFileForm(), "problems": problems[:SHOWN], "refusal": refusal}
    return _page(request, context | {"more": len(problems[SHOWN:])}, status=status)


def _done(request: HttpRequest, report: LoadReport) -> HttpResponse:
    made = ngettext("%(n)d change made.", "%(n)d changes made.", report.total)
    told = ngettext("%(n)d presenter was told.", "%(n)d presenters were told.", report.told)
    said = told % {"n": report.told} if report.told else _("Nobody was told.")
    messages.success(request, f"{made % {'n': report.total}} {said}")
    return redirect("desk:course_file", report.slug)
