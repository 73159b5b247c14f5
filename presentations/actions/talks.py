"""Talks after publication: another presenter, one more presenter. Source: PRODUCT 3.3.6, 3.3.8."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Membership, Paper
from presentations.actions import locks
from presentations.actions.allocations import next_position
from presentations.actions.changes import News, settle
from presentations.models import Presentation, Presenter
from presentations.queries import Place, assign_preview, reassign_preview, talk_by_code
from seminar.accounts.actions import audit, once
from seminar.accounts.models import User
from seminar.lib.errors import Refused
from seminar.notifications.actions import enqueue


@transaction.atomic
def reassign_presentation(
    presenter_id: int, to: Membership, reason: str, by: User, at: datetime, nonce: str = ""
) -> dict[str, Any]:
    """Give one person's place in a talk to another student, and tell exactly those affected.

    Ends one presenter row with ``reason`` and starts another on the same seat. Returns
    ``{"talk", "told"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/talk_taken``,
    ``talk_given`` and ``partner_changed``, as ``queries.reassign_preview`` says; what follows for
    offers and swaps is settled and told too. Raises Refused
    ``no_reason``, ``not_a_student``, ``same_person``, ``nonce_reused`` (422), ``not_presenting``,
    ``talk_cancelled``, ``talk_over``, ``has_a_talk`` (409). Source: PRODUCT 3.3.6.
    """
    course = locks.locked_talks(_course_of(presenter_id))

    def reassign() -> dict[str, Any]:
        if not reason.strip():
            raise Refused("no_reason", _("Say why: it is kept with the change."), status=422)
        presenter = _presenter(presenter_id, course)
        change = reassign_preview(presenter, locks.current(to), at)
        # Never before it began, even where the demo's clock was set back.
        presenter.ended_at = max(at, presenter.since)
        presenter.ended_reason = reason.strip()
        presenter.save(update_fields=["ended_at", "ended_reason"])
        successor = Presenter.objects.create(
            presentation=presenter.presentation,
            membership=change.to,
            kind=presenter.kind,
            seat=presenter.seat,
            choice=change.choice,
            reason="reassigned",
            since=at,
        )
        told = _tell_affected(course, successor, change.told, by, at)
        audit(
            "reassign_presentation",
            at=at,
            actor=by,
            subject=presenter.presentation.code,
            course_slug=course.slug,
            before={"presenter": presenter.membership.code},
            after={"presenter": change.to.code},
            reason=reason.strip(),
        )
        return {"talk": presenter.presentation.code, "told": told}

    return once(
        nonce,
        user=by,
        verb="reassign_presentation",
        body=[presenter_id, to.pk, reason],
        at=at,
        do=reassign,
    )


def _course_of(presenter_id: int) -> int:
    return Presenter.objects.values_list("presentation__course_id", flat=True).get(pk=presenter_id)


def _presenter(presenter_id: int, course: Course) -> Presenter:
    presenter = Presenter.objects.select_related(
        "membership__user",
        "presentation__meeting",
        "presentation__paper",
        "presentation__allocation",
    ).get(pk=presenter_id)
    presenter.presentation.meeting.course = course
    return presenter


def _tell_affected(
    course: Course,
    successor: Presenter,
    told: Sequence[tuple[str, Membership]],
    by: User,
    at: datetime,
) -> int:
    """Settle what follows, then tell each person once; return how many are told."""
    news = News(course, at, by)
    settle(course, news)
    talk = talk_by_code(course, successor.presentation.code)
    for kind, member in told:
        enqueue(
            f"presentations/mail/{kind}",
            key=f"presenter-{successor.pk}-{kind}-{member.code}",
            to=member.user,
            at=at,
            context={
                "course": course,
                "talk": talk,
                "successor": successor.membership,
                "partners": [
                    row for row in (talk.presenters if talk else ()) if row.membership != member
                ],
                "items": news.items.pop(member, []),
            },
            course_slug=course.slug,
        )
    return len(told) + news.send()


@transaction.atomic
def assign_presenter(
    paper: Paper, to: Membership, reason: str, by: User, at: datetime, nonce: str = ""
) -> dict[str, Any]:
    """Give a free place of a paper to a student without a talk, once its round is published.

    Where nobody presents the paper yet, its talk is created at the end of its meeting, so that no
    other talk moves. Returns ``{"talk", "told"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/assigned`` and
    ``partner_changed``, as ``queries.assign_preview`` says; what follows for offers and swaps is
    settled and told too. Raises Refused ``no_reason``,
    ``not_a_student``, ``not_presented``, ``nonce_reused`` (422), ``has_a_talk``,
    ``not_published``, ``talk_over``, ``paper_full``, ``offered``, ``meeting_full`` (409).
    Source: PRODUCT 3.3.6.
    """
    course = locks.locked_talks(paper.course_id)

    def assign() -> dict[str, Any]:
        if not reason.strip():
            raise Refused("no_reason", _("Say why: it is kept with the change."), status=422)
        current = Paper.objects.get(pk=paper.pk)
        current.course = course
        change = assign_preview(current, locks.current(to), at)
        talk = change.place.talk or _new_talk(change.place, course)
        successor = Presenter.objects.create(
            presentation=talk,
            membership=change.to,
            kind=talk.kind,
            seat=change.place.seat,
            choice=change.place.choice,
            reason="assigned",
            since=at,
        )
        told = _tell_affected(course, successor, change.told, by, at)
        audit(
            "assign_presenter",
            at=at,
            actor=by,
            subject=talk.code,
            course_slug=course.slug,
            after={"paper": current.key, "presenter": change.to.code},
            reason=reason.strip(),
        )
        return {"talk": talk.code, "told": told}

    body = [paper.pk, to.pk, reason]
    return once(nonce, user=by, verb="assign_presenter", body=body, at=at, do=assign)


def _new_talk(place: Place, course: Course) -> Presentation:
    meeting = place.paper.meeting
    assert meeting is not None, "only papers with a meeting are places"
    return Presentation.objects.create(
        course=course,
        kind=Presentation.Kind.IN_CLASS,
        paper=place.paper,
        meeting=meeting,
        position=next_position(meeting),
        minutes=meeting.talk_minutes,
        changeover_minutes=meeting.changeover_minutes,
    )
