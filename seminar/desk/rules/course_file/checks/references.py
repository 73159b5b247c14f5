"""Every key stands once, and every key that is named exists."""

from collections.abc import Iterator

from seminar.desk.rules.course_file.draft import Draft, Found, Section
from seminar.desk.rules.course_file.problems import Path, did_you_mean, written
from seminar.desk.rules.course_file.schema import Part

TOTAL = "total"


def check_keys(draft: Draft) -> Iterator[Found]:
    """Refuse a key that another row of the same list already has."""
    sections: tuple[Section[Part], ...] = (
        draft.prerequisites,
        draft.staff,
        draft.modules,
        draft.meetings,
        draft.papers,
        draft.rounds,
        draft.assignments,
        draft.components,
        draft.items,
        draft.pass_rule,
        draft.announcements,
    )
    for section in sections:
        for key, path in section.repeated:
            yield Found(path, "repeated_key", f"`{key}` is already at {_first(section, key)}.")


def check_references(draft: Draft) -> Iterator[Found]:
    """Refuse the name of a module, meeting, paper, component or person that the file lacks."""
    named: tuple[tuple[Section[Part], str, Section[Part]], ...] = (
        (draft.modules, "parent", draft.modules),
        (draft.modules, "anchor", draft.meetings),
        (draft.meetings, "covers", draft.modules),
        (draft.meetings, "led_by", draft.staff),
        (draft.papers, "module", draft.modules),
        (draft.papers, "meeting", draft.meetings),
        (draft.rounds, "meetings", draft.meetings),
        (draft.rounds, "papers", draft.papers),
        (draft.assignments, "module", draft.modules),
        (draft.components, "parent", draft.components),
        (draft.items, "component", draft.components),
        (draft.items, "assignment", draft.assignments),
        (draft.pass_rule, "of", draft.components),
    )
    for section, name, known in named:
        for row in section:
            yield from _names((*row.path, name), getattr(row.part, name), known)


def check_modules(draft: Draft) -> Iterator[Found]:
    """Refuse a module that is, over any number of steps, its own parent."""
    parents = {row.part.key: row.part.parent for row in draft.modules}
    for row in draft.modules:
        seen = {row.part.key}
        key = row.part.parent
        while key is not None and key in parents and key not in seen:
            seen.add(key)
            key = parents[key]
        if key == row.part.key:
            rule = "A module cannot lie inside itself."
            yield Found((*row.path, "parent"), "module_loop", rule)


def check_people(draft: Draft) -> Iterator[Found]:
    """Refuse a course without an instructor, and more prerequisites than there are courses."""
    if draft.staff.complete and not any(row.part.role == "instructor" for row in draft.staff):
        rule = "A course has at least one instructor."
        yield Found(("staff",), "no_instructor", rule)
    listed = len(draft.prerequisites.keys)
    if draft.prerequisites.complete and draft.prerequisites_needed > listed:
        rule = f"Only {listed} courses are listed, so no more can be needed."
        yield Found(("prerequisites", "needed"), "too_many_needed", rule)


def _first(section: Section[Part], key: str) -> str:
    return written(section.keys[key])


def _names(path: Path, value: object, known: Section[Part]) -> Iterator[Found]:
    """Check one key, or a list of keys."""
    if isinstance(value, str):
        yield from _known(path, value, known)
    elif isinstance(value, tuple):
        for index, key in enumerate(value):
            yield from _known((*path, index), key, known)
            if key in value[:index]:
                yield Found((*path, index), "named_twice", "This is named twice in the same list.")


def _known(path: Path, key: str, section: Section[Part]) -> Iterator[Found]:
    is_total = path[-1] == "of" and key == TOTAL
    if key not in section.keys and not (is_total or section.nameless):
        rule = f"Nothing under `{section.name}` is called so."
        yield Found(path, "unknown_reference", rule, did_you_mean(key, list(section.keys)))
