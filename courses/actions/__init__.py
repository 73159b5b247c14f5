"""Writes of a course: who is in it, its news, corrections of its plain facts."""

from courses.actions.announcing import announce
from courses.actions.correcting import CORRECTABLE, correct
from courses.actions.enrolling import (
    Statement,
    accept_applications,
    change_state,
    decide_application,
    send_application,
    withdraw_application,
)

__all__ = [
    "CORRECTABLE",
    "Statement",
    "accept_applications",
    "announce",
    "change_state",
    "correct",
    "decide_application",
    "send_application",
    "withdraw_application",
]
