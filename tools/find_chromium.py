"""Print the path of a Chromium for the browser tests, installing one where that is possible.

Looks at CHROMIUM, then for the usual names on PATH, then for Playwright's own download. Where none
is found and this is root on a system with apt-get, installs the system's package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
MAC_APPLICATIONS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
PLAYWRIGHT_DOWNLOADS = (
    Path.home() / ".cache" / "ms-playwright",
    Path.home() / "Library" / "Caches" / "ms-playwright",
)
HOW_TO = (
    "No Chromium for the browser tests. Install one (Debian: apt-get install chromium; anywhere:"
    " .venv/bin/playwright install chromium) or name it: CHROMIUM=/path/to/chromium make test"
)


def candidates() -> list[Path]:
    on_path = [Path(found) for name in NAMES if (found := shutil.which(name))]
    downloads = [
        binary
        for folder in PLAYWRIGHT_DOWNLOADS
        for pattern in ("chromium-*/chrome-*/chrome", "chromium-*/chrome-*/*.app/Contents/MacOS/*")
        for binary in sorted(folder.glob(pattern), reverse=True)
    ]
    return [*on_path, *MAC_APPLICATIONS, *downloads]


def starts(binary: Path) -> bool:
    """Say whether it runs: on Ubuntu `chromium` may be a stub that only names a snap."""
    try:
        asked = subprocess.run(
            [binary, "--version"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def find() -> Path | None:
    if named := os.environ.get("CHROMIUM"):
        return Path(named) if starts(Path(named)) else None
    return next((binary for binary in candidates() if starts(binary)), None)


def install() -> None:
    print("Installing Chromium with apt-get (once)", file=sys.stderr, flush=True)
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = ("chromium", "fonts-dejavu-core")
    for command in (
        ("apt-get", "update", "-qq"),
        ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages),
    ):
        subprocess.run(
            command, env=quietly, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
        )


def main() -> int:
    binary = find()
    may_install = os.geteuid() == 0 and shutil.which("apt-get") and "CHROMIUM" not in os.environ
    if binary is None and may_install:
        install()
        binary = find()
    if binary is None:
        print(HOW_TO, file=sys.stderr)
        return 1
    print(binary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
