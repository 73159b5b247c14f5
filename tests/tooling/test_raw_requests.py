"""What no browser sends: the web server of the container file answers it, and goes on serving."""

import re
import socket
from collections.abc import Iterator

import pytest

from tests.tooling.containers import (
    HOST,
    compose,
    dockerfile,
    free_port,
    migrated,
    run,
    started,
    surroundings,
    wait_until,
)

__all__ = ["compose", "dockerfile", "migrated", "surroundings"]
pytestmark = pytest.mark.services

SECURE = f"Host: {HOST}\r\nX-Forwarded-Proto: https\r\n"
JSON = "Content-Type: application/json\r\n"
DEEP = "[" * 100_000


def request(line: str, headers: str = SECURE, body: str = "") -> bytes:
    length = f"Content-Length: {len(body.encode())}\r\n" if body else ""
    return f"{line} HTTP/1.1\r\n{headers}{length}Connection: close\r\n\r\n{body}".encode()


SIGN_IN = "/account/login/"
# What is sent, and the statuses it may be answered with; 0 is a connection closed without an answer.
RAW: dict[str, tuple[bytes, set[int]]] = {
    "an unknown method": (request("FROB /healthz"), {400, 403, 405, 501}),
    "TRACE": (request("TRACE /healthz"), {400, 403, 405, 501}),
    "OPTIONS of a page": (request("OPTIONS /"), {200, 405}),
    "a long address": (request(f"GET /{'a' * 8192}"), {400, 404, 414}),
    "a long header": (
        request("GET /", f"{SECURE}X-Long: {'a' * 65536}\r\n"),
        {0, 200, 302, 400, 431},
    ),
    "many headers": (request("GET /", SECURE + "X-A: b\r\n" * 2000), {0, 400, 431}),
    "a NUL in the path": (request("GET /c/%00/"), {400, 404}),
    "a NUL in the query": (request("GET /?q=%00"), {200, 302, 400}),
    "a NUL in the API": (request("GET /api/v1/courses/%00"), {400, 404}),
    "dots in the path": (request("GET /static/%2e%2e/%2e%2e/manage.py"), {400, 404}),
    "overlong UTF-8": (request("GET /c/%c0%af/"), {400, 404}),
    "half a character": (request("GET /c/%e2%82/"), {400, 404}),
    "a foreign host": (request("GET /", "Host: evil.example\r\n"), {400}),
    "two hosts": (request("GET /", f"{SECURE}Host: evil.example\r\n"), {0, 400}),
    "no host": (request("GET /", ""), {0, 400}),
    "two lengths": (
        request("POST /", f"{SECURE}Content-Length: 3\r\nContent-Length: 30\r\n", "abc"),
        {0, 400},
    ),
    "length and chunks": (
        request("POST /healthz", f"{SECURE}Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        {0, 400, 403, 405},
    ),
    "a negative length": (request("POST /", f"{SECURE}Content-Length: -1\r\n"), {0, 400}),
    "JSON of no type": (request("POST /api/v1/courses", SECURE, "{}"), {400, 403, 404, 405, 415}),
    "a deep body": (
        request("POST /api/v1/courses", SECURE + JSON, DEEP),
        {400, 401, 403, 404, 405},
    ),
    "a body that is compressed": (
        request("POST /api/v1/courses", f"{SECURE}{JSON}Content-Encoding: gzip\r\n", "x"),
        {400, 401, 403, 404, 405, 415},
    ),
    "a strange Accept": (
        request("GET /api/v1/schema/", f"{SECURE}Accept: x/y;q=z\r\n"),
        {200, 406},
    ),
    "a strange Range": (request("GET /healthz", f"{SECURE}Range: bytes=9-1,-0,x\r\n"), {200, 416}),
    "a strange If-None-Match": (
        request("GET /", f'{SECURE}If-None-Match: "a, W/"\r\n'),
        {200, 302},
    ),
    "a strange If-Match": (
        request("GET /api/v1/schema/", f"{SECURE}If-Match: ,,\r\n"),
        {200, 400, 401, 412},
    ),
    "a strange cookie": (
        request("GET /", f"{SECURE}Cookie: sessionid=\x7f;;=;a=\r\n"),
        {200, 302, 400},
    ),
    "a form without its boundary": (
        request(f"POST {SIGN_IN}", f"{SECURE}Content-Type: multipart/form-data\r\n", "--x"),
        {400, 403},
    ),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {0, 400}),
}


@pytest.fixture(scope="module")
def port(
    compose: dict, migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """The port of a web server, started as in the container."""
    number, log = free_port(), tmp_path_factory.mktemp("raw") / "web.log"
    words = compose["services"]["web"]["command"]
    health = ["python", "tools/healthcheck.py", str(number)]
    collected = run(["python", "manage.py", "collectstatic", "--noinput"], migrated)
    assert collected.returncode == 0, collected.stderr
    command = [str(number) if word == "8000" else word for word in words]
    with started(command, migrated, log) as web:
        wait_until(lambda: run(health, migrated).returncode == 0, web, log)
        yield number
        assert web.poll() is None
        assert run(health, migrated).returncode == 0
        assert "Application callable raised" not in log.read_text()


def status_of(port: int, raw: bytes) -> int:
    """Send bytes; return the status of the answer, 0 if the connection was closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        try:
            connection.sendall(raw)
            answer = b""
            while b"\r\n" not in answer:
                part = connection.recv(4096)
                if not part:
                    break
                answer += part
        except ConnectionError:
            return 0
    found = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    return int(found[1]) if found else 0


def test_a_raw_request_is_answered_and_harms_nothing(port: int) -> None:
    answered = {what: status_of(port, raw) for what, (raw, _) in RAW.items()}

    wrong = [what for what, status in answered.items() if status not in RAW[what][1]]
    assert [f"{what}: {answered[what]}" for what in wrong] == []
