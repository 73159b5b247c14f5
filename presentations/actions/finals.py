"""Final talks: putting a group's talk into a meeting, and taking it out again. PRODUCT 2, 3.3.8."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Course, Meeting, Membership
from presentations.actions import locks
from presentations.actions.allocations import next_position
from presentations.models import Presentation, Presenter
from presentations.queries import (
    Cancellation,
    Talk,
    cancel_final_preview,
    minutes_left,
    talk_by_code,
    talks_of_meeting,
)
from seminar.accounts.actions import audit, once
from seminar.accounts.models import User
from seminar.lib.errors import Refused
from seminar.notifications.actions import enqueue


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
    (422), ``meeting_full``, ``has_a_talk`` (409, each with its field).
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
        _require_sound(current, title, mode, members, group, at)
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
    at: datetime,
) -> None:
    strangers = [m for m in group if m.course_id != meeting.course_id or not m.is_student]
    wrong = {
        ("meeting", meeting.key): (
            meeting.kind != Meeting.Kind.FINAL
            or meeting.cancelled_at is not None
            or at >= meeting.ends_at,
            _("Choose a meeting of final presentations that takes place and is not over."),
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
        rule = words % {"left": max(left, 0), "needed": needed}
        problem = {"field": "meeting", "value": meeting.key, "rule": rule}
        raise Refused("meeting_full", rule, problems=[problem])
    busy = (
        Presenter.objects.live()
        .filter(membership__in=group, kind=Presentation.Kind.FINAL)
        .select_related("membership__user")
    )
    names = ", ".join(sorted(row.membership.user.name for row in busy))
    if names:
        words = _("%(names)s: a final talk is scheduled already. Each person has one.")
        rule = words % {"names": names}
        problem = {"field": "members", "value": names, "rule": rule}
        raise Refused("has_a_talk", rule, problems=[problem])


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


@transaction.atomic
def cancel_final_talk(
    presentation_id: int, reason: str, by: User, at: datetime, nonce: str = ""
) -> dict[str, Any]:
    """Take a final talk out of its meeting; its presenters are free for another one.

    Only until its meeting begins, when it can be graded. The talks after it begin earlier. Returns
    ``{"talk", "told"}``.

    Locks the course's talks. Writes an audit entry; queues ``presentations/mail/final_cancelled``
    and ``final_moved``, as ``queries.cancel_final_preview`` says. Raises Refused ``no_reason``,
    ``not_a_final_talk``, ``nonce_reused`` (422), ``talk_cancelled``, ``talk_begun`` (409).
    """
    found = Presentation.objects.values_list("course_id", flat=True).get(pk=presentation_id)
    course = locks.locked_talks(found)

    def cancel() -> dict[str, Any]:
        if not reason.strip():
            raise Refused("no_reason", _("Say why: it is kept with the change."), status=422)
        presentation = Presentation.objects.select_related("meeting").get(pk=presentation_id)
        presentation.meeting.course = course
        change = cancel_final_preview(presentation, at)
        _end(presentation, change.talk, reason.strip(), at)
        _tell_cancelled(course, change, at)
        audit(
            "cancel_final_talk",
            at=at,
            actor=by,
            subject=presentation.code,
            course_slug=course.slug,
            before={
                "meeting": presentation.meeting.key,
                "members": [row.membership.code for row in change.talk.presenters],
            },
            reason=reason.strip(),
        )
        return {"talk": presentation.code, "told": len(change.told)}

    body = [presentation_id, reason]
    return once(nonce, user=by, verb="cancel_final_talk", body=body, at=at, do=cancel)


def _end(presentation: Presentation, talk: Talk, reason: str, at: datetime) -> None:
    presentation.cancelled_at = at
    presentation.save(update_fields=["cancelled_at"])
    for row in talk.presenters:
        # Never before it began, even where the demo's clock was set back.
        row.ended_at, row.ended_reason = max(at, row.since), reason
        row.save(update_fields=["ended_at", "ended_reason"])


def _tell_cancelled(course: Course, change: Cancellation, at: datetime) -> None:
    """Tell the group, and those whose talk begins earlier now."""
    now = {
        talk.presentation.pk: talk for talk in talks_of_meeting(change.talk.presentation.meeting)
    }
    for kind, talk, member in change.told:
        enqueue(
            f"presentations/mail/{kind}",
            key=f"cancelled-{change.talk.presentation.code}-{member.code}",
            to=member.user,
            at=at,
            context={
                "course": course,
                "talk": now.get(talk.presentation.pk, talk),
                "minutes": change.minutes,
            },
            course_slug=course.slug,
        )
