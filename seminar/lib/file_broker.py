"""Celery's broker on one machine without Redis: files in a folder, each there whole or not at all.

kombu writes a message into the file that readers already see. A worker that looks in between takes
an empty file, cannot read it, and stops. Here a message gets its name after its last byte.
"""

import uuid
from pathlib import Path
from time import time_ns
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Puts whole messages into the folder; everything else is kombu's."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        unfinished = folder / f"{name}.part"  # no reader looks for names that end so
        try:
            unfinished.write_bytes(dumps(payload).encode())  # type: ignore[no-untyped-call]
            unfinished.rename(folder / name)
        except OSError as error:
            raise ChannelError(f"Cannot add {name!r} to the folder of messages") from error


class Transport(filesystem.Transport):
    """The same transport with our channel."""

    Channel = Channel
