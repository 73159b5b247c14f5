"""Writing a report: choosing its papers, saving its texts.

Every write locks the draft first and reads after. A draft whose deadline has passed is settled
before anything is written, so that late text never slips into what was due.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from assignments import rules
from assignments.actions.settling import settle
from assignments.models import Assignment, Draft, DraftField, DraftPaper
from assignments.queries import (
    deadline_of,
    field_name,
    late_policy,
    papers_presented_by,
    refusal_words,
    reportable_papers,
)
from assignments.rules import Part
from courses.models import Membership, Paper
from courses.queries import policy_in_force
from seminar.accounts.actions import audit
from seminar.lib.errors import Refused

TEXT_LIMIT = 20_000
# "At least one": so many improvements and extensions a paper may get in all.
MOST_EXTRA = 8


@dataclass(frozen=True)
class Typed:
    """One text as it was typed, and the version of the stored text it was typed over (0: none)."""

    slot: int
    part: str
    index: int
    text: str
    base_version: int

    @property
    def name(self) -> str:
        """What forms and the rules call this text."""
        return field_name(self.slot, self.part, self.index)


class Stale(Refused):
    """A save over a text that has changed meanwhile. Holds both; nothing was written."""

    def __init__(self, typed: Typed, stored: DraftField) -> None:
        self.typed = typed
        self.stored = stored
        message = _("This text was changed on another device. Nothing was overwritten.")
        both = {"field": typed.name, "mine": typed.text, "theirs": stored.text}
        super().__init__("stale", message, problems=[both | {"version": stored.version}])


@transaction.atomic
def choose_papers(
    assignment: Assignment, membership: Membership, *, keys: Collection[str], at: datetime
) -> Draft:
    """Start a report, or change what it is about. Texts stay where they are.

    A paper that stays keeps its place; new ones take the free places in the order of the reading
    list. Locks the draft, which is made if there is none. Queues nothing.

    Raises Refused: "not_open_yet", "closed" (409); "paper_count", "unknown_paper",
    "own_talk" (422), the latter where the course forbids to report on what one presents.
    """
    assert assignment.kind == Assignment.Kind.REPORT
    _refuse_unless_open(assignment, membership, at)
    chosen = _offered(assignment, keys)
    _refuse_own_talk(assignment, membership, chosen)
    Draft.objects.get_or_create(
        assignment=assignment, membership=membership, defaults={"changed_at": at}
    )
    draft = _locked_draft(assignment, membership, at)
    before = {row.slot: row.paper for row in draft.papers.select_related("paper")}
    places = {slot: paper for slot, paper in before.items() if paper in chosen}
    new = iter(paper for paper in chosen if paper not in places.values())
    for slot in range(assignment.papers_asked):
        if slot not in places:
            places[slot] = next(new)
    if places == before:
        return draft
    draft.papers.all().delete()
    DraftPaper.objects.bulk_create(
        DraftPaper(draft=draft, slot=slot, paper=paper) for slot, paper in sorted(places.items())
    )
    draft.version += 1
    draft.changed_at = at
    draft.save(update_fields=["version", "changed_at"])
    audit(
        "choose_papers",
        at=at,
        actor=membership.user,
        subject=f"draft {assignment.key} {membership.code}",
        course_slug=assignment.course.slug,
        before=[paper.key for _slot, paper in sorted(before.items())],
        after=[paper.key for _slot, paper in sorted(places.items())],
    )
    return draft


@transaction.atomic
def save_field(
    assignment: Assignment, membership: Membership, *, typed: Typed, at: datetime
) -> DraftField:
    """Save one text of a draft and return it with its new version. Locks the draft; queues nothing.

    Saving what is stored already is no change, whatever version it names.

    Raises Stale (409) with both texts; Refused: "not_open_yet", "closed", "not_started" (409),
    "unknown_field", "nul", "too_long" (422).
    """
    _refuse_unless_open(assignment, membership, at)
    draft = _locked_draft(assignment, membership, at)
    stored = DraftField.objects.filter(
        draft=draft, slot=typed.slot, part=typed.part, index=typed.index
    ).first()
    return _save(draft, typed, stored, at)


@transaction.atomic
def save_draft(
    assignment: Assignment, membership: Membership, *, texts: Sequence[Typed], at: datetime
) -> list[Stale]:
    """Save all texts of a form at once; return those that were changed elsewhere meanwhile.

    What is stale is left as it is stored; everything else is saved. Locks the draft; queues nothing.

    Raises Refused as ``save_field`` does; then nothing is saved.
    """
    _refuse_unless_open(assignment, membership, at)
    draft = _locked_draft(assignment, membership, at)
    stored = {(row.slot, row.part, row.index): row for row in draft.fields.all()}
    stale = []
    for typed in texts:
        try:
            _save(draft, typed, stored.get((typed.slot, typed.part, typed.index)), at)
        except Stale as refusal:
            stale.append(refusal)
    return stale


def _save(draft: Draft, typed: Typed, stored: DraftField | None, at: datetime) -> DraftField:
    text = typed.text.replace("\r\n", "\n")
    _refuse_text(draft.assignment, typed, text)
    row = stored or DraftField(
        draft=draft, slot=typed.slot, part=typed.part, index=typed.index, version=0
    )
    if row.text == text:
        return row
    if row.version != typed.base_version:
        raise Stale(typed, row)
    row.text, row.version, row.saved_at = text, row.version + 1, at
    row.save()
    Draft.objects.filter(pk=draft.pk).update(changed_at=at)
    return row


def _refuse_text(assignment: Assignment, typed: Typed, text: str) -> None:
    most = {
        Part.SUMMARY: 1,
        Part.STRENGTH: assignment.strengths,
        Part.WEAKNESS: assignment.weaknesses,
        Part.IMPROVEMENT: max(assignment.improvements, MOST_EXTRA),
        Part.EXTENSION: max(assignment.extensions_asked, MOST_EXTRA),
    }.get(typed.part, 0)  # type: ignore[call-overload]
    if not (0 <= typed.slot < assignment.papers_asked and 0 <= typed.index < most):
        raise Refused("unknown_field", _("This report has no such part."), status=422)
    if "\0" in text:
        message = _("This text contains a character that cannot be stored. Remove it.")
        raise Refused("nul", message, status=422)
    if len(text) > TEXT_LIMIT:
        message = _("This text has %(found)d characters; %(most)d are possible. Shorten it.")
        raise Refused("too_long", message % {"found": len(text), "most": TEXT_LIMIT}, status=422)


def _refuse_unless_open(assignment: Assignment, membership: Membership, at: datetime) -> None:
    closes_at = deadline_of(assignment, membership)
    policy = late_policy(policy_in_force(assignment.course))
    zone = assignment.course.zone
    code = rules.submit_refusal(at, assignment.opens_at, closes_at, policy, zone)
    if code is not None:
        words = refusal_words(code, opens_at=assignment.opens_at, closes_at=closes_at, zone=zone)
        raise Refused(code, words)


def _locked_draft(assignment: Assignment, membership: Membership, at: datetime) -> Draft:
    draft = (
        Draft.objects.select_for_update()
        .filter(assignment=assignment, membership=membership)
        .first()
    )
    if draft is None:
        raise Refused("not_started", _("Choose the papers of this report first."))
    draft.assignment, draft.membership = assignment, membership
    settle(draft, at=at)
    return draft


def _offered(assignment: Assignment, keys: Collection[str]) -> list[Paper]:
    offered = reportable_papers(assignment)
    chosen = [paper for paper in offered if paper.key in keys]
    asked = assignment.papers_asked
    if set(keys) - {paper.key for paper in chosen}:
        message = _("Choose papers from the reading list of this report.")
        raise Refused("unknown_paper", message, status=422)
    if len(chosen) != asked or len(keys) != asked:
        message = _("Choose exactly %(asked)d different papers. You chose %(found)d.")
        words = message % {"asked": asked, "found": len(chosen)}
        raise Refused("paper_count", words, status=422)
    return chosen


def _refuse_own_talk(
    assignment: Assignment, membership: Membership, chosen: Collection[Paper]
) -> None:
    if policy_in_force(assignment.course).presenter_may_report:
        return
    own = papers_presented_by(membership)
    for paper in chosen:
        if paper.pk in own:
            message = _("You present “%(paper)s”. Choose another paper for this report.")
            raise Refused("own_talk", message % {"paper": paper.title}, status=422)
