"""Writes of a course: who is in it, its news, corrections of its plain facts."""

from courses.actions.announcing import announce
from courses.actions.correcting import CORRECTABLE, PAPER_YEARS, correct
from courses.actions.enrolling import (
    Statement,
    accept_applications,
    change_state,
    decide_application,
    send_application,
    withdraw_application,
)
from courses.actions.rosters import import_roster, plan_of_roster
from courses.actions.tables import TableShelf, clear_table, forget_tables, keep_table

__all__ = [
    "CORRECTABLE",
    "PAPER_YEARS",
    "Statement",
    "TableShelf",
    "accept_applications",
    "announce",
    "change_state",
    "clear_table",
    "correct",
    "decide_application",
    "forget_tables",
    "import_roster",
    "keep_table",
    "plan_of_roster",
    "send_application",
    "withdraw_application",
]
