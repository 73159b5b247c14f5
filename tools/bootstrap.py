"""Make .venv hold exactly what a lock file says; do nothing when it already does.

    python3 tools/bootstrap.py base|dev

Runs under the system's Python and needs nothing but its standard library. The stamp in .venv is
the hash of the lock that was installed last, so that a changed lock is installed again and an
unchanged one costs nothing. The dev lock contains the base lock: a machine prepared for tests is
prepared to run.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)


def digest(name: str) -> str:
    return hashlib.sha256((ROOT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()


def stamp(name: str) -> Path:
    return VENV / f".installed-{name}"


def is_installed(name: str) -> bool:
    if not works():
        return False
    return any(
        stamp(each).exists() and stamp(each).read_text() == digest(each) for each in {name, "dev"}
    )


def works() -> bool:
    """Say whether .venv has a Python that starts: the one it was made from may be gone."""
    if not PYTHON.exists():
        return False
    version = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    return subprocess.run([PYTHON, "-c", version], check=False).returncode == 0


def create() -> None:
    if VENV.exists():
        shutil.rmtree(VENV)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], check=False)
    if made.returncode != 0:
        sys.exit(
            "This Python cannot make virtual environments. On Debian and Ubuntu:\n"
            "    apt-get install python3-venv"
        )


def install(name: str) -> None:
    lock = ROOT / "requirements" / f"{name}.txt"
    count = lock.read_text().count("==")
    print(f"Installing {count} packages from {lock.relative_to(ROOT)} (once)", flush=True)
    for old in VENV.glob(".installed-*"):  # half an installation must not pass for a whole one
        old.unlink()
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    pip = [str(PYTHON), "-m", "pip", "install", *quiet, "--prefer-binary", "--require-hashes"]
    done = subprocess.run([*pip, "-r", str(lock)], check=False)
    if done.returncode != 0:
        sys.exit("Installation failed; the lines above say why. The same command tries again.")
    stamp(name).write_text(digest(name))


def main() -> None:
    name = sys.argv[1]
    if is_installed(name):
        return
    if sys.version_info < OLDEST:
        sys.exit(f"Seminar needs Python 3.11 or later; this is {sys.version.split()[0]}.")
    if not works():
        create()
    install(name)


if __name__ == "__main__":
    main()
