"""What the ranking page shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Value
from django.utils.translation import gettext as _

from courses.models import Meeting, Membership, Paper
from courses.queries import policy_in_force
from presentations import rules
from presentations.models import PreferenceList, PreferenceRound, Presenter
from presentations.queries.allocations import published_of
from presentations.queries.explanations import Outcome, final_outcome, provisional_outcome
from presentations.queries.rounds import list_of, papers_of_round, rounds_of, state_of
from presentations.queries.talks import own_talk


@dataclass(frozen=True)
class MeetingDay:
    """A meeting of the round's papers; ``is_away``: this person said they cannot present at it."""

    meeting: Meeting
    is_away: bool


@dataclass(frozen=True)
class PreferencesPage:
    """One student's view of a round. Nothing in it comes from other people's lists.

    ``ranked``, ``unwanted`` and ``days`` are the list as stored, or as it is being rearranged:
    then ``is_unsaved``. ``outcome`` is of the stored one: provisional until ``is_published``, and
    None where the course keeps it sealed. ``talk`` is the live talk this person has, whoever gave
    it.
    """

    state: rules.RoundState
    list: PreferenceList | None
    ranked: tuple[Paper, ...]
    unranked: tuple[Paper, ...]
    unwanted: tuple[Paper, ...]
    days: tuple[MeetingDay, ...]
    is_unsaved: bool
    keeps_number: bool
    sealed: bool
    is_published: bool
    outcome: Outcome | None
    talk: Presenter | None

    @property
    def number(self) -> int | None:
        """The own place in the queue."""
        return self.list.number if self.list else None

    @property
    def version(self) -> int:
        """What a move has to name, so that two tabs do not overwrite each other."""
        return self.list.version if self.list else 0

    @property
    def is_editable(self) -> bool:
        """Tell whether the list can still be changed."""
        return self.state in {rules.RoundState.UPCOMING, rules.RoundState.OPEN}

    @property
    def collects(self) -> bool:
        """Tell whether moves wait for one button, because saving them costs the number."""
        return self.is_editable and self.number is not None and not self.keeps_number

    @property
    def preferences(self) -> rules.Preferences:
        """The list that is shown."""
        return rules.Preferences.of(
            rules.Preferences(
                tuple(paper.key for paper in self.ranked),
                tuple(paper.key for paper in self.unwanted),
                tuple(meeting.key for meeting in self.unavailable),
            )
        )

    @property
    def unavailable(self) -> tuple[Meeting, ...]:
        """The meetings this person said they cannot present at."""
        return tuple(day.meeting for day in self.days if day.is_away)


@dataclass(frozen=True)
class RoundLine:
    """One round in the list of rounds, with the own number in it."""

    round: PreferenceRound
    state: rules.RoundState
    number: int | None


_RANKED, _UNWANTED, _UNAVAILABLE, _NO_PLACE = (Value(number) for number in (1, 2, 3, 0))


def preferences_of(list_: PreferenceList | None) -> rules.Preferences:
    """Return what a list says. One query, none without a list."""
    if list_ is None:
        return rules.Preferences()
    parts = (
        list_.choices.order_by().values_list(_RANKED, "position", "paper__key"),
        list_.unwanted.order_by().values_list(_UNWANTED, _NO_PLACE, "paper__key"),
        list_.unavailable.order_by().values_list(_UNAVAILABLE, _NO_PLACE, "meeting__key"),
    )
    rows = sorted(parts[0].union(*parts[1:], all=True))
    return rules.Preferences(
        *(
            tuple(key for part, _place, key in rows if part == wanted.value)
            for wanted in (_RANKED, _UNWANTED, _UNAVAILABLE)
        )
    )


