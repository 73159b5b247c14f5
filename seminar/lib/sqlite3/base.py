"""SQLite for many threads of one process: writers take turns in the order in which they came.

SQLite's own waiting is a poll with growing pauses: in a rush newcomers overtake those who wait
longest, and some wait until their time is up. Here a transaction (always BEGIN IMMEDIATE, see the
settings) first takes its turn in this process; only other processes are left to SQLite's waiting.
"""

from collections import defaultdict, deque
from threading import Event, Lock
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

PATIENCE = 60.0  # seconds; a whole lecture hall at once is served within it


class Turns:
    """A lock that is given strictly in the order in which it was asked for."""

    def __init__(self) -> None:
        self._inside = Lock()
        self._waiting: deque[Event] = deque()
        self._taken = False

    def take(self, patience: float) -> bool:
        """Wait for the turn, at most ``patience`` seconds; tell whether it came."""
        with self._inside:
            if not self._taken:
                self._taken = True
                return True
            mine = Event()
            self._waiting.append(mine)
        if mine.wait(patience):
            return True
        with self._inside:
            if mine.is_set():  # it came between giving up and saying so
                return True
            self._waiting.remove(mine)
        return False

    def give(self) -> None:
        """Hand the turn to whoever has waited longest."""
        with self._inside:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


_turns: dict[str, Turns] = defaultdict(Turns)
_making = Lock()


def turns_of(name: str) -> Turns:
    """Return the one queue of a database file."""
    with _making:
        return _turns[name]


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's SQLite, with a turn for each transaction."""

    _turn: Turns | None = None

    def _start_transaction_under_autocommit(self) -> None:
        turns = turns_of(str(self.settings_dict["NAME"]))
        if not turns.take(PATIENCE):
            raise OperationalError("database is locked: too many writers are waiting")
        self._turn = turns
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> Any:
        answer = super()._commit()  # type: ignore[misc]
        self._end_turn()
        return answer

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.give()
