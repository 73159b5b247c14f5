"""Pages of assignments: what they show to whom, and what their forms answer."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries

from assignments import actions, queries
from assignments.actions import HandIn
from assignments.models import Assignment, Draft, DraftField, Extension, Submission
from courses.models import Course, CoursePolicy, Membership, Paper
from seminar.lib import uploads
from tests.factories.assignments import (
    DEADLINE,
    OPENING,
    after,
    make_draft,
    make_extension,
    make_mini,
    make_pdf,
    make_report,
)
from tests.factories.courses import NOON, make_meeting, make_member

pytestmark = pytest.mark.usefixtures("set_clock", "files")


@pytest.fixture
def files(tmp_path: Path) -> Any:
    with override_settings(MEDIA_ROOT=tmp_path / "files"):
        yield


@pytest.fixture
def report(course: Course) -> Assignment:
    return make_report(course, key="report-1")


@pytest.fixture
def mini(course: Course) -> Assignment:
    return make_mini(course, key="mini-1")


@pytest.fixture
def ada(client: Client, student: Membership) -> Client:
    client.force_login(student.user)
    return client


@pytest.fixture
def staff(client: Client, ta: Membership) -> Client:
    client.force_login(ta.user)
    return client


def url(assignment: Assignment, page: str = "") -> str:
    address = f"/c/{assignment.course.slug}/work/{assignment.key}"
    return f"{address}/{page}" if page else address


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def hidden_value(response: Any, name: str) -> str:
    """Return what the form of an answer sends back under a hidden input's name."""
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', text_of(response))
    assert found is not None
    return found[1]


def submitted(report: Assignment, student: Membership, at: datetime = NOON) -> Submission:
    make_draft(report, student)
    return actions.submit_report(report, student, hand_in=HandIn("", at), at=at)


def uploaded(mini: Assignment, student: Membership, pages: int = 2) -> Submission:
    return actions.submit_file(
        mini, student, chunks=[make_pdf(pages)], name="n.pdf", hand_in=HandIn("", NOON), at=NOON
    )


# --- who may open what ---------------------------------------------------------------------------

STUDENT_PAGES = ("", "papers", "edit", "check")


@pytest.mark.parametrize("page", STUDENT_PAGES)
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("ta", 403),
        ("instructor", 403),
        ("auditor", 403),
        ("withdrawn", 404),
        ("applicant", 404),
        ("outsider", 404),
        ("other_ta", 404),
    ],
)
def test_pages_of_a_report_are_for_students_of_the_course(
    client: Client, report: Assignment, page: str, who: str, status: int, request: Any
) -> None:
    client.force_login(request.getfixturevalue(who).user)
    assert client.get(url(report, page)).status_code == status


@pytest.mark.parametrize("page", ["fields", "draft", "submissions"])
@pytest.mark.parametrize(("who", "status"), [("ta", 403), ("outsider", 404), ("withdrawn", 404)])
def test_writes_of_a_report_are_for_students_of_the_course(
    client: Client, report: Assignment, page: str, who: str, status: int, request: Any
) -> None:
    client.force_login(request.getfixturevalue(who).user)
    assert client.post(url(report, page)).status_code == status


def test_a_task_of_another_course_is_not_found(ada: Client, other_course: Course) -> None:
    foreign = make_report(other_course)
    assert ada.get(url(foreign)).status_code == 404
    course = Membership.objects.get(user__name="Ada Student").course
    assert ada.get(f"/c/{course.slug}/work/{foreign.key}").status_code == 404


def test_the_pages_of_the_other_kind_are_not_found(
    ada: Client, report: Assignment, mini: Assignment
) -> None:
    pages = [url(report, "upload"), *(url(mini, page) for page in ("papers", "edit", "check"))]
    assert [ada.get(page).status_code for page in pages] == [404] * 4


