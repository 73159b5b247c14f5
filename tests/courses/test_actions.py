"""Applying, deciding, leaving, announcing, correcting: what is written, told and refused."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from courses.actions import (
    Statement,
    accept_applications,
    announce,
    change_state,
    correct,
    decide_application,
    send_application,
    withdraw_application,
)
from courses.models import Announcement, Application, Course, Membership
from courses.queries import places_taken
from seminar.accounts.models import AuditEntry, User
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.courses import (
    NOON,
    make_application,
    make_course,
    make_member,
    make_paper,
    make_prerequisite,
    make_user,
)

STATEMENT = Statement(level="Master", equivalent="Deep learning elsewhere", motivation="Curious")


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))


def mails() -> list[tuple[str, str]]:
    """Kind and address of each queued mail, in order."""
    return list(Message.objects.order_by("id").values_list("kind", "address"))


# --- send_application --------------------------------------------------------------------------


def test_send_application_writes_membership_statement_audit_and_receipt(course: Course) -> None:
    user = make_user("Nora New")
    passed = make_prerequisite(course, key="ml", title="Machine learning")
    statement = Statement("Master", ("ml",), "", "PyTorch", "Curious")

    application = send_application(course, user=user, statement=statement, at=NOON)

    membership = Membership.objects.get(course=course, user=user)
    assert (membership.role, membership.state, membership.joined_at) == ("student", "applied", None)
    assert application.membership == membership
    assert (application.level, application.frameworks) == ("Master", "PyTorch")
    assert (application.motivation, application.sent_at) == ("Curious", NOON)
    assert list(application.courses_passed.all()) == [passed]
    assert verbs() == ["send_application"]
    assert mails() == [("courses/mail/application_received", user.email)]


def test_send_application_twice_with_one_nonce_is_one_application(course: Course) -> None:
    user = make_user()
    first = send_application(course, user=user, statement=STATEMENT, at=NOON, nonce="n" * 10)

    again = send_application(
        course, user=user, statement=STATEMENT, at=NOON + timedelta(seconds=1), nonce="n" * 10
    )

    assert again == first
    assert Application.objects.count() == 1
    assert len(mails()) == 1


@pytest.mark.parametrize("state", ["applied", "waitlisted", "active", "declined", "suspended"])
def test_send_application_refuses_who_is_in(course: Course, state: str) -> None:
    member = make_member(course, state=state)

    with pytest.raises(Refused) as refusal:
        send_application(course, user=member.user, statement=STATEMENT, at=NOON)

    assert refusal.value.code == "already_in"
    assert mails() == []


def test_send_application_again_after_withdrawal_starts_anew(
    course: Course, instructor: Membership
) -> None:
    application = make_application(course)
    decide_application(
        application.membership, decision="waitlisted", reason="full", by=instructor, at=NOON
    )
    withdraw_application(application.membership, at=NOON)

    later = NOON + timedelta(days=1)
    again = send_application(
        course, user=application.membership.user, statement=STATEMENT, at=later
    )

    assert again == application
    assert (again.decision, again.decided_by, again.reason, again.sent_at) == ("", None, "", later)
    assert again.membership.state == "applied"


def test_send_application_refuses_an_archived_course(db: None) -> None:
    course = make_course(state="archived")

    with pytest.raises(Refused) as refusal:
        send_application(course, user=make_user(), statement=STATEMENT, at=NOON)

    assert refusal.value.code == "archived"
    assert Membership.objects.count() == 0


def test_send_application_refuses_a_course_of_another_list(
    course: Course, other_course: Course
) -> None:
    make_prerequisite(other_course, key="theirs")

    with pytest.raises(Refused) as refusal:
        send_application(
            course, user=make_user(), statement=Statement("Master", ("theirs",)), at=NOON
        )

    assert (refusal.value.code, refusal.value.status) == ("unknown_course", 422)
    assert Membership.objects.count() == 0


# --- withdraw_application ----------------------------------------------------------------------


@pytest.mark.parametrize("state", ["applied", "waitlisted"])
def test_withdraw_application_ends_it_with_a_receipt(course: Course, state: str) -> None:
    membership = make_member(course, state=state, joined_at=None)

    withdraw_application(membership, at=NOON)

    membership.refresh_from_db()
    assert membership.state == "withdrawn"
    assert verbs() == ["withdraw_application"]
    assert mails() == [("courses/mail/application_withdrawn", membership.user.email)]


@pytest.mark.parametrize("state", ["active", "declined", "withdrawn", "suspended"])
def test_withdraw_application_refuses_what_does_not_wait(course: Course, state: str) -> None:
    membership = make_member(course, state=state)

    with pytest.raises(Refused) as refusal:
        withdraw_application(membership, at=NOON)

    assert refusal.value.code == "not_waiting"
    membership.refresh_from_db()
    assert membership.state == state


def test_withdraw_application_twice_with_one_nonce_is_answered_once(applicant: Membership) -> None:
    first = withdraw_application(applicant, at=NOON, nonce="n" * 10)

    assert withdraw_application(applicant, at=NOON, nonce="n" * 10) == first
    assert len(mails()) == 1


# --- decide_application ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "state", "joined"),
    [
        ("accepted", "active", NOON),
        ("waitlisted", "waitlisted", None),
        ("declined", "declined", None),
    ],
)
def test_decide_application_writes_the_decision_and_tells(
    course: Course, instructor: Membership, decision: str, state: str, joined: Any
) -> None:
    application = make_application(course)

    decide_application(
        application.membership, decision=decision, reason=" because ", by=instructor, at=NOON
    )

    application.refresh_from_db()
    assert (application.membership.state, application.membership.joined_at) == (state, joined)
    assert (application.decision, application.reason) == (decision, "because")
    assert (application.decided_by, application.decided_at) == (instructor, NOON)
    assert mails() == [(f"courses/mail/application_{decision}", application.membership.user.email)]
    entry = AuditEntry.objects.get()
    assert (
        entry.verb,
        entry.actor,
        entry.course_slug,
        entry.before,
        entry.after,
        entry.reason,
    ) == (
        "decide_application",
        instructor.user,
        course.slug,
        {"state": "applied"},
        {"state": state},
        "because",
    )


def test_decide_application_refuses_to_decline_without_a_reason(
    course: Course, instructor: Membership
) -> None:
    application = make_application(course)

    with pytest.raises(Refused) as refusal:
        decide_application(
            application.membership, decision="declined", reason="  ", by=instructor, at=NOON
        )

    assert (refusal.value.code, refusal.value.status) == ("reason_missing", 422)
    assert mails() == []


def test_decide_application_refuses_what_is_decided(course: Course, instructor: Membership) -> None:
    application = make_application(course)
    decide_application(
        application.membership, decision="accepted", reason="", by=instructor, at=NOON
    )

    for decision in ("accepted", "waitlisted", "declined"):
        with pytest.raises(Refused) as refusal:
            decide_application(
                application.membership, decision=decision, reason="x", by=instructor, at=NOON
            )
        assert refusal.value.code == "already_decided"

    assert len(mails()) == 1


def test_decide_application_refuses_beyond_the_places(db: None) -> None:
    course = make_course(capacity=2)
    instructor = make_member(course, "instructor")
    make_member(course)
    make_member(course, state="suspended")  # keeps the place
    make_member(course, "auditor")  # takes none
    application = make_application(course)

    with pytest.raises(Refused) as refusal:
        decide_application(
            application.membership, decision="accepted", reason="", by=instructor, at=NOON
        )

    assert refusal.value.code == "full"
    assert "waiting list" in str(refusal.value)
    application.refresh_from_db()
    assert (application.membership.state, application.decision) == ("applied", "")


def test_decide_application_lets_a_declined_person_in_after_all(
    course: Course, instructor: Membership
) -> None:
    application = make_application(course)
    for decision, reason in (("declined", "no"), ("accepted", "")):
        decide_application(
            application.membership, decision=decision, reason=reason, by=instructor, at=NOON
        )

    application.refresh_from_db()
    assert (application.membership.state, application.decision) == ("active", "accepted")
    assert len(mails()) == 2


@pytest.mark.parametrize("state", ["withdrawn", "suspended"])
def test_decide_application_refuses_who_is_gone_or_suspended(
    course: Course, instructor: Membership, state: str
) -> None:
    membership = make_application(course, membership=make_member(course, state=state)).membership

    for decision in ("accepted", "waitlisted", "declined"):
        with pytest.raises(Refused) as refusal:
            decide_application(membership, decision=decision, reason="x", by=instructor, at=NOON)
        assert refusal.value.code == "already_decided"
        assert state in str(refusal.value)

    membership.refresh_from_db()
    assert (membership.state, mails(), verbs()) == (state, [], [])


# --- accept_applications -----------------------------------------------------------------------


@pytest.mark.parametrize("state", ["withdrawn", "suspended"])
def test_accept_applications_accepts_none_where_one_is_gone_or_suspended(
    course: Course, instructor: Membership, state: str
) -> None:
    waits = make_application(course).membership
    other = make_application(course, membership=make_member(course, state=state)).membership
    codes = [waits.code, other.code]

    with pytest.raises(Refused) as refusal:
        accept_applications(course, codes=codes, by=instructor, at=NOON)

    assert refusal.value.code == "already_decided"
    assert other.user.name in str(refusal.value)
    for membership, before in ((waits, "applied"), (other, state)):
        membership.refresh_from_db()
        assert membership.state == before
    assert mails() == []


def test_accept_applications_accepts_all_chosen(course: Course, instructor: Membership) -> None:
    chosen = [make_application(course).membership for _ in range(3)]
    left = make_application(course).membership
    codes = [membership.code for membership in chosen]

    assert accept_applications(course, codes=codes, by=instructor, at=NOON) == 3
    assert accept_applications(course, codes=codes, by=instructor, at=NOON) == 0

    left.refresh_from_db()
    assert left.state == "applied"
    assert course.memberships.active().students().count() == 3
    assert mails() == [
        ("courses/mail/application_accepted", person.user.email) for person in chosen
    ]


def test_accept_applications_accepts_none_where_one_does_not_fit(db: None) -> None:
    course = make_course(capacity=2)
    instructor = make_member(course, "instructor")
    codes = [make_application(course).membership.code for _ in range(3)]

    with pytest.raises(Refused) as refusal:
        accept_applications(course, codes=codes, by=instructor, at=NOON)

    assert refusal.value.code == "full"
    assert "only 2 places are left" in str(refusal.value)
    assert course.memberships.active().students().count() == 0
    assert mails() == []


def test_accept_applications_refuses_nobody_and_strangers(
    course: Course, other_course: Course, instructor: Membership
) -> None:
    foreign = make_application(other_course).membership

    for codes, code in (([], "nothing_chosen"), ([foreign.code], "unknown")):
        with pytest.raises(Refused) as refusal:
            accept_applications(course, codes=codes, by=instructor, at=NOON)
        assert (refusal.value.code, refusal.value.status) == (code, 422)

    foreign.refresh_from_db()
    assert foreign.state == "applied"


@pytest.mark.django_db(transaction=True)
def test_decide_application_gives_the_last_place_once() -> None:
    course = make_course(capacity=3)
    instructor = make_member(course, "instructor")
    waiting = [make_application(course).membership for _ in range(8)]
    start, outcomes = Barrier(len(waiting)), []

    def accept(membership: Membership) -> None:
        start.wait(10)
        try:
            decide_application(membership, decision="accepted", reason="", by=instructor, at=NOON)
            outcomes.append("in")
        except Refused as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=accept, args=(membership,)) for membership in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["full"] * 5 + ["in"] * 3
    assert places_taken(course) == 3
    assert Message.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_send_application_pressed_twice_at_once_is_one() -> None:
    course, user = make_course(), make_user()
    start, codes = Barrier(4), []

    def send() -> None:
        start.wait(10)
        try:
            sent = send_application(course, user=user, statement=STATEMENT, at=NOON, nonce="n" * 9)
            codes.append(sent.code)
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(codes) == 4
    assert set(codes) == {Application.objects.get().code}
    assert Message.objects.count() == 1


# --- change_state ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [("active", "suspended"), ("active", "withdrawn"), ("suspended", "active"),
     ("suspended", "withdrawn"), ("withdrawn", "active"), ("declined", "waitlisted")],
)  # fmt: skip
def test_change_state_moves_and_tells(
    course: Course, instructor: Membership, before: str, after: str
) -> None:
    member = make_member(course, state=before)

    change_state(member, state=after, reason="ill", by=instructor.user, at=NOON)

    member.refresh_from_db()
    assert member.state == after
    assert mails() == [("courses/mail/membership_changed", member.user.email)]
    entry = AuditEntry.objects.get()
    assert (entry.before, entry.after, entry.reason) == ({"state": before}, {"state": after}, "ill")


@pytest.mark.parametrize(
    ("before", "after", "reason", "code"),
    [("active", "suspended", " ", "reason_missing"), ("active", "declined", "x", "not_possible"),
     ("active", "active", "x", "not_possible")],
)  # fmt: skip
def test_change_state_refuses(
    course: Course, instructor: Membership, before: str, after: str, reason: str, code: str
) -> None:
    member = make_member(course, state=before)

    with pytest.raises(Refused) as refusal:
        change_state(member, state=after, reason=reason, by=instructor.user, at=NOON)

    assert refusal.value.code == code
    assert mails() == []


def test_change_state_keeps_the_last_instructor(course: Course, instructor: Membership) -> None:
    with pytest.raises(Refused) as refusal:
        change_state(instructor, state="suspended", reason="x", by=instructor.user, at=NOON)

    assert refusal.value.code == "last_instructor"

    make_member(course, "instructor")
    change_state(instructor, state="suspended", reason="x", by=instructor.user, at=NOON)
    instructor.refresh_from_db()
    assert instructor.state == "suspended"


def test_change_state_gives_a_suspended_student_the_kept_place_back(db: None) -> None:
    course = make_course(capacity=1)
    instructor = make_member(course, "instructor")
    suspended, gone = make_member(course, state="suspended"), make_member(course, state="withdrawn")

    change_state(suspended, state="active", reason="back", by=instructor.user, at=NOON)
    with pytest.raises(Refused) as refusal:
        change_state(gone, state="active", reason="back", by=instructor.user, at=NOON)

    assert refusal.value.code == "full"


# --- announce ----------------------------------------------------------------------------------


def announcement(course: Course, by: Membership, **fields: Any) -> Announcement:
    facts = {"title": "Room & time", "body": "We meet in <b>024</b>.", "public": True}
    return announce(course, by=by, at=NOON, **facts | fields)


def test_announce_mails_each_active_member_once(
    course: Course, everybody: dict[str, Membership]
) -> None:
    instructor = everybody["instructor"]
    news = announcement(course, instructor, nonce="n" * 10)

    assert announcement(course, instructor, nonce="n" * 10) == news
    told = [everybody[name].user.email for name in ("student", "other_student", "auditor", "ta")]
    assert sorted(address for _, address in mails()) == sorted(told)
    assert {message.stream for message in Message.objects.all()} == {"optional"}
    assert verbs() == ["announce"]


def test_announce_mail_is_plain_text_as_typed(
    course: Course, student: Membership, instructor: Membership
) -> None:
    announcement(course, instructor)

    mail = Message.objects.get()
    assert mail.subject == "[ELLM] Room & time"
    assert "We meet in <b>024</b>." in mail.text
    assert f"http://127.0.0.1:8000/c/{course.slug}/announcements" in mail.text


def test_announce_skips_closed_accounts(course: Course, instructor: Membership) -> None:
    closed = make_member(course)
    User.objects.filter(pk=closed.user.pk).update(is_active=False)

    announcement(course, instructor)

    assert mails() == []


def test_announce_takes_the_same_queries_for_many_members(
    course: Course, instructor: Membership, django_assert_num_queries: Any
) -> None:
    counts = []
    for more in (1, 7):
        for _ in range(more):
            make_member(course)
        with django_assert_num_queries(
            9
        ):  # savepoint 2, course, news, audit, members, keys, mails, news
            announcement(course, instructor)
        counts.append(len(mails()))

    assert counts == [1, 1 + 8]


# --- correct -----------------------------------------------------------------------------------


def test_correct_changes_plain_fields_and_writes_what_they_were(
    course: Course, instructor: Membership
) -> None:
    paper = make_paper(course, title="ZeRo", authors="Rajbhandari")

    correct(
        paper,
        changes={"title": "ZeRO", "authors": "Rajbhandari"},
        seen={"title": "ZeRo", "authors": ""},  # what is stored already is no conflict
        by=instructor.user,
        at=NOON,
    )

    paper.refresh_from_db()
    assert paper.title == "ZeRO"
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject) == ("correct", f"paper {paper.key}")
    assert (entry.before, entry.after) == ({"title": "ZeRo"}, {"title": "ZeRO"})


def test_correct_refuses_what_somebody_else_changed_meanwhile(
    course: Course, instructor: Membership
) -> None:
    paper = make_paper(course, title="Theirs")

    with pytest.raises(Refused) as refusal:
        correct(
            paper,
            changes={"title": "Mine", "venue": "SC"},
            seen={"title": "Before", "venue": ""},
            by=instructor.user,
            at=NOON,
        )

    assert (refusal.value.code, refusal.value.status) == ("changed_meanwhile", 409)
    assert "Theirs" in str(refusal.value)
    paper.refresh_from_db()
    assert (paper.title, paper.venue, verbs()) == ("Theirs", "", [])


def test_correct_takes_other_line_ends_for_the_same_text(
    course: Course, instructor: Membership
) -> None:
    paper = make_paper(course, abstract="One\nTwo\n")
    change = {"abstract": "Three"}

    correct(paper, changes=change, seen={"abstract": "One\r\nTwo"}, by=instructor.user, at=NOON)

    paper.refresh_from_db()
    assert paper.abstract == "Three"


def test_correct_writes_nothing_without_a_change(course: Course, instructor: Membership) -> None:
    correct(course, changes={"room": course.room}, seen={"room": ""}, by=instructor.user, at=NOON)

    assert verbs() == []


def test_correct_refuses_fields_with_side_effects(course: Course, instructor: Membership) -> None:
    with pytest.raises(AssertionError):
        correct(course, changes={"capacity": 1}, seen={"capacity": 30}, by=instructor.user, at=NOON)
