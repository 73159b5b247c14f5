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
from grading.queries import facts_of, titles_of, version_in_force
from seminar.accounts.actions import audit, once
from seminar.lib.errors import Refused
from seminar.lib.numbers import plain

WORDS = {
    "no_clause": gettext_lazy("A rule needs at least one condition."),
    "unknown_component": gettext_lazy("“%(part)s” is no part of the grade."),
    "repeated_clause": gettext_lazy("%(part)s: there can be only one condition."),
    "percent_out_of_range": gettext_lazy("%(part)s: choose 0 to 100 percent."),
}


@transaction.atomic
def change_pass_rule(  # noqa: PLR0913 - the rule, why, over what, by whom, when, which request
    course: Course,
    clauses: Sequence[rules.Clause],
    *,
    reason: str,
    by: Membership,
    at: datetime,
    over: int | None = None,
    nonce: str = "",
) -> PassRule:
    """Put another pass rule in force, as a new version. Components are named by key.

    Show ``verdict_changes`` before. ``over`` is the version that was seen (0: none; None: whatever
    is in force is replaced). Locks the course. Queues nothing. Raises Refused: "pass_rule" (422,
    ``problems`` by component key), "reason_missing" (422), "stale" (409), what ``once`` raises.
    """
    lock_course(course)
    sent = {"slug": course.slug, "clauses": spelled(clauses), "reason": reason, "over": over}
    made: list[PassRule] = []

    def do() -> dict[str, int]:
        refuse_stale_rule(course, over)
        made.append(new_rule(course, clauses, reason=reason, by=by, at=at))
        return {"version": made[0].version}

    verb = "change_pass_rule"
    done = once(nonce, user=by.user, verb=verb, body=sent, at=at, do=do)
    return made[0] if made else PassRule.objects.get(course=course, version=done["version"])


def refuse_stale_rule(course: Course, over: int | None) -> None:
    """Raise Refused("stale", 409) if another version is in force than the one that was seen."""
    if over is None or over == version_in_force(course):
        return
    raise Refused(
        "stale", _("The pass rule was changed meanwhile. Read it again. Nothing was changed.")
    )


def new_rule(
    course: Course, clauses: Sequence[rules.Clause], *, reason: str, by: Membership, at: datetime
) -> PassRule:
    """Write the next version with the course locked. Raises as ``change_pass_rule`` does."""
    text = required_reason(reason)
    facts = facts_of(course)
    refuse_rule(rules.pass_rule_refusals(clauses, facts.scheme), titles_of(facts))
    rule = PassRule.objects.create(
        course=course,
        version=version_in_force(course) + 1,
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
