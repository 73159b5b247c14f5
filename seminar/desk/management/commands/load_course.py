"""``manage.py load_course FILE``: apply a course file, or say all that is wrong with it."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from seminar.desk.actions.load_course import Change, LoadReport, load_course
from seminar.desk.rules.course_file import Problem, parse
from seminar.desk.rules.course_file.reading import LARGEST, placed
from seminar.lib import clock
from seminar.lib.errors import Refused

SHOWN = 100


class Command(BaseCommand):
    help = "Create or update a course from a course file (docs/course-file.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the course file (YAML); - reads the input")
        parser.add_argument("--dry-run", action="store_true", help="say what would change")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--confirm-scheme",
            action="store_true",
            help="change weights or the pass rule although marks exist",
        )

    def handle(self, *, file: Path, dry_run: bool, confirm_scheme: bool, **options: Any) -> None:
        parsed = parse(_read(file))
        if parsed.file is None:
            self._fail([asdict(problem) for problem in parsed.problems], as_json=options["json"])
        try:
            report = load_course(
                parsed.file,
                by=None,
                at=clock.now(),
                dry_run=dry_run,
                confirm_scheme=confirm_scheme,
            )
        except Refused as refusal:
            problems = [_with_hint(one) for one in placed(refusal.problems, parsed.tree)]
            self._fail(problems, as_json=options["json"])
        self.stdout.write(_as_json(report) if options["json"] else _in_words(report))

    def _fail(self, problems: list[dict[str, Any]], *, as_json: bool) -> NoReturn:
        """Say every problem and end with exit status 1."""
        number = len(problems)
        if as_json:
            self.stdout.write(json.dumps({"problems": problems}, ensure_ascii=False))
            raise CommandError(f"Nothing was changed: {number} problem(s).")
        lines = [_line(problem) for problem in problems[:SHOWN]]
        if number > SHOWN:
            lines.append(f"... and {number - SHOWN} more")
        raise CommandError("\n".join([*lines, f"Nothing was changed: {number} problem(s)."]))


def _read(path: Path) -> bytes:
    """Read the file, one byte more than is accepted at most."""
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(LARGEST + 1)
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def _with_hint(problem: dict[str, Any]) -> dict[str, Any]:
    """Say how a change is confirmed here."""
    if problem["code"] == "scheme_after_grades":
        return problem | {"hint": "Confirm it with --confirm-scheme."}
    return problem


def _line(problem: dict[str, Any]) -> str:
    return str(Problem(**problem))


def _as_json(report: LoadReport) -> str:
    return json.dumps({**asdict(report), "total": report.total}, cls=DjangoJSONEncoder)


def _in_words(report: LoadReport) -> str:
    """Say what changed: one line each, and how many; "0 changes" where the file is applied."""
    lines = [_change_in_words(change) for change in report.changes]
    noun = "change" if report.total == 1 else "changes"
    verb = "" if not report.total else " would be made" if report.dry_run else " made"
    lines.append(f"{report.slug}: {report.total} {noun}{verb}")
    if report.told:
        lines.append(f"presenters told of talks that move: {report.told}")
    return "\n".join(lines)


def _change_in_words(change: Change) -> str:
    if change.field:
        return f"{change.kind} {change.key}: {change.field}: {change.before} -> {change.after}"
    return f"{change.kind} {change.key}: {'removed' if change.removed else 'created'}"
