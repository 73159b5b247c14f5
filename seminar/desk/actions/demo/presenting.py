"""The demo's talks: lists, the allocation, final talks."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from presentations.actions import (
    allocate_round,
    change_list,
    prepare_list,
    publish_allocation,
    schedule_final_talk,
    submit_list,
    withdraw_list,
)
from presentations.models import Allocation
from presentations.queries import list_of, papers_of_round, ranking_of
from seminar.desk.actions.demo.stage import Script, Stage
from seminar.desk.rules.demo import FinalTalk, RankedAt, drawn

MORE = 3  # papers a list has beyond the least it needs


def add_talks(script: Script, stage: Stage) -> None:
    """Add every list with its changes, the end of the round, and the final talks."""
    at = stage.term.at
    for ranked in stage.story.lists:
        deeds = (
            (ranked.prepared, prepare),
            (ranked.at, submit),
            (ranked.changed, change),
            (ranked.withdrawn, withdraw),
            (ranked.again, submit_again),
        )
        for moment, deed in deeds:
            if moment:
                script.add(at(moment), partial(deed, stage, ranked))
    ending = stage.story.allocation
    if ending:
        script.add(at(ending.at), partial(allocate, stage))
        script.add(at(ending.published), partial(publish, stage))
    for talk in stage.story.finals:
        script.add(at(talk.at), partial(schedule, stage, talk))


def ranking(stage: Stage, who: str, first: Sequence[str]) -> list[str]:
    """Return a whole list that starts with these papers."""
    round_ = stage.round()
    others = sorted({paper.key for paper in papers_of_round(round_)} - set(first))
    length = min(round_.min_length + MORE, round_.max_length) - len(first)
    return [*first, *drawn(f"list of {who}", others, length)]


def prepare(stage: Stage, ranked: RankedAt, at: datetime) -> None:
    """Keep a list that is not submitted yet."""
    papers = ranking(stage, ranked.who, ranked.first)
    prepare_list(stage.round().pk, stage.member(ranked.who), papers, 0, "", at)


def submit(stage: Stage, ranked: RankedAt, at: datetime) -> None:
    """Submit a list and get a number."""
    papers = ranking(stage, ranked.who, ranked.first)
    submit_list(stage.round().pk, stage.member(ranked.who), papers, "", at)


def change(stage: Stage, ranked: RankedAt, at: datetime) -> None:
    """Put a submitted list into another order."""
    round_, member = stage.round(), stage.member(ranked.who)
    kept = list_of(round_, member)
    assert kept is not None, "only a list that exists is changed"
    rest = [key for key in ranking_of(kept) if key not in ranked.then]
    papers = [*ranked.then, *rest][: round_.max_length]
    change_list(round_.pk, member, papers, kept.version, "", at)


def withdraw(stage: Stage, ranked: RankedAt, at: datetime) -> None:
    """Take a list back; its number is burned."""
    withdraw_list(stage.round().pk, stage.member(ranked.who), "", at)


def submit_again(stage: Stage, ranked: RankedAt, at: datetime) -> None:
    """Submit a list that was taken back, for a later number."""
    round_, member = stage.round(), stage.member(ranked.who)
    submit_list(round_.pk, member, ranking_of(list_of(round_, member)), "", at)


def allocate(stage: Stage, at: datetime) -> None:
    """Run the allocation."""
    assert stage.story.allocation is not None, "added only where there is one"
    allocate_round(stage.round(stage.story.allocation.round).pk, stage.lead.user, at)


def publish(stage: Stage, at: datetime) -> None:
    """Publish the newest run."""
    assert stage.story.allocation is not None, "added only where there is one"
    runs = Allocation.objects.filter(round=stage.round(stage.story.allocation.round))
    publish_allocation(runs.latest("run").pk, stage.lead.user, at)


def schedule(stage: Stage, talk: FinalTalk, at: datetime) -> None:
    """Give a group its place in the meeting of final presentations: the last of the course."""
    schedule_final_talk(
        stage.meeting(len(stage.starts) - 1),
        talk.title,
        talk.mode,
        [stage.member(who) for who in talk.who],
        by=stage.lead.user,
        at=at,
    )
