"""What the parts of applying a file share."""

from dataclasses import dataclass
from datetime import datetime

from courses.models import Course
from seminar.accounts.models import User
from seminar.desk.actions.load_course.ledger import Ledger
from seminar.desk.rules.course_file import CourseFile


@dataclass(frozen=True)
class Load:
    """One application of one file: to which course, by whom, when, what came of it."""

    file: CourseFile
    course: Course
    is_new: bool
    by: User | None
    at: datetime
    ledger: Ledger
    confirmed: bool = False
