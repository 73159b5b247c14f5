"""Start Seminar on this machine: web server, Celery worker and Celery beat as one group.

    python tools/up.py                   (through `make run`)
    python tools/up.py --reset-demo      (through `make demo`: start afresh, without serving)

Brings the database up to date, loads the demo into an empty one, and keeps the three processes
together: when one dies, all stop; Ctrl-C stops all; and if this process is killed outright, the
kernel stops the others. HOST and PORT choose the address (127.0.0.1:8000).
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

import environ

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 60
STOP_SECONDS = 10
PR_SET_PDEATHSIG = 1

# What this prints on stdout is what the demo's visitor is told once the server answers.
PREPARE = """
import sys
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
if settings.DEMO:
    from courses.models import Course
    if not Course.objects.exists():  # the command's own imports take a second
        call_command("load_demo", stdout=sys.stderr)
    from seminar.desk.queries.demo import demo_accounts
    from seminar.desk.rules.demo import ACCOUNTS
    if demo_accounts():
        print("The demo is loaded. Sign in with one click, without a password, as:")
        for account in ACCOUNTS:
            print(f"  {account.email:<32} {account.hint}")
"""
RESET = """
import shutil
from pathlib import Path
import django
django.setup()
from django.conf import settings
database = settings.DATABASES["default"]
if not settings.DEMO or not database["ENGINE"].endswith("sqlite3"):
    raise SystemExit("Only the demo's own SQLite database is thrown away. This is not one.")
for suffix in ("", "-wal", "-shm"):
    Path(str(database["NAME"]) + suffix).unlink(missing_ok=True)
for folder in (settings.MEDIA_ROOT, settings.BROKER_DIR):
    shutil.rmtree(folder, ignore_errors=True)
if settings.CLOCK_OFFSET_FILE:
    settings.CLOCK_OFFSET_FILE.unlink(missing_ok=True)
"""


def commands(host: str, port: int) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    listen = ["--host", host, "--port", str(port)]
    # One process, four threads: SQLite has one writer, and the local cache is one process's own.
    size = ["--workers", "1", "--blocking-threads", "4", "--respawn-failed-workers"]
    server = ["granian", "--interface", "wsgi", *listen, *size, "--log-level", "warning"]
    celery = ["celery", "--app", "seminar"]
    worker = ["worker", "--pool", "threads", "--concurrency", "2", "--loglevel", "warning"]
    alone = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    # The schedule is static, so beat needs no memory of its own.
    beat = ["beat", "--scheduler", "celery.beat:Scheduler", "--pidfile=", "--loglevel", "warning"]
    return {
        "web": [*python, *server, "seminar.wsgi:application"],
        "worker": [*python, *celery, *worker, *alone],
        "beat": [*python, *celery, *beat],
    }


def die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Group:
    """Processes that live and end together; their lines appear under their names."""

    def __init__(self) -> None:
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.printers: list[threading.Thread] = []

    def start(self, name: str, command: list[str]) -> None:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C comes to us; we stop the others in order
            preexec_fn=die_with_parent,  # noqa: PLW1509 - runs no Python another thread could hold
        )
        self.processes[name] = process
        printer = threading.Thread(target=show, args=(name, process.stdout), daemon=True)
        printer.start()
        self.printers.append(printer)

    def dead(self) -> list[str]:
        return [name for name, process in self.processes.items() if process.poll() is not None]

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            # What it started is in its session: a server killed outright leaves its own workers.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for printer in self.printers:
            printer.join(timeout=1)


def show(name: str, lines: TextIO) -> None:
    for line in lines:
        print(f"{name:>6} | {line}", end="", flush=True)


def answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def is_taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def hold_data_folder() -> TextIO:
    """Keep a second group off the same data: two beats and two workers would share one broker."""
    folder = Path(os.environ.get("VAR_DIR", ROOT / "var"))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (folder / "running.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Seminar is already running on the data in {folder}. Stop that one first.")
    return lock


def wait_for_web(group: Group, host: str, port: int, stop: threading.Event) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while not answers(host, port):
        if group.dead() or stop.wait(0.1):
            return False
        if time.monotonic() > deadline:
            print(f"No answer from port {port} in {READY_SECONDS} s.", file=sys.stderr)
            return False
    return True


def serve(group: Group, address: tuple[str, int], news: str, stop: threading.Event) -> int:
    """Start web, then the rest once it answers; return when told to stop or when one dies."""
    host, port = address
    visible = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    plan = commands(host, port)
    group.start("web", plan.pop("web"))
    if wait_for_web(group, visible, port, stop):
        for name, command in plan.items():
            group.start(name, command)
        shown = f"[{visible}]" if ":" in visible else visible
        print(
            f"\nSeminar is running at http://{shown}:{port}/\n{news}Ctrl-C stops it.\n", flush=True
        )
    elif not stop.is_set():
        return 1
    while not stop.wait(0.2):
        if dead := group.dead():
            print(f"{' and '.join(dead)} died; stopping the rest.", file=sys.stderr)
            return 1
    return 0


def in_django(program: str) -> str:
    """Run `program` in a Django of its own, so that the supervisor stays small; return its output."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return done.stdout


def run(host: str, port: int) -> int:
    news = in_django(PREPARE)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    group = Group()
    try:
        return serve(group, (host, port), news, stop)
    finally:
        group.stop()


def main() -> int:
    environ.Env.read_env(ROOT / ".env")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seminar.settings.local")
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    os.environ.setdefault("SITE_URL", f"http://{host}:{port}")
    with hold_data_folder():
        if "--reset-demo" in sys.argv:
            in_django(RESET)
            print(in_django(PREPARE), end="")
            return 0
        if is_taken(host, port):
            sys.exit(f"Port {port} is in use. Choose another: PORT={port + 1} make run")
        return run(host, port)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # while the database was being prepared
        sys.exit(130)
