"""Files from people: cut at the limit, judged by content, kept under their own hash.

Reading a request writes the file to a temporary place (``CappedUploadHandler``); ``store`` copies
it beside its final place while hashing, makes it durable, and only then gives it its name. A row
that names a hash is written after that, so there never is a row without its file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import FileResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seminar.lib import page_counter
from seminar.lib.errors import Refused

MIB = 1024 * 1024
PDF_MARK = b"%PDF-"
PDF_MARK_WITHIN = 1024  # readers accept the mark anywhere in the first kilobyte
NAME_LENGTH = 150
# A request this much over the limit is broken off; below it, the person gets a page that says so.
HARD_FACTOR = 5


@dataclass(frozen=True)
class Stored:
    """A file in its final place: its SHA-256, its size in bytes, its pages if they are known."""

    sha256: str
    size: int
    pages: int | None


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Streams an upload to a temporary file, and writes no more than the limit plus one byte.

    What lies beyond is read and thrown away, so that a page can say the file is too big; five times
    the limit breaks the connection off. Named in settings.FILE_UPLOAD_HANDLERS.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803 - Django's name
        content_length: int,
        *rest: Any,
        **named: Any,
    ) -> None:
        if content_length > HARD_FACTOR * limit():
            raise RequestDataTooBig("The upload is far beyond the limit.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start > HARD_FACTOR * limit():
            raise StopUpload(connection_reset=True)
        room = limit() + 1 - start
        if room > 0:
            self.file.write(raw_data[:room])

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        return super().file_complete(min(file_size, limit() + 1))


def limit() -> int:
    """Return how many bytes an uploaded file may have."""
    return int(settings.UPLOAD_MAX_MIB) * MIB


def store_pdf(chunks: Iterable[bytes]) -> Stored:
    """Keep a PDF under its hash and return what it is; durable when this returns.

    ``chunks`` are read once, in pieces of any size; memory does not grow with the file. Call it
    outside any transaction. The same bytes again find the file that is there.

    Raises Refused("empty", 422), ("too_big", 413), ("not_a_pdf", 422), ("encrypted", 422); then
    nothing is kept.
    """
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=root, prefix=".upload-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            sha256, size = _copy(chunks, file)
        _refuse_other_than_pdf(temporary, size)
        pages = count_pages(temporary)
        _name(temporary, path_of(sha256))
    finally:
        temporary.unlink(missing_ok=True)
    return Stored(sha256, size, pages)


def path_of(sha256: str) -> Path:
    """Return where the file of a hash lies. Nothing a person typed is part of it."""
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256


def verify_file(sha256: str) -> bool:
    """Say whether the file of a hash is there and still has that hash. Reads the whole file."""
    try:
        with path_of(sha256).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def count_pages(path: Path) -> int | None:
    """Return how many pages a PDF has, or None where that cannot be told with bounded effort.

    A file whose pages are unknown is still accepted: a deadline is not missed because of a parser.
    Raises Refused("encrypted", 422) for a file that needs a password.
    """
    answer = page_counter.counter.ask(path)
    if answer == page_counter.LOCKED:
        raise Refused(
            "encrypted",
            _("This PDF is locked with a password. Save it without one and upload it again."),
            status=422,
        )
    return int(answer) if answer.isdigit() else None


def clean_name(name: str) -> str:
    """Return a display name without paths, controls and direction marks, ending in .pdf.

    At most 150 characters, NFC, never empty. It is shown and offered for saving, never opened.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(
        " " if character.isspace() else character
        for character in last
        if character.isspace() or not unicodedata.category(character).startswith("C")
    )
    stem = " ".join(visible.split())
    if stem.lower().endswith(".pdf"):
        stem = stem[:-4]
    stem = stem.strip(" .-")[: NAME_LENGTH - 4].rstrip(" .")
    return f"{stem or 'document'}.pdf"


def page_words(pages: int | None, *, least: int, most: int) -> str:
    """Say how many pages a file has and how many are asked for: "3 pages; 1 to 2 are asked for"."""
    if pages is None:
        return _("The pages of this file cannot be counted. Open it once to see that it is whole.")
    has = ngettext("%(pages)d page", "%(pages)d pages", pages) % {"pages": pages}
    if least <= pages <= most:
        return has
    if least == most:
        asked = ngettext("%(pages)d is asked for", "%(pages)d are asked for", most)
        return f"{has}; {asked % {'pages': most}}"
    asked = _("%(least)d to %(most)d are asked for") % {"least": least, "most": most}
    return f"{has}; {asked}"


def attachment(sha256: str, name: str) -> FileResponse:
    """Answer with a kept PDF: always a download, never shown inside a page of ours, never cached.

    Raises FileNotFoundError where the file is lost.
    """
    response = FileResponse(
        path_of(sha256).open("rb"),
        as_attachment=True,
        filename=clean_name(name),
        content_type="application/pdf",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _copy(chunks: Iterable[bytes], file: BinaryIO) -> tuple[str, int]:
    digest, size, most = hashlib.sha256(), 0, limit()
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise Refused(
                "too_big",
                _("This file has more than %(mib)d MB. Make it smaller and upload it again.")
                % {"mib": settings.UPLOAD_MAX_MIB},
                status=413,
            )
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    return digest.hexdigest(), size


def _refuse_other_than_pdf(path: Path, size: int) -> None:
    if size == 0:
        raise Refused("empty", _("This file is empty. Choose the PDF again."), status=422)
    with path.open("rb") as file:
        if PDF_MARK not in file.read(PDF_MARK_WITHIN):
            raise Refused(
                "not_a_pdf",
                _("This file is not a PDF. Export your text as PDF and upload that."),
                status=422,
            )


def _name(temporary: Path, final: Path) -> None:
    """Give a complete file its name, durably: file first, then both folders.

    The folders are synced also where file or folder are there already: whoever made them may not
    have come so far yet, and our row must not be the first to be durable.
    """
    final.parent.mkdir(mode=0o700, exist_ok=True)
    if not final.exists():
        temporary.replace(final)
    _sync_folder(final.parent)
    _sync_folder(final.parent.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
