"""``manage.py import_preferences SLUG ROUND FILE.csv``: lists collected on paper."""

from argparse import ArgumentParser
from typing import Any

from presentations import actions
from presentations.management.rounds import add_round, round_named
from presentations.rules import PREFERENCES_COLUMNS
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.plans import preview_data, sound
from seminar.lib.table_command import TableCommand


class Command(TableCommand):
    help = "Enter lists (email,choice_1,choice_2,...; papers by key) in the order they arrived."
    columns = PREFERENCES_COLUMNS

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_round(parser)
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        round_ = round_named(options["slug"], options["round"])
        table = self.table(options)
        try:
            if options["dry_run"]:
                found = preview_data(table, sound(actions.plan_of_preferences(round_, table)))
            else:
                found = actions.import_preferences(round_.pk, table, by=None, at=clock.now())
        except Refused as refusal:
            self.fail(refusal, options)
        self.show(found, options)
