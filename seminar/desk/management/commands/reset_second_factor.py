"""``manage.py reset_second_factor EMAIL --reason TEXT``: for who lost phone and recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from seminar.desk.actions.second_factor import reset_second_factor
from seminar.lib import clock
from seminar.lib.errors import Refused


class Command(BaseCommand):
    help = (
        "Remove a person's second factor, so that they set up a new one after their next sign-in. "
        "Make sure first that it is really they who ask: meet or call them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address they sign in with")
        parser.add_argument("--reason", required=True, help="kept in the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = reset_second_factor(options["email"], reason=options["reason"], at=clock.now())
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"{user.name} has no second factor now and is told so by mail.")
