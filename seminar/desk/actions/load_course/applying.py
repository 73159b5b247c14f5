"""Apply a course file: all of it or nothing, and nothing twice."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course
from grading.actions.locks import lock_course_students
from presentations.models import PreferenceRound
from seminar.accounts.actions import audit
from seminar.accounts.models import AuditEntry, User
from seminar.desk.actions.load_course.context import Load
from seminar.desk.actions.load_course.ledger import Change, Ledger
from seminar.desk.actions.load_course.outline import (
    check_capacity,
    course_fields,
    put_anchors,
    put_announcements,
    put_meetings,
    put_modules,
    put_papers,
    put_policy,
    put_prerequisites,
    put_staff,
)
from seminar.desk.actions.load_course.preview import (
    MovedDeadline,
    MovedVerdict,
    Snapshot,
    fingerprint,
    moved_deadlines,
    moved_verdicts,
    snapshot,
)
from seminar.desk.actions.load_course.scheme import (
    check_scheme_change,
    put_components,
    put_items,
    put_pass_rule,
)
from seminar.desk.actions.load_course.talks import (
    MovedTalk,
    check_talks_fit,
    moved_talks,
    plan_of,
    tell_presenters,
)
from seminar.desk.actions.load_course.work import put_assignments, put_rounds
from seminar.desk.rules.course_file import CourseFile
from seminar.desk.rules.course_file.problems import written
from seminar.lib.errors import Refused


@dataclass(frozen=True)
class LoadReport:
    """What a file changed, or would change: numbers of rows by kind, and each change.

    What a person is shown before it happens is there after a dry run: deadlines and talks that
    move, verdicts that change, how many presenters are told of it by mail, and ``preview``, a name
    for all of this that ``expected`` can hold it to.
    """

    slug: str
    dry_run: bool
    created: dict[str, int]
    changed: dict[str, int]
    removed: dict[str, int]
    unchanged: dict[str, int]
    changes: tuple[Change, ...]
    preview: str = ""
    deadlines: tuple[MovedDeadline, ...] = ()
    verdicts: tuple[MovedVerdict, ...] = ()
    talks: tuple[MovedTalk, ...] = ()
    told: int = 0

    @property
    def total(self) -> int:
        """How many rows were created, changed or removed."""
        return sum(sum(part.values()) for part in (self.created, self.changed, self.removed))


@transaction.atomic
def load_course(  # noqa: PLR0913 - the file, who, when, and what was agreed to
    file: CourseFile,
    *,
    by: User | None,
    at: datetime,
    dry_run: bool = False,
    confirm_scheme: bool = False,
    expected: str = "",
    new: bool = False,
) -> LoadReport:
    """Create the course of a file, or bring the course with its slug to what the file says.

    Rows are matched by key. The same file again changes nothing. What the file leaves out is
    removed if nothing hangs on it. ``by`` is None on the command line. ``dry_run`` does all of it
    and takes it back. ``confirm_scheme`` lets weights and the pass rule change although marks exist.
    ``expected`` is the ``preview`` of a dry run: nothing is done unless it would come to the same.
    ``new``: the course must not exist.

    Locks the course's rounds in order of id, then the course, then its students. Queues
    ``desk/mail/talks_moved`` to each presenter whose talk begins at another time, and nothing else.

    Raises Refused("course_file_conflicts", 409), with each conflict as a problem (code, path,
    place in the file, value, rule): ``in_use not_staff capacity_below_use round_in_use
    round_closes_earlier deadline_too_soon talks_do_not_fit handed_in_already max_below_mark
    cap_below_points scored_elsewhere scheme_after_grades frozen``, and openings that the schedule as it is now (cancelled meetings)
    does not resolve. Raises Refused("preview_is_stale", 409), Refused("slug_taken", 409).
    """
    existing = _locked(file.course.slug)
    if new and existing is not None:
        words = _("There is a course “%(slug)s” already. Choose another slug.")
        raise Refused("slug_taken", words % {"slug": file.course.slug})
    ledger = Ledger(zone=file.course.zone)
    shows = dry_run or bool(expected)
    before = snapshot(existing, at=at) if shows and existing is not None else None
    planned = plan_of(existing)
    course = ledger.put(
        "course",
        file.course.slug,
        existing,
        Course,
        identity={"slug": file.course.slug},
        fields=course_fields(file),
    )
    load = Load(file, course, existing is None, by, at, ledger, confirmed=confirm_scheme)
    _apply(load)
    now = plan_of(None if load.is_new else course)
    check_talks_fit(load, planned, now)
    if ledger.conflicts:
        raise _refusal(ledger)
    report = _report(load, before, moved_talks(planned, now, at=at), dry_run=dry_run)
    if shows:
        report = replace(report, preview=_preview(file, before, report))
    if expected and report.preview != expected:
        words = _("The course was changed since this preview. Nothing was changed. Look again.")
        raise Refused("preview_is_stale", words)
    if report.total and not dry_run:
        entry = _audit(load, report)
        told = tell_presenters(load, planned, now, key=f"load_course-{entry.pk}")
        report = replace(report, told=told)
    if dry_run:
        transaction.set_rollback(True)
    return report


def _preview(file: CourseFile, before: Snapshot | None, report: LoadReport) -> str:
    """Name all that is shown of a report."""
    shown = (report.changes, report.deadlines, report.verdicts, report.talks)
    return fingerprint(file, before, shown)


def _locked(slug: str) -> Course | None:
    """Return the course with a slug, locked, and its students.

    Its rounds come before it, as in an allocation (presentations.actions.locks).
    """
    rounds = PreferenceRound.objects.select_for_update(of=("self",)).filter(course__slug=slug)
    list(rounds.order_by("pk").values_list("pk"))
    course = Course.objects.select_for_update().filter(slug=slug).first()
    if course is not None:
        lock_course_students(course)
    return course


def _apply(load: Load) -> None:
    """Write every part, what is referred to before what refers to it; remove in reverse."""
    check_capacity(load)
    put_policy(load)
    put_prerequisites(load)
    people = put_staff(load)
    modules, old_modules = put_modules(load)
    meetings, old_meetings = put_meetings(load, modules, people)
    put_anchors(load, modules, meetings)
    papers, old_papers = put_papers(load, modules, meetings)
    old_rounds = put_rounds(load, papers)
    assignments, old_assignments = put_assignments(load, modules)
    components, old_components = put_components(load)
    put_items(load, components, assignments)
    put_pass_rule(load, components)
    put_announcements(load)
    load.ledger.remove("component", ("components",), old_components)
    load.ledger.remove("assignment", ("assignments",), old_assignments)
    load.ledger.remove("round", ("rounds",), old_rounds)
    load.ledger.remove("paper", ("papers",), old_papers)
    load.ledger.remove("module", ("modules",), sorted(old_modules, key=lambda row: -row.pk))
    load.ledger.remove("meeting", ("meetings",), old_meetings)
    check_scheme_change(load)


def _refusal(ledger: Ledger) -> Refused:
    return Refused(
        "course_file_conflicts",
        _("The course is in use, and this file does not fit it any more. Nothing was changed."),
        problems=[
            {
                "code": conflict.code,
                "path": written(conflict.path),
                "place": list(conflict.path),
                "value": conflict.value,
                "rule": conflict.rule,
            }
            for conflict in ledger.conflicts
        ],
    )


def _report(
    load: Load, before: Snapshot | None, talks: tuple[MovedTalk, ...], *, dry_run: bool
) -> LoadReport:
    ledger = load.ledger
    course = load.course
    after = snapshot(course, at=load.at) if before and ledger.changes else None
    return LoadReport(
        slug=load.course.slug,
        dry_run=dry_run,
        created=dict(+ledger.created),
        changed=dict(+ledger.changed),
        removed=dict(+ledger.removed),
        unchanged=dict(+ledger.unchanged),
        changes=tuple(ledger.changes),
        deadlines=moved_deadlines(course, before.closes, after.closes) if before and after else (),
        verdicts=moved_verdicts(course, before.verdicts, after.verdicts)
        if before and after
        else (),
        talks=talks,
    )


def _audit(load: Load, report: LoadReport) -> AuditEntry:
    """Write one line; of a new course the numbers, of a known one each change."""
    fields = [change for change in report.changes if change.field]
    return audit(
        "load_course",
        at=load.at,
        actor=load.by,
        subject=f"course {load.course.slug}",
        course_slug=load.course.slug,
        before={f"{c.kind} {c.key} {c.field}": c.before for c in fields} or None,
        after={
            "created": report.created,
            "changed": report.changed,
            "removed": report.removed,
            **{f"{c.kind} {c.key} {c.field}": c.after for c in fields},
        },
    )
