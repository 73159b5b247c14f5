"""Talks after publication: another presenter, a final talk. Source: PRODUCT 3.3.6, 3.3.8."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Meeting, Membership
from presentations.actions import locks
from presentations.actions.allocations import next_position
from presentations.models import Presentation, Presenter
from presentations.queries import minutes_left, reassign_preview, talk_by_code
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
    ``talk_given`` and ``partner_changed``, as ``queries.reassign_preview`` says. Raises Refused
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
        _tell_affected(course, successor, change.told, at)
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
        return {"talk": presenter.presentation.code, "told": len(change.told)}

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
    at: datetime,
) -> None:
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
            },
            course_slug=course.slug,
        )


@transaction.atomic
def schedule_final_talk(  # noqa: PLR0913 - the facts of a talk, by whom, when, which request
    meeting: Meeting,
    title: str,
    mode: str,
    members: Sequence[Membership],
    *,
    by: User,
    at: datetime,
    nonce: str = "",
) -> dict[str, Any]:
    """Put a group's final talk at the end of a meeting of final presentations.

    Returns ``{"talk", "told"}``. Its length and changeover are the meeting's.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/final_scheduled``
    for each member. Raises Refused ``bad_final_talk`` with every problem (422), ``nonce_reused``
    (422), ``meeting_full``, ``has_a_talk`` (409).
    """
    course = locks.locked_talks(meeting.course_id)

    def schedule() -> dict[str, Any]:
        group = list(
            Membership.objects.filter(pk__in=[member.pk for member in members]).select_related(
                "user"
            )
        )
        current = Meeting.objects.get(pk=meeting.pk)
        current.course = course
        _require_sound(current, title, mode, members, group)
        _require_free(current, group)
        talk = Presentation.objects.create(
            course=course,
            kind=Presentation.Kind.FINAL,
            title=title.strip(),
            mode=mode,
            meeting=current,
            position=next_position(current),
            minutes=current.talk_minutes,
            changeover_minutes=current.changeover_minutes,
        )
        Presenter.objects.bulk_create(
            Presenter(
                presentation=talk,
                membership=member,
                kind=talk.kind,
                seat=seat,
                reason="scheduled",
                since=at,
            )
            for seat, member in enumerate(group)
        )
        told = _tell_group(course, talk, group, at)
        audit(
            "schedule_final_talk",
            at=at,
            actor=by,
            subject=talk.code,
            course_slug=course.slug,
            after={"meeting": current.key, "members": [member.code for member in group]},
        )
        return {"talk": talk.code, "told": told}

    body = [meeting.pk, title, mode, [member.pk for member in members]]
    return once(nonce, user=by, verb="schedule_final_talk", body=body, at=at, do=schedule)


def _require_sound(
    meeting: Meeting,
    title: str,
    mode: str,
    members: Sequence[Membership],
    group: Sequence[Membership],
) -> None:
    strangers = [m for m in group if m.course_id != meeting.course_id or not m.is_student]
    wrong = {
        ("meeting", meeting.key): (
            meeting.kind != Meeting.Kind.FINAL or meeting.cancelled_at is not None,
            _("Choose a meeting of final presentations that takes place."),
        ),
        ("title", title): (not title.strip(), _("Give the talk a title.")),
        ("mode", mode): (
            mode not in Presentation.Mode.values,
            _("Choose a literature review or a new mechanism."),
        ),
        ("members", len(members)): (
            not members or len(group) != len(members),
            _("Choose one or more students, each once."),
        ),
        ("members", ", ".join(stranger.user.name for stranger in strangers)): (
            bool(strangers),
            _("Every member has to be an active student of this course."),
        ),
    }
    problems = [
        {"field": field, "value": value, "rule": rule}
        for (field, value), (is_wrong, rule) in wrong.items()
        if is_wrong
    ]
    if problems:
        message = " ".join(str(problem["rule"]) for problem in problems)
        raise Refused("bad_final_talk", message, status=422, problems=problems)


def _require_free(meeting: Meeting, group: Sequence[Membership]) -> None:
    left = minutes_left(meeting)
    needed = meeting.talk_minutes + meeting.changeover_minutes
    if needed > left:
        words = _("The meeting has %(left)d minutes left and a talk takes %(needed)d.")
        raise Refused("meeting_full", words % {"left": max(left, 0), "needed": needed})
    busy = (
        Presenter.objects.live()
        .filter(membership__in=group, kind=Presentation.Kind.FINAL)
        .select_related("membership__user")
    )
    names = ", ".join(sorted(row.membership.user.name for row in busy))
    if names:
        words = _("%(names)s: a final talk is scheduled already. Each person has one.")
        raise Refused("has_a_talk", words % {"names": names})


def _tell_group(
    course: Course, presentation: Presentation, group: Sequence[Membership], at: datetime
) -> int:
    talk = talk_by_code(course, presentation.code)
    told = [member for member in group if member.user.is_active]
    for member in told:
        enqueue(
            "presentations/mail/final_scheduled",
            key=f"final-{presentation.code}-{member.code}",
            to=member.user,
            at=at,
            context={
                "course": course,
                "talk": talk,
                "partners": [other for other in group if other != member],
            },
            course_slug=course.slug,
        )
    return len(told)
