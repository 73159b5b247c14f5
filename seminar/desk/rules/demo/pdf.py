"""Small real PDFs from lines of text. Pure."""

from collections.abc import Sequence

PAGE = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R {} >>"
FONT = "/Resources << /Font << /F1 3 0 R >> >>"
FACE = "<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>"
TEXT = "BT /F1 9 Tf 13 TL 48 780 Td\n{}\nET"
FIRST_PAGE = 4


def pdf_of(pages: Sequence[Sequence[str]]) -> bytes:
    """Return a PDF with these lines on these pages, in a typewriter face. Same lines, same bytes."""
    numbers = range(FIRST_PAGE, FIRST_PAGE + 2 * len(pages), 2)
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        FACE.encode(),
    ]
    for number, lines in zip(numbers, pages, strict=True):
        drawn = _drawn(lines)
        objects.append(PAGE.format(number + 1, FONT).encode())
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(drawn), drawn))
    return _file(objects)


def _drawn(lines: Sequence[str]) -> bytes:
    escaped = (line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines)
    shown = "\n".join(f"({line}) Tj T*" for line in escaped)
    return TEXT.format(shown).encode("cp1252", "replace")


def _file(objects: Sequence[bytes]) -> bytes:
    body, places = b"%PDF-1.4\n", []
    for number, part in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return body + head + table + tail
