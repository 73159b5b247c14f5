"""Writes of assignments: drafts, submissions, extensions."""

from assignments.actions.drafting import (
    MOST_EXTRA,
    TEXT_LIMIT,
    Stale,
    Typed,
    choose_papers,
    save_draft,
    save_field,
)
from assignments.actions.extending import grant_extension
from assignments.actions.settling import settle, submit_complete_drafts
from assignments.actions.submitting import HandIn, submit_file, submit_report

__all__ = [
    "MOST_EXTRA",
    "TEXT_LIMIT",
    "HandIn",
    "Stale",
    "Typed",
    "choose_papers",
    "grant_extension",
    "save_draft",
    "save_field",
    "settle",
    "submit_complete_drafts",
    "submit_file",
    "submit_report",
]
