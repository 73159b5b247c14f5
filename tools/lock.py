"""Write requirements/*.txt from pyproject.toml, or check that they still belong to it.

    python tools/lock.py [--upgrade]
    python tools/lock.py --check

Each file is the whole closure of one set with exact versions and hashes, for every platform, and
names no registry: whoever installs decides where from. Its first line holds a hash of the
requirements it was made from, so that the check needs no network.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "requirements"
# Each set contains the ones before it, at the same versions.
SETS: dict[str, tuple[str, ...]] = {
    "base": (),
    "production": ("production",),
    "dev": ("production", "dev"),
}
FIRST_LINE = "# Made by `make lock`. Hash of the requirements in pyproject.toml: {}\n"
COMPILE = (
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"),
    *("--no-header", "--no-annotate", "--no-strip-extras"),
)
ADDRESS = re.compile(r"[a-z]+://|^\s*-", re.MULTILINE)


def first_line(name: str) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [
        project["requires-python"],
        sorted(project["dependencies"]),
        *[sorted(project["optional-dependencies"][extra]) for extra in SETS[name]],
    ]
    return FIRST_LINE.format(hashlib.sha256(json.dumps(asked).encode()).hexdigest())


def compile_set(name: str, *, constraint: Path | None, upgrade: bool) -> None:
    target = FOLDER / f"{name}.txt"
    extras = [word for extra in SETS[name] for word in ("--extra", extra)]
    limits = ["--constraint", str(constraint)] if constraint else []
    more = ["--upgrade"] if upgrade else []
    command = [sys.executable, "-m", *COMPILE, *extras, *limits, *more, "pyproject.toml"]
    subprocess.run([*command, "--output-file", str(target)], cwd=ROOT, check=True)
    target.write_text(first_line(name) + target.read_text())


def faults() -> list[str]:
    found = []
    for name in SETS:
        path = FOLDER / f"{name}.txt"
        if not path.exists():
            found.append(f"{path.relative_to(ROOT)} is missing; run `make lock`")
            continue
        text = path.read_text()
        if not text.startswith(first_line(name)):
            found.append(f"{path.relative_to(ROOT)} is older than pyproject.toml; run `make lock`")
        if ADDRESS.search(text.replace("    --hash=", "    ")):
            found.append(f"{path.relative_to(ROOT)} names an address or an option")
    return found


def main() -> int:
    if "--check" in sys.argv:
        for fault in faults():
            print(fault)
        return 1 if faults() else 0
    constraint = None
    for name in SETS:
        compile_set(name, constraint=constraint, upgrade="--upgrade" in sys.argv)
        constraint = FOLDER / f"{name}.txt"
    return 0


if __name__ == "__main__":
    sys.exit(main())