@pytest.mark.parametrize("who", ["other_student", "auditor", "outsider", "other_ta"])
def test_what_was_handed_in_is_seen_by_its_author_and_staff_only(
    client: Client, mini: Assignment, student: Membership, who: str, request: Any
) -> None:
    code = uploaded(mini, student).code
    client.force_login(request.getfixturevalue(who).user)
    receipt = client.get(url(mini, f"receipt/{code}")).status_code
    assert receipt == (403 if who == "auditor" else 404)
    for page in (url(mini, f"files/{code}"), f"/c/{mini.course.slug}/receipt/{code}"):
        assert client.get(page).status_code == 404


def test_a_receipt_of_another_task_is_not_found(
    ada: Client, report: Assignment, mini: Assignment, student: Membership
) -> None:
    code = uploaded(mini, student).code
    assert ada.get(url(report, f"receipt/{code}")).status_code == 404
    assert ada.get(url(report, f"files/{code}")).status_code == 404


def test_hidden_text_is_in_nobody_elses_answers(
    client: Client,
    report: Assignment,
    student: Membership,
    other_student: Membership,
    ta: Membership,
) -> None:
    make_draft(report, student)
    DraftField.objects.filter(part="summary").update(text="SECRET-DRAFT")
    make_draft(report, other_student)
    for member, pages in (
        (other_student, [url(report, page) for page in STUDENT_PAGES]),
        (ta, [f"/c/{report.course.slug}/manage/tasks/{report.key}"]),
    ):
        client.force_login(member.user)
        answers = [client.get(page) for page in pages]
        assert [answer.status_code for answer in answers] == [200] * len(pages)
        assert "SECRET-DRAFT" not in "".join(text_of(answer) for answer in answers)


# --- work, task ----------------------------------------------------------------------------------


def test_work_groups_what_is_due(
    ada: Client, course: Course, student: Membership, set_clock: Any
) -> None:
    def make(title: str, **fields: Any) -> Assignment:
        return make_report(course, title=title, **fields)

    make("Late one", closes_at=NOON - timedelta(days=1))
    make("Soon", closes_at=NOON + timedelta(days=7))
    make("Far", closes_at=NOON + timedelta(days=8))
    make("Closed box", opens_at=NOON + timedelta(days=1), closes_at=NOON + timedelta(days=9))
    submitted(make("Finished"), student)
    make_draft(make("Begun", closes_at=NOON + timedelta(days=2)), student)
    response = ada.get(f"/c/{course.slug}/work")
    found = [
        (name, [(item.assignment.title, item.state) for item in items])
        for name, items in response.context["groups"]
    ]
    assert found == [
        ("late", [("Late one", "missing")]),
        ("week", [("Begun", "draft"), ("Soon", "not_started")]),
        ("later", [("Far", "not_started"), ("Closed box", "not_open")]),
        ("done", [("Finished", "submitted")]),
    ]
    page = text_of(response)
    assert "10 of 10 parts written" in page
    assert "Opens Tue 28 Oct 2025, 13:00 Berlin time" in page


def test_work_without_assignments_says_so(ada: Client, course: Course) -> None:
    assert "No work yet" in text_of(ada.get(f"/c/{course.slug}/work"))


