"""`start`: from the second `make run` until the first page answers.

Its limit is the web server alone: the same command that `make run` starts, over data that is ready.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

from tools import bootstrap, up
from tools.bench.lines import say, tell
from tools.bench.servers import commands, free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 600
STOP_SECONDS = 120

End = Callable[[subprocess.Popen[bytes]], None]


@contextmanager
def started(command: Sequence[str], port: int, end: End) -> Iterator[float]:
    """Start it, wait for the home page, yield the seconds that took, end it."""
    env = os.environ | {"PORT": str(port), "HOST": "127.0.0.1"}
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        stdout=sys.stderr,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=up.die_with_parent,  # noqa: PLW1509 - no threads here
    )
    try:
        while not answers(port):
            if process.poll() is not None or time.monotonic() - begun > PATIENCE_SECONDS:
                raise SystemExit(f"{command[0]} did not start")
            time.sleep(0.02)
        yield time.monotonic() - begun
    finally:
        end(process)
        try:
            process.wait(STOP_SECONDS)
        finally:  # nothing of it may disturb the next start
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """End it as Ctrl-C does, which reaches everybody of the group."""
    os.killpg(process.pid, signal.SIGINT)


def terminate(process: subprocess.Popen[bytes]) -> None:
    """End a server as `make run` does: it alone is told, and stops its own workers."""
    process.terminate()


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def times(n: int, make: Callable[[int], Sequence[str]], end: End) -> float:
    """Return the median of n starts, each on a port of its own."""
    found = []
    for number in range(1, n + 1):
        port = free_port()
        command = make(port)
        tell(f"start {number} of {n}: {' '.join(command)}")
        with started(command, port, end) as seconds:
            found.append(seconds)
    return median(found)


def make_run() -> list[str]:
    """Return `make run`, or what it runs where it would install packages first: that is no start."""
    if bootstrap.is_installed("base"):
        return ["make", "--no-print-directory", "run"]
    return [sys.executable, "tools/up.py"]


def main(name: str, n: int, _options: Sequence[str]) -> int:
    def whole(_port: int) -> Sequence[str]:
        return command

    command = make_run()

    def alone(port: int) -> Sequence[str]:
        return commands(port, postgres=False)["web"]

    first = times(1, whole, interrupt)
    seconds, limit = times(n, whole, interrupt), times(n, alone, terminate)
    say(
        name,
        n,
        command="make run" if command[0] == "make" else "tools/up.py",
        first_seconds=first,
        seconds=seconds,
        limit="the web server alone, over data that is ready",
        limit_seconds=limit,
        times_limit=seconds / limit,
    )
    return 0
