"""Papers can be read and presented, rounds can be filled in, reports can be written."""

from collections.abc import Iterator

from seminar.desk.rules.course_file import schema
from seminar.desk.rules.course_file.draft import Draft, Found, Row

IN_CLASS = "in_class_presentations"


def check_papers(draft: Draft) -> Iterator[Found]:
    """Refuse a paper nobody can use, and a talk in a meeting that has none."""
    kinds = {row.part.key: row.part.kind for row in draft.meetings}
    for row in draft.papers:
        paper = row.part
        if not (paper.reportable or paper.presentable):
            rule = "A paper is `reportable`, `presentable` or both; this one is neither."
            yield Found((*row.path, "key"), "paper_without_use", rule)
        if paper.meeting is None:
            continue
        if not paper.presentable:
            rule = "Only a presentable paper has a meeting. Say `presentable: yes`, or remove it."
            yield Found((*row.path, "meeting"), "not_presentable", rule)
        if kinds.get(paper.meeting, IN_CLASS) != IN_CLASS:
            rule = f"Papers are presented in meetings of kind `{IN_CLASS}`."
            yield Found((*row.path, "meeting"), "wrong_kind_of_meeting", rule)


def check_rounds(draft: Draft) -> Iterator[Found]:
    """Refuse a round without papers, with papers nobody presents, or with impossible lengths."""
    for row in draft.rounds:
        if bool(row.part.meetings) == bool(row.part.papers):
            rule = "A round names either `meetings` or `papers`, and not both."
            yield Found((*row.path, "key"), "papers_or_meetings", rule)
            continue
        yield from _round_meetings(row, draft)
        yield from _round_papers(row, draft)
        yield from _lengths(row, draft)


def round_papers(
    round_: schema.Round, papers: tuple[schema.Paper, ...]
) -> tuple[schema.Paper, ...]:
    """Return what can be ranked in a round: the papers it names, or those of its meetings."""
    return tuple(
        paper
        for paper in papers
        if paper.key in round_.papers or (paper.presentable and paper.meeting in round_.meetings)
    )


def check_assignments(draft: Draft) -> Iterator[Found]:
    """Refuse a report without a module, numbers for the other kind, and empty ranges."""
    for row in draft.assignments:
        part = row.part
        if part.kind == "report" and part.module is None:
            rule = "A report belongs to a module: its papers and its deadline come from there."
            yield Found((*row.path, "module"), "missing", rule)
        wrong = "pages" if part.kind == "report" else "report"
        if getattr(part, wrong) is not None:
            rule = f"An assignment of kind `{part.kind}` has no `{wrong}`."
            yield Found((*row.path, wrong), "wrong_kind", rule)
        if part.report and part.report.summary_max < part.report.summary_min:
            rule = f"The summary has at least {part.report.summary_min} sentences."
            yield Found((*row.path, "report", "summary_max"), "empty_range", rule)
        if part.pages and part.pages.max < part.pages.min:
            rule = f"At least {part.pages.min} pages are asked for."
            yield Found((*row.path, "pages", "max"), "empty_range", rule)


def check_reading_lists(draft: Draft) -> Iterator[Found]:
    """Refuse a report on more papers than its module's reading list has.

    A paper of an unknown module may belong to any; that it is unknown is said elsewhere.
    """
    if not (draft.papers.complete and draft.modules.complete):
        return
    parents = {row.part.key: row.part.parent for row in draft.modules}
    for row in draft.assignments:
        module = row.part.module
        if row.part.kind != "report" or module not in parents:
            continue
        listed = sum(
            paper.part.reportable
            and (paper.part.module not in parents or _inside(paper.part.module, module, parents))
            for paper in draft.papers
        )
        asked = (row.part.report or schema.Report()).papers
        if listed < asked:
            rule = f"The report asks for {asked} papers; `{module}` has {listed} reportable ones."
            yield Found((*row.path, "module"), "reading_list_too_short", rule)


def _round_meetings(row: Row[schema.Round], draft: Draft) -> Iterator[Found]:
    kinds = {meeting.part.key: meeting.part.kind for meeting in draft.meetings}
    bound = {paper.part.meeting for paper in draft.papers if paper.part.presentable}
    for index, key in enumerate(row.part.meetings):
        path = (*row.path, "meetings", index)
        if kinds.get(key, IN_CLASS) != IN_CLASS:
            rule = f"A round assigns talks in meetings of kind `{IN_CLASS}`."
            yield Found(path, "wrong_kind_of_meeting", rule)
        elif key in kinds and key not in bound and draft.papers.complete:
            rule = "No presentable paper names this meeting."
            yield Found(path, "no_papers", rule)


def _round_papers(row: Row[schema.Round], draft: Draft) -> Iterator[Found]:
    papers = {paper.part.key: paper.part for paper in draft.papers}
    for index, key in enumerate(row.part.papers):
        paper = papers.get(key)
        if paper is not None and not (paper.presentable and paper.meeting):
            rule = "A paper in a round is presentable and names the meeting of its talk."
            yield Found((*row.path, "papers", index), "not_bound", rule)


def _lengths(row: Row[schema.Round], draft: Draft) -> Iterator[Found]:
    part = row.part
    if part.max_length is not None and part.max_length < part.min_length:
        rule = f"A list has at least {part.min_length} papers, so it cannot end earlier."
        yield Found((*row.path, "max_length"), "empty_range", rule)
    if not draft.papers.complete:
        return
    papers = len(round_papers(part, tuple(paper.part for paper in draft.papers)))
    for name in ("min_length", "max_length"):
        length = getattr(part, name)
        if length is not None and length > papers > 0:
            rule = f"The round has {papers} papers; a list cannot be longer."
            yield Found((*row.path, name), "list_too_long", rule)
    if part.max_unwanted > papers - part.min_length >= 0:
        rule = f"{papers} papers of which {part.min_length} are ranked leave {papers - part.min_length}."
        yield Found((*row.path, "max_unwanted"), "too_many_unwanted", rule)


def _inside(module: str, ancestor: str | None, parents: dict[str, str | None]) -> bool:
    seen: set[str] = set()
    key: str | None = module
    while key is not None and key != ancestor and key not in seen:
        seen.add(key)
        key = parents.get(key)
    return key == ancestor
