"""The container files start what they say: each service's own command, on real services.

No container engine is needed: the commands of docker-compose.yml and of the Dockerfile run here, with
production settings and the variables the file gives them, against the test services' PostgreSQL and
Redis in place of the file's own.
"""

import http.client
import re
import shlex
import socket
import sys
from pathlib import Path

import pytest
import yaml

from tests.tooling.containers import (
    HOST,
    ROOT,
    compose,
    dockerfile,
    free_port,
    image_environment,
    migrated,
    run,
    started,
    surroundings,
    wait_until,
)

__all__ = ["compose", "dockerfile", "migrated", "surroundings"]


def test_compose_has_every_process(compose: dict) -> None:
    assert sorted(compose["services"]) == ["beat", "migrate", "postgres", "redis", "web", "worker"]


def test_compose_starts_processes_after_migration(compose: dict) -> None:
    services = compose["services"]
    conditions = {
        name: {other: rule["condition"] for other, rule in services[name]["depends_on"].items()}
        for name in ("web", "worker", "beat")
    }

    expected = {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }
    assert conditions == {"web": expected, "worker": expected, "beat": expected}


def test_compose_publishes_web_on_this_machine_only(compose: dict) -> None:
    published = {
        name: service["ports"]
        for name, service in compose["services"].items()
        if "ports" in service
    }

    assert published == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}


def test_compose_declares_the_volumes_it_mounts(compose: dict) -> None:
    mounted = {
        volume.partition(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    }

    assert mounted == set(compose["volumes"])


def test_compose_asks_for_what_the_example_documents(compose: dict) -> None:
    asked = set(re.findall(r"\$\{(\w+)", yaml.safe_dump(compose)))
    documented = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert asked <= documented


def test_image_runs_web_by_default_and_as_nobody_special(compose: dict, dockerfile: str) -> None:
    default = re.search(r"^CMD (.+)$", dockerfile, re.MULTILINE)
    users = re.findall(r"^USER (\w+)$", dockerfile, re.MULTILINE)

    assert default
    assert yaml.safe_load(default.group(1)) == compose["services"]["web"]["command"]
    assert users == ["seminar"]


def test_image_copies_what_exists(dockerfile: str) -> None:
    copied = re.findall(r"^COPY (?!--)(\S+) ", dockerfile, re.MULTILINE)

    assert [path for path in copied if not (ROOT / path).exists()] == []


def test_image_collects_static_files(dockerfile: str, tmp_path: Path) -> None:
    step = re.search(r"^RUN (SECRET_KEY=.+manage\.py collectstatic.+)$", dockerfile, re.MULTILINE)
    assert step
    env = image_environment(dockerfile) | {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "VAR_DIR": str(tmp_path),
    }

    result = run(["/bin/sh", "-c", step.group(1)], env)

    assert result.returncode == 0, result.stderr
    assert (tmp_path / "static" / "staticfiles.json").exists()


@pytest.mark.services
def test_migrate_leaves_nothing_to_migrate(migrated: dict[str, str]) -> None:
    result = run(["python", "manage.py", "migrate", "--check"], migrated)

    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.services
def test_web_answers(compose: dict, migrated: dict[str, str], tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "web.log"
    command = [
        str(port) if word == "8000" else word for word in compose["services"]["web"]["command"]
    ]
    health = ["python", "tools/healthcheck.py", str(port)]

    with started(command, migrated, log) as web:
        wait_until(lambda: run(health, migrated).returncode == 0, web, log)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/readyz", headers={"Host": HOST})
        ready = connection.getresponse()
        ready.read()
        connection.request("GET", "/", headers={"Host": HOST})
        plain = connection.getresponse()
        connection.close()

    assert ready.status == http.client.OK
    assert (plain.status, plain.headers["Location"]) == (301, f"https://{HOST}/")


@pytest.mark.services
def test_worker_answers_ping_and_beat_feeds_it(
    compose: dict, migrated: dict[str, str], tmp_path: Path
) -> None:
    services, log, ticks = compose["services"], tmp_path / "worker.log", tmp_path / "beat.log"
    name = f"celery@{socket.gethostname()}"
    check = services["worker"]["healthcheck"]["test"]
    ping = shlex.split(check[1].replace("$$HOSTNAME", socket.gethostname()))

    with started(services["worker"]["command"], migrated, log) as worker:
        wait_until(lambda: "ready." in log.read_text(), worker, log)
        answer = run(ping, migrated)
        with started(services["beat"]["command"], migrated, ticks) as beat:
            wait_until(lambda: "notifications.deliver" in log.read_text(), beat, ticks)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"{name}: OK" in re.sub(r"\x1b\[\d*m", "", answer.stdout).replace("->  ", "")
    assert "Received unregistered task" not in log.read_text()
