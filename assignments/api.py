"""The API of assignments: what is due, writing, handing in, receipts; extensions for staff."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from assignments import actions, queries, rules
from assignments.actions import HandIn, Typed
from assignments.forms import typed_field
from assignments.models import Assignment, Draft, Submission
from courses.access import MEMBER, STAFF, STUDENT, CourseApi
from courses.models import Membership
from courses.queries import active_students
from seminar.lib import clock, uploads
from seminar.lib.errors import Refused
from seminar.lib.rest import Answer, Body, Instant, Text, Whole, Window, listed, operation

TEXT_LIMIT = 20_000


class AssignmentApi(CourseApi):
    """A view of one assignment of the course."""

    def found(self, key: str, kind: str = "") -> Assignment:
        """Return the assignment, of one kind if asked. Raises Http404."""
        assignment = queries.assignment_by_key(self.course, key)
        if assignment is None or (kind and assignment.kind != kind):
            raise Http404
        return assignment

    def report(self, key: str) -> Assignment:
        """Return the report. Raises Http404."""
        return self.found(key, Assignment.Kind.REPORT)

    def by_now(self, assignment: Assignment, student: Membership) -> dict[str, Any]:
        """Return what lateness is measured by: the student's deadline now, the course's zone."""
        closes_at = queries.deadline_of(assignment, student)
        return {"closes_at": closes_at, "zone": self.course.zone}

    def receipt(self, done: Submission) -> Response:
        """Answer with the receipt of what was just handed in."""
        return self.answer(Receipt, done, 201, **self.by_now(done.assignment, self.membership))


# --- What is due -----------------------------------------------------------------------------


class WorkItem(Answer):
    """One assignment as its student sees it now. ``refusal``: why nothing is taken."""

    key = serializers.CharField(source="assignment.key")
    kind = serializers.CharField(source="assignment.kind")
    title = serializers.CharField(source="assignment.title")
    opens_at = serializers.DateTimeField(source="assignment.opens_at")
    closes_at = serializers.DateTimeField(help_text="with the own extension")
    state = serializers.CharField()
    group = serializers.CharField(help_text="late, week, later, done")
    refusal = serializers.CharField(allow_null=True, help_text="not_open_yet, closed")
    late_days = serializers.IntegerField(help_text="how late handing in now would be")
    cost = serializers.CharField(help_text="percent of the maximum that handing in now costs")
    must_confirm = serializers.BooleanField()
    parts_done = serializers.IntegerField(source="done")
    parts_asked = serializers.IntegerField(source="asked")
    changed = serializers.BooleanField(help_text="the draft differs from what was handed in last")
    submission = serializers.CharField(source="latest.code", allow_null=True)
    submission_late_days = serializers.IntegerField(
        source="latest_late_days", help_text="of that version, by the own deadline as it is now"
    )


class Work(CourseApi):
    policy = STUDENT

    @operation("list_work", "What is due, by deadline", answer=listed(WorkItem), query=Window)
    def get(self, request: Request, slug: str) -> Response:
        return self.window(WorkItem, queries.work_of(self.membership, clock.now()))


class Task(WorkItem):
    """One assignment with its rules in words and what it asks for."""

    brief = serializers.CharField(source="assignment.brief")
    opens_rule = serializers.SerializerMethodField()
    closes_rule = serializers.SerializerMethodField()
    papers_asked = serializers.IntegerField(source="assignment.papers_asked")
    summary_min = serializers.IntegerField(source="assignment.summary_min")
    summary_max = serializers.IntegerField(source="assignment.summary_max")
    strengths = serializers.IntegerField(source="assignment.strengths")
    weaknesses = serializers.IntegerField(source="assignment.weaknesses")
    improvements = serializers.IntegerField(source="assignment.improvements")
    extensions = serializers.IntegerField(source="assignment.extensions_asked")
    pages_min = serializers.IntegerField(source="assignment.pages_min")
    pages_max = serializers.IntegerField(source="assignment.pages_max")

    def get_opens_rule(self, found: queries.WorkItem) -> str:
        return str(self.context["rules"][0])

    def get_closes_rule(self, found: queries.WorkItem) -> str:
        return str(self.context["rules"][1])


class OneTask(AssignmentApi):
    policy = STUDENT

    @operation("read_task", "One assignment: what is asked, when, how far one is", answer=Task)
    def get(self, request: Request, slug: str, key: str) -> Response:
        assignment = self.found(key)
        item = queries.task_of(assignment, self.membership, clock.now())
        return self.answer(Task, item, rules=queries.times_in_words(assignment))


# --- Writing ---------------------------------------------------------------------------------


class ChosenPaper(Answer):
    """Which paper a place of the report is about."""

    slot = serializers.IntegerField()
    paper = serializers.CharField(source="paper.key")


class Field(Answer):
    """One text of a report. ``field`` is ``SLOT.PART.INDEX``; a save names ``version``."""

    field = serializers.SerializerMethodField()
    text = serializers.CharField()
    version = serializers.IntegerField()
    saved_at = serializers.DateTimeField()

    def get_field(self, found: Any) -> str:
        return queries.field_name(found.slot, found.part, found.index)


class Problems(Answer):
    """A part that is missing or of another length than asked for."""

    field = serializers.CharField(source="part")
    code = serializers.CharField()
    words = serializers.SerializerMethodField()

    def get_words(self, found: rules.ReportProblem) -> str:
        return queries.problem_words(found)


class DraftDetail(Answer):
    """What is being written. ``missing`` blocks submitting, ``warnings`` never do."""

    version = serializers.IntegerField()
    changed_at = serializers.DateTimeField()
    papers = ChosenPaper(many=True, source="papers.all")
    fields_ = Field(many=True, source="fields.all")
    missing = Problems(many=True, source="problems.missing")
    warnings = Problems(many=True, source="problems.warnings")

    def get_fields(self) -> dict[str, Any]:
        """Call the texts ``fields``, a name that serializers keep for themselves."""
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class DraftApi(AssignmentApi):
    """A view of the own draft of a report."""

    def draft(self, assignment: Assignment) -> Response:
        """Answer with the draft as it is now. Raises Http404."""
        draft = queries.draft_of(assignment, self.membership)
        if draft is None:
            raise Http404
        return self.answer(DraftDetail, self.judged(draft))

    def judged(self, draft: Draft) -> Draft:
        """Return the draft with what the rules say about it."""
        found = queries.report_check(draft, queries.draft_content(draft))
        draft.problems = found  # type: ignore[attr-defined]
        return draft


class TypedText(Body):
    """One text as it was typed, and the version of the stored text it was typed over (0: none)."""

    field = Text(max_length=20, help_text="SLOT.PART.INDEX, such as 0.summary.0")
    text = Text(allow_blank=True, trim_whitespace=False, max_length=TEXT_LIMIT)
    version = Whole()


class TypedTexts(Body):
    """Several texts of one report."""

    fields_ = TypedText(many=True)

    def get_fields(self) -> dict[str, Any]:
        """Call them ``fields``, a name that serializers keep for themselves."""
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


def typed(sent: dict[str, Any]) -> Typed:
    """Return a text as the action takes it. Raises Refused."""
    return typed_field(sent["field"], sent["text"], str(sent["version"]))


class OneDraft(DraftApi):
    policy = STUDENT

    @operation("read_draft", "The report as it is being written", answer=DraftDetail)
    def get(self, request: Request, slug: str, key: str) -> Response:
        return self.draft(self.report(key))

    @operation("save_draft", "Save all texts at once", body=TypedTexts, answer=DraftDetail)
    def put(self, request: Request, slug: str, key: str) -> Response:
        """Save every text that is not stale; where one is, answer 409 with both texts."""
        assignment = self.report(key)
        texts = [typed(sent) for sent in self.body(TypedTexts)["fields"]]
        stale = actions.save_draft(assignment, self.membership, texts=texts, at=clock.now())
        if stale:
            found = [problem for refusal in stale for problem in refusal.problems]
            raise Refused("stale", str(stale[0]), problems=found)
        return self.draft(assignment)


class Papers(Body):
    """What the report is about: keys of papers of its reading list."""

    papers = serializers.ListField(child=Text(max_length=50), max_length=20)


class ChoosePapers(DraftApi):
    policy = STUDENT
    reads = OneDraft

    @operation(
        "choose_papers",
        "Choose what the report is about; this starts it",
        body=Papers,
        answer=DraftDetail,
    )
    def put(self, request: Request, slug: str, key: str) -> Response:
        assignment, keys = self.report(key), self.body(Papers)["papers"]
        actions.choose_papers(assignment, self.membership, keys=keys, at=clock.now())
        return self.draft(assignment)


class SaveField(DraftApi):
    policy = STUDENT
    reads = OneDraft

    @operation("save_field", "Save one text while it is written", body=TypedText, answer=Field)
    def put(self, request: Request, slug: str, key: str) -> Response:
        """Save one text; over a text that changed meanwhile nothing is written: 409 with both."""
        assignment, text = self.report(key), typed(self.body(TypedText))
        saved = actions.save_field(assignment, self.membership, typed=text, at=clock.now())
        return self.answer(Field, saved)


# --- Handing in ------------------------------------------------------------------------------


class Receipt(Answer):
    """One version that was handed in, and what proves it."""

    code = serializers.CharField()
    assignment = serializers.CharField(source="assignment.key")
    number = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    late_days = serializers.SerializerMethodField(
        help_text="by the student's deadline as it is now; an extension granted since counts"
    )
    late_days_on_arrival = serializers.IntegerField(
        source="late_days", help_text="by the deadline as it was then; what the receipt says"
    )
    made_by = serializers.CharField(source="source", help_text="student, automatic")
    content_hash = serializers.CharField()

    def get_late_days(self, found: Submission) -> int:
        closes_at, zone = self.context["closes_at"], self.context["zone"]
        return queries.late_days_of(found, closes_at, zone)


class Confirmation(Body):
    """``confirm_late``: what a late version costs has been seen."""

    confirm_late = serializers.BooleanField(default=False)


class Submissions(AssignmentApi):
    policy = STUDENT

    @operation(
        "list_submissions", "The own versions, newest first", answer=listed(Receipt), query=Window
    )
    def get(self, request: Request, slug: str, key: str) -> Response:
        assignment = self.found(key)
        rows = queries.versions_of(assignment, self.membership).select_related("assignment")
        return self.window(Receipt, rows, **self.by_now(assignment, self.membership))

    @operation(
        "submit_report",
        "Submit the draft that is on the server",
        body=Confirmation,
        answer=Receipt,
        status=201,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        assignment, sent = self.report(key), self.body(Confirmation)
        at = clock.now()
        hand_in = HandIn(self.nonce, at, confirm_late=sent["confirm_late"])
        done = actions.submit_report(assignment, self.membership, hand_in=hand_in, at=at)
        return self.receipt(done)


class File(Body):
    """A PDF. What is wrong with its content, the refusal says."""

    file = serializers.FileField(max_length=500, allow_empty_file=True)
    confirm_late = serializers.BooleanField(default=False)


class SubmitFile(AssignmentApi):
    policy = STUDENT
    parser_classes = [MultiPartParser]

    @operation(
        "submit_file",
        "Submit a PDF",
        body={"multipart/form-data": File},
        answer=Receipt,
        status=201,
        idempotent=True,
        errors=(413,),
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        assignment = self.found(key, Assignment.Kind.MINI)
        sent, at = self.body(File), clock.now()
        file: UploadedFile[bytes] = sent["file"]
        hand_in = HandIn(self.nonce, at, confirm_late=sent["confirm_late"])
        what: dict[str, Any] = {"chunks": file.chunks(), "name": file.name or ""}
        done = actions.submit_file(assignment, self.membership, **what, hand_in=hand_in, at=at)
        return self.receipt(done)


class ReceiptDetail(Receipt):
    """A version with its content, and whether it still is what its receipt says."""

    content = serializers.JSONField()
    genuine = serializers.SerializerMethodField()

    def get_genuine(self, found: Submission) -> bool:
        return queries.is_genuine(found)


class SubmissionApi(AssignmentApi):
    """A view of one version: the own, or any for staff."""

    def submission(self, code: str) -> Submission:
        """Return the version. Raises Http404."""
        found = queries.submission_by_code(self.course, code, self.membership)
        if found is None:
            raise Http404
        found.assignment.course = self.course
        return found


class OneReceipt(SubmissionApi):
    policy = MEMBER

    @operation("verify_receipt", "A version, its hash computed anew", answer=ReceiptDetail)
    def get(self, request: Request, slug: str, code: str) -> Response:
        found = self.submission(code)
        by_now = self.by_now(found.assignment, found.membership)
        return self.answer(ReceiptDetail, found, **by_now)


class Download(SubmissionApi):
    policy = MEMBER

    @operation(
        "download_file",
        "The PDF of a version",
        answer={(200, "application/pdf"): OpenApiTypes.BINARY},
        errors=(410,),
    )
    def get(self, request: Request, slug: str, code: str) -> Any:
        submission = self.submission(code)
        if submission.file is None:
            raise Refused("no_file", _("This submission has no file."), status=404)
        try:
            return uploads.attachment(submission.file.sha256, submission.content["file"])
        except FileNotFoundError as error:
            message = _("The file of receipt %(code)s is lost. Tell your instructor.")
            raise Refused("file_lost", message % {"code": code}, status=410) from error


# --- Staff -----------------------------------------------------------------------------------


class Extension(Answer):
    """Who has more time, until when, why, by whom."""

    student = serializers.CharField(source="membership.code")
    name = serializers.CharField(source="membership.user.name")
    until = serializers.DateTimeField()
    reason = serializers.CharField()
    granted_by = serializers.CharField(source="granted_by.user.name")
    granted_at = serializers.DateTimeField()


class ManagedTask(Answer):
    """An assignment as staff see it: dates, their rules, how far the course is."""

    key = serializers.CharField(source="assignment.key")
    kind = serializers.CharField(source="assignment.kind")
    title = serializers.CharField(source="assignment.title")
    opens_at = serializers.DateTimeField(source="assignment.opens_at")
    closes_at = serializers.DateTimeField(source="assignment.closes_at")
    opens_rule = serializers.CharField()
    closes_rule = serializers.CharField()
    students = serializers.IntegerField(source="counts.students")
    started = serializers.IntegerField(source="counts.started")
    submitted = serializers.IntegerField(source="counts.submitted")


class ManageTask(AssignmentApi):
    policy = STAFF

    @operation("manage_task", "Dates, rules, how far the course is", answer=ManagedTask)
    def get(self, request: Request, slug: str, key: str) -> Response:
        assignment = self.found(key)
        opens, closes = queries.times_in_words(assignment)
        found = {
            "assignment": assignment,
            "opens_rule": opens,
            "closes_rule": closes,
            "counts": queries.task_counts(assignment),
        }
        return self.answer(ManagedTask, found)


class MoreTime(Body):
    """A later deadline for one student. Staff read the reason; the mail does not carry it."""

    student = Text(max_length=16, help_text="code of the membership")
    until = Instant(help_text="with the offset from UTC; exclusive")
    reason = Text(max_length=2000)


class Extensions(AssignmentApi):
    policy = STAFF

    @operation("list_extensions", "Who has more time", answer=listed(Extension), query=Window)
    def get(self, request: Request, slug: str, key: str) -> Response:
        return self.window(Extension, queries.extensions_to(self.found(key)))

    @operation(
        "grant_extension",
        "Give one student more time, also after the deadline",
        body=MoreTime,
        answer=Extension,
        status=201,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        assignment, sent = self.found(key), self.body(MoreTime)
        student = get_object_or_404(active_students(self.course), code=sent.pop("student"))
        who: dict[str, Any] = {"by": self.membership, "at": clock.now(), "nonce": self.nonce}
        granted = actions.grant_extension(assignment, student, **sent, **who)
        return self.answer(Extension, granted, 201)


urlpatterns = [
    path("work", Work.as_view(), name="work"),
    path("work/<slug:key>", OneTask.as_view(), name="task"),
    path("work/<slug:key>/papers", ChoosePapers.as_view(), name="choose_papers"),
    path("work/<slug:key>/draft", OneDraft.as_view(), name="draft"),
    path("work/<slug:key>/draft/fields", SaveField.as_view(), name="save_field"),
    path("work/<slug:key>/submissions", Submissions.as_view(), name="submissions"),
    path("work/<slug:key>/files", SubmitFile.as_view(), name="submit_file"),
    path("receipts/<slug:code>", OneReceipt.as_view(), name="verify_receipt"),
    path("receipts/<slug:code>/file", Download.as_view(), name="download"),
    path("tasks/<slug:key>", ManageTask.as_view(), name="manage_task"),
    path("tasks/<slug:key>/extensions", Extensions.as_view(), name="extensions"),
]
