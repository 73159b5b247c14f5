"""Run the whole test suite: on SQLite, on PostgreSQL with Redis, and in a browser.

    python tools/run_tests.py            (through `make test`)
    python tools/run_tests.py --campaign (through `make campaign`: what takes too long for every day)

Two runs go side by side, the longest first; each one's output is shown whole when it ends. What
needs a browser runs in processes of its own, because Playwright leaves an event loop behind that
Django would refuse to work beside. Every run prints the test runner's own summary; they are
repeated at the end, and any failure is a failure of the whole. Needs what tools/with_services.py
provides.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOOK = "tests/look"
REPORT_SECONDS = 60


# As many runs at once as a small machine has cores.
SLOTS = 2
CAMPAIGN = "--campaign"


@dataclass(frozen=True)
class Run:
    """One pytest process: which tests, against what."""

    name: str
    marks: str
    variables: dict[str, str] = field(default_factory=dict)
    where: tuple[str, ...] = ()

    def start(self, output: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
        pytest = [sys.executable, "-m", "pytest", "-m", self.marks, *self.where]
        cache = ["-o", f"cache_dir=.pytest_cache/{self.name.lower()}"]
        environment = {**os.environ, **self.variables, "PYTHONUNBUFFERED": "1"}
        with output.open("wb") as sink:
            return subprocess.Popen(
                [*pytest, *cache, *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )


def chromium() -> str:
    finder = [sys.executable, str(ROOT / "tools" / "find_chromium.py")]
    found = subprocess.run(finder, stdout=subprocess.PIPE, text=True, check=False)
    if found.returncode != 0:
        sys.exit(found.returncode)
    return found.stdout.strip()


def planned(browser: str, *, campaign: bool) -> list[Run]:
    """Return the runs, the longest first: it decides how long the whole takes."""
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if missing:
        sys.exit(f"{' and '.join(missing)} not set; run this through tools/with_services.py")
    no_services = {"DATABASE_URL": "sqlite://:memory:", "REDIS_URL": ""}
    if campaign:
        return [
            Run("PostgreSQL", "campaign and not once"),
            Run("SQLite", "campaign and not services", no_services),
        ]
    unsafe = {"CHROMIUM": browser, "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
    return [
        Run("SQLite", "not e2e and not services and not campaign", no_services),
        Run("PostgreSQL", "not e2e and not campaign and not once"),
        Run("Look", "e2e and not campaign", unsafe, (LOOK,)),
        Run("Browser", "e2e and not campaign", unsafe, ("--ignore", LOOK)),
    ]


def perform(runs: list[Run], folder: Path, arguments: list[str]) -> dict[str, tuple[int, str]]:
    """Run side by side; print each output as its run ends; return status and summary by name."""
    waiting = list(runs)
    running: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}
    results: dict[str, tuple[int, str]] = {}
    last_report = time.monotonic()
    try:
        while waiting or running:
            while waiting and len(running) < SLOTS:
                run = waiting.pop(0)
                print(f"Running: {run.name}", flush=True)
                running[run.name] = (run.start(folder / run.name, arguments), folder / run.name)
            time.sleep(0.2)
            if time.monotonic() - last_report > REPORT_SECONDS:
                print(f"Still running: {', '.join(running)}", flush=True)
                last_report = time.monotonic()
            ended = [name for name, (process, _) in running.items() if process.poll() is not None]
            for name in ended:
                process, output = running.pop(name)
                text = output.read_text(errors="replace").rstrip()
                print(f"\n##### {name}\n{text}", flush=True)
                results[name] = (process.returncode, text.splitlines()[-1] if text else "")
    finally:
        for process, _ in running.values():
            process.terminate()
    return results


def main() -> int:
    arguments = [word for word in sys.argv[1:] if word != CAMPAIGN]
    runs = planned(chromium(), campaign=CAMPAIGN in sys.argv)
    with tempfile.TemporaryDirectory(prefix="seminar-tests-") as folder:
        results = perform(runs, Path(folder), arguments)
    print("\n##### Summary")
    # A failed run last, so that the last line never looks better than the whole.
    for name, (status, summary) in sorted(results.items(), key=lambda item: item[1][0] != 0):
        print(f"{name}: {'passed' if status == 0 else f'FAILED (exit status {status})'}")
        print(summary)
    return 1 if any(status for status, _ in results.values()) else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the runs are ended too
    sys.exit(main())
