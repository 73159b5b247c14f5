"""Reads for final talks: what each meeting holds, who has none yet, what taking one out does."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from courses.models import Course, Meeting, Membership
from presentations import rules
from presentations.models import Presentation, Presenter
from presentations.queries.talks import Talk, talks_by_meeting, talks_of_meeting
from seminar.lib.errors import Refused


@dataclass(frozen=True)
class FinalMeeting:
    """A meeting of final presentations: its talks in running order and the minutes they use.

    ``takes_talks`` is False once it is cancelled or over.
    """

    meeting: Meeting
    talks: tuple[Talk, ...]
    used: int
    takes_talks: bool

    @property
    def left(self) -> int:
        """Minutes that no talk uses; 0 where a shortened meeting has fewer than its talks need."""
        return max(self.meeting.minutes - self.used, 0)


@dataclass(frozen=True)
class FinalsPage:
    """All meetings of final presentations, and the active students by name.

    ``free`` are those of ``students`` without a final talk.
    """

    meetings: tuple[FinalMeeting, ...]
    students: tuple[Membership, ...]
    free: tuple[Membership, ...]

    @property
    def choices(self) -> tuple[FinalMeeting, ...]:
        """The meetings a talk can be put into."""
        return tuple(day for day in self.meetings if day.takes_talks)


@dataclass(frozen=True)
class Cancellation:
    """What taking a final talk out of its meeting would do.

    ``moved`` are the talks after it: they begin ``minutes`` earlier. ``told`` are all who get a
    mail about it, each with the kind of mail and the talk it is about, and no others.
    """

    talk: Talk
    moved: tuple[Talk, ...]
    minutes: int
    told: tuple[tuple[str, Talk, Membership], ...]


def finals_page(course: Course, at: datetime) -> FinalsPage:
    """Return what an instructor schedules final talks from. Four queries at any size."""
    talks = {day.meeting.pk: day.talks for day in talks_by_meeting(course)}
    found = []
    for meeting in course.meetings.filter(kind=Meeting.Kind.FINAL):
        meeting.course = course
        order = talks.get(meeting.pk, ())
        found.append(FinalMeeting(meeting, order, _used(order), not _is_past(meeting, at)))
    scheduled = Presenter.objects.live().filter(
        membership=OuterRef("pk"), kind=Presentation.Kind.FINAL
    )
    students = tuple(
        Membership.objects.active()
        .students()
        .filter(course=course)
        .select_related("user")
        .annotate(is_scheduled=Exists(scheduled))
        .order_by("user__name", "id")
    )
    free = tuple(student for student in students if not student.is_scheduled)
    return FinalsPage(tuple(found), students, free)


def _used(talks: tuple[Talk, ...]) -> int:
    return rules.used_minutes(
        [
            rules.TalkTime(talk.presentation.minutes, talk.presentation.changeover_minutes)
            for talk in talks
        ]
    )


def _is_past(meeting: Meeting, at: datetime) -> bool:
    return meeting.cancelled_at is not None or at >= meeting.ends_at


def cancel_final_refusal(presentation: Presentation, at: datetime) -> Refused | None:
    """Return why a final talk cannot be taken out at ``at``, or None if it can. No query.

    Once its meeting has begun a talk can be graded; from then on it stays. A talk of a cancelled
    meeting was never held and can always go. Codes: ``not_a_final_talk talk_cancelled talk_begun``.
    """
    if presentation.kind != Presentation.Kind.FINAL:
        return Refused("not_a_final_talk", _("This is not a final talk."), status=422)
    if presentation.cancelled_at is not None:
        return Refused("talk_cancelled", _("This talk is cancelled already."))
    meeting = presentation.meeting
    if meeting.cancelled_at is None and at >= meeting.starts_at:
        words = _("The meeting of this talk has begun: the talk stays, so that it can be graded.")
        return Refused("talk_begun", words)
    return None


def cancel_final_preview(presentation: Presentation, at: datetime) -> Cancellation:
    """Return whom it affects to take a final talk out of its meeting. Two queries.

    The page before and the action itself both read this. Raises the ``cancel_final_refusal``.
    """
    refusal = cancel_final_refusal(presentation, at)
    if refusal is not None:
        raise refusal
    order = talks_of_meeting(presentation.meeting)
    place = [talk.presentation.pk for talk in order].index(presentation.pk)
    talk = order[place]
    # In a cancelled meeting nothing begins at any time.
    moved = order[place + 1 :] if presentation.meeting.cancelled_at is None else ()
    told = [("final_cancelled", talk, row.membership) for row in talk.presenters]
    told += [("final_moved", later, row.membership) for later in moved for row in later.presenters]
    return Cancellation(
        talk,
        moved,
        presentation.minutes + presentation.changeover_minutes,
        tuple(entry for entry in told if entry[2].user.is_active),
    )
