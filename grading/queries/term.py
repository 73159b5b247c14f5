"""The end of the term as its pages, its file and its command show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from courses.models import Course, Membership
from grading import rules
from grading.models import PassRule, ResultRun
from grading.queries.results import (
    Blocker,
    Change,
    blockers_of,
    content_hash,
    content_of,
    latest_runs,
    verdict_changes,
)
from grading.queries.standings import Facts, Judged, facts_of, staff_standings
from grading.queries.tables import VERDICT_STATUS
from grading.queries.wording import rule_words
from seminar.lib.numbers import plain
from seminar.lib.words import Words


class ResultLine(NamedTuple):
    """One student's outcome: the numbers of the top components, the total, the status word."""

    member: Membership
    parts: list[dict[str, Any]]
    total: dict[str, Any]
    status: str
    lost: list[str]


@dataclass(frozen=True)
class ResultsPage:
    """Verdicts now, what blocks a freeze, the runs so far, the rule in words."""

    lines: list[ResultLine]
    components: tuple[rules.Component, ...]
    blockers: list[Blocker]
    runs: list[ResultRun]
    rule: list[Words]
    fresh: bool
    counts: Mapping[str, int]

    @property
    def frozen(self) -> ResultRun | None:
        """The newest frozen run."""
        return next((run for run in self.runs if run.frozen_at), None)

    @property
    def waiting(self) -> ResultRun | None:
        """A run that was asked for and is not computed yet."""
        return next((run for run in self.runs if run.computed_at is None), None)


def results_page(course: Course, *, at: datetime) -> ResultsPage:
    """Return the results page, computed now from all facts. Eight queries at any size."""
    facts = facts_of(course)
    judged = staff_standings(facts, at=at)
    lines = [result_line(facts, student) for student in judged]
    runs = latest_runs(course)
    now = content_hash([(student.member.code, content_of(student)) for student in judged])
    computed = next((run for run in runs if run.computed_at), None)
    return ResultsPage(
        lines=lines,
        components=facts.scheme.components,
        blockers=blockers_of(facts, judged),
        runs=runs,
        rule=rule_words(facts),
        fresh=computed is not None and computed.content_hash == now,
        counts={
            status: sum(line.status == status for line in lines)
            for status in VERDICT_STATUS.values()
        },
    )


def result_line(facts: Facts, student: Judged) -> ResultLine:
    """Return one line of the verdict list, from the same content that runs store."""
    content = content_of(student)
    titles = {component.key: component.title for component in facts.rows.components.values()}
    return ResultLine(
        member=student.member,
        parts=[content["components"][part.key] for part in facts.scheme.components],
        total=content["total"],
        status=VERDICT_STATUS[student.outcome.verdict],
        lost=[
            titles[found.clause.component] if found.clause.component else _("Total")
            for found in student.outcome.clauses
            if found.holds is False
        ],
    )


def results_table(course: Course, *, at: datetime) -> list[list[str]]:
    """Return the verdict list as rows of a file; whoever writes them makes the cells safe."""
    facts = facts_of(course)
    tops = facts.scheme.components
    head = ["name", "email", "matriculation"]
    for key in [component.key for component in tops] + ["total"]:
        head += [f"{key} exact", f"{key} shown"]
    rows = [[*head, "verdict", "passed"]]
    for student in staff_standings(facts, at=at):
        content = content_of(student)
        member = student.member
        row = [member.user.name, member.user.email, member.matriculation]
        for number in [*(content["components"][part.key] for part in tops), content["total"]]:
            row += [number["exact"], number["shown"]]
        passed = {True: "yes", False: "no", None: ""}[student.outcome.passed]
        rows.append([*row, student.outcome.verdict.value, passed])
    return rows


def results_json(course: Course, *, at: datetime) -> list[dict[str, Any]]:
    """Return every student's content with the address it belongs to, by name. Seven queries."""
    judged = staff_standings(facts_of(course), at=at)
    return [{"student": j.member.user.email} | content_of(j) for j in judged]


class Choice(NamedTuple):
    """One component's row in the form of the pass rule."""

    key: str
    title: str
    at_least: str


@dataclass(frozen=True)
class PassRulePage:
    """The rule in force, the rule being tried, and whose verdict that would change."""

    rule: list[Words]
    kind: str
    total: str
    choices: list[Choice]
    tried: bool
    changes: list[Change]


def pass_rule_page(
    facts: Facts,
    clauses: Sequence[rules.Clause] | None,
    data: Mapping[str, Any],
    *,
    at: datetime,
) -> PassRulePage:
    """Return the page of the pass rule with a preview of ``clauses``. No query."""
    now = {clause.component: clause.at_least for clause in facts.clauses}
    kind = "total" if set(now) == {None} else "components"
    half = Decimal(50)
    return PassRulePage(
        rule=rule_words(facts),
        kind=str(data.get("kind", kind)),
        total=str(data.get("total", plain(now.get(None, half)))),
        choices=[
            Choice(c.key, c.title, str(data.get(f"at-{c.key}", plain(now.get(c.key, half)))))
            for c in facts.scheme.components
        ],
        tried=clauses is not None,
        changes=[] if clauses is None else verdict_changes(facts, clauses, at=at),
    )


def version_in_force(course: Course) -> int:
    """Return the version of the pass rule in force; 0 where there is none. One query."""
    versions = PassRule.objects.filter(course=course).order_by("-version")
    return versions.values_list("version", flat=True).first() or 0
