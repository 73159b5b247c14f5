"""Weights add up exactly, items can be scored, the pass rule can be decided. Nothing is rescaled."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from grading.rules.scheme import (
    Component,
    Item,
    ItemKind,
    Scheme,
    SchemeProblem,
    scheme_refusals,
)
from seminar.desk.rules.course_file import schema
from seminar.desk.rules.course_file.checks.references import TOTAL
from seminar.desk.rules.course_file.draft import Draft, Found, Row
from seminar.desk.rules.course_file.problems import Path

TOP = "top_not_100"
SCHEME_RULES = {
    TOP: ("", "The weights of the top components add up to {found}, not to exactly 100."),
    "parts_differ": ("weight", "Its parts add up to {found}, not to exactly {expected}."),
    "mixed": ("key", "It has items and components in it; a component has one or the other."),
    "empty": ("key", "Nothing is scored in this component, so it has no result. Give it an item."),
    "drop_unequal": ("drop_lowest", "Only items of equal weight can be dropped."),
    "drop_leaves_none": ("drop_lowest", "It has {expected} items; at least one has to be kept."),
}
COMPUTED = frozenset({"attendance", "participation"})


def check_components(draft: Draft) -> Iterator[Found]:
    """Refuse a tree deeper than two, and the one key that means something else."""
    parents = {row.part.key: row.part.parent for row in draft.components}
    for row in draft.components:
        part = row.part
        if part.key == TOTAL:
            rule = f"`{TOTAL}` means the whole grade in the pass rule. Choose another key."
            yield Found((*row.path, "key"), "reserved", rule)
        if part.parent is not None and (part.parent == part.key or parents.get(part.parent)):
            rule = "Components form two levels: a parent is itself at the top."
            yield Found((*row.path, "parent"), "too_deep", rule)


def check_scheme(draft: Draft) -> Iterator[Found]:
    """Refuse weights that do not add up, empty components, drops that leave nothing to count.

    While a component or an item is malformed, only what does not depend on it is checked.
    """
    if not (draft.components.complete and draft.components.rows):
        return
    paths = {row.part.key: row.path for row in draft.components}
    for problem in scheme_refusals(scheme_of(draft)):
        if problem.code in SCHEME_RULES and (draft.items.complete or problem.code == TOP):
            field, rule = SCHEME_RULES[problem.code]
            path = (*paths[problem.key], field) if problem.key else ("components",)
            numbers = {"found": problem.found, "expected": problem.expected}
            yield Found(path, problem.code, rule.format_map(numbers), value=_parts(problem, draft))


def scheme_of(draft: Draft) -> Scheme:
    """Return the tree of components that starts at the top, with their items."""
    return Scheme(_branch(None, draft, depth=0))


def check_items(draft: Draft) -> Iterator[Found]:
    """Refuse an item that does not say what is scored, and two items that score the same."""
    scored: Counter[tuple[str, str]] = Counter()
    for row in draft.items:
        part = row.part
        yield from _subject(row)
        subject = (part.kind, part.assignment or part.presentation or "")
        scored[subject] += 1
        if scored[subject] == 2 and part.kind != "participation":
            rule = "Another item already scores this."
            yield Found((*row.path, part.kind if subject[1] else "kind"), "scored_twice", rule)


def check_rubrics(draft: Draft) -> Iterator[Found]:
    """Refuse a rubric whose rows do not add up to the item's maximum, or levels beyond a row."""
    for row in draft.items:
        item, path = row.part, (*row.path, "rubric")
        if not item.rubric:
            continue
        if item.kind in COMPUTED:
            rule = f"`{item.kind}` is computed from the meetings; it has no rubric."
            yield Found(path, "wrong_kind", rule)
        total = sum(part.max for part in item.rubric)
        if total != item.max:
            rule = f"The rows add up to {total}; the item's maximum is {item.max}."
            yield Found(path, "rubric_sum", rule, value=_sum([part.max for part in item.rubric]))
        seen: set[str] = set()
        for index, part in enumerate(item.rubric):
            if part.key in seen:
                yield Found((*path, index, "key"), "repeated_key", "Another row has this key.")
            seen.add(part.key)
            yield from _levels((*path, index), part)


def check_pass_rule(draft: Draft) -> Iterator[Found]:
    """Refuse a course that nobody can pass or fail."""
    if draft.pass_rule.complete and not draft.pass_rule.rows:
        rule = "The pass rule has at least one clause, like `of: total` and `at_least: 50`."
        yield Found(("pass_rule",), "no_clause", rule)


def _branch(parent: str | None, draft: Draft, depth: int) -> tuple[Component, ...]:
    return tuple(
        Component(
            key=part.key,
            title=part.title,
            weight=part.weight,
            items=tuple(
                Item(
                    item.part.key,
                    ItemKind(item.part.kind),
                    item.part.weight,
                    item.part.max,
                    bonus=item.part.bonus,
                )
                for item in draft.items
                if item.part.component == part.key
            ),
            children=_branch(part.key, draft, depth + 1) if depth < 2 else (),
            drop_lowest=part.drop_lowest,
        )
        for part in (row.part for row in draft.components)
        if part.parent == parent
    )


def _parts(problem: SchemeProblem, draft: Draft) -> str | None:
    """Spell out a sum that is wrong: ``49.99 + 30 + 20 = 99.99``."""
    if problem.code not in (TOP, "parts_differ"):
        return None
    parent = problem.key or None
    components = [row.part.weight for row in draft.components if row.part.parent == parent]
    items = [
        row.part.weight
        for row in draft.items
        if row.part.component == parent and not row.part.bonus
    ]
    return _sum([*components, *items])


def _subject(row: Row[schema.Item]) -> Iterator[Found]:
    for name in ("assignment", "presentation"):
        given = getattr(row.part, name) is not None
        if given and row.part.kind != name:
            rule = f"An item of kind `{row.part.kind}` has no `{name}`."
            yield Found((*row.path, name), "wrong_kind", rule)
        if not given and row.part.kind == name:
            rule = f"An item of kind `{name}` says which `{name}` it scores."
            yield Found((*row.path, name), "missing", rule)


def _levels(path: Path, row: schema.RubricRow) -> Iterator[Found]:
    seen: set[Decimal] = set()
    for index, level in enumerate(row.levels):
        place = (*path, "levels", index, "points")
        if level.points > row.max:
            rule = f"A level gives at most what its row has, {row.max} points."
            yield Found(place, "level_above_row", rule)
        if level.points in seen:
            yield Found(place, "repeated_level", "Another level of this row has the same points.")
        seen.add(level.points)


def _sum(weights: list[Decimal]) -> str:
    return f"{' + '.join(map(str, weights))} = {sum(weights)}"
