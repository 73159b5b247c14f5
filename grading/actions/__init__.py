"""Writes of grading. Every one locks the students it concerns first, in order of their id."""

from grading.actions.attendance import Mark, take_attendance
from grading.actions.entries import (
    Change,
    Grade,
    clear_item,
    excuse_item,
    grade_item,
    override_item,
)
from grading.actions.joining import excuse_items_before_joining
from grading.actions.participation import give_participation
from grading.actions.pass_rules import change_pass_rule
from grading.actions.releases import release_item
from grading.actions.results import (
    compute_results,
    freeze_results,
    publish_results,
    request_results,
)

__all__ = [
    "Change",
    "Grade",
    "Mark",
    "change_pass_rule",
    "clear_item",
    "compute_results",
    "excuse_item",
    "excuse_items_before_joining",
    "freeze_results",
    "give_participation",
    "grade_item",
    "override_item",
    "publish_results",
    "release_item",
    "request_results",
    "take_attendance",
]
