"""Uploaded PDFs: judged by content, counted with bounded effort, kept under their hash."""

import hashlib
import os
import time
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.test import override_settings
from pypdf import PdfWriter

from seminar.lib import page_counter, uploads
from seminar.lib.errors import Refused
from tests.factories.assignments import make_pdf


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    with override_settings(MEDIA_ROOT=tmp_path / "files"):
        yield tmp_path / "files"


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def refused(content: bytes) -> tuple[str, int]:
    with pytest.raises(Refused) as caught:
        uploads.store_pdf([content])
    return caught.value.code, caught.value.status


@pytest.mark.parametrize("pages", [1, 2, 3, 300])
def test_store_pdf_keeps_the_bytes_under_their_hash(folder: Path, pages: int) -> None:
    content = make_pdf(pages)
    stored = uploads.store_pdf(BytesIO(content))
    sha256 = hashlib.sha256(content).hexdigest()
    assert stored == uploads.Stored(sha256, len(content), pages)
    assert (folder / sha256[:2] / sha256).read_bytes() == content
    assert uploads.verify_file(sha256)


def test_store_pdf_twice_keeps_one_file(folder: Path) -> None:
    first, second = uploads.store_pdf([make_pdf(1)]), uploads.store_pdf([make_pdf(1)])
    assert first == second
    assert files_in(folder) == [first.sha256]


def test_store_pdf_syncs_the_folders_also_of_a_file_that_is_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stored it first may not have come to the sync yet."""
    stored = uploads.store_pdf([make_pdf(1)])
    synced: list[int] = []
    sync = os.fsync

    def watched(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        sync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    assert uploads.store_pdf([make_pdf(1)]) == stored
    inside = uploads.path_of(stored.sha256).parent
    assert synced[1:] == [inside.stat().st_ino, folder.stat().st_ino]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 word/document.xml", "not_a_pdf"),
        (b"<!doctype html><script>alert(1)</script>", "not_a_pdf"),
        (b"x" * 1024 + b"%PDF-1.7", "not_a_pdf"),
        (b"MZ\x90\x00", "not_a_pdf"),
    ],
    ids=["empty", "docx", "html", "mark-too-late", "exe"],
)
def test_store_pdf_refuses_what_is_no_pdf_and_keeps_nothing(
    folder: Path, content: bytes, code: str
) -> None:
    assert refused(content) == (code, 422)
    assert files_in(folder) == []


def test_store_pdf_refuses_one_byte_over_the_limit(folder: Path) -> None:
    with override_settings(UPLOAD_MAX_MIB=1):
        exact = make_pdf(1).ljust(uploads.MIB, b" ")
        assert uploads.store_pdf([exact]).size == uploads.MIB
        assert refused(exact + b" ") == ("too_big", 413)
    assert files_in(folder) == [hashlib.sha256(exact).hexdigest()]


def test_store_pdf_refuses_a_locked_file() -> None:
    writer, out = PdfWriter(clone_from=BytesIO(make_pdf(2))), BytesIO()
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(out)
    assert refused(out.getvalue()) == ("encrypted", 422)


def test_store_pdf_reads_a_file_locked_with_no_password() -> None:
    writer, out = PdfWriter(clone_from=BytesIO(make_pdf(2))), BytesIO()
    writer.encrypt("", "owner", algorithm="AES-128")
    writer.write(out)
    assert uploads.store_pdf([out.getvalue()]).pages == 2


@pytest.mark.parametrize(
    "content",
    [
        make_pdf(2)[:40],
        b"%PDF-1.7\n<html><body>not really</body></html>",
        b"%PDF-1.4\n" + b"1 0 obj\n<</Type/Pages/Kids[1 0 R]/Count 1>>\nendobj\n" * 3,
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Count 1000000/Kids["
        + b"2 0 R " * 6000
        + b"]>>endobj\ntrailer<</Root 1 0 R>>",
    ],
    ids=["truncated", "html-behind-the-mark", "loop", "page-bomb"],
)
def test_store_pdf_keeps_a_damaged_pdf_with_its_pages_unknown(content: bytes) -> None:
    assert uploads.store_pdf([content]).pages is None


def test_store_pdf_outlives_a_file_that_stalls_the_parser() -> None:
    hostile = b"%PDF-1.4\n" + b"1 0 obj\n<</A 1>>\nendobj\n" * 400_000
    started = time.monotonic()
    assert uploads.store_pdf([hostile]).pages is None
    assert time.monotonic() - started < 10
    assert uploads.store_pdf([make_pdf(2)]).pages == 2


def test_count_pages_again_after_the_child_was_killed() -> None:
    assert uploads.store_pdf([make_pdf(1)]).pages == 1
    page_counter.counter.child.kill()
    assert uploads.store_pdf([make_pdf(2)]).pages == 2


def test_store_pdf_keeps_a_deflate_bomb_unopened() -> None:
    bomb = zlib.compress(b"0 " * 20_000_000, 9)
    body = b"%PDF-1.5\n5 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length "
    content = body + str(len(bomb)).encode() + b">>stream\n" + bomb + b"\nendstream endobj\n"
    content += b"trailer<</Root 7 0 R>>\nstartxref\n9\n%%EOF"
    assert uploads.store_pdf([content]).pages is None


def test_verify_file_notices_lost_and_changed_bytes(folder: Path) -> None:
    sha256 = uploads.store_pdf([make_pdf(1)]).sha256
    path = uploads.path_of(sha256)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert not uploads.verify_file(sha256)
    path.unlink()
    assert not uploads.verify_file(sha256)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("notes.pdf", "notes.pdf"),
        ("Notes.PDF", "Notes.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\x", "x.pdf"),
        ("a\0b\r\nSet-Cookie: x.pdf", "ab Set-Cookie: x.pdf"),
        ("evil\u202efdp.exe", "evilfdp.exe.pdf"),
        (".", "document.pdf"),
        ("", "document.pdf"),
        ("-rf .pdf", "rf.pdf"),
        ("<img src=x onerror=alert(1)>.pdf", "<img src=x onerror=alert(1)>.pdf"),
        ("cafe\u0301.pdf", "café.pdf"),
        ("📄 report.pdf", "📄 report.pdf"),
        ("n" * 300 + ".pdf", "n" * 146 + ".pdf"),
    ],
)
def test_clean_name_leaves_only_what_may_be_shown(typed: str, shown: str) -> None:
    assert uploads.clean_name(typed) == shown


@pytest.mark.parametrize(
    ("pages", "least", "most", "words"),
    [
        (1, 1, 2, "1 page"),
        (2, 1, 2, "2 pages"),
        (3, 1, 2, "3 pages; 1 to 2 are asked for"),
        (3, 2, 2, "3 pages; 2 are asked for"),
        (2, 1, 1, "2 pages; 1 is asked for"),
        (
            None,
            1,
            2,
            "The pages of this file cannot be counted. Open it once to see that it is whole.",
        ),
    ],
)
def test_page_words_say_what_is_there_and_what_is_asked(
    pages: int | None, least: int, most: int, words: str
) -> None:
    assert uploads.page_words(pages, least=least, most=most) == words


def test_attachment_is_never_shown_inside_a_page(db: None) -> None:
    sha256 = uploads.store_pdf([make_pdf(1)]).sha256
    response = uploads.attachment(sha256, "my “notes”\r\n.pdf")
    assert {
        name: response[name] for name in ("Content-Type", "X-Content-Type-Options", "Cache-Control")
    } == {
        "Content-Type": "application/pdf",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in response["Content-Disposition"]
    assert b"".join(response.streaming_content) == make_pdf(1)
    response.close()
