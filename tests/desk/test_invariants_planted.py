"""Each invariant sees its own breach, and no other does.

``PLANTINGS`` holds at least one breach per invariant: written past actions, constraints and
triggers into a course that is sound otherwise. A check that cannot fail is found here.
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import override_settings

from assignments.models import Assignment, StoredFile, Submission
from assignments.rules import content_hash
from courses.actions import change_state
from courses.models import Announcement, Course, CoursePolicy, Meeting, Membership, Paper
from grading.models import (
    AttendanceMark,
    Component,
    GradeEntry,
    GradeItem,
    ParticipationPoint,
    Result,
    RubricLevel,
)
from presentations.models import (
    Allocation,
    Pin,
    PlaceOffer,
    PreferenceChoice,
    PreferenceList,
    PreferenceRound,
    Presenter,
    QueueEvent,
    Swap,
)
from seminar.accounts.models import ApiToken, AuditEntry, User
from seminar.desk.queries.invariants import FILES, Finding, all_invariants, run
from seminar.desk.queries.invariants.platform import bound_paths, our_models
from seminar.lib import uploads
from seminar.notifications.actions import write
from seminar.notifications.models import Message
from tests.desk.breaking import (
    IS_SQLITE,
    broken_database,
    delete,
    disarm,
    execute,
    promised,
    unbind,
    update,
)
from tests.desk.whole_course import HELD, NOW, WholeCourse, make_whole_course
from tests.factories.assignments import make_mini
from tests.factories.courses import (
    make_announcement,
    make_course,
    make_member,
    make_module,
    make_paper,
    make_user,
)
from tests.factories.grading import make_component, make_item, make_rubric
from tests.factories.presentations import AFTER

Plant = Callable[[WholeCourse], object]
LONG_AGO = NOW - timedelta(days=2)
NIL = "0" * 64
# Slow, or about the guards that most breaches have to take away first: run for their own only.
OWN_ONLY = {"I-39", "I-57"}

PLANTINGS: list[tuple[str, Plant]] = []


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeCourse]:
    """A whole course with its own storage, in a transaction that is taken back."""
    storage = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("files"))
    with storage, django_db_blocker.unblock(), transaction.atomic():
        yield make_whole_course()
        transaction.set_rollback(True)


# Each test runs in a savepoint of that transaction.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("world")]


def plants(id_: str) -> Callable[[Plant], Plant]:
    """Say which invariant a function breaks."""

    def keep(plant: Plant) -> Plant:
        PLANTINGS.append((id_, plant))
        return plant

    return keep


def findings(only: set[str]) -> dict[str, Finding]:
    found = {finding.invariant.id: finding for finding in run(at=NOW, level=FILES, only=only)}
    return {id_: finding for id_, finding in found.items() if finding.violations or finding.error}


# --- queue and talks ---------------------------------------------------------------------------


def talk_paper(world: WholeCourse) -> Paper:
    return Paper.objects.filter(presentations__meeting=world.meeting).first()


@plants("I-01")
def a_paper_loses_its_place(world: WholeCourse) -> None:
    update(Paper, talk_paper(world).pk, capacity=0)


@plants("I-02")
def somebody_presents_twice(world: WholeCourse) -> None:
    one = world.students[0]
    other = Presenter.objects.exclude(membership=one).select_related("presentation").first()
    update(Paper, other.presentation.paper_id, capacity=9)
    execute("DROP INDEX presentations_presenter_one_live_talk_per_kind")
    add_presenter(other, one)


@plants("I-02")
def a_presenter_is_of_another_kind(world: WholeCourse) -> None:
    update(Presenter, Presenter.objects.first().pk, kind="final")


@plants("I-02")
def a_cancelled_talk_keeps_its_presenter(world: WholeCourse) -> None:
    talk = Presenter.objects.first().presentation
    update(type(talk), talk.pk, cancelled_at=NOW)


def add_presenter(like: Presenter, member: Membership) -> None:
    Presenter.objects.create(
        presentation=like.presentation,
        membership=member,
        kind=like.kind,
        seat=7,
        reason="pinned",
        since=like.since,
    )


@plants("I-03")
def a_meeting_gets_shorter(world: WholeCourse) -> None:
    update(Meeting, world.meeting.pk, ends="16:50")


@plants("I-04")
def an_input_hash_is_another(world: WholeCourse) -> None:
    update(Allocation, world.allocation.pk, input_hash=NIL)


@plants("I-04")
def an_outcome_is_changed(world: WholeCourse) -> None:
    outcome = Allocation.objects.get(pk=world.allocation.pk).outcome
    outcome["placements"][0]["reason"] = "pinned"
    update(Allocation, world.allocation.pk, outcome=outcome)


@plants("I-04")
def inputs_are_no_inputs(world: WholeCourse) -> None:
    update(Allocation, world.allocation.pk, inputs={}, input_hash=content_hash({}))
    outcome = Allocation.objects.get(pk=world.allocation.pk).outcome
    update(Allocation, world.allocation.pk, outcome=outcome | {"input_hash": content_hash({})})


def pin_first_student(world: WholeCourse, **fields: Any) -> Pin:
    round_, member = world.allocation.round, PreferenceList.objects.order_by("id")[0].membership
    instructor = Membership.objects.get(course=round_.course, role="instructor")
    facts = {"reason": "Asked for it.", "set_at": LONG_AGO, "set_by": instructor.user}
    paper = round_.papers.order_by("position")[0]
    return Pin.objects.create(
        **{"round": round_, "membership": member, "paper": paper} | facts | fields
    )


@plants("I-63")
def a_pin_is_on_a_paper_that_is_not_on_offer(world: WholeCourse) -> None:
    meeting = world.allocation.round.papers.all()[0].meeting
    pin_first_student(world, paper=make_paper(world.course, meeting=meeting))


@plants("I-63")
def a_paper_has_more_pins_than_places(world: WholeCourse) -> None:
    for row in PreferenceList.objects.order_by("id")[:3]:
        pin_first_student(world, membership=row.membership)


@plants("I-64")
def a_run_gave_an_unwanted_paper(world: WholeCourse) -> None:
    reports_a_wish(world, "unwanted", "papers", "paper")


@plants("I-64")
def a_run_gave_a_date_somebody_cannot(world: WholeCourse) -> None:
    reports_a_wish(world, "unavailable", "meetings", "meeting")


def reports_a_wish(world: WholeCourse, wish: str, keys: str, given: str) -> None:
    """Let the stored inputs hold a wish that the outcome goes against, with hashes that fit."""
    run = Allocation.objects.get(pk=world.allocation.pk)
    placed = run.outcome["placements"][0]
    inputs = run.inputs | {wish: [{"student": placed["student"], keys: [placed[given]]}]}
    update(
        Allocation,
        run.pk,
        inputs=inputs,
        input_hash=content_hash(inputs),
        outcome=run.outcome | {"input_hash": content_hash(inputs)},
        rule_version="0",  # not replayed: only what is asked here is wrong
    )


@plants("I-05")
def a_number_was_never_given(world: WholeCourse) -> None:
    last = PreferenceRound.objects.get(pk=world.round.pk).last_number
    update(PreferenceRound, world.round.pk, last_number=last + 1)


@plants("I-05")
def the_log_ends_early(world: WholeCourse) -> None:
    last = PreferenceRound.objects.get(pk=world.round.pk).last_event
    update(PreferenceRound, world.round.pk, last_event=last + 1)


@plants("I-05")
def numbers_were_given_out_of_order(world: WholeCourse) -> None:
    first, second = QueueEvent.objects.filter(seq__in=(1, 2)).order_by("seq")
    update(QueueEvent, first.pk, seq=99)
    update(QueueEvent, second.pk, seq=1)
    update(QueueEvent, first.pk, seq=2)


@plants("I-05")
def a_list_has_another_number_than_logged(world: WholeCourse) -> None:
    update(PreferenceList, PreferenceList.objects.get(number=3).pk, number=77)


@plants("I-06")
def a_list_came_before_the_opening(world: WholeCourse) -> None:
    early = world.round.opens_at - timedelta(seconds=1)
    update(QueueEvent, QueueEvent.objects.first().pk, at=early)


@plants("I-06")
def a_list_came_at_the_very_end(world: WholeCourse) -> None:
    update(QueueEvent, QueueEvent.objects.first().pk, at=world.round.closes_at)


@plants("I-08")
def an_assistant_presents(world: WholeCourse) -> None:
    like = Presenter.objects.select_related("presentation").first()
    update(Paper, like.presentation.paper_id, capacity=9)
    add_presenter(like, world.ta)


@plants("I-09")
def a_list_is_too_short(world: WholeCourse) -> None:
    update(PreferenceRound, world.round.pk, min_length=3)


@plants("I-09")
def a_ranked_paper_is_no_longer_offered(world: WholeCourse) -> None:
    offers = PreferenceRound.papers.through.objects.filter(preferenceround=world.round)
    delete(offers.filter(pk=offers.first().pk))


@plants("I-51")
def a_ranking_differs_from_the_log(world: WholeCourse) -> None:
    first, second, *_ = PreferenceChoice.objects.filter(list__membership=world.students[0])
    update(PreferenceChoice, first.pk, position=99)
    update(PreferenceChoice, second.pk, position=first.position)
    update(PreferenceChoice, first.pk, position=second.position)


@plants("I-52")
def a_placement_was_not_given(world: WholeCourse) -> None:
    delete(Presenter.objects.filter(pk=Presenter.objects.first().pk))


def an_offer(world: WholeCourse, **fields: Any) -> PlaceOffer:
    """A second place of a paper, offered to a student, in time for the talk."""
    paper = talk_paper(world)
    update(Paper, paper.pk, capacity=2)
    times = {"offered_at": AFTER, "expires_at": AFTER + timedelta(hours=48)}
    who = {"membership": world.students[1], "number": 2, "choice": 1}
    facts = {"round": world.round, "paper": paper, "seat": 1} | times | who | fields
    return PlaceOffer.objects.create(**facts)


@plants("I-60")
def a_place_is_offered_beyond_the_capacity(world: WholeCourse) -> None:
    an_offer(world, seat=2)


@plants("I-60")
def a_place_is_offered_that_somebody_has(world: WholeCourse) -> None:
    an_offer(world, seat=0)


@plants("I-60")
def a_place_is_offered_twice(world: WholeCourse) -> None:
    execute("DROP INDEX presentations_offer_one_open_per_place")
    an_offer(world)
    an_offer(world, membership=world.students[2])


@plants("I-61")
def an_offer_is_open_to_staff(world: WholeCourse) -> None:
    an_offer(world, membership=world.ta)


@plants("I-61")
def an_offer_ends_within_7_days_of_the_talk(world: WholeCourse) -> None:
    late = world.meeting.starts_at - timedelta(days=7) + timedelta(seconds=1)
    an_offer(world, expires_at=late)


@plants("I-62")
def a_swap_is_open_with_somebody_who_left(world: WholeCourse) -> None:
    mine, theirs = Presenter.objects.order_by("pk")[:2]
    times = {"proposed_at": AFTER, "expires_at": AFTER + timedelta(hours=48)}
    Swap.objects.create(mine=mine, theirs=theirs, **times)
    update(Presenter, theirs.pk, ended_at=HELD)


# --- work --------------------------------------------------------------------------------------


def stored_file() -> tuple[StoredFile, Path]:
    row = StoredFile.objects.order_by("pk").first()
    return row, uploads.path_of(row.sha256)


@plants("I-11")
def a_file_is_gone(world: WholeCourse) -> Callable[[], object]:
    _row, path = stored_file()
    aside = path.rename(path.with_suffix(".aside"))
    return lambda: aside.rename(path)


@plants("I-11")
def a_file_has_other_bytes(world: WholeCourse) -> Callable[[], object]:
    _row, path = stored_file()
    kept = path.read_bytes()
    path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    return lambda: path.write_bytes(kept)


@plants("I-11")
def others_may_read_a_file(world: WholeCourse) -> Callable[[], object]:
    _row, path = stored_file()
    path.chmod(0o644)
    return lambda: path.chmod(0o600)


@plants("I-11")
def a_file_is_a_link(world: WholeCourse) -> Callable[[], object]:
    _row, path = stored_file()
    outside = path.rename(path.parents[2] / "outside.pdf")
    path.symlink_to(outside)
    return lambda: outside.replace(path)


@plants("I-12")
def a_file_has_no_row(world: WholeCourse) -> Callable[[], object]:
    return old_file("a" * 64, LONG_AGO)


@plants("I-12")
def an_upload_never_ended(world: WholeCourse) -> Callable[[], object]:
    return old_file(".upload-x1", NOW - timedelta(minutes=61))


def old_file(name: str, since: datetime) -> Callable[[], object]:
    path = stored_file()[1].parent / name
    path.write_bytes(b"%PDF-")
    os.utime(path, (since.timestamp(), since.timestamp()))
    return path.unlink


@plants("I-13")
def a_version_is_skipped(world: WholeCourse) -> None:
    update(Submission, Submission.objects.get(number=2).pk, number=7)


@plants("I-15")
def a_version_is_late_without_cause(world: WholeCourse) -> None:
    update(Submission, Submission.objects.first().pk, late_days=3)


@plants("I-17")
def a_text_changes_after_the_receipt(world: WholeCourse) -> None:
    change_content(Submission.objects.filter(assignment=world.report).first(), rehash=False)


def change_content(version: Submission, *, rehash: bool = True, **changes: Any) -> None:
    content = version.content | (changes or {"note": "another"})
    more = {"content_hash": content_hash(content)} if rehash else {}
    update(Submission, version.pk, content=content, **more)


@plants("I-18")
def a_report_is_twice_about_one_paper(world: WholeCourse) -> None:
    version = Submission.objects.filter(assignment=world.report).first()
    change_content(version, papers=[version.content["papers"][0]] * 2)


@plants("I-18")
def a_report_is_about_a_strange_paper(world: WholeCourse) -> None:
    version = Submission.objects.filter(assignment=world.report).first()
    first, second = version.content["papers"]
    change_content(version, papers=[first, second | {"paper": "strange"}])


@plants("I-19")
def a_version_tells_other_pages(world: WholeCourse) -> None:
    change_content(Submission.objects.filter(assignment=world.mini).first(), pages=99)


@plants("I-54")
def a_receipt_is_missing(world: WholeCourse) -> None:
    receipts = Message.objects.filter(kind="assignments/mail/receipt")
    delete(receipts.filter(pk=receipts.first().pk))


# --- grades ------------------------------------------------------------------------------------


@plants("I-14")
def a_maximum_falls_below_a_score(world: WholeCourse) -> None:
    update(GradeItem, world.items["talk"].pk, max_points=Decimal(1))


@plants("I-20")
def weights_do_not_come_to_100(world: WholeCourse) -> None:
    update(Component, Component.objects.get(key="talks").pk, weight=Decimal("19.999"))


@plants("I-20")
def a_pass_rule_has_no_clause(world: WholeCourse) -> None:
    other = make_course()
    make_member(other, "instructor")
    make_item(make_component(other, "all", 100))


@plants("I-21")
def a_grade_was_shown_before_there_was_one(world: WholeCourse) -> None:
    delete(GradeEntry.objects.filter(item=world.items["mini"], membership=world.students[0]))


@plants("I-21")
def a_student_graded(world: WholeCourse) -> None:
    update(GradeEntry, GradeEntry.objects.first().pk, by=world.students[2])


@plants("I-22")
def an_assistant_is_marked(world: WholeCourse) -> None:
    AttendanceMark.objects.create(
        meeting=world.meeting, membership=world.ta, status="in_room", at=NOW, by=world.ta
    )


@plants("I-23")
def a_line_of_a_history_is_gone(world: WholeCourse) -> None:
    delete(
        GradeEntry.objects.filter(item=world.items["report"], seq=1).filter(
            membership=world.students[0]
        )
    )


@plants("I-23")
def a_line_is_about_work_of_another(world: WholeCourse) -> None:
    lines = GradeEntry.objects.filter(item=world.items["mini"])
    strange = lines.get(membership=world.students[1]).submission
    update(GradeEntry, lines.get(membership=world.students[2]).pk, submission=strange)


@plants("I-24")
def a_frozen_number_changes(world: WholeCourse) -> None:
    row = Result.objects.first()
    total = row.content["total"] | {"shown": "99"}
    update(Result, row.pk, content=row.content | {"total": total})


@plants("I-24")
def a_frozen_verdict_changes(world: WholeCourse) -> None:
    update(Result, Result.objects.first().pk, passed=False, verdict="unreachable")


@plants("I-25")
def points_exceed_the_cap(world: WholeCourse) -> None:
    ParticipationPoint.objects.create(
        item=world.items["class"],
        meeting=world.meeting,
        membership=world.students[0],
        points=Decimal(50),
        at=NOW,
        by=world.ta,
    )


@plants("I-25")
def somebody_is_marked_twice(world: WholeCourse) -> None:
    unbind(AttendanceMark)
    execute("INSERT INTO grading_attendancemark SELECT * FROM grading_attendancemark")


@plants("I-53")
def a_policy_version_is_skipped(world: WholeCourse) -> None:
    update(CoursePolicy, world.course.policies.get().pk, version=3)


# --- messages ----------------------------------------------------------------------------------


@plants("I-26")
def nobody_was_reminded(world: WholeCourse) -> None:
    make_mini(
        world.course,
        closes_rule="2026-02-08 10:00",
        closes_at=datetime.fromisoformat("2026-02-08T09:00:00+00:00"),
    )


@plants("I-27")
def a_message_is_there_twice(world: WholeCourse) -> None:
    unbind(Message)
    execute("INSERT INTO notifications_message SELECT * FROM notifications_message")


@plants("I-28")
def a_message_waits_for_a_closed_account(world: WholeCourse) -> None:
    queue_message(make_user(is_active=False))


@plants("I-55")
def a_message_is_stuck(world: WholeCourse) -> None:
    queue_message(make_user())


def queue_message(to: User) -> None:
    facts = {"address": to.email, "kind": "x", "subject": "x", "text": "x"}
    write(key="stuck", to=to, at=LONG_AGO, **facts)


@plants("I-29")
def a_message_is_tried_for_ever(world: WholeCourse) -> None:
    update(Message, Message.objects.first().pk, attempts=31)


@plants("I-29")
def a_sent_message_is_still_leased(world: WholeCourse) -> None:
    update(Message, Message.objects.first().pk, lease="x", leased_until=NOW)


@plants("I-30")
def a_mail_tells_points(world: WholeCourse) -> None:
    mail = Message.objects.filter(kind="grading/mail/released").first()
    update(Message, mail.pk, text="You have 7.5 points.")


# --- people ------------------------------------------------------------------------------------


def forgets(verb: str) -> Plant:
    def plant(world: WholeCourse) -> None:
        delete(AuditEntry.objects.filter(verb=verb))

    plant.__name__ = f"the_log_forgets_{verb}"
    return plant


for verb in (
    "grade_item",
    "override_item",
    "release_item",
    "grant_extension",
    "allocate_round",
    "publish_allocation",
    "freeze_results",
    "publish_results",
):
    plants("I-31")(forgets(verb))


@plants("I-31")
def a_membership_changes_unseen(world: WholeCourse) -> None:
    two = world.students[1]
    change_state(two, state="suspended", reason="x", by=world.instructor.user, at=NOW)
    update(Membership, two.pk, state="active")


@plants("I-32")
def an_operator_is_a_member(world: WholeCourse) -> None:
    update(User, world.ta.user_id, is_superuser=True)


@plants("I-33")
def a_course_has_nobody(world: WholeCourse) -> None:
    update(User, world.instructor.user_id, is_active=False)


@plants("I-34")
def a_token_is_stored_as_it_is(world: WholeCourse) -> None:
    add_token(digest="sem_" + "T" * 60)


@plants("I-34")
def a_token_is_for_ever(world: WholeCourse) -> None:
    add_token(expires_at=NOW + timedelta(days=3660))


def add_token(**fields: Any) -> None:
    defaults = {"digest": NIL, "expires_at": NOW + timedelta(days=30)}
    facts = {"name": "script", "scopes": "read", "created_at": NOW}
    disarm(ApiToken)
    ApiToken.objects.create(user=make_user(), **facts, **defaults | fields)


@plants("I-35")
def a_closed_account_is_signed_in(world: WholeCourse) -> None:
    session = SessionStore()
    session[SESSION_KEY] = str(make_user(is_active=False).pk)
    session.set_expiry(NOW + timedelta(days=36500))
    session.save()


# --- the database ------------------------------------------------------------------------------


@plants("I-07")
def a_paper_is_of_another_course(world: WholeCourse) -> None:
    unused = Paper.objects.filter(course=world.course, rounds=None).last()
    update(Paper, unused.pk, module=make_module(make_course(state="draft")))


@plants("I-16")
def something_happens_tomorrow(world: WholeCourse) -> None:
    mark = AttendanceMark.objects.first()
    update(AttendanceMark, mark.pk, at=NOW + timedelta(days=1))


@plants("I-36")
def a_title_turns_around(world: WholeCourse) -> None:
    update(Course, world.course.pk, title="Seminar \u202egnp.exe")


@plants("I-36")
def a_name_is_decomposed(world: WholeCourse) -> None:
    update(User, world.ta.user_id, name="Jose\u0301")


@plants("I-37")
def an_author_is_nobody(world: WholeCourse) -> None:
    if not IS_SQLITE:
        execute("SET CONSTRAINTS ALL DEFERRED")
    news = make_announcement(world.course)
    Announcement.objects.filter(pk=news.pk).update(author=999_999_999)


@plants("I-38")
def a_deadline_is_not_what_its_rule_says(world: WholeCourse) -> None:
    later = world.report.closes_at + timedelta(hours=1)
    update(Assignment, world.report.pk, closes_at=later)


@plants("I-38")
def a_rule_is_no_rule(world: WholeCourse) -> None:
    update(Assignment, world.report.pk, opens_rule="soon")


@plants("I-38")
def a_rule_names_no_meeting(world: WholeCourse) -> None:
    update(Assignment, world.report.pk, opens_rule="end of meeting nowhere")


@plants("I-39")
def a_migration_is_missing(world: WholeCourse) -> None:
    execute("DELETE FROM django_migrations WHERE app = 'grading'")


@plants("I-50")
def a_number_is_no_number(world: WholeCourse) -> None:
    make_rubric(world.items["talk"], [("slides", ["0", "5"])])
    disarm(RubricLevel)
    poison = "abc" if IS_SQLITE else "NaN"
    execute("UPDATE grading_rubriclevel SET points = %s WHERE points = 5", poison)


@plants("I-57")
def a_trigger_is_gone(world: WholeCourse) -> None:
    disarm(GradeEntry)


@plants("I-57")
def a_constraint_is_gone(world: WholeCourse) -> None:
    execute("DROP INDEX presentations_presenter_seat_once")


# --- the tests ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_", "plant"), PLANTINGS, ids=[f"{id_}-{plant.__name__}" for id_, plant in PLANTINGS]
)
def test_check_invariants_finds_what_was_planted(
    id_: str, plant: Plant, world: WholeCourse
) -> None:
    only = {found.id for found in all_invariants()} - (OWN_ONLY - {id_})
    with broken_database():
        mend = plant(world)
        try:
            found = findings(only)
        finally:
            if callable(mend):
                mend()

    assert sorted(found) == [id_]
    assert found[id_].error == ""
    assert all(v.where and v.found and v.expected for v in found[id_].violations)


def test_every_invariant_has_a_planting() -> None:
    assert sorted({id_ for id_, _plant in PLANTINGS}) == [found.id for found in all_invariants()]


def test_check_invariants_is_clean_on_a_sound_course() -> None:
    assert findings(promised()) == {}


def test_check_invariants_sees_each_reference_into_another_course(world: WholeCourse) -> None:
    """Every pair of foreign keys that lead to a course is crossed once, and each is seen."""
    other = make_whole_course()
    crossed, silent = 0, []
    for model in our_models(through=True):
        for path in bound_paths(model)[1:]:
            first = bound_paths(model)[0]
            way = "__".join(field.name for field in (first.field, *first.onward))
            rows = model._base_manager.exclude(**{path.field.name: None})
            mine = rows.filter(**{way: world.course}).first()
            strange = rows.filter(**{way: other.course}).first()
            if mine is None or strange is None:
                continue
            with broken_database():
                unbind(model)
                update(model, mine.pk, **{path.field.attname: getattr(strange, path.field.attname)})
                seen = findings({"I-07"})
            crossed += 1
            if "I-07" not in seen:
                silent.append(f"{model._meta.label}.{path.field.name}")

    assert silent == []
    assert crossed >= 31
