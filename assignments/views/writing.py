"""Writing a report: the form, its autosave, its button."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assignments import actions, queries, rules
from assignments.access import assignment_or_404
from assignments.actions import MOST_EXTRA, Stale, Typed
from assignments.forms import settled_conflict, typed_field, typed_fields
from assignments.models import Assignment, Draft, DraftField
from assignments.rules import Part
from courses.access import STUDENT, CourseRequest, course_page
from seminar.lib import clock
from seminar.lib.errors import Refused
from seminar.lib.templatetags.seminar_format import course_clock

EXTRA = (Part.IMPROVEMENT, Part.EXTENSION)


@dataclass
class Box:
    """One text area of the form: what it is called, what is in it, what is said about it."""

    name: str
    text: str
    version: int
    label: str
    count: str = ""
    stale: Stale | None = None


@dataclass
class Section:
    """One part of the report about one paper, with its text areas."""

    slot: int
    part: Part
    boxes: list[Box] = field(default_factory=list)
    may_grow: bool = False


@require_safe
@course_page(STUDENT)
def edit(request: CourseRequest, key: str) -> HttpResponse:
    """Show the report as it is being written."""
    assignment = assignment_or_404(request, key, Assignment.Kind.REPORT)
    return render_edit(request, assignment, more=request.GET.get("more", ""))


@require_POST
@course_page(STUDENT)
def save_field(request: CourseRequest, key: str) -> HttpResponse:
    """Save one text while it is written. Answers JSON, for static/js/autosave.js."""
    assignment = assignment_or_404(request, key, Assignment.Kind.REPORT)
    at = clock.now()
    post = request.POST
    try:
        typed = typed_field(post.get("field", ""), post.get("text", ""), post.get("version", ""))
        row = actions.save_field(assignment, request.membership, typed=typed, at=at)
    except Stale as refusal:
        both = {"text": refusal.stored.text, "version": refusal.stored.version}
        return JsonResponse(both | {"code": "stale", "message": str(refusal)}, status=409)
    except Refused as refusal:
        problem = {"code": refusal.code, "message": str(refusal)}
        return JsonResponse(problem, status=refusal.status)
    return JsonResponse(saved_answer(request, assignment, row))


def saved_answer(request: CourseRequest, assignment: Assignment, row: DraftField) -> dict[str, Any]:
    """Return the new version, and the pieces of the page that changed with it."""
    draft = queries.draft_of(assignment, request.membership)
    assert draft is not None
    saved = _("All changes saved %(time)s") % {
        "time": course_clock(row.saved_at, request.course.zone)
    }
    html: dict[str, str] = {
        "checklist": render_to_string("assignments/_checklist.html", checklist_of(draft))
    }
    if row.part == Part.SUMMARY:
        html[f"count-{row.slot}.{row.part}.{row.index}"] = count_words(assignment, row.text)
    return {"version": row.version, "saved": saved, "html": html}


@require_POST
@course_page(STUDENT)
def save_draft(request: CourseRequest, key: str) -> HttpResponse:
    """Save all texts at once: the button that works without JavaScript."""
    assignment = assignment_or_404(request, key, Assignment.Kind.REPORT)
    post = request.POST
    texts: list[Typed] = []
    try:
        texts = typed_fields(post)
        texts = settled_conflict(texts, post)
        stale = actions.save_draft(assignment, request.membership, texts=texts, at=clock.now())
    except Refused as refusal:
        return render_edit(request, assignment, typed=texts, refusal=refusal)
    if stale:
        return render_edit(request, assignment, stale=stale)
    if "check" in post:
        return redirect("assignments:check", request.course.slug, key)
    answer = redirect("assignments:edit", request.course.slug, key)
    if post.get("more"):
        answer["Location"] += f"?more={post['more'][:20]}#s-{post['more'][:20]}"
    else:
        answer["Location"] += "?saved=1"
    return answer


def render_edit(
    request: CourseRequest,
    assignment: Assignment,
    *,
    typed: Sequence[Typed] = (),
    stale: Sequence[Stale] = (),
    refusal: Refused | None = None,
    more: str = "",
) -> HttpResponse:
    """Answer with the form; what was typed and could not be saved stands in it."""
    item = queries.task_of(assignment, request.membership, clock.now())
    draft = item.draft
    if draft is None:
        return redirect("assignments:choose_papers", request.course.slug, assignment.key)
    kept = {text.name: text for text in typed}
    conflicts = {conflict.typed.name: conflict for conflict in stale}
    context = {
        "assignment": assignment,
        "item": item,
        "draft": draft,
        "papers": papers_of(draft, kept=kept, conflicts=conflicts, more=more),
        "refusal": refusal,
        "conflicts": conflicts,
        "problems": conflict_problems(stale),
        "saved": "saved" in request.GET,
        "nav_active": "work",
    } | checklist_of(draft)
    status = refusal.status if refusal else 409 if stale else 200
    return render(request, "assignments/edit.html", context, status=status)


def conflict_problems(stale: Sequence[Stale]) -> list[dict[str, str]]:
    """Return the lines of the error summary, each with a link to its text."""
    return [
        {
            "text": _("%(part)s was changed on another device") % {"part": part_name(conflict)},
            "href": f"#t-{conflict.typed.name}",
        }
        for conflict in stale
    ]


def part_name(conflict: Stale) -> str:
    """Return what the text of a conflict is called."""
    return queries.part_words(conflict.typed.name)


def papers_of(
    draft: Draft, *, kept: dict[str, Typed], conflicts: dict[str, Stale], more: str
) -> list[dict[str, Any]]:
    """Return the form by paper: its letter, the paper, its sections with their text areas.

    A text that could not be saved keeps the version it was typed over, so that saving it again
    cannot overwrite what came from another device meanwhile.
    """
    chosen = {row.slot: row.paper for row in draft.papers.all()}
    rows = {queries.field_name(row.slot, row.part, row.index): row for row in draft.fields.all()}
    result = []
    for slot in range(draft.assignment.papers_asked):
        sections = [section_of(draft, slot, part, rows, more) for part in Part]
        for box in (box for section in sections for box in section.boxes):
            box.stale = conflicts.get(box.name)
            typed = box.stale.typed if box.stale else kept.get(box.name)
            if typed:
                box.text, box.version = typed.text, typed.base_version
        letter = queries.LETTERS[slot]
        result.append({"letter": letter, "paper": chosen.get(slot), "sections": sections})
    return result


def section_of(
    draft: Draft, slot: int, part: Part, rows: dict[str, DraftField], more: str
) -> Section:
    """Return one part with as many text areas as are asked for, written in, or asked for now."""
    assignment = draft.assignment
    wanted = queries.spec_of(assignment).wanted(part)
    written = [row.index + 1 for row in rows.values() if (row.slot, row.part) == (slot, part)]
    number = max([wanted, *written])
    if part in EXTRA and more == f"{slot}.{part}":
        number = min(number + 1, MOST_EXTRA)
    section = Section(slot, part, may_grow=part in EXTRA and number < MOST_EXTRA)
    for index in range(number):
        name = queries.field_name(slot, part, index)
        row = rows.get(name)
        text = row.text if row else ""
        label = queries.part_words(name, several=number > 1)
        count = count_words(assignment, text) if part is Part.SUMMARY else ""
        section.boxes.append(Box(name, text, row.version if row else 0, label, count))
    return section


def count_words(assignment: Assignment, text: str) -> str:
    """Say how many sentences a summary has."""
    return queries.sentence_words(
        rules.sentence_count(text), least=assignment.summary_min, most=assignment.summary_max
    )


def checklist_of(draft: Draft) -> dict[str, Any]:
    """Return the checklist: every part of every paper with its state, and how many are done."""
    spec = queries.spec_of(draft.assignment)
    content = queries.draft_content(draft)
    done, asked = queries.parts_done(spec, content)
    return {"checklist": queries.checklist(spec, content), "done": done, "asked": asked}
