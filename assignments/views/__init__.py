"""Pages of assignments: what is due, writing, handing in, receipts; dates and extensions for staff."""

from assignments.views.handing_in import check, submit_file, submit_report, upload
from assignments.views.receipts import download, receipt, verify_receipt
from assignments.views.staff import grant_extension, manage_task
from assignments.views.tasks import choose_papers, task, work
from assignments.views.writing import edit, save_draft, save_field

__all__ = [
    "check",
    "choose_papers",
    "download",
    "edit",
    "grant_extension",
    "manage_task",
    "receipt",
    "save_draft",
    "save_field",
    "submit_file",
    "submit_report",
    "task",
    "upload",
    "verify_receipt",
    "work",
]
