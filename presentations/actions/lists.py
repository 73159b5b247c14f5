"""Preference lists: prepared, submitted for a queue number, changed, withdrawn.

All four take the round's lock first and read after. What they refuse leaves no trace.

A list is ``rules.Preferences``: the order, what is not wanted, and the meetings one cannot present
at. Keys of papers alone, best first, are a list without such wishes. Source: PRODUCT 3.3.1-3.3.2.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import Meeting, Membership, Paper
from courses.queries import policy_in_force
from presentations import rules
from presentations.actions import locks
from presentations.models import (
    PreferenceChoice,
    PreferenceList,
    PreferenceRound,
    QueueEvent,
    UnavailableMeeting,
    UnwantedPaper,
)
from presentations.queries import list_of, preferences_of
from seminar.accounts.actions import audit, once
from seminar.lib.errors import Refused
from seminar.lib.templatetags.seminar_format import course_clock, course_time, deadline
from seminar.notifications.actions import enqueue

Answer = dict[str, Any]
Wanted = rules.Preferences | Sequence[str]


@transaction.atomic
def prepare_list(
    round_id: int, membership: Membership, wanted: Wanted, version: int, nonce: str, at: datetime
) -> Answer:
    """Keep a list that has no queue number yet, before the round opens or while it is open.

    ``wanted`` may rank fewer papers than a list must have. ``version`` is the one the page showed
    (0: nothing kept). Returns ``{"version"}``.

    Locks the round. Raises Refused ``closed``, ``already_submitted``, ``stale_list`` (409),
    ``bad_list``, ``nonce_reused`` (422), ``not_a_student`` (403).
    """
    round_ = locks.locked_round(round_id)
    after = rules.Preferences.of(wanted)

    def prepare() -> Answer:
        _require_student(membership, round_)
        if rules.submit_refusal(at, *_window(round_)) == "closed":
            raise _closed(round_)
        list_ = list_of(round_, membership)
        if list_ is not None and list_.number is not None:
            raise _already_submitted(list_)
        before = preferences_of(list_)
        if before != after:
            _require_version(list_, version, round_)
            chosen = _require_valid(round_, before, after, min_length=0)
            list_ = _store(round_, membership, list_, chosen, at)
        return {"version": list_.version if list_ else 0}

    return once(
        nonce,
        user=membership.user,
        verb="prepare_list",
        body=[round_.pk, list(after.ranked), after.wishes, version],
        at=at,
        do=prepare,
    )


@transaction.atomic
def submit_list(
    round_id: int, membership: Membership, wanted: Wanted, nonce: str, at: datetime
) -> Answer:
    """Store a complete list and give it the next queue number. Returns ``{"number", "version"}``.

    ``at`` is when the request had been received: ``opens_at <= at < closes_at``. The list as sent
    counts, whatever was prepared before. Sending the same list again returns the number it has.

    Locks the round: under it alone numbers are given, rising, without gaps, never twice. Writes one
    queue event and one audit entry; queues ``presentations/mail/list_received``. Raises Refused
    ``not_open_yet``, ``closed``, ``already_submitted`` (409), ``bad_list`` with every problem,
    ``nonce_reused`` (422), ``not_a_student`` (403). Source: PRODUCT 3.3.1.
    """
    round_ = locks.locked_round(round_id)
    after = rules.Preferences.of(wanted)

    def submit() -> Answer:
        _require_student(membership, round_)
        _require_open(round_, at)
        list_ = list_of(round_, membership)
        before = preferences_of(list_)
        if list_ is not None and list_.number is not None:
            if before != after:
                raise _already_submitted(list_)
            return {"number": list_.number, "version": list_.version}
        chosen = _require_valid(round_, before, after, min_length=round_.min_length)
        list_ = _give_number(round_, membership, list_, chosen, at)
        return {"number": list_.number, "version": list_.version}

    return once(
        nonce,
        user=membership.user,
        verb="submit_list",
        body=[round_.pk, list(after.ranked), after.wishes],
        at=at,
        do=submit,
    )


@transaction.atomic
def change_list(
    round_id: int, membership: Membership, wanted: Wanted, version: int, nonce: str, at: datetime
) -> Answer:
    """Save a submitted list as it is wanted now. Returns ``{"number", "version"}``.

    The number stays, unless the course says that a changed list loses it: then the old number is
    burned and the next one given. What counts as a change is decided by ``rules.change_effect``:
    the order, what is not wanted, the dates. ``version`` is the one the page showed, so that two
    tabs never overwrite each other unseen.

    Locks the round. Writes queue events and an audit entry; queues
    ``presentations/mail/list_received`` only with a new number. Raises Refused as ``submit_list``
    does, plus ``stale_list``, ``not_submitted`` (409); the last valid list then stands.
    Source: PRODUCT 3.3.2.
    """
    round_ = locks.locked_round(round_id)
    after = rules.Preferences.of(wanted)

    def change() -> Answer:
        _require_student(membership, round_)
        _require_open(round_, at)
        list_ = _submitted(round_, membership)
        before = preferences_of(list_)
        keeps = policy_in_force(round_.course).edit_keeps_number
        effect = rules.change_effect(before, after, keeps_number=keeps)
        if effect != "unchanged":
            _require_version(list_, version, round_)
            chosen = _require_valid(round_, before, after, min_length=round_.min_length)
            if effect == "keeps":
                list_ = _change(round_, list_, chosen, at)
            else:
                _burn_number(round_, list_, before, at)
                list_ = _give_number(round_, membership, list_, chosen, at)
        return {"number": list_.number, "version": list_.version}

    return once(
        nonce,
        user=membership.user,
        verb="change_list",
        body=[round_.pk, list(after.ranked), after.wishes, version],
        at=at,
        do=change,
    )


@transaction.atomic
def withdraw_list(round_id: int, membership: Membership, nonce: str, at: datetime) -> Answer:
    """Take a submitted list back: its number is burned, the list stays as a prepared one.

    Returns ``{"burned"}``. Locks the round. Writes one queue event and one audit entry. Raises
    Refused ``not_open_yet``, ``closed``, ``not_submitted`` (409), ``not_a_student`` (403),
    ``nonce_reused`` (422). Source: PRODUCT 3.3.2.
    """
    round_ = locks.locked_round(round_id)

    def withdraw() -> Answer:
        _require_student(membership, round_)
        _require_open(round_, at)
        list_ = _submitted(round_, membership)
        burned = list_.number
        _burn_number(round_, list_, preferences_of(list_), at)
        return {"burned": burned}

    return once(
        nonce, user=membership.user, verb="withdraw_list", body=round_.pk, at=at, do=withdraw
    )


def check_list(
    round_: PreferenceRound, membership: Membership, wanted: Wanted, version: int, at: datetime
) -> None:
    """Refuse a list that could not be saved now, but for being too short. Writes nothing.

    For lists that are rearranged before they are saved by one button: what changes there has to
    be possible, and made over the list as it stands. Raises Refused ``not_submitted``, ``closed``,
    ``stale_list`` (409), ``bad_list`` (422).
    """
    _require_open(round_, at)
    list_ = _submitted(round_, membership)
    _require_version(list_, version, round_)
    _require_valid(round_, rules.Preferences(), rules.Preferences.of(wanted), min_length=0)


# --- what is written --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Chosen:
    """A valid list with its rows: what is stored, told and logged, and what it replaces."""

    before: rules.Preferences
    preferences: rules.Preferences
    papers: list[Paper]
    unwanted: list[Paper]
    unavailable: list[Meeting]


def _give_number(
    round_: PreferenceRound,
    membership: Membership,
    list_: PreferenceList | None,
    chosen: _Chosen,
    at: datetime,
) -> PreferenceList:
    """Store a submitted list under the next number; log, audit, mail the receipt."""
    round_.last_number += 1
    list_ = _store(round_, membership, list_, chosen, at, number=round_.last_number)
    _log(round_, list_, QueueEvent.Kind.SUBMITTED, round_.last_number, chosen.preferences)
    audit(
        "submit_list",
        at=at,
        actor=membership.user,
        subject=f"{round_.key} {membership.code}",
        course_slug=round_.course.slug,
        after=_facts(round_.last_number, chosen.preferences),
    )
    enqueue(
        "presentations/mail/list_received",
        key=f"list-received-{round_.pk}-{round_.last_number}",
        to=membership.user,
        at=at,
        context={
            "course": round_.course,
            "round": round_,
            "list": list_,
            "papers": chosen.papers,
            "unwanted": chosen.unwanted,
            "unavailable": chosen.unavailable,
        },
        course_slug=round_.course.slug,
    )
    return list_


def _burn_number(
    round_: PreferenceRound, list_: PreferenceList, before: rules.Preferences, at: datetime
) -> None:
    burned = list_.number
    assert burned is not None, "only a submitted list has a number to lose"
    list_.number, list_.submitted_at, list_.changed_at = None, None, at
    list_.version += 1
    list_.save(update_fields=["number", "submitted_at", "changed_at", "version"])
    _log(round_, list_, QueueEvent.Kind.WITHDRAWN, burned, before)
    audit(
        "withdraw_list",
        at=at,
        actor=list_.membership.user,
        subject=f"{round_.key} {list_.membership.code}",
        course_slug=round_.course.slug,
        before=_facts(burned, before),
    )


def _change(
    round_: PreferenceRound,
    list_: PreferenceList,
    chosen: _Chosen,
    at: datetime,
) -> PreferenceList:
    number = list_.number
    assert number is not None, "only a submitted list is changed"
    list_ = _store(round_, list_.membership, list_, chosen, at, number=number)
    _log(round_, list_, QueueEvent.Kind.CHANGED, number, chosen.preferences)
    audit(
        "change_list",
        at=at,
        actor=list_.membership.user,
        subject=f"{round_.key} {list_.membership.code}",
        course_slug=round_.course.slug,
        before=_facts(number, chosen.before),
        after=_facts(number, chosen.preferences),
    )
    return list_


def _facts(number: int, wanted: rules.Preferences) -> dict[str, Any]:
    """Return a list as the audit log has it."""
    return {"number": number, "papers": list(wanted.ranked), **wanted.wishes}


def _store(
    round_: PreferenceRound,
    membership: Membership,
    list_: PreferenceList | None,
    chosen: _Chosen,
    at: datetime,
    number: int | None = None,
) -> PreferenceList:
    if list_ is None:
        list_ = PreferenceList(round=round_)
    list_.membership = membership
    if number is not None and list_.number is None:
        list_.submitted_at = at
    list_.number = number
    list_.version += 1
    list_.changed_at = at
    list_.save()
    _store_ranking(list_, chosen)
    _store_wishes(list_, chosen)
    return list_


def _store_ranking(list_: PreferenceList, chosen: _Chosen) -> None:
    if chosen.before.ranked == chosen.preferences.ranked:  # as it was prepared: nothing to write
        return
    if chosen.before.ranked:
        list_.choices.all().delete()
    PreferenceChoice.objects.bulk_create(
        PreferenceChoice(list=list_, paper=paper, position=position)
        for position, paper in enumerate(chosen.papers, start=1)
    )


def _store_wishes(list_: PreferenceList, chosen: _Chosen) -> None:
    if chosen.before.unwanted != chosen.preferences.unwanted:
        list_.unwanted.all().delete()
        UnwantedPaper.objects.bulk_create(
            UnwantedPaper(list=list_, paper=paper) for paper in chosen.unwanted
        )
    if chosen.before.unavailable != chosen.preferences.unavailable:
        list_.unavailable.all().delete()
        UnavailableMeeting.objects.bulk_create(
            UnavailableMeeting(list=list_, meeting=meeting) for meeting in chosen.unavailable
        )


def _log(
    round_: PreferenceRound,
    list_: PreferenceList,
    kind: str,
    number: int,
    wanted: rules.Preferences,
) -> None:
    round_.last_event += 1
    round_.save(update_fields=["last_number", "last_event"])
    QueueEvent.objects.create(
        round=round_,
        seq=round_.last_event,
        kind=kind,
        membership=list_.membership,
        number=number,
        papers=list(wanted.ranked),
        wishes=wanted.wishes,
        at=list_.changed_at,
    )


# --- what is refused --------------------------------------------------------------------------


def _window(round_: PreferenceRound) -> tuple[datetime, datetime, datetime | None]:
    return round_.opens_at, round_.closes_at, round_.closed_at


def _require_student(membership: Membership, round_: PreferenceRound) -> None:
    now = locks.current(membership)
    if now.course_id != round_.course_id or not now.is_student:
        raise Refused(
            "not_a_student", _("Only active students of this course rank papers."), status=403
        )


def _require_open(round_: PreferenceRound, at: datetime) -> None:
    refusal = rules.submit_refusal(at, *_window(round_))
    if refusal == "closed":
        raise _closed(round_)
    if refusal is not None:
        words = _("The round opens %(when)s. Your list is kept; submit it then.")
        raise Refused(
            "not_open_yet", words % {"when": course_time(round_.opens_at, round_.course.zone)}
        )


def _closed(round_: PreferenceRound) -> Refused:
    words = _("The round closed %(when)s. Lists cannot be changed any more.")
    return Refused("closed", words % {"when": deadline(round_.closes_at, round_.course.zone)})


def _already_submitted(list_: PreferenceList) -> Refused:
    words = _("You submitted a list already, perhaps in another window: it is number %(number)s.")
    return Refused("already_submitted", words % {"number": list_.number})


def _submitted(round_: PreferenceRound, membership: Membership) -> PreferenceList:
    list_ = list_of(round_, membership)
    if list_ is None or list_.number is None:
        raise Refused("not_submitted", _("You have no submitted list in this round."))
    return list_


def _require_version(list_: PreferenceList | None, version: int, round_: PreferenceRound) -> None:
    if list_ is not None and list_.version != version:
        words = _(
            "Your list was changed at %(time)s in another window. This page now shows that list; "
            "your last move was not saved."
        )
        raise Refused(
            "stale_list", words % {"time": course_clock(list_.changed_at, round_.course.zone)}
        )


def _require_valid(
    round_: PreferenceRound,
    before: rules.Preferences,
    wanted: rules.Preferences,
    *,
    min_length: int,
) -> _Chosen:
    """Return the rows a list names, with keys and titles only: the queue waits for this.

    Raises Refused ``bad_list`` with every problem at once.
    """
    offered = round_.papers.select_related("meeting").only(
        "key", "title", "meeting__key", "meeting__date"
    )
    papers = {paper.key: paper for paper in offered}
    meetings = {paper.meeting.key: paper.meeting for paper in papers.values() if paper.meeting}
    problems = [
        *_ranking_problems(round_, wanted.ranked, papers, min_length),
        *_wish_problems(round_, wanted, papers, meetings),
    ]
    if problems:
        message = " ".join(problem["rule"] for problem in problems)
        raise Refused("bad_list", message, status=422, problems=problems)
    return _Chosen(
        before,
        wanted,
        [papers[key] for key in wanted.ranked],
        [papers[key] for key in wanted.unwanted],
        [meetings[key] for key in wanted.unavailable],
    )


def _ranking_problems(
    round_: PreferenceRound, ranked: Sequence[str], papers: Collection[str], min_length: int
) -> list[dict[str, Any]]:
    found = rules.list_refusals(ranked, papers, min_length, round_.max_length)
    return [_ranking_problem(refusal, len(ranked)) for refusal in found]


def _ranking_problem(refusal: rules.ListRefusal, length: int) -> dict[str, Any]:
    limit = refusal.limit or 0
    match refusal.code:
        case "unknown":
            rule = _("“%(paper)s” is not a paper of this round.") % {"paper": refusal.paper}
        case "repeated":
            rule = _("“%(paper)s” is on the list more than once.") % {"paper": refusal.paper}
        case "too_short":
            rule = ngettext(
                "Rank at least %(limit)d paper.", "Rank at least %(limit)d papers.", limit
            ) % {"limit": limit}
        case _:
            rule = ngettext(
                "Rank at most %(limit)d paper.", "Rank at most %(limit)d papers.", limit
            ) % {"limit": limit}
    value = refusal.paper if refusal.paper is not None else length
    return {"field": "ranked", "code": refusal.code, "value": value, "rule": rule}


def _wish_problems(
    round_: PreferenceRound,
    wanted: rules.Preferences,
    papers: Collection[str],
    meetings: Collection[str],
) -> list[dict[str, Any]]:
    found = rules.wish_refusals(wanted, papers, meetings, round_.max_unwanted)
    return [_wish_problem(refusal, len(wanted.unwanted)) for refusal in found]


def _wish_problem(refusal: rules.WishRefusal, count: int) -> dict[str, Any]:
    words = {
        "unwanted unknown": _("“%(key)s” is not a paper of this round."),
        "unwanted repeated": _("“%(key)s” is among the papers you do not want more than once."),
        "unwanted ranked": _("“%(key)s” is ranked; it cannot be a paper you do not want as well."),
        "unwanted too_many": _fewer(refusal.limit or 0),
        "unavailable unknown": _("“%(key)s” is not a meeting of this round's papers."),
        "unavailable repeated": _("“%(key)s” is among the dates more than once."),
    }
    rule = words[f"{refusal.field} {refusal.code}"] % {"key": refusal.key, "limit": refusal.limit}
    value = refusal.key if refusal.key is not None else count
    return {"field": refusal.field, "code": refusal.code, "value": value, "rule": rule}


def _fewer(limit: int) -> str:
    if limit == 0:
        return _("In this round you cannot say that you do not want a paper.")
    return ngettext(
        "You can say of at most %(limit)d paper that you do not want it.",
        "You can say of at most %(limit)d papers that you do not want them.",
        limit,
    )
