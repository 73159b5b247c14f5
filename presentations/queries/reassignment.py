"""Reads for giving somebody's place in a talk to somebody else: who can, who is affected."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from courses.models import Membership
from presentations.models import Allocation, PreferenceChoice, Presentation, Presenter
from seminar.lib.errors import Refused


@dataclass(frozen=True)
class Candidate:
    """A student who could take a place, and what speaks for it.

    ``choice`` is where they ranked the paper, ``number`` their place in the queue then, ``talk``
    the live talk of this kind they have already (it rules them out).
    """

    membership: Membership
    choice: int | None
    number: int | None
    talk: Presentation | None

    @property
    def is_free(self) -> bool:
        """Tell whether this person can take the place as things stand."""
        return self.talk is None


@dataclass(frozen=True)
class Reassignment:
    """What a reassignment would do. ``told`` are all who get a mail about it, and no others."""

    presenter: Presenter
    to: Membership
    choice: int | None
    told: tuple[tuple[str, Membership], ...]


def candidates_for(presenter: Presenter) -> list[Candidate]:
    """Return the active students, best candidates first. Three queries at any size.

    First those who ranked this paper and have no talk, by choice and queue number; then others
    without a talk; then those who have one. Source: reference ux (h).
    """
    talk = presenter.presentation
    lists = PreferenceChoice.objects.filter(paper=talk.paper_id, list__number__isnull=False)
    if talk.allocation is not None:
        lists = lists.filter(list__round=talk.allocation.round_id)
    ranked: dict[int, tuple[int | None, int | None]] = {
        membership: (position, number)
        for membership, position, number in lists.order_by("list__round_id").values_list(
            "list__membership_id", "position", "list__number"
        )
    }
    busy = {
        row.membership_id: row.presentation
        for row in Presenter.objects.live()
        .filter(kind=presenter.kind, presentation__course=talk.course_id)
        .select_related("presentation__paper", "presentation__meeting")
    }
    students = (
        Membership.objects.active()
        .students()
        .filter(course=talk.course_id)
        .exclude(pk=presenter.membership_id)
        .select_related("user")
    )
    found = []
    for student in students:
        choice, number = ranked.get(student.pk, (None, None))
        found.append(Candidate(student, choice, number, busy.get(student.pk)))
    return sorted(found, key=_suitability)


def _suitability(candidate: Candidate) -> tuple[bool, bool, int, int, str]:
    return (
        not candidate.is_free,
        candidate.choice is None,
        candidate.choice or 0,
        candidate.number or 0,
        candidate.membership.user.name,
    )


def reassign_refusal(presenter: Presenter, to: Membership, at: datetime) -> Refused | None:
    """Return why this place cannot go to ``to`` at ``at``, or None if it can. One query.

    Codes: ``not_presenting talk_cancelled talk_over not_a_student same_person has_a_talk``.
    """
    talk = presenter.presentation
    if presenter.ended_at is not None:
        return Refused("not_presenting", _("This place was given to somebody else already."))
    if talk.cancelled_at is not None:
        return Refused("talk_cancelled", _("This talk is cancelled."))
    if at >= talk.meeting.ends_at:
        return Refused("talk_over", _("This talk is over: its meeting has ended."))
    return _unsuitable(presenter, to)


def _unsuitable(presenter: Presenter, to: Membership) -> Refused | None:
    name = to.user.name
    if to.course_id != presenter.presentation.course_id or not to.is_student:
        words = _("%(name)s is not an active student of this course.")
        return Refused("not_a_student", words % {"name": name}, status=422)
    if to.pk == presenter.membership_id:
        words = _("%(name)s presents this talk already.")
        return Refused("same_person", words % {"name": name}, status=422)
    if Presenter.objects.live().filter(membership=to, kind=presenter.kind).exists():
        words = _("%(name)s has a talk of this kind already. Each person has one.")
        return Refused("has_a_talk", words % {"name": name})
    return None


def reassign_preview(presenter: Presenter, to: Membership, at: datetime) -> Reassignment:
    """Return who is affected by giving this place to ``to``. At most four queries.

    The page before and the action itself both read this. Raises the ``reassign_refusal``.
    """
    refusal = reassign_refusal(presenter, to, at)
    if refusal is not None:
        raise refusal
    partners = (
        Presenter.objects.live()
        .filter(presentation=presenter.presentation_id)
        .exclude(pk=presenter.pk)
        .select_related("membership__user")
        .order_by("seat")
    )
    told = [
        ("talk_taken", presenter.membership),
        ("talk_given", to),
        *(("partner_changed", partner.membership) for partner in partners),
    ]
    return Reassignment(
        presenter,
        to,
        choice_of(presenter.presentation, to),
        tuple((kind, member) for kind, member in told if member.user.is_active),
    )


def choice_of(talk: Presentation, to: Membership) -> int | None:
    """Return where ``to`` ranked the paper in the round that gave the talk, if anywhere."""
    allocation: Allocation | None = talk.allocation
    if allocation is None:
        return None
    return (
        PreferenceChoice.objects.filter(
            list__round=allocation.round_id,
            list__membership=to,
            list__number__isnull=False,
            paper=talk.paper_id,
        )
        .values_list("position", flat=True)
        .first()
    )
