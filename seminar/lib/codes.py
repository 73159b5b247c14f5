"""Short public codes: what URLs, receipts and mails show instead of sequence numbers."""

import secrets

# No 0/O, 1/I/L, U: they are misread aloud and on paper.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10


def new_code() -> str:
    """Return 10 random characters, about 49 bits: not guessable, not a sequence."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
