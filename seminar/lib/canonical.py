"""One spelling of a value as bytes, so that equal values have equal hashes.

Source: RFC 8785 in spirit (sorted keys, no blanks, UTF-8), for objects, arrays, strings, whole
numbers, true, false and null. Floats are refused: they have no single spelling worth hashing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | bool | None"


def canonical_bytes(value: Json) -> bytes:
    """Return the one UTF-8 JSON spelling of ``value``.

    Raises TypeError for a float or anything else that is not plain JSON data.
    """
    _refuse_floats(value)
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def canonical_hash(value: Json) -> str:
    """Return the SHA-256 of the canonical bytes as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _refuse_floats(value: object) -> None:
    kind = type(value)
    if kind is str or kind is bool or kind is int or value is None:  # most of it, asked cheaply
        return
    if isinstance(value, float):
        message = f"{value!r}: floats have no canonical spelling; use whole numbers or strings"
        raise TypeError(message)
    if isinstance(value, (dict, Mapping)):
        for key, part in value.items():
            if not isinstance(key, str):
                message = f"{key!r}: keys are strings"
                raise TypeError(message)
            _refuse_floats(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_floats(part)
