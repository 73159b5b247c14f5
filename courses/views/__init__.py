"""Pages of a course: joining it, its people, its reading list, its news."""

from courses.views.announcements import announce, announcements
from courses.views.enrolment import enrolment, join, withdraw_application
from courses.views.papers import paper, papers
from courses.views.people import accept_applications, decide_application, people
from courses.views.rosters import import_roster, import_roster_file, roster_csv

__all__ = [
    "accept_applications",
    "announce",
    "announcements",
    "decide_application",
    "enrolment",
    "import_roster",
    "import_roster_file",
    "join",
    "paper",
    "papers",
    "people",
    "roster_csv",
    "withdraw_application",
]
