"""What of a text a course file can hold: line ends, outer blanks, unseen characters are not said."""

import unicodedata

from seminar.lib.plaintext import is_unseen


def plain_text(text: str) -> str:
    """Return a text as it comes back from a course file.

    One kind of line end, nothing unseen, accents composed, no blanks at the ends.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    seen = "".join(character for character in lines if not is_unseen(character))
    return unicodedata.normalize("NFC", seen).strip()
