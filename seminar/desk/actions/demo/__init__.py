"""Loading the demo: its courses are made by the same actions that pages call, at past instants."""

from datetime import datetime
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course
from seminar.accounts.models import User
from seminar.desk.actions.demo.enrolling import add_enrolment
from seminar.desk.actions.demo.marking import add_marks
from seminar.desk.actions.demo.presenting import add_talks
from seminar.desk.actions.demo.stage import Script, Stage
from seminar.desk.actions.demo.writing import add_work
from seminar.desk.actions.load_course import load_course
from seminar.desk.rules.course_file import CourseFile, parse, shifted
from seminar.desk.rules.course_file.schema import StaffMember, completed
from seminar.desk.rules.demo import Story, Term, read_story, read_texts, whole_weeks
from seminar.lib.errors import Refused

__all__ = ["load_demo"]

COURSES = ("efficient-llm-training", "reading-group-auckland")


@transaction.atomic
def load_demo(*, at: datetime) -> None:
    """Make both courses of the demo as they are in mid-term at ``at``: all of it or nothing.

    Dates are moved by whole weeks, so that ``at`` lies in the week after the last thing that
    happened. Everything is done by the actions of the apps, in order of time, each told the instant
    at which it happened; their messages are queued with these instants. Locks nothing itself.

    Raises Refused: "not_demo" where this installation is no demo, "not_empty" where there is a
    course already; both 409.
    """
    if not settings.DEMO:
        raise Refused("not_demo", _("The demo is loaded only where DEMO is on. Nothing was done."))
    if Course.objects.exists():
        raise Refused(
            "not_empty", _("There are courses already. The demo needs an empty database.")
        )
    script = Script()
    for name in COURSES:
        add_course(script, name, at=at)
    script.play(until=at)
    confirm_addresses()


def confirm_addresses() -> None:
    """Confirm the addresses of people whom a course file named, as of everybody else here."""
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True)
        for user in User.objects.filter(emailaddress=None)
    )


def add_course(script: Script, name: str, *, at: datetime) -> None:
    """Add one course and all that happened in it to the script."""
    folder = Path(settings.BASE_DIR) / "examples"
    story = read_story((folder / "demo" / f"{name}.yaml").read_text("utf-8"))
    texts = read_texts((folder / "demo" / "reports.yaml").read_text("utf-8"))
    file = example(folder / f"{name}.yaml", story)
    term = Term(file.course.zone, whole_weeks(story.until, at, file.course.zone))
    moved = shifted(file, term.weeks)
    stage = Stage(file.course.slug, term, story, texts, starts_of(file, term))
    script.add(term.at(story.created), lambda at: load_course(moved, by=None, at=at))
    for add in (add_enrolment, add_talks, add_work, add_marks):
        add(script, stage)


def example(path: Path, story: Story) -> CourseFile:
    """Return a course of the examples, with the people of the demo among its staff."""
    file = parse(path.read_bytes()).file
    assert file is not None, "an example is a sound course file"
    more = tuple(
        StaffMember.model_validate(person.model_dump(exclude_defaults=True))
        for person in story.staff
    )
    return file.model_copy(update={"staff": file.staff + more})


def starts_of(file: CourseFile, term: Term) -> tuple[datetime, ...]:
    """Return when the meetings of a course start, in order."""
    meetings = (completed(meeting, file.meeting_defaults) for meeting in file.meetings)
    return tuple(
        sorted(
            term.at(datetime.combine(meeting.date, meeting.starts))
            for meeting in meetings
            if meeting.starts
        )
    )
