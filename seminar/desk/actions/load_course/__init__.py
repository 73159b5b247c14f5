"""Apply a course file: all of it or nothing, and nothing twice."""

from seminar.desk.actions.load_course.applying import LoadReport, load_course
from seminar.desk.actions.load_course.by_file import (
    change_course,
    create_course,
)
from seminar.desk.actions.load_course.ledger import Change

__all__ = [
    "Change",
    "LoadReport",
    "change_course",
    "create_course",
    "load_course",
]
