"""Rules and standings as sentences. Values come from the rules; nothing is decided here."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from django.utils.translation import gettext_noop as _

from courses.models import Course, Membership
from grading import rules
from grading.models import PassClause
from grading.queries.standings import Facts, Judged
from grading.rules import Verdict
from seminar.lib.numbers import plain, shown, shown_up
from seminar.lib.words import Words

PERCENT = Fraction(100)


def pass_rule_words(course: Course) -> list[Words]:
    """Return the conditions of the pass rule in force, in words. One query."""
    found = PassClause.objects.filter(rule__course=course).select_related("rule", "component")
    clauses = list(found.order_by("-rule__version", "position", "id"))
    return [
        clause_words(clause.at_least, clause.component.title if clause.component else None)
        for clause in clauses
        if clause.rule.version == clauses[0].rule.version
    ]


def rule_words(facts: Facts) -> list[Words]:
    """Return the same from facts that are already read. No query."""
    titles = titles_of(facts)
    return [
        clause_words(c.at_least, None if c.component is None else titles[c.component])
        for c in facts.clauses
    ]


def clause_words(at_least: Decimal, title: str | None) -> Words:
    """Return one condition: "at least 50 % in Presentations"."""
    if title is None:
        return Words(_("at least %(percent)s %% in total"), {"percent": plain(at_least)})
    words = _("at least %(percent)s %% in %(part)s")
    return Words(words, {"percent": plain(at_least), "part": title})


def titles_of(facts: Facts) -> dict[str, str]:
    """Return the components' titles by key."""
    return {component.key: component.title for component in facts.rows.components.values()}


class Bar(NamedTuple):
    """One part of the grade in points of the whole: exact for the picture, and in words."""

    key: str
    title: str
    earned: Fraction
    open: Fraction
    weight: Fraction
    pass_mark: Fraction | None
    words: Words


def bars_of(facts: Facts, judged: Judged) -> list[Bar]:
    """Return the bars of the components at the top."""
    marks = {clause.component: Fraction(clause.at_least) for clause in facts.clauses}
    return [
        bar_of(component, judged.standing.part(component.key), marks.get(component.key))
        for component in facts.scheme.components
    ]


def bar_of(component: rules.Component, part: rules.Part, at_least: Fraction | None) -> Bar:
    """Return one bar. A value below the pass mark is never shown as reaching it."""
    earned = part.floor * part.weight / PERCENT
    still = (part.ceiling - part.floor) * part.weight / PERCENT
    mark = None if at_least is None else at_least * part.weight / PERCENT
    values = {
        "earned": trimmed(shown(earned, threshold=mark)),
        "weight": plain(component.weight),
        "open": trimmed(shown(still)),
    }
    if mark is None:
        words = Words(_("%(earned)s of %(weight)s points, %(open)s still open"), values)
    else:
        words = Words(
            _("%(earned)s of %(weight)s points, %(open)s still open, pass mark %(mark)s"),
            values | {"mark": trimmed(shown(mark))},
        )
    return Bar(component.key, component.title, earned, still, part.weight, mark, words)


def trimmed(text: str) -> str:
    """Return a decimal without idle zeros: "7.50" is "7.5", "10.00" is "10"."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def standing_words(
    facts: Facts, judged: Judged, contacts: Sequence[Membership], *, passed: bool | None
) -> Words:
    """Return the one sentence that says where a student stands.

    ``passed`` is the published result, None before. ``contacts`` is whom to talk to.
    """
    verdict = judged.outcome.verdict
    if passed is not None:
        return Words(_("You have passed.") if passed else _("You have not passed."))
    if verdict is Verdict.SECURED:
        return Words(_("You have passed: nothing that is still open can take it away."))
    if verdict is Verdict.UNREACHABLE:
        return unreachable_words(facts, judged, contacts)
    if not any(value.decided is not None for value in judged.values.values()):
        return Words(_("Nothing graded is out yet. Below is what counts."))
    needed = [
        words for found in judged.outcome.clauses if (words := need_words(facts, judged, found))
    ]
    return (
        needed[0] if needed else Words(_("You are on the way: so far you reach every pass mark."))
    )


def unreachable_words(facts: Facts, judged: Judged, contacts: Sequence[Membership]) -> Words:
    """Return what can no longer be reached, and whom to talk to."""
    lost = next(found.clause for found in judged.outcome.clauses if found.holds is False)
    part = Words(_("in total"))
    if lost.component is not None:
        part = Words(_("in %(part)s"), {"part": titles_of(facts)[lost.component]})
    if not contacts:
        words = _("You can no longer reach the pass mark %(part)s. Talk to your instructor.")
        return Words(words, {"part": part})
    person = contacts[0]
    address = person.contact or person.user.email
    words = _("You can no longer reach the pass mark %(part)s. Talk to %(name)s (%(mail)s).")
    return Words(words, {"part": part, "name": str(person), "mail": address})


def need_words(facts: Facts, judged: Judged, found: rules.ClauseOutcome) -> Words | None:
    """Return what one open clause still asks for; None while what is decided reaches it.

    Rounded up, so that it never says too little.
    """
    part = judged.standing.part(found.clause.component)
    goal = Fraction(found.clause.at_least)
    if found.holds is not None or part.running is None or part.running >= goal:
        return None
    need = (goal - part.floor) * part.weight / PERCENT
    still = (part.ceiling - part.floor) * part.weight / PERCENT
    numbers = {"need": trimmed(shown_up(need, 2)), "open": trimmed(shown_up(still, 2))}
    if found.clause.component is None:
        words = _("You need %(need)s more points in total. %(open)s are still open.")
        return Words(words, numbers)
    title = titles_of(facts)[found.clause.component]
    words = _("You need %(need)s more points in %(part)s. %(open)s are still open.")
    return Words(words, numbers | {"part": title})
