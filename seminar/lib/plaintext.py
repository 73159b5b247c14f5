"""Texts that people type: what can be seen, in one form, and nothing that turns other text around.

One rule for names, titles and other texts of one line, whichever door they come through: a page, the
API, the admin, a file, a command.
"""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext_noop as _

from seminar.lib.words import Words

HARMLESS = "\n\t\u200c\u200d"  # Persian names, emoji and many others need the two joiners
BREAKS = frozenset("\n\r\t\v\f\x85\u2028\u2029")


class PlainError(ValueError):
    """A text that cannot be kept. ``code`` is for programs, ``words`` say why."""

    def __init__(self, code: str, words: Words) -> None:
        self.code = code
        self.words = words
        super().__init__(words.plain())


def is_unseen(character: str) -> bool:
    """Tell whether a character cannot be seen and changes what is read around it."""
    if character in HARMLESS:
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"} or character in "\ufffe\uffff"


def has_visible(text: str) -> bool:
    """Tell whether anything in a text would leave ink on paper."""
    return any(unicodedata.category(character)[0] in "LNPS" for character in text)


def clean_line(text: str) -> str:
    """Return a text of one line in Unicode form NFC, without blanks at its ends.

    Raises PlainError: "one_line" for a line break or a tab, "unseen" for control and
    direction characters, "blank" for a text without a visible character.
    """
    line = unicodedata.normalize("NFC", text).strip()
    for character in line:
        if character in BREAKS:
            words = _("This is one line of text: no line break and no tab.")
            raise PlainError("one_line", Words(words))
        if is_unseen(character):
            words = _("This holds a character that does not show (U+%(code)s).")
            raise PlainError("unseen", Words(words, {"code": f"{ord(character):04X}"}))
    if not has_visible(line):
        raise PlainError("blank", Words(_("At least one visible character is needed here.")))
    return line
