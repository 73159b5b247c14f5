from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assignments.models import Draft, Extension, Submission
from courses.models import Membership
from seminar.lib.uploads import path_of
from tests.api.calls import call, fields_of, get, refused, results, sent
from tests.factories.assignments import (
    DEADLINE,
    after,
    make_draft,
    make_mini,
    make_pdf,
    make_report,
)

pytestmark = pytest.mark.usefixtures("set_clock")


def upload(who: Membership, key: str, data: bytes, key_: str = "", **fields: Any) -> Any:
    client = Client()
    client.force_login(who.user)
    file = SimpleUploadedFile("essay.pdf", data, content_type="application/pdf")
    headers = {"Idempotency-Key": key_} if key_ else {}
    address = f"/api/v1/courses/{who.course.slug}/work/{key}/files"
    return client.post(address, {"file": file} | fields, headers=headers)


def test_work_lists_what_is_due(student: Membership) -> None:
    report = make_report(student.course)

    assert results(student, student.course, "work") == [
        {
            "key": report.key,
            "kind": "report",
            "title": "Report on phases of training",
            "opens_at": "2025-10-20T16:00:00Z",
            "closes_at": "2025-11-09T23:00:00Z",
            "state": "not_started",
            "group": "later",
            "refusal": None,
            "late_days": 0,
            "cost": "0",
            "must_confirm": False,
            "parts_done": 0,
            "parts_asked": 0,
            "changed": False,
            "submission": None,
            "submission_late_days": 0,
        }
    ]
    task = get(student, student.course, f"work/{report.key}")
    assert (task["papers_asked"], task["strengths"], task["brief"]) == (
        2,
        3,
        "Read two papers and judge them.",
    )
    assert task["closes_rule"]


def test_a_report_is_written_and_submitted(student: Membership) -> None:
    report = make_report(student.course, papers=2)
    keys = list(report.module.papers.values_list("key", flat=True))
    path = f"work/{report.key}"
    assert refused(call(student, "GET", student.course, f"{path}/draft")) == (404, "not_found")

    started = sent(call(student, "PUT", student.course, f"{path}/papers", {"papers": keys}))
    text = {"field": "0.summary.0", "text": "  It works. ", "version": 0}
    saved = sent(call(student, "PUT", student.course, f"{path}/draft/fields", text))

    assert started["papers"] == [{"slot": 0, "paper": keys[0]}, {"slot": 1, "paper": keys[1]}]
    assert len(started["missing"]) == 2 * (1 + 3 + 3 + 1 + 1)
    assert saved == text | {"version": 1, "saved_at": "2025-10-27T12:00:00Z"}
    incomplete = call(student, "POST", student.course, f"{path}/submissions", {})
    assert refused(incomplete) == (422, "incomplete")
    assert len(incomplete.json()["problems"]) == 2 * 9 - 1
    Draft.objects.all().delete()
    make_draft(report, student)
    receipt = sent(
        call(student, "POST", student.course, f"{path}/submissions", {}, key="submit-once"), 201
    )
    again = sent(
        call(student, "POST", student.course, f"{path}/submissions", {}, key="submit-once"), 201
    )
    version = Submission.objects.get()
    assert (
        again
        == receipt
        == {
            "code": version.code,
            "assignment": report.key,
            "number": 1,
            "received_at": "2025-10-27T12:00:00Z",
            "late_days": 0,
            "late_days_on_arrival": 0,
            "made_by": "student",
            "content_hash": version.content_hash,
        }
    )
    assert results(student, student.course, f"{path}/submissions") == [receipt]
    assert get(student, student.course, f"receipts/{version.code}") == receipt | {
        "content": version.content,
        "genuine": True,
    }


def test_a_stale_save_is_answered_with_both_texts(student: Membership) -> None:
    report = make_report(student.course)
    make_draft(report, student)
    path = f"work/{report.key}/draft"
    mine = {"field": "0.summary.0", "text": "Mine.", "version": 1}
    sent(call(student, "PUT", student.course, f"{path}/fields", mine | {"text": "Theirs."}))

    one = call(student, "PUT", student.course, f"{path}/fields", mine)
    fresh = {"field": "1.summary.0", "text": "New.", "version": 1}
    several = call(student, "PUT", student.course, path, {"fields": [mine, fresh]})

    both = {"field": "0.summary.0", "mine": "Mine.", "theirs": "Theirs.", "version": 2}
    assert (refused(one), one.json()["problems"]) == ((409, "stale"), [both])
    assert (refused(several), several.json()["problems"]) == ((409, "stale"), [both])
    texts = {
        field["field"]: field["text"] for field in get(student, student.course, path)["fields"]
    }
    assert (texts["0.summary.0"], texts["1.summary.0"]) == ("Theirs.", "New.")


