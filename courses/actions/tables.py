"""Files between their preview and their import."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from courses.models import Course, TableUpload
from courses.queries import uploaded_table
from seminar.accounts.models import User


@dataclass(frozen=True)
class TableShelf:
    """Where one person's files for one import of a course lie; ``about`` is the key of a round."""

    course: Course
    by: User
    kind: str
    at: datetime
    about: str = ""

    def find(self, code: str) -> TableUpload | None:
        """Return a file that lies here, or None. One query."""
        where = self.course, self.by, self.kind
        return uploaded_table(*where, code, about=self.about, at=self.at)

    def new(self, kept: dict[str, Any]) -> TableUpload:
        """Return a file that is not kept yet. ``kept``: name, encoding, content."""
        return TableUpload(**vars(self), **kept)

    def keep(self, upload: TableUpload) -> None:
        """Keep a new file, see ``keep_table``."""
        keep_table(upload)

    def clear(self, upload: TableUpload) -> None:
        """Empty an imported file, see ``clear_table``."""
        clear_table(upload, at=self.at)


@transaction.atomic
def keep_table(upload: TableUpload) -> TableUpload:
    """Keep a file from its preview to its import, for a day at most. Locks nothing.

    ``upload`` is new, its ``at`` the time of now. ``forget_tables`` deletes it.
    """
    upload.save(force_insert=True)
    return upload


@transaction.atomic
def forget_tables(*, at: datetime) -> int:
    """Delete files that were uploaded a day ago or earlier; return how many. Locks nothing.

    They hold names and marks of people, and nobody can import them any more.
    """
    _total, found = TableUpload.objects.filter(at__lte=at - TableUpload.KEPT).delete()
    return found.get(TableUpload._meta.label, 0)


@transaction.atomic
def clear_table(upload: TableUpload, *, at: datetime) -> None:
    """Empty a file that was imported; its row tells a second click that it was. Locks nothing."""
    TableUpload.objects.filter(pk=upload.pk).update(content=b"", imported_at=at)
