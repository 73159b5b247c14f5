"""Which canaries sing in a text: one pass over it, however many canaries there are.

Numbers are searched only in what cannot hold one by chance. All that is random here is without a
``.``, ``,`` or ``/`` between digits, which every form of a score has: public codes and receipts
(letters and digits), nonces, tokens and links (base64url), session ids, hashes, ETags (hexadecimal,
UUIDs). CSRF tokens, nonces and cookies are masked all the same; a mail's Message-ID and boundaries
are left out where mails are read. The clock stands still, so that dates are the same in every run.

In a row of numbers each neighbouring pair is one too: "1,6.37,2" may be a line of a table with a
score in it, or not. So "6.37" is heard there, and in "3.1.6.37" as well; what is longer, as "16.37"
or "6.375", is another number. Rows of numbers that are no scores, as versions, dates and the lines
of a drawing, are the same in every run too: one that sang would sing always, and no test by chance.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

from tests.authz.walk import RANDOM, Answer
from tests.leaks.planting import Canary

COOKIES = re.compile(r"(csrftoken|sessionid)=[^;]+")
TEXT = re.compile(rb"CANARY-[\w-]+")
# A number or a fraction; each of those that overlap.
NUMBER = re.compile(rb"(?<!\d)(?=(\d+[.,/]\d+))")


class Choir:
    """All canaries of a world, by what they sing."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self.texts: dict[bytes, list[Canary]] = defaultdict(list)
        self.numbers: dict[bytes, list[Canary]] = defaultdict(list)
        self.others: list[tuple[bytes, Canary]] = []
        for canary in canaries:
            for form in canary.forms:
                if canary.is_number:
                    assert NUMBER.findall(form)[:1] == [form], form
                    self.numbers[form].append(canary)
                elif TEXT.fullmatch(form):
                    self.texts[form].append(canary)
                else:
                    self.others.append((form, canary))

    def sing_in(self, text: bytes, own: Collection[bytes] = ()) -> set[Canary]:
        """Who sings in a text. What the asker put into the address, ``own``, says nothing."""
        found = {one for form, one in self.others if form in text}
        for pattern, known in ((TEXT, self.texts), (NUMBER, self.numbers)):
            for form in known.keys() & set(pattern.findall(text)):
                found.update(known[form])
        return {one for one in found if not own or set(own).isdisjoint(one.forms)}


def everything_in(answer: Answer) -> bytes:
    """Headers, where it leads, what it will say on the next page, the body: but for what is random."""
    headers = "\n".join(f"{name}: {value}" for name, value in plain(answer).items())
    body = RANDOM.sub(rb"\1\2", answer.body)
    return b"\n".join([headers.encode(), answer.location.encode(), answer.messages.encode(), body])


def plain(answer: Answer) -> dict[str, str]:
    """The headers, cookies without their values."""
    return {name: COOKIES.sub(r"\1=", value) for name, value in answer.headers.items()}
