"""Decisions of assignments: what a report holds, how sentences count, when work is taken. Pure."""

from assignments.rules.deadlines import (
    GRACE,
    DraftFacts,
    LatePolicy,
    auto_submit_cut,
    days_late,
    due_for_auto_submit,
    effective_deadline,
    submit_refusal,
)
from assignments.rules.report import (
    PaperReport,
    Part,
    PartState,
    ReportCheck,
    ReportContent,
    ReportProblem,
    ReportSpec,
    content_hash,
    is_complete,
    page_warning,
    part_states,
    read_content,
    report_problems,
)
from assignments.rules.sentences import sentence_count

__all__ = [
    "GRACE",
    "DraftFacts",
    "LatePolicy",
    "PaperReport",
    "Part",
    "PartState",
    "ReportCheck",
    "ReportContent",
    "ReportProblem",
    "ReportSpec",
    "auto_submit_cut",
    "content_hash",
    "days_late",
    "due_for_auto_submit",
    "effective_deadline",
    "is_complete",
    "page_warning",
    "part_states",
    "read_content",
    "report_problems",
    "sentence_count",
    "submit_refusal",
]
