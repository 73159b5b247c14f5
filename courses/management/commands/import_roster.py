"""``manage.py import_roster SLUG FILE.csv``: people into a course, all or nobody, without mail."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from courses import actions
from courses.queries import course_by_slug
from courses.rules import ROSTER_COLUMNS
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.plans import preview_data, sound
from seminar.lib.table_command import TableCommand


class Command(TableCommand):
    help = "Make the people of a roster (name,email,role,matriculation) active members."
    columns = ROSTER_COLUMNS

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the course")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        course = course_by_slug(options["slug"])
        if course is None:
            raise CommandError(f"There is no course “{options['slug']}”.")
        table = self.table(options)
        try:
            if options["dry_run"]:
                found = preview_data(table, sound(actions.plan_of_roster(course, table)))
            else:
                found = actions.import_roster(course, table, by=None, at=clock.now())
        except Refused as refusal:
            self.fail(refusal, options)
        self.show(found, options)
