"""Measure Seminar and print one JSON object per line: `make bench`, or `make bench NAME=rush`.

    python tools/with_services.py --durable -- python -m tools.bench [OPTIONS] [NAME ...]

Every benchmark runs in a process of its own, on an empty installation of its own, against real
server processes. Method, figures and what was learnt: docs/performance.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from tools.bench.lines import say

ROOT = Path(__file__).resolve().parents[2]
LOCAL = "seminar.settings.local"
COUNTING = "tools.bench.settings"
SETTINGS = ("server_version", "fsync", "synchronous_commit", "wal_sync_method", "full_page_writes")


@dataclass(frozen=True)
class Bench:
    """One benchmark: its module, its usual size, the database and the settings it runs on."""

    module: str
    n: int
    postgres: bool = True
    settings: str = LOCAL
    demo: bool = False


BENCHES = {
    "rush": Bench("rush", 500),
    "rush_sqlite": Bench("rush", 500, postgres=False),
    "results": Bench("results", 300),
    "pages": Bench("pages", 32, settings=COUNTING, demo=True),
    "start": Bench("start", 3, postgres=False, demo=True),
}


def connect(url: str) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    return connection


def postgres_url() -> str:
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        sys.exit("No PostgreSQL: run this through tools/with_services.py --durable, as make does.")
    return url


def say_settings(url: str, *, durable: bool) -> None:
    """Print what the figures rest on; refuse to measure on a database that may forget."""
    figures = {}
    connection = connect(url)
    with connection.cursor() as cursor:
        for name in SETTINGS:
            cursor.execute(f"SHOW {name}")
            figures[name] = cursor.fetchone()[0]
    connection.close()
    if durable and {figures["fsync"], figures["synchronous_commit"]} != {"on"}:
        sys.exit("fsync and synchronous_commit are off: start the services with --durable.")
    python = sys.version.split()[0]
    say("settings", cpus=os.cpu_count(), load=os.getloadavg()[0], python=python, **figures)


@contextlib.contextmanager
def database(name: str) -> Iterator[str]:
    """Make an empty database beside the one that was given; drop it afterwards."""
    url = postgres_url()
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE bench_{name}")
        yield urlsplit(url)._replace(path=f"/bench_{name}").geturl()
        cursor.execute(f"DROP DATABASE bench_{name} WITH (FORCE)")
    connection.close()


def run(name: str, bench: Bench, more: list[str], n: int | None) -> int:
    """Run one benchmark on an installation of its own; return its exit status."""
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
    env = os.environ | {"DJANGO_SETTINGS_MODULE": bench.settings, "VAR_DIR": str(folder)}
    env |= {"DEMO": str(bench.demo).lower(), "LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}
    env |= {
        "DEBUG": "false",
        "EMAIL_URL": "",
        "SECRET_KEY": "",
        "STORAGE_URL": f"file://{folder}/files",
    }
    try:
        with contextlib.ExitStack() as stack:
            if bench.postgres:
                env["DATABASE_URL"] = stack.enter_context(database(name))
            else:  # as `make run` has it: one file, no Redis
                env |= {"DATABASE_URL": f"sqlite:///{folder}/seminar.sqlite3", "REDIS_URL": ""}
            command = [sys.executable, "-m", "tools.bench.child", bench.module, name]
            command += [str(bench.n if n is None else n), *more]
            return subprocess.run(command, env=env, cwd=ROOT, check=False).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--n", type=int, help="another size than the one the target is set for")
    parser.add_argument("--full", action="store_true", help="results: up to 100,000 students")
    parser.add_argument("--forgetful", action="store_true", help="allow fsync off (smoke tests)")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    say_settings(postgres_url(), durable=not options.forgetful)
    statuses = []
    for name in options.names or BENCHES:
        more = ["--full"] if options.full and name == "results" else []
        statuses.append(run(name, BENCHES[name], more, options.n))
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main())
