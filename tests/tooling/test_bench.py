"""`make bench` in the small: every benchmark runs, and prints whole lines of JSON. No times."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

MANY_PAGES = 40
MOST_QUERIES = 12

pytestmark = [pytest.mark.services, pytest.mark.campaign, pytest.mark.timeout(1800)]


def lines_of(*arguments: str) -> list[dict[str, object]]:
    """Run benchmarks on the databases of the run this test is part of; return what they print."""
    command = [sys.executable, "-m", "tools.bench", "--forgetful", *arguments]
    result = subprocess.run(
        command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("name", ["rush", "rush_sqlite"])
def test_bench_rush_checks_its_history(name: str) -> None:
    settings, paced, history, full_speed = lines_of(name, "--n", "3")

    assert settings["name"] == "settings"
    assert [line["name"] for line in (paced, history, full_speed)] == [
        name,
        f"{name}_history",
        f"{name}_full_speed",
    ]
    assert {"n", "p50_ms", "p95_ms", "max_ms"} <= paced.keys()
    assert {"per_s", "limit", "limit_per_s", "times_limit"} <= full_speed.keys()
    assert history["numbers_1_to_n"] is True
    assert history["replays_alike"] is True


def test_bench_results_come_to_the_totals_of_the_aggregate() -> None:
    _settings, totals, standings = lines_of("results", "--n", "4")

    assert [totals["name"], standings["name"]] == ["results_totals", "results_standings"]
    assert totals["same_totals"] is standings["same_totals"] is True
    assert {"seconds", "limit_seconds", "times_limit", "limit"} <= standings.keys()


def test_bench_pages_opens_every_page_in_both_sizes() -> None:
    _settings, *pages, together = lines_of("pages", "--n", "1")

    assert together["name"] == "pages_all"
    assert together["pages"] == len(pages) >= MANY_PAGES
    assert together["dependent_on_rows"] == 0
    assert [line["page"] for line in pages if line["queries_grown"] > MOST_QUERIES] == []
    opened = {(line["page"], line["visitor"]) for line in pages}
    assert len(opened) == len(pages)
    assert {("desk:about", "student"), ("desk:course_home", "instructor")} <= opened
    assert {("courses:join", "newcomer"), ("desk:new_course", "creator")} <= opened
    assert {line["failed"] for line in pages} == {0}


def test_bench_start_measures_what_make_run_starts() -> None:
    _settings, line = lines_of("start", "--n", "1")

    assert line["name"] == "start"
    assert line["command"] in {"make run", "tools/up.py"}
    assert {"first_seconds", "seconds", "limit", "limit_seconds", "times_limit"} <= line.keys()


def test_bench_refuses_a_name_it_does_not_know() -> None:
    command = [sys.executable, "-m", "tools.bench", "speed"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 2
    assert "no such benchmark: speed" in result.stderr
