"""Receipts, their verification, and the file behind one."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from assignments import queries
from assignments.access import submission_or_404
from assignments.models import Assignment
from courses.access import MEMBER, STUDENT, CourseRequest, course_page
from seminar.lib import clock, uploads
from seminar.lib.errors import Refused


@require_safe
@course_page(STUDENT)
def receipt(request: CourseRequest, key: str, code: str) -> HttpResponse:
    """Show that it arrived: code, time to the second, hash, what counts, what happens next."""
    submission = submission_or_404(request, code, key)
    item = queries.task_of(submission.assignment, request.membership, clock.now())
    context = {
        "submission": submission,
        "assignment": submission.assignment,
        "item": item,
        "counts": item.latest is not None and item.latest.pk == submission.pk,
        "late_days": queries.late_days_of(submission, item.closes_at, request.course.zone),
        "file_words": file_words(submission.assignment, submission.content),
        "nav_active": "work",
    }
    return render(request, "assignments/receipt.html", context)


def file_words(assignment: Assignment, content: dict[str, Any]) -> str:
    """Say how many pages an uploaded file has and how many were asked for; "" for a report."""
    if "pages" not in content:
        return ""
    return uploads.page_words(
        content["pages"], least=assignment.pages_min, most=assignment.pages_max
    )


@require_safe
@course_page(MEMBER)
def verify_receipt(request: CourseRequest, code: str) -> HttpResponse:
    """Compute the hash of a version anew and say whether the receipt is genuine."""
    submission = submission_or_404(request, code)
    context = {
        "submission": submission,
        "assignment": submission.assignment,
        "genuine": queries.is_genuine(submission),
        "own": submission.membership_id == request.membership.pk,
        "nav_active": "work" if request.membership.is_student else "grading",
    }
    return render(request, "assignments/verify_receipt.html", context)


@require_safe
@course_page(MEMBER)
def download(request: CourseRequest, key: str, code: str) -> Any:
    """Hand out the PDF of a version to its author and to staff, always as a download."""
    submission = submission_or_404(request, code, key)
    if submission.file is None:
        raise Refused("no_file", _("This submission has no file."), status=404)
    try:
        return uploads.attachment(submission.file.sha256, submission.content["file"])
    except FileNotFoundError as error:
        message = _("The file of receipt %(code)s is lost on this server. Tell your instructor.")
        raise Refused("file_lost", message % {"code": code}, status=410) from error
