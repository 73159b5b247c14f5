"""What the ranking page shows."""

from dataclasses import dataclass
from datetime import datetime

from courses.models import Membership, Paper
from courses.queries import policy_in_force
from presentations import rules
from presentations.models import PreferenceList, PreferenceRound, Presenter
from presentations.queries.allocations import published_of
from presentations.queries.explanations import Outcome, final_outcome, provisional_outcome
from presentations.queries.rounds import (
    list_of,
    papers_of_round,
    ranking_of,
    rounds_of,
    state_of,
)
from presentations.queries.talks import own_talk


@dataclass(frozen=True)
class PreferencesPage:
    """One student's view of a round. Nothing in it comes from other people's lists.

    ``outcome`` is provisional until ``is_published``, and None where the course keeps it sealed.
    ``talk`` is the live talk this person has, whoever gave it.
    """

    state: rules.RoundState
    list: PreferenceList | None
    ranked: tuple[Paper, ...]
    unranked: tuple[Paper, ...]
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
        """Tell whether the order can still be changed."""
        return self.state in {rules.RoundState.UPCOMING, rules.RoundState.OPEN}


@dataclass(frozen=True)
class RoundLine:
    """One round in the list of rounds, with the own number in it."""

    round: PreferenceRound
    state: rules.RoundState
    number: int | None


def preferences_page(
    round_: PreferenceRound, membership: Membership, at: datetime
) -> PreferencesPage:
    """Return one student's view of a round at ``at``. At most seven queries at any size."""
    papers = papers_of_round(round_)
    by_key = {paper.key: paper for paper in papers}
    list_ = list_of(round_, membership)
    ranking = ranking_of(list_)
    policy = policy_in_force(round_.course)
    published = published_of(round_) if round_.closed_at else None
    talk = None
    outcome = None
    if published is not None:
        outcome = final_outcome(published, membership, papers)
        talk = own_talk(membership)
    elif list_ is not None and list_.number is not None and not policy.sealed:
        outcome = provisional_outcome(round_, membership, papers)
    return PreferencesPage(
        state=state_of(round_, at),
        list=list_,
        ranked=tuple(by_key[key] for key in ranking if key in by_key),
        unranked=tuple(paper for paper in papers if paper.key not in ranking),
        keeps_number=policy.edit_keeps_number,
        sealed=policy.sealed,
        is_published=published is not None,
        outcome=outcome,
        talk=talk,
    )


def round_lines(membership: Membership, at: datetime) -> list[RoundLine]:
    """Return the rounds of a student's course with the own numbers. Two queries at any size."""
    numbers = dict(membership.preference_lists.values_list("round_id", "number"))
    return [
        RoundLine(found, state_of(found, at), numbers.get(found.pk))
        for found in rounds_of(membership.course)
    ]
