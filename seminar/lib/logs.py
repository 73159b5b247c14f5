"""Log records that nobody can forge: one line each, whatever names and addresses are in them."""

import json
import logging
from datetime import UTC, datetime


class OneLine(logging.Formatter):
    """Writes each record as one line of JSON, in ASCII.

    A line break, an escape sequence of terminals or a mark that turns the writing direction, typed
    into a name, arrives as ``\\n``, ``\\u001b``, ``\\u202e``: it can neither begin a line that looks
    like another record nor hide one. Named in ``settings.LOGGING`` of production.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record; a traceback is a string of it, with its line breaks escaped."""
        facts = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            facts["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            facts["stack"] = self.formatStack(record.stack_info)
        return json.dumps(facts, ensure_ascii=True).replace("\x7f", "\\u007f")
