"""In every run of the tests: nobody meets a value that is not for them, nor can tell that it is.

A world full of canaries (planting.py) is asked at every address as everybody who is not staff. Then
all changes that outsiders must not be able to tell happen at once, and everything is asked again:
the same bytes. Each change by itself, more people and all other relations to things are in the
campaign (test_canaries.py, test_interference.py).
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from grading import rules
from grading.actions import release_item
from seminar.accounts.models import User
from seminar.notifications.actions import deliver
from seminar.notifications.models import Message
from tests.authz.matrix import Matrix
from tests.authz.world import Place, World, built_world, seen_and_forgotten
from tests.factories.courses import NOON
from tests.leaks.changes import ALL_HIDDEN, LATER, OF_NOBODY
from tests.leaks.listening import Choir
from tests.leaks.logged import Ledger, logged
from tests.leaks.outsiders import Outsiders, met_in
from tests.leaks.planting import Canary, plant

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900), pytest.mark.once]

OUTSIDERS = ("student", "auditor", "anonymous")
MORE_OUTSIDERS = ("other_student", "applicant", "student_elsewhere")
GRADES = ("score", "feedback", "staff-note", "told-note")


class Planted:
    """A world with its canaries, and everybody signed in."""

    def __init__(self, world: World, matrix: Matrix, ledger: Ledger) -> None:
        self.ledger = ledger
        self.world, self.canaries = plant(world)
        self.choir = Choir(self.canaries)
        self.outsiders = Outsiders(self.world, matrix)


@pytest.fixture(scope="module")
def planted(django_db_setup: None, django_db_blocker: Any, matrix: Matrix) -> Iterator[Planted]:
    with logged() as ledger, built_world(django_db_setup, django_db_blocker) as world:
        yield Planted(world, matrix, ledger)


@pytest.fixture
def outsiders(planted: Planted) -> Outsiders:
    return planted.outsiders


def release_what_was_hidden(place: Place) -> None:
    release_item(place.hidden_item, by=place.people["instructor"], at=LATER)


@pytest.mark.parametrize("actor", [*OUTSIDERS, *MORE_OUTSIDERS])
def test_nobody_meets_a_canary_that_is_not_for_them(actor: str, planted: Planted) -> None:
    met = met_in(planted.outsiders.before(actor), planted.choir)

    leaks = {str(one): where for one, where in met.items() if not one.may_be_met_by(actor)}
    assert leaks == {}


@pytest.mark.parametrize(
    ("text", "sings"),
    [
        (b"6.37", True),
        (b'{"points":[1,6.37,2]}', True),
        (b"Ada,M1/6.37", True),
        (b"5,6,37", True),
        (b"5;6.37;7", True),
        (b"16.37", False),
        (b"6.375", False),
        (b"6.3.7", False),
    ],
)
def test_a_score_is_heard_among_other_numbers(text: bytes, sings: bool) -> None:
    score = Canary("score", "here", (b"6.37", b"6,37"), frozenset(), is_number=True)

    assert Choir([score]).sing_in(text) == ({score} if sings else set())


@pytest.mark.parametrize("actor", OUTSIDERS)
def test_nobody_can_tell_what_is_hidden(actor: str, outsiders: Outsiders) -> None:
    assert outsiders.tell_apart(ALL_HIDDEN, [actor]) == []


def test_who_was_told_cannot_tell_what_is_hidden_from_everybody(outsiders: Outsiders) -> None:
    assert outsiders.tell_apart(OF_NOBODY, ["other_student"]) == []


def test_who_was_told_meets_it(planted: Planted) -> None:
    """So that the crawl, above, does look at what a student is told."""
    met = met_in(planted.outsiders.before("other_student"), planted.choir)

    assert kinds_of(met) == {"told-feedback", "told-score"}


def test_who_wrote_it_meets_it(planted: Planted) -> None:
    met = met_in(planted.outsiders.before("student"), planted.choir)

    assert {(one.what, one.place) for one in met} >= {
        ("draft-student", "here"),
        ("draft-student", "archive"),
        ("upload-student", "here"),
    }


def test_staff_meet_what_is_hidden(planted: Planted) -> None:
    """So that the crawl, above, does look where these are."""
    met = met_in(planted.outsiders.look("ta", "grading:"), planted.choir)

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


def test_staff_meet_what_is_hidden_in_a_table(planted: Planted) -> None:
    """So that the crawl, above, hears a score between commas."""
    met = met_in(planted.outsiders.look("ta", "grading:gradebook_csv"), planted.choir)

    assert kinds_of(met) >= {"hidden-score-student", "hidden-score-other_student"}


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

    met = met_in(planted.outsiders.look("student", "standing"), planted.choir)
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
    assert told_too_much(texts, planted.choir) == []


def test_no_mail_that_leaves_tells_what_is_not_for_its_reader(planted: Planted) -> None:
    due = Message.objects.filter(due_at__lte=NOON, state="queued").count()
    with seen_and_forgotten():
        while deliver(now=lambda: NOON):
            pass
    texts = [(name_of(planted.world, None, one.to[0]), said_in(one)) for one in mail.outbox]

    assert len(texts) == due > 0
    assert told_too_much(texts, planted.choir) == []


def test_the_log_tells_nothing_of_anybody(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is stored, only the codes of receipts that stand in the addresses asked for.

    Of what is sent, no passwords, texts and scores; of what fails, the code and not the values.
    """
    world, walker, typed = planted.world, planted.outsiders.walker, "CANARY-typed"
    slug, task = world.here.course.slug, world.here.report.key
    for actor in OUTSIDERS:
        planted.outsiders.before(actor)
    login = {"login": world.users["student"].email, "password": typed}
    walker.ask("POST", reverse("account_login"), "anonymous", login)
    walker.ask("PATCH", reverse("api:draft", args=[slug, task]), "student", {"text": typed})
    grade = [slug, world.here.hidden_item.key, world.here.student.code]
    stale = {"base_seq": 0, "points": "9.99", "feedback": typed}
    walker.ask("POST", reverse("api:grade_item", args=grade), "ta", stale)
    monkeypatch.setattr(rules, "student_state", None)  # what fails in mid-page is logged
    assert walker.ask("GET", reverse("grading:standing", args=[slug]), "student").status == 500

    text = "\n".join(planted.ledger.lines)
    assert f"Not Found: /c/{slug}/" in text
    assert f"Internal Server Error: /c/{slug}/standing Traceback" in text
    assert typed not in text
    told = {one.what for one in planted.choir.sing_in(text.encode())}
    assert told <= {"receipt-student", "receipt-other_student"}


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


def told_too_much(texts: list[tuple[str, str]], choir: Choir) -> list[str]:
    """What stands in a mail and is not for its reader; scores and feedback are for none."""
    return [
        f"{reader} reads {canary}"
        for reader, text in texts
        for canary in choir.sing_in(text.encode())
        if not canary.may_be_met_by(reader) or any(word in canary.what for word in GRADES)
    ]
