"""What operations of the API share that import a CSV file: body, answer, the two ways to call them.

With ``dry_run`` nothing is written and the plan is answered. With ``plan``, its hash, exactly that
plan is carried out, or nothing (409). With neither, whatever the file does now is done.
"""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from seminar.lib.plans import Plan, preview_data, sound
from seminar.lib.rest import Answer, Body, Text
from seminar.lib.tables import LARGEST, Columns, Table, read_table


class TableFile(Body):
    """A CSV file as text. JSON is UTF-8, so there is no encoding to choose."""

    content = Text(max_length=LARGEST, trim_whitespace=False, help_text="the CSV file")
    dry_run = serializers.BooleanField(default=False, help_text="only say what would change")
    plan = Text(max_length=64, required=False, help_text="of the dry run that was looked at")


class ScoresFile(TableFile):
    """A CSV file of scores, and why they are given."""

    reason = Text(max_length=2000, default="", allow_blank=True)


class Step(Answer):
    """What becomes of one row; ``line`` is null for what is not in the file."""

    line = serializers.IntegerField(allow_null=True)
    subject = serializers.CharField(help_text="whose row it is: an e-mail address")
    code = serializers.CharField(help_text="stable, for programs")
    changes = serializers.BooleanField()
    words = serializers.CharField(help_text="for people")


class Imported(Answer):
    """How a file was read, and what each row does or did."""

    dry_run = serializers.BooleanField()
    plan = serializers.CharField(help_text="SHA-256 of all steps")
    delimiter = serializers.CharField(help_text="comma, semicolon or tab")
    columns = serializers.ListField(child=serializers.CharField())
    sample = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    changes = serializers.IntegerField()
    steps = Step(many=True)


def imported(
    facts: dict[str, Any],
    columns: Columns,
    plan: Callable[[Table], Plan[Any]],
    apply: Callable[[Table, str | None], dict[str, Any]],
) -> dict[str, Any]:
    """Do what a body asks for; return what ``Imported`` answers. Raises what ``apply`` raises."""
    table = read_table(facts["content"].encode(), columns)
    if facts["dry_run"]:
        found = preview_data(table, sound(plan(table)))
    else:
        found = apply(table, facts.get("plan"))
    return {"dry_run": facts["dry_run"]} | found
