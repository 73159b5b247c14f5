"""Whom a course file concerns: talks, points and marks that are there, and what is shown first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils.html import escape

from courses.models import Course, Meeting, Membership, Paper
from grading.models import AttendanceMark, GradeItem, ParticipationPoint
from presentations.models import Presentation, Presenter
from seminar.desk.actions.load_course import load_course
from seminar.desk.actions.load_course.outline import ABOUT_FIELDS, COURSE_FIELDS, PAPER_FIELDS
from seminar.desk.rules.course_file import schema
from seminar.desk.rules.course_file.words import field_words, row_words
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.desk.test_course_file_checks import SMALL
from tests.desk.test_course_file_page import changed, confirm, upload, words
from tests.desk.test_load_course import AT, WEIGHTS, load, parsed, refused, with_a_list
from tests.factories.courses import make_course, make_member
from tests.factories.grading import mark, score
from tests.factories.presentations import make_talk

pytestmark = pytest.mark.django_db

PAIR = ("presentable: yes", "presentable: yes\n    capacity: 2")
LATER = ("date: 2026-04-20", "date: 2026-04-27")
CLASS = """\
  - key: class
    title: Class participation
    component: talk
    kind: participation
    weight: 10
    max: 20
    meeting_cap: 3
"""
WITH_CLASS = SMALL.replace(
    "    presentation: in_class\n    weight: 40\n", "    presentation: in_class\n    weight: 30\n"
).replace("pass_rule:", f"{CLASS}pass_rule:")
OTHER_WEIGHTS = (("weight: 60", "weight: 50"), ("weight: 40", "weight: 50"),
                 ("weight: 60", "weight: 50"), ("weight: 30", "weight: 40"))  # fmt: skip


@pytest.fixture
def small() -> Course:
    load()
    return Course.objects.get(slug="small")


@pytest.fixture
def iris(small: Course, client: Client) -> Membership:
    """The instructor of the small course, signed in."""
    member = small.memberships.get(role="instructor")
    client.force_login(member.user)
    return member


def talk_of(key: str, *members: Membership) -> Presentation:
    paper = Paper.objects.get(key=key)
    return make_talk(paper.course, *members, paper=paper)


def conflicts(text: str, *pairs: tuple[str, str], confirmed: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refusal:
        load(text, *pairs, confirm_scheme=confirmed)
    return [(problem["path"], problem["code"]) for problem in refusal.value.problems]


# --- Talks ---------------------------------------------------------------------------------------


def test_load_course_refuses_a_meeting_too_short_for_its_talks(small: Course) -> None:
    for key in ("one", "two"):
        talk_of(key, make_member(small))
    talks = "date: 2026-04-20\n    starts: 16:00\n    ends: "

    assert refused((f"{talks}18:00", f"{talks}16:39")) == [
        ("meetings[1].ends", "talks_do_not_fit", "talks")
    ]
    assert load(SMALL, (f"{talks}18:00", f"{talks}16:40")).changed == {"meeting": 1}


def test_load_course_leaves_a_meeting_alone_that_is_too_full_already(small: Course) -> None:
    talk = talk_of("one", make_member(small))
    Presentation.objects.filter(pk=talk.pk).update(minutes=500)

    assert load().total == 0
    assert load(SMALL, ("title: A small course", "title: Renamed")).changed == {"course": 1}
    Presentation.objects.filter(pk=talk.pk).update(minutes=20)


def test_load_course_names_the_talks_that_move_and_who_is_told(small: Course) -> None:
    ada, ben = make_member(small, name="Ada"), make_member(small, name="Ben")
    first, second = talk_of("one", ada), talk_of("two", ben)
    before = datetime(2026, 4, 20, 14, 0, tzinfo=UTC)

    report = load(SMALL, LATER, dry_run=True)

    assert [(t.code, t.title, t.before, t.after, t.presenters, t.told) for t in report.talks] == [
        (first.code, "Paper one", before, before + timedelta(days=7), ("Ada",), 1),
        (second.code, "Paper two", before + timedelta(minutes=20),
         before + timedelta(days=7, minutes=20), ("Ben",), 1),
    ]  # fmt: skip
    assert (report.told, Message.objects.count()) == (0, 0)


def test_load_course_tells_each_presenter_once_that_a_talk_moves(small: Course) -> None:
    ada, ben = make_member(small, name="Ada"), make_member(small, name="Ben")
    make_member(small, name="Cleo")
    load(SMALL, PAIR)
    talk = talk_of("one", ada, ben)

    assert load(SMALL, PAIR, LATER).told == 2
    assert load(SMALL, PAIR, LATER).told == 0

    told = {message.to: message for message in Message.objects.all()}
    assert set(told) == {ada.user, ben.user}
    message = told[ada.user]
    assert (message.kind, message.subject) == (
        "desk/mail/talks_moved", "[Small] Your talk is now on Mon 27 Apr 2026",
    )  # fmt: skip
    lines = message.text.replace("\u202f", " ").splitlines()
    assert "Paper one" in lines
    assert [line[:10] for line in lines if line.startswith(("Was", "Now"))] == [
        "Was: Mon 2", "Now: Mon 2",
    ]  # fmt: skip
    assert f"/c/small/talks/{talk.code}" in message.text or talk.code in message.text


def test_load_course_tells_of_every_move_there_and_back(small: Course) -> None:
    talk_of("one", make_member(small))

    for pairs in ((LATER,), (), (LATER,)):
        assert load(SMALL, *pairs).told == 1

    assert Message.objects.count() == 3


def test_load_course_writes_one_mail_where_both_talks_of_somebody_move(small: Course) -> None:
    ada = make_member(small)
    talk_of("one", ada)
    final = Presentation.objects.create(
        course=small,
        kind="final",
        title="Final",
        mode="new_mechanism",
        meeting=Meeting.objects.get(key="lecture"),
        position=1,
        minutes=20,
    )
    Presenter.objects.create(
        presentation=final, membership=ada, kind="final", seat=0, reason="scheduled", since=AT
    )

    report = load(SMALL, LATER, ("date: 2026-04-13", "date: 2026-04-14"))

    assert (len(report.talks), report.told) == (2, 1)
    assert Message.objects.get().subject == "[Small] Your 2 talks begin at other times now"


def test_load_course_tells_nobody_who_is_gone_or_whose_talk_is_over(small: Course) -> None:
    load(SMALL, PAIR)
    gone, closed, here = (make_member(small) for _ in range(3))
    talk_of("one", gone, closed)
    talk_of("two", here)
    Membership.objects.filter(pk=gone.pk).update(state="withdrawn")
    closed.user.is_active = False
    closed.user.save()

    report = load(SMALL, PAIR, LATER, dry_run=True)
    over = load(SMALL, PAIR, LATER, dry_run=True, at=datetime(2026, 5, 1, tzinfo=UTC))
    Meeting.objects.filter(key="talks").update(cancelled_at=AT, cancel_reason="ill")
    cancelled = load(SMALL, PAIR, LATER, dry_run=True)

    assert [talk.told for talk in report.talks] == [0, 1]
    assert [talk.told for talk in over.talks] == [0, 0]
    assert [talk.told for talk in cancelled.talks] == [0, 0]


@pytest.mark.usefixtures("set_clock")
def test_course_file_says_which_talks_move_and_tells_the_presenters(
    client: Client, iris: Membership
) -> None:
    talk_of("one", make_member(iris.course, name="Ada Student"))

    shown = upload(client, changed(LATER))

    text = words(shown)
    assert "Talks that move Paper one : Mon 20 Apr" in text
    assert "(Ada Student; 1 person is told by mail)" in text
    assert "Nobody else is told." in text
    answer = confirm(client, shown)
    assert "1 presenter was told." in words(client.get(answer.url))
    assert Message.objects.get().to.name == "Ada Student"


@pytest.mark.usefixtures("set_clock")
def test_course_file_says_that_nobody_is_told_where_no_talk_moves(
    client: Client, iris: Membership
) -> None:
    shown = upload(client, changed(LATER))

    assert "Nobody is told: this sends no mail." in words(shown)
    assert "Nobody was told." in words(client.get(confirm(client, shown).url))


# --- Points and marks ----------------------------------------------------------------------------


def give(*points: str) -> None:
    """Points for taking part in the lecture, one line after the other."""
    item = GradeItem.objects.get(key="class")
    member = make_member(item.course)
    for each in points:
        ParticipationPoint.objects.create(
            item=item,
            meeting=Meeting.objects.get(key="lecture"),
            membership=member,
            points=Decimal(each),
            at=AT,
            by=Membership.objects.get(role="instructor"),
        )


def test_load_course_refuses_a_cap_below_points_of_one_meeting() -> None:
    load(WITH_CLASS)
    give("2", "1", "-0.5")
    give("1")
    cap = "meeting_cap: 3"

    assert conflicts(WITH_CLASS, (cap, "meeting_cap: 2.49"), confirmed=True) == [
        ("items[2].meeting_cap", "cap_below_points")
    ]
    assert load(WITH_CLASS, (cap, "meeting_cap: 2.5"), confirm_scheme=True).changed == {"item": 1}


def test_load_course_keeps_the_kind_of_an_item_with_points() -> None:
    load(WITH_CLASS)
    give("1")

    pair = ("kind: participation", "kind: attendance")
    assert conflicts(WITH_CLASS, pair, confirmed=True) == [("items[2].kind", "in_use")]


@pytest.mark.parametrize("kind", ["points", "attendance"])
def test_load_course_counts_every_kind_of_mark_before_the_scheme_changes(kind: str) -> None:
    load(WITH_CLASS)
    if kind == "points":
        give("1")
    else:
        course = Course.objects.get()
        instructor = course.memberships.get(role="instructor")
        mark(course.meetings.get(key="lecture"), make_member(course), "in_room", instructor)
        assert AttendanceMark.objects.count() == 1

    assert conflicts(WITH_CLASS, *OTHER_WEIGHTS) == [("components", "scheme_after_grades")]
    assert load(WITH_CLASS, *OTHER_WEIGHTS, confirm_scheme=True).changed == {
        "component": 2, "item": 2,
    }  # fmt: skip


def test_load_course_shows_verdicts_that_change_without_any_score() -> None:
    text = WITH_CLASS.replace("at_least: 50", "at_least: 0")
    load(text)
    give("1")

    report = load(text, ("at_least: 0", "at_least: 50"), confirm_scheme=True, dry_run=True)

    assert [(row.before, row.after) for row in report.verdicts] == [("passed", "open")]


def test_load_course_previews_a_course_without_any_scheme() -> None:
    make_member(make_course(slug="small"))

    assert load(dry_run=True, at=AT).changed["course"] == 1


# --- What was shown ------------------------------------------------------------------------------


def test_load_course_is_bound_to_the_verdicts_that_were_shown(small: Course) -> None:
    ada, ben = make_member(small, name="Aa"), make_member(small, name="Bb")
    iris = small.memberships.get(role="instructor")
    file = parsed(SMALL.replace("at_least: 50", "at_least: 51"))
    for key in ("report", "talk"):
        score(GradeItem.objects.get(key=key), ada, "5", by=iris)
    shown = load_course(file, by=None, at=AT, dry_run=True, confirm_scheme=True)
    assert [row.name for row in shown.verdicts] == ["Aa"]
    for key in ("report", "talk"):
        score(GradeItem.objects.get(key=key), ben, "5", by=iris)

    with pytest.raises(Refused) as refusal:
        load_course(file, by=None, at=AT, confirm_scheme=True, expected=shown.preview)

    assert refusal.value.code == "preview_is_stale"
    again = load_course(file, by=None, at=AT, dry_run=True, confirm_scheme=True)
    assert [row.name for row in again.verdicts] == ["Aa", "Bb"]
    terms = {"by": None, "at": AT, "confirm_scheme": True, "expected": again.preview}
    assert load_course(file, **terms).changed == {"pass rule": 1}


def test_load_course_is_bound_to_the_deadlines_and_talks_that_were_shown(small: Course) -> None:
    file = parsed(SMALL.replace(*LATER))
    first = load_course(file, by=None, at=AT, dry_run=True)
    member = make_member(small)
    second = load_course(file, by=None, at=AT, dry_run=True)
    talk_of("one", member)
    third = load_course(file, by=None, at=AT, dry_run=True)

    assert len({first.preview, second.preview, third.preview}) == 3


# --- Words ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("set_clock")
def test_course_file_names_the_box_that_confirms_another_scheme(
    client: Client, iris: Membership
) -> None:
    score(GradeItem.objects.get(key="talk"), make_member(iris.course), "5", by=iris)

    text = words(upload(client, changed(*WEIGHTS)))

    box = escape("Also change weights and the pass rule, although grades exist")
    assert f"Choose the file again and tick “{box}”." in text
    assert "--confirm" not in text


@pytest.mark.usefixtures("set_clock")
def test_course_file_shows_fields_in_words(client: Client, iris: Membership) -> None:
    shown = upload(client, changed(("closes: 2026-04-17 18:00", "closes: 2026-04-18 18:00")))

    text = words(shown)
    assert "Round round closes 2026-04-17 18:00 Europe/Berlin" in text
    assert "Round round rule for closing" in text
    assert "closes_" not in text


def test_every_field_of_a_course_file_has_words() -> None:
    parts = (schema.Policies, schema.Report, schema.Item, schema.Meeting, schema.Paper)
    names = {name for part in parts for name in part.model_fields}
    names |= {*COURSE_FIELDS, *ABOUT_FIELDS.values(), *PAPER_FIELDS, "opens_at", "closes_rule"}

    assert [name for name in sorted(names) if "_" in field_words(name)] == []
    assert (field_words("closes_at"), row_words("policy")) == ("closes", "Switches")


def test_load_course_says_what_a_round_with_lists_keeps(small: Course) -> None:
    with_a_list()
    pairs = (("min_length: 1", "min_length: 2"),)

    with pytest.raises(Refused) as refusal:
        load(SMALL, *pairs)

    assert [problem["rule"] for problem in refusal.value.problems] == [
        "Lists have been submitted in this round, so this can no longer change: shortest list."
    ]
