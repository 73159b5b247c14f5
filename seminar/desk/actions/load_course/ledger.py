"""What applying a course file did, row by row, and what stood in its way."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from seminar.desk.rules.course_file.plaintext import plain_text
from seminar.desk.rules.course_file.problems import Path, shortened
from seminar.desk.rules.course_file.words import field_words, row_words
from seminar.lib.numbers import plain

RowT = TypeVar("RowT", bound=models.Model)


@dataclass(frozen=True)
class Change:
    """One field of one row: what it was, what it is. A new or removed row has no field."""

    kind: str
    key: str
    field: str = ""
    before: str = ""
    after: str = ""
    removed: bool = False

    @property
    def row_words(self) -> str:
        """What people call a row of this kind."""
        return row_words(self.kind)

    @property
    def field_words(self) -> str:
        """What people call the field."""
        return field_words(self.field)


@dataclass(frozen=True)
class Conflict:
    """Why the file cannot be applied as it is, and where in it that is said."""

    path: Path
    code: str
    value: str
    rule: str


@dataclass
class Ledger:
    """Collects while a file is applied; nothing of it is kept where a conflict is found."""

    created: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    zone: str = "UTC"
    _new: set[tuple[str, str]] = field(default_factory=set)
    _touched: set[tuple[str, str]] = field(default_factory=set)

    def put(
        self,
        kind: str,
        key: str,
        existing: RowT | None,
        model: type[RowT],
        *,
        identity: Mapping[str, Any],
        fields: Mapping[str, Any],
    ) -> RowT:
        """Create the row, or bring it to ``fields``; write only what differs."""
        if existing is None:
            self.create(kind, key)
            return model._default_manager.create(**identity, **fields)
        self.unchanged[kind] += 1
        differing = {
            name: value
            for name, value in fields.items()
            if not _same(getattr(existing, name), value)
        }
        for name, value in differing.items():
            before, after = (_named(model, name, some) for some in (getattr(existing, name), value))
            self.touch(kind, key, name.removesuffix("_id"), before=before, after=after)
            setattr(existing, name, value)
        if differing:
            existing.save(update_fields=list(differing))
        return existing

    def create(self, kind: str, key: str) -> None:
        """Count a new row."""
        self.created[kind] += 1
        self._new.add((kind, key))
        self.changes.append(Change(kind, key))

    def touch(self, kind: str, key: str, name: str, *, before: object, after: object) -> None:
        """Write down one changed field of a row that was put; of a new row nothing is to say."""
        if (kind, key) in self._new:
            return
        if (kind, key) not in self._touched:
            self._touched.add((kind, key))
            self.unchanged[kind] -= 1
            self.changed[kind] += 1
        self.changes.append(Change(kind, key, name, self._said(before), self._said(after)))

    def link(
        self, kind: str, key: str, row: models.Model, name: str, wanted: Mapping[int, str]
    ) -> None:
        """Bring a many-to-many of a row to ``wanted`` (keys by id)."""
        present = {
            other.pk: getattr(other, "key", str(other)) for other in getattr(row, name).all()
        }
        if set(present) != set(wanted):
            before, after = sorted(present.values()), sorted(wanted.values())
            self.touch(kind, key, name, before=before, after=after)
            getattr(row, name).set(list(wanted))

    def remove(self, kind: str, section: Path, rows: Iterable[models.Model]) -> None:
        """Delete rows the file no longer has; one that is in use is a conflict."""
        for row in rows:
            key = getattr(row, "key", str(row))
            try:
                with transaction.atomic():
                    row.delete()
            except ProtectedError as error:
                users = Counter(str(other._meta.verbose_name) for other in error.protected_objects)
                used = ", ".join(f"{number} {name}" for name, number in sorted(users.items()))
                rule = _("It is not in the file, but still in use (%(used)s). Put it back.")
                self.refuse(section, "in_use", key, rule % {"used": used})
                continue
            self.removed[kind] += 1
            self.changes.append(Change(kind, key, removed=True))

    def _said(self, value: object) -> str:
        """Say a value as the file would; a moment in the course's zone, which is named."""
        match value:
            case bool():
                text = "yes" if value else "no"
            case Decimal():
                text = plain(value)
            case list():
                text = ", ".join(map(str, value))
            case datetime():
                text = f"{value.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M} {self.zone}"
            case time():
                text = f"{value:%H:%M}"
            case None:
                text = ""
            case _:
                text = str(value)
        return shortened(text)

    def refuse(self, path: Path, code: str, value: object, rule: str) -> None:
        """Write down what stands in the way."""
        self.conflicts.append(Conflict(path, code, shortened(str(value)), rule))


def _same(stored: object, wanted: object) -> bool:
    """Compare as a file can say it: browsers send other line ends, files hold nothing unseen."""
    if isinstance(stored, str) and isinstance(wanted, str):
        return stored == wanted or plain_text(stored) == wanted
    return stored == wanted


def _named(model: type[models.Model], name: str, value: object) -> object:
    """Return what people call the value of a column: of a reference, the key of its row."""
    field_ = model._meta.get_field(name.removesuffix("_id"))
    if value is None or not isinstance(field_, models.ForeignKey):
        return value
    row = field_.related_model._default_manager.filter(pk=value).first()
    return getattr(row, "key", value)
