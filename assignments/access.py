"""Who may see which assignment and which submission: looked up through the course only."""

from django.http import Http404

from assignments.models import Assignment, Submission
from assignments.queries import assignment_by_key, submission_by_code
from courses.access import CourseRequest


def assignment_or_404(request: CourseRequest, key: str, kind: str = "") -> Assignment:
    """Return an assignment of the request's course, of one kind if asked. Raises Http404."""
    assignment = assignment_by_key(request.course, key)
    if assignment is None or (kind and assignment.kind != kind):
        raise Http404
    return assignment


def submission_or_404(request: CourseRequest, code: str, key: str = "") -> Submission:
    """Return a version that is the reader's own, or any to staff. Raises Http404.

    Somebody else's version is the same as none. ``key`` is the assignment the address names.
    """
    submission = submission_by_code(request.course, code, request.membership)
    if submission is None or (key and submission.assignment.key != key):
        raise Http404
    submission.assignment.course = request.course
    return submission
