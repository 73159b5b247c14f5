"""Facts that some people must not be able to tell, each as a change of the world.

Applying one must change no byte of what its outsiders are answered. ``OF_NOBODY``: hidden from
everybody but staff, also from the student whom it is about. ``OF_ANOTHER``: the other student's own
matter. The actions make them, a few minutes after all else in the world.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from assignments.models import Extension
from courses.actions import Statement, keep_table, send_application
from courses.models import Membership, TableUpload
from grading.actions import (
    Change,
    Grade,
    Mark,
    clear_item,
    compute_results,
    excuse_item,
    freeze_results,
    give_participation,
    grade_item,
    override_item,
    release_item,
    request_results,
    take_attendance,
)
from grading.models import GradeEntry, GradeItem
from grading.queries import blockers_of, facts_of, staff_standings
from presentations.actions import allocate_round, change_list, submit_list, withdraw_list
from presentations.models import PreferenceList
from tests.authz.world import HIDDEN_FEEDBACK, HIDDEN_SCORE, Place
from tests.factories.courses import NOON, make_announcement, make_user
from tests.factories.presentations import keys_of

LATER = NOON + timedelta(minutes=7)
Make = Callable[[Place], object]


def students_of(place: Place) -> list[Membership]:
    return [place.people["student"], place.people["other_student"]]


def last_line(item: GradeItem, member: Membership) -> int:
    return GradeEntry.objects.filter(item=item, membership=member).count()


def regrade(item: GradeItem, member: Membership, points: str, **said: str) -> None:
    by = item.course.memberships.filter(role="ta")[0]
    grade = Grade(base_seq=last_line(item, member), points=points, **said)
    grade_item(item, member, grade, by=by, at=LATER)


def set_aside(item: GradeItem, member: Membership, points: str) -> None:
    by = item.course.memberships.filter(role="ta")[0]
    why = Change("Agreed.", last_line(item, member))
    override_item(item, member, points, why, by=by, at=LATER)


def change_hidden_scores(place: Place) -> None:
    for member in students_of(place):
        regrade(place.hidden_item, member, "1.25", feedback=HIDDEN_FEEDBACK)


def change_hidden_feedback(place: Place) -> None:
    for member in students_of(place):
        regrade(place.hidden_item, member, HIDDEN_SCORE, feedback="Quite another, longer text.")


def change_staff_notes(place: Place) -> None:
    """Only the note of one entry, of work whose grade is hidden."""
    member = place.people["student"]
    entry = place.hidden_item.entries.filter(membership=member).latest("seq")
    said = {"feedback": entry.feedback, "note": "Seen by staff."}
    regrade(place.hidden_item, member, str(entry.points), **said)


def clear_hidden_score(place: Place) -> None:
    """Not graded yet is not told from graded and not released."""
    member = place.people["student"]
    why = Change("Wrong file.", last_line(place.hidden_item, member))
    clear_item(place.hidden_item, member, why, by=place.people["ta"], at=LATER)


def override_hidden_items(place: Place) -> None:
    for member in students_of(place):
        for item in (place.talk_item, place.participation_item, place.attendance_item):
            set_aside(item, member, "2.75")


def give_hidden_participation(place: Place) -> None:
    """Points of an item that is not released."""
    by, points = place.people["ta"], -Decimal(1)
    for member in students_of(place):
        item, meeting = place.participation_item, place.lecture
        nonce = f"changes-{member.code}"
        give_participation(item, meeting, member, points, by=by, at=LATER, nonce=nonce)


def compute_hidden_results(place: Place) -> None:
    request_results(place.course, by=place.people["instructor"].user, at=LATER)
    compute_results(at=LATER)


def decide_what_is_open(place: Place) -> None:
    """So that results may be frozen: attendance is set aside, and whatever else waits."""
    for member in students_of(place):
        set_aside(place.attendance_item, member, "2.75")
    facts = facts_of(place.course)
    for blocker in blockers_of(facts, staff_standings(facts, at=LATER)):
        assert blocker.item is not None, blocker
        for member in blocker.members:
            set_aside(place.course.grade_items.get(key=blocker.item.key), member, "1")


def freeze_hidden_results(place: Place) -> None:
    """Freeze what is decided, without publishing."""
    freeze_results(place.course, by=place.people["instructor"].user, at=LATER)


def allocate_again(place: Place) -> None:
    """A second run of a round whose result is not published."""
    allocate_round(place.waiting_round.pk, place.people["instructor"].user, LATER)


def write_later_news(place: Place) -> None:
    make_announcement(place.course, title="Not yet", published_at=NOON + timedelta(days=1))


def change_staff_matters(place: Place) -> None:
    """Reasons, files that wait, the title of a talk that is off."""
    place.course.pass_rules.update(reason="Because of a longer talk in the faculty.")
    place.cancelled_final.presenters.update(ended_reason="Ill, and gone.")
    type(place.cancelled_final).objects.filter(pk=place.cancelled_final.pk).update(title="Another")
    keep_table(
        TableUpload(
            course=place.course,
            by=place.people["instructor"].user,
            kind="roster",
            name="more.csv",
            encoding="utf-8",
            content=b"name,email\n",
            at=LATER,
        )
    )


def send_another_application(place: Place) -> None:
    passed = Statement("Bachelor, 5th semester", (place.prerequisite.key,))
    send_application(place.course, user=make_user("New Person"), statement=passed, at=LATER)


def change_others_grades(place: Place) -> None:
    """Regrade what the other student sees already, and let more be seen."""
    other = place.people["other_student"]
    regrade(place.shown_item, other, "0.5", feedback="Weaker now.", reason="Regraded.")
    why = Change("Ill.", last_line(place.participation_item, other))
    by = place.people["ta"]
    excuse_item(place.participation_item, other, why, by=by, at=LATER)
    release_item(place.hidden_item, by=place.people["instructor"], at=LATER, memberships=[other])


def change_others_attendance(place: Place) -> None:
    other = place.people["other_student"]
    marks = {other.code: Mark("absent", 1)}
    take_attendance(place.lecture, marks, by=place.people["ta"], at=LATER)


def change_others_work(place: Place) -> None:
    """Another text, a longer extension, one more version."""
    other = place.people["other_student"]
    place.other_draft.fields.update(text="Something else.", version=2)
    Extension.objects.filter(membership=other).update(
        until=place.extension.until + timedelta(days=3), reason="Ill for longer."
    )
    Membership.objects.filter(pk=other.pk).update(matriculation="7654321")


def submit_others_list(place: Place) -> None:
    """Somebody is in the queue now; who is not in it is told nothing of that."""
    round_ = place.open_round
    submit_list(round_.pk, place.people["other_student"], keys_of(round_), "", NOON)


def change_others_list(place: Place) -> None:
    """Another order of a list that is in the queue."""
    other, round_ = place.people["other_student"], place.open_round
    version = PreferenceList.objects.get(round=round_, membership=other).version
    change_list(round_.pk, other, keys_of(round_)[::-1], version, "", NOON)


def withdraw_others_list(place: Place) -> None:
    """A number is burned, and its list is out of the queue."""
    withdraw_list(place.open_round.pk, place.people["other_student"], "", NOON)


OF_NOBODY: tuple[Make, ...] = (
    change_hidden_scores,
    change_hidden_feedback,
    change_staff_notes,
    override_hidden_items,
    give_hidden_participation,
    compute_hidden_results,
    allocate_again,
    write_later_news,
    change_staff_matters,
    send_another_application,
)
OF_ANOTHER: tuple[Make, ...] = (
    change_others_grades,
    change_others_attendance,
    change_others_work,
    submit_others_list,
)
# Everything at once, in an order in which it may happen.
ALL_HIDDEN: tuple[Make, ...] = (*OF_NOBODY, *OF_ANOTHER)
