"""``manage.py import_scores SLUG FILE.csv``: scores, excuses and overrides from a file."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from courses.queries import course_by_slug
from grading.actions.imports import import_scores, plan_of_scores
from grading.rules.imports import SCORES_COLUMNS
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.plans import preview_data, sound
from seminar.lib.table_command import TableCommand


class Command(TableCommand):
    help = "Add scores (email,item,score,state; blank leaves unchanged). Releases nothing."
    columns = SCORES_COLUMNS

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the course")
        super().add_arguments(parser)
        parser.add_argument("--reason", default="", help="kept in the history of every grade")

    def handle(self, *args: Any, **options: Any) -> None:
        course = course_by_slug(options["slug"])
        if course is None:
            raise CommandError(f"There is no course “{options['slug']}”.")
        table, at = self.table(options), clock.now()
        try:
            if options["dry_run"]:
                found = preview_data(table, sound(plan_of_scores(course, table, at=at)))
            else:
                found = import_scores(course, table, by=None, at=at, reason=options["reason"])
        except Refused as refusal:
            self.fail(refusal, options)
        self.show(found, options)
