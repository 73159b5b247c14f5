"""Reads of grading: the facts of a course, judged by the rules, and what pages show of them."""

from grading.queries.joining import due_before_joining, late_joiners, late_joiners_in
from grading.queries.meetings import (
    attendance_rows,
    attendance_tiles,
    participation_grids,
    step_of,
    students_by_code,
)
from grading.queries.pages import (
    grade_page,
    item_page,
    releasable,
    release_rows,
    standing_page,
)
from grading.queries.results import (
    Blocker,
    blockers_of,
    content_hash,
    content_of,
    verdict_changes,
)
from grading.queries.standings import (
    Facts,
    Judged,
    facts_of,
    guard_of,
    judge,
    marks_of,
    staff_standings,
    student_standing,
)
from grading.queries.tables import (
    VERDICT_STATUS,
    feedback_of,
    gradebook_of,
    groups_of,
)
from grading.queries.term import (
    pass_rule_page,
    results_json,
    results_page,
    results_table,
)
from grading.queries.wording import (
    bars_of,
    pass_rule_words,
    rule_words,
    standing_words,
    titles_of,
)
from grading.queries.work import (
    gradable_from,
    histories_of,
    item_by_key,
    meeting_by_key,
    next_waiting,
    queue_in,
    queue_of,
    student_by_code,
)

__all__ = [
    "VERDICT_STATUS",
    "Blocker",
    "Facts",
    "Judged",
    "attendance_rows",
    "attendance_tiles",
    "bars_of",
    "blockers_of",
    "content_hash",
    "content_of",
    "due_before_joining",
    "facts_of",
    "feedback_of",
    "gradable_from",
    "grade_page",
    "gradebook_of",
    "groups_of",
    "guard_of",
    "histories_of",
    "item_by_key",
    "item_page",
    "judge",
    "late_joiners",
    "late_joiners_in",
    "marks_of",
    "meeting_by_key",
    "next_waiting",
    "participation_grids",
    "pass_rule_page",
    "pass_rule_words",
    "queue_in",
    "queue_of",
    "releasable",
    "release_rows",
    "results_json",
    "results_page",
    "results_table",
    "rule_words",
    "staff_standings",
    "standing_page",
    "standing_words",
    "step_of",
    "student_by_code",
    "student_standing",
    "students_by_code",
    "titles_of",
    "verdict_changes",
]
