"""Ranking papers in a real browser: by keyboard, by touch, without JavaScript, and when things go wrong."""

from datetime import date

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Locator, Page, expect

from courses.models import CoursePolicy, Membership
from presentations.actions import prepare_list, submit_list
from presentations.models import PreferenceList
from presentations.queries import list_of, preferences_of
from presentations.rules import Preferences
from tests.e2e.browser import PHONE, Desk, picture, session_of
from tests.e2e.world import World, berlin, set_clock

DURING = berlin(date(2025, 10, 21), 9, 30)


@pytest.fixture
def ada(world: World) -> Membership:
    """Ada while the round is open; nothing is ranked yet."""
    set_clock(DURING)
    return world.let_in(world.ada, DURING)


@pytest.fixture
def keys(world: World) -> list[str]:
    """The first papers of the round, as the page has them."""
    papers = world.round.papers.order_by("meeting__date", "position")
    return list(papers.values_list("key", flat=True)[:7])


@pytest.fixture
def submitted(world: World, ada: Membership, keys: list[str]) -> Membership:
    """Ada with number 1 and a list of six papers."""
    submit_list(world.round.pk, ada, keys[:6], "", DURING)
    return ada


def stored_list(member: Membership) -> PreferenceList:
    return PreferenceList.objects.get(membership=member)


def stored(world: World, member: Membership) -> Preferences:
    return preferences_of(list_of(world.round, member))


def open_ranking(world: World, page: Page) -> Page:
    page.goto(f"{world.home}preferences/in-class-talks")
    return page


def titles(world: World, keys: list[str]) -> list[str]:
    by_key = dict(world.round.papers.values_list("key", "title"))
    return [by_key[key] for key in keys]


def ranked(page: Page) -> Locator:
    return page.get_by_role("region", name="Ranked by you").locator("[data-rank-item]")


def expect_order(page: Page, keys: list[str]) -> None:
    for place, key in enumerate(keys):
        expect(ranked(page).nth(place)).to_have_attribute("data-rank-item", key)


