"""What the repository promises about itself."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "seminar" / "settings"
READ = re.compile(r"""\benv(?:\.\w+)?\(\s*["']([A-Z_]+)["']""")
# Read by tools/up.py and by docker-compose.yml, not by the settings.
OUTSIDE_SETTINGS = {"HOST", "PORT", "POSTGRES_PASSWORD"}
LOCKS = ["base", "production", "dev"]


def names_in_example() -> list[str]:
    return re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_env_example_names_exactly_what_is_read() -> None:
    sources = [path.read_text() for path in sorted(SETTINGS.glob("*.py"))]
    read = {name for source in sources for name in READ.findall(source)}

    assert set(names_in_example()) == read | OUTSIDE_SETTINGS


def test_env_example_names_each_variable_once() -> None:
    names = names_in_example()

    assert sorted(names) == sorted(set(names))


def test_environment_is_read_in_settings_only() -> None:
    folders = ["assignments", "courses", "grading", "presentations", "seminar"]
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    reads = re.compile(r"os\.environ(?!\.setdefault\(\"DJANGO_SETTINGS_MODULE\")|os\.getenv")

    found = [str(path.relative_to(ROOT)) for path in sources if reads.search(path.read_text())]

    assert found == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_hashes_and_no_address(name: str) -> None:
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()[1:]
    packages = [line for line in lines if not line.startswith("    ")]
    hashes = [line for line in lines if line.startswith("    ")]

    assert all(re.fullmatch(r"[\w.\-\[\], ]+==[\w.+!]+( ; .+)? \\", line) for line in packages)
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes)


def test_locks_belong_to_pyproject() -> None:
    check = [sys.executable, ROOT / "tools" / "lock.py", "--check"]

    result = subprocess.run(check, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout) == (0, "")


def test_smaller_locks_are_parts_of_larger_ones() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        return set(re.findall(r"^(\w[\w.-]*)(?:\[.*\])?(==\S+)", text, re.MULTILINE))

    assert pins("base") <= pins("production") <= pins("dev")


def test_each_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["production"], *extras["dev"]]
    documented = re.findall(
        r"^\| (\w[\w-]*(?:\[.+\])?) \| \S.* \|$",
        (ROOT / "docs" / "dependencies.md").read_text(),
        re.M,
    )

    assert [name for name in documented if name != "package"] == [
        re.split(r"[<>=~]", requirement)[0] for requirement in asked
    ]


def test_licence_is_permissive() -> None:
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)

    result = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert re.findall(r"^make (\S+) +\S", result.stdout, re.MULTILINE) == targets
    assert len(targets) <= 15
