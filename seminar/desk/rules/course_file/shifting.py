"""Move a whole course by weeks, so that a demo stands in mid-term while the file keeps the truth."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.utils.dateformat import format as format_date

from courses.rules import FixedTime, parse_rule, rule_text
from seminar.desk.rules.course_file.schema import Assignment, CourseFile, Round


def shifted(file: CourseFile, weeks: int) -> CourseFile:
    """Return the course with every date moved by whole weeks; wall times and weekdays stay.

    Moves meetings, announcements, and openings and closings that name a date; rules that name a
    meeting follow it by themselves. Prose is not touched, so it should not name dates. A term that
    is moved is no longer the one its label names: the label then says its months.
    """
    by = timedelta(weeks=weeks)
    term = file.course.term if not weeks else months_of([m.date + by for m in file.meetings])
    return file.model_copy(
        update={
            "course": file.course.model_copy(update={"term": term or file.course.term}),
            "meetings": tuple(
                meeting.model_copy(update={"date": meeting.date + by}) for meeting in file.meetings
            ),
            "rounds": tuple(_reopened(round_, by) for round_ in file.rounds),
            "assignments": tuple(_reopened(assignment, by) for assignment in file.assignments),
            "announcements": tuple(
                news.model_copy(update={"published": _moved(news.published, by)})
                for news in file.announcements
            ),
        }
    )


def months_of(days: Sequence[date]) -> str:
    """Return the first and the last month of some days: "Oct 2025 to Jan 2026". "" for none."""
    if not days:
        return ""
    first, last = (format_date(day, "M Y") for day in (min(days), max(days)))
    return first if first == last else f"{first} to {last}"


def _reopened(part: Round | Assignment, by: timedelta) -> Round | Assignment:
    return part.model_copy(
        update={"opens": _moved_text(part.opens, by), "closes": _moved_text(part.closes, by)}
    )


def _moved_text(text: str, by: timedelta) -> str:
    rule = parse_rule(text)
    return rule_text(_moved(rule, by)) if isinstance(rule, FixedTime) else text


def _moved(moment: FixedTime, by: timedelta) -> FixedTime:
    """Move a moment. Which of two equal times was meant no longer matters on another date."""
    return replace(moment, day=moment.day + by, fold=moment.fold if by == timedelta(0) else None)
