"""E-mail addresses and names as they come in files: one form for one person, or a clear refusal.

Source: RFC 5321 for lengths, RFC 5890 for domains in other letters.
"""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext_noop as _

from seminar.lib.plaintext import has_visible, is_unseen
from seminar.lib.words import Words

LONGEST = 254
LONGEST_NAME = 200
NAMED = re.compile(r"[^<>]*<([^<>]+)>")
LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
# The two standards for domains disagree about these: which domain is meant is not ours to guess.
DISPUTED = frozenset("\u00df\u03c2\u200c\u200d")


class AddressError(ValueError):
    """A text that is no address or no name. ``words`` say why."""

    def __init__(self, words: Words) -> None:
        self.words = words
        super().__init__(words.plain())


def normal_email(text: str) -> str:
    """Return an address in the form under which accounts are compared and kept.

    Blanks around it and a name before it (``Ada <ada@…>``) are dropped, letters lowered, full-width
    and other compatible forms folded, and the domain written in ASCII (``xn--…``). Dots stay: they
    make another address at most providers. Raises AddressError.
    """
    if any(character in text.strip(" ") for character in "\r\n\t\v\f\x85\u2028\u2029"):
        raise AddressError(Words(_("An address has no line break or tab. Delete it.")))
    bare = unicodedata.normalize("NFKC", text).strip()
    named = NAMED.fullmatch(bare)
    local, at, domain = (named[1] if named else bare).strip().rpartition("@")
    if not at:
        raise AddressError(Words(_("This is no e-mail address: it needs an @.")))
    local = local.lower()
    if not local.isascii():
        odd = next(character for character in local if not character.isascii())
        words = _(
            "“%(odd)s” cannot stand before the @. Ask for the address as the person types it."
        )
        raise AddressError(Words(words, {"odd": odd}))
    found = f"{local}@{_normal_domain(domain)}"
    if not LOCAL.fullmatch(local) or len(local) > 64 or len(found) > LONGEST:
        raise AddressError(Words(_("This is no e-mail address.")))
    return found


def _normal_domain(text: str) -> str:
    domain = unicodedata.normalize("NFC", text.translate(DOTS).lower())
    if DISPUTED.intersection(domain):
        words = _("Write this domain in its ASCII form, xn--…: what it means is disputed.")
        raise AddressError(Words(words))
    try:
        written = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        written = ""
    labels = written.split(".")
    if len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels):
        raise AddressError(Words(_("There is no such domain behind the @.")))
    return written


def spellings(email: str) -> tuple[str, ...]:
    """Return how an account may have spelled a normal address: its domain in ASCII or in letters."""
    local, _at, domain = email.rpartition("@")
    if "xn--" not in domain:
        return (email,)
    try:
        return (email, f"{local}@{domain.encode('ascii').decode('idna')}")
    except UnicodeError:
        return (email,)


def likeness(email: str) -> str:
    """Return what is left of a normal address where dots and a +tag make no difference."""
    local, _at, domain = email.rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def clean_name(text: str) -> str:
    """Return a person's name: NFC, single blanks, at least one visible character, at most 200.

    Raises AddressError for control and direction characters: they would turn other text around.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    for character in name:
        if is_unseen(character) or character == "\N{REPLACEMENT CHARACTER}":
            words = _("This name holds a character that does not show or was lost (U+%(code)s).")
            raise AddressError(Words(words, {"code": f"{ord(character):04X}"}))
    if not has_visible(name):
        raise AddressError(Words(_("Every person needs a name.")))
    if len(name) > LONGEST_NAME:
        raise AddressError(Words(_("A name can have at most 200 characters.")))
    return name
