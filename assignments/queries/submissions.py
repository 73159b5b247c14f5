"""What was handed in."""

from django.db.models import OuterRef, QuerySet, Subquery

from assignments import rules
from assignments.models import Assignment, Submission
from courses.models import Course, Membership
from seminar.lib import uploads


def latest_submission(assignment: Assignment, membership: Membership) -> Submission | None:
    """Return the version that counts: the last one. One query; brings its file."""
    return (
        Submission.objects.filter(assignment=assignment, membership=membership)
        .select_related("file")
        .order_by("-number")
        .first()
    )


def versions_of(assignment: Assignment, membership: Membership) -> QuerySet[Submission]:
    """Return all versions of one student, newest first, without their content. One query."""
    return (
        Submission.objects.filter(assignment=assignment, membership=membership)
        .defer("content")
        .order_by("-number")
    )


def latest_submissions(assignment: Assignment) -> QuerySet[Submission]:
    """Return what there is to grade: the last version of everybody who handed in. One query.

    Each with its membership, user and file, in order of names. People who left the course are
    among them; filter on the membership where they should not be.
    """
    newest = (
        Submission.objects.filter(
            assignment=OuterRef("assignment"), membership=OuterRef("membership")
        )
        .order_by("-number")
        .values("pk")[:1]
    )
    return (
        Submission.objects.filter(assignment=assignment, pk=Subquery(newest))
        .select_related("membership__user", "file")
        .order_by("membership__user__name", "membership_id")
    )


def is_genuine(submission: Submission) -> bool:
    """Say whether a version still is what its receipt says: content, and bytes of its file.

    Computed anew from what is stored. No query where the file is loaded; reads the whole file.
    """
    if rules.content_hash(submission.content) != submission.content_hash:
        return False
    if submission.file is None:
        return True
    return submission.content["sha256"] == submission.file.sha256 and uploads.verify_file(
        submission.file.sha256
    )


def submission_by_code(course: Course, code: str, reader: Membership) -> Submission | None:
    """Return a version of this course the reader may see: the own, or staff any. One query."""
    found = Submission.objects.filter(code=code, assignment__course=course)
    if not reader.is_staff:
        found = found.filter(membership=reader)
    return found.select_related("assignment", "membership__user", "file").first()
