"""In every run of the tests: nobody meets a value that is not for them, nor can tell that it is.

A world full of canaries (planting.py) is asked at every address as everybody who is not staff. Then
a score that nobody released changes, and everything is asked again: the same bytes. More changes,
more people and all other relations to things are in the campaign (test_canaries.py,
test_interference.py).
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail

from grading import rules
from grading.actions import release_item
from seminar.accounts.models import User
from seminar.notifications.actions import deliver
from seminar.notifications.models import Message
from tests.authz.matrix import Matrix
from tests.authz.world import Place, World, built_world, seen_and_forgotten
from tests.factories.courses import NOON
from tests.leaks.changes import LATER, last_line, regrade
from tests.leaks.outsiders import Outsiders, met_in
from tests.leaks.planting import Canary, plant

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900), pytest.mark.once]

OUTSIDERS = ("student", "other_student", "auditor", "anonymous")
MORE_OUTSIDERS = ("applicant", "student_elsewhere")
GRADES = ("score", "feedback", "staff-note", "told-note")


class Planted:
    """A world with its canaries, and everybody signed in."""

    def __init__(self, world: World, matrix: Matrix) -> None:
        self.world, self.canaries = plant(world)
        self.outsiders = Outsiders(self.world, matrix)


@pytest.fixture(scope="module")
def planted(django_db_setup: None, django_db_blocker: Any, matrix: Matrix) -> Iterator[Planted]:
    with built_world(django_db_setup, django_db_blocker) as world:
        yield Planted(world, matrix)


@pytest.fixture
def outsiders(planted: Planted) -> Outsiders:
    return planted.outsiders


def change_a_score(place: Place) -> None:
    """Only the points of one entry."""
    entry = newest(place)
    said = {"feedback": entry.feedback, "note": entry.note}
    regrade(place.hidden_item, place.people["student"], "1.25", **said)


def change_a_feedback(place: Place) -> None:
    """Only the text of one entry."""
    entry = newest(place)
    said = {"feedback": "Quite another, longer text.", "note": entry.note}
    regrade(place.hidden_item, place.people["student"], str(entry.points), **said)


def newest(place: Place) -> Any:
    member = place.people["student"]
    seq = last_line(place.hidden_item, member)
    return place.hidden_item.entries.get(membership=member, seq=seq)


def release_what_was_hidden(place: Place) -> None:
    release_item(place.hidden_item, by=place.people["instructor"], at=LATER)


@pytest.mark.parametrize("actor", [*OUTSIDERS, *MORE_OUTSIDERS])
def test_nobody_meets_a_canary_that_is_not_for_them(actor: str, planted: Planted) -> None:
    met = met_in(planted.outsiders.before(actor), planted.canaries)

    leaks = {str(one): where for one, where in met.items() if not one.may_be_met_by(actor)}
    assert leaks == {}


@pytest.mark.parametrize("actor", OUTSIDERS)
def test_nobody_can_tell_a_score_that_is_not_released(actor: str, outsiders: Outsiders) -> None:
    assert outsiders.tell_apart([change_a_score], [actor]) == []


def test_the_student_cannot_tell_feedback_that_is_not_released(outsiders: Outsiders) -> None:
    assert outsiders.tell_apart([change_a_feedback], ["student"]) == []


def test_staff_meet_what_is_hidden(planted: Planted) -> None:
    """So that the crawl, above, does look where these are."""
    met = met_in(planted.outsiders.look("ta", "grading:"), planted.canaries)

    assert kinds_of(met) == {
        "hidden-feedback-other_student",
        "hidden-feedback-student",
        "hidden-score-other_student",
        "hidden-score-student",
        "staff-note-other_student",
        "staff-note-student",
        "told-note",
        "told-score",
    }


def kinds_of(met: dict[Canary, list[str]]) -> set[str]:
    """Which scores, feedback and notes of this course are among them."""
    return {
        canary.what
        for canary in met
        if canary.place == "here" and any(word in canary.what for word in GRADES)
    }


def test_a_score_shows_once_it_is_released(outsiders: Outsiders) -> None:
    """So that equal answers, above, are equal because it is hidden."""
    slug = outsiders.world.here.course.slug

    assert outsiders.tell_apart([release_what_was_hidden], ["student"], "standing") == [
        f"student at /api/v1/courses/{slug}/standing",
        f"student at /c/{slug}/standing",
        "student at messages",
    ]


def test_a_mistake_that_judges_by_all_facts_shows(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "student_state", rules.staff_state)

    met = met_in(planted.outsiders.look("student", "standing"), planted.canaries)
    assert "hidden-score-student" in kinds_of(met)


def test_no_message_tells_what_is_not_for_its_reader(planted: Planted) -> None:
    texts = [
        (
            name_of(planted.world, one.to, one.address),
            f"{one.subject}\n{one.text}\n{one.html}\n{one.key}",
        )
        for one in Message.objects.select_related("to")
    ]

    assert texts
    assert told_too_much(texts, planted.canaries) == []


def test_no_mail_that_leaves_tells_what_is_not_for_its_reader(planted: Planted) -> None:
    due = Message.objects.filter(due_at__lte=NOON, state="queued").count()
    with seen_and_forgotten():
        while deliver(now=lambda: NOON):
            pass
    texts = [(name_of(planted.world, None, one.to[0]), said_in(one)) for one in mail.outbox]

    assert len(texts) == due > 0
    assert told_too_much(texts, planted.canaries) == []


def said_in(letter: mail.EmailMessage) -> str:
    """All of a mail but what is random in it, where a score might stand by chance."""
    message = letter.message()
    headers = [line for line in message.items() if line[0] not in {"Message-ID", "Content-Type"}]
    parts = [part.get_payload(decode=True) for part in message.walk()]
    return "\n".join([*map(str, headers), *(part.decode() for part in parts if part)])


def name_of(world: World, user: User | None, address: str) -> str:
    """Which actor reads a message: by account, else whoever it is sent to."""
    names = world.users | {f"{role}_elsewhere": one for role, one in world.strangers.items()}
    found = [name for name, known in names.items() if known == user or known.email == address]
    return found[0] if found else address


def told_too_much(texts: list[tuple[str, str]], canaries: list[Canary]) -> list[str]:
    """What stands in a mail and is not for its reader; scores and feedback are for none."""
    return [
        f"{reader} reads {canary}"
        for reader, text in texts
        for canary in canaries
        if canary.sings_in(text.encode())
        if not canary.may_be_met_by(reader) or any(word in canary.what for word in GRADES)
    ]
