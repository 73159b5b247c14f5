"""A child process that counts the pages of PDFs, so that a hostile file hurts nobody.

Counting a damaged PDF may cost a parser half a minute. The child gets two seconds per file and a
limited memory; if it needs more it is killed, the pages are "unknown", and the next file gets a new
child. One child serves a whole process: starting an interpreter per upload would cost more than the
upload itself.

    python -I seminar/lib/page_counter.py    reads one path per line, answers one line each:
                                             the number of pages, "locked" or "unknown"

It is started by its path and isolated, so that it imports pypdf and nothing of ours.
"""

import atexit
import contextlib
import logging
import os
import resource
import select
import subprocess
import sys
import threading
from pathlib import Path

from pypdf import Configuration, PdfReader, apply_configuration

LOCKED, UNKNOWN, READY = "locked", "unknown", "ready"
SECONDS = 2.0
START_SECONDS = 20.0
MEMORY = 768 * 1024 * 1024
MIB = 1024 * 1024

# What one file may cost inside the time. A file beyond these has its pages unknown.
EFFORT = Configuration(
    array_maximum_element_count=20_000,
    dictionary_maximum_element_count=20_000,
    maximum_declared_stream_length=32 * MIB,
    zlib_maximum_output_length=8 * MIB,
    zlib_maximum_recovery_input_length=MIB,
    lzw_maximum_output_length=8 * MIB,
    run_length_maximum_output_length=8 * MIB,
    stream_decoding_work_maximum_length=32 * MIB,
    page_tree_maximum_entries=5_000,
    page_tree_maximum_page_entries=100_000,
)


class PageCounter:
    """The parent's end. Threads take turns; who waits longer than a file may take is told unknown."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.turn = threading.Lock()
        self.child: subprocess.Popen[bytes] | None = None
        self.owner = 0

    def ask(self, path: Path) -> str:
        """Return the number of pages as digits, "locked" or "unknown", in bounded time."""
        if not self.turn.acquire(timeout=2 * self.seconds):
            return UNKNOWN
        try:
            # A child that died between two files, or on this one, is replaced once.
            return self._ask_child(path) or self._ask_child(path) or UNKNOWN
        finally:
            self.turn.release()

    def _ask_child(self, path: Path) -> str:
        """Return the child's answer, "unknown" if it took too long, or nothing if it died."""
        child = self._running_child()
        if child is None or child.stdin is None:
            return UNKNOWN
        try:
            child.stdin.write(f"{path}\n".encode())
            child.stdin.flush()
        except OSError:
            self.close()
            return ""
        return self._answer(child, self.seconds)

    def close(self) -> None:
        """Kill the child, if there is one of this process."""
        child, self.child = self.child, None
        if child is None or self.owner != os.getpid():
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _running_child(self) -> subprocess.Popen[bytes] | None:
        mine = self.child is not None and self.owner == os.getpid()
        if mine and self.child is not None and self.child.poll() is None:
            return self.child
        self.close()
        self.owner = os.getpid()
        self.child = subprocess.Popen(  # noqa: S603 - our own interpreter and file
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return self.child if self._answer(self.child, START_SECONDS) == READY else None

    def _answer(self, child: subprocess.Popen[bytes], seconds: float) -> str:
        """Return the child's next line; kill it where none comes in time, or it is gone."""
        assert child.stdout is not None
        in_time = bool(select.select([child.stdout], [], [], seconds)[0])
        line = bytes(child.stdout.readline()).decode().strip() if in_time else UNKNOWN
        if not in_time or not line:
            self.close()
        return line


def pages_in(path: Path) -> str:
    """Return what the child answers about one file."""
    try:
        with apply_configuration(EFFORT), path.open("rb") as file:
            reader = PdfReader(file, root_object_recovery_limit=1000)
            # An empty password, as some printers set, locks nobody out.
            if reader.is_encrypted and not reader.decrypt(""):
                return LOCKED
            return str(len(reader.pages) or UNKNOWN)
    except Exception:  # a damaged file trips a parser in any way there is
        return UNKNOWN


def main() -> None:
    """Answer paths until the parent closes its end."""
    logging.disable(logging.CRITICAL)
    with contextlib.suppress(ValueError, OSError):  # not every system can limit it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(f"{pages_in(Path(line.rstrip(chr(10))))}\n")
        sys.stdout.flush()


counter = PageCounter()
atexit.register(counter.close)

if __name__ == "__main__":
    main()
