"""`make run` in earnest: the group starts together, ends together, and keeps its data."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An installation of its own, on the databases of the run these tests are part of."""
    folder = tmp_path_factory.mktemp("installation")
    env = os.environ | {"VAR_DIR": str(folder), "PORT": str(free_port()), "DEMO": "false"}
    env |= {"DJANGO_SETTINGS_MODULE": "seminar.settings.local"}
    if env.get("DATABASE_URL", "").startswith("sqlite"):
        del env["DATABASE_URL"]  # the file under VAR_DIR
    return env


@contextmanager
def up(env: dict[str, str], output: Path) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, ROOT / "tools" / "up.py"], env=env, stdout=sink, stderr=sink
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


def wait_until(reached: Callable[[], bool], output: Path, *, seconds: int = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.1)


def is_up(process: subprocess.Popen[bytes], output: Path) -> bool:
    assert process.poll() is None, output.read_text()
    return "Ctrl-C stops it." in output.read_text() and len(children(process.pid)) == len(GROUP)


GROUP = {"granian": "web", "worker": "worker", "beat": "beat"}


def command_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def children(pid: int) -> dict[str, int]:
    """Return the group's processes by name."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    commands = {int(child): command_of(int(child)) for child in listed.stdout.split()}
    return {
        name: child
        for child, command in commands.items()
        for word, name in GROUP.items()
        if word in command
    }


def is_alive(pid: int) -> bool:
    try:
        return "Z (zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def in_session(leader: int) -> list[int]:
    """Return what lives in a process's session: itself and whatever it started."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "-s", str(leader)], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in listed.stdout.split() if is_alive(int(pid))]


def status_of(env: dict[str, str], path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", int(env["PORT"]), timeout=10)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


@LINUX_ONLY
def test_up_serves_alone_and_stops_together(env: dict[str, str], tmp_path: Path) -> None:
    output = tmp_path / "output"

    with up(env, output) as process:
        wait_until(lambda: is_up(process, output), output)
        group = children(process.pid)
        ready = status_of(env, "/readyz")
        same_data = refused(env | {"PORT": str(free_port())})
        same_port = refused(env | {"VAR_DIR": str(tmp_path / "other")})
        process.send_signal(signal.SIGINT)
        code = process.wait(30)

    assert (ready, code) == (200, 0)
    assert sorted(group) == ["beat", "web", "worker"]
    assert [name for name, pid in group.items() if is_alive(pid)] == []
    assert f"http://127.0.0.1:{env['PORT']}/" in output.read_text()
    assert re.fullmatch(r"Seminar is already running on the data in .+\n", same_data)
    assert same_port.startswith(f"Port {env['PORT']} is in use. Choose another: PORT=")


def refused(env: dict[str, str]) -> str:
    """Return what a start that must not succeed says."""
    command = [sys.executable, ROOT / "tools" / "up.py"]
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    return result.stderr


@LINUX_ONLY
@pytest.mark.parametrize("victim", ["web", "worker"])
def test_up_ends_when_one_of_the_group_dies(
    env: dict[str, str], tmp_path: Path, victim: str
) -> None:
    output = tmp_path / "output"

    with up(env, output) as process:
        wait_until(lambda: is_up(process, output), output)
        group = children(process.pid)
        os.kill(group[victim], signal.SIGKILL)
        code = process.wait(30)

    assert code == 1
    assert f"{victim} died; stopping the rest." in output.read_text()
    wait_until(lambda: not any(in_session(pid) for pid in group.values()), output, seconds=10)


@LINUX_ONLY
def test_up_leaves_nothing_behind_when_killed_outright(env: dict[str, str], tmp_path: Path) -> None:
    output = tmp_path / "output"

    with up(env, output) as process:
        wait_until(lambda: is_up(process, output), output)
        group = children(process.pid)
        process.kill()
        wait_until(lambda: not any(map(is_alive, group.values())), output, seconds=20)

    assert [name for name, pid in group.items() if is_alive(pid)] == []
