"""The style guide in a real browser: axe finds nothing, nothing scrolls sideways, keys work."""

from collections.abc import Callable, Iterator
from pathlib import Path

import django_htmx
import pytest
from django.conf import LazySettings
from django.conf import settings as project
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from tests.axe import faults_of
from tests.look.pages import draw, page_of, style_guide

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SITE = "http://seminar.test"
STATIC = [Path(project.BASE_DIR, "static"), Path(django_htmx.__file__).parent / "static"]
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'"


def static_file(route: Route) -> None:
    name = route.request.url.removeprefix(f"{SITE}/static/")
    found = next(folder / name for folder in STATIC if (folder / name).is_file())
    route.fulfill(body=found.read_bytes(), content_type=TYPES[found.suffix])


@pytest.fixture
def show(browser: Browser, settings: LazySettings) -> Iterator[Callable[..., Page]]:
    """Return a function that opens one drawn page under our content security policy."""
    contexts = []
    wrongs: list[str] = []

    def note(said: ConsoleMessage) -> None:
        # An answer that refuses is also reported as an error of loading; that is not a fault.
        if said.type == "error" and not said.text.startswith("Failed to load resource"):
            wrongs.append(said.text)

    def open_page(html: str, width: int = 1280, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrongs.append(str(error)))
        page.on("console", note)
        page.route(f"{SITE}/static/**", static_file)
        page.route(
            f"{SITE}/page**",
            lambda route: route.fulfill(
                body=html,
                content_type="text/html; charset=utf-8",
                headers={"Content-Security-Policy": POLICY},
            ),
        )
        page.goto(f"{SITE}/page")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrongs == []


def test_style_guide_breaks_no_rule(show: Callable[..., Page]) -> None:
    # axe puts its own script into the page, which our policy rightly refuses.
    assert faults_of(show(style_guide(), bypass_csp=True)) == []


PAGES = ["403.html", "404.html", "500.html", "account/logout.html"]


@pytest.mark.parametrize("template", PAGES)
def test_page_breaks_no_rule(show: Callable[..., Page], template: str) -> None:
    assert faults_of(show(draw(template), bypass_csp=True)) == []


def test_colours_are_switched_and_kept(show: Callable[..., Page]) -> None:
    page = show(style_guide())

    page.get_by_role("button", name="Dark").click()

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.context.cookies()[0]["value"] == "dark"
    assert page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"


def test_error_summary_has_the_focus_and_leads_to_the_field(show: Callable[..., Page]) -> None:
    page = show(style_guide())
    assert page.evaluate("document.activeElement.textContent.trim()") == "There is a problem"

    page.get_by_role("link", name="Write a third strength").click()

    assert page.evaluate("document.activeElement.id") == "id_strength"


def test_form_is_sent_once(show: Callable[..., Page]) -> None:
    page = show(style_guide())
    sent: list[str] = []

    def answer(route: Route) -> None:
        sent.append(route.request.url)
        route.fulfill(status=204)  # the page stays, as it does while a slow answer is awaited

    page.route(f"{SITE}/page**", answer)
    submit = page.locator("#form .btn-primary")  # by place: its words change while it waits
    submit.evaluate(
        "button => { button.form.action = '/page2'; button.form.method = 'post'; button.click(); }"
    )
    page.wait_for_timeout(50)
    submit.evaluate("button => button.form.requestSubmit()")
    page.wait_for_timeout(50)

    assert sent == [f"{SITE}/page2"]
    assert submit.get_attribute("aria-busy") == "true"


