"""From bytes to a course, or to the list of everything that is wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from seminar.desk.rules.course_file.checks import check_all
from seminar.desk.rules.course_file.draft import Found, draft_of
from seminar.desk.rules.course_file.problems import (
    Path,
    Problem,
    Unreadable,
    did_you_mean,
    in_order,
    shortened,
    written,
)
from seminar.desk.rules.course_file.reading import Tree, read
from seminar.desk.rules.course_file.schema import VERSION, CourseFile

MOST_HINTS = 100
UNKNOWN_KEY = "unknown_key"


@dataclass(frozen=True)
class Parsed:
    """A course file that was read: either a course, or at least one problem.

    ``tree`` says where things stand, for what is found out only when the course is applied.
    """

    file: CourseFile | None
    problems: tuple[Problem, ...]
    tree: Tree | None = None


def parse(data: bytes) -> Parsed:
    """Read, check and return a course file; never raises for what is in the bytes.

    All problems come at once, in the order of the file; only what stops the reading (an encoding, a
    syntax error, an anchor, a newer version of the format) comes alone.
    """
    try:
        tree = read(data)
    except Unreadable as error:
        return Parsed(None, (error.problem,))
    plain = tree.plain()
    newer = _newer_version(tree, plain.get("course_file"))
    if newer:
        return Parsed(None, (newer,), tree)
    file, refused = _validated(plain)
    found = [*_schema_problems(refused, tree), *check_all(draft_of(plain))]
    problems = in_order([*tree.problems, *(_placed(item, tree) for item in found)])
    return Parsed(None if problems else file, problems, tree)


def _validated(plain: dict[str, object]) -> tuple[CourseFile | None, list[ErrorDetails]]:
    try:
        return CourseFile.model_validate(plain), []
    except ValidationError as error:
        return None, error.errors(include_url=False, include_input=False)


def _newer_version(tree: Tree, version: object) -> Problem | None:
    if not isinstance(version, str) or not version.isdigit() or version == str(VERSION):
        return None
    rule = f"This installation reads version {VERSION} of the format. Update the installation."
    return _placed(Found(("course_file",), "version", rule), tree)


def _schema_problems(errors: list[ErrorDetails], tree: Tree) -> Iterator[Found]:
    for index, error in enumerate(errors):
        yield _translated(error, tree, hints=index < MOST_HINTS)


def _translated(error: ErrorDetails, tree: Tree, *, hints: bool) -> Found:
    """Say an error of the schema in our words."""
    path: Path = error["loc"]
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            written_keys = tree.keys_at(path[:-1]) if hints else ()
            empty = path[-1] in written_keys
            rule = "A value is needed here." if empty else f"`{path[-1]}` is missing."
            return Found(path, "missing", rule)
        case "extra_forbidden":
            known = _known_keys(path[:-1])
            near = did_you_mean(str(path[-1]), known) if hints else ""
            rule = f"The key `{shortened(str(path[-1]))}` is not known here."
            return Found(path, UNKNOWN_KEY, rule, near or f"Known: {', '.join(known)}.")
        case "tuple_type":
            return Found(path, "needs_list", "A list is needed here: lines that start with `- `.")
        case "model_type":
            known = _known_keys(path)
            rule = f"A mapping is needed here, with keys like `{known[0]}: ...`."
            return Found(path, "needs_mapping", rule)
        case code:
            return Found(path, code, context.get("rule", error["msg"]), context.get("hint", ""))


def _placed(found: Found, tree: Tree) -> Problem:
    mark, text = tree.find(found.path)
    if found.code == UNKNOWN_KEY:
        mark = tree.find_key(found.path)
    value = text if found.value is None else shortened(found.value)
    path = written(found.path)
    return Problem(mark.line, mark.column, path, found.code, value, found.rule, found.hint)


def _known_keys(path: Path) -> list[str]:
    """Return the keys that the mapping at ``path`` may have."""
    model: type[BaseModel] = CourseFile
    for step in path:
        if isinstance(step, str):
            model = model_in(model.model_fields[step].annotation) or model
    return list(model.model_fields)


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the model inside ``X``, ``X | None`` or ``tuple[X, ...]``."""
    if get_origin(annotation) in (Union, UnionType, tuple):
        return next(filter(None, map(model_in, get_args(annotation))), None)
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_model else None
