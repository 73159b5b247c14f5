"""Who passes: printed, and frozen if asked for."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from courses.models import Course
from courses.queries import course_by_slug
from grading import actions, queries
from seminar.lib import clock
from seminar.lib.errors import Refused


class Command(BaseCommand):
    """Print each student's exact components, total, clauses and verdict, by name."""

    help = "Print the results of a course; --freeze writes them down for good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--freeze", action="store_true", help="write an immutable result")
        parser.add_argument("--reason", default="", help="why a frozen result is frozen again")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        course = course_by_slug(options["slug"])
        if course is None:
            raise CommandError(f"There is no course “{options['slug']}”.")
        at = clock.now()
        answer: dict[str, Any] = {"course": course.slug}
        if options["freeze"]:
            answer["frozen"] = self.freeze(course, options["reason"])
        answer["students"] = queries.results_json(course, at=at)
        if options["as_json"]:
            self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
        else:
            self.print_table(answer)

    def freeze(self, course: Course, reason: str) -> dict[str, Any]:
        """Freeze, or end with what is undecided, one per line."""
        try:
            run = actions.freeze_results(course, by=None, at=clock.now(), reason=reason)
        except Refused as refusal:
            lines = [f"  {p['field']}: {p['rule']} ({p['value']})" for p in refusal.problems]
            raise CommandError("\n".join([str(refusal), *lines])) from None
        return {"number": run.number, "hash": run.content_hash}

    def print_table(self, answer: dict[str, Any]) -> None:
        """Write one line per student."""
        if "frozen" in answer:
            frozen = answer["frozen"]
            self.stdout.write(f"frozen: results {frozen['number']}, sha256 {frozen['hash']}")
        for student in answer["students"]:
            parts = "  ".join(
                f"{key} {part['shown']}" for key, part in student["components"].items()
            )
            self.stdout.write(
                f"{student['student']}  {student['verdict']}  "
                f"{parts}  total {student['total']['shown']}"
            )
