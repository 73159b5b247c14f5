"""Small real PDFs from lines of text. Pure."""

from collections.abc import Sequence
from io import BytesIO

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

A4 = (595, 842)


def pdf_of(pages: Sequence[Sequence[str]]) -> bytes:
    """Return a PDF with these lines on these pages, in a typewriter face. Same lines, same bytes."""
    writer = PdfWriter()
    face = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Courier"}
    font = _dictionary(face | {"/Encoding": "/WinAnsiEncoding"})
    for lines in pages:
        page = writer.add_blank_page(*A4)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        content = DecodedStreamObject()
        content.set_data(_drawn(lines))
        page[NameObject("/Contents")] = writer._add_object(content)
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _dictionary(names: dict[str, str]) -> DictionaryObject:
    return DictionaryObject({NameObject(key): NameObject(name) for key, name in names.items()})


def _drawn(lines: Sequence[str]) -> bytes:
    escaped = (
        line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines
    )
    shown = "\n".join(f"({line}) Tj T*" for line in escaped)
    return f"BT /F1 9 Tf 13 TL 48 780 Td\n{shown}\nET".encode("cp1252", "replace")