@pytest.mark.parametrize("number", [1, 12])
def test_work_takes_as_many_queries_for_one_as_for_many(
    ada: Client,
    course: Course,
    student: Membership,
    number: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _assignment in range(number):
        submitted(make_report(course), student)
    with django_assert_num_queries(8):
        ada.get(f"/c/{course.slug}/work")


def test_task_shows_instant_and_rule(ada: Client, report: Assignment) -> None:
    page = text_of(ada.get(url(report)))
    assert "Sun 9 Nov 2025, 23:59 Berlin time" in page
    assert "Mon 10 Nov 2025 at 00:00" in page
    assert "Start the report" in page
    assert "Not taken after the deadline." in page


def test_task_not_open_yet_says_when(ada: Client, report: Assignment, set_clock: Any) -> None:
    set_clock(OPENING - timedelta(days=1))
    page = text_of(ada.get(url(report)))
    assert "This opens Mon 20 Oct 2025, 18:00 Berlin time." in page
    assert "Start the report" not in page


def test_task_closed_says_what_to_do(ada: Client, report: Assignment, set_clock: Any) -> None:
    set_clock(after(301))
    page = text_of(ada.get(url(report)))
    assert "ask your instructor for an extension" in page
    assert "Missing" in page


def test_task_late_says_the_cost(
    ada: Client, report: Assignment, course: Course, set_clock: Any
) -> None:
    CoursePolicy.objects.update(late_days=2, late_percent_per_day="12.50")
    set_clock(after(86401))
    assert "Submitting now is 2 days late and costs 25 % of the maximum." in text_of(
        ada.get(url(report))
    )


def test_task_with_an_extension_shows_it_as_mine(
    ada: Client, report: Assignment, student: Membership
) -> None:
    make_extension(report, student, after(86400))
    page = text_of(ada.get(url(report)))
    assert "Mon 10 Nov 2025, 23:59 Berlin time" in page
    assert "your extension; for the others Sun 9 Nov 2025, 23:59 Berlin time" in page


def test_task_shows_that_changes_are_not_submitted(
    ada: Client, report: Assignment, student: Membership
) -> None:
    submitted(report, student)
    assert "not submitted" not in text_of(ada.get(url(report)))
    DraftField.objects.filter(part="summary").update(text="Changed.")
    assert "The changes are not submitted." in text_of(ada.get(url(report)))


# --- papers, edit --------------------------------------------------------------------------------


def test_choose_papers_starts_the_report(
    ada: Client, report: Assignment, student: Membership
) -> None:
    keys = [paper.key for paper in queries.reportable_papers(report)][:2]
    response = ada.post(url(report, "papers"), {"papers": keys})
    assert (response.status_code, response["Location"]) == (302, url(report, "edit"))
    assert Draft.objects.get().membership == student


def test_choose_papers_refused_keeps_what_was_ticked(ada: Client, report: Assignment) -> None:
    key = queries.reportable_papers(report)[0].key
    response = ada.post(url(report, "papers"), {"papers": [key]})
    assert response.status_code == 422
    page = text_of(response)
    assert "Choose exactly 2 different papers. You chose 1." in page
    assert page.count(" checked") == 1


def test_edit_without_papers_leads_to_choosing_them(ada: Client, report: Assignment) -> None:
    assert ada.get(url(report, "edit"))["Location"] == url(report, "papers")
    assert ada.get(url(report, "check"))["Location"] == url(report, "papers")


def test_edit_shows_every_text_with_its_version(
    ada: Client, report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    page = text_of(ada.get(url(report, "edit")))
    assert page.count("<textarea") == 18
    assert page.count('name="version:') == 18
    assert "5 sentences. Aim for 5 to 6." in page
    assert "10 of 10 parts written" in page


def test_edit_escapes_what_was_written(
    ada: Client, report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    DraftField.objects.filter(part="summary").update(text="</textarea><script>alert(1)</script>")
    for page in ("edit", "check"):
        assert "<script>alert" not in text_of(ada.get(url(report, page)))


@pytest.mark.parametrize("others", [0, 10])
@pytest.mark.parametrize(
    ("page", "queries_needed"),
    [("", 11), ("papers", 11), ("edit", 10), ("check", 11), ("receipt", 10)],
)
def test_pages_of_a_report_take_a_constant_number_of_queries(  # noqa: PLR0917
    ada: Client,
    report: Assignment,
    student: Membership,
    others: int,
    page: str,
    queries_needed: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    meeting = make_meeting(report.course)
    Assignment.objects.filter(pk=report.pk).update(
        opens_rule=f"end of last lecture of {report.module.key}",
        closes_rule=f"before the date of meeting {meeting.key}",
    )
    for member in [student, *(make_member(report.course) for _other in range(others))]:
        submitted(report, member)
    code = Submission.objects.get(membership=student).code
    with django_assert_num_queries(queries_needed):
        response = ada.get(url(report, f"receipt/{code}" if page == "receipt" else page))
    assert response.status_code == 200


def test_save_field_answers_the_new_version_and_the_checklist(
    ada: Client, report: Assignment, student: Membership
) -> None:
    make_draft(report, student, complete=False)
    response = ada.post(
        url(report, "fields"), {"field": "0.summary.0", "text": "One. Two.", "version": "0"}
    )
    answer = response.json()
    assert (response.status_code, answer["version"]) == (200, 1)
    assert answer["saved"] == "All changes saved 13:00"
    assert answer["html"]["count-0.summary.0"] == "2 sentences. Aim for 5 to 6."
    assert "1 of 10 parts written" in answer["html"]["checklist"]


def test_save_field_stale_answers_the_other_text(
    ada: Client, report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    field = {"field": "0.summary.0", "text": "Mine.", "version": "0"}
    response = ada.post(url(report, "fields"), field)
    stored = DraftField.objects.get(slot=0, part="summary")
    assert response.status_code == 409
    assert response.json() == {
        "text": stored.text,
        "version": 1,
        "code": "stale",
        "message": "This text was changed on another device. Nothing was overwritten.",
    }


@pytest.mark.parametrize(
    ("field", "text", "version", "status", "code"),
    [
        ("0.summary.0", "x" * 20_001, "0", 422, "too_long"),
        ("0.summary.0", "x", "-1", 422, "unknown_field"),
        ("0.summary.0", "x", "9" * 30, 422, "unknown_field"),
        ("0.summary.٣", "x", "0", 422, "unknown_field"),
        ("membership", "x", "0", 422, "unknown_field"),
        ("", "", "", 422, "unknown_field"),
    ],
)
def test_save_field_refuses_bad_input_in_json(  # noqa: PLR0917
    ada: Client,
    report: Assignment,
    student: Membership,
    field: str,
    text: str,
    version: str,
    status: int,
    code: str,
) -> None:
    make_draft(report, student, complete=False)
    response = ada.post(url(report, "fields"), {"field": field, "text": text, "version": version})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not DraftField.objects.exists()


def form_of(draft: Draft, **changes: str) -> dict[str, str]:
    """What the browser sends for the whole form."""
    post: dict[str, str] = {}
    for row in draft.fields.all():
        name = queries.field_name(row.slot, row.part, row.index)
        post |= {name: row.text, f"version:{name}": str(row.version)}
    return post | changes


def test_save_draft_saves_everything_and_goes_on_to_the_check(
    ada: Client, report: Assignment, student: Membership
) -> None:
    draft = make_draft(report, student)
    post = form_of(draft) | {"0.summary.0": "New.", "check": "yes"}
    assert ada.post(url(report, "draft"), post)["Location"] == url(report, "check")
    assert draft.fields.get(slot=0, part="summary").text == "New."
    post = form_of(draft) | {"more": "1.improvement"}
    location = ada.post(url(report, "draft"), post)["Location"]
    assert location == url(report, "edit") + "?more=1.improvement#s-1.improvement"
    assert text_of(ada.get(location)).count("<textarea") == 19


def test_save_draft_in_conflict_shows_both_texts_and_offers_three_ways(
    ada: Client, report: Assignment, student: Membership
) -> None:
    draft = make_draft(report, student)
    mine = form_of(draft) | {"0.summary.0": "Mine stands."}
    DraftField.objects.filter(slot=0, part="summary").update(text="Theirs stands.", version=7)
    response = ada.post(url(report, "draft"), mine)
    page = text_of(response)
    assert response.status_code == 409
    assert [words in page for words in ("Mine stands.", "Theirs stands.")] == [True, True]
    assert page.count('name="keep"') == 3
    assert ada.post(url(report, "draft"), mine).status_code == 409


@pytest.mark.parametrize(
    ("choice", "kept"),
    [("mine", "Mine."), ("other", "Theirs."), ("both", "Mine.\n\nTheirs.")],
)
def test_save_draft_after_a_conflict_keeps_what_was_chosen(
    ada: Client, report: Assignment, student: Membership, choice: str, kept: str
) -> None:
    draft = make_draft(report, student)
    post = form_of(draft) | {"0.summary.0": "Mine.", "theirs:0.summary.0": "Theirs."}
    DraftField.objects.filter(slot=0, part="summary").update(text="Theirs.", version=7)
    response = ada.post(url(report, "draft"), post | {"keep": f"{choice}:7:0.summary.0"})
    assert response.status_code == 302
    assert DraftField.objects.get(slot=0, part="summary").text == kept


def test_save_draft_never_overwrites_a_third_text(
    ada: Client, report: Assignment, student: Membership
) -> None:
    draft = make_draft(report, student)
    post = form_of(draft) | {"0.summary.0": "Mine.", "theirs:0.summary.0": "Theirs."}
    DraftField.objects.filter(slot=0, part="summary").update(text="A third.", version=8)
    response = ada.post(url(report, "draft"), post | {"keep": "mine:7:0.summary.0"})
    assert response.status_code == 409
    assert DraftField.objects.get(slot=0, part="summary").text == "A third."


def test_save_draft_refused_never_overwrites_a_text_saved_meanwhile(
    ada: Client, report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    mine = {"0.summary.0": "Mine.", "version:0.summary.0": "1"}
    too_long = {"1.summary.0": "x" * 20_001, "version:1.summary.0": "1"}
    DraftField.objects.filter(slot=0, part="summary").update(text="Theirs.", version=2)
    refused = ada.post(url(report, "draft"), mine | too_long)
    assert refused.status_code == 422
    again = {key: hidden_value(refused, key) for key in mine if key.startswith("version:")}
    assert again == {"version:0.summary.0": "1"}
    response = ada.post(url(report, "draft"), {"0.summary.0": "Mine."} | again)
    assert response.status_code == 409
    assert DraftField.objects.get(slot=0, part="summary").text == "Theirs."


def test_closed_pages_offer_text_that_is_still_on_the_device(
    ada: Client, report: Assignment, student: Membership, set_clock: Any
) -> None:
    make_draft(report, student)
    owner = f"{report.course.slug}/{report.key}/{student.code}"
    assert "kept-template" not in text_of(ada.get(url(report, "edit")))
    assert "data-kept-owner" not in text_of(ada.get(url(report)))
    set_clock(after(301))
    closed = text_of(ada.get(url(report, "edit")))
    assert f'data-autosave-owner="{owner}"' in closed
    assert 'id="kept-template"' in closed
    assert f'hidden data-kept-owner="{owner}"' in text_of(ada.get(url(report)))


def test_save_draft_when_closed_keeps_the_text_in_the_form(
    ada: Client, report: Assignment, student: Membership, set_clock: Any
) -> None:
    draft = make_draft(report, student)
    set_clock(after(301))
    response = ada.post(url(report, "draft"), form_of(draft) | {"0.summary.0": "Too late."})
    assert response.status_code == 409
    assert "Too late." in text_of(response)
    assert "Save draft" not in text_of(response)


# --- check, submit, receipt ----------------------------------------------------------------------


def test_check_lists_what_is_missing_with_links(
    ada: Client, report: Assignment, student: Membership
) -> None:
    make_draft(report, student, without=frozenset({(0, "strength", 2)}))
    page = text_of(ada.get(url(report, "check")))
    assert "1 part is missing" in page
    assert f'{url(report, "edit")}#t-0.strength.2">Write a third strength for paper A' in page
    assert "Submit the report" not in page


def test_check_names_a_paper_that_left_the_list(
    ada: Client, report: Assignment, student: Membership
) -> None:
    paper = make_draft(report, student).papers.get(slot=1).paper
    Paper.objects.filter(pk=paper.pk).update(reportable=False)
    page = text_of(ada.get(url(report, "check")))
    assert "Choose another paper B: this one is no longer on the list" in page


def test_submit_report_leads_to_the_receipt(
    ada: Client, report: Assignment, student: Membership
) -> None:
    make_draft(report, student)
    response = ada.post(url(report, "submissions"), {"nonce": "nonce-0001"})
    code = Submission.objects.get().code
    assert response["Location"] == url(report, f"receipt/{code}")
    page = text_of(ada.get(response["Location"]))
    assert code in page
    assert "Mon 27 Oct 2025, 13:00:00 Berlin time" in page
    assert "It counts." in page
    assert ada.post(url(report, "submissions"), {"nonce": "nonce-0001"})["Location"].endswith(code)


def test_submit_report_incomplete_answers_422_and_names_the_part(
    ada: Client, report: Assignment, student: Membership
) -> None:
    make_draft(report, student, without=frozenset({(0, "strength", 1), (0, "strength", 2)}))
    response = ada.post(url(report, "submissions"), {"nonce": "nonce-0001"})
    assert response.status_code == 422
    assert "Write a second strength for paper A" in text_of(response)
    assert (Submission.objects.count(), DraftField.objects.count()) == (0, 16)


def test_a_nul_in_a_form_is_refused_before_any_view(
    ada: Client, report: Assignment, mini: Assignment, student: Membership
) -> None:
    make_draft(report, student, complete=False)
    pdf = SimpleUploadedFile("n.pdf", make_pdf(1))
    answers = [
        ada.post(url(report, "fields"), {"field": "0.summary.0", "text": "a\0b", "version": "0"}),
        ada.post(url(report, "submissions"), {"nonce": "nonce-\0-1"}),
        ada.post(url(mini, "files"), {"nonce": "nonce-\0-1", "file": pdf}),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert (DraftField.objects.count(), Submission.objects.count()) == (0, 0)


@pytest.mark.parametrize("nonce", ["x", "n" * 65])
def test_submit_with_a_malformed_nonce_is_refused(
    ada: Client, report: Assignment, mini: Assignment, student: Membership, nonce: str
) -> None:
    make_draft(report, student)
    pdf = SimpleUploadedFile("n.pdf", make_pdf(1))
    answers = [
        ada.post(url(report, "submissions"), {"nonce": nonce}),
        ada.post(url(mini, "files"), {"nonce": nonce, "file": pdf}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert not Submission.objects.exists()


def test_check_of_a_late_version_asks_to_confirm(
    ada: Client, report: Assignment, student: Membership, set_clock: Any
) -> None:
    CoursePolicy.objects.update(late_days=2, late_percent_per_day=10)
    submitted(report, student)
    DraftField.objects.filter(part="summary").update(text="Later.")
    set_clock(after(3600))
    assert "It costs 10 % of the maximum." in text_of(ada.get(url(report, "check")))
    refused = ada.post(url(report, "submissions"), {"nonce": "nonce-0001"})
    assert refused.status_code == 409
    confirmed = {"nonce": "nonce-0002", "confirm_late": "on"}
    assert ada.post(url(report, "submissions"), confirmed).status_code == 302


def test_work_is_not_late_any_more_once_an_extension_covers_it(
    ada: Client, report: Assignment, student: Membership, set_clock: Any
) -> None:
    CoursePolicy.objects.update(late_days=2, late_percent_per_day=10, auto_submit=False)
    set_clock(after(7200))
    submission = submitted(report, student, after(3600))
    pages = [
        f"/c/{report.course.slug}/work",
        url(report),
        url(report, f"receipt/{submission.code}"),
    ]
    late = [re.search("submitted late", text_of(ada.get(page)), re.IGNORECASE) for page in pages]
    assert [found is not None for found in late] == [True, True, True]
    make_extension(report, student, after(86400))
    for page in pages:
        assert re.search("submitted late|1 day late", text_of(ada.get(page)), re.I) is None


def test_an_older_receipt_leads_to_the_one_that_counts(
    ada: Client, report: Assignment, student: Membership
) -> None:
    first = submitted(report, student)
    DraftField.objects.filter(part="summary").update(text="Changed.")
    second = actions.submit_report(report, student, hand_in=HandIn("", NOON), at=NOON)
    page = text_of(ada.get(url(report, f"receipt/{first.code}")))
    assert "A later version counts." in page
    assert url(report, f"receipt/{second.code}") in page


@pytest.mark.parametrize("who", ["student", "ta", "instructor"])
def test_verify_receipt_computes_the_hash_anew(
    client: Client, mini: Assignment, student: Membership, who: str, request: Any
) -> None:
    submission = uploaded(mini, student)
    client.force_login(request.getfixturevalue(who).user)
    address = f"/c/{mini.course.slug}/receipt/{submission.code}"
    assert "This receipt is genuine." in text_of(client.get(address))
    uploads.path_of(submission.file.sha256).write_bytes(b"%PDF-damaged")
    assert "does not match this receipt" in text_of(client.get(address))


# --- upload, download ----------------------------------------------------------------------------


def test_submit_file_leads_to_the_receipt_with_the_pages(
    ada: Client, mini: Assignment, student: Membership
) -> None:
    pdf = SimpleUploadedFile("Näme<b>.pdf", make_pdf(3), content_type="application/pdf")
    response = ada.post(url(mini, "files"), {"nonce": "nonce-0001", "file": pdf})
    page = text_of(ada.get(response["Location"]))
    assert "3 pages; 1 to 2 are asked for" in page
    assert "Näme&lt;b&gt;.pdf" in page


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (None, 422, "Choose the PDF you want to submit."),
        (b"", 422, "This file is empty."),
        (b"<html></html>", 422, "This file is not a PDF."),
        (b"%PDF-1.7" + b" " * 1024 * 1024, 413, "This file has more than 1 MB."),
    ],
    ids=["none", "empty", "html", "too-big"],
)
@override_settings(UPLOAD_MAX_MIB=1)
def test_submit_file_refused_says_why_beside_the_field(
    ada: Client, mini: Assignment, content: bytes | None, status: int, words: str
) -> None:
    post: dict[str, Any] = {"nonce": "nonce-0001"}
    if content is not None:
        post["file"] = SimpleUploadedFile("x.pdf", content, content_type="application/pdf")
    response = ada.post(url(mini, "files"), post)
    assert response.status_code == status
    assert words in text_of(response)
    assert not Submission.objects.exists()


@override_settings(UPLOAD_MAX_MIB=1)
def test_an_upload_far_beyond_the_limit_is_broken_off(ada: Client, mini: Assignment) -> None:
    pdf = SimpleUploadedFile("x.pdf", b"%PDF-" + b" " * (6 * 1024 * 1024))
    response = ada.post(url(mini, "files"), {"nonce": "nonce-0001", "file": pdf})
    assert response.status_code in {400, 413}


@pytest.mark.parametrize("who", ["student", "ta", "instructor"])
def test_download_is_an_attachment_for_its_author_and_staff(
    client: Client, mini: Assignment, student: Membership, who: str, request: Any
) -> None:
    submission = uploaded(mini, student)
    client.force_login(request.getfixturevalue(who).user)
    response = client.get(url(mini, f"files/{submission.code}"))
    assert b"".join(response.streaming_content) == make_pdf(2)
    headers = ("Content-Type", "Content-Disposition", "X-Content-Type-Options", "Cache-Control")
    assert [response[name] for name in headers] == [
        "application/pdf",
        'attachment; filename="n.pdf"',
        "nosniff",
        "private, no-store",
    ]
    response.close()


def test_download_of_a_report_or_a_lost_file_says_so(
    ada: Client, report: Assignment, mini: Assignment, student: Membership
) -> None:
    assert ada.get(url(report, f"files/{submitted(report, student).code}")).status_code == 404
    submission = uploaded(mini, student)
    uploads.path_of(submission.file.sha256).unlink()
    assert ada.get(url(mini, f"files/{submission.code}")).status_code == 410


# --- staff ---------------------------------------------------------------------------------------


def manage(assignment: Assignment, page: str = "") -> str:
    return f"/c/{assignment.course.slug}/manage/tasks/{assignment.key}{page}"


@pytest.mark.parametrize(("who", "status"), [("student", 403), ("auditor", 403), ("other_ta", 404)])
def test_manage_task_is_for_staff(
    client: Client, report: Assignment, who: str, status: int, request: Any
) -> None:
    client.force_login(request.getfixturevalue(who).user)
    assert client.get(manage(report)).status_code == status
    assert client.post(manage(report, "/extensions")).status_code == status


def test_manage_task_counts_who_started_and_submitted(
    staff: Client, report: Assignment, student: Membership, other_student: Membership
) -> None:
    submitted(report, student)
    make_draft(report, other_student, complete=False)
    make_member(report.course)
    counts = staff.get(manage(report)).context["counts"]
    assert (counts.students, counts.started, counts.submitted) == (3, 2, 1)


@pytest.mark.parametrize("number", [1, 15])
def test_manage_task_takes_as_many_queries_for_one_as_for_many(
    staff: Client,
    report: Assignment,
    ta: Membership,
    number: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _student in range(number):
        make_extension(report, make_member(report.course), after(86400), granted_by=ta)
    with django_assert_num_queries(8):
        staff.get(manage(report))


def extension_form(member: Membership, **changes: str) -> dict[str, str]:
    return {
        "nonce": "nonce-0001",
        "student": member.code,
        "day": "2025-11-12",
        "time": "23:59",
        "reason": "Ill",
    } | changes


def test_grant_extension_is_a_wall_time_of_the_course(
    staff: Client, report: Assignment, student: Membership
) -> None:
    response = staff.post(manage(report, "/extensions"), extension_form(student))
    assert response["Location"] == manage(report)
    assert Extension.objects.get().until.isoformat() == "2025-11-12T22:59:00+00:00"
    assert "Wed 12 Nov 2025, 23:59 Berlin time" in text_of(staff.get(manage(report)))


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"student": "nobody"}, 422, "Choose a student of this course."),
        ({"day": "2025-11-01"}, 422, "An extension can only be later."),
        ({"day": "2026-03-29", "time": "02:30"}, 422, "does not exist in Europe/Berlin"),
        ({"day": "9999-12-31"}, 422, "outside the years 2000 to 2100"),
        ({"day": "soon"}, 422, "Write the day as year, month and day: 2025-10-20."),
        ({"reason": " "}, 422, "This field is required."),
    ],
)
def test_grant_extension_refused_says_why(
    staff: Client,
    report: Assignment,
    student: Membership,
    changes: dict[str, str],
    status: int,
    words: str,
) -> None:
    response = staff.post(manage(report, "/extensions"), extension_form(student, **changes))
    assert response.status_code == status
    assert words in text_of(response)
    assert not Extension.objects.exists()


def test_grant_extension_to_a_student_of_another_course_is_refused(
    staff: Client, report: Assignment, outsider: Membership
) -> None:
    response = staff.post(manage(report, "/extensions"), extension_form(outsider))
    assert response.status_code == 422
    assert queries.deadline_of(report, outsider) == DEADLINE
