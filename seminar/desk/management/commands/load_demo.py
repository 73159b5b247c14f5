"""``manage.py load_demo [--if-empty]``: two courses in mid-term, with people who work in them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from courses.models import Course
from seminar.desk.actions.demo import load_demo
from seminar.lib import clock
from seminar.lib.errors import Refused


class Command(BaseCommand):
    help = "Load the demo: two courses in mid-term. Needs DEMO and a database without courses."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing if there is a course already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and Course.objects.exists():
            return
        self.stdout.write("Loading the demo; this takes some seconds.")
        try:
            load_demo(at=clock.now())
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
