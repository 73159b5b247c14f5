"""Writing, handing in, settling, more time: what each action does, and what it refuses."""

import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from assignments import actions, queries, rules
from assignments.actions import HandIn, Stale, Typed
from assignments.models import (
    Assignment,
    Draft,
    DraftField,
    Extension,
    StoredFile,
    Submission,
)
from courses.models import Course, CoursePolicy, Membership
from seminar.accounts.models import AuditEntry
from seminar.lib.errors import Refused
from seminar.notifications.models import Message
from tests.factories.assignments import (
    DEADLINE,
    OPENING,
    SENTENCES,
    after,
    make_draft,
    make_extension,
    make_mini,
    make_pdf,
    make_report,
)
from tests.factories.courses import (
    NOON,
    make_course,
    make_meeting,
    make_member,
    make_module,
    make_paper,
)
from tests.factories.presentations import make_talk

SECOND = timedelta(seconds=1)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def report(course: Course) -> Assignment:
    return make_report(course)


@pytest.fixture
def mini(course: Course) -> Assignment:
    return make_mini(course)


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> Any:
    with override_settings(MEDIA_ROOT=tmp_path / "files"):
        yield tmp_path / "files"


def refused(do: Any, *args: Any, **kwargs: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        do(*args, **kwargs)
    return caught.value


def submit(
    report: Assignment,
    student: Membership,
    at: datetime = LATER,
    *,
    nonce: str = "",
    confirm_late: bool = False,
) -> Submission:
    return actions.submit_report(
        report, student, hand_in=HandIn(nonce, at, confirm_late=confirm_late), at=at
    )


def hand_in_file(
    mini: Assignment,
    student: Membership,
    content: bytes,
    at: datetime = LATER,
    *,
    nonce: str = "",
    name: str = "notes.pdf",
) -> Submission:
    return actions.submit_file(
        mini, student, chunks=[content], name=name, hand_in=HandIn(nonce, at), at=at
    )


def save(
    report: Assignment, student: Membership, name: str, text: str, version: int, at: datetime = NOON
) -> DraftField:
    slot, part, index = name.split(".")
    typed = Typed(int(slot), part, int(index), text, version)
    return actions.save_field(report, student, typed=typed, at=at)


def keys_of(report: Assignment) -> list[str]:
    return [paper.key for paper in queries.reportable_papers(report)]


def mails() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("id").values_list("kind", "to__name"))


def set_policy(course: Course, **fields: Any) -> None:
    CoursePolicy.objects.filter(course=course).update(**fields)


# --- choose_papers -------------------------------------------------------------------------------


def test_choose_papers_starts_a_draft(report: Assignment, student: Membership) -> None:
    keys = keys_of(report)
    draft = actions.choose_papers(report, student, keys=keys[:2], at=NOON)
    assert list(draft.papers.values_list("slot", "paper__key")) == [(0, keys[0]), (1, keys[1])]
    assert AuditEntry.objects.get().verb == "choose_papers"


def test_choose_papers_keeps_texts_and_the_place_of_a_paper_that_stays(
    report: Assignment, student: Membership
) -> None:
    keys = keys_of(report)
    actions.choose_papers(report, student, keys=keys[:2], at=NOON)
    save(report, student, "1.summary.0", "About the second.", 0)
    draft = actions.choose_papers(report, student, keys=[keys[2], keys[1]], at=LATER)
    assert list(draft.papers.values_list("slot", "paper__key")) == [(0, keys[2]), (1, keys[1])]
    assert draft.fields.get().text == "About the second."


def test_choose_papers_offers_papers_of_submodules(course: Course, student: Membership) -> None:
    report = make_report(course, papers=1)
    part = make_module(course, parent=report.module)
    below = make_paper(course, module=make_module(course, parent=part))
    make_paper(course, module=part, reportable=False)
    make_paper(course)
    assert keys_of(report) == [report.module.papers.get().key, below.key]
    assert actions.choose_papers(report, student, keys=keys_of(report), at=NOON).papers.count() == 2


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ([], "paper_count"),
        ([0], "paper_count"),
        ([0, 0], "paper_count"),
        ([0, 1, 2], "paper_count"),
        ([0, "elsewhere"], "unknown_paper"),
        ([0, "no\0paper"], "unknown_paper"),
    ],
)
def test_choose_papers_refuses_all_but_two_of_the_list(
    report: Assignment, student: Membership, choice: list[Any], code: str
) -> None:
    offered = keys_of(report)
    keys = [offered[one] if isinstance(one, int) else one for one in choice]
    refusal = refused(actions.choose_papers, report, student, keys=keys, at=NOON)
    assert (refusal.code, refusal.status) == (code, 422)
    assert not Draft.objects.exists()


