"""What a student is writing, and what a submission of it would hold."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch

from assignments import rules
from assignments.models import Assignment, Draft, DraftField, DraftPaper
from assignments.queries.deadlines import spec_of
from assignments.rules import Part, ReportCheck, ReportSpec
from courses.models import Membership, Module, Paper

LIST_KEYS = {
    Part.STRENGTH: "strengths",
    Part.WEAKNESS: "weaknesses",
    Part.IMPROVEMENT: "improvements",
    Part.EXTENSION: "extensions",
}


OF_A_DRAFT = (Prefetch("papers", DraftPaper.objects.select_related("paper")), "fields")


def modules_of(assignment: Assignment) -> frozenset[int]:
    """Return the ids of a report's module and of all its parts. One query."""
    if assignment.module_id is None:
        return frozenset()
    parents = dict(
        Module.objects.filter(course_id=assignment.course_id).values_list("pk", "parent_id")
    )
    inside = {assignment.module_id}
    while more := {pk for pk, parent in parents.items() if parent in inside} - inside:
        inside |= more
    return frozenset(inside)


def reportable_papers(assignment: Assignment) -> list[Paper]:
    """Return what a report may be about: its module's reading list, parts included. Two queries."""
    return list(
        Paper.objects.filter(
            course_id=assignment.course_id, module_id__in=modules_of(assignment), reportable=True
        ).order_by("module__position", "position", "id")
    )


def report_check(draft: Draft, content: dict[str, Any]) -> ReportCheck:
    """Return what is missing in a draft, and what to look at again. One query, draft prefetched.

    A paper that left the reading list after it was chosen is missing. Page, button and job judge
    by this, so that none of them takes what another refuses.
    """
    inside = modules_of(draft.assignment)
    chosen = (row.paper for row in draft.papers.all())
    offered = {paper.key for paper in chosen if paper.reportable and paper.module_id in inside}
    return rules.report_problems(spec_of(draft.assignment), rules.read_content(content), offered)


def papers_presented_by(membership: Membership) -> frozenset[int]:
    """Return the ids of the papers a student presents in class. One query.

    Goes from the paper to its talks by the names of the relations: the app of the talks stands
    beside this one and is not imported.
    """
    rows = Paper.objects.filter(
        presentations__cancelled_at=None,
        presentations__presenters__membership=membership,
        presentations__presenters__ended_at=None,
    )
    return frozenset(rows.values_list("pk", flat=True))


def draft_of(assignment: Assignment, membership: Membership) -> Draft | None:
    """Return what a student is writing, with papers and fields, or None. Three queries."""
    draft = (
        Draft.objects.filter(assignment=assignment, membership=membership)
        .prefetch_related(*OF_A_DRAFT)
        .first()
    )
    if draft is not None:
        draft.assignment, draft.membership = assignment, membership
    return draft


def field_name(slot: int, part: str, index: int) -> str:
    """Return what a text of a draft is called in forms, links and the rules: ``0.summary.0``."""
    return f"{slot}.{part}.{index}"


def texts_of(fields: Iterable[DraftField], slot: int, part: str) -> tuple[str, ...]:
    """Return the texts of one part in order of their index, gaps as "". No query."""
    texts = {
        field.index: field.text for field in fields if (field.slot, field.part) == (slot, part)
    }
    return tuple(texts.get(index, "") for index in range(max(texts, default=-1) + 1))


def draft_content(draft: Draft) -> dict[str, Any]:
    """Return what a submission of this draft would hold. Reads papers and fields (prefetched).

    Texts keep their words; white space around them, and texts that are nothing else, are gone.
    """
    chosen = {row.slot: row.paper for row in draft.papers.all()}
    fields = list(draft.fields.all())
    return {
        "papers": [
            paper_content(chosen.get(slot), fields, slot)
            for slot in range(draft.assignment.papers_asked)
        ]
    }


def paper_content(paper: Paper | None, fields: list[DraftField], slot: int) -> dict[str, Any]:
    """Return what is written about one paper. No query."""
    summary = texts_of(fields, slot, Part.SUMMARY)
    entry: dict[str, Any] = {
        "paper": paper.key if paper else None,
        "title": paper.title if paper else "",
        "summary": summary[0].strip() if summary else "",
    }
    for part, key in LIST_KEYS.items():
        texts = (text.strip() for text in texts_of(fields, slot, part))
        entry[key] = [text for text in texts if text]
    return entry


def parts_done(spec: ReportSpec, content: dict[str, Any]) -> tuple[int, int]:
    """Return how many parts of a report are whole, and how many are asked for. No query.

    A part is one of the five of one paper: two papers have ten.
    """
    whole: dict[str, bool] = {}
    for state in rules.part_states(spec, rules.read_content(content)):
        name = state.part.rpartition(".")[0]
        if not state.part.endswith(".paper"):
            whole[name] = whole.get(name, True) and state.state != "empty"
    return sum(whole.values()), len(whole)
