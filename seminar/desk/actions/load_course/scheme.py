"""What counts in a course: components, items, rubrics, the pass rule."""

from decimal import Decimal

from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from assignments.models import Assignment
from grading.actions.locks import is_frozen
from grading.models import (
    AttendanceMark,
    Component,
    GradeEntry,
    GradeItem,
    ParticipationPoint,
    PassClause,
    PassRule,
    RubricLevel,
    RubricRow,
)
from seminar.desk.actions.load_course.context import Load
from seminar.desk.rules.course_file import schema
from seminar.desk.rules.course_file.checks.references import TOTAL
from seminar.desk.rules.course_file.problems import Path
from seminar.lib.numbers import plain

SCHEME_KINDS = frozenset({"component", "item", "rubric row", "pass rule"})
HARMLESS_FIELDS = frozenset({"title", "hint", "position", "levels"})


def put_components(load: Load) -> tuple[dict[str, Component], list[Component]]:
    """Bring the components to the file's, parents first; return them and what is left over."""
    existing = {row.key: row for row in load.course.components.all()}
    components: dict[str, Component] = {}
    order = {part.key: position for position, part in enumerate(load.file.components)}
    for part in sorted(load.file.components, key=lambda part: part.parent is not None):
        components[part.key] = load.ledger.put(
            "component",
            part.key,
            existing.pop(part.key, None),
            Component,
            identity={"course": load.course, "key": part.key},
            fields={
                "title": part.title,
                "weight": part.weight,
                "parent_id": components[part.parent].pk if part.parent else None,
                "drop_lowest": part.drop_lowest,
                "position": order[part.key],
            },
        )
    return components, sorted(existing.values(), key=lambda row: row.parent_id is None)


def put_items(
    load: Load, components: dict[str, Component], assignments: dict[str, Assignment]
) -> None:
    """Bring items and rubrics to the file's.

    What the file leaves out goes first: an assignment is scored by one item at any moment.
    """
    rows = load.course.grade_items.prefetch_related("rubric__levels")
    existing = {row.key: row for row in rows}
    wanted = {part.key for part in load.file.items}
    gone = [row for key, row in existing.items() if key not in wanted]
    load.ledger.remove("item", ("items",), gone)
    holders = dict(load.course.grade_items.values_list("assignment_id", "key"))
    best, taken = _best_marks(load), _points_of_meetings(load)
    for index, part in enumerate(load.file.items):
        row = existing.pop(part.key, None)
        if part.max < best.get(part.key, 0):
            rule = _("Somebody has %(points)s points; the maximum cannot be lower.")
            load.ledger.refuse(
                ("items", index, "max"),
                "max_below_mark",
                part.max,
                rule % {"points": best[part.key]},
            )
        _check_points(load, ("items", index), part, row, taken.get(part.key))
        if part.assignment is not None and part.assignment not in assignments:
            continue  # its assignment is in conflict, which is said there
        assignment = assignments[part.assignment] if part.assignment else None
        if assignment and holders.get(assignment.pk, part.key) != part.key:
            rule = _("In the course, item %(item)s scores it. Give one of the two a new key.")
            load.ledger.refuse(
                ("items", index, "assignment"),
                "scored_elsewhere",
                part.assignment,
                rule % {"item": holders[assignment.pk]},
            )
            continue
        item = load.ledger.put(
            "item",
            part.key,
            row,
            GradeItem,
            identity={"course": load.course, "key": part.key},
            fields={
                "title": part.title,
                "component_id": components[part.component].pk,
                "kind": part.kind,
                "assignment_id": assignment.pk if assignment else None,
                "talk_kind": part.presentation or "",
                "weight": part.weight,
                "max_points": part.max,
                "meeting_cap": part.meeting_cap,
                "bonus": part.bonus,
                "position": index,
            },
        )
        _put_rubric(load, ("items", index), part, item, is_new=row is None)


def put_pass_rule(load: Load, components: dict[str, Component]) -> None:
    """Write a new version of the pass rule if its clauses differ from the version in force."""
    wanted = [
        (None if part.of == TOTAL else components[part.of].pk, part.at_least)
        for part in load.file.pass_rule
    ]
    newest = PassRule.objects.filter(course=load.course).order_by("-version").first()
    present = [(c.component_id, c.at_least) for c in newest.clauses.all()] if newest else []
    if newest is not None and present == wanted:
        load.ledger.unchanged["pass rule"] += 1
        return
    rule = PassRule.objects.create(
        course=load.course,
        version=newest.version + 1 if newest else 1,
        created_at=load.at,
        created_by=load.by,
        reason=_("Course file"),
    )
    for position, (component_id, at_least) in enumerate(wanted, start=1):
        PassClause.objects.create(
            rule=rule, component_id=component_id, at_least=at_least, position=position
        )
    key = load.course.slug
    if newest is None:
        load.ledger.create("pass rule", key)
        return
    now = [f"{part.of} >= {plain(part.at_least)} %" for part in load.file.pass_rule]
    was = [
        f"{clause.component.key if clause.component else TOTAL} >= {plain(clause.at_least)} %"
        for clause in newest.clauses.select_related("component")
    ]
    load.ledger.unchanged["pass rule"] += 1
    load.ledger.touch("pass rule", key, "clauses", before=was, after=now)