def test_account_menu_closes_on_escape(show: Callable[..., Page]) -> None:
    page = show(style_guide())
    menu = page.locator(".topbar .menu")

    menu.locator("summary").click()
    assert menu.get_by_role("link", name="My account").is_visible()
    page.keyboard.press("Escape")

    assert menu.get_attribute("open") is None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_grading_keys_choose_levels_and_can_be_switched_off(show: Callable[..., Page]) -> None:
    page = show(page_of("desk/_guide_grading.html", scripts=("grading",), keys_open=False))
    chosen = "document.querySelector('[name=row-1]:checked').value"
    page.locator("body").click(position={"x": 2, "y": 300})

    page.keyboard.press("1")
    assert page.evaluate(chosen) == "4"
    page.keyboard.press("z")
    assert page.evaluate(chosen) == "3"

    page.keyboard.press("?")
    page.get_by_label("Use single keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    assert page.evaluate(chosen) == "3"


WRITING = """
<form data-autosave-url="/save" data-autosave-owner="D1" data-autosave-delay="50">
  <input type="hidden" name="csrfmiddlewaretoken" value="t">
  <div class="field"><label for="a">Summary</label>
  <textarea id="a" name="summary" data-autosave data-version="{version}">{text}</textarea></div>
</form>
"""


def writing(text: str = "first", version: int = 1) -> str:
    parts = ("components/savestate.html", "components/conflict.html")
    frame = page_of(*parts, scripts=("autosave",))
    return frame.replace("</main>", WRITING.format(text=text, version=version) + "</main>", 1)


def answer_saves(page: Page, *answers: tuple[int, str]) -> list[str | None]:
    """Answer one save after the other; the last answer is repeated."""
    bodies: list[str | None] = []

    def answer(route: Route) -> None:
        status, body = answers[min(len(bodies), len(answers) - 1)]
        bodies.append(route.request.post_data)
        if status:
            route.fulfill(status=status, body=body, content_type="application/json")
        else:
            route.abort()

    page.route(f"{SITE}/save", answer)
    return bodies


def copies(page: Page) -> int:
    return page.evaluate("localStorage.length")


def test_autosave_sends_the_version_and_drops_its_copy_when_acknowledged(
    show: Callable[..., Page],
) -> None:
    page = show(writing())
    bodies = answer_saves(page, (200, '{"version": 2, "saved": "All changes saved 14:03"}'))

    page.get_by_label("Summary").fill("second")

    expect(page.locator("[data-savestate]")).to_have_text("All changes saved 14:03")
    assert bodies == ["field=summary&text=second&version=1"]
    assert copies(page) == 0
    assert page.get_by_label("Summary").get_attribute("data-version") == "2"


def test_autosave_keeps_the_text_when_the_network_is_gone(show: Callable[..., Page]) -> None:
    page = show(writing())
    failed = answer_saves(page, (500, "{}"), (200, '{"version": 2, "saved": "saved again"}'))

    page.get_by_label("Summary").evaluate(
        "box => { box.value = 'second'; box.dispatchEvent(new Event('input', {bubbles: true})); }"
    )

    page.wait_for_selector("[data-savestate][data-state=kept]")
    assert copies(page) == 1
    page.wait_for_selector("[data-savestate][data-state=saved]", timeout=5000)
    assert len(failed) == 2
    assert copies(page) == 0


def test_autosave_brings_back_a_copy_after_the_tab_was_closed(show: Callable[..., Page]) -> None:
    page = show(writing())
    answer_saves(page, (422, '{"message": "Not now"}'))
    page.get_by_label("Summary").fill("second")
    page.wait_for_selector("[data-savestate][data-state=kept]")

    page.reload()

    assert page.get_by_label("Summary").input_value() == "second"


def test_autosave_keeps_its_copy_of_what_was_refused(show: Callable[..., Page]) -> None:
    page = show(writing())
    answer_saves(page, (422, '{"message": "Not now"}'))
    page.get_by_label("Summary").fill("second")
    page.wait_for_selector("[data-savestate][data-state=kept]")
    summary = '<div id="error-summary"></div>'
    refused = writing("second").replace("<form data-autosave", summary + "<form data-autosave", 1)
    page.route(
        f"{SITE}/page**",
        lambda route: route.fulfill(body=refused, content_type="text/html; charset=utf-8"),
    )

    page.reload()

    assert page.get_by_label("Summary").input_value() == "second"
    assert copies(page) == 1


def closed(text: str) -> str:
    """The same form after the deadline: it has no address to save to."""
    html = writing(text).replace('data-autosave-url="/save" ', "")
    html = html.replace(
        "<form data-autosave", "<p hidden data-kept-owner='D1'>Kept</p><form data-autosave", 1
    )
    return html.replace("</main>", draw("components/kept.html") + "</main>", 1)


def test_autosave_offers_text_that_never_arrived_once_the_form_is_closed(
    show: Callable[..., Page],
) -> None:
    page = show(writing())
    answer_saves(page, (409, '{"code": "closed", "message": "The deadline was yesterday."}'))
    page.get_by_label("Summary").fill("typed in the train")
    page.wait_for_selector("[data-savestate][data-state=kept]")

    after = {"body": closed("first"), "content_type": "text/html; charset=utf-8"}
    page.route(f"{SITE}/page**", lambda route: route.fulfill(**after))
    page.reload()

    kept = page.get_by_label("Text that was not saved", exact=True)
    assert kept.input_value() == "typed in the train"
    expect(page.get_by_text("Kept", exact=True)).to_be_visible()
    assert page.get_by_label("Summary").input_value() == "first"
    page.get_by_role("button", name="Remove it from this device").click()
    assert (kept.count(), copies(page)) == (0, 0)


@pytest.mark.parametrize(
    ("choice", "text"),
    [("Keep mine", "mine"), ("Use the other one", "theirs"), ("Keep both", "mine\n\ntheirs")],
)
def test_autosave_lets_the_person_settle_a_conflict(
    show: Callable[..., Page], choice: str, text: str
) -> None:
    page = show(writing())
    bodies = answer_saves(
        page,
        (409, '{"version": 7, "text": "theirs"}'),
        (200, '{"version": 8, "saved": "All changes saved"}'),
    )
    page.get_by_label("Summary").fill("mine")
    panel = page.locator("form[data-autosave-url] .conflict")
    panel.get_by_role("button", name=choice).wait_for()
    assert len(bodies) == 1  # nothing is sent while the choice is open

    panel.get_by_role("button", name=choice).click()

    page.wait_for_selector("[data-savestate][data-state=saved]")
    assert page.get_by_label("Summary").input_value() == text
    assert copies(page) == 0
    if text != "theirs":
        assert (bodies[1] or "").endswith("version=7")
