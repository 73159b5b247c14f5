"""Damage good files in the ways in which files get damaged, and some in which they never do."""

from __future__ import annotations

import random

# What parsers stumble over: markers of other formats, odd encodings, numbers that are none.
SPICE = (
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xe2\x80\xae",
        b"\r",
        b"\r\n",
    ),
    *(
        b"\t",
        b" " * 40,
        b'"',
        b"'",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b"&a ",
        b"*a",
        b"!!python/object:x ",
    ),
    *(
        b"- ",
        b": ",
        b"? ",
        b"| ",
        b"> ",
        b"# ",
        b"%YAML 9.9",
        b"---",
        b"...",
        b"<<: *a",
        b"~",
        b"null",
    ),
    *(
        b"NaN",
        b"1e400",
        b"-1",
        b"0x1F",
        b"1_000",
        b"\xef\xbc\x91\xef\xbc\x92",
        b"99999999999999999999",
        b"12:30",
    ),
    *(
        b"2026-03-29 02:30",
        b"0000-00-00",
        b"9999-12-31",
        b"=1+1",
        b"@x",
        b",",
        b";",
        b"\n\n",
        b"\n",
    ),
    *(b"obj", b"endobj", b"stream", b"/Pages", b"/Kids", b"/Count 999999999", b"xref", b"%PDF-9.9"),
)
LARGEST = 3 * 1024 * 1024


def chance_from(start: int) -> random.Random:
    """Return chance that goes the same way from the same start."""
    return random.Random(start)  # noqa: S311 - no secret hangs on it


def damaged(good: bytes, chance: random.Random) -> bytes:
    """Return the file with one to eight changes."""
    data = bytearray(good)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        place = chance.randrange(len(data) + 1)
        length = min(chance.choice((1, 2, 8, 64, 1024)), len(data) - place)
        match chance.randrange(7):
            case 0:
                data[place:place] = chance.choice(SPICE)
            case 1:
                data[place : place + length] = chance.choice(SPICE)
            case 2:
                del data[place : place + length]
            case 3:
                data[place:place] = data[place : place + length] * chance.choice((1, 2, 50))
            case 4:
                other = chance.randrange(len(data) + 1)
                data[place : place + length] = data[other : other + length]
            case 5:
                data[place : place + length] = chance.randbytes(length)
            case _:
                lines = bytes(data).split(b"\n")
                one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
                lines[one], lines[two] = lines[two], lines[one]
                data = bytearray(b"\n".join(lines))
    return bytes(data[:LARGEST])
