"""The container files' own commands, run on the test services instead of a container engine."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOST = "seminar.example.org"
FILLED_IN = {
    "SECRET_KEY": "k" * 50 + "-for-this-test-only",
    "ALLOWED_HOSTS": HOST,
    "SITE_URL": f"https://{HOST}",
    "EMAIL_URL": "smtp://localhost:2525",
    "POSTGRES_PASSWORD": "secret",
}
START_SECONDS = 120


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def filled_in(value: str) -> str:
    """Replace ${NAME}, ${NAME:-default} and ${NAME:?message} as compose does."""

    def look_up(match: re.Match[str]) -> str:
        name, rule, rest = match.groups()
        assert name in FILLED_IN or rule == ":-", f"{name} has neither a value nor a default"
        return FILLED_IN.get(name, rest)

    return re.sub(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}", look_up, value)


def environment(service: dict) -> dict[str, str]:
    return {name: filled_in(str(value)) for name, value in service["environment"].items()}


def image_environment(dockerfile: str) -> dict[str, str]:
    block = re.search(r"^ENV (.+)$", dockerfile, re.MULTILINE)
    assert block
    return dict(word.split("=", 1) for word in shlex.split(block.group(1)))


@pytest.fixture(scope="module")
def surroundings(
    compose: dict, dockerfile: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What a process in the container sees, with the test services in place of its own."""
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if name not in os.environ]
    assert not missing, f"{missing} not set; run this through tools/with_services.py"
    folder = tmp_path_factory.mktemp("container")
    image = image_environment(dockerfile)
    return {
        **image,
        **environment(compose["services"]["web"]),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "VAR_DIR": str(folder / "var"),
        "STORAGE_URL": f"file://{folder / 'files'}",
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "REDIS_URL": re.sub(r"/\d+$", "/9", os.environ["REDIS_URL"]),  # apart from other tests
    }


def run(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=200, check=False
    )


@contextmanager
def started(
    command: list[str], env: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not reached():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def migrated(compose: dict, surroundings: dict[str, str]) -> dict[str, str]:
    result = run(compose["services"]["migrate"]["command"], surroundings)
    assert result.returncode == 0, result.stderr
    return surroundings
