"""The processes a benchmark measures: granian, Celery worker and beat, started as `make run` does."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools import up

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def commands(port: int, *, postgres: bool) -> dict[str, list[str]]:
    """Return the command lines by name: on PostgreSQL as docker-compose.yml has the web server."""
    found = up.commands("127.0.0.1", port)
    if postgres:
        found["web"][found["web"].index("--workers") + 1] = "2"
        found["web"][found["web"].index("--blocking-threads") + 1] = "2"
    return found


@contextlib.contextmanager
def running(*commands: Sequence[str]) -> Iterator[list[int]]:
    """Run the processes meanwhile, yield their ids; what they say goes to stderr."""
    started = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            text=True,
            start_new_session=True,
            preexec_fn=up.die_with_parent,  # noqa: PLW1509 - no threads here
        )
        for command in commands
    ]
    try:
        yield [process.pid for process in started]
    finally:
        group = up.Group()
        group.processes = {str(process.pid): process for process in started}
        group.stop()


@contextlib.contextmanager
def web(port: int, *, postgres: bool) -> Iterator[int]:
    """Serve on the port meanwhile."""
    with running(commands(port, postgres=postgres)["web"]) as (process,):
        deadline = time.monotonic() + READY_SECONDS
        while not up.answers("127.0.0.1", port):
            if time.monotonic() > deadline:
                raise SystemExit(f"no answer from port {port}")
            time.sleep(0.05)
        yield process


def cpu_seconds(leader: int) -> float | None:
    """Return the processor time of all processes of a session; None where /proc does not tell."""
    if sys.platform != "linux":
        return None
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
