"""What commands that import a CSV file share: reading it, printing the preview, failing whole."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from seminar.lib.errors import Refused
from seminar.lib.tables import ENCODINGS, LARGEST, Columns, Table, read_table


class TableCommand(BaseCommand):
    """A command ``import_x SLUG … FILE.csv [--dry-run] [--json] [--encoding E]``."""

    columns: Columns

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.csv", type=Path, help="- reads the input")
        parser.add_argument("--dry-run", action="store_true", help="say what would change")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--encoding", choices=ENCODINGS, default="utf-8")

    def table(self, options: dict[str, Any]) -> Table:
        """Read the file, one byte more than is accepted at most. Raises CommandError."""
        path: Path = options["file"]
        try:
            if str(path) == "-":
                raw = sys.stdin.buffer.read(LARGEST + 1)
            else:
                with path.open("rb") as file:
                    raw = file.read(LARGEST + 1)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        return read_table(raw, self.columns, options["encoding"])

    def show(self, found: dict[str, Any], options: dict[str, Any]) -> None:
        """Print what the file does, or would do; ``found`` is from ``preview_data``."""
        if options["json"]:
            data = {"dry_run": options["dry_run"]} | found
            self.stdout.write(json.dumps(data, ensure_ascii=False))
            return
        encoding = ENCODINGS[found["encoding"]]
        self.stdout.write(f"{encoding}, separated by {found['delimiter']}; first rows:")
        for row in found["sample"]:
            self.stdout.write("  " + " | ".join(row))
        for step in found["steps"]:
            place = f"line {step['line']}" if step["line"] else "not in the file"
            mark = "+" if step["changes"] else " "
            self.stdout.write(f"{mark} {place}: {step['subject']}: {step['words']}")
        verb = "would be made" if options["dry_run"] else "made"
        noun = "change" if found["changes"] == 1 else "changes"
        self.stdout.write(f"{found['changes']} {noun} {verb}")

    def fail(self, refusal: Refused, options: dict[str, Any]) -> NoReturn:
        """Say every problem and end with exit status 1."""
        if options["json"]:
            told = {"error": refusal.code, "problems": refusal.problems}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            raise CommandError(str(refusal))
        lines = [
            f"{problem['field']}: {problem['value']}: {problem['rule']}".replace(": : ", ": ")
            for problem in refusal.problems
        ]
        raise CommandError("\n".join([*lines, str(refusal)]))
