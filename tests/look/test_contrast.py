"""The colours of static/css/app.css: every pair that is used can be read, in both themes."""

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = Path(settings.BASE_DIR, "static", "css")
TEXT = 4.5
GRAPHIC = 3.0

PAIRS = [
    *[
        (text, ground, TEXT)
        for text in ("ink", "muted", "accent")
        for ground in ("bg", "surface", "sunk")
    ],
    *[
        (tone, ground, TEXT)
        for tone in ("ok", "warn", "bad")
        for ground in ("bg", "surface", f"{tone}-bg")
    ],
    ("info", "info-bg", TEXT),
    ("muted", "neutral-bg", TEXT),
    *[("ink", f"{tone}-bg", TEXT) for tone in ("ok", "warn", "bad", "info", "neutral")],
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("accent", "info-bg", TEXT),
    *[
        (edge, ground, GRAPHIC)
        for edge in ("control", "focus")
        for ground in ("bg", "surface", "sunk")
    ],
    ("control", "neutral-bg", GRAPHIC),
    ("bar", "neutral-bg", GRAPHIC),
    ("bar-open", "neutral-bg", GRAPHIC),
    ("surface", "bar", GRAPHIC),  # the pale edge that sets the pass mark off from the bar
]


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6});", block))


def block_after(css: str, selector: str) -> str:
    start = css.index(selector) + len(selector)
    return css[start : css.index("}", start)]


def themes() -> dict[str, dict[str, str]]:
    css = (CSS / "app.css").read_text()
    css = css[css.index("@layer tokens {") :]
    return {
        "light": colours(block_after(css, ":root {")),
        "dark": colours(block_after(css, ':root[data-theme="dark"] {')),
        "dark by system": colours(block_after(css, ':root:not([data-theme="light"]) {')),
    }


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_of_black_and_white_is_known() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_pair_can_be_read(theme: str, front: str, back: str, least: float) -> None:
    tokens = themes()[theme]
    assert contrast(tokens[front], tokens[back]) >= least


def test_dark_is_the_same_by_choice_and_by_system() -> None:
    assert themes()["dark"] == themes()["dark by system"]


def test_a_theme_changes_colours_and_nothing_else() -> None:
    """tests/axe.py relies on it: names, sizes and order need to be checked in one theme only."""
    css = re.sub(r"/\*.*?\*/", "", (CSS / "app.css").read_text(), flags=re.DOTALL)
    dark = [':root[data-theme="dark"] {', ':root:not([data-theme="light"]) {']
    for block in dark:
        lines = [line.strip() for line in block_after(css, block).splitlines() if line.strip()]
        others = [line for line in lines if not re.fullmatch(r"--[a-z-]+: #[0-9a-f]{6};", line)]
        assert others == ["color-scheme: dark;"]
    assert css.count("prefers-color-scheme") == 1
    assert css.count("data-theme") == len(dark)


def test_both_themes_name_the_same_colours() -> None:
    assert themes()["light"].keys() == themes()["dark"].keys()


def test_admin_uses_our_colours() -> None:
    """Two shades exist for the admin alone: its red button has a hover colour."""
    ours = {value for tokens in themes().values() for value in tokens.values()}
    theirs = set(re.findall(r"#[0-9a-f]{6}", (CSS / "admin.css").read_text()))
    assert theirs - ours == {"#7c1812", "#ffc4bd"}


def test_admin_dark_is_the_same_by_choice_and_by_system() -> None:
    css = (CSS / "admin.css").read_text()
    by_system = colours(block_after(css[css.index("@media") :], ":root {"))
    assert colours(block_after(css, 'html[data-theme="dark"] {')) == by_system
