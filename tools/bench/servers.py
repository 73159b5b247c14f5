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

import psutil

from tools import up

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60


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
def running(*commands: Sequence[str]) -> Iterator[list[psutil.Process]]:
    """Run the processes meanwhile; what they say goes to stderr."""
    started = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
            preexec_fn=up.die_with_parent,  # noqa: PLW1509 - no threads here
        )
        for command in commands
    ]
    try:
        yield [psutil.Process(process.pid) for process in started]
    finally:
        group = up.Group()
        group.processes = dict(enumerate(started))  # type: ignore[assignment,arg-type]
        group.stop()


@contextlib.contextmanager
def web(port: int, *, postgres: bool) -> Iterator[psutil.Process]:
    """Serve on the port meanwhile."""
    with running(commands(port, postgres=postgres)["web"]) as (process,):
        deadline = time.monotonic() + READY_SECONDS
        while not up.answers("127.0.0.1", port):
            if time.monotonic() > deadline:
                raise SystemExit(f"no answer from port {port}")
            time.sleep(0.05)
        yield process


def cpu_seconds(process: psutil.Process) -> float:
    """Return the processor time of a process and all below it."""
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        used = each.cpu_times()
        total += used.user + used.system
    return total