@pytest.mark.parametrize("may", [True, False])
def test_choose_papers_refuses_ones_own_talk_where_the_course_says_so(
    report: Assignment, student: Membership, other_student: Membership, may: bool
) -> None:
    CoursePolicy.objects.filter(course=report.course).update(presenter_may_report=may)
    first, second = queries.reportable_papers(report)[:2]
    meeting = make_meeting(report.course)
    for presenter, paper in ((student, first), (other_student, second)):
        paper.meeting = meeting
        paper.save()
        make_talk(report.course, presenter, paper=paper)
    keys = [first.key, second.key]
    if may:
        assert actions.choose_papers(report, student, keys=keys, at=NOON).papers.count() == 2
    else:
        refusal = refused(actions.choose_papers, report, student, keys=keys, at=NOON)
        assert (refusal.code, refusal.status) == ("own_talk", 422)
        assert first.title in refusal.message
        assert not Draft.objects.exists()


def test_choose_papers_refuses_a_paper_of_another_course(
    report: Assignment, student: Membership, other_course: Course
) -> None:
    foreign = make_paper(other_course)
    keys = [keys_of(report)[0], foreign.key]
    assert refused(actions.choose_papers, report, student, keys=keys, at=NOON).code == (
        "unknown_paper"
    )


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (OPENING - SECOND, "not_open_yet"),
        (OPENING, None),
        (DEADLINE - SECOND, None),
        (DEADLINE, None),
        (after(299), None),
        (after(300), "closed"),
    ],
)
def test_drafts_can_be_written_only_while_the_assignment_is_open(
    report: Assignment, student: Membership, at: datetime, code: str | None
) -> None:
    make_draft(report, student, complete=False)
    typed = Typed(0, "summary", 0, "Late at night.", 0)
    if code is None:
        assert actions.save_field(report, student, typed=typed, at=at).version == 1
        return
    assert refused(actions.save_field, report, student, typed=typed, at=at).code == code
    assert refused(actions.save_draft, report, student, texts=[typed], at=at).code == code
    keys = keys_of(report)[:2]
    assert refused(actions.choose_papers, report, student, keys=keys, at=at).code == code
    assert not DraftField.objects.exists()


# --- save_field, save_draft ----------------------------------------------------------------------


def test_save_field_raises_the_version(report: Assignment, student: Membership) -> None:
    make_draft(report, student, complete=False)
    assert save(report, student, "0.summary.0", "One.", 0).version == 1
    assert save(report, student, "0.summary.0", "Two.", 1).version == 2
    assert save(report, student, "0.summary.0", "", 2).version == 3
    assert DraftField.objects.get().text == ""


def test_save_field_from_a_second_tab_is_refused_with_both_texts(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student, complete=False)
    save(report, student, "0.summary.0", "From the first tab.", 0)
    with pytest.raises(Stale) as caught:
        save(report, student, "0.summary.0", "From the second tab.", 0)
    assert (caught.value.code, caught.value.status) == ("stale", 409)
    assert caught.value.problems == [
        {
            "field": "0.summary.0",
            "mine": "From the second tab.",
            "theirs": "From the first tab.",
            "version": 1,
        }
    ]
    assert DraftField.objects.get().text == "From the first tab."


