"""Production settings: complete, clean under ``check --deploy``, and unsafe values refused by name."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seminar.lib.logs import OneLine

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
HOST = "seminar.example.org"
COMPLETE = {
    "SECRET_KEY": "3kq-" + "zAq7Bw2Xc9Ve4Rt6Yh1Nj8Mk5Lp0Oi3Uu7Gf2Dd9Ss4" * 2,
    "ALLOWED_HOSTS": HOST,
    "SITE_URL": f"https://{HOST}",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.org:587",
}
SHOWN = """
import json, django
from django.conf import settings
django.setup()
names = '''SESSION_COOKIE_NAME SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SAMESITE
SESSION_COOKIE_DOMAIN SESSION_COOKIE_PATH CSRF_COOKIE_NAME CSRF_COOKIE_SECURE CSRF_COOKIE_HTTPONLY
CSRF_COOKIE_SAMESITE CSRF_COOKIE_DOMAIN CSRF_COOKIE_PATH STAFF_SECOND_FACTOR DEBUG DEMO MAILBOX
CLOCK_OFFSET_FILE SECURE_HSTS_SECONDS MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN'''.split()
print(json.dumps({name: getattr(settings, name, None) for name in names}))
"""


def run(*command: str, **changed: str | None) -> subprocess.CompletedProcess[str]:
    """Run Python with production settings and nothing of this environment but what is said."""
    told = {**COMPLETE, "DJANGO_SETTINGS_MODULE": "seminar.settings.production"}
    told |= {"PATH": os.environ["PATH"]} | {k: v for k, v in changed.items() if v is not None}
    for name in (name for name, value in changed.items() if value is None):
        told[name] = ""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, *command], cwd=ROOT, env=told, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_check_deploy_finds_nothing(tmp_path: Path) -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "INFO", VAR_DIR=str(tmp_path))

    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_cookies_belong_to_this_host_alone_and_nothing_of_the_demo_is_on(tmp_path: Path) -> None:
    """``__Host-`` asks for Secure, the path / and no domain; browsers drop the cookie otherwise."""
    done = run("-c", SHOWN, VAR_DIR=str(tmp_path))

    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "SESSION_COOKIE_NAME": "__Host-session",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_DOMAIN": None,
        "SESSION_COOKIE_PATH": "/",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_DOMAIN": None,
        "CSRF_COOKIE_PATH": "/",
        "STAFF_SECOND_FACTOR": True,
        "DEBUG": False,
        "DEMO": False,
        "MAILBOX": False,
        "CLOCK_OFFSET_FILE": None,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": None,
    }


UNSAFE: dict[str, list[str | None]] = {
    "SECRET_KEY": [None, "short", "a" * 60, "django-insecure-" + "abcdefgh" * 8],
    "ALLOWED_HOSTS": [None, "*", f"{HOST},*", f".{HOST}", f"*.{HOST}"],
    "SITE_URL": [None, f"http://{HOST}", "https://elsewhere.example.org"],
    "DATABASE_URL": [None],
    "REDIS_URL": [None],
    "EMAIL_URL": [None, "consolemail://", "dummymail://", "filemail:///tmp/mails"],
    "TRUSTED_PROXY_COUNT": ["0"],
    "CSRF_TRUSTED_ORIGINS": [f"http://{HOST}", "https://*.example.org"],
    "STAFF_SECOND_FACTOR": ["false"],
    "DEBUG": ["true"],
    "DEMO": ["true"],
}
REFUSE = """
import importlib, json, os, sys
from django.core.exceptions import ImproperlyConfigured
complete = dict(os.environ)
for name, value in json.loads(sys.argv[1]):
    os.environ.clear(); os.environ.update(complete)
    if value is None: os.environ.pop(name, None)
    else: os.environ[name] = value
    for module in [name for name in sys.modules if name.startswith('seminar.settings')]:
        del sys.modules[module]
    try: importlib.import_module('seminar.settings.production')
    except ImproperlyConfigured as refusal: print(json.dumps(str(refusal)))
    else: print(json.dumps('accepted'))
"""


def test_unsafe_values_are_refused_by_name(tmp_path: Path) -> None:
    cases = [(name, value) for name, values in UNSAFE.items() for value in values]

    done = run("-c", REFUSE, json.dumps(cases), VAR_DIR=str(tmp_path))

    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(cases)
    for (name, value), answer in zip(cases, answers, strict=True):
        assert answer.startswith("Unsafe production settings:"), (name, value, answer)
        assert f"\n  {name}: " in answer, (name, value, answer)


def test_all_that_is_unsafe_is_said_at_once() -> None:
    done = run("manage.py", "check", SECRET_KEY="short", DEBUG="true", ALLOWED_HOSTS="*")

    assert done.returncode != 0
    for name in ("SECRET_KEY", "DEBUG", "ALLOWED_HOSTS"):
        assert f"{name}: " in done.stderr
    assert "short" not in done.stderr  # the value itself stays out of the log


# --- the log -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Eve\r\n2026-01-01 ERROR seminar All grades deleted",
        "Eve\x1b[2J\x1b[31mroot",
        "Eve\u2028second line\u2029third\x85fourth\x0bfifth\x0csixth",
        "Eve\u202eevil",
        'Eve", "level": "CRITICAL',
        "Eve\x00\x7f\x9b31m",
        "Eve \ud800",
    ],
)
def test_a_name_forges_no_line_of_the_log(name: str) -> None:
    record = logging.LogRecord("seminar", logging.WARNING, "x.py", 1, "%s failed", (name,), None)

    line = OneLine().format(record)

    assert line.isascii()
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    facts = json.loads(line)
    assert (facts["message"], facts["level"]) == (f"{name} failed", "WARNING")


def test_a_traceback_is_one_line_too() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        record = logging.getLogger("seminar").makeRecord(
            "seminar", logging.ERROR, "x.py", 1, "broken", (), sys.exc_info()
        )

    line = OneLine().format(record)

    assert len(line.splitlines()) == 1
    assert "ValueError: first\nsecond" in json.loads(line)["exception"]


def test_production_logs_in_that_form(tmp_path: Path) -> None:
    code = (
        "import django, logging; django.setup();"
        "logging.getLogger('seminar.x').warning('Name: %s', 'Eve\\r\\nERROR forged')"
    )

    done = run("-c", code, VAR_DIR=str(tmp_path))

    (line,) = done.stderr.splitlines()
    assert json.loads(line)["message"] == "Name: Eve\r\nERROR forged"
