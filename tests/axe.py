"""axe-core on a page that is open: in both themes, on a small phone and at a desk.

The page is loaded once and axe is put into it once; then the window and the colours are switched.
A theme changes colours and nothing else (tests/look/test_contrast.py sees to it), so what axe reads
of names, roles, order and sizes is the same in light and dark. Hence all rules run in light, at
both widths, and in dark the rules that look at colours.
"""

from functools import cache
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL_RULES = {"type": "tag", "values": TAGS}
RULES_OF_COLOUR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
HEIGHT = 800
# axe runs at the first and the last; the widths between are looked at for overflow alone.
WIDTHS = (320, 390, 1280)
AUDITED = (320, 1280)

BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Only what is broken crosses over; nothing is fetched, and nothing is logged.
# A colour that is still fading after a switch is neither the old one nor the new one.
RUN = """async only => {
  document.getAnimations().forEach(fade => fade.finish());
  const found = await axe.run(document, {
    runOnly: only, resultTypes: ["violations"], preload: false, selectors: false, xpath: false,
  });
  return found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id} ${node.html}`));
}"""


@cache
def script() -> str:
    """Return the source of axe-core as its wheel brings it."""
    return Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")


def faults_of(page: Page, *, themes: tuple[str, ...] = ("light", "dark")) -> list[str]:
    """Return in words what is wrong with the open page, in each theme and at each width."""
    page.evaluate(script())
    faults = []
    for theme in themes:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            if theme == themes[0] and (beyond := page.evaluate(BEYOND)):
                faults.append(f"{beyond} px too wide at {width}")
            if width in AUDITED:
                only = ALL_RULES if theme == themes[0] else RULES_OF_COLOUR
                broken = page.evaluate(RUN, only)
                faults += [f"{rule[:160]} at {width} {theme}" for rule in broken]
    return faults