def test_save_field_of_what_is_stored_is_no_change(report: Assignment, student: Membership) -> None:
    make_draft(report, student, complete=False)
    save(report, student, "0.summary.0", "Same.\nText.", 0)
    again = save(report, student, "0.summary.0", "Same.\r\nText.", 0, at=LATER)
    assert (again.version, again.saved_at) == (1, NOON)


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("2.summary.0", "x", "unknown_field"),
        ("0.summary.1", "x", "unknown_field"),
        ("0.strength.3", "x", "unknown_field"),
        ("0.improvement.8", "x", "unknown_field"),
        ("0.opinion.0", "x", "unknown_field"),
        ("0.summary.0", "a\0b", "nul"),
        ("0.summary.0", "x" * 20_001, "too_long"),
    ],
)
def test_save_field_refuses_what_has_no_place(
    report: Assignment, student: Membership, name: str, text: str, code: str
) -> None:
    make_draft(report, student, complete=False)
    refusal = refused(save, report, student, name, text, 0)
    assert (refusal.code, refusal.status) == (code, 422)
    assert not DraftField.objects.exists()


def test_save_field_takes_20000_characters_and_another_improvement(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student, complete=False)
    assert save(report, student, "1.improvement.7", "ü" * 20_000, 0).version == 1


def test_save_field_without_papers_is_refused(report: Assignment, student: Membership) -> None:
    assert refused(save, report, student, "0.summary.0", "x", 0).code == "not_started"


def test_save_draft_saves_all_but_what_is_stale(report: Assignment, student: Membership) -> None:
    make_draft(report, student, complete=False)
    save(report, student, "0.summary.0", "Theirs.", 0)
    texts = [Typed(0, "summary", 0, "Mine.", 0), Typed(0, "strength", 1, "Clear.", 0)]
    stale = actions.save_draft(report, student, texts=texts, at=LATER)
    assert [(one.typed.text, one.stored.text) for one in stale] == [("Mine.", "Theirs.")]
    assert dict(DraftField.objects.values_list("part", "text")) == {
        "summary": "Theirs.",
        "strength": "Clear.",
    }


def test_a_session_of_edits_ends_in_what_was_written_last(
    report: Assignment, student: Membership
) -> None:
    actions.choose_papers(report, student, keys=keys_of(report)[:2], at=NOON)
    names = [f"{slot}.{part}.{index}" for slot in (0, 1) for part, n in ASKED for index in range(n)]
    for version in range(3):
        for name in names:
            save(report, student, name, f"{name} take {version}", version)
    submission = submit(report, student)
    assert submission.content["papers"][1]["weaknesses"] == [
        f"1.weakness.{index} take 2" for index in range(3)
    ]
    assert rules.is_complete(
        queries.spec_of(report), rules.read_content(submission.content), keys_of(report)
    )


ASKED = (("summary", 1), ("strength", 3), ("weakness", 3), ("improvement", 1), ("extension", 1))


# --- submit_report -------------------------------------------------------------------------------


