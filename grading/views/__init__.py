"""Pages of grading."""

from grading.views.grading import decide_item, grade, item, next_to_grade, queue
from grading.views.imports import gradebook_csv, import_scores, import_scores_file
from grading.views.manage import (
    change_pass_rule,
    excuse_items_before_joining,
    gradebook,
    release,
    student,
)
from grading.views.meetings import attendance, participation, take_attendance
from grading.views.results import results, results_csv
from grading.views.standing import feedback, standing

__all__ = [
    "attendance",
    "change_pass_rule",
    "decide_item",
    "excuse_items_before_joining",
    "feedback",
    "grade",
    "gradebook",
    "gradebook_csv",
    "import_scores",
    "import_scores_file",
    "item",
    "next_to_grade",
    "participation",
    "queue",
    "release",
    "results",
    "results_csv",
    "standing",
    "student",
    "take_attendance",
]
