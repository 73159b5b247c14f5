"""Whether the parts of a course fit together. Each check yields all it finds; none stops another."""

from collections.abc import Callable, Iterator

from seminar.desk.rules.course_file.checks.grades import (
    check_components,
    check_items,
    check_pass_rule,
    check_rubrics,
    check_scheme,
)
from seminar.desk.rules.course_file.checks.references import (
    check_keys,
    check_modules,
    check_people,
    check_references,
)
from seminar.desk.rules.course_file.checks.times import (
    check_announcement_times,
    check_meetings,
    check_openings,
    check_overlaps,
)
from seminar.desk.rules.course_file.checks.work import (
    check_assignments,
    check_papers,
    check_reading_lists,
    check_rounds,
)
from seminar.desk.rules.course_file.draft import Draft, Found

CHECKS: tuple[Callable[[Draft], Iterator[Found]], ...] = (
    check_keys,
    check_references,
    check_modules,
    check_people,
    check_meetings,
    check_overlaps,
    check_openings,
    check_announcement_times,
    check_papers,
    check_rounds,
    check_assignments,
    check_reading_lists,
    check_components,
    check_scheme,
    check_items,
    check_rubrics,
    check_pass_rule,
)


def check_all(draft: Draft) -> Iterator[Found]:
    """Yield everything that does not fit together."""
    for check in CHECKS:
        yield from check(draft)
