"""Assignments, drafts and submissions for tests: plain functions, one unsurprising row each."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from itertools import count
from typing import Any

from pypdf import PdfWriter

from assignments.models import Assignment, Draft, DraftField, DraftPaper, Extension
from courses.models import Course, Membership
from tests.factories.courses import NOON, make_member, make_module, make_paper

NUMBERS = count(1)
# Local midnight in Berlin that ends Sunday 9 Nov 2025: "before 10 Nov".
DEADLINE = datetime(2025, 11, 9, 23, 0, tzinfo=UTC)
OPENING = datetime(2025, 10, 20, 16, 0, tzinfo=UTC)
SENTENCES = "It works. We saw it. They measured it. It scales. It is cheap."


@lru_cache
def make_pdf(pages: int = 1) -> bytes:
    """A real PDF of so many blank A4 pages; equal bytes for equal pages."""
    writer, out = PdfWriter(), BytesIO()
    for _page in range(pages):
        writer.add_blank_page(595, 842)
    writer.write(out)
    return out.getvalue()


def make_report(course: Course, *, papers: int = 3, **fields: Any) -> Assignment:
    """A report open from 20 Oct 18:00 to 10 Nov 00:00 Berlin time, with papers to choose from."""
    number = next(NUMBERS)
    module = fields.pop("module", None) or make_module(course)
    for _paper in range(papers):
        make_paper(course, module=module)
    return Assignment.objects.create(
        **{
            "course": course,
            "key": f"report-{number}",
            "kind": Assignment.Kind.REPORT,
            "title": "Report on phases of training",
            "module": module,
            "brief": "Read two papers and judge them.",
            "opens_rule": "2025-10-20 18:00",
            "opens_at": OPENING,
            "closes_rule": "2025-11-10 00:00",
            "closes_at": DEADLINE,
            "position": number,
        }
        | fields
    )


def make_mini(course: Course, **fields: Any) -> Assignment:
    """A mini-assignment of 1 to 2 pages with the same dates."""
    defaults = {"kind": Assignment.Kind.MINI, "title": "Mini-assignment on profiling"}
    return make_report(course, papers=0, **defaults | fields)


def make_extension(
    assignment: Assignment, membership: Membership, until: datetime, **fields: Any
) -> Extension:
    return Extension.objects.create(
        assignment=assignment,
        membership=membership,
        until=until,
        **{
            "reason": "Ill",
            "granted_by": fields.pop("granted_by", None) or make_member(assignment.course, "ta"),
            "granted_at": NOON,
        }
        | fields,
    )


def make_draft(
    assignment: Assignment,
    membership: Membership,
    *,
    complete: bool = True,
    saved_at: datetime = NOON,
    without: frozenset[tuple[int, str, int]] = frozenset(),
) -> Draft:
    """A draft about the first two papers; complete unless said otherwise, minus ``without``."""
    draft = Draft.objects.create(assignment=assignment, membership=membership, changed_at=saved_at)
    papers = list(assignment.module.papers.all()[: assignment.papers_asked])
    for slot, paper in enumerate(papers):
        DraftPaper.objects.create(draft=draft, slot=slot, paper=paper)
    if not complete:
        return draft
    asked = {
        "summary": 1,
        "strength": assignment.strengths,
        "weakness": assignment.weaknesses,
        "improvement": assignment.improvements,
        "extension": assignment.extensions_asked,
    }
    DraftField.objects.bulk_create(
        DraftField(
            draft=draft,
            slot=slot,
            part=part,
            index=index,
            text=SENTENCES if part == "summary" else f"{part} {index + 1} of paper {slot + 1}.",
            saved_at=saved_at,
        )
        for slot in range(len(papers))
        for part, number in asked.items()
        for index in range(number)
        if (slot, part, index) not in without
    )
    return draft


def after(seconds: float) -> datetime:
    """An instant so many seconds after the deadline of ``make_report``."""
    return DEADLINE + timedelta(seconds=seconds)
