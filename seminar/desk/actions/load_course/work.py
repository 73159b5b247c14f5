"""What students do in a course: rounds and assignments, with openings resolved from the schedule."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from assignments.models import Assignment, Submission
from courses.models import Module, Paper
from courses.queries import schedule_facts
from courses.rules import Problem, Resolved, Schedule, parse_rule, resolve
from presentations.models import PreferenceRound
from seminar.desk.actions.load_course.context import Load
from seminar.desk.rules.course_file import schema
from seminar.desk.rules.course_file.checks.work import round_papers
from seminar.desk.rules.course_file.problems import Path
from seminar.desk.rules.course_file.words import field_words

NOTICE = timedelta(hours=24)
FROZEN_FIELDS = ("opens_at", "min_length", "max_length", "max_unwanted", "fill")


class Window(NamedTuple):
    """When something is open: as written, and as resolved from the schedule."""

    opens_rule: str
    opens_at: datetime
    closes_rule: str
    closes_at: datetime


def put_rounds(load: Load, papers: dict[str, Paper]) -> list[PreferenceRound]:
    """Bring the rounds to the file's; return what is left over. Locks the rounds.

    What students were promised when they could first submit stays: papers, lengths, opening, and
    the time they have: an end only moves to later.
    """
    schedule = schedule_facts(load.course)
    rows = PreferenceRound.objects.select_for_update().filter(course=load.course).order_by("pk")
    existing = {row.key: row for row in rows}
    for index, part in enumerate(load.file.rounds):
        path = ("rounds", index)
        row = existing.pop(part.key, None)
        times = _times(load, path, part, row, schedule)
        if times is None:
            continue
        chosen = round_papers(part, load.file.papers)
        fields = {
            "title": part.title,
            **times._asdict(),
            "min_length": part.min_length,
            "max_length": part.max_length or len(chosen),
            "max_unwanted": part.max_unwanted,
            "fill": part.fill,
        }
        wanted = {papers[paper.key].pk: paper.key for paper in chosen}
        if row is not None and not _may_change_round(load, path, row, fields, set(wanted)):
            continue
        saved = load.ledger.put(
            "round",
            part.key,
            row,
            PreferenceRound,
            identity={"course": load.course, "key": part.key},
            fields=fields,
        )
        load.ledger.link("round", part.key, saved, "papers", wanted)
    return list(existing.values())


def put_assignments(
    load: Load, modules: dict[str, Module]
) -> tuple[dict[str, Assignment], list[Assignment]]:
    """Bring the assignments to the file's; return them by key, and what is left over.

    A deadline is never moved to less than 24 hours ahead, and what was handed in keeps the form it
    was asked for in. Source: PRODUCT 3.2.
    """
    schedule = schedule_facts(load.course)
    existing = {row.key: row for row in load.course.assignments.all()}
    handed_in = set(
        Submission.objects.filter(assignment__course=load.course)
        .values_list("assignment__key", flat=True)
        .distinct()
    )
    assignments: dict[str, Assignment] = {}
    for index, part in enumerate(load.file.assignments):
        path = ("assignments", index)
        row = existing.pop(part.key, None)
        times = _times(load, path, part, row, schedule)
        if times is None:
            continue
        form = _form(part, modules)
        if row is not None:
            _check_deadline(load, path, row, times.closes_at)
            if part.key in handed_in:
                _check_form(load, path, row, form)
        assignments[part.key] = load.ledger.put(
            "assignment",
            part.key,
            row,
            Assignment,
            identity={"course": load.course, "key": part.key},
            fields={
                "title": part.title,
                "brief": part.brief,
                "position": index,
                **times._asdict(),
                **form,
            },
        )
    return assignments, list(existing.values())


def _form(part: schema.Assignment, modules: dict[str, Module]) -> dict[str, object]:
    """Return the columns that say what is handed in."""
    report = part.report or schema.Report()
    pages = part.pages or schema.Pages()
    return {
        "kind": part.kind,
        "module_id": modules[part.module].pk if part.module else None,
        "papers_asked": report.papers,
        "summary_min": report.summary_min,
        "summary_max": report.summary_max,
        "strengths": report.strengths,
        "weaknesses": report.weaknesses,
        "improvements": report.improvements,
        "extensions_asked": report.extensions,
        "pages_min": pages.min,
        "pages_max": pages.max,
    }


def _times(
    load: Load,
    path: Path,
    part: schema.Round | schema.Assignment,
    row: PreferenceRound | Assignment | None,
    schedule: Schedule,
) -> Window | None:
    """Return rules and instants, or None with a conflict written down."""
    opened = (row.opens_rule, row.opens_at) if row else None
    closed = (row.closes_rule, row.closes_at) if row else None
    opens = _instant(load, (*path, "opens"), part.opens, schedule, opened)
    closes = _instant(load, (*path, "closes"), part.closes, schedule, closed)
    if opens is None or closes is None:
        return None
    if closes <= opens:
        rule = _("It would close before it opens.")
        load.ledger.refuse((*path, "closes"), "closes_before_opening", part.closes, rule)
        return None
    return Window(part.opens, opens, part.closes, closes)


def _instant(
    load: Load,
    path: Path,
    text: str,
    schedule: Schedule,
    last: tuple[str, datetime] | None,
) -> datetime | None:
    """Resolve a rule. Where its meeting has been cancelled, the last instant stands."""
    rule = parse_rule(text)
    planned = replace(
        schedule, meetings=tuple(replace(m, cancelled=False) for m in schedule.meetings)
    )
    result = resolve(rule, planned)
    if isinstance(result, Resolved) and result.anchor and schedule.by_key[result.anchor].cancelled:
        if last is not None and last[0] == text:
            return last[1]
        result = resolve(rule, schedule)
    if isinstance(result, Problem):
        load.ledger.refuse(path, result.code, text, result.words.text())
        return None
    return result.instant


def _may_change_round(
    load: Load, path: Path, row: PreferenceRound, fields: dict[str, Any], wanted: set[int]
) -> bool:
    """Tell whether a round may become what the file says; write down why not."""
    fixed = FROZEN_FIELDS if row.closed_at is None else (*FROZEN_FIELDS, "closes_at")
    differing = [name for name in fixed if getattr(row, name) != fields[name]]
    if {paper.pk for paper in row.papers.all()} != wanted:
        differing.append("papers")
    if row.last_number == 0 and row.closed_at is None:
        return True
    for name in differing:
        rule = _("Lists have been submitted in this round, so this can no longer change: %(name)s.")
        said = rule % {"name": field_words(name)}
        load.ledger.refuse((*path, name.removesuffix("_at")), "round_in_use", row.key, said)
    return _keeps_time(load, path, row, fields["closes_at"]) and not differing


def _keeps_time(load: Load, path: Path, row: PreferenceRound, closes_at: datetime) -> bool:
    """Tell whether everybody keeps the time to submit that they were promised.

    An earlier end could even lie before lists that are in already. Later is fine.
    """
    if row.closed_at is not None or closes_at >= row.closes_at:
        return True
    rule = _("Lists are in, and nobody may lose time they were promised: it may only close later.")
    load.ledger.refuse((*path, "closes"), "round_closes_earlier", row.key, rule)
    return False


def _check_deadline(load: Load, path: Path, row: Assignment, closes_at: datetime) -> None:
    if closes_at < row.closes_at and closes_at < load.at + NOTICE:
        rule = _("A deadline that is moved earlier stays at least 24 hours ahead.")
        load.ledger.refuse((*path, "closes"), "deadline_too_soon", row.key, rule)


def _check_form(load: Load, path: Path, row: Assignment, form: dict[str, object]) -> None:
    differing = [name for name, value in form.items() if getattr(row, name) != value]
    if differing:
        rule = _("Work has been handed in, so what is asked for can no longer change: %(names)s.")
        names = ", ".join(map(field_words, differing))
        load.ledger.refuse((*path, "key"), "handed_in_already", row.key, rule % {"names": names})
