"""``manage.py export_course SLUG``: print a course as the course file that would make it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from courses.queries import course_by_slug
from seminar.desk.queries.course_file import export_course
from seminar.desk.rules.course_file import parse

TO_OUTPUT = Path("-")


class Command(BaseCommand):
    help = "Print a course as a course file (docs/course-file.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the course")
        parser.add_argument(
            "--output", type=Path, default=TO_OUTPUT, help="write it here, not to the output"
        )

    def handle(self, *, slug: str, output: Path, **options: Any) -> None:
        course = course_by_slug(slug)
        if course is None:
            raise CommandError(f"There is no course {slug}.")
        text = export_course(course)
        if output == TO_OUTPUT:
            self.stdout.write(text, ending="")
        else:
            _write(output, text)
        for problem in parse(text.encode()).problems:
            self.stderr.write(f"Mend this before you load it: {problem}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
