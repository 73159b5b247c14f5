"""Running an allocation, and publishing one. Source: PRODUCT 3.3.4, 3.3.5."""

import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from courses.models import Course, Meeting, Paper
from presentations import rules
from presentations.actions import locks
from presentations.models import Allocation, PlaceOffer, PreferenceRound, Presentation, Presenter
from presentations.queries import (
    Row,
    Talk,
    compute_outcome,
    inputs_of,
    newest_run,
    notices_of,
    published_of,
    rows_of,
    talks_by_meeting,
)
from presentations.queries.explanations import sentences, trace_of
from seminar.accounts.actions import audit, once
from seminar.accounts.models import User
from seminar.lib.errors import Refused
from seminar.lib.templatetags.seminar_format import course_time
from seminar.notifications.actions import enqueue


@transaction.atomic
def allocate_round(round_id: int, by: User | None, at: datetime, nonce: str = "") -> dict[str, Any]:
    """Run the allocation over a round and keep it as a run. Returns ``{"code", "run"}``.

    Possible from 60 s after closing, and again until a run is published; nobody is told. The first
    run marks the round closed: whoever gets the lock afterwards is told so. The same facts give
    the same input hash and the same bytes.

    Locks the round, then the course's talks. Writes an audit entry. Raises Refused ``published``,
    ``too_early`` (with the time from which it may run), ``impossible_inputs`` (409),
    ``nonce_reused`` (422). ``by`` is None for the command line.
    """
    round_ = locks.locked_round(round_id)
    locks.locked_talks(round_.course_id)
    return _once(nonce, by, "allocate_round", round_.pk, at, lambda: _allocate(round_, by, at))


def _once(
    nonce: str, by: User | None, verb: str, body: Any, at: datetime, do: Any
) -> dict[str, Any]:
    answer: dict[str, Any] = (
        do() if by is None else once(nonce, user=by, verb=verb, body=body, at=at, do=do)
    )
    return answer


def _allocate(round_: PreferenceRound, by: User | None, at: datetime) -> dict[str, Any]:
    published = published_of(round_)
    refusal = rules.allocate_refusal(
        at, round_.closes_at, published.published_at if published else None
    )
    if refusal is not None:
        raise _allocation_refused(refusal, round_)
    try:
        inputs, outcome = compute_outcome(round_)
    except rules.ImpossibleInputs as impossible:
        raise _impossible(impossible) from impossible
    if round_.closed_at is None:
        round_.closed_at = at
        round_.save(update_fields=["closed_at"])
    last = newest_run(round_)
    run = Allocation.objects.create(
        round=round_,
        run=last.run + 1 if last else 1,
        run_at=at,
        run_by=by,
        rule_version=str(outcome.rule_version),
        input_hash=outcome.input_hash,
        inputs=json.loads(inputs.to_json()),
        outcome=json.loads(outcome.to_json()),
    )
    audit(
        "allocate_round",
        at=at,
        actor=by,
        subject=f"{round_.key} run {run.run}",
        course_slug=round_.course.slug,
        after={"allocation": run.code, "input_hash": run.input_hash},
    )
    return {"code": run.code, "run": run.run}


def _allocation_refused(code: str, round_: PreferenceRound) -> Refused:
    if code == "published":
        return Refused(code, _("This round is published. What it gave stays as it is."))
    may_run = round_.closes_at + rules.SETTLING
    words = _("This round can be allocated from %(when)s: one minute after it closes.")
    return Refused(code, words % {"when": course_time(may_run, round_.course.zone)})


def _impossible(impossible: rules.ImpossibleInputs) -> Refused:
    words = _("Places given by staff and published talks already break a limit.")
    problems = [
        {"field": problem.code, "value": problem.key, "rule": _impossible_words(problem.code)}
        for problem in impossible.problems
    ]
    return Refused("impossible_inputs", words, problems=problems)


def _impossible_words(code: str) -> str:
    known = {
        "over_capacity": _("More people present this paper than it has places."),
        "over_time": _("The talks of this meeting take more time than it has."),
        "unknown_paper": _("This paper is pinned and no longer on offer. Lift the pin."),
        "pin_holds_another": _("A paper is pinned for somebody who has a talk now. Lift the pin."),
    }
    return known.get(code, _("These facts contradict each other."))


