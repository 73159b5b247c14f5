"""What was handed in: versions, receipts, files."""

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.dateparse import parse_datetime

from assignments.models import Assignment, Extension, StoredFile, Submission
from assignments.queries.drafts import modules_of
from assignments.rules import content_hash, days_late, effective_deadline, read_content
from courses.models import Paper
from seminar.accounts.models import AuditEntry
from seminar.desk.queries.invariants.reading import rows
from seminar.desk.queries.invariants.registry import FILES, FULL, Severity, Violation, invariant
from seminar.lib import uploads

UPLOADING = timedelta(hours=1)
UNCLAIMED = timedelta(hours=24)
OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO


@invariant("I-11", level=FILES, severity=Severity.CRITICAL, reads=(StoredFile,))
def files(at: datetime) -> Iterator[Violation]:
    """Every handed-in file is there, a plain file readable by the server alone, with the size and the SHA-256 of its row."""
    for sha256, size in StoredFile.objects.values_list("sha256", "size").iterator():
        where = f"file {sha256[:16]}"
        try:
            yield from _file(where, sha256, size)
        except OSError as error:
            yield Violation(where, error.strerror or "unreadable", "a readable file")


def _file(where: str, sha256: str, size: int) -> Iterator[Violation]:
    path = uploads.path_of(sha256)
    facts = path.lstat()
    root = Path(settings.MEDIA_ROOT).resolve()
    if not stat.S_ISREG(facts.st_mode) or root not in path.resolve().parents:
        yield Violation(where, "a link or a folder", "a plain file in the storage")
        return
    if facts.st_size != size:
        yield Violation(where, f"{facts.st_size} bytes", f"{size} bytes")
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            yield Violation(where, "other content", "content of this SHA-256")
    if facts.st_mode & OTHERS_MAY:
        yield Violation(where, f"mode {stat.S_IMODE(facts.st_mode):o}", "600")


@invariant("I-12", level=FILES, severity=Severity.MINOR)
def orphans(at: datetime) -> Iterator[Violation]:
    """The storage holds nothing but handed-in files: no file without its row after a day, no unfinished upload after an hour."""
    root = Path(settings.MEDIA_ROOT)
    known = {uploads.path_of(sha) for sha in StoredFile.objects.values_list("sha256", flat=True)}
    for folder, _folders, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            yield from _orphan(path, path in known, at)


def _orphan(path: Path, known: bool, at: datetime) -> Iterator[Violation]:  # noqa: FBT001
    try:
        age = timedelta(seconds=at.timestamp() - path.lstat().st_mtime)
    except FileNotFoundError:
        return  # an upload that ended meanwhile
    name = path.name[:16]
    if path.name.startswith(".upload-"):
        if age > UPLOADING:
            yield Violation(f"file {name}", "an upload that never ended", "no such file")
    elif not known and age > UNCLAIMED:
        yield Violation(f"file {name}", "a file that no submission names", "no such file")


@invariant("I-13", severity=Severity.CRITICAL, reads=(Submission,))
def versions(at: datetime) -> Iterator[Violation]:
    """The versions of each student's work are numbered 1, 2, 3 without a gap."""
    found = rows(
        """
        SELECT work.key, member.code, COUNT(*), MAX(version.number)
        FROM assignments_submission version
        JOIN assignments_assignment work ON work.id = version.assignment_id
        JOIN courses_membership member ON member.id = version.membership_id
        GROUP BY work.key, member.code, version.assignment_id
        HAVING COUNT(*) <> MAX(version.number) OR COUNT(DISTINCT version.number) <> COUNT(*)
        """
    )
    for key, code, count, last in found:
        words = f"{count} versions, the last is number {last}"
        yield Violation(f"assignment {key} member {code}", words, "no gap")


@invariant("I-15", level=FULL, severity=Severity.CRITICAL, reads=(Submission,))
def late_days(at: datetime) -> Iterator[Violation]:
    """The late days of a version are those between a deadline its student had and its arrival."""
    deadlines = _extensions()
    versions = Submission.objects.select_related("assignment__course", "membership")
    for version in versions.defer("content").iterator():
        work = version.assignment
        own = deadlines[work.course.slug, work.key, version.membership.code]
        possible = {
            days_late(
                version.received_at, effective_deadline(work.closes_at, until), work.course.zone
            )
            for until in (None, *own)
        }
        if version.source == Submission.Source.AUTOMATIC:
            possible = {0}
        if version.late_days not in possible:
            words = " or ".join(map(str, sorted(possible)))
            yield Violation(f"submission {version.code}", f"{version.late_days} late days", words)


def _extensions() -> dict[tuple[str, str, str], set[datetime]]:
    """Return every deadline somebody ever had beyond the base, by course, assignment, member."""
    found: dict[tuple[str, str, str], set[datetime]] = defaultdict(set)
    now = Extension.objects.values_list(
        "assignment__course__slug", "assignment__key", "membership__code", "until"
    )
    for slug, assignment, code, until in now:
        found[slug, assignment, code].add(until)
    granted = AuditEntry.objects.filter(verb="grant_extension")
    for slug, subject, *facts in granted.values_list("course_slug", "subject", "before", "after"):
        _word, assignment, code = subject.split(" ")
        times = (parse_datetime((fact or {}).get("until") or "") for fact in facts)
        found[slug, assignment, code].update(time for time in times if time is not None)
    return found


@invariant("I-17", level=FULL, severity=Severity.CRITICAL, reads=(Submission,))
def receipts(at: datetime) -> Iterator[Violation]:
    """Every receipt is genuine: the hash on it is that of the content as it is stored."""
    versions = Submission.objects.values_list("code", "content", "content_hash")
    for code, content, stored in versions.iterator():
        if content_hash(content) != stored:
            yield Violation(f"submission {code}", "other content than on the receipt", stored)


@invariant("I-18", level=FULL, reads=(Submission,))
def reports(at: datetime) -> Iterator[Violation]:
    """A report is about as many papers as were asked for, all different, all of its module's reading list."""
    reports = Assignment.objects.filter(kind=Assignment.Kind.REPORT).select_related("course")
    for work in reports:
        listed = Paper.objects.filter(course=work.course, module__in=modules_of(work))
        offered = set(listed.values_list("key", flat=True))
        for code, content in work.submissions.values_list("code", "content").iterator():
            papers = [about.paper for about in read_content(content)]
            if len(papers) != work.papers_asked or len(set(papers)) != len(papers):
                words = f"{len(set(papers))} different papers of {len(papers)}"
                yield Violation(f"submission {code}", words, str(work.papers_asked))
            elif not offered.issuperset(papers):
                yield Violation(f"submission {code}", "a paper of another list", "the module's")


@invariant("I-19", level=FULL, reads=(Submission,))
def file_facts(at: datetime) -> Iterator[Violation]:
    """What a version says of its file (hash, size, pages) is what the file's row says."""
    minis = Submission.objects.filter(assignment__kind=Assignment.Kind.MINI)
    for version in minis.select_related("file").iterator():
        if version.file is None:
            yield Violation(f"submission {version.code}", "no file", "a file")
            continue
        said = {name: version.content.get(name) for name in ("sha256", "size", "pages")}
        kept = {name: getattr(version.file, name) for name in said}
        if said != kept:
            differing = ", ".join(name for name in said if said[name] != kept[name])
            where = f"submission {version.code}"
            yield Violation(where, f"another {differing} than the file has", "the file's")