def test_texts_are_read_strictly(student: Membership) -> None:
    report = make_report(student.course)
    make_draft(report, student)
    path = f"work/{report.key}/draft"

    def save(**changes: Any) -> Any:
        body = {"field": "0.summary.0", "text": "x", "version": 1} | changes
        return call(student, "PUT", student.course, f"{path}/fields", body)

    assert refused(save(field="0.title.0")) == (422, "unknown_field")
    assert fields_of(save(text="a\0b")) == ["text"]
    assert fields_of(save(text="x" * 20_001)) == ["text"]
    assert fields_of(save(version="1")) == ["version"]
    nested = call(
        student, "PUT", student.course, path, {"fields": [{"field": "0.summary.0", "x": 1}]}
    )
    assert fields_of(nested) == ["fields.0.x"]


def test_papers_of_another_list_are_refused(student: Membership) -> None:
    report = make_report(student.course)
    path = f"work/{report.key}/papers"

    assert refused(call(student, "PUT", student.course, path, {"papers": ["x", "y"]})) == (
        422,
        "unknown_paper",
    )


def test_nothing_is_taken_after_the_deadline(student: Membership, set_clock) -> None:
    report = make_report(student.course)
    make_draft(report, student, complete=False)
    set_clock(after(24 * 3600))

    answer = call(student, "POST", student.course, f"work/{report.key}/submissions", {})

    assert refused(answer) == (409, "closed")


def test_a_pdf_is_submitted_and_read_back(
    student: Membership, other_student: Membership, ta: Membership
) -> None:
    mini = make_mini(student.course)

    receipt = sent(upload(student, mini.key, make_pdf(2), "upload-once"), 201)
    path = f"receipts/{receipt['code']}"

    detail = get(student, student.course, path)
    assert (detail["content"]["pages"], detail["genuine"]) == (2, True)
    file = call(ta, "GET", ta.course, f"{path}/file")
    assert b"".join(file.streaming_content) == make_pdf(2)
    assert file["Content-Type"] == "application/pdf"
    for one in (path, f"{path}/file"):
        assert refused(call(other_student, "GET", student.course, one)) == (404, "not_found")


def test_a_file_that_is_no_pdf_is_refused(student: Membership) -> None:
    mini = make_mini(student.course)

    assert refused(upload(student, mini.key, b"hello")) == (422, "not_a_pdf")
    assert refused(upload(student, mini.key, b"")) == (422, "empty")
    assert fields_of(upload(student, mini.key, make_pdf(), nope="1")) == ["nope"]
    as_json = call(student, "POST", student.course, f"work/{mini.key}/files", {})
    assert refused(as_json) == (415, "unsupported_media_type")


def test_a_file_that_is_lost_says_so(student: Membership) -> None:
    receipt = sent(upload(student, make_mini(student.course).key, make_pdf(3)), 201)
    stored = Submission.objects.get().file

    path_of(stored.sha256).unlink()

    answer = call(student, "GET", student.course, f"receipts/{receipt['code']}/file")

    assert refused(answer) == (410, "file_lost")


def test_a_report_has_no_file(student: Membership) -> None:
    report = make_report(student.course)
    make_draft(report, student)
    receipt = sent(call(student, "POST", student.course, f"work/{report.key}/submissions", {}), 201)

    answer = call(student, "GET", student.course, f"receipts/{receipt['code']}/file")

    assert refused(answer) == (404, "no_file")


def test_grant_extension_moves_one_deadline(ta: Membership, student: Membership) -> None:
    report = make_report(ta.course)
    path = f"tasks/{report.key}/extensions"
    body = {"student": student.code, "until": "2025-11-12T00:00:00+01:00", "reason": "Illness."}

    answer = sent(call(ta, "POST", ta.course, path, body, key="extend-once"), 201)

    assert answer == {
        "student": student.code,
        "name": "Ada Student",
        "until": "2025-11-11T23:00:00Z",
        "reason": "Illness.",
        "granted_by": "Tilda Assistant",
        "granted_at": "2025-10-27T12:00:00Z",
    }
    assert results(ta, ta.course, path) == [answer]
    assert Extension.objects.get().until == DEADLINE + timedelta(days=2)
    assert results(student, student.course, "work")[0]["closes_at"] == "2025-11-11T23:00:00Z"
    earlier = body | {"until": "2025-11-11T00:00:00+01:00"}
    assert refused(call(ta, "POST", ta.course, path, earlier)) == (422, "not_later")


@pytest.mark.parametrize(
    "until",
    [
        "2025-11-12T00:00:00",
        "2025-11-12",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2025-02-30T00:00:00Z",
        "20251112T0000Z!",
        7,
    ],
)
def test_an_instant_needs_its_offset_and_a_sane_year(
    until: Any, ta: Membership, student: Membership
) -> None:
    report = make_report(ta.course)
    body = {"student": student.code, "until": until, "reason": "Illness."}

    answer = call(ta, "POST", ta.course, f"tasks/{report.key}/extensions", body)

    assert refused(answer) == (422, "invalid")
    assert fields_of(answer) == ["until"]


def test_manage_task_counts_students(ta: Membership, student: Membership) -> None:
    report = make_report(ta.course)
    make_draft(report, student)

    found = get(ta, ta.course, f"tasks/{report.key}")

    assert (found["students"], found["started"], found["submitted"]) == (1, 1, 0)