def test_submit_report_writes_a_version_with_a_receipt(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    submission = submit(report, student, nonce="nonce-0001")
    keys = keys_of(report)
    assert (submission.number, submission.received_at, submission.late_days) == (1, LATER, 0)
    assert submission.source == "student"
    assert [paper["paper"] for paper in submission.content["papers"]] == keys[:2]
    assert submission.content["papers"][0]["summary"] == SENTENCES
    assert submission.content["papers"][0]["strengths"] == [
        f"strength {n} of paper 1." for n in (1, 2, 3)
    ]
    assert submission.content_hash == rules.content_hash(submission.content)
    assert queries.is_genuine(submission)
    assert AuditEntry.objects.get().subject == f"submission {submission.code}"
    mail = Message.objects.get()
    assert mail.subject == f"[ELLM] Received, receipt {submission.code}"
    assert f"/work/{report.key}/receipt/{submission.code}" in mail.text
    assert "Mon 27 Oct 2025, 14:00:00 Berlin time" in mail.text
    assert "You can change it until Sun 9 Nov 2025, 23:59 Berlin time." in mail.text


def test_submit_report_with_one_strength_is_refused_and_the_draft_stays(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student, without=frozenset({(0, "strength", 1), (0, "strength", 2)}))
    refusal = refused(submit, report, student, nonce="nonce-0001")
    assert (refusal.code, refusal.status) == ("incomplete", 422)
    assert refusal.problems == [
        {"field": "0.strength.1", "value": "", "rule": "Write a second strength for paper A"},
        {"field": "0.strength.2", "value": "", "rule": "Write a third strength for paper A"},
    ]
    assert (DraftField.objects.count(), Submission.objects.count()) == (16, 0)
    assert (AuditEntry.objects.count(), Message.objects.count()) == (0, 0)


def test_submit_report_counts_white_space_as_nothing(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    save(report, student, "1.summary.0", " \n\t ", 1)
    assert [problem["rule"] for problem in refused(submit, report, student).problems] == [
        "Write a summary of paper B"
    ]


def test_submit_report_incomplete_where_the_course_allows_it(
    report: Assignment, student: Membership, course: Course
) -> None:
    set_policy(course, incomplete_may_submit=True)
    make_draft(report, student, without=frozenset({(0, "strength", 2)}))
    assert len(submit(report, student).content["papers"][0]["strengths"]) == 2


def test_submit_report_without_a_draft_is_refused(report: Assignment, student: Membership) -> None:
    assert refused(submit, report, student).code == "not_started"


def test_submit_report_refuses_a_paper_that_left_the_list(
    report: Assignment, student: Membership
) -> None:
    draft = make_draft(report, student)
    paper = draft.papers.get(slot=1).paper
    paper.reportable = False
    paper.save()
    assert [problem["field"] for problem in refused(submit, report, student).problems] == [
        "1.paper"
    ]


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (OPENING - SECOND, "not_open_yet"),
        (DEADLINE - SECOND, None),
        (DEADLINE, None),
        (after(299), None),
        (after(300), "closed"),
        (after(301), "closed"),
    ],
)
def test_submit_report_is_taken_until_the_deadline_and_its_grace(
    report: Assignment, student: Membership, at: datetime, code: str | None
) -> None:
    make_draft(report, student)
    if code is None:
        assert submit(report, student, at).late_days == 0
        return
    refusal = refused(submit, report, student, at)
    assert (refusal.code, refusal.status) == (code, 409)
    assert not Submission.objects.exists()


