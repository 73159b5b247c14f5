"""Each import contract is seen to fail: a contract nobody has seen fail is a hope.

All breaches are planted into one copy of the tree and linted once; each test looks for its own.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("assignments", "courses", "grading", "presentations", "seminar")

APPS = "Apps point one way"
INSIDE = "Inside an app, edges point at decisions"
EDGES = "Edges are private"
RULES = "Rules are pure"
CELERY = "Celery only in tasks"
SETTINGS = "Settings come from django.conf, the environment only into settings"


# What is planted: into which module, which import, against which contract.
BREACHES = [
    ("courses.queries", "grading.models", APPS),
    ("presentations.queries", "assignments.models", APPS),
    ("assignments.queries", "presentations.models", APPS),
    ("seminar.lib.clock", "courses.models", APPS),
    ("seminar.accounts.queries", "seminar.desk.queries", APPS),
    ("courses.actions", "seminar.urls", APPS),
    ("courses.actions", "courses.forms", INSIDE),
    ("courses.models", "courses.queries", INSIDE),
    ("grading.admin", "grading.views", INSIDE),
    ("grading.queries", "courses.views", EDGES),
    ("seminar.desk.actions", "presentations.tasks", EDGES),
    ("courses.rules", "courses.models", RULES),
    ("grading.rules", "courses.queries", RULES),
    ("seminar.desk.rules", "seminar.lib.clock", RULES),
    ("assignments.actions", "celery", CELERY),
    ("seminar.notifications.actions", "celery", CELERY),
    ("courses.views", "celery", CELERY),
    ("courses.queries", "seminar.settings.base", SETTINGS),
    ("seminar.lib.clock", "environ", SETTINGS),
]


def copy_of_the_tree(folder: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def file_of(tree: Path, module: str) -> Path:
    """Return the file of `module`, made if the tree has not grown that far."""
    path = tree / module.replace(".", "/")
    target = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    target.touch()
    return target


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def broken_contracts(output: str) -> dict[str, str]:
    """Return what lint-imports says about each broken contract, by its name."""
    details = output.partition("Broken contracts\n")[2]
    parts = re.split(r"^(.+)\n-+\n", details, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    tree = copy_of_the_tree(tmp_path_factory.mktemp("spoilt"))
    for module, imported, _ in BREACHES:
        if imported.partition(".")[0] in PACKAGES:
            file_of(tree, imported)
        target = file_of(tree, module)
        target.write_text(f"{target.read_text()}\nimport {imported}\n")
    return broken_contracts(lint_imports(tree).stdout)


def test_the_tree_keeps_every_contract(tmp_path: Path) -> None:
    result = lint_imports(copy_of_the_tree(tmp_path))

    assert (result.returncode, broken_contracts(result.stdout)) == (0, {})


@pytest.mark.parametrize(("module", "imported", "contract"), BREACHES)
def test_a_planted_import_breaks_its_contract(
    complaints: dict[str, str], module: str, imported: str, contract: str
) -> None:
    assert re.search(rf"{re.escape(module)} -> {re.escape(imported)} \(l\.", complaints[contract])


@pytest.mark.parametrize("module", ["grading.utils", "seminar.desk.helpers", "courses.signals"])
def test_an_unlisted_module_breaks_the_layout(tmp_path: Path, module: str) -> None:
    tree = copy_of_the_tree(tmp_path)
    file_of(tree, module)

    complaints = broken_contracts(lint_imports(tree).stdout)

    assert f"- {module}\n" in complaints[INSIDE]
