"""`manage.py replay_allocation CODE [--json]`: compute a stored run again; 1 if it differs."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from presentations import queries
from presentations.models import Allocation


class Command(BaseCommand):
    """Replays a run, as its page does; ends with 1 where other bytes come out."""

    help = "Compute a stored allocation again from its inputs and compare the bytes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", metavar="CODE", help="the code of the run")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        run = Allocation.objects.filter(code=options["code"]).first()
        if run is None:
            raise CommandError(f"There is no allocation “{options['code']}”.", returncode=2)
        found = queries.replay(run)
        facts = {
            "code": run.code,
            "same": found.same,
            "input_hash": found.input_hash,
            "outcome_hash": found.stored,
            "recomputed_hash": found.recomputed,
        }
        self.stdout.write(json.dumps(facts, indent=2) if options["json"] else as_lines(found))
        if not found.same:
            sys.exit(1)


def as_lines(found: queries.Replayed) -> str:
    """Return the comparison for a terminal."""
    words = "same bytes" if found.same else "NOT the same bytes"
    return "\n".join(
        [
            f"input hash    {found.input_hash}",
            f"outcome hash  {found.stored}",
            f"computed now  {found.recomputed or 'nothing: these inputs cannot be allocated'}",
            words,
        ]
    )
