"""A small HTTP client that loads a server from a process of its own.

    python -m tools.bench.load < PLAN > ANSWERS

PLAN is JSON: {"host", "port", "at_once", "requests": [{"after", "method", "path", "cookie",
"body"}]}. A request leaves `after` seconds after the start, as soon as fewer than `at_once` are
under way. Each uses a connection of its own, as each person has. ANSWERS is a list in the same
order: [called, returned, status, location, headers]; instants are of the monotonic clock, which is
the same in every process of a machine.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

TIMEOUT_SECONDS = 60
START_LATE = 0.2


@dataclass(frozen=True)
class Request:
    """One request of the plan."""

    path: str
    method: str = "GET"
    cookie: str = ""
    body: str = ""
    after: float = 0.0


@dataclass(frozen=True)
class Answer:
    """When a request left, when its answer was there whole, and what it was. Status 0: none came."""

    called: float
    returned: float
    status: int
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return self.returned - self.called


def load(port: int, requests: Sequence[Request], *, at_once: int) -> list[Answer]:
    """Send the requests from another process; return the answers in the order of the requests."""
    plan = {"host": "127.0.0.1", "port": port, "at_once": at_once}
    plan["requests"] = [asdict(request) for request in requests]
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.load"],
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [Answer(*answer) for answer in json.loads(done.stdout)]


def encoded(request: dict[str, Any], host: str) -> bytes:
    body = request["body"].encode()
    lines = [
        f"{request['method']} {request['path']} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
        "Accept: text/html",
        f"Cookie: {request['cookie']}",
    ]
    if request["method"] == "POST":
        lines.append("Content-Type: application/x-www-form-urlencoded")
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def send(address: tuple[str, int], message: bytes) -> list[Any]:
    loop = asyncio.get_running_loop()
    called = time.monotonic()
    with socket.socket() as connection:
        connection.setblocking(False)  # noqa: FBT003 - the socket module has no keyword for it
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await loop.sock_connect(connection, address)
                await loop.sock_sendall(connection, message)
                received = b""
                while chunk := await loop.sock_recv(connection, 1 << 18):
                    received += chunk
        except OSError:  # a time-out is one too
            return [called, time.monotonic(), 0, {}]
    returned = time.monotonic()
    head, _, _ = received.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    headers = dict(line.lower().split(": ", 1) for line in rest if ": " in line)
    return [called, returned, int(words[1]) if len(words) > 1 else 0, headers]


async def perform(plan: dict[str, Any]) -> list[list[Any]]:
    address = (plan["host"], plan["port"])
    host = f"{plan['host']}:{plan['port']}"
    messages = [encoded(request, host) for request in plan["requests"]]
    free = asyncio.Semaphore(plan["at_once"])
    start = time.monotonic() + START_LATE

    async def one(request: dict[str, Any], message: bytes) -> list[Any]:
        await asyncio.sleep(start + request["after"] - time.monotonic())
        async with free:
            return await send(address, message)

    gc.freeze()
    return await asyncio.gather(
        *(
            one(request, message)
            for request, message in zip(plan["requests"], messages, strict=True)
        )
    )


if __name__ == "__main__":
    json.dump(asyncio.run(perform(json.load(sys.stdin))), sys.stdout)
