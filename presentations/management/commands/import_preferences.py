"""``manage.py import_preferences SLUG ROUND FILE.csv``: lists collected on paper."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from courses.queries import course_by_slug
from presentations import actions, queries
from presentations.models import PreferenceRound
from presentations.rules import PREFERENCES_COLUMNS
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.plans import preview_data, sound
from seminar.lib.table_command import TableCommand


class Command(TableCommand):
    help = "Enter lists (email,choice_1,choice_2,...; papers by key) in the order they arrived."
    columns = PREFERENCES_COLUMNS

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the course")
        parser.add_argument("round", metavar="ROUND", help="the key of the round")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        round_ = self.round(options["slug"], options["round"])
        table = self.table(options)
        try:
            if options["dry_run"]:
                found = preview_data(table, sound(actions.plan_of_preferences(round_, table)))
            else:
                found = actions.import_preferences(round_.pk, table, by=None, at=clock.now())
        except Refused as refusal:
            self.fail(refusal, options)
        self.show(found, options)

    def round(self, slug: str, key: str) -> PreferenceRound:
        """Return the round. Raises CommandError that names what does not exist."""
        course = course_by_slug(slug)
        if course is None:
            raise CommandError(f"There is no course “{slug}”.")
        round_ = queries.round_by_key(course, key)
        if round_ is None:
            known = ", ".join(each.key for each in queries.rounds_of(course)) or "none"
            raise CommandError(f"There is no round “{key}” in “{slug}”. Its rounds: {known}.")
        return round_
