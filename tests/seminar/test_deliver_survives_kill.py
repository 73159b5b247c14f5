"""kill -9 of a real Celery worker in the middle of a batch: nothing lost, at most one mail twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery
from django.db import connection

from seminar.lib import clock
from seminar.notifications.actions import LEASE, write
from seminar.notifications.models import Message
from tests.seminar.mail_server import MailServer, running

ROOT = Path(__file__).resolve().parents[2]
BATCH = 40
PATIENCE = 120  # seconds for one worker to start and work, on a busy machine


def database_url() -> str:
    """Return the address of the test database, as a child process needs it."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def environment(folder: Path, port: int) -> dict[str, str]:
    """The environment of `make run`: the embedded broker, its own folder, our mail server."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "seminar.settings.local",
        "DEMO": "true",  # its clock can be moved
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url(),
        "REDIS_URL": "",
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
    }


@contextmanager
def worker(variables: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker, as `make run` starts it; it is gone afterwards."""
    celery = [sys.executable, "-m", "celery", "--app", "seminar", "worker", "--loglevel", "warning"]
    alone = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    pool = ["--pool", "threads", "--concurrency", "2"]
    with log.open("ab") as sink:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            [*celery, *pool, *alone], cwd=ROOT, env=variables, stdout=sink, stderr=sink
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def beat(folder: Path) -> Callable[[], None]:
    """Return what beat does every few seconds: put one tick into the embedded broker."""
    broker = folder / "broker"
    app = Celery("beat", broker="filesystem://localhost", set_as_current=False)
    app.conf.broker_transport_options = {
        "data_folder_in": str(broker),
        "data_folder_out": str(broker),
        "control_folder": str(broker / "control"),
    }
    (broker / "control").mkdir(parents=True, exist_ok=True)
    return lambda: app.send_task("notifications.deliver", expires=5, ignore_result=True)


def wait_until(what: Callable[[], bool], tick: Callable[[], None], log: Path) -> None:
    """Tick once a second, look four times as often; the worker's log says why it took too long."""
    started = ticked = time.monotonic()
    tick()
    while not what():
        now = time.monotonic()
        assert now < started + PATIENCE, log.read_text()[-4000:]
        if now > ticked + 1:
            tick()
            ticked = now
        time.sleep(0.25)


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Message.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


@pytest.mark.services
@pytest.mark.timeout(4 * PATIENCE)
@pytest.mark.django_db(transaction=True)
def test_deliver_survives_kill(tmp_path: Path) -> None:
    queued_at = clock.now()
    for number in range(BATCH):
        write(
            key=f"kill:{number}",
            to=None,
            address=f"p{number}@example.org",
            kind="test",
            subject=f"News {number}",
            text="Text",
            at=queued_at,
        )
    log, server, tick = tmp_path / "log", MailServer(), beat(tmp_path)
    victim: list[subprocess.Popen[bytes]] = []

    def kill_before_the_answer(count: int) -> None:
        if count == BATCH // 2 - 3:  # inside a batch, and the mail has left
            os.kill(victim[0].pid, signal.SIGKILL)
            victim[0].wait()

    server.on_mail = kill_before_the_answer
    with running(server) as port:
        variables = environment(tmp_path, port)
        with worker(variables, log) as process:
            victim.append(process)
            wait_until(lambda: process.poll() is not None, tick, log)
        assert process.returncode == -signal.SIGKILL, log.read_text()[-4000:]
        taken = len(server.mails)
        assert 0 < taken < BATCH
        # What the dead worker had leased is free when the lease is over: the worker's clock, which
        # reads this file as `seminar.lib.clock` does, is moved there.
        ahead = LEASE + timedelta(minutes=1)
        (tmp_path / "clock-offset").write_text(str(ahead // timedelta(microseconds=1)))

        with worker(variables, log):
            wait_until(lambda: states() == {"sent": BATCH}, tick, log)

    ids = server.message_ids()
    assert set(ids) == set(Message.objects.values_list("message_id", flat=True))
    assert sorted(ids.values()) == [1] * (BATCH - 1) + [2]
    doubled = Message.objects.get(message_id=max(ids, key=lambda key: ids[key]))
    assert (doubled.uncertain, doubled.attempts) == (True, 2)
