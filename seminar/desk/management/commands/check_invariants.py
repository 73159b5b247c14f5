"""``manage.py check_invariants``: what should always hold in the data, and whether it does."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from seminar.desk.queries.invariants import (
    FILES,
    FULL,
    Finding,
    UnknownInvariant,
    all_invariants,
    one_moment,
    run,
)
from seminar.lib import clock

CLEAN, VIOLATED, COULD_NOT_RUN = 0, 1, 2
SHOWN = 20


class Command(BaseCommand):
    help = (
        "Check what always holds in the data (docs/invariants.md). Changes nothing. "
        "Ends with 0: all holds; 1: something does not; 2: something could not be checked."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--level",
            type=int,
            choices=range(FILES + 1),
            default=FULL,
            help="0: quick; 1: computes results anew (default); 2: reads every kept file too",
        )
        parser.add_argument("--only", nargs="+", metavar="ID", default=[], help="check just these")
        parser.add_argument(
            "--list", action="store_true", help="say what is checked, check nothing"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, level: int, only: list[str], **options: Any) -> None:
        if options["list"]:
            self.stdout.write(_list(as_json=options["json"]))
            return
        try:
            with one_moment():
                findings = list(run(at=clock.now(), level=level, only=only))
        except UnknownInvariant as error:
            raise CommandError(f"No such invariant: {error}", returncode=COULD_NOT_RUN) from error
        except DatabaseError as error:
            words = f"The database cannot be read; is it migrated? {error}"
            raise CommandError(words, returncode=COULD_NOT_RUN) from error
        self.stdout.write(_json(findings, level) if options["json"] else _words(findings))
        status = _status(findings)
        if status:
            sys.exit(status)


def _status(findings: list[Finding]) -> int:
    if any(finding.error for finding in findings):
        return COULD_NOT_RUN
    return VIOLATED if any(finding.violations for finding in findings) else CLEAN


def _list(*, as_json: bool) -> str:
    if as_json:
        listed = [
            {
                "id": found.id,
                "level": found.level,
                "severity": found.severity,
                "explain": found.explain,
            }
            for found in all_invariants()
        ]
        return json.dumps({"invariants": listed}, ensure_ascii=False)
    return "\n".join(
        f"{found.id}  level {found.level}  {found.explain}" for found in all_invariants()
    )


def _json(findings: list[Finding], level: int) -> str:
    violated = [finding for finding in findings if finding.violations or finding.error]
    report = {
        "status": _status(findings),
        "level": level,
        "checked": [finding.invariant.id for finding in findings],
        "findings": [
            {
                "id": finding.invariant.id,
                "severity": finding.invariant.severity,
                "explain": finding.invariant.explain,
                "error": finding.error,
                "violations": [asdict(violation) for violation in finding.violations],
            }
            for finding in violated
        ],
    }
    return json.dumps(report, ensure_ascii=False)


def _words(findings: list[Finding]) -> str:
    """Say what does not hold, worst first, and end with one line that sums up."""
    order = {"critical": 0, "major": 1, "minor": 2}
    wrong = [finding for finding in findings if finding.violations or finding.error]
    wrong.sort(key=lambda finding: (order[finding.invariant.severity], finding.invariant.id))
    lines = [line for finding in wrong for line in _lines(finding)]
    violated = sum(bool(finding.violations) for finding in findings)
    failed = sum(bool(finding.error) for finding in findings)
    summary = f"{len(findings)} checked, {len(findings) - len(wrong)} hold"
    summary += f", {violated} violated" if violated else ""
    summary += f", {failed} could not be checked" if failed else ""
    return "\n".join([*lines, summary + "."])


def _lines(finding: Finding) -> list[str]:
    found = finding.invariant
    head = f"{found.id} ({found.severity}): {found.explain}"
    if finding.error:
        return [head, f"    COULD NOT BE CHECKED: {finding.error}", ""]
    rows = [
        f"    {row.where}: {row.found}; should be: {row.expected}"
        for row in finding.violations[:SHOWN]
    ]
    left = len(finding.violations) - SHOWN
    if left > 0:
        rows.append(f"    ... and {left} more (--json shows all)")
    return [head, *rows, ""]