def preferences_page(
    round_: PreferenceRound,
    membership: Membership,
    at: datetime,
    arranged: rules.Preferences | None = None,
) -> PreferencesPage:
    """Return one student's view of a round at ``at``. At most nine queries at any size.

    ``arranged`` is shown in place of the stored list while the list can be changed; what it names
    that is not in the round is left out.
    """
    papers = papers_of_round(round_)
    list_ = list_of(round_, membership)
    stored = preferences_of(list_)
    policy = policy_in_force(round_.course)
    published = published_of(round_) if round_.closed_at else None
    state = state_of(round_, at)
    is_open = state in {rules.RoundState.UPCOMING, rules.RoundState.OPEN}
    shown = arranged if arranged is not None and is_open else stored
    talk = None
    outcome = None
    if published is not None:
        outcome = final_outcome(published, membership, papers)
        talk = own_talk(membership)
    elif list_ is not None and list_.number is not None and not policy.sealed:
        outcome = provisional_outcome(round_, membership, papers)
    listed = {*shown.ranked, *shown.unwanted}
    return PreferencesPage(
        state=state,
        list=list_,
        ranked=_named(papers, shown.ranked),
        unranked=tuple(paper for paper in papers if paper.key not in listed),
        unwanted=tuple(paper for paper in papers if paper.key in shown.unwanted),
        days=_days(papers, shown.unavailable),
        is_unsaved=shown != stored,
        keeps_number=policy.edit_keeps_number,
        sealed=policy.sealed,
        is_published=published is not None,
        outcome=outcome,
        talk=talk,
    )


def saving_of(round_: PreferenceRound, membership: Membership) -> tuple[int | None, bool]:
    """Return the own number, and whether moves are collected: saving costs it. Two queries."""
    list_ = list_of(round_, membership)
    number = list_.number if list_ else None
    return number, number is not None and not policy_in_force(round_.course).edit_keeps_number


def place_words(page: PreferencesPage, key: str) -> str:
    """Return where a paper now is on the list, and what its student would get, if that is known.

    Nothing for a paper that is not in the round.
    """
    papers = (*page.ranked, *page.unranked, *page.unwanted)
    paper = next((paper for paper in papers if paper.key == key), None)
    if paper is None:
        return ""
    title = paper.title
    if paper in page.ranked:
        place, count = page.ranked.index(paper) + 1, len(page.ranked)
        words = _("%(title)s is now number %(place)s of %(count)s.")
        said = words % {"title": title, "place": place, "count": count}
    elif paper in page.unwanted:
        said = _("You do not want %(title)s.") % {"title": title}
    else:
        said = _("%(title)s is not ranked.") % {"title": title}
    if page.is_unsaved:
        return f"{said} {_('Not saved yet.')}"
    if page.outcome is None or not page.is_editable:
        return said
    if page.outcome.paper is None:
        return f"{said} {_('You would get no paper.')}"
    get = _("You would get %(title)s.") % {"title": page.outcome.paper.title}
    return f"{said} {get}"


def round_lines(membership: Membership, at: datetime) -> list[RoundLine]:
    """Return the rounds of a student's course with the own numbers. Two queries at any size."""
    numbers = dict(membership.preference_lists.values_list("round_id", "number"))
    return [
        RoundLine(found, state_of(found, at), numbers.get(found.pk))
        for found in rounds_of(membership.course)
    ]


def _named(papers: Iterable[Paper], keys: Iterable[str]) -> tuple[Paper, ...]:
    by_key = {paper.key: paper for paper in papers}
    return tuple(by_key[key] for key in dict.fromkeys(keys) if key in by_key)


def _days(papers: Iterable[Paper], away: Iterable[str]) -> tuple[MeetingDay, ...]:
    """Return the meetings that take place, and those that were named before they were cancelled."""
    named = set(away)
    meetings = {paper.meeting.key: paper.meeting for paper in papers if paper.meeting}
    return tuple(
        MeetingDay(meeting, meeting.key in named)
        for meeting in meetings.values()
        if meeting.cancelled_at is None or meeting.key in named
    )
