"""Changing the rule of passing: a new version with a reason."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import Course, Membership
from grading import rules
from grading.actions.locks import required_reason
from grading.actions.results import lock_course
from grading.models import Component, PassClause, PassRule
from grading.queries import facts_of, titles_of
from seminar.accounts.actions import audit
from seminar.lib.errors import Refused
from seminar.lib.numbers import plain

WORDS = {
    "no_clause": gettext_lazy("A rule needs at least one condition."),
    "unknown_component": gettext_lazy("“%(part)s” is no part of the grade."),
    "repeated_clause": gettext_lazy("%(part)s: there can be only one condition."),
    "percent_out_of_range": gettext_lazy("%(part)s: choose 0 to 100 percent."),
}


@transaction.atomic
def change_pass_rule(
    course: Course,
    clauses: Sequence[rules.Clause],
    *,
    reason: str,
    by: Membership,
    at: datetime,
) -> PassRule:
    """Put another pass rule in force, as a new version. Components are named by key.

    Show ``verdict_changes`` before. Locks the course. Queues nothing. Raises Refused:
    "pass_rule" (422, ``problems`` by component key), "reason_missing" (422).
    """
    lock_course(course)
    text = required_reason(reason)
    facts = facts_of(course)
    refuse_rule(rules.pass_rule_refusals(clauses, facts.scheme), titles_of(facts))
    newest = PassRule.objects.filter(course=course).order_by("-version").first()
    rule = PassRule.objects.create(
        course=course,
        version=newest.version + 1 if newest else 1,
        created_at=at,
        created_by=by.user,
        reason=text,
    )
    ids = {component.key: component.pk for component in Component.objects.filter(course=course)}
    PassClause.objects.bulk_create(
        PassClause(
            rule=rule,
            component_id=None if clause.component is None else ids[clause.component],
            at_least=clause.at_least,
            position=position,
        )
        for position, clause in enumerate(clauses, start=1)
    )
    audit(
        "change_pass_rule",
        at=at,
        actor=by.user,
        subject=f"pass rule {rule.version}",
        course_slug=course.slug,
        before=spelled(facts.clauses),
        after=spelled(clauses),
        reason=text,
    )
    return rule


def spelled(clauses: Sequence[rules.Clause]) -> dict[str, str]:
    """Return a rule as JSON: percent by component key, "" for the total."""
    return {clause.component or "": plain(clause.at_least) for clause in clauses}


def refuse_rule(found: Sequence[tuple[str, str]], titles: Mapping[str, str]) -> None:
    """Raise Refused("pass_rule", 422) for a rule that cannot be in force, saying what is wrong.

    ``found`` is what ``pass_rule_refusals`` returns, ``titles`` are those of the parts by key.
    """
    if found:
        raise Refused(
            "pass_rule",
            _("This pass rule cannot be used. Nothing was changed."),
            status=422,
            problems=[
                {
                    "field": key or "rule",
                    "value": key,
                    "rule": WORDS[code] % {"part": titles.get(key, key) or _("The total")},
                }
                for code, key in found
            ],
        )