def check_scheme_change(load: Load) -> None:
    """Refuse another scheme once marks exist, unless it is confirmed; always once it is frozen.

    Call when everything is written: what was done is in the ledger.
    """
    changed = [
        change
        for change in load.ledger.changes
        if change.kind in SCHEME_KINDS and change.field not in HARMLESS_FIELDS
    ]
    if load.is_new or not changed:
        return
    what = ", ".join(sorted({f"{change.kind} {change.key}" for change in changed}))
    if is_frozen(load.course):
        rule = _("The results are frozen, so what counts can no longer change.")
        load.ledger.refuse(("components",), "frozen", what, rule)
    elif not load.confirmed and _has_marks(load):
        rule = _("Grades exist, so this changes standings. It has to be confirmed.")
        load.ledger.refuse(("components",), "scheme_after_grades", what, rule)


def _has_marks(load: Load) -> bool:
    """Tell whether anything counts already: a score, points for taking part, attendance."""
    kinds = (
        GradeEntry.objects.filter(item__course=load.course),
        ParticipationPoint.objects.filter(item__course=load.course),
        AttendanceMark.objects.filter(meeting__course=load.course),
    )
    return any(rows.exists() for rows in kinds)


def _check_points(
    load: Load, path: Path, part: schema.Item, row: GradeItem | None, most: Decimal | None
) -> None:
    """Refuse what points given for class participation do not allow; ``most`` in one meeting."""
    if row is None or most is None:
        return
    if part.kind != row.kind:
        rule = _("Points for class participation were given on it, so it stays what it is.")
        load.ledger.refuse((*path, "kind"), "in_use", part.kind, rule)
    elif part.meeting_cap < most:
        rule = _("Somebody has %(points)s points of one meeting; the cap cannot be lower.")
        said = rule % {"points": plain(most)}
        load.ledger.refuse((*path, "meeting_cap"), "cap_below_points", part.meeting_cap, said)


def _points_of_meetings(load: Load) -> dict[str, Decimal]:
    """Return the most points somebody has of one meeting, for each item by key. One query."""
    sums = (
        ParticipationPoint.objects.filter(item__course=load.course)
        .order_by()
        .values_list("item__key", "meeting", "membership")
        .annotate(Sum("points"))
    )
    most: dict[str, Decimal] = {}
    for key, _meeting, _membership, points in sums:
        most[key] = max(points, most.get(key, points))
    return most


def _best_marks(load: Load) -> dict[str, Decimal]:
    """Return the highest mark ever entered for each item, by key. One query."""
    entries = GradeEntry.objects.filter(item__course=load.course, points__isnull=False)
    return dict(entries.order_by().values_list("item__key").annotate(Max("points")))


def _put_rubric(
    load: Load, path: Path, part: schema.Item, item: GradeItem, *, is_new: bool
) -> None:
    existing = {} if is_new else {row.key: row for row in item.rubric.all()}
    for position, wanted in enumerate(part.rubric):
        row = existing.pop(wanted.key, None)
        levels = [] if row is None else [(level.points, level.text) for level in row.levels.all()]
        saved = load.ledger.put(
            "rubric row",
            f"{part.key}.{wanted.key}",
            row,
            RubricRow,
            identity={"item": item, "key": wanted.key},
            fields={
                "title": wanted.title,
                "hint": wanted.hint,
                "max_points": wanted.max,
                "position": position,
            },
        )
        _put_levels(load, saved, f"{part.key}.{wanted.key}", wanted, levels)
    if existing and item.entries.exists():
        rule = _("Marks exist on this item, so its rubric keeps its rows: %(rows)s.")
        rows = ", ".join(sorted(existing))
        load.ledger.refuse((*path, "rubric"), "in_use", item.key, rule % {"rows": rows})
    elif existing:
        load.ledger.remove("rubric row", (*path, "rubric"), existing.values())


def _put_levels(
    load: Load,
    row: RubricRow,
    key: str,
    wanted: schema.RubricRow,
    present: list[tuple[Decimal, str]],
) -> None:
    """Replace the levels of a row if they differ; nothing refers to a level."""
    levels = sorted(((level.points, level.text) for level in wanted.levels), reverse=True)
    if present == levels:
        return
    row.levels.all().delete()
    RubricLevel.objects.bulk_create(
        RubricLevel(row=row, points=points, text=text) for points, text in levels
    )
    before, after = (", ".join(str(points) for points, _text in some) for some in (present, levels))
    load.ledger.touch("rubric row", key, "levels", before=before, after=after)
