"""`make test` fails when any of its runs does, and says so last."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = """
[pytest]
markers =
    campaign
    e2e
    once
    services
"""
TESTS = """
import os
import pytest

def test_database():
    kind = "SQLite" if os.environ["DATABASE_URL"].startswith("sqlite") else "PostgreSQL"
    assert kind not in os.environ["BREAK"]

@pytest.mark.services
def test_services():
    assert os.environ["REDIS_URL"] == "redis://here"

@pytest.mark.once
def test_once():
    assert os.environ["DATABASE_URL"].startswith("sqlite")

@pytest.mark.e2e
def test_browser():
    assert "Browser" not in os.environ["BREAK"]
    assert os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] == "1"
    assert os.environ["CHROMIUM"] == os.environ["EXPECTED_CHROMIUM"]

@pytest.mark.campaign
def test_campaign():
    assert "campaign" not in os.environ["BREAK"]
"""
LOOK = """
import os
import pytest

@pytest.mark.e2e
def test_look():
    assert "Look" not in os.environ["BREAK"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with the real tools and one test of each kind."""
    (tmp_path / "tools").mkdir()
    for tool in ("run_tests.py", "find_chromium.py"):
        shutil.copy(ROOT / "tools" / tool, tmp_path / "tools")
    (tmp_path / "pytest.ini").write_text(CONFIGURATION)
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "tests" / "look").mkdir(parents=True)
    (tmp_path / "tests" / "look" / "test_look.py").write_text(LOOK)
    return tmp_path


def run_tests(
    project: Path, *arguments: str, breaking: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    browser = shutil.which("true")
    env = os.environ | {
        "BREAK": breaking,
        "CHROMIUM": str(browser),
        "EXPECTED_CHROMIUM": str(browser),
        "DATABASE_URL": "postgresql://here",
        "REDIS_URL": "redis://here",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        **variables,
    }
    command = [sys.executable, project / "tools" / "run_tests.py", *arguments]
    return subprocess.run(
        command, cwd=project, env=env, capture_output=True, text=True, check=False
    )


def test_everything_passes(project: Path) -> None:
    result = run_tests(project)

    summary = result.stdout.partition("##### Summary\n")[2].splitlines()
    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted(summary[::2]) == [
        "Browser: passed",
        "Look: passed",
        "PostgreSQL: passed",
        "SQLite: passed",
    ]
    assert ["1 passed" in line or "2 passed" in line for line in summary[1::2]] == [True] * 4


@pytest.mark.parametrize("breaking", ["SQLite", "PostgreSQL", "Browser", "Look"])
def test_one_failing_run_fails_the_whole(project: Path, breaking: str) -> None:
    result = run_tests(project, breaking=breaking)

    last = result.stdout.splitlines()[-2:]
    assert result.returncode == 1
    assert last[0] == f"{breaking}: FAILED (exit status 1)"
    assert "1 failed" in last[1]


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_missing_service_is_a_failure(project: Path, name: str) -> None:
    result = run_tests(project, **{name: ""})

    assert result.returncode == 1
    assert result.stderr == f"{name} not set; run this through tools/with_services.py\n"


def test_a_missing_browser_is_a_failure(project: Path) -> None:
    result = run_tests(project, CHROMIUM="/nowhere/chromium")

    assert result.returncode == 1
    assert result.stderr.startswith("No Chromium for the browser tests. Install one")


def test_the_campaign_runs_what_every_day_leaves_out(project: Path) -> None:
    daily = run_tests(project, breaking="campaign")
    campaign = run_tests(project, "--campaign", breaking="campaign")

    last = campaign.stdout.splitlines()[-4::2]
    assert daily.returncode == 0, daily.stdout
    assert sorted(last) == ["PostgreSQL: FAILED (exit status 1)", "SQLite: FAILED (exit status 1)"]