@transaction.atomic
def publish_allocation(
    allocation_id: int, by: User | None, at: datetime, nonce: str = ""
) -> dict[str, Any]:
    """Make a run final: create its talks and presenters and tell everybody in the round.

    Talks of a meeting follow each other in the order of its papers, after what is there already.
    Only the newest run can be published, and only while its facts still hold. Returns
    ``{"code", "talks", "told"}``.

    Locks the round, then the course's talks. Writes an audit entry; queues
    ``presentations/mail/placed`` or ``presentations/mail/not_placed`` for each student. Raises
    Refused ``published``, ``not_the_newest_run``, ``outdated_run`` (409), ``nonce_reused`` (422).
    Source: PRODUCT 3.3.5.
    """
    round_ = locks.locked_round(Allocation.objects.get(pk=allocation_id).round_id)
    course = locks.locked_talks(round_.course_id)
    allocation = Allocation.objects.get(pk=allocation_id)
    allocation.round = round_

    def publish() -> dict[str, Any]:
        _require_publishable(allocation, round_)
        allocation.published_at, allocation.published_by = at, by
        allocation.save(update_fields=["published_at", "published_by"])
        talks = _create_talks(allocation, at)
        told = _tell_everybody(allocation, course, at)
        audit(
            "publish_allocation",
            at=at,
            actor=by,
            subject=f"{round_.key} run {allocation.run}",
            course_slug=course.slug,
            after={"allocation": allocation.code, "talks": talks, "told": told},
        )
        return {"code": allocation.code, "talks": talks, "told": told}

    return _once(nonce, by, "publish_allocation", allocation.pk, at, publish)


def _require_publishable(allocation: Allocation, round_: PreferenceRound) -> None:
    if published_of(round_) is not None:
        raise _allocation_refused("published", round_)
    newest = newest_run(round_)
    if newest is None or newest.pk != allocation.pk:
        raise Refused("not_the_newest_run", _("There is a newer run. Look at that one."))
    if inputs_of(round_).hash() != allocation.input_hash:
        words = _("Something this run rests on has changed since. Allocate again, then publish.")
        raise Refused("outdated_run", words)


def _create_talks(allocation: Allocation, at: datetime) -> int:
    """Create talks in the running order of their papers, and their presenters."""
    placed: dict[Paper, list[Row]] = {}
    for row in rows_of(allocation.round, allocation.outcome):
        if row.paper is not None:
            placed.setdefault(row.paper, []).append(row)
    live = {
        talk.paper_id: talk
        for talk in Presentation.objects.filter(paper__in=placed, cancelled_at__isnull=True)
    }
    for paper in sorted(placed, key=lambda paper: (paper.position, paper.pk)):
        talk = live.get(paper.pk) or _new_talk(allocation, paper)
        _seat(talk, placed[paper], at)
    return len(placed)


def _new_talk(allocation: Allocation, paper: Paper) -> Presentation:
    meeting = paper.meeting
    assert meeting is not None, "only papers with a meeting are given"
    return Presentation.objects.create(
        course=allocation.round.course,
        kind=Presentation.Kind.IN_CLASS,
        paper=paper,
        meeting=meeting,
        allocation=allocation,
        position=next_position(meeting),
        minutes=meeting.talk_minutes,
        changeover_minutes=meeting.changeover_minutes,
    )


def next_position(meeting: Meeting) -> int:
    """Return the place after the last live talk of a meeting. The caller holds the talks' lock."""
    live = Presentation.objects.filter(meeting=meeting, cancelled_at__isnull=True)
    return (live.aggregate(last=Max("position"))["last"] or 0) + 1


def _seat(talk: Presentation, rows: list[Row], at: datetime) -> None:
    used = set(Presenter.objects.live().filter(presentation=talk).values_list("seat", flat=True))
    offers = PlaceOffer.objects.filter(paper=talk.paper_id, state=PlaceOffer.State.OPEN)
    used |= set(offers.values_list("seat", flat=True))
    free = (seat for seat in range(len(used) + len(rows)) if seat not in used)
    Presenter.objects.bulk_create(
        Presenter(
            presentation=talk,
            membership=row.membership,
            kind=talk.kind,
            seat=seat,
            choice=row.choice,
            reason=row.reason,
            since=at,
        )
        for row, seat in zip(rows, free, strict=False)
    )


def _tell_everybody(allocation: Allocation, course: Course, at: datetime) -> int:
    talks = {
        talk.presentation.paper_id: talk
        for day in talks_by_meeting(course)
        for talk in day.talks
        if talk.presentation.paper_id
    }
    rows = notices_of(allocation.round, allocation.outcome)
    titles = {paper.key: paper.title for paper in allocation.round.papers.all()}
    for row in rows:
        _tell(allocation, course, row, talks.get(row.paper.pk) if row.paper else None, titles, at)
    return len(rows)


def _tell(
    allocation: Allocation,
    course: Course,
    row: Row,
    talk: Talk | None,
    titles: dict[str, str],
    at: datetime,
) -> None:
    enqueue(
        "presentations/mail/placed" if talk else "presentations/mail/not_placed",
        key=f"allocation-{allocation.code}-{row.membership.code}",
        to=row.membership.user,
        at=at,
        context={
            "course": course,
            "round": allocation.round,
            "row": row,
            "talk": talk,
            "partners": [p for p in talk.presenters if p.membership_id != row.membership.pk]
            if talk
            else [],
            "reasons": sentences(trace_of(row.trace), titles),
        },
        course_slug=course.slug,
    )
