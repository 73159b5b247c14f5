"""Two states that differ in one hidden fact answer outsiders with the same bytes. In the campaign.

Each change by itself, asked by everybody who must not be able to tell. Each has a control: who may
tell it does, or the student does, once it is released or published.

What is hidden follows from PRODUCT 3.3, 3.5: scores, feedback, overrides, class participation and
results until they are released or published; runs that are not published; lists and numbers of
others, in the queue of a sealed course entirely, in other ones as long as they are behind; whatever
is another student's own. What is not hidden from the student it is about: attendance, known to whom
was there, and an excuse, which is no score.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from grading.actions import publish_results, release_item
from presentations.actions import publish_allocation, submit_list
from presentations.models import Allocation, Presenter
from tests.authz.matrix import Matrix
from tests.authz.world import Place, built_world
from tests.factories.courses import NOON
from tests.factories.presentations import keys_of
from tests.leaks import changes
from tests.leaks.changes import LATER, Make
from tests.leaks.outsiders import Outsiders

pytestmark = [pytest.mark.django_db, pytest.mark.campaign, pytest.mark.timeout(1800)]

OUTSIDERS = (
    "student",
    "other_student",
    "auditor",
    "anonymous",
    "applicant",
    "withdrawn",
    "student_elsewhere",
    "instructor_elsewhere",
)
OTHERS = tuple(actor for actor in OUTSIDERS if actor != "other_student")


def release_hidden_item(place: Place) -> None:
    release_item(place.hidden_item, by=place.people["instructor"], at=LATER)


def release_overridden_items(place: Place) -> None:
    for item in (place.talk_item, place.participation_item, place.attendance_item):
        release_item(item, by=place.people["instructor"], at=LATER)


def publish_frozen_results(place: Place) -> None:
    publish_results(place.course, by=place.people["instructor"], at=LATER)


def freeze_earlier(place: Place) -> None:
    """With one more decision than there would be, so that another result is published."""
    changes.set_aside(place.talk_item, place.people["student"], "9.5")


def publish_later_news(place: Place) -> None:
    place.course.announcements.filter(published_at__gt=NOON).update(published_at=NOON)


@dataclass(frozen=True)
class Case:
    """A change, and who does tell it, where, after what."""

    change: Make
    told_by: str
    where: str
    given: tuple[Make, ...] = ()
    then: tuple[Make, ...] = ()

    def __str__(self) -> str:
        return self.change.__name__


FROZEN = (changes.decide_what_is_open, changes.freeze_hidden_results)
CASES_OF_NOBODY = (
    Case(changes.change_hidden_scores, "student", "standing", then=(release_hidden_item,)),
    Case(changes.change_hidden_feedback, "student", "feedback", then=(release_hidden_item,)),
    Case(changes.clear_hidden_score, "student", "standing", then=(release_hidden_item,)),
    Case(changes.change_staff_notes, "ta", "grading:"),
    Case(changes.override_hidden_items, "student", "standing", then=(release_overridden_items,)),
    Case(changes.give_hidden_participation, "ta", "participation"),
    Case(changes.compute_hidden_results, "instructor", "results"),
    Case(
        changes.freeze_hidden_results,
        "instructor",
        "results",
        given=(changes.decide_what_is_open,),
    ),
    Case(changes.allocate_again, "instructor", "board"),
    Case(changes.write_later_news, "student", "announcements", then=(publish_later_news,)),
    Case(changes.change_staff_matters, "instructor", "presentations:"),
    Case(changes.send_another_application, "instructor", "applications"),
)
CASES_OF_ANOTHER = (
    Case(changes.change_others_grades, "other_student", "standing"),
    Case(changes.change_others_attendance, "other_student", "standing"),
    Case(changes.change_others_work, "other_student", "assignments:"),
    Case(changes.submit_others_list, "other_student", "presentations:"),
)


@pytest.fixture(scope="module")
def outsiders(django_db_setup: None, django_db_blocker: Any, matrix: Matrix) -> Iterator[Outsiders]:
    with built_world(django_db_setup, django_db_blocker) as world:
        yield Outsiders(world, matrix)


def test_every_change_is_a_case() -> None:
    tried = {case.change for case in (*CASES_OF_NOBODY, *CASES_OF_ANOTHER)}

    assert tried >= set(changes.ALL_HIDDEN)


@pytest.mark.parametrize("case", CASES_OF_NOBODY, ids=str)
def test_nobody_tells_what_is_hidden_from_all(case: Case, outsiders: Outsiders) -> None:
    assert outsiders.tell_apart([case.change], OUTSIDERS, given=case.given) == []


@pytest.mark.parametrize("case", CASES_OF_ANOTHER, ids=str)
def test_nobody_tells_what_is_anothers(case: Case, outsiders: Outsiders) -> None:
    assert outsiders.tell_apart([case.change], OTHERS, given=case.given) == []


@pytest.mark.parametrize("case", [*CASES_OF_NOBODY, *CASES_OF_ANOTHER], ids=str)
def test_who_may_tell_does(case: Case, outsiders: Outsiders) -> None:
    """So that equal answers, above, are equal because it is hidden from who asks."""
    seen = outsiders.tell_apart(
        [case.change], [case.told_by], case.where, given=case.given, then=case.then
    )

    assert [line for line in seen if "/" in line]


def test_the_student_tells_what_a_published_result_rests_on(outsiders: Outsiders) -> None:
    """An override before the freeze: hidden in it, and shown when it is published."""
    hidden = {"given": (), "then": FROZEN}

    assert outsiders.tell_apart([freeze_earlier], ["student"], "standing", **hidden) == []
    hidden["then"] = (*FROZEN, publish_frozen_results)
    assert outsiders.tell_apart([freeze_earlier], ["student"], "standing", **hidden)


def test_the_student_tells_a_run_once_it_is_published(outsiders: Outsiders) -> None:
    """The other round's talks go first; the waiting round's outcome shows with its publication."""
    seen = outsiders.tell_apart([publish_waiting_run], ["student"], "preferences")

    assert [line for line in seen if "/preferences/" in line]


def publish_waiting_run(place: Place) -> None:
    """Run once more, as the talks published meanwhile count, and publish."""
    changes.allocate_again(place)
    newest = Allocation.objects.filter(round=place.waiting_round).latest("run")
    publish_allocation(newest.pk, place.people["instructor"].user, LATER)


# The queue: what a student in it, or not in it, can tell of the list of another.
def free(place: Place) -> None:
    """Whoever presents already gets nothing, and could tell nothing from it."""
    talks = Presenter.objects.filter(presentation__course=place.course, kind="in_class")
    talks.filter(ended_at=None).update(ended_at=NOON, ended_reason="Moved.")


def seal(place: Place) -> None:
    place.course.policies.update(sealed=True)


def submit_in_order(*roles: str) -> Make:
    def submit(place: Place) -> None:
        for role in roles:
            submit_list(
                place.open_round.pk, place.people[role], keys_of(place.open_round), "", NOON
            )

    return submit


AHEAD = submit_in_order("other_student", "student")
BEHIND = submit_in_order("student", "other_student")
ALONE = submit_in_order("other_student")
QUEUES: dict[str, tuple[Make, ...]] = {
    "behind": (free, BEHIND),
    "sealed and behind": (free, seal, BEHIND),
    "sealed and ahead": (free, seal, AHEAD),
    "ahead of somebody without a list": (free, ALONE),
}
MOVES = (changes.change_others_list, changes.withdraw_others_list)


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_nobody_tells_another_list(move: Make, queue: str, outsiders: Outsiders) -> None:
    asks = ("student", "auditor", "anonymous")

    assert outsiders.tell_apart([move], asks, given=QUEUES[queue]) == []


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_the_provisional_outcome_tells_what_happened_ahead(
    move: Make, outsiders: Outsiders
) -> None:
    """On purpose, where the queue is not sealed: the own outcome and its reason, nothing else."""
    key, slug = outsiders.world.here.open_round.key, outsiders.world.here.course.slug

    seen = outsiders.tell_apart([move], ["student"], "round", given=(free, AHEAD))
    seen += outsiders.tell_apart([move], ["student"], "preferences", given=(free, AHEAD))
    assert seen == [
        f"student at /api/v1/courses/{slug}/rounds/{key}",
        f"student at /c/{slug}/preferences/{key}",
    ]
