"""Everything that is logged meanwhile, to look for canaries in."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class Ledger(logging.Handler):
    """Keeps what each record says, with its traceback: what production writes on one line.

    Without the time at which it was written, which is a number that nobody chose.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        traceback = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        self.lines.append(f"{record.name} {record.getMessage()} {traceback}")


@contextmanager
def logged() -> Iterator[Ledger]:
    """Listen to all loggers, to those of requests at the level of warnings too."""
    ledger = Ledger()
    root, requests = logging.getLogger(), logging.getLogger("django.request")
    deaf = [logging.getLogger(name) for name in root.manager.loggerDict]
    heard = [root, *(one for one in deaf if not one.propagate)]
    level = requests.level
    requests.setLevel(logging.INFO)
    for one in heard:
        one.addHandler(ledger)
    try:
        yield ledger
    finally:
        requests.setLevel(level)
        for one in heard:
            one.removeHandler(ledger)
