"""`manage.py allocate SLUG ROUND [--dry-run] [--publish] [--json]`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from presentations import actions, queries, rules
from presentations.management.rounds import add_round, round_named
from presentations.models import Allocation, PreferenceRound
from seminar.lib import clock
from seminar.lib.errors import Refused


class Command(BaseCommand):
    """Runs the same allocation as the board does, and prints the outcome."""

    help = "Allocate a preference round; students are named by e-mail, papers and meetings by key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_round(parser)
        parser.add_argument("--dry-run", action="store_true", help="store nothing, tell nobody")
        parser.add_argument("--publish", action="store_true", help="publish the run as well")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        round_ = round_named(options["slug"], options["round"])
        if options["dry_run"] and options["publish"]:
            raise CommandError("--dry-run and --publish exclude each other.")
        try:
            outcome = self.outcome(round_, options)
        except Refused as refusal:
            raise CommandError("\n".join([str(refusal), *problem_lines(refusal)])) from refusal
        except rules.ImpossibleInputs as impossible:
            raise CommandError(f"These facts contradict each other: {impossible}") from impossible
        printed = queries.outcome_json(round_, outcome)
        self.stdout.write(json.dumps(printed, indent=2) if options["json"] else as_lines(printed))

    def outcome(self, round_: PreferenceRound, options: dict[str, Any]) -> dict[str, Any]:
        """Work the outcome out, store and publish it as asked. Raises Refused."""
        if options["dry_run"]:
            _inputs, computed = queries.compute_outcome(round_)
            return computed.data()
        at = clock.now()
        code = actions.allocate_round(round_.pk, None, at)["code"]
        run = Allocation.objects.get(code=code)
        if options["publish"]:
            actions.publish_allocation(run.pk, None, at)
        stored: dict[str, Any] = run.outcome
        return stored


def problem_lines(refusal: Refused) -> list[str]:
    return [f"{problem['value']}: {problem['rule']}" for problem in refusal.problems]


def as_lines(printed: dict[str, Any]) -> str:
    """Return the outcome for a terminal, one line each."""
    lines = [f"input hash {printed['input_hash']}"]
    for placed in printed["placements"]:
        number = placed["number"] or "-"
        lines.append(
            f"{number:>5}  {placed['student']}  {placed['paper']}  {placed['meeting']}  "
            f"choice {placed['choice'] or '-'}  {placed['reason']}"
        )
    lines += [
        f"{missed['number'] or '-':>5}  {missed['student']}  no paper: {missed['reason']}"
        for missed in printed["unplaced"]
    ]
    return "\n".join(lines)
