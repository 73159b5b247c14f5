"""Messages between beat and worker as files: read whole, or not seen yet."""

from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from seminar.celery import app
from seminar.lib import file_broker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: a process remembers which queues it made, and would not make them in another."""
    return tmp_path_factory.mktemp("broker")


@pytest.fixture
def broker(folder: Path) -> Iterator[Connection]:
    options = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(folder))
    with Connection("filesystem://localhost", transport_options=options) as connection:
        yield connection


def test_the_worker_uses_it(broker: Connection) -> None:
    assert app.connection_for_read("filesystem://localhost").transport_cls == "filesystem"
    assert type(broker.transport) is file_broker.Transport


def test_messages_come_back_and_leave_nothing(broker: Connection, folder: Path) -> None:
    # A name of its own: a process remembers which queues it made, also in other folders.
    with broker.SimpleQueue("only-for-this-test") as queue:
        for number in range(3):
            queue.put({"number": number})
        seen = []
        for _ in range(3):
            message = queue.get(block=False)
            seen.append(message.payload)
            message.ack()

    assert sorted(item["number"] for item in seen) == [0, 1, 2]
    assert [path.name for path in folder.iterdir() if ".msg" in path.name] == []


def test_a_message_that_is_being_written_is_not_seen(broker: Connection, folder: Path) -> None:
    unfinished = folder / "1_x.celery.msg.part"
    unfinished.touch()
    with broker.SimpleQueue("celery") as queue, pytest.raises(Empty):
        queue.get(block=False)
    unfinished.unlink()
