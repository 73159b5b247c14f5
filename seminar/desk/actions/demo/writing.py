"""The demo's written work: drafts at every stage, versions with receipts, PDFs, extensions."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from assignments.actions import (
    HandIn,
    Typed,
    choose_papers,
    grant_extension,
    save_draft,
    submit_complete_drafts,
    submit_file,
    submit_report,
)
from assignments.models import Assignment
from assignments.queries import reportable_papers
from courses.models import Membership
from seminar.desk.actions.demo.stage import Script, Stage
from seminar.desk.actions.reminders import plan_reminders
from seminar.desk.rules.demo import (
    StudentWork,
    drawn,
    experiment_pages,
    moment_between,
    pdf_of,
    report_parts,
)
from seminar.desk.rules.demo.story import ExtensionGiven, Times

ALL_PARTS = 10
WRITES = {"released", "graded", "waiting", "twice", "automatic", "extended"}
PAGES = {"released": 2, "graded": 1, "waiting": 2, "long": 3}


def add_work(script: Script, stage: Stage) -> None:
    """Add what every student wrote and handed in, the job of each minute, and extensions."""
    at = stage.term.at
    for moment in stage.story.sweeps:
        script.add(at(moment), sweep)
    for extension in stage.story.extensions:
        script.add(at(extension.at), partial(extend, stage, extension))
    times = stage.story.times
    for work in stage.story.students if times else ():
        assert times is not None, "else nothing was written"
        add_first_report(script, stage, work, times)
        add_mini(script, stage, work, times)
        add_second_report(script, stage, work, times)


def sweep(at: datetime) -> None:
    """Do what the jobs of that minute did."""
    plan_reminders(at=at)
    submit_complete_drafts(at=at)


def extend(stage: Stage, extension: ExtensionGiven, at: datetime) -> None:
    """Give one student more time."""
    grant_extension(
        stage.assignment(extension.assignment),
        stage.member(extension.who),
        until=stage.term.at(extension.until),
        reason=extension.reason,
        by=stage.lead,
        at=at,
    )


def add_first_report(script: Script, stage: Stage, work: StudentWork, times: Times) -> None:
    """Add the report that is over: written and submitted, left to the deadline, or not begun."""
    late = {"automatic": times.write_at_the_end, "incomplete": times.write_at_the_end}
    span = (late | {"extended": times.write_in_extension}).get(work.report_1, times.write_report_1)
    done = moment_between(f"{work.who} report-1", *span)
    begun = done - timedelta(hours=1, minutes=50)
    at = stage.term.at
    if work.report_1 in WRITES:
        script.add(at(begun), partial(write, stage, "report-1", work.who, 4))
        script.add(at(done), partial(write, stage, "report-1", work.who, ALL_PARTS))
    if work.report_1 == "incomplete":
        script.add(at(begun), partial(write, stage, "report-1", work.who, 7))
    if work.report_1 in WRITES - {"automatic"}:
        script.add(at(done) + timedelta(minutes=2), partial(hand_in, stage, "report-1", work.who))
    if work.report_1 == "twice":
        again = at(done) + timedelta(minutes=95)
        script.add(again, partial(rework, stage, "report-1", work.who))
        script.add(again, partial(hand_in, stage, "report-1", work.who))


def add_second_report(script: Script, stage: Stage, work: StudentWork, times: Times) -> None:
    """Add the report that is open: papers chosen, some parts written, or submitted."""
    done = stage.term.at(moment_between(f"{work.who} report-2", *times.write_report_2))
    parts = {"chosen": 0, "draft": work.parts, "submitted": ALL_PARTS}
    if work.report_2 in parts:
        script.add(done, partial(write, stage, "report-2", work.who, parts[work.report_2]))
    if work.report_2 == "submitted":
        script.add(done + timedelta(minutes=3), partial(hand_in, stage, "report-2", work.who))


def add_mini(script: Script, stage: Stage, work: StudentWork, times: Times) -> None:
    """Add a PDF of one, two or, against the rule, three pages."""
    if work.mini_1 in PAGES:
        done = moment_between(f"{work.who} mini-1", *times.write_mini_1)
        deed = partial(hand_in_pdf, stage, work.who, PAGES[work.mini_1])
        script.add(stage.term.at(done), deed)


def write(stage: Stage, key: str, who: str, parts: int, at: datetime) -> None:
    """Choose papers if none are chosen, and write the first so many of the ten parts."""
    assignment, member = stage.assignment(key), stage.member(who)
    offered = [paper.key for paper in reportable_papers(assignment) if paper.key in stage.texts]
    chosen = drawn(f"{who} {key}", sorted(offered), assignment.papers_asked)
    draft = choose_papers(assignment, member, keys=chosen, at=at)
    papers = list(draft.papers.order_by("slot").values_list("paper__key", flat=True))
    kept = set(draft.fields.values_list("slot", "part", "index"))
    typed = [text for text in texts_of(stage, who, papers, parts) if place(text) not in kept]
    refused = save_draft(assignment, member, texts=typed, at=at)
    assert not refused, "nobody else writes in this draft"


def place(typed: Typed) -> tuple[int, str, int]:
    """Return where a text belongs."""
    return typed.slot, typed.part, typed.index


def texts_of(stage: Stage, who: str, papers: list[str], parts: int) -> Iterator[Typed]:
    """Yield the texts of the first so many parts; each paper has five."""
    written = [
        (slot, part.value, texts)
        for slot, key in enumerate(papers)
        for part, texts in report_parts(stage.texts[key], f"{who} {key}").items()
    ]
    for slot, part, texts in written[:parts]:
        for index, text in enumerate(texts):
            yield Typed(slot, part, index, text, 0)


def rework(stage: Stage, key: str, who: str, at: datetime) -> None:
    """Say more in one extension, so that there is something to submit again."""
    assignment, member = stage.assignment(key), stage.member(who)
    draft = assignment.drafts.get(membership=member)
    stored = draft.fields.get(slot=1, part="extension", index=0)
    text = f"{stored.text} A small model would be enough to see whether it is worth the effort."
    typed = Typed(1, "extension", 0, text, stored.version)
    assert not save_draft(assignment, member, texts=[typed], at=at), "nobody else writes here"


def hand_in(stage: Stage, key: str, who: str, at: datetime) -> None:
    """Submit the draft as it is."""
    request = HandIn(nonce="", received_at=at)
    submit_report(stage.assignment(key), stage.member(who), hand_in=request, at=at)


def hand_in_pdf(stage: Stage, who: str, pages: int, at: datetime) -> None:
    """Submit a PDF with this many pages."""
    assignment: Assignment = stage.assignment("mini-1")
    member: Membership = stage.member(who)
    submit_file(
        assignment,
        member,
        chunks=[pdf_of(experiment_pages(who, pages))],
        name=f"mini-1-{who.rpartition('.')[2]}.pdf",
        hand_in=HandIn(nonce="", received_at=at),
        at=at,
    )