def test_submit_report_says_the_deadline_as_people_do(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    assert str(refused(submit, report, student, after(301))) == (
        "The deadline was Sun 9 Nov 2025, 23:59 Berlin time. "
        "Ask your instructor if you need more time."
    )


@pytest.mark.parametrize(
    ("closes_at", "said"),
    [
        # The same wall time before and after clocks go back on 26 Oct 2025.
        (datetime(2025, 10, 20, 14, 0, tzinfo=UTC), "Mon 20 Oct 2025, 16:00 Berlin time"),
        (datetime(2025, 10, 27, 15, 0, tzinfo=UTC), "Mon 27 Oct 2025, 16:00 Berlin time"),
    ],
)
def test_submit_report_on_both_sides_of_the_clock_change(
    course: Course, student: Membership, closes_at: datetime, said: str
) -> None:
    report = make_report(course, opens_at=closes_at - timedelta(days=5), closes_at=closes_at)
    make_draft(report, student, saved_at=closes_at - timedelta(days=1))
    assert said in str(refused(submit, report, student, closes_at + timedelta(seconds=300)))
    assert submit(report, student, closes_at - SECOND).number == 1


def test_submit_report_twice_with_one_nonce_is_one_version(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    first = submit(report, student, nonce="nonce-0001")
    save(report, student, "0.summary.0", "Changed meanwhile.", 1)
    again = submit(report, student, after(3600), nonce="nonce-0001")
    assert (again.code, Submission.objects.count(), Message.objects.count()) == (first.code, 1, 1)


def test_submit_report_refuses_a_nonce_with_another_body(
    report: Assignment, student: Membership, course: Course
) -> None:
    other = make_report(course)
    make_draft(report, student)
    make_draft(other, student)
    submit(report, student, nonce="nonce-0001")
    refusal = refused(submit, other, student, nonce="nonce-0001")
    assert (refusal.code, refusal.status) == ("nonce_reused", 422)


def test_submit_report_unchanged_returns_the_version_there_is(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    first = submit(report, student, nonce="nonce-0001")
    assert submit(report, student, nonce="nonce-0002").code == first.code
    assert (Submission.objects.count(), Message.objects.count()) == (1, 1)


def test_submit_report_again_makes_the_next_version_and_it_counts(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    first = submit(report, student)
    save(report, student, "0.summary.0", "It is new.", 1, at=LATER)
    second = submit(report, student)
    assert [version.number for version in (first, second)] == [1, 2]
    assert list(queries.latest_submissions(report)) == [second]
    assert Submission.objects.get(number=1).content["papers"][0]["summary"] == SENTENCES


def test_submit_report_late_counts_its_days(
    report: Assignment, student: Membership, course: Course
) -> None:
    set_policy(course, late_days=2, late_percent_per_day=10, auto_submit=False)
    make_draft(report, student)
    assert refused(submit, report, student, after(2 * 86400)).code == "closed"
    assert submit(report, student, after(301)).late_days == 1
    save(report, student, "0.summary.0", "Even later.", 1, at=after(86400))
    refusal = refused(submit, report, student, after(86401))
    assert (refusal.code, refusal.status) == ("late_not_confirmed", 409)
    assert "2 days late and cost 20 % of the maximum" in str(refusal)
    assert submit(report, student, after(86401), confirm_late=True).late_days == 2


def test_an_on_time_version_keeps_counting_unless_the_late_one_is_confirmed(
    report: Assignment, student: Membership, course: Course
) -> None:
    set_policy(course, late_days=3, late_percent_per_day="12.5")
    make_draft(report, student)
    on_time = submit(report, student)
    save(report, student, "0.summary.0", "Better.", 1, at=after(3600))
    assert refused(submit, report, student, after(3600)).code == "late_not_confirmed"
    assert list(queries.latest_submissions(report)) == [on_time]
    late = submit(report, student, after(3600), confirm_late=True)
    assert (late.number, late.late_days) == (2, 1)


def test_a_late_version_asks_again_after_an_extension_covers_the_one_before(
    report: Assignment, student: Membership, course: Course
) -> None:
    set_policy(course, late_days=3, late_percent_per_day=10, auto_submit=False)
    make_draft(report, student)
    assert submit(report, student, after(3600)).late_days == 1
    make_extension(report, student, after(7200))
    save(report, student, "0.summary.0", "Better.", 1, at=after(9000))
    assert queries.task_of(report, student, after(9000)).must_confirm
    assert refused(submit, report, student, after(9000)).code == "late_not_confirmed"
    assert submit(report, student, after(9000), confirm_late=True).number == 2


# --- settling ------------------------------------------------------------------------------------


def outcome() -> list[tuple[Any, ...]]:
    return list(
        Submission.objects.order_by("assignment_id", "membership_id", "number").values_list(
            "membership__user__name",
            "number",
            "received_at",
            "source",
            "late_days",
            "content_hash",
        )
    )


@pytest.mark.parametrize("seconds", [300, 360, 4 * 3600, 40 * 86400])
def test_submit_complete_drafts_is_the_same_on_time_and_late(
    report: Assignment, student: Membership, other_student: Membership, seconds: int
) -> None:
    make_draft(report, student)
    make_draft(report, other_student, without=frozenset({(1, "weakness", 0)}))
    assert actions.submit_complete_drafts(at=after(seconds)) == 1
    content = queries.latest_submission(report, student).content
    assert outcome() == [("Ada Student", 1, DEADLINE, "automatic", 0, rules.content_hash(content))]
    assert sorted(mails()) == [
        ("assignments/mail/not_submitted", "Ben Other"),
        ("assignments/mail/receipt", "Ada Student"),
    ]
    assert actions.submit_complete_drafts(at=after(seconds + 60)) == 0
    assert (Submission.objects.count(), Message.objects.count()) == (1, 2)


def test_submit_complete_drafts_waits_for_the_grace(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    assert actions.submit_complete_drafts(at=after(299)) == 0
    assert not Draft.objects.filter(settled_until__isnull=False).exists()


def test_submit_complete_drafts_tells_that_it_was_automatic(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    actions.submit_complete_drafts(at=after(360))
    text = Message.objects.get().text
    assert "was submitted automatically at the deadline" in text
    assert "This version counts." in text


def test_submit_complete_drafts_tells_how_much_is_empty(
    report: Assignment, student: Membership
) -> None:
    make_draft(
        report,
        student,
        without=frozenset({(0, "summary", 0), (1, "weakness", 1), (1, "weakness", 2)}),
    )
    actions.submit_complete_drafts(at=after(360))
    assert Message.objects.get().subject == "[ELLM] Not submitted: 3 parts are missing"


def test_submit_complete_drafts_leaves_what_was_submitted(
    report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    submit(report, student)
    save(report, student, "0.summary.0", "Changed, never submitted.", 1)
    assert actions.submit_complete_drafts(at=after(360)) == 0
    assert Submission.objects.count() == 1


def test_submit_complete_drafts_only_where_the_course_says_so(
    report: Assignment, student: Membership, course: Course
) -> None:
    set_policy(course, auto_submit=False)
    make_draft(report, student)
    assert actions.submit_complete_drafts(at=after(360)) == 0
    assert Message.objects.get().subject == "[ELLM] Not submitted: your draft is only a draft"


def test_submit_complete_drafts_leaves_a_paper_that_left_the_list_as_the_button_does(
    report: Assignment, student: Membership
) -> None:
    paper = make_draft(report, student).papers.get(slot=1).paper
    paper.reportable = False
    paper.save()
    assert refused(submit, report, student).code == "incomplete"
    assert actions.submit_complete_drafts(at=after(360)) == 0
    assert mails() == [("assignments/mail/not_submitted", "Ada Student")]


def test_submit_complete_drafts_leaves_people_who_left(
    report: Assignment, withdrawn: Membership, course: Course
) -> None:
    make_draft(report, withdrawn)
    assert actions.submit_complete_drafts(at=after(360)) == 0
    assert not Message.objects.exists()


def test_text_written_late_never_slips_into_what_was_due(
    report: Assignment, student: Membership, course: Course
) -> None:
    """The job is hours late; the student writes on under a late policy meanwhile."""
    set_policy(course, late_days=3, late_percent_per_day=10)
    make_draft(report, student)
    save(report, student, "0.summary.0", "Written late.", 1, at=after(3600))
    actions.submit_complete_drafts(at=after(7200))
    assert [row[1:5] for row in outcome()] == [(1, DEADLINE, "automatic", 0)]
    assert Submission.objects.get().content["papers"][0]["summary"] == SENTENCES


def test_a_draft_completed_late_is_never_submitted_by_itself(
    report: Assignment, student: Membership, course: Course
) -> None:
    set_policy(course, late_days=3, late_percent_per_day=10)
    make_draft(report, student, without=frozenset({(0, "summary", 0)}))
    save(report, student, "0.summary.0", "Completed late.", 0, at=after(3600))
    assert actions.submit_complete_drafts(at=after(7200)) == 0
    assert mails() == [("assignments/mail/not_submitted", "Ada Student")]


def test_one_broken_draft_leaves_the_others_alone(
    report: Assignment,
    student: Membership,
    other_student: Membership,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_draft(report, student)
    make_draft(report, other_student)
    settle = actions.settling.settle

    def broken(draft: Draft, *, at: datetime) -> Submission | None:
        if draft.membership_id == student.pk:
            raise RuntimeError("disk full")
        return settle(draft, at=at)

    monkeypatch.setattr(actions.settling, "settle", broken)
    assert actions.submit_complete_drafts(at=after(360)) == 1
    monkeypatch.undo()
    assert actions.submit_complete_drafts(at=after(420)) == 1


# --- grant_extension -----------------------------------------------------------------------------


def grant(
    report: Assignment,
    student: Membership,
    ta: Membership,
    until: datetime,
    at: datetime = NOON,
    **facts: Any,
) -> Extension:
    return actions.grant_extension(
        report, student, until=until, by=ta, at=at, **{"reason": "Ill"} | facts
    )


def test_grant_extension_moves_the_deadline_of_one_student(
    report: Assignment, student: Membership, other_student: Membership, ta: Membership
) -> None:
    make_draft(report, student)
    make_draft(report, other_student)
    grant(report, student, ta, after(86400))
    assert submit(report, student, after(86399)).late_days == 0
    assert refused(submit, report, other_student, after(86399)).code == "closed"
    audit = AuditEntry.objects.get(verb="grant_extension")
    assert (audit.actor, audit.reason) == (ta.user, "Ill")
    mail = Message.objects.get(kind="assignments/mail/extension")
    assert mail.subject == "[ELLM] You have more time, until Mon 10 Nov 2025"
    assert "Ill" not in mail.text


@pytest.mark.parametrize(
    ("until", "at", "reason", "code", "status"),
    [
        (DEADLINE, NOON, "Ill", "not_later", 422),
        (DEADLINE - SECOND, NOON, "Ill", "not_later", 422),
        (after(60), after(60), "Ill", "past", 422),
        (after(86400), NOON, "  ", "no_reason", 422),
    ],
)
def test_grant_extension_refuses_what_gives_no_time_or_no_reason(  # noqa: PLR0917
    report: Assignment,
    student: Membership,
    ta: Membership,
    until: datetime,
    at: datetime,
    reason: str,
    code: str,
    status: int,
) -> None:
    refusal = refused(grant, report, student, ta, until, at, reason=reason)
    assert (refusal.code, refusal.status) == (code, status)
    assert not Extension.objects.exists()


def test_grant_extension_only_to_active_students_of_the_course(
    report: Assignment,
    auditor: Membership,
    withdrawn: Membership,
    outsider: Membership,
    ta: Membership,
) -> None:
    codes = [
        refused(grant, report, member, ta, after(86400)).code
        for member in (auditor, withdrawn, outsider)
    ]
    assert codes == ["not_a_student"] * 3


def test_grant_extension_again_is_never_earlier(
    report: Assignment, student: Membership, ta: Membership
) -> None:
    grant(report, student, ta, after(86400), nonce="nonce-0001")
    grant(report, student, ta, after(86400), nonce="nonce-0001")
    assert refused(grant, report, student, ta, after(3600)).code == "not_later"
    assert grant(report, student, ta, after(2 * 86400)).until == after(2 * 86400)
    assert (Extension.objects.count(), Message.objects.count()) == (1, 2)


def test_grant_extension_after_the_deadline_reopens_whether_the_job_ran_or_not(
    report: Assignment, student: Membership, other_student: Membership, ta: Membership
) -> None:
    """Ada's draft was settled by the job, Ben's only by the extension: both end the same."""
    make_draft(report, student)
    actions.submit_complete_drafts(at=after(360))
    make_draft(report, other_student)
    for member in (student, other_student):
        grant(report, member, ta, after(86400), at=after(7200))
        save(report, member, "0.summary.0", "With more time.", 1, at=after(7300))
        assert submit(report, member, after(7400)).number == 2
    numbers = Submission.objects.order_by("membership__user__name", "number")
    assert list(numbers.values_list("membership__user__name", "number", "source")) == [
        ("Ada Student", 1, "automatic"),
        ("Ada Student", 2, "student"),
        ("Ben Other", 1, "automatic"),
        ("Ben Other", 2, "student"),
    ]


def test_grant_extension_moves_when_a_draft_is_settled(
    report: Assignment, student: Membership, ta: Membership
) -> None:
    make_draft(report, student)
    make_extension(report, student, after(86400), granted_by=ta)
    assert actions.submit_complete_drafts(at=after(3600)) == 0
    assert actions.submit_complete_drafts(at=after(86400 + 300)) == 1
    assert Submission.objects.get().received_at == after(86400)


def test_grant_extension_settles_an_incomplete_draft_again_at_the_new_deadline(
    report: Assignment, student: Membership, ta: Membership
) -> None:
    make_draft(report, student, without=frozenset({(0, "summary", 0)}))
    actions.submit_complete_drafts(at=after(360))
    grant(report, student, ta, after(86400), at=after(3600))
    save(report, student, "0.summary.0", "Now it is whole.", 0, at=after(7200))
    assert actions.submit_complete_drafts(at=after(86400 + 300)) == 1


# --- submit_file ---------------------------------------------------------------------------------


def test_submit_file_keeps_the_bytes_and_writes_a_version(
    mini: Assignment, student: Membership
) -> None:
    submission = hand_in_file(mini, student, make_pdf(2), name="../My notes.PDF")
    file = submission.file
    assert submission.content == {
        "file": "My notes.pdf",
        "sha256": file.sha256,
        "size": len(make_pdf(2)),
        "pages": 2,
        "note": "",
    }
    assert queries.is_genuine(submission)
    assert "File: My notes.pdf" in Message.objects.get().text


def test_submit_file_with_three_pages_is_accepted(mini: Assignment, student: Membership) -> None:
    assert hand_in_file(mini, student, make_pdf(3)).content["pages"] == 3


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (b"", "empty", 422),
        (b"<html>%PDF</html>", "not_a_pdf", 422),
        (b"PK\x03\x04", "not_a_pdf", 422),
        (b"%PDF-1.7" + b" " * (1024 * 1024), "too_big", 413),
    ],
    ids=["empty", "html", "zip", "too-big"],
)
@override_settings(UPLOAD_MAX_MIB=1)
def test_submit_file_refuses_what_is_no_pdf(
    mini: Assignment, student: Membership, content: bytes, code: str, status: int
) -> None:
    refusal = refused(hand_in_file, mini, student, content)
    assert (refusal.code, refusal.status) == (code, status)
    assert (Submission.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_submit_file_when_closed_keeps_nothing(
    mini: Assignment, student: Membership, files: Path
) -> None:
    assert refused(hand_in_file, mini, student, make_pdf(1), after(301)).code == "closed"
    assert refused(hand_in_file, mini, student, make_pdf(1), OPENING - SECOND).code == (
        "not_open_yet"
    )
    assert not files.exists()


def test_submit_file_again_returns_the_version_there_is(
    mini: Assignment, student: Membership
) -> None:
    first = hand_in_file(mini, student, make_pdf(1), nonce="nonce-0001")
    again = hand_in_file(mini, student, make_pdf(1), after(3600), nonce="nonce-0001")
    same_bytes = hand_in_file(mini, student, make_pdf(1), nonce="nonce-0002", name="other.pdf")
    assert (again.code, same_bytes.code) == (first.code, first.code)
    other_bytes = refused(hand_in_file, mini, student, make_pdf(2), nonce="nonce-0001")
    assert (other_bytes.code, other_bytes.status) == ("nonce_reused", 422)
    assert hand_in_file(mini, student, make_pdf(2)).number == 2


def test_submit_file_of_the_same_bytes_by_two_students_is_one_file(
    mini: Assignment, student: Membership, other_student: Membership
) -> None:
    first = hand_in_file(mini, student, make_pdf(1))
    second = hand_in_file(mini, other_student, make_pdf(1))
    assert first.file == second.file
    assert first.code != second.code


def test_a_lost_or_changed_file_is_noticed(mini: Assignment, student: Membership) -> None:
    submission = hand_in_file(mini, student, BytesIO(make_pdf(1)).getvalue())
    path = Path(str(actions.submitting.uploads.path_of(submission.file.sha256)))
    path.write_bytes(b"%PDF-1.7 something else")
    assert not queries.is_genuine(submission)


# --- at once -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("nonces", ["one", "many"])
def test_submit_report_by_twenty_threads_is_one_version(nonces: str) -> None:
    course = make_course()
    student = make_member(course, name="Ada Student")
    report = make_report(course)
    make_draft(report, student)
    codes: list[str] = []
    errors: list[Exception] = []
    start = threading.Barrier(20)

    def run(number: int) -> None:
        start.wait()
        nonce = "nonce-0001" if nonces == "one" else f"nonce-{number:04}"
        try:
            codes.append(submit(report, student, nonce=nonce).code)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert (len(codes), len(set(codes))) == (20, 1)
    assert (Submission.objects.count(), Message.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_submit_complete_drafts_by_four_jobs_at_once_is_one_version_each() -> None:
    course = make_course()
    report = make_report(course)
    for _student in range(5):
        make_draft(report, make_member(course))
    counts: list[int] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        try:
            counts.append(actions.submit_complete_drafts(at=after(360)))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _job in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 5
    assert (Submission.objects.count(), Message.objects.count()) == (5, 5)