def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Press Tab until what is called ``name`` has the focus; nothing else touches the page."""
    for _ in range(200):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if (
            page.evaluate("(document.activeElement.ariaLabel || document.activeElement.innerText)")
            == name
        ):
            return
    pytest.fail(f"Tab never reaches {name!r}")


def test_ranking_by_keyboard_alone_keeps_the_focus_and_hears_each_move(
    desk: Desk, world: World, ada: Membership, keys: list[str]
) -> None:
    prepare_list(world.round.pk, ada, keys[:6], 0, "", DURING)
    page = open_ranking(world, desk.seat(world.ada))
    title = titles(world, keys)[2]
    live = page.locator("#live")

    tab_to(page, f"Move {title} up")
    page.keyboard.press("Enter")
    expect(live).to_have_text(f"{title} is now number 2 of 6.")
    expect(page.get_by_role("button", name=f"Move {title} up")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(live).to_have_text(f"{title} is now number 1 of 6.")
    expect(page.get_by_role("button", name=f"Move {title} down")).to_be_focused()
    # Pressed faster than the server answers: each press counts.
    for _ in range(3):
        page.keyboard.press("Alt+ArrowDown")
    expect(live).to_have_text(f"{title} is now number 4 of 6.")
    expect(page.get_by_role("button", name=f"Move {title} down")).to_be_focused()

    tab_to(page, "Submit my list")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are number 1")).to_be_focused()
    tab_to(page, f"Move {title} up")
    page.keyboard.press("Enter")
    expect(live).to_have_text(
        f"{title} is now number 3 of 6. You would get {titles(world, keys)[0]}."
    )
    picture(page, "ranking-keyboard")

    assert stored_list(ada).number == 1
    first, second, moved, fourth, *rest = keys[:6]
    assert stored(world, ada).ranked == (first, second, moved, fourth, *rest)


def touch(page: Page, grip: Locator, target: Locator, *, below: bool) -> None:
    """Drag with a finger from a handle to the upper or lower half of something."""
    finger = page.context.new_cdp_session(page)
    finger.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    grip.scroll_into_view_if_needed()
    start, end = grip.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    x = start["x"] + start["width"] / 2
    stops = [start["y"] + start["height"] / 2, end["y"] + end["height"] * (0.9 if below else 0.1)]
    stops.insert(1, sum(stops) / 2)
    for kind, y in zip(("touchStart", "touchMove", "touchMove"), stops, strict=True):
        send = {"type": kind, "touchPoints": [{"x": x, "y": y}]}
        finger.send("Input.dispatchTouchEvent", send)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_ranking_on_a_phone_by_touch(
    desk: Desk, world: World, submitted: Membership, keys: list[str]
) -> None:
    page = open_ranking(world, desk.seat(world.ada, size=PHONE))
    expect_order(page, keys[:6])
    row = {key: page.locator(f"#paper-{key}") for key in keys}

    touch(page, row[keys[2]].locator("[data-rank-grip]"), row[keys[1]], below=False)
    expect(page.locator("#live")).to_contain_text("is now number 2 of 6. You would get")
    moved = [keys[0], keys[2], keys[1], *keys[3:6]]
    expect_order(page, moved)

    page.locator(f"#unwant-{keys[6]}").click()
    expect(page.get_by_role("region", name="I do not want")).to_contain_text(titles(world, keys)[6])
    page.get_by_label("I cannot present on Mon 10 Nov 2025").check()
    expect(page.get_by_text("you said you cannot be there").first).to_be_visible()
    picture(page, "ranking-phone")

    assert stored(world, submitted) == Preferences(tuple(moved), (keys[6],), ("phases-talks",))
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_ranking_without_javascript_comes_back_at_the_row(
    desk: Desk, world: World, ada: Membership, keys: list[str]
) -> None:
    page = open_ranking(world, desk.seat(world.ada, javascript=False, size=PHONE))
    names = titles(world, keys)
    for name in names[:6]:
        page.get_by_role("button", name=f"Rank {name}").click()
    assert page.url.endswith(f"#paper-{keys[5]}")
    expect(page.get_by_text(f"{names[5]} is now number 6 of 6.")).to_be_attached()
    page.get_by_role("button", name=f"Move {names[5]} up").click()
    page.get_by_text(f"Move to… {names[5]}").click()
    page.get_by_label(f"Position for {names[5]}").fill("1")
    page.get_by_label(f"Position for {names[5]}").press("Enter")
    page.get_by_role("button", name=f"Do not want {names[6]}").click()
    page.get_by_role("button", name="Submit my list").click()
    expect(page.get_by_role("heading", name="You are number 1")).to_be_visible()
    picture(page, "ranking-plain")

    assert stored(world, ada) == Preferences((keys[5], *keys[:5]), (keys[6],))


def test_ranking_while_the_round_closes_shows_the_final_state_in_place(
    desk: Desk, world: World, submitted: Membership, keys: list[str]
) -> None:
    page = open_ranking(world, desk.seat(world.ada))
    set_clock(berlin(date(2025, 10, 24), 18, 0))

    page.locator(f"#up-{keys[1]}").click()

    refusal = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(refusal).to_contain_text("The round closed Fri 24 Oct 2025, 18:00 Berlin time.")
    expect(page.get_by_text("It is final when staff publish it.")).to_be_visible()
    expect(page.get_by_role("button", name="Move")).to_have_count(0)
    picture(page, "ranking-closed")
    assert stored(world, submitted).ranked == tuple(keys[:6])


def test_ranking_in_two_tabs_refuses_the_stale_move_and_offers_it_again(
    desk: Desk, world: World, submitted: Membership, keys: list[str]
) -> None:
    first = open_ranking(world, desk.seat(world.ada))
    second = open_ranking(world, first.context.new_page())
    first.locator(f"#up-{keys[5]}").click()
    expect_order(first, [*keys[:4], keys[5], keys[4]])

    second.locator(f"#up-{keys[1]}").click()

    expect(second.get_by_role("alert").first).to_contain_text("in another window")
    expect_order(second, [*keys[:4], keys[5], keys[4]])
    picture(second, "ranking-stale")
    second.get_by_role("button", name="Make my last move again").click()
    expect_order(second, [keys[1], keys[0], keys[2], keys[3], keys[5], keys[4]])
    assert stored(world, submitted).ranked[:2] == (keys[1], keys[0])


def test_a_move_made_signed_out_or_offline_is_kept_and_made_later(
    desk: Desk, world: World, submitted: Membership, keys: list[str]
) -> None:
    page = open_ranking(world, desk.seat(world.ada))
    page.context.set_offline(True)
    page.locator(f"#up-{keys[1]}").click()
    expect(page.get_by_text("your last move is kept on this device").first).to_be_visible()
    page.keyboard.press("Alt+ArrowDown")
    picture(page, "ranking-offline")
    page.context.set_offline(False)
    expect_order(page, keys[:6])
    expect(page.locator("#live")).to_contain_text("is now number 2 of 6.")
    expect(page.get_by_text("kept on this device")).to_have_count(0)
    assert stored_list(submitted).version == 3
    # htmx says so itself when a request is lost; nothing else went wrong.
    assert {wrong.partition(",")[0] for wrong in desk.wrongs} == {
        "console: htmx:afterRequest",
        "console: htmx:sendError",
    }
    desk.wrongs.clear()

    Session.objects.all().delete()
    page.locator(f"#up-{keys[1]}").click()
    expect(page.get_by_text("You are signed out. Your last move is kept").first).to_be_visible()
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
    picture(page, "ranking-signed-out")
    again = {"name": "sessionid", "value": session_of(world.ada), "url": desk.address}
    page.context.add_cookies([again])
    open_ranking(world, page)
    expect(
        page.get_by_text("Your last move was kept on this device. It is made now.")
    ).to_be_visible()
    expect_order(page, [keys[1], keys[0], *keys[2:6]])
    assert stored(world, submitted).ranked[:2] == (keys[1], keys[0])


def test_moves_that_cost_the_number_are_saved_by_one_button(
    desk: Desk, world: World, submitted: Membership, keys: list[str]
) -> None:
    CoursePolicy.objects.update(edit_keeps_number=False)
    page = open_ranking(world, desk.seat(world.ada))
    expect(page.get_by_text("A saved change gives up number 1.")).to_be_visible()
    page.locator(f"#up-{keys[1]}").click()
    expect(page.locator("#live")).to_contain_text("is now number 1 of 6. Not saved yet.")
    page.locator(f"#up-{keys[5]}").click()
    expect_order(page, [keys[1], keys[0], keys[2], keys[3], keys[5], keys[4]])
    picture(page, "ranking-collected")
    assert stored(world, submitted).ranked == tuple(keys[:6])

    page.get_by_role("button", name="Save my changes and give up number 1").click()

    expect(page.get_by_role("heading", name="You are number 2")).to_be_focused()
    assert stored(world, submitted).ranked[:2] == (keys[1], keys[0])
