"""The services that tests run on: real, private, and gone afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
TOOL = [sys.executable, ROOT / "tools" / "with_services.py"]
ASK = """
import json, os, psycopg2, redis
connection = psycopg2.connect(os.environ["DATABASE_URL"])
cursor = connection.cursor()
answers = {"folder": os.environ["PGHOST"]}
for name in ("server_version_num", "fsync", "synchronous_commit", "TimeZone"):
    cursor.execute(f"SHOW {name}")
    answers[name] = cursor.fetchone()[0]
answers["ping"] = redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
print(json.dumps(answers))
"""


@pytest.mark.parametrize(("flags", "durable"), [([], "off"), (["--durable"], "on")])
def test_services_answer_and_leave_nothing(flags: list[str], durable: str) -> None:
    command = [*TOOL, *flags, "--", sys.executable, "-c", ASK]

    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    answers = json.loads(result.stdout)
    assert int(answers.pop("server_version_num")) >= 150000
    assert not Path(answers.pop("folder")).exists()
    assert answers == {
        "fsync": durable,
        "synchronous_commit": durable,
        "TimeZone": "UTC",
        "ping": True,
    }


def test_exit_status_is_the_commands_own() -> None:
    result = subprocess.run([*TOOL, "--", "sh", "-c", "exit 7"], check=False)

    assert result.returncode == 7


def test_missing_service_fails() -> None:
    env = os.environ | {"PG_BIN": "/nowhere"}

    result = subprocess.run(
        [*TOOL, "--", "true"], env=env, capture_output=True, text=True, check=False
    )

    assert (result.returncode, result.stderr) == (
        1,
        "with_services: No PostgreSQL binaries in /nowhere.\n",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's own")
def test_services_end_when_the_tool_is_killed_outright(tmp_path: Path) -> None:
    note = tmp_path / "folder"
    script = f'echo "$PGHOST" > {note}.part; mv {note}.part {note}; exec sleep 60'
    process = subprocess.Popen([*TOOL, "--", "sh", "-c", script], start_new_session=True)
    deadline = time.monotonic() + 60
    while not note.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    folder = Path(note.read_text().strip())
    server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    while Path(f"/proc/{server}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    shutil.rmtree(folder)  # the one thing a killed tool cannot take along
