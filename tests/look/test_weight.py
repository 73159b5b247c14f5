"""What a page costs: the style sheet and the scripts stay small, and nothing comes from elsewhere."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings

STATIC = Path(settings.BASE_DIR, "static")
TEMPLATES = Path(settings.BASE_DIR, "templates")
KIB = 1024


def compressed(*files: Path) -> int:
    return sum(len(gzip.compress(file.read_bytes(), 9, mtime=0)) for file in files)


def test_style_sheet_stays_within_10_kib() -> None:
    assert compressed(STATIC / "css" / "app.css") <= 10 * KIB


@pytest.mark.parametrize("page_script", ["autosave", "rank", "grading", "attendance"])
def test_scripts_of_a_page_stay_within_8_kib(page_script: str) -> None:
    assert compressed(STATIC / "js" / "app.js", STATIC / "js" / f"{page_script}.js") <= 8 * KIB


def test_style_sheets_fetch_nothing() -> None:
    for sheet in (STATIC / "css").glob("*.css"):
        assert re.findall(r"@import|url\(", sheet.read_text()) == [], sheet.name


def test_scripts_need_no_eval() -> None:
    for script in (STATIC / "js").glob("*.js"):
        assert re.findall(r"\beval\(|new Function|https?://", script.read_text()) == [], script.name


def pages() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


def test_pages_hold_no_inline_style_or_handler() -> None:
    """The content security policy would drop them silently."""
    found = [
        (page.relative_to(TEMPLATES).as_posix(), hit)
        for page in pages()
        for hit in re.findall(r"<style|\sstyle=|\son[a-z]+=|hx-on", page.read_text())
    ]
    assert found == []


def test_pages_hold_no_inline_script() -> None:
    """A script has an address, or is data that is not run."""
    found = [
        (page.relative_to(TEMPLATES).as_posix(), tag)
        for page in pages()
        for tag in re.findall(r"<script[^>]*>", page.read_text())
        if "src=" not in tag and "application/json" not in tag
    ]
    assert found == []
